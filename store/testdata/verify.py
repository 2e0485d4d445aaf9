#!/usr/bin/env python3
"""Verifies a history of Facematch Desk, from its description alone (the package
comment of store). It needs Python's standard library and no key.

    verify.py HISTORY.db [ANCHOR.jsonl ...]

Prints what it found and exits 0 where all is intact, 5 where it is not.
"""

import datetime
import hashlib
import json
import pathlib
import sqlite3
import sys

PICTURES = ("document", "frame")


def main(path, anchors):
    uri = pathlib.Path(path).resolve().as_uri() + "?mode=ro"
    db = sqlite3.connect(uri, uri=True)
    # As bytes: the hash is of the bytes, and a forged payload may be no UTF-8.
    db.text_factory = bytes
    problems = []

    database = db.execute("SELECT value FROM meta WHERE name = 'database'").fetchone()[0].decode()
    losses = read_losses(db)
    marks = read_marks(anchors, database, losses)
    keys = {s.decode() for (s,) in db.execute("SELECT session FROM session_key")}
    sealed = {}
    for record, part, nonce, ciphertext in db.execute("SELECT record, part, nonce, ciphertext FROM sealed"):
        sealed.setdefault(record, {})[part.decode()] = (nonce, ciphertext)
    wraps = {s.decode(): hashlib.sha256(w).hexdigest() for s, w in db.execute("SELECT session, wrapped FROM audit_key")}
    erased, back = read_erasures(db, keys | set(wraps))
    withdrawn = read_withdrawn(db)
    absent = read_absent(db)

    count, head = 0, bytes(32)
    for seq, prev, digest, payload in db.execute("SELECT seq, prev, hash, payload FROM record ORDER BY seq"):
        if seq != count + 1:
            problems.append(f"record {count + 1} is not there")
            break
        if prev != head:
            problems.append(f"record {seq} does not follow the one before it")
            break
        if hashlib.sha256(seq.to_bytes(8, "big") + prev + payload).digest() != digest:
            problems.append(f"record {seq} was edited")
            break
        if any(mark != digest.hex() for mark in marks.get(seq, ())):
            problems.append(f"an anchor knows another record {seq}")
            break
        wrong = sealed_fault(seq, json.loads(payload), sealed.pop(seq, {}), keys, erased, back, absent)
        wrong = wrong or audit_fault(seq, json.loads(payload), wraps, erased, absent, withdrawn)
        if wrong:
            problems.append(f"record {seq}: {wrong}")
            break
        count, head = seq, digest

    if not problems and max(marks, default=0) > count:
        problems.append(f"record {count + 1} is cut off: an anchor knows more")
    if not problems and wraps:
        problems.append(f"record {count + 1} is cut off: an auditors' key of it is left")
    if not problems and sealed:
        problems.append(f"record {count + 1} is cut off: a sealed part of it is left")
    if not problems and db.execute("PRAGMA integrity_check(1)").fetchone()[0] != b"ok":
        problems.append("the file is damaged")

    for p in problems:
        print("BROKEN:", p)
    for first, last, until in losses:
        print(f"records {first} to {last} were lost at a restore after {until:%Y-%m-%d}")
    if not problems:
        print(f"intact: {count} records, head {head.hex()}, {len(marks)} marks of anchors")
    return 5 if problems else 0


def read_marks(anchors, database, losses):
    """The hashes that anchors know, by number, but for those a restore made void."""
    marks = {}
    for anchor in anchors:
        for line in open(anchor, encoding="utf-8"):
            mark = json.loads(line)
            if mark["database"] != database:
                continue
            at = timestamp(mark["at"])
            if any(first <= mark["seq"] <= last and at <= until for first, last, until in losses):
                continue
            marks.setdefault(mark["seq"], set()).add(mark["hash"])
    return marks


def read_losses(db):
    """What "restored" records say was lost: the first and the last record, and the
    time up to which marks of them are void."""
    losses = []
    for (payload,) in db.execute("SELECT payload FROM record ORDER BY seq"):
        if b'"restored"' not in payload:
            continue
        try:
            record = json.loads(payload)
        except ValueError:
            continue  # the walk finds it edited
        if record["kind"] == "restored" and record.get("lost_from"):
            known = record["known"]
            losses.append((record["lost_from"], record["lost_to"], timestamp(known["at"])))
    return losses


def read_absent(db):
    """What was not at the centre the history was restored from: the last record that came
    from there, the parts that some of them lack, and the times before which it had deleted
    parts."""
    absent = []
    for (payload,) in db.execute("SELECT payload FROM record ORDER BY seq"):
        if b'"from_centre"' not in payload:
            continue
        try:
            record = json.loads(payload)
        except ValueError:
            continue  # the walk finds it edited
        if record["kind"] == "restored" and record.get("from_centre"):
            expired = [(e["part"], timestamp(e["before"])) for e in record.get("expired", [])]
            absent.append((record["backup"]["seq"], record.get("absent", []), expired))
    return absent


def was_absent(seq, record, part, absent):
    """Whether the centre may have lacked a part of a record; of any part where it is None."""
    for until, parts, expired in absent:
        if seq <= until and (part in parts or any(
            part in (None, of) and timestamp(record["at"]) < before for of, before in expired
        )):
            return True
    return False


def timestamp(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def read_erasures(db, keys):
    """Which part of a session was erased last by which record, and the records
    that say a key was erased that is there."""
    erased, back = {}, set()
    for seq, payload in db.execute("SELECT seq, payload FROM record ORDER BY seq"):
        if b'"erased"' not in payload:
            continue
        try:
            record = json.loads(payload)
        except ValueError:
            continue  # the walk finds it edited
        if record["kind"] == "erased":
            for part in record["parts"]:
                erased.setdefault(record["session"], {})[part] = seq
                if part == "key" and record["session"] in keys:
                    back.add(seq)
    return erased, back


def sealed_fault(seq, record, parts, keys, erased, back, absent):
    """What is wrong with the sealed parts of a record, or None."""
    if seq in back:
        return "the key it says was erased is there"
    hashes, nonces = record.get("sealed", {}), record.get("nonces", {})
    session = record.get("session")
    gone = erased.get(session, {})

    def was_erased(part):
        called = "images" if part in PICTURES else "fields" if part == "number" else part
        return max(gone.get("key", 0), gone.get(called, 0)) > seq

    for part, (nonce, ciphertext) in parts.items():
        if hashes.get(part) != hashlib.sha256(ciphertext).hexdigest() or nonces.get(part) != nonce.hex():
            return f"the sealed {part} was changed"
        if was_erased(part):
            return f"the erased {part} is back"
    for part in hashes:
        if part not in parts and not was_erased(part) and not was_absent(seq, record, part, absent):
            return f"the sealed {part} is gone, and no record says that it was erased"
    if hashes and session not in keys and gone.get("key", 0) <= seq:
        return "the session's key is gone, and no record says that it was erased"
    return None


def read_withdrawn(db):
    """The public keys of auditors that were withdrawn, and the records that say so."""
    withdrawn = {}
    for seq, payload in db.execute("SELECT seq, payload FROM record ORDER BY seq"):
        if b'"withdrawn"' not in payload:
            continue
        try:
            record = json.loads(payload)
        except ValueError:
            continue  # the walk finds it edited
        if record["kind"] == "withdrawn":
            withdrawn[record["recipient"]] = seq
    return withdrawn


def audit_fault(seq, record, wraps, erased, absent, withdrawn):
    """What is wrong with the auditors' key of a record's session, or None. The first record
    of a session takes its key out of wraps."""
    session = record.get("session")
    audit = record.get("audit", {})
    named = audit.get("sha256")
    gone = any(withdrawn.get(recipient, 0) > seq for recipient in audit.get("recipients", []))
    if session in wraps:
        if wraps.pop(session) != named:
            return "the auditors' key is not the one it names"
        return "the auditors' key is there, though its public key was withdrawn" if gone else None
    if named and not gone and session not in erased and not was_absent(seq, record, None, absent):
        return "the auditors' key it names is gone, and no record says that anything was erased"
    return None


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))

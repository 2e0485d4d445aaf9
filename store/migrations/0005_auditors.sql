-- The keys of sessions that began under a consent that names the auditors, encrypted for
-- their public keys. A key is added with the first record of its session, which holds its
-- SHA-256, and never later.

CREATE TABLE audit_key (
	session TEXT PRIMARY KEY,
	wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_key_begins BEFORE INSERT ON audit_key
WHEN EXISTS (SELECT 1 FROM audit_key WHERE session = NEW.session)
	OR (SELECT min(seq) FROM record WHERE session = NEW.session) IS NOT (SELECT max(seq) FROM record)
	OR NOT EXISTS (SELECT 1 FROM record WHERE seq = (SELECT max(seq) FROM record)
		AND kind = 'started' AND payload ->> '$.audit.sha256' IS NOT NULL)
BEGIN
	SELECT RAISE(ABORT, 'audit_key: only with the first record of its session, where that says so');
END;

CREATE TRIGGER audit_key_no_update BEFORE UPDATE ON audit_key
BEGIN
	SELECT RAISE(ABORT, 'audit_key: nothing can be changed');
END;

-- It goes with the key of the session, when an erasure leaves nothing that it opens, or when a
-- public key for which it was encrypted is withdrawn.
CREATE TRIGGER audit_key_erased BEFORE DELETE ON audit_key
WHEN NOT EXISTS (
	SELECT 1 FROM record e JOIN json_each(e.payload, '$.parts') p
	WHERE e.session = OLD.session AND e.kind = 'erased' AND (p.value = 'key' OR NOT EXISTS (
		SELECT 1 FROM sealed s JOIN record r ON r.seq = s.record WHERE r.session = OLD.session)))
	AND NOT EXISTS (
	SELECT 1 FROM record r JOIN json_each(r.payload, '$.audit.recipients') a
	JOIN record w ON w.kind = 'withdrawn' AND w.payload ->> '$.recipient' = a.value
	WHERE r.session = OLD.session AND r.kind = 'started')
BEGIN
	SELECT RAISE(ABORT, 'audit_key: only what a record says is erased can be deleted');
END;

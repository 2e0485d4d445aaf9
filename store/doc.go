// Package store keeps the history: an SQLite database to which records are only ever
// added, each chained to the one before it, with personal parts sealed, and with plain
// tables beside them for lists.
//
// It is larger than other packages because one transaction writes the chain, the sealed
// parts, the tables of lists and the tokens of names, and because erasing, restoring and
// verifying concern all of them. The parts that stand by themselves lie below.
// internal/checks says what a check is, keeps the tables of lists and answers filters.
// internal/seal encrypts. internal/vault keeps the master key. internal/anchor keeps what
// is known of a history outside of it. internal/nametoken makes the tokens of names and references.
// internal/sqlite knows the driver.
//
// # The stored form
//
// This is what other tools need to verify a history. testdata/verify.py does it in Python.
//
// Table record holds one row for each record. Its seq counts 1, 2, 3 without a gap. Its
// payload is JSON (UTF-8) and holds everything about the record; the other columns of the
// table are generated from it. Its hash is
//
//	SHA-256( seq as 8 bytes, big-endian || prev, 32 bytes || payload )
//
// where prev is the hash of the record before, or 32 zero bytes for the first, and payload
// are the exact bytes of the column. A payload always has "kind" and "at" (UTC, RFC 3339
// with milliseconds). The other fields are those of history.Started, Sending, Finished,
// SettingsChange, Decision, Inspection, Hold, SignIn, Export, Erasure, Withdrawn and Restored, and for "interrupted":
// check, session, instance and outcome. Scores are whole hundredths of a percent. To
// verify the chain one need not know the kinds: it is the same for all.
//
// # Sealed parts
//
// Personal parts are not in the payload. Table sealed holds them encrypted: parts "name"
// and "reference" of a "started" record; "answer", "fields" (what the document says of its
// holder: history.Fields as JSON, without the number), and where they are kept "number" (the document's), "document"
// and "frame" (the pictures), of a "finished" one; "note" of a "decided", "inspected" or "hold" one
// (which has no check: its additional data has an empty one). The payload's "sealed" gives for each part the
// SHA-256 of its ciphertext, and "nonces" its nonce, both in lower-case hexadecimal, so that
// the chain covers the parts and no key is needed to find a changed one.
//
// A part is encrypted with AES-256-GCM under the key of its session; the additional data is
// the JSON array ["facematch sealed part", session, check, part]. Table session_key holds
// that key, itself encrypted in the same way under the master key, with ["facematch session
// key", database id, session]. The master key is 32 bytes in hexadecimal, in the keyring of
// the operating system (service "Facematch Desk", user: the database id) or, where none
// answers when the first check starts, in a key file; "key place" in table meta says which.
// Where a recovery passphrase was set, "recovery" in meta holds {database, key} once more, in
// age's armoured form under the passphrase.
//
// Where a "started" record has "audit", its session began with it, and table audit_key holds the
// session's key once more, in age's binary form for the public keys "recipients"; "sha256" is of
// that. No other session has a row there, and none gets one later. A "withdrawn" record names a
// "recipient": what was encrypted for it before that record must not be there, and nothing is
// encrypted for it after.
//
// # Erasure
//
// An "erased" record names one session and the parts that are gone from it: name, reference, note,
// answer, fields (and number), images (document and frame), or key, which is the session's key and so all of
// them. It applies to the records before it. A part that a payload's "sealed" names must be
// there unless an "erased" record names it, and then it must not be there. A session with
// parts must have its key. The auditors' key goes with the session's key, or with an erasure
// that leaves nothing sealed in the session. So the chain stays whole, and a part or a key that went without a
// record is noticed. The triggers allow a deletion only after its record. Each erasure is
// also a line of the list erasures.jsonl beside the anchor, {at, database, seq, session,
// parts}. By that list it is applied again to a backup that is restored.
//
// "latest" in table meta is the greatest time of all records. A trigger keeps it, so that one
// need not read them all to notice that the clock was set back. Verify compares it with them.
//
// # Anchors
//
// The anchor is a file elsewhere, JSON Lines of {at, database, place, seq, hash}: the head of
// the chain after the first write, at the end of each day, and the newest. It shows that a
// history was cut off or written anew, which the chain alone cannot. Its place is the SHA-256
// of the database's absolute path, and shows that another database was put there, or that
// none is left. To start a new history in the old place, put the anchor away with the old
// one. A second anchor of the same form may lie in a folder of the user's choice, as
// facematch-anchor-DATABASE.jsonl.
//
// A restored backup may lack records an anchor knows. A "restored" record says what was
// restored over what, by whom, and which records were lost: "lost_from" to "lost_to". The
// lines of the anchors stay. A line of this database is void where its seq is one of
// those and its time is not after that of "known", the newest the anchors knew. Where
// "another" is true, that also applies to the lines of other databases in this place. Verify
// mentions each loss for ever. Where "from_centre" is true the records up to "backup" came from
// the centre of all desks, "absent" names sealed parts that some of them name and that were
// never there, and "expired" gives the time before which the centre had deleted a part of all
// records: those are not missing. What the centre acknowledged is a third anchor of the same
// form, acknowledged.jsonl, for as long as the settings name a centre.
//
// # Lists
//
// Table checks has a row for each check, and table daily counts them by UTC day, desk,
// operator, mode, outcome, decision and filmed_anyway. Table packed holds of each check, in
// 32 bytes, what overviews count; internal/checks/packed.go says how, and table packed_text
// holds its texts. They hold no personal data. All are
// written in the transaction of the record, can be made anew from the records, and are not
// needed to verify the chain. Verify compares them with the records, because a missing row
// would hide a check. The state of a check is folded from its records in one function,
// State.Apply in internal/checks.
//
// Names are found by tokens: the first 6 bytes of HMAC-SHA-256, under a key derived from the
// master key for this database, of each beginning of each word of the name, or of each
// character and pair of characters where names are written without spaces. A word after an
// apostrophe or a particle, as in O'Connor, de la Cruz or al-Abbas, has the tokens of the word
// alone and of both together. Table name_word holds the tokens, table name_token the session
// they belong to; to delete a session's rows there deletes its tokens too. Without the key
// nobody can compute the token of a word. But the tokens of a history can be compared with
// each other: they show which names share a beginning, how often each occurs, and about how
// long a name is. From that, frequent names can be guessed. A name whose session was erased
// has no tokens. Verify checks that each sealed name has its row and that there are no others;
// which tokens belong to a name cannot be checked without the key.
//
// References, which are the customer's own, such as case numbers, are found likewise: by the
// HMAC of a zero byte and their letters and digits, whole and from each beginning of four on,
// in the tables reference_word and reference_token. The number of a document is found whole
// only: by the HMAC of a byte 1 and its letters and digits, in number_word and number_token.
package store

-- The first form of the history. What it means stands in the doc comment of
-- package store.

PRAGMA application_id = 0x464d4454; -- "FMDT": this is one of ours

CREATE TABLE migration (
	number INTEGER PRIMARY KEY,
	at     TEXT NOT NULL
) STRICT;

CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta (name, value) VALUES ('database', lower(hex(randomblob(16))));

CREATE TABLE record (
	seq     INTEGER PRIMARY KEY,
	prev    BLOB NOT NULL CHECK (length(prev) = 32),
	hash    BLOB NOT NULL CHECK (length(hash) = 32),
	payload TEXT NOT NULL CHECK (json_valid(payload)),

	-- For filters only: nothing here is not in the payload.
	kind     TEXT    NOT NULL GENERATED ALWAYS AS (payload ->> '$.kind') VIRTUAL,
	at       TEXT    NOT NULL GENERATED ALWAYS AS (payload ->> '$.at') VIRTUAL,
	"check"  TEXT    GENERATED ALWAYS AS (payload ->> '$.check') VIRTUAL,
	session  TEXT    GENERATED ALWAYS AS (payload ->> '$.session') VIRTUAL,
	instance TEXT    GENERATED ALWAYS AS (payload ->> '$.instance') VIRTUAL,
	outcome  TEXT    GENERATED ALWAYS AS (payload ->> '$.outcome') VIRTUAL,
	score    INTEGER GENERATED ALWAYS AS (payload ->> '$.score') VIRTUAL, -- hundredths of a percent
	mode     TEXT    GENERATED ALWAYS AS (payload ->> '$.mode') VIRTUAL,
	operator TEXT    GENERATED ALWAYS AS (payload ->> '$.operator') VIRTUAL,
	desk     TEXT    GENERATED ALWAYS AS (payload ->> '$.desk') VIRTUAL
) STRICT;

CREATE INDEX record_kind     ON record (kind);
CREATE INDEX record_at       ON record (at);
CREATE INDEX record_check    ON record ("check", kind) WHERE "check" IS NOT NULL;
CREATE INDEX record_session  ON record (session)       WHERE session IS NOT NULL;
CREATE INDEX record_instance ON record (instance)      WHERE instance IS NOT NULL;
CREATE INDEX record_outcome  ON record (outcome)       WHERE outcome IS NOT NULL;
CREATE INDEX record_score    ON record (score)         WHERE score IS NOT NULL;
CREATE INDEX record_mode     ON record (mode)          WHERE mode IS NOT NULL;
CREATE INDEX record_operator ON record (operator)      WHERE operator IS NOT NULL;
CREATE INDEX record_desk     ON record (desk)          WHERE desk IS NOT NULL;

CREATE TRIGGER record_next BEFORE INSERT ON record
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM record)
	OR NEW.prev IS NOT coalesce((SELECT hash FROM record ORDER BY seq DESC LIMIT 1), zeroblob(32))
BEGIN
	SELECT RAISE(ABORT, 'record: only the next of the chain can be added');
END;

CREATE TRIGGER record_no_update BEFORE UPDATE ON record
BEGIN
	SELECT RAISE(ABORT, 'record: nothing can be changed');
END;

CREATE TRIGGER record_no_delete BEFORE DELETE ON record
BEGIN
	SELECT RAISE(ABORT, 'record: nothing can be deleted');
END;

-- Personal parts of a record, encrypted under their session's key.
CREATE TABLE sealed (
	record     INTEGER NOT NULL REFERENCES record (seq),
	part       TEXT    NOT NULL,
	nonce      BLOB    NOT NULL CHECK (length(nonce) = 12),
	ciphertext BLOB    NOT NULL CHECK (length(ciphertext) >= 16),
	PRIMARY KEY (record, part)
) STRICT, WITHOUT ROWID;

-- A part comes with its record, in the same transaction. "Exists already" is
-- said here because INSERT OR REPLACE deletes without asking the trigger below.
CREATE TRIGGER sealed_next BEFORE INSERT ON sealed
WHEN NEW.record IS NOT (SELECT max(seq) FROM record)
	OR EXISTS (SELECT 1 FROM sealed WHERE record = NEW.record AND part = NEW.part)
BEGIN
	SELECT RAISE(ABORT, 'sealed: only parts of the newest record can be added');
END;

CREATE TRIGGER sealed_no_update BEFORE UPDATE ON sealed
BEGIN
	SELECT RAISE(ABORT, 'sealed: nothing can be changed');
END;

CREATE TRIGGER sealed_no_delete BEFORE DELETE ON sealed
BEGIN
	SELECT RAISE(ABORT, 'sealed: nothing can be deleted');
END;

-- One key for each session, encrypted under the master key. Without it the
-- session's personal parts cannot be read.
CREATE TABLE session_key (
	session TEXT PRIMARY KEY,
	nonce   BLOB NOT NULL CHECK (length(nonce) = 12),
	wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Said here for the same reason as with sealed.
CREATE TRIGGER session_key_once BEFORE INSERT ON session_key
WHEN EXISTS (SELECT 1 FROM session_key WHERE session = NEW.session)
BEGIN
	SELECT RAISE(ABORT, 'session_key: nothing can be replaced');
END;

CREATE TRIGGER session_key_no_update BEFORE UPDATE ON session_key
BEGIN
	SELECT RAISE(ABORT, 'session_key: nothing can be changed');
END;

CREATE TRIGGER session_key_no_delete BEFORE DELETE ON session_key
BEGIN
	SELECT RAISE(ABORT, 'session_key: nothing can be deleted');
END;

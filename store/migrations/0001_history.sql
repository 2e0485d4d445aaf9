-- The tables of a history. Their meaning is described in the comment of package store.

PRAGMA application_id = 0x464d4454; -- "FMDT"

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

	-- Taken from the payload, so that records can be found. The indexed columns are
	-- stored: SQLite would otherwise compute them from each payload to check an index.
	kind    TEXT NOT NULL GENERATED ALWAYS AS (payload ->> '$.kind') STORED,
	"check" TEXT GENERATED ALWAYS AS (payload ->> '$.check') STORED,
	session TEXT GENERATED ALWAYS AS (payload ->> '$.session') STORED,
	at      ANY GENERATED ALWAYS AS (payload ->> '$.at') VIRTUAL
) STRICT;

CREATE INDEX record_kind    ON record (kind);
CREATE INDEX record_check   ON record ("check", kind) WHERE "check" IS NOT NULL;
CREATE INDEX record_session ON record (session, kind) WHERE session IS NOT NULL;

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

-- Personal parts of a record, encrypted under the key of their session.
CREATE TABLE sealed (
	record     INTEGER NOT NULL REFERENCES record (seq),
	part       TEXT    NOT NULL,
	nonce      BLOB    NOT NULL CHECK (length(nonce) = 12),
	ciphertext BLOB    NOT NULL CHECK (length(ciphertext) >= 16),
	PRIMARY KEY (record, part)
) STRICT, WITHOUT ROWID;

-- A part is added in the transaction of its record. The trigger also refuses a part
-- that exists, because INSERT OR REPLACE deletes without firing sealed_erased.
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

-- A part can be deleted once a later "erased" record names its session and the part.
CREATE TRIGGER sealed_erased BEFORE DELETE ON sealed
WHEN NOT EXISTS (
	SELECT 1 FROM record r
	JOIN record e ON e.session = r.session AND e.kind = 'erased' AND e.seq > OLD.record
	JOIN json_each(e.payload, '$.parts') p ON p.value IN ('key',
		CASE WHEN OLD.part IN ('document', 'frame') THEN 'images' ELSE OLD.part END)
	WHERE r.seq = OLD.record)
BEGIN
	SELECT RAISE(ABORT, 'sealed: only what a record says is erased can be deleted');
END;

-- One key for each session, encrypted under the master key.
CREATE TABLE session_key (
	session TEXT PRIMARY KEY,
	nonce   BLOB NOT NULL CHECK (length(nonce) = 12),
	wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER session_key_once BEFORE INSERT ON session_key
WHEN EXISTS (SELECT 1 FROM session_key WHERE session = NEW.session)
BEGIN
	SELECT RAISE(ABORT, 'session_key: nothing can be replaced');
END;

CREATE TRIGGER session_key_no_update BEFORE UPDATE ON session_key
BEGIN
	SELECT RAISE(ABORT, 'session_key: nothing can be changed');
END;

CREATE TRIGGER session_key_erased BEFORE DELETE ON session_key
WHEN NOT EXISTS (
	SELECT 1 FROM record e JOIN json_each(e.payload, '$.parts') p ON p.value = 'key'
	WHERE e.session = OLD.session AND e.kind = 'erased')
BEGIN
	SELECT RAISE(ABORT, 'session_key: only what a record says is erased can be deleted');
END;

-- An erased session gets no other key.
CREATE TRIGGER session_key_never_again BEFORE INSERT ON session_key
WHEN EXISTS (
	SELECT 1 FROM record e JOIN json_each(e.payload, '$.parts') p ON p.value = 'key'
	WHERE e.session = NEW.session AND e.kind = 'erased')
BEGIN
	SELECT RAISE(ABORT, 'session_key: the session was erased');
END;

-- The tables below are made from the records and can be made anew from them. Verify
-- compares them with the records.

-- One row for each check, with the number and the time of its first record.
CREATE TABLE checks (
	seq              INTEGER PRIMARY KEY,
	at               TEXT NOT NULL, -- RFC 3339 with milliseconds, UTC
	"check"          TEXT NOT NULL,
	session          TEXT NOT NULL,
	mode             TEXT NOT NULL, -- offline, remote
	outcome          TEXT,          -- NULL while the check has no end
	status           TEXT,          -- what the conditions say: pass, refer, fail
	score            INTEGER,       -- hundredths of a percent
	code             INTEGER,
	decision         TEXT,          -- open, approved, rejected; NULL where none is asked for
	decided_at       TEXT,
	operator         TEXT NOT NULL,
	desk             TEXT NOT NULL,
	branch           TEXT,
	request          TEXT,          -- the API's id of the call
	minor            INTEGER NOT NULL,
	expired          INTEGER,
	inspection       TEXT,
	filmed_anyway    INTEGER NOT NULL,
	virtual_camera   INTEGER NOT NULL,
	portrait_quality INTEGER,       -- 0 to 100
	picture_quality  INTEGER,       -- 0 to 100
	took_ms          INTEGER
) STRICT;

-- Each of these three answers every filter without a look at the table: in the order
-- of records, in the order of scores, and for counts by outcome.
CREATE INDEX checks_newest  ON checks (seq, outcome, mode, decision, code, score, operator, desk, at);
CREATE INDEX checks_score   ON checks (score, seq, outcome, mode, decision, code, operator, desk, at);
CREATE INDEX checks_outcome ON checks (outcome, mode, decision, code, score, operator, desk, at);

-- These find checks by a value that few have.
CREATE INDEX checks_at       ON checks (at);
CREATE INDEX checks_operator ON checks (operator);
CREATE INDEX checks_desk     ON checks (desk);
CREATE INDEX checks_code     ON checks (code);
CREATE INDEX checks_decision ON checks (decision) WHERE decision IS NOT NULL;
CREATE INDEX checks_request  ON checks (request)  WHERE request IS NOT NULL;

-- The checks with scores as percentages, for people who read the table.
CREATE VIEW checks_in_percent AS
SELECT seq, at, "check", session, mode, outcome, status, CASE WHEN score IS NOT NULL THEN printf('%.2f', score / 100.0) END AS score, code, decision,
	decided_at, operator, desk, branch, request, minor, expired, inspection, filmed_anyway, virtual_camera,
	portrait_quality, picture_quality, took_ms
FROM checks;

-- How many checks there are of each kind, by UTC day. An empty text stands for none.
CREATE TABLE daily (
	day           TEXT    NOT NULL,
	desk          TEXT    NOT NULL,
	operator      TEXT    NOT NULL,
	mode          TEXT    NOT NULL,
	outcome       TEXT    NOT NULL,
	decision      TEXT    NOT NULL,
	filmed_anyway INTEGER NOT NULL,
	checks        INTEGER NOT NULL,
	PRIMARY KEY (day, desk, operator, mode, outcome, decision, filmed_anyway)
) STRICT, WITHOUT ROWID;

CREATE INDEX daily_outcome ON daily (outcome, checks);

-- The names that can be searched for, by the number of their record.
CREATE TABLE name_token (
	record  INTEGER PRIMARY KEY REFERENCES record (seq),
	session TEXT NOT NULL
) STRICT;

CREATE INDEX name_token_session ON name_token (session);

-- The beginnings of a name's words, as keyed hashes cut to 48 bits.
CREATE TABLE name_word (
	token  INTEGER NOT NULL,
	record INTEGER NOT NULL REFERENCES name_token (record) ON DELETE CASCADE,
	PRIMARY KEY (token, record)
) STRICT, WITHOUT ROWID;

CREATE INDEX name_word_record ON name_word (record);

-- The same of references, which are the customer's own, such as case numbers.
CREATE TABLE reference_token (
	record  INTEGER PRIMARY KEY REFERENCES record (seq),
	session TEXT NOT NULL
) STRICT;

CREATE INDEX reference_token_session ON reference_token (session);

CREATE TABLE reference_word (
	token  INTEGER NOT NULL,
	record INTEGER NOT NULL REFERENCES reference_token (record) ON DELETE CASCADE,
	PRIMARY KEY (token, record)
) STRICT, WITHOUT ROWID;

CREATE INDEX reference_word_record ON reference_word (record);

-- What lists are chosen and names are looked for by. All of it is derived from
-- the records, may be changed and deleted, and is checked against them by
-- verify. What it means stands in the doc comment of package store.

-- Lists are chosen by check_page now. An index that nobody reads costs each
-- write and each verify.
DROP INDEX record_at;
DROP INDEX record_instance;
DROP INDEX record_outcome;
DROP INDEX record_score;
DROP INDEX record_mode;
DROP INDEX record_operator;
DROP INDEX record_desk;

-- The same columns, but of any type: the typed columns of a STRICT table are
-- computed anew from each payload where the table is checked, which took most of
-- verify's time. What a payload says is covered by its hash.
ALTER TABLE record DROP COLUMN instance;
ALTER TABLE record DROP COLUMN outcome;
ALTER TABLE record DROP COLUMN score;
ALTER TABLE record DROP COLUMN mode;
ALTER TABLE record DROP COLUMN operator;
ALTER TABLE record DROP COLUMN desk;
ALTER TABLE record ADD COLUMN instance ANY GENERATED ALWAYS AS (payload ->> '$.instance') VIRTUAL;
ALTER TABLE record ADD COLUMN outcome ANY GENERATED ALWAYS AS (payload ->> '$.outcome') VIRTUAL;
ALTER TABLE record ADD COLUMN score ANY GENERATED ALWAYS AS (payload ->> '$.score') VIRTUAL; -- hundredths of a percent
ALTER TABLE record ADD COLUMN mode ANY GENERATED ALWAYS AS (payload ->> '$.mode') VIRTUAL;
ALTER TABLE record ADD COLUMN operator ANY GENERATED ALWAYS AS (payload ->> '$.operator') VIRTUAL;
ALTER TABLE record ADD COLUMN desk ANY GENERATED ALWAYS AS (payload ->> '$.desk') VIRTUAL;

-- The records of a session, by kind.
DROP INDEX record_session;
CREATE INDEX record_session ON record (session, kind) WHERE session IS NOT NULL;

-- The API's id of the call. What is indexed has a type: else SQLite computes it
-- from the payload even where the index holds it.
ALTER TABLE record ADD COLUMN request TEXT GENERATED ALWAYS AS (payload ->> '$.remote.request_id') VIRTUAL;
CREATE INDEX record_request ON record (request) WHERE request IS NOT NULL;

-- The words that checks have in common, such as an operator's name: numbered
-- from 1 in the order in which the records bring them.
CREATE TABLE label (
	id   INTEGER PRIMARY KEY,
	kind TEXT NOT NULL, -- operator, desk, code or instance
	text TEXT NOT NULL,
	UNIQUE (kind, text)
) STRICT;

-- What lists choose by: up to 100 entries of 40 bytes, one for each check, in
-- the order of their first records; first is the number of the first of them.
CREATE TABLE check_page (
	first   INTEGER PRIMARY KEY,
	entries BLOB NOT NULL
) STRICT;

-- The names that can be looked for, by the number of their record. Without its
-- row here a name cannot be found.
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

-- The names of records up to here were written before there were tokens; they
-- get theirs when names are first looked for. Without this row none waits.
INSERT INTO meta (name, value) SELECT 'names wait up to', max(seq) FROM record HAVING max(seq) IS NOT NULL;

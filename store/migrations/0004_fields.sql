-- What a document says of its holder: the sealed parts "fields" and "number" of a
-- "finished" record. An erasure calls both "fields".

DROP TRIGGER sealed_erased;

CREATE TRIGGER sealed_erased BEFORE DELETE ON sealed
WHEN NOT EXISTS (
	SELECT 1 FROM record r
	JOIN record e ON e.session = r.session AND e.kind = 'erased' AND e.seq > OLD.record
	JOIN json_each(e.payload, '$.parts') p ON p.value IN ('key',
		CASE WHEN OLD.part IN ('document', 'frame') THEN 'images' WHEN OLD.part = 'number' THEN 'fields' ELSE OLD.part END)
	WHERE r.seq = OLD.record)
BEGIN
	SELECT RAISE(ABORT, 'sealed: only what a record says is erased can be deleted');
END;

-- The numbers of documents, by their "finished" records.
CREATE TABLE number_token (
	record  INTEGER PRIMARY KEY REFERENCES record (seq),
	session TEXT NOT NULL
) STRICT;

CREATE INDEX number_token_session ON number_token (session);

CREATE TABLE number_word (
	token  INTEGER NOT NULL,
	record INTEGER NOT NULL REFERENCES number_token (record) ON DELETE CASCADE,
	PRIMARY KEY (token, record)
) STRICT, WITHOUT ROWID;

CREATE INDEX number_word_record ON number_word (record);

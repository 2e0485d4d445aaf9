-- What is personal can be erased: never without an "erased" record that names
-- session and part, and that was added before. The triggers of 0001 allowed no
-- deletion at all.

DROP TRIGGER sealed_no_delete;

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

DROP TRIGGER session_key_no_delete;

CREATE TRIGGER session_key_erased BEFORE DELETE ON session_key
WHEN NOT EXISTS (
	SELECT 1 FROM record e JOIN json_each(e.payload, '$.parts') p ON p.value = 'key'
	WHERE e.session = OLD.session AND e.kind = 'erased')
BEGIN
	SELECT RAISE(ABORT, 'session_key: only what a record says is erased can be deleted');
END;

-- What is erased stays so: the session gets no other key.
CREATE TRIGGER session_key_never_again BEFORE INSERT ON session_key
WHEN EXISTS (
	SELECT 1 FROM record e JOIN json_each(e.payload, '$.parts') p ON p.value = 'key'
	WHERE e.session = NEW.session AND e.kind = 'erased')
BEGIN
	SELECT RAISE(ABORT, 'session_key: the session was erased');
END;

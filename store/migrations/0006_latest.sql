-- The time of the latest record, which need not be the newest: the clock may have been set back
-- since. It can be made anew from the records.

INSERT INTO meta (name, value)
SELECT 'latest', max(at) FROM record WHERE typeof(at) = 'text' HAVING max(at) IS NOT NULL;

CREATE TRIGGER record_latest AFTER INSERT ON record
WHEN typeof(NEW.at) = 'text'
BEGIN
	INSERT INTO meta (name, value) VALUES ('latest', NEW.at)
	ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE excluded.value > value;
END;

-- Since when the centre knows that it lacks records of a desk. What else a desk says of itself,
-- such as its calibration and what its doctor found last, comes in about.

SET LOCAL ROLE facematch_owner;
SET LOCAL search_path = facematch, pg_temp;

ALTER TABLE chain ADD COLUMN behind timestamptz;

CREATE FUNCTION note_behind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.behind := CASE WHEN NEW.declared > NEW.head_seq THEN coalesce(OLD.behind, now()) END;
	RETURN NEW;
END $$;

CREATE TRIGGER behind BEFORE UPDATE OF declared, head_seq ON chain FOR EACH ROW EXECUTE FUNCTION note_behind();

REVOKE ALL ON FUNCTION note_behind FROM PUBLIC;
GRANT SELECT (behind) ON chain TO facematch_auditor;

INSERT INTO migration (number) VALUES (5);
RESET ROLE;

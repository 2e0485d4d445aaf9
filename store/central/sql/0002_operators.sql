-- The list of operators of each branch, signed by an administrator. Desks read the one of
-- their branch through operators, and write none. An administrator of this database can hold a
-- list back, but cannot make one without the private key.

SET LOCAL ROLE facematch_owner;
SET LOCAL search_path = facematch, pg_temp;

CREATE TABLE operator_list (
	branch       text PRIMARY KEY,     -- '*': of all branches that have none of their own
	signed       timestamptz NOT NULL, -- as the list says; it only grows
	list         bytea NOT NULL,       -- the exact bytes that were signed
	signature    bytea NOT NULL,       -- as ssh-keygen -Y sign makes it
	published    timestamptz NOT NULL DEFAULT now(),
	published_by name NOT NULL DEFAULT session_user
);

-- operators gives the list of the caller's branch or, where that has none, of all. Have is the
-- SHA-256 of the list the desk has: where it is the same, the list is null.
CREATE FUNCTION operators(history text, have bytea, OUT list bytea, OUT signature bytea) RETURNS SETOF record
LANGUAGE sql SECURITY DEFINER SET search_path = facematch, pg_temp AS $$
	SELECT CASE WHEN sha256(l.list) IS DISTINCT FROM have THEN l.list END,
		CASE WHEN sha256(l.list) IS DISTINCT FROM have THEN l.signature END
	FROM caller(history, false) c JOIN operator_list l ON l.branch IN (c.branch, '*')
	ORDER BY l.branch = '*' LIMIT 1
$$;

-- publish_operators puts a signed list in the place of the one before. Desks check the
-- signature. This checks the time: desks refuse a list that is older than theirs, and after a
-- list from a clock that is ahead they would refuse all that follow.
CREATE FUNCTION publish_operators(list bytea, signature bytea) RETURNS text
LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
#variable_conflict use_column
DECLARE
	said jsonb := parse(publish_operators.list);
	of text := str(said, 'branch');
	moment_signed timestamptz := moment(str(said, 'signed'));
BEGIN
	IF of IS NULL OR moment_signed IS NULL OR publish_operators.signature IS NULL THEN
		RAISE EXCEPTION 'this is no list of operators';
	END IF;
	IF of <> '*' AND NOT EXISTS (SELECT FROM chain WHERE branch = of) THEN
		RAISE EXCEPTION 'there is no desk of branch %', of;
	END IF;
	IF moment_signed > now() + interval '1 hour' THEN
		RAISE EXCEPTION 'the list is from %: the clock it was signed by is ahead', moment_signed;
	END IF;
	IF moment_signed <= (SELECT max(signed) FROM operator_list) THEN
		RAISE EXCEPTION 'a list that was signed later, or at the same time, is here already';
	END IF;
	INSERT INTO operator_list (branch, signed, list, signature)
	VALUES (of, moment_signed, publish_operators.list, publish_operators.signature)
	ON CONFLICT (branch) DO UPDATE SET signed = excluded.signed, list = excluded.list, signature = excluded.signature,
		published = now(), published_by = session_user;
	PERFORM note('operators', jsonb_build_object('branch', of, 'signed', moment_signed,
		'sha256', encode(sha256(publish_operators.list), 'hex')));
	RETURN of;
END $$;

REVOKE ALL ON FUNCTION operators, publish_operators FROM PUBLIC;
GRANT EXECUTE ON FUNCTION operators TO facematch_desk;

INSERT INTO migration (number) VALUES (2);
RESET ROLE;

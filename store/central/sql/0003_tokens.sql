-- The tokens that gateways accept, besides each one's own. Only hashes are here: a token is
-- 256 random bits, so that a plain SHA-256 reveals nothing of it.

SET LOCAL ROLE facematch_owner;
SET LOCAL search_path = facematch, pg_temp;

CREATE TABLE gateway_token (
	name   text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64), -- of the program that has it
	branch text NOT NULL,                                          -- whose gateways accept it; '*': all
	sha256 text NOT NULL UNIQUE CHECK (sha256 ~ '^[0-9a-f]{64}$'),
	added  timestamptz NOT NULL DEFAULT date_trunc('second', now())
);

-- Two names that look alike would be confused in the histories.
CREATE UNIQUE INDEX gateway_token_name ON gateway_token (lower(name));

-- tokens gives what the gateways of the caller's branch accept.
CREATE FUNCTION tokens(history text, OUT name text, OUT sha256 text, OUT added timestamptz) RETURNS SETOF record
LANGUAGE sql SECURITY DEFINER SET search_path = facematch, pg_temp AS $$
	SELECT t.name, t.sha256, t.added
	FROM caller(history, false) c JOIN gateway_token t ON t.branch IN (c.branch, '*')
	ORDER BY t.added, t.name
$$;

CREATE FUNCTION add_token(name text, branch text, sha256 text) RETURNS text
LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
BEGIN
	IF add_token.branch <> '*' AND NOT EXISTS (SELECT FROM chain c WHERE c.branch = add_token.branch) THEN
		RAISE EXCEPTION 'there is no desk of branch %', add_token.branch;
	END IF;
	INSERT INTO gateway_token (name, branch, sha256) VALUES (add_token.name, add_token.branch, add_token.sha256);
	PERFORM note('token added', jsonb_build_object('name', add_token.name, 'branch', add_token.branch));
	RETURN add_token.name;
END $$;

CREATE FUNCTION revoke_token(name text) RETURNS text
LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
BEGIN
	DELETE FROM gateway_token t WHERE t.name = revoke_token.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no token of this name';
	END IF;
	PERFORM note('token revoked', jsonb_build_object('name', revoke_token.name));
	RETURN revoke_token.name;
END $$;

REVOKE ALL ON FUNCTION tokens, add_token, revoke_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tokens TO facematch_desk;

INSERT INTO migration (number) VALUES (3);
RESET ROLE;

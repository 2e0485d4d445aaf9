-- The tables and functions of a centre, for PostgreSQL 15 or newer. The README beside
-- the code says what they promise. Everything belongs to facematch_owner, as whom nobody
-- can log in. Desks may call functions that look who calls, and touch no table.

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['facematch_owner', 'facematch_desk', 'facematch_auditor'] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', name);
		END IF;
	END LOOP;
	EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
	EXECUTE format('GRANT CONNECT ON DATABASE %I TO facematch_desk, facematch_auditor', current_database());
	-- Functions that run as their owner need it; CREATE is for the partitions of later months.
	EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO facematch_owner', current_database());
END $$;

CREATE SCHEMA facematch AUTHORIZATION facematch_owner;
SET LOCAL ROLE facematch_owner;
SET LOCAL search_path = facematch, pg_temp;

CREATE TABLE migration (
	number int PRIMARY KEY,
	at     timestamptz NOT NULL DEFAULT now()
);

-- A chain is the history of one desk, and goes on when the desk is restored elsewhere.
CREATE TABLE chain (
	id        int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	history   text NOT NULL UNIQUE CHECK (history ~ '^[0-9a-f]{32}$'), -- the id of the desk's database
	desk      text NOT NULL,                                          -- what the administrator calls it
	branch    text NOT NULL,                                          -- the branch it stands in
	enrolled  timestamptz NOT NULL DEFAULT now(),
	epoch     int NOT NULL DEFAULT 1,
	head_seq  bigint NOT NULL DEFAULT 0,
	head_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
	head_at   timestamptz,
	declared  bigint NOT NULL DEFAULT 0, -- the newest record the desk says it has
	seen      timestamptz,               -- when it called last
	state     text NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'forked', 'restored')),
	key_check text,                      -- tells a wrong master key
	recovery  text,                      -- the master key under the recovery passphrase, where the desk sends it
	about     jsonb NOT NULL DEFAULT '{}', -- what the desk says of itself
	clock     interval                   -- by how much its clock is ahead of this one
);

-- The roles desks log in as. A desk that is set up on another computer gets another role,
-- and the one before is retired.
CREATE TABLE desk_role (
	role    name PRIMARY KEY,
	chain   int NOT NULL REFERENCES chain,
	since   timestamptz NOT NULL DEFAULT now(),
	retired timestamptz
);

-- A new epoch begins with a "restored" record that an administrator has accepted. The
-- records of earlier epochs from its first number on are lost: they stay here, marked.
CREATE TABLE epoch (
	chain     int NOT NULL REFERENCES chain,
	epoch     int NOT NULL,
	first_seq bigint NOT NULL,
	opened    timestamptz NOT NULL DEFAULT now(),
	opened_by name NOT NULL DEFAULT session_user,
	PRIMARY KEY (chain, epoch)
);

-- The records as the desks hashed them: payload are the exact bytes. The columns after it are
-- taken from it, as far as it holds them, so that records can be found.
CREATE TABLE record (
	chain   int         NOT NULL,
	epoch   int         NOT NULL,
	seq     bigint      NOT NULL,
	hash    bytea       NOT NULL,
	payload bytea       NOT NULL,
	kind    text        NOT NULL,
	"check" text COLLATE "C", -- so that beginnings are found by the index
	session text COLLATE "C",
	at      timestamptz NOT NULL, -- the time of arrival where the payload has none
	parts   text[]      NOT NULL, -- the sealed parts that came with it
	lost    boolean     NOT NULL DEFAULT false,
	arrived timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (chain, epoch, seq)
) PARTITION BY HASH (chain);

CREATE INDEX record_check   ON record (chain, "check") WHERE "check" IS NOT NULL;
CREATE INDEX record_session ON record (chain, session) WHERE session IS NOT NULL;

-- Personal parts as ciphertext. The centre has no key that opens them.
CREATE TABLE sealed (
	chain      int    NOT NULL,
	epoch      int    NOT NULL,
	seq        bigint NOT NULL,
	part       text   NOT NULL,
	nonce      bytea  NOT NULL,
	ciphertext bytea  NOT NULL,
	PRIMARY KEY (chain, epoch, seq, part)
) PARTITION BY HASH (chain);

DO $$
BEGIN
	FOR i IN 0..15 LOOP
		EXECUTE format('CREATE TABLE record_%s PARTITION OF record FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
		EXECUTE format('CREATE TABLE sealed_%s PARTITION OF sealed FOR VALUES WITH (MODULUS 16, REMAINDER %s)', i, i);
	END LOOP;
END $$;

-- The keys of sessions under each desk's master key. The table is small and can be left out
-- of backups that are kept for long: without a key a part opens nowhere.
CREATE TABLE session_key (
	chain         int   NOT NULL REFERENCES chain,
	session       text  NOT NULL,
	nonce         bytea NOT NULL,
	wrapped       bytea NOT NULL,
	audit_wrapped bytea, -- for the auditors, where the settings name a recipient
	PRIMARY KEY (chain, session)
);

-- Another record of a number the centre has, as evidence. It is never merged.
CREATE TABLE fork (
	chain   int         NOT NULL REFERENCES chain,
	seq     bigint      NOT NULL,
	hash    bytea       NOT NULL,
	payload bytea       NOT NULL,
	role    name        NOT NULL DEFAULT session_user,
	arrived timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (chain, seq, hash)
);

-- What is erased of sessions: by a record of the desk, or by a wish at the centre that the
-- desk has not recorded yet (seq is null). Part is as in an "erased" record; "key" is all.
CREATE TABLE erasure (
	chain   int  NOT NULL REFERENCES chain,
	session text NOT NULL,
	part    text NOT NULL,
	seq     bigint,
	asked    timestamptz,
	asked_by name,
	PRIMARY KEY (chain, session, part)
);

CREATE INDEX erasure_open ON erasure (chain) WHERE seq IS NULL;

-- How long the centre keeps a sealed part, which also counts for desks that call no more. Each
-- change, and what is deleted after a period, is an act: see below.
CREATE TABLE period (
	part text PRIMARY KEY,
	days int NOT NULL CHECK (days BETWEEN 1 AND 36500)
);

-- Public keys of auditors whose private key is in wrong hands. Nothing that was encrypted for one
-- is kept or taken.
CREATE TABLE withdrawn (
	recipient text PRIMARY KEY CHECK (recipient ~ '^age1[0-9a-z]{58}$'),
	at        timestamptz NOT NULL DEFAULT now(),
	by        name NOT NULL DEFAULT session_user
);

-- One row for each check: the columns of the desk's table of this name, and a few more.
CREATE TABLE checks (
	chain            int         NOT NULL,
	epoch            int         NOT NULL,
	seq              bigint      NOT NULL,
	at               timestamptz NOT NULL,
	"check"          text COLLATE "C" NOT NULL,
	session          text COLLATE "C" NOT NULL,
	mode             text        NOT NULL,
	outcome          text,
	status           text,
	score            bigint,
	code             bigint,
	decision         text,
	decided_at       timestamptz,
	operator         text        NOT NULL,
	desk             text        NOT NULL,
	branch           text,
	request          text COLLATE "C",
	minor            boolean     NOT NULL,
	expired          int,
	inspection       text,
	filmed_anyway    boolean     NOT NULL,
	virtual_camera   boolean     NOT NULL,
	portrait_quality bigint,
	picture_quality  bigint,
	took_ms          bigint,
	sent             boolean     NOT NULL, -- its request went out, or may have
	lost             boolean     NOT NULL,
	arrived          timestamptz NOT NULL,
	PRIMARY KEY (chain, epoch, seq, at)
) PARTITION BY RANGE (at);

CREATE INDEX checks_at       ON checks (at DESC, chain, seq);
-- What filters ask for, so that a combination of them is answered from this index alone. Those by session
-- or request have indexes of their own.
CREATE INDEX checks_chain    ON checks (chain, at DESC)
	INCLUDE (seq, score, code, epoch, lost, outcome, decision, mode, inspection, operator, desk, "check");
CREATE INDEX checks_check    ON checks ("check");
CREATE INDEX checks_session  ON checks (session);
CREATE INDEX checks_request  ON checks (request) WHERE request IS NOT NULL;
CREATE INDEX checks_operator ON checks (operator, at DESC);
CREATE INDEX checks_desk     ON checks (desk, at DESC);
CREATE INDEX checks_outcome  ON checks (outcome, at DESC) WHERE outcome <> 'pass';
CREATE INDEX checks_decision ON checks (decision, at DESC) WHERE decision IS NOT NULL;
CREATE INDEX checks_code     ON checks (code, at DESC) WHERE code <> 0;
CREATE INDEX checks_mode     ON checks (mode, at DESC) WHERE mode <> 'offline';
CREATE INDEX checks_inspection ON checks (inspection, at DESC) WHERE inspection IS NOT NULL;
CREATE INDEX checks_open     ON checks (at DESC) WHERE outcome IS NULL;
-- The referrals that wait for a decision, which the overview counts.
CREATE INDEX checks_undecided ON checks (at) INCLUDE (chain, desk, outcome, decision, lost)
	WHERE outcome = 'refer' AND decision = 'open' AND NOT lost;
CREATE INDEX checks_score    ON checks (score, at DESC);
CREATE INDEX checks_highest  ON checks (score DESC NULLS LAST, at DESC);

-- A check whose desk's clock is far off lies here, so no time stops a push.
CREATE TABLE checks_other PARTITION OF checks DEFAULT;

-- How many checks there are of each kind by UTC day, without those of lost records.
CREATE TABLE daily (
	chain         int     NOT NULL,
	day           date    NOT NULL,
	desk          text    NOT NULL,
	operator      text    NOT NULL,
	mode          text    NOT NULL,
	outcome       text    NOT NULL,
	decision      text    NOT NULL,
	filmed_anyway boolean NOT NULL,
	checks        bigint  NOT NULL,
	PRIMARY KEY (chain, day, desk, operator, mode, outcome, decision, filmed_anyway)
);

-- Which branches an auditor sees; '*' is all.
CREATE TABLE sees (
	role   name NOT NULL,
	branch text NOT NULL,
	PRIMARY KEY (role, branch)
);

-- What administrators and the centre itself did, as a chain of its own: hash is
-- SHA-256(seq as 8 bytes, big-endian || hash before || text as UTF-8).
CREATE TABLE act (
	seq  bigint PRIMARY KEY,
	hash bytea NOT NULL,
	text text  NOT NULL
);

CREATE FUNCTION note(what text, detail jsonb) RETURNS void LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
DECLARE
	last act;
	words text := (jsonb_build_object('what', what, 'at', now(), 'by', session_user) || detail)::text;
BEGIN
	LOCK TABLE act IN EXCLUSIVE MODE;
	SELECT * INTO last FROM act ORDER BY seq DESC LIMIT 1;
	INSERT INTO act VALUES (coalesce(last.seq, 0) + 1, sha256(int8send(coalesce(last.seq, 0) + 1)
		|| coalesce(last.hash, decode(repeat('00', 32), 'hex')) || convert_to(words, 'UTF8')), words);
END $$;

CREATE FUNCTION note_period() RETURNS trigger LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
BEGIN
	IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND OLD.part <> NEW.part THEN
		PERFORM note('period', jsonb_build_object('part', OLD.part, 'days', NULL));
	END IF;
	IF TG_OP = 'INSERT' OR TG_OP = 'UPDATE' AND (OLD.part, OLD.days) <> (NEW.part, NEW.days) THEN
		PERFORM note('period', jsonb_build_object('part', NEW.part, 'days', NEW.days));
	END IF;
	RETURN NULL;
END $$;

CREATE TRIGGER period_noted AFTER INSERT OR UPDATE OR DELETE ON period FOR EACH ROW EXECUTE FUNCTION note_period();

-- parse reads a payload. It returns an empty object for all that PostgreSQL does not accept as
-- a JSON object.
CREATE FUNCTION parse(payload bytea) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	p jsonb;
BEGIN
	p := convert_from(payload, 'UTF8')::jsonb;
	RETURN CASE WHEN jsonb_typeof(p) = 'object' THEN p ELSE '{}' END;
EXCEPTION WHEN OTHERS THEN
	BEGIN -- jsonb takes no NUL
		p := replace(convert_from(payload, 'UTF8'), '\u0000', '\ufffd')::jsonb;
		RETURN CASE WHEN jsonb_typeof(p) = 'object' THEN p ELSE '{}' END;
	EXCEPTION WHEN OTHERS THEN
		RETURN '{}';
	END;
END $$;

-- fit shortens a text that no index would take.
CREATE FUNCTION fit(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN octet_length(t) <= 300 THEN t ELSE left(t, 50) || encode(sha256(convert_to(t, 'UTF8')), 'hex') END
$$;

-- str gives a text of a payload. It is null where the value is empty or not a text.
CREATE FUNCTION str(p jsonb, key text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN jsonb_typeof(p -> key) = 'string' THEN fit(nullif(p ->> key, '')) END
$$;

-- whole gives a whole number of a payload. It is null where the value is not one.
CREATE FUNCTION whole(p jsonb) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN jsonb_typeof(p) = 'number' AND p #>> '{}' ~ '^-?[0-9]{1,18}$' THEN (p #>> '{}')::bigint END
$$;

-- moment gives a time of a payload. It is null where the value is not one.
CREATE FUNCTION moment(t text) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
	IF t ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$' THEN
		RETURN t::timestamptz;
	END IF;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN NULL;
END $$;

-- months makes the partitions of checks from two years before now to two years after. Rows
-- that lie in the default partition for want of another move.
CREATE FUNCTION months() RETURNS int LANGUAGE plpgsql SET search_path = facematch, pg_temp SET timezone = 'UTC' AS $$
DECLARE
	first timestamptz := date_trunc('year', now()) - interval '2 years';
	month timestamptz;
	name text;
	made int := 0;
BEGIN
	FOR i IN 0..59 LOOP
		month := first + make_interval(months => i);
		name := 'checks_' || to_char(month, 'YYYY_MM');
		CONTINUE WHEN to_regclass('facematch.' || name) IS NOT NULL;
		EXECUTE format('CREATE TABLE %I (LIKE checks INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
		EXECUTE format('WITH moved AS (DELETE FROM checks_other WHERE at >= %L AND at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
			month, month + interval '1 month', name);
		EXECUTE format('ALTER TABLE checks ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, month, month + interval '1 month');
		made := made + 1;
	END LOOP;
	RETURN made;
END $$;

-- fold brings checks and daily up to date with the records of some checks. This is the only
-- place here that says what a kind of record means for a check; at the desk it is
-- State.Apply in store/internal/checks.
CREATE FUNCTION fold(c int, ids text[]) RETURNS void LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
DECLARE
	news checks[];
	olds checks[];
BEGIN
	WITH r AS MATERIALIZED (
		SELECT r.*, parse(payload) AS p FROM record r
		WHERE chain = c AND "check" = ANY (ids) AND NOT lost
			AND kind IN ('started', 'sending', 'finished', 'interrupted', 'decided', 'inspected')
	), started AS (
		SELECT DISTINCT ON ("check") * FROM r WHERE kind = 'started' ORDER BY "check", seq
	), ended AS (
		SELECT DISTINCT ON ("check") "check", kind, p, str(p, 'outcome') AS outcome
		FROM r WHERE kind IN ('finished', 'interrupted') ORDER BY "check", seq DESC
	), chosen AS (
		SELECT DISTINCT ON ("check") "check", CASE p ->> 'choice' WHEN 'approve' THEN 'approved' WHEN 'reject' THEN 'rejected' ELSE 'identified' END AS choice
		FROM r WHERE kind = 'decided' AND p ->> 'choice' IN ('approve', 'reject', 'identify') ORDER BY "check", seq DESC
	), decided AS (
		SELECT DISTINCT ON ("check") "check", at FROM r WHERE kind = 'decided' ORDER BY "check", seq DESC
	), inspected AS (
		SELECT DISTINCT ON ("check") "check", coalesce(str(p, 'inspection'), '') AS state
		FROM r WHERE kind = 'inspected' ORDER BY "check", seq DESC
	), said AS (
		SELECT "check", bool_or(kind = 'sending') AS sent,
			bool_or(kind IN ('finished', 'interrupted') AND p ->> 'outcome' = 'refer') AS refer
		FROM r GROUP BY "check"
	)
	SELECT array_agg(ROW(
		c, s.epoch, s.seq, s.at, s."check", coalesce(s.session, ''), coalesce(str(s.p, 'mode'), ''),
		e.outcome, str(e.p, 'status'), whole(e.p -> 'score'), whole(e.p -> 'code'),
		coalesce(h.choice, CASE WHEN a.refer THEN 'open' END), d.at,
		coalesce(str(s.p, 'operator'), ''), coalesce(str(s.p, 'desk'), ''), NULL, str(e.p -> 'remote', 'request_id'),
		coalesce(s.p -> 'minor' = 'true', false) OR coalesce(e.p -> 'minor' = 'true', false),
		CASE WHEN e.p #> '{mrz,expired}' = 'true' THEN 1 WHEN e.p #> '{mrz,expired}' = 'false' THEN 0 END,
		coalesce(nullif(i.state, ''), CASE WHEN i.state IS NULL AND e.outcome IN ('pass', 'refer', 'fail') THEN
			CASE WHEN str(s.p, 'inspection') IN ('offered', 'required') THEN 'open'
				WHEN str(s.p, 'inspection') IN ('off', 'none') THEN 'none' END END),
		str(e.p -> 'quality', 'capture_warning') IS NOT NULL, str(e.p, 'virtual_camera') IS NOT NULL,
		whole(e.p #> '{quality,document,total}'), whole(e.p #> '{quality,camera,total}'),
		whole(e.p -> 'took_ns') / 1000000, a.sent, false, s.arrived)::checks)
	INTO news
	FROM started s JOIN said a USING ("check") LEFT JOIN ended e USING ("check")
		LEFT JOIN chosen h USING ("check") LEFT JOIN decided d USING ("check")
		LEFT JOIN inspected i USING ("check");

	SELECT array_agg(k) INTO olds
	FROM unnest(news) n JOIN checks k ON k.chain = c AND k.epoch = n.epoch AND k.seq = n.seq AND k.at = n.at;

	INSERT INTO daily AS d
	SELECT c, (at AT TIME ZONE 'UTC')::date, desk, operator, mode, coalesce(outcome, ''), coalesce(decision, ''),
		filmed_anyway, sum(n)
	FROM (SELECT *, 1 AS n FROM unnest(news) UNION ALL SELECT *, -1 FROM unnest(olds) o WHERE NOT o.lost) both_states
	GROUP BY 2, 3, 4, 5, 6, 7, 8 HAVING sum(n) <> 0
	ON CONFLICT (chain, day, desk, operator, mode, outcome, decision, filmed_anyway)
		DO UPDATE SET checks = d.checks + excluded.checks;
	DELETE FROM daily WHERE chain = c AND checks = 0;

	INSERT INTO checks SELECT * FROM unnest(news)
	ON CONFLICT (chain, epoch, seq, at) DO UPDATE SET
		outcome = excluded.outcome, status = excluded.status, score = excluded.score, code = excluded.code,
		decision = excluded.decision, decided_at = excluded.decided_at, request = excluded.request,
		inspection = excluded.inspection,
		minor = excluded.minor, expired = excluded.expired,
		filmed_anyway = excluded.filmed_anyway, virtual_camera = excluded.virtual_camera,
		portrait_quality = excluded.portrait_quality, picture_quality = excluded.picture_quality,
		took_ms = excluded.took_ms, sent = excluded.sent, lost = excluded.lost;
END $$;

-- drop_parts deletes sealed parts of a session, of the records before one.
CREATE FUNCTION drop_parts(c int, of text, erased text, before bigint) RETURNS void
LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
BEGIN
	DELETE FROM sealed s USING record r
	WHERE r.chain = c AND r.session = of AND r.seq < before
		AND s.chain = c AND s.epoch = r.epoch AND s.seq = r.seq
		AND erased IN ('key', CASE WHEN s.part IN ('document', 'frame') THEN 'images' WHEN s.part = 'number' THEN 'fields' ELSE s.part END);
	IF erased = 'key' THEN
		DELETE FROM session_key WHERE chain = c AND session = of;
	END IF;
END $$;

-- caller gives the chain of the desk that calls, locked or not. Its name and the id of the
-- history must fit: no desk can push for another.
CREATE FUNCTION caller(of text, lock boolean) RETURNS chain LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
DECLARE
	d desk_role;
	c chain;
BEGIN
	SELECT * INTO d FROM desk_role WHERE role = session_user;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'this role is no desk' USING ERRCODE = 'FM003';
	END IF;
	IF d.retired IS NOT NULL THEN
		SELECT * INTO c FROM chain WHERE id = d.chain;
		RAISE EXCEPTION 'this certificate was retired' USING ERRCODE = 'FM004',
			DETAIL = jsonb_build_object('at', d.retired, 'desk', c.desk, 'branch', c.branch)::text;
	END IF;
	IF lock THEN
		SELECT * INTO c FROM chain WHERE id = d.chain FOR UPDATE;
	ELSE
		SELECT * INTO c FROM chain WHERE id = d.chain;
	END IF;
	IF c.history IS DISTINCT FROM of THEN
		RAISE EXCEPTION 'this certificate is for another history' USING ERRCODE = 'FM005';
	END IF;
	RETURN c;
END $$;

-- answer is what push and head say: the acknowledged head, the state, the sessions whose
-- erasure was asked for here, the hashes of the records asked about, and the public keys of
-- auditors that were withdrawn.
CREATE TYPE answer AS (
	seq bigint, hash bytea, at timestamptz, state text, epoch int, wishes text[], hashes bytea[], withdrawn text[]
);

CREATE FUNCTION answer_of(c chain, ask bigint[]) RETURNS answer LANGUAGE sql STABLE SET search_path = facematch, pg_temp AS $$
	SELECT ROW(c.head_seq, c.head_hash, c.head_at, c.state, c.epoch,
		coalesce((SELECT array_agg(session ORDER BY session) FROM erasure WHERE chain = c.id AND seq IS NULL), '{}'),
		coalesce((SELECT array_agg(r.hash ORDER BY o) FROM unnest(ask) WITH ORDINALITY a(n, o)
			LEFT JOIN record r ON r.chain = c.id AND r.seq = n AND NOT r.lost
				AND r.epoch = (SELECT max(e.epoch) FROM epoch e WHERE e.chain = c.id AND e.first_seq <= n)), '{}'),
		coalesce((SELECT array_agg(recipient ORDER BY recipient) FROM withdrawn), '{}'))::answer
$$;

-- head says how far the centre has the caller's history.
CREATE FUNCTION head(history text, ask bigint[]) RETURNS answer
LANGUAGE sql SECURITY DEFINER SET search_path = facematch, pg_temp AS $$
	SELECT answer_of(caller(history, false), ask[1:1000])
$$;

-- push takes the next records of the caller's history, in one transaction. Records the centre
-- has are compared and not written, so a push may be repeated.
--
--   FM001  a record is missing before the first
--   FM002  a record does not follow from the one before it
--   FM003  the role is no desk's; FM004 it was retired; FM005 it is another history's
--   FM006  the call has no valid form
--
-- Another record of a number the centre has is kept in fork, and from then on nothing is
-- taken until an administrator has decided; the answer says so.
CREATE FUNCTION push(
	history text, first bigint, hashes bytea[], payloads bytea[],
	part_seq bigint[], part_name text[], part_nonce bytea[], part_text bytea[],
	key_session text[], key_nonce bytea[], key_wrapped bytea[],
	declared bigint, about bytea
) RETURNS answer LANGUAGE plpgsql SECURITY DEFINER SET search_path = facematch, pg_temp AS $$
#variable_conflict use_column
DECLARE
	c chain;
	said jsonb := parse(push.about);
	count int := coalesce(cardinality(push.payloads), 0);
	last bigint := push.first + count - 1;
	before bytea;
	bad bigint;
	ids text[];
	gone record;
BEGIN
	IF push.first < 1 OR push.declared < 0 OR count > 5000 OR count <> coalesce(cardinality(push.hashes), 0)
		OR array_position(push.hashes, NULL) IS NOT NULL OR array_position(push.payloads, NULL) IS NOT NULL
		OR num_nulls(push.first, push.declared, push.part_seq, push.part_name, push.part_nonce, push.part_text,
			push.key_session, push.key_nonce, push.key_wrapped) > 0 THEN
		RAISE EXCEPTION 'the call has no valid form' USING ERRCODE = 'FM006';
	END IF;
	c := caller(push.history, true);
	IF octet_length(push.about) > 8192 THEN
		said := '{}';
	END IF;
	UPDATE chain SET seen = now(), declared = push.declared, about = said - 'key_check' - 'recovery',
		clock = moment(said ->> 'clock') - now(), key_check = coalesce(str(said, 'key_check'), chain.key_check),
		recovery = CASE WHEN jsonb_typeof(said -> 'recovery') = 'string' THEN nullif(said ->> 'recovery', '') END
	WHERE id = c.id;
	IF count = 0 OR c.state <> 'ok' THEN
		RETURN answer_of(c, '{}');
	END IF;
	IF push.first > c.head_seq + 1 THEN
		RAISE EXCEPTION 'expected record %', c.head_seq + 1 USING ERRCODE = 'FM001';
	END IF;

	before := CASE WHEN push.first = 1 THEN decode(repeat('00', 32), 'hex')
		WHEN push.first = c.head_seq + 1 THEN c.head_hash
		ELSE (answer_of(c, ARRAY[push.first - 1])).hashes[1] END;
	-- Each hash is computed from the one before it as the desk gave it, which was itself
	-- computed here.
	SELECT min(n) INTO bad FROM (
		SELECT push.first + o - 1 AS n, h, sha256(int8send(push.first + o - 1) || lag(h, 1, before) OVER (ORDER BY o) || p) AS computed
		FROM unnest(push.hashes, push.payloads) WITH ORDINALITY u(h, p, o)) x
	WHERE h IS DISTINCT FROM computed;
	IF bad IS NOT NULL THEN
		RAISE EXCEPTION 'record % does not follow', bad USING ERRCODE = 'FM002';
	END IF;

	IF push.first <= c.head_seq THEN
		SELECT min(r.seq) INTO bad FROM record r
		WHERE r.chain = c.id AND NOT r.lost AND r.seq BETWEEN push.first AND least(last, c.head_seq)
			AND r.hash <> push.hashes[r.seq - push.first + 1];
		IF bad IS NOT NULL THEN
			said := parse(push.payloads[bad - push.first + 1]);
			INSERT INTO fork (chain, seq, hash, payload)
			VALUES (c.id, bad, push.hashes[bad - push.first + 1], push.payloads[bad - push.first + 1]) ON CONFLICT DO NOTHING;
			UPDATE chain SET state = CASE
				WHEN str(said, 'kind') = 'restored' AND whole(said #> '{backup,seq}') = bad - 1 THEN 'restored' ELSE 'forked' END
			WHERE id = c.id RETURNING * INTO c;
			RETURN answer_of(c, '{}');
		END IF;
		IF last <= c.head_seq THEN
			RETURN answer_of(c, '{}');
		END IF;
	END IF;

	WITH fresh AS MATERIALIZED (
		SELECT push.first + o - 1 AS seq, h, p, parse(p) AS j
		FROM unnest(push.hashes, push.payloads) WITH ORDINALITY u(h, p, o)
		WHERE push.first + o - 1 > c.head_seq
	), came AS MATERIALIZED (
		-- A part that is not the one its record names is not taken; nor is one of an erased session.
		SELECT f.seq, u.part, u.nonce, u.ciphertext
		FROM unnest(push.part_seq, push.part_name, push.part_nonce, push.part_text) u(seq, part, nonce, ciphertext)
		JOIN fresh f USING (seq)
		WHERE f.j -> 'sealed' ->> u.part = encode(sha256(u.ciphertext), 'hex')
			AND f.j -> 'nonces' ->> u.part = encode(u.nonce, 'hex')
			AND NOT EXISTS (SELECT FROM erasure e WHERE e.chain = c.id AND e.session = str(f.j, 'session') AND e.part = 'key')
	), parts AS (
		INSERT INTO sealed SELECT c.id, c.epoch, seq, part, nonce, ciphertext FROM came ON CONFLICT DO NOTHING
	), keys AS (
		INSERT INTO session_key (chain, session, nonce, wrapped)
		SELECT c.id, u.session, u.nonce, u.wrapped
		FROM unnest(push.key_session, push.key_nonce, push.key_wrapped) u(session, nonce, wrapped)
		WHERE u.session IN (SELECT str(j, 'session') FROM fresh)
			AND u.nonce IS NOT NULL AND u.wrapped IS NOT NULL
			AND NOT EXISTS (SELECT FROM erasure e WHERE e.chain = c.id AND e.session = u.session AND e.part = 'key')
		ON CONFLICT DO NOTHING
	), added AS (
		INSERT INTO record (chain, epoch, seq, hash, payload, kind, "check", session, at, parts)
		SELECT c.id, c.epoch, f.seq, h, p, coalesce(str(j, 'kind'), ''), str(j, 'check'), str(j, 'session'),
			coalesce(moment(str(j, 'at')), now()),
			coalesce((SELECT array_agg(part ORDER BY part) FROM came WHERE came.seq = f.seq), '{}')
		FROM fresh f
		RETURNING "check", kind
	)
	SELECT array_agg(DISTINCT "check") INTO ids FROM added
	WHERE "check" IS NOT NULL AND kind IN ('started', 'sending', 'finished', 'interrupted', 'decided', 'inspected');
	UPDATE chain SET head_seq = last, head_hash = push.hashes[count],
		head_at = (SELECT at FROM record WHERE chain = c.id AND epoch = c.epoch AND seq = last)
	WHERE id = c.id;
	IF ids IS NOT NULL THEN
		PERFORM fold(c.id, ids);
	END IF;

	FOR gone IN
		SELECT r.seq, r.session, p.part
		FROM record r, jsonb_path_query(parse(r.payload), 'lax $.parts[*] ? (@.type() == "string")') j(part),
			fit(j.part #>> '{}') p(part)
		WHERE r.chain = c.id AND r.epoch = c.epoch AND r.seq > c.head_seq AND r.kind = 'erased' AND r.session IS NOT NULL
		ORDER BY r.seq
	LOOP
		INSERT INTO erasure (chain, session, part, seq) VALUES (c.id, gone.session, gone.part, gone.seq)
		ON CONFLICT (chain, session, part) DO UPDATE SET seq = excluded.seq;
		PERFORM drop_parts(c.id, gone.session, gone.part, gone.seq);
	END LOOP;
	SELECT * INTO c FROM chain WHERE id = c.id;
	RETURN answer_of(c, '{}');
END $$;

-- What administrators do. They are superusers, or members of facematch_owner.

-- enrol lets a role push a history. Roles that did so before are retired.
CREATE FUNCTION enrol(of text, new_role name, desk text, branch text) RETURNS int
LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
DECLARE
	c int;
BEGIN
	INSERT INTO chain (history, desk, branch) VALUES (of, enrol.desk, enrol.branch)
	ON CONFLICT (history) DO UPDATE SET desk = excluded.desk, branch = excluded.branch
	RETURNING id INTO c;
	INSERT INTO epoch (chain, epoch, first_seq) VALUES (c, 1, 1) ON CONFLICT DO NOTHING;
	UPDATE desk_role SET retired = now() WHERE chain = c AND role <> new_role AND retired IS NULL;
	INSERT INTO desk_role (role, chain) VALUES (new_role, c);
	PERFORM note('enrolled', jsonb_build_object('history', of, 'role', new_role, 'desk', enrol.desk, 'branch', enrol.branch));
	RETURN c;
END $$;

-- accept lets a chain that stands still go on. From is the number of the "restored" record by
-- which a desk gave up what the centre knows from there on: an epoch begins. Where from is
-- null the centre's records stand, and the desk is to be restored from them.
CREATE FUNCTION accept(of text, "from" bigint) RETURNS text LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
DECLARE
	c chain;
	ids text[];
BEGIN
	SELECT * INTO c FROM chain WHERE history = of FOR UPDATE;
	IF NOT FOUND OR c.state = 'ok' THEN
		RAISE EXCEPTION 'no chain of this history waits for a decision';
	END IF;
	IF "from" IS NOT NULL THEN
		IF NOT EXISTS (SELECT FROM fork f, parse(f.payload) p WHERE f.chain = c.id AND f.seq = "from"
			AND str(p, 'kind') = 'restored' AND whole(p #> '{backup,seq}') = "from" - 1) THEN
			RAISE EXCEPTION 'no "restored" record came as record %', "from";
		END IF;
		UPDATE record SET lost = true WHERE chain = c.id AND seq >= "from" AND NOT lost;
		UPDATE daily d SET checks = d.checks - n FROM (
			SELECT (at AT TIME ZONE 'UTC')::date AS day, desk, operator, mode, coalesce(outcome, '') AS outcome,
				coalesce(decision, '') AS decision, filmed_anyway, count(*) AS n
			FROM checks WHERE chain = c.id AND seq >= "from" AND NOT lost GROUP BY 1, 2, 3, 4, 5, 6, 7) l
		WHERE d.chain = c.id AND (d.day, d.desk, d.operator, d.mode, d.outcome, d.decision, d.filmed_anyway)
			= (l.day, l.desk, l.operator, l.mode, l.outcome, l.decision, l.filmed_anyway);
		DELETE FROM daily WHERE chain = c.id AND checks = 0;
		UPDATE checks SET lost = true WHERE chain = c.id AND seq >= "from" AND NOT lost;
		-- Checks that began before it and went on after it.
		SELECT array_agg(DISTINCT "check") INTO ids FROM record
		WHERE chain = c.id AND seq >= "from" AND "check" IS NOT NULL AND kind <> 'started';
		INSERT INTO epoch (chain, epoch, first_seq) VALUES (c.id, c.epoch + 1, "from");
		UPDATE chain SET epoch = c.epoch + 1, head_seq = "from" - 1,
			head_hash = coalesce((answer_of(c, ARRAY["from" - 1])).hashes[1], decode(repeat('00', 32), 'hex'))
		WHERE id = c.id;
		IF ids IS NOT NULL THEN
			PERFORM fold(c.id, ids);
		END IF;
	END IF;
	UPDATE chain SET state = 'ok' WHERE id = c.id;
	PERFORM note('accepted', jsonb_build_object('history', of, 'from', "from"));
	RETURN 'ok';
END $$;

-- held reports whether a session is on legal hold, as its desk's newest "hold" record says.
CREATE FUNCTION held(c int, of text) RETURNS boolean LANGUAGE sql STABLE SET search_path = facematch, pg_temp AS $$
	SELECT coalesce((SELECT parse(payload) -> 'held' = 'true' FROM record
		WHERE chain = c AND session = of AND kind = 'hold' AND NOT lost ORDER BY seq DESC LIMIT 1), false)
$$;

-- erase deletes at once what the centre has of a session, and asks its desk to do the same.
CREATE FUNCTION erase(of text, session text) RETURNS void LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
DECLARE
	c int;
BEGIN
	SELECT id INTO c FROM chain WHERE history = of FOR UPDATE;
	IF NOT EXISTS (SELECT FROM record r WHERE r.chain = c AND r.session = erase.session) THEN
		RAISE EXCEPTION 'the history has no such session';
	END IF;
	IF held(c, erase.session) THEN
		RAISE EXCEPTION 'the session is on legal hold';
	END IF;
	INSERT INTO erasure (chain, session, part, asked, asked_by) VALUES (c, erase.session, 'key', now(), session_user)
	ON CONFLICT DO NOTHING;
	PERFORM drop_parts(c, erase.session, 'key', 9223372036854775807);
	PERFORM note('erased', jsonb_build_object('history', of, 'session', erase.session));
END $$;

-- expire deletes the sealed parts that are older than their periods, as once a day it should. A
-- day has 24 hours in UTC alone.
CREATE FUNCTION expire() RETURNS bigint LANGUAGE plpgsql SET search_path = facematch, pg_temp SET timezone = 'UTC' AS $$
DECLARE
	k period;
	n bigint;
	total bigint := 0;
	expired jsonb[] := '{}'; -- the list of acts is locked last, as by erase
	detail jsonb;
BEGIN
	FOR k IN SELECT * FROM period FOR UPDATE LOOP
		DELETE FROM sealed s USING record r
		WHERE s.part = k.part AND r.chain = s.chain AND r.epoch = s.epoch AND r.seq = s.seq
			AND r.at < now() - make_interval(days => k.days) AND NOT held(r.chain, r.session);
		GET DIAGNOSTICS n = ROW_COUNT;
		total := total + n;
		IF n > 0 THEN
			expired := expired || jsonb_build_object('part', k.part, 'days', k.days,
				'before', now() - make_interval(days => k.days), 'parts', n);
		END IF;
	END LOOP;
	FOREACH detail IN ARRAY expired LOOP
		PERFORM note('expired', detail);
	END LOOP;
	RETURN total;
END $$;

-- expiries says what was deleted after periods, as far as the acts prove it: for each period that
-- was in force, until which time of records, from when to when that was done, and who set it.
CREATE FUNCTION expiries(OUT part text, OUT before timestamptz, OUT days int, OUT first timestamptz,
	OUT last timestamptz, OUT set_at timestamptz, OUT set_by text) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = facematch, pg_temp SET timezone = 'UTC' AS $$
	WITH said AS MATERIALIZED (
		SELECT seq, p ->> 'what' AS what, p ->> 'part' AS part, (p ->> 'at')::timestamptz AS at,
			(p ->> 'before')::timestamptz AS before, (p ->> 'days')::int AS days, p ->> 'by' AS by
		FROM act, parse(convert_to(act.text, 'UTF8')) p WHERE p ->> 'what' IN ('period', 'expired')
	)
	SELECT e.part, max(e.before), e.days, min(e.at), max(e.at), s.at, s.by
	FROM said e JOIN LATERAL (SELECT * FROM said s WHERE s.what = 'period' AND s.part = e.part AND s.seq < e.seq
		ORDER BY s.seq DESC LIMIT 1) s ON s.days = e.days AND e.before <= e.at - make_interval(days => e.days)
	WHERE e.what = 'expired'
	GROUP BY e.part, e.days, s.seq, s.at, s.by ORDER BY 1, 4
$$;

-- my_chains are those of the branches the caller sees.
CREATE FUNCTION my_chains() RETURNS int[] LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = facematch, pg_temp AS $$
	SELECT coalesce(array_agg(DISTINCT c.id), '{}') FROM chain c JOIN sees s ON s.branch IN (c.branch, '*')
	WHERE pg_has_role(session_user, s.role, 'MEMBER')
$$;

-- The sub-select is evaluated once for a statement and not for each row.
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['record', 'sealed', 'session_key', 'fork', 'erasure', 'checks', 'daily', 'epoch', 'chain'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
		EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO facematch_auditor USING (%I = ANY ((SELECT my_chains())::int[]))',
			name || '_by_branch', name, CASE name WHEN 'chain' THEN 'id' ELSE 'chain' END);
		EXECUTE format('GRANT SELECT ON %I TO facematch_auditor', name);
	END LOOP;
END $$;

REVOKE SELECT ON chain FROM facematch_auditor;
GRANT SELECT (id, history, desk, branch, enrolled, epoch, head_seq, head_hash, head_at, declared, seen, state, key_check, about, clock)
	ON chain TO facematch_auditor;
GRANT SELECT ON period, withdrawn, migration TO facematch_auditor;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA facematch FROM PUBLIC;
GRANT USAGE ON SCHEMA facematch TO facematch_desk, facematch_auditor;
GRANT EXECUTE ON FUNCTION head, push TO facematch_desk;
GRANT EXECUTE ON FUNCTION my_chains, parse, expiries TO facematch_auditor;
GRANT USAGE ON TYPE answer TO facematch_desk;

SELECT months();

INSERT INTO migration (number) VALUES (1);
RESET ROLE;

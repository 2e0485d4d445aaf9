-- Coarser counts beside daily, which is too large to be added up while somebody waits: with ten
-- million checks it has more than three million rows. Totals are read from periods and staff, and from
-- daily for single days of an operator or a mode. The charts of the overview are read from rates and
-- spread. All are counted in the same transaction as the row of checks.
--
-- Each check counts in a row of each unit that a table has: of its day, its week or its month, whose
-- first day in UTC is the start, or of all time, whose start is '-infinity'. A week begins on Monday.

SET LOCAL ROLE facematch_owner;
SET LOCAL search_path = facematch, pg_temp;

-- By day, week and month, for totals of a period.
CREATE TABLE periods (
	unit      text NOT NULL,
	start     date NOT NULL,
	chain     int  NOT NULL,
	desk      text NOT NULL,
	outcome   text NOT NULL, -- empty while the check has no end
	decision  text NOT NULL,
	checks    int  NOT NULL,
	PRIMARY KEY (unit, start, chain, desk, outcome, decision)
);

-- By week and month and of all time, for totals of all time, and for totals by operator, mode or code.
CREATE TABLE staff (
	unit     text NOT NULL,
	start    date NOT NULL,
	chain    int  NOT NULL,
	desk     text NOT NULL,
	operator text NOT NULL,
	mode     text NOT NULL,
	outcome  text NOT NULL,
	decision text NOT NULL,
	code     text NOT NULL, -- empty where the check has none
	checks   int  NOT NULL,
	PRIMARY KEY (unit, start, chain, desk, operator, mode, outcome, decision, code)
);

-- What the charts show of a desk and of an operator, by day, week and month, and of an operator also of
-- all time. One row holds the checks of all outcomes: a row for each would be read too slowly.
CREATE TABLE rates (
	kind       text  NOT NULL, -- desk or operator
	unit       text  NOT NULL,
	start      date  NOT NULL,
	chain      int   NOT NULL,
	desk       text  NOT NULL,
	operator   text  NOT NULL, -- empty in the rows of a desk
	checks     int[] NOT NULL, -- of each outcome, at its place
	identified int[] NOT NULL, -- of them, identified without a match
	filmed     int   NOT NULL, -- passed, referred, failed or not compared, and filmed against the hint
	overridden int   NOT NULL, -- passed or failed, and then approved or rejected by a person
	portraits  int    NOT NULL, -- whose quality was measured
	portrait   bigint NOT NULL, -- the sum of it, 0 to 100 each
	pictures   int    NOT NULL, -- and of the camera's pictures
	picture    bigint NOT NULL,
	PRIMARY KEY (kind, unit, start, chain, desk, operator)
);

-- How many checks have which value, by day, week and month and of all time: for the bands of scores,
-- and for medians. A row for each value would be read too slowly.
CREATE TABLE spread (
	unit    text  NOT NULL,
	start   date  NOT NULL,
	chain   int   NOT NULL,
	kind    text  NOT NULL, -- score, took or waited
	desk    text  NOT NULL,
	outcome text  NOT NULL, -- of scores; otherwise empty
	value   int[] NOT NULL, -- ascending
	checks  int[] NOT NULL, -- how many have the value at the same place
	PRIMARY KEY (unit, start, chain, kind, desk, outcome)
);

-- For verify and add_up, which work on one chain.
CREATE INDEX periods_chain ON periods (chain);
CREATE INDEX staff_chain   ON staff (chain);
CREATE INDEX rates_chain   ON rates (chain);
CREATE INDEX spread_chain  ON spread (chain);

-- For totals by operator or mode, and for the first and the last day of an overview.
CREATE INDEX daily_day ON daily (day);

-- start_of gives the start of the unit in which a moment lies.
CREATE FUNCTION start_of(unit text, at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE unit WHEN 'all' THEN '-infinity'::date ELSE date_trunc(unit, at AT TIME ZONE 'UTC')::date END
$$;

-- compared reports whether a check compared two faces.
CREATE FUNCTION compared(outcome text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT outcome IN ('pass', 'refer', 'fail')
$$;

-- place gives the place of an outcome in the arrays of rates. The first is of checks without an end, the
-- last of outcomes that this step does not know.
CREATE FUNCTION place(outcome text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN coalesce(outcome, '') = '' THEN 1 ELSE coalesce(array_position(
		'{pass,refer,fail,not compared,could not run,cancelled,interrupted,unknown,running}'::text[], outcome) + 1, 11) END
$$;

-- plus adds two arrays place by place.
CREATE FUNCTION plus(a int[], b int[]) RETURNS int[] LANGUAGE sql IMMUTABLE AS $$
	SELECT ARRAY(SELECT x + y FROM unnest(a, b) u(x, y))
$$;

-- percent gives a quality as it is added up, 0 to 100.
CREATE FUNCTION percent(quality bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(least(greatest(quality, 0), 100), 0)
$$;

-- band gives the band of 2 % in which a score lies, 0 to 49. It is null where there is no score:
-- without the CASE it would be 0, because least and greatest ignore a null.
CREATE FUNCTION band(score bigint) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN score IS NOT NULL THEN least(greatest(score / 200, 0), 49)::int END
$$;

-- tenths gives how long a check took, in tenths of a second, or null.
CREATE FUNCTION tenths(took_ms bigint) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN took_ms IS NOT NULL THEN least(greatest(took_ms / 100, 0), 6000)::int END
$$;

-- rounded_down rounds seconds as people are shown them: to minutes, after an hour to hours, and
-- after two days to days. It and waited are single expressions, which PostgreSQL writes into the
-- query; a function with a query of its own would be run for each row.
CREATE FUNCTION rounded_down(s bigint) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT (s - s % CASE WHEN s < 3600 THEN 60 WHEN s < 172800 THEN 3600 ELSE 86400 END)::int
$$;

-- waited gives after how many seconds a referral was decided, rounded down.
CREATE FUNCTION waited(at timestamptz, decided_at timestamptz) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN decided_at IS NOT NULL THEN
		facematch.rounded_down(least(greatest(floor(extract(epoch FROM decided_at - at))::bigint, 0), 2000000000)) END
$$;

-- add_up adds the checks of one list to the four tables, and takes those of the other away. Lost
-- ones do not count. PostgreSQL plans its statements once and keeps the plans: to plan them takes
-- longer than to run them for a push. A plan that was made while the tables were small must not read
-- them whole when they are large.
CREATE FUNCTION add_up(news checks[], olds checks[]) RETURNS void LANGUAGE plpgsql
SET search_path = facematch, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
	chains int[];
BEGIN
	INSERT INTO periods AS t
	SELECT unit, start_of(unit, at), chain, desk, coalesce(outcome, ''), coalesce(decision, ''), sum(n)
	FROM (SELECT *, 1 AS n FROM unnest(news) UNION ALL SELECT *, -1 FROM unnest(olds)) k, unnest('{day,week,month}'::text[]) unit
	WHERE NOT lost
	GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0
	ON CONFLICT (unit, start, chain, desk, outcome, decision) DO UPDATE SET checks = t.checks + excluded.checks;

	INSERT INTO staff AS t
	SELECT unit, start_of(unit, at), chain, desk, operator, mode, coalesce(outcome, ''), coalesce(decision, ''), coalesce(code::text, ''),
		sum(n)
	FROM (SELECT *, 1 AS n FROM unnest(news) UNION ALL SELECT *, -1 FROM unnest(olds)) k, unnest('{week,month,all}'::text[]) unit
	WHERE NOT lost
	GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(n) <> 0
	ON CONFLICT (unit, start, chain, desk, operator, mode, outcome, decision, code) DO UPDATE SET
		checks = t.checks + excluded.checks;

	INSERT INTO rates AS t
	SELECT kind, unit, start_of(unit, at), chain, desk, CASE kind WHEN 'operator' THEN operator ELSE '' END,
		ARRAY[sum(n * (place = 1)::int), sum(n * (place = 2)::int), sum(n * (place = 3)::int), sum(n * (place = 4)::int),
			sum(n * (place = 5)::int), sum(n * (place = 6)::int), sum(n * (place = 7)::int), sum(n * (place = 8)::int),
			sum(n * (place = 9)::int), sum(n * (place = 10)::int), sum(n * (place = 11)::int)],
		ARRAY[sum(known * (place = 1)::int), sum(known * (place = 2)::int), sum(known * (place = 3)::int), sum(known * (place = 4)::int),
			sum(known * (place = 5)::int), sum(known * (place = 6)::int), sum(known * (place = 7)::int), sum(known * (place = 8)::int),
			sum(known * (place = 9)::int), sum(known * (place = 10)::int), sum(known * (place = 11)::int)],
		sum(n * ((filmed_anyway AND outcome IN ('pass', 'refer', 'fail', 'not compared')) IS TRUE)::int),
		sum(n * ((outcome IN ('pass', 'fail') AND decision IN ('approved', 'rejected')) IS TRUE)::int),
		sum(n * (portrait_quality IS NOT NULL)::int), sum(n * percent(portrait_quality)),
		sum(n * (picture_quality IS NOT NULL)::int), sum(n * percent(picture_quality))
	FROM (SELECT *, place(outcome) AS place, n * (decision IS NOT DISTINCT FROM 'identified')::int AS known
		FROM (SELECT *, 1 AS n FROM unnest(news) UNION ALL SELECT *, -1 FROM unnest(olds)) k) k,
		unnest('{desk,operator}'::text[]) kind, unnest('{day,week,month,all}'::text[]) unit
	WHERE NOT lost AND (kind, unit) <> ('desk', 'all')
	GROUP BY 1, 2, 3, 4, 5, 6
	ON CONFLICT (kind, unit, start, chain, desk, operator) DO UPDATE SET checks = plus(t.checks, excluded.checks),
		identified = plus(t.identified, excluded.identified), filmed = t.filmed + excluded.filmed,
		overridden = t.overridden + excluded.overridden, portraits = t.portraits + excluded.portraits,
		portrait = t.portrait + excluded.portrait, pictures = t.pictures + excluded.pictures,
		picture = t.picture + excluded.picture;

	-- Each row that changes is put together anew, of what it has and what comes.
	WITH change AS MATERIALIZED (
		SELECT unit, start_of(unit, at) AS start, chain, kind, desk, CASE kind WHEN 'score' THEN outcome ELSE '' END AS outcome,
			CASE WHEN kind = 'score' THEN band(score) WHEN kind = 'took' THEN tenths(took_ms)
				WHEN outcome = 'refer' AND decision IN ('approved', 'rejected') THEN waited(at, decided_at) END AS value,
			sum(n) AS n
		FROM (SELECT *, 1 AS n FROM unnest(news) UNION ALL SELECT *, -1 FROM unnest(olds)) k,
			unnest('{score,took,waited}'::text[]) kind, unnest('{day,week,month,all}'::text[]) unit
		WHERE NOT lost AND compared(outcome)
		GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0
	), both_of AS (
		SELECT * FROM change WHERE value IS NOT NULL
		UNION ALL
		SELECT unit, start, chain, kind, desk, outcome, had.value, had.n
		FROM spread t, LATERAL unnest(t.value, t.checks) had(value, n)
		WHERE (unit, start, chain, kind, desk, outcome) IN (SELECT unit, start, chain, kind, desk, outcome FROM change)
	)
	INSERT INTO spread AS t
	SELECT unit, start, chain, kind, desk, outcome, coalesce(array_agg(value ORDER BY value) FILTER (WHERE n <> 0), '{}'),
		coalesce(array_agg(n ORDER BY value) FILTER (WHERE n <> 0), '{}')
	FROM (SELECT unit, start, chain, kind, desk, outcome, value, sum(n)::int AS n FROM both_of GROUP BY 1, 2, 3, 4, 5, 6, 7) k
	GROUP BY 1, 2, 3, 4, 5, 6
	ON CONFLICT (unit, start, chain, kind, desk, outcome) DO UPDATE SET value = excluded.value, checks = excluded.checks;

	IF cardinality(olds) > 0 THEN
		chains := ARRAY(SELECT DISTINCT chain FROM unnest(olds));
		DELETE FROM periods WHERE chain = ANY (chains) AND checks = 0;
		DELETE FROM staff WHERE chain = ANY (chains) AND checks = 0;
		DELETE FROM rates WHERE chain = ANY (chains) AND 0 = ALL (checks);
		DELETE FROM spread WHERE chain = ANY (chains) AND value = '{}';
	END IF;
END $$;

-- The rows of checks are counted whatever changes them: a push, or an epoch that begins. months
-- moves rows between partitions, which is no change of checks.
CREATE FUNCTION count_change() RETURNS trigger LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		PERFORM add_up(ARRAY(SELECT ROW(k.*)::checks FROM news k), '{}');
	ELSE
		PERFORM add_up(ARRAY(SELECT ROW(k.*)::checks FROM news k), ARRAY(SELECT ROW(k.*)::checks FROM olds k));
	END IF;
	RETURN NULL;
END $$;

CREATE TRIGGER count_new AFTER INSERT ON checks REFERENCING NEW TABLE AS news
	FOR EACH STATEMENT EXECUTE FUNCTION count_change();
CREATE TRIGGER count_changed AFTER UPDATE ON checks REFERENCING NEW TABLE AS news OLD TABLE AS olds
	FOR EACH STATEMENT EXECUTE FUNCTION count_change();

-- recount makes the four tables of a chain anew from its checks, a month at a time.
CREATE FUNCTION recount(c int) RETURNS void LANGUAGE plpgsql
SET search_path = facematch, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
	first timestamp;
BEGIN
	PERFORM FROM chain WHERE id = c FOR UPDATE; -- no push meanwhile
	DELETE FROM periods WHERE chain = c;
	DELETE FROM staff WHERE chain = c;
	DELETE FROM rates WHERE chain = c;
	DELETE FROM spread WHERE chain = c;
	FOR first IN SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC') FROM checks WHERE chain = c LOOP
		PERFORM add_up(ARRAY(SELECT k FROM checks k WHERE chain = c AND at >= first AT TIME ZONE 'UTC'
			AND at < (first + interval '1 month') AT TIME ZONE 'UTC'), '{}');
	END LOOP;
END $$;

SELECT recount(id) FROM chain;

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['periods', 'staff', 'rates', 'spread'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
		EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO facematch_auditor USING (chain = ANY ((SELECT my_chains())::int[]))',
			name || '_by_branch', name);
		EXECUTE format('GRANT SELECT ON %I TO facematch_auditor', name);
	END LOOP;
END $$;

REVOKE ALL ON FUNCTION start_of, compared, place, plus, percent, band, tenths, rounded_down, waited, add_up, count_change, recount FROM PUBLIC;
GRANT EXECUTE ON FUNCTION compared, place, percent, band, tenths, rounded_down, waited TO facematch_auditor;

INSERT INTO migration (number) VALUES (4);
RESET ROLE;

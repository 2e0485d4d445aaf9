-- Coarser counts beside daily, which is too large to be added up while somebody waits: with ten
-- million checks it has more than 800,000 rows. Totals and the charts of the overview are read
-- from these four. They are counted in the same transaction as the row of checks.

SET LOCAL ROLE facematch_owner;
SET LOCAL search_path = facematch, pg_temp;

-- For totals, and the checks by period.
CREATE TABLE monthly (
	chain    int  NOT NULL,
	month    date NOT NULL, -- its first day, in UTC
	desk     text NOT NULL,
	outcome  text NOT NULL, -- empty while the check has no end
	decision text NOT NULL,
	checks   int  NOT NULL,
	PRIMARY KEY (chain, month, desk, outcome, decision)
);

-- For the quality of pictures: how many were measured, and the sum of what was measured, 0 to
-- 100 each.
CREATE TABLE quality (
	chain     int  NOT NULL,
	month     date NOT NULL,
	desk      text NOT NULL,
	portraits int  NOT NULL,
	portrait  int  NOT NULL,
	pictures  int  NOT NULL,
	picture   int  NOT NULL,
	PRIMARY KEY (chain, month, desk)
);

-- For the rates of desks and operators.
CREATE TABLE staff (
	chain    int    NOT NULL,
	desk     text   NOT NULL,
	operator text   NOT NULL,
	outcome  text   NOT NULL,
	decision text   NOT NULL,
	checks   int    NOT NULL,
	filmed   int    NOT NULL, -- of them, filmed against the hint
	PRIMARY KEY (chain, desk, operator, outcome, decision)
);

-- How many checks have which value: for the bands of scores, and for medians.
CREATE TABLE spread (
	chain   int    NOT NULL,
	kind    text   NOT NULL, -- a name that spread_of gives
	desk    text   NOT NULL,
	outcome text   NOT NULL, -- of scores; otherwise empty
	value   int    NOT NULL,
	checks  int    NOT NULL,
	PRIMARY KEY (chain, kind, desk, outcome, value)
);

-- Whole days at both ends of a period are read from daily.
CREATE INDEX daily_day ON daily (day);

-- spread_of gives the values of a check for the table spread: the band of 2 % of its score; how
-- long it took, in tenths of a second; and after how many seconds a referral was decided, rounded
-- down as people are shown it, to minutes, after an hour to hours, and after two days to days.
CREATE FUNCTION spread_of(k checks) RETURNS TABLE (kind text, of_outcome text, value bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT 'score', k.outcome, least(greatest(k.score / 200, 0), 49)
	WHERE k.outcome IN ('pass', 'refer', 'fail') AND k.score IS NOT NULL
	UNION ALL
	SELECT 'took', '', least(greatest(k.took_ms / 100, 0), 6000)
	WHERE k.outcome IN ('pass', 'refer', 'fail') AND k.took_ms IS NOT NULL
	UNION ALL
	SELECT 'waited', '', s - s % CASE WHEN s < 3600 THEN 60 WHEN s < 172800 THEN 3600 ELSE 86400 END
	FROM (SELECT least(greatest(floor(extract(epoch FROM k.decided_at - k.at))::bigint, 0), 2000000000) AS s) w
	WHERE k.outcome = 'refer' AND k.decision IN ('approved', 'rejected') AND k.decided_at IS NOT NULL
$$;

-- add_up adds the checks of one list to the four tables, and takes those of the other away.
-- Lost ones do not count.
CREATE FUNCTION add_up(news checks[], olds checks[]) RETURNS void LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
BEGIN
	INSERT INTO monthly AS t
	SELECT chain, date_trunc('month', at AT TIME ZONE 'UTC')::date, desk, coalesce(outcome, ''), coalesce(decision, ''), sum(n)
	FROM (SELECT *, 1 AS n FROM unnest(news) UNION ALL SELECT *, -1 FROM unnest(olds)) k WHERE NOT lost
	GROUP BY 1, 2, 3, 4, 5
	ON CONFLICT (chain, month, desk, outcome, decision) DO UPDATE SET checks = t.checks + excluded.checks;

	INSERT INTO quality AS t
	SELECT chain, date_trunc('month', at AT TIME ZONE 'UTC')::date, desk,
		sum(n * (portrait_quality IS NOT NULL)::int), sum(n * coalesce(least(greatest(portrait_quality, 0), 100), 0)),
		sum(n * (picture_quality IS NOT NULL)::int), sum(n * coalesce(least(greatest(picture_quality, 0), 100), 0))
	FROM (SELECT *, 1 AS n FROM unnest(news) UNION ALL SELECT *, -1 FROM unnest(olds)) k
	WHERE NOT lost AND num_nonnulls(portrait_quality, picture_quality) > 0
	GROUP BY 1, 2, 3
	ON CONFLICT (chain, month, desk) DO UPDATE SET
		portraits = t.portraits + excluded.portraits, portrait = t.portrait + excluded.portrait,
		pictures = t.pictures + excluded.pictures, picture = t.picture + excluded.picture;

	INSERT INTO staff AS t
	SELECT chain, desk, operator, coalesce(outcome, ''), coalesce(decision, ''), sum(n), sum(n * filmed_anyway::int)
	FROM (SELECT *, 1 AS n FROM unnest(news) UNION ALL SELECT *, -1 FROM unnest(olds)) k WHERE NOT lost
	GROUP BY 1, 2, 3, 4, 5
	ON CONFLICT (chain, desk, operator, outcome, decision) DO UPDATE SET
		checks = t.checks + excluded.checks, filmed = t.filmed + excluded.filmed;

	INSERT INTO spread AS t
	SELECT chain, s.kind, desk, s.of_outcome, s.value, sum(n)
	FROM (SELECT k, chain, desk, lost, 1 AS n FROM unnest(news) k UNION ALL SELECT k, chain, desk, lost, -1 FROM unnest(olds) k) b,
		LATERAL spread_of(b.k) s
	WHERE NOT lost
	GROUP BY 1, 2, 3, 4, 5
	ON CONFLICT (chain, kind, desk, outcome, value) DO UPDATE SET checks = t.checks + excluded.checks;

	DELETE FROM monthly WHERE chain IN (SELECT chain FROM unnest(olds)) AND checks = 0;
	DELETE FROM quality WHERE chain IN (SELECT chain FROM unnest(olds)) AND portraits + pictures = 0;
	DELETE FROM staff WHERE chain IN (SELECT chain FROM unnest(olds)) AND checks = 0;
	DELETE FROM spread WHERE chain IN (SELECT chain FROM unnest(olds)) AND checks = 0;
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
CREATE FUNCTION recount(c int) RETURNS void LANGUAGE plpgsql SET search_path = facematch, pg_temp AS $$
DECLARE
	first timestamp;
BEGIN
	DELETE FROM monthly WHERE chain = c;
	DELETE FROM quality WHERE chain = c;
	DELETE FROM staff WHERE chain = c;
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
	FOREACH name IN ARRAY ARRAY['monthly', 'quality', 'staff', 'spread'] LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
		EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO facematch_auditor USING (chain = ANY ((SELECT my_chains())::int[]))',
			name || '_by_branch', name);
		EXECUTE format('GRANT SELECT ON %I TO facematch_auditor', name);
	END LOOP;
END $$;

REVOKE ALL ON FUNCTION spread_of, add_up, count_change, recount FROM PUBLIC;
GRANT EXECUTE ON FUNCTION spread_of TO facematch_auditor;

INSERT INTO migration (number) VALUES (4);
RESET ROLE;

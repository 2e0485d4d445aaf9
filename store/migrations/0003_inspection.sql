-- Filters ask for the inspection of checks too.

DROP INDEX checks_newest;
DROP INDEX checks_score;
DROP INDEX checks_outcome;

CREATE INDEX checks_newest  ON checks (seq, outcome, mode, decision, code, score, operator, desk, at, inspection);
CREATE INDEX checks_score   ON checks (score, seq, outcome, mode, decision, code, operator, desk, at, inspection);
CREATE INDEX checks_outcome ON checks (outcome, mode, decision, code, score, operator, desk, at, inspection);

CREATE INDEX checks_inspection ON checks (inspection) WHERE inspection IS NOT NULL;

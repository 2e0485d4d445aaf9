package checks

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "facematch/store/internal/sqlite" // the driver
)

// plan gives how SQLite goes about a query.
func plan(t *testing.T, db *sql.DB, query string, args ...any) string {
	t.Helper()
	rows, err := db.Query(`EXPLAIN QUERY PLAN `+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	return strings.Join(steps, "\n")
}

// TestPlans makes sure that no query reads or sorts a whole table, which would not be
// noticed on a small history.
func TestPlans(t *testing.T) {
	db, err := sql.Open("sqlite3", filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	steps, err := filepath.Glob(filepath.Join("..", "..", "migrations", "*.sql"))
	if err != nil || len(steps) == 0 {
		t.Fatal(steps, err)
	}
	for _, step := range steps {
		tables, err := os.ReadFile(step)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(string(tables)); err != nil {
			t.Fatal(step, err)
		}
	}
	for query, c := range map[string]struct {
		args []any
		uses string
	}{
		recordsQuery:   {[]any{"a"}, "record USING INDEX record_check (check=?)"},
		sessionQuery:   {[]any{"a"}, "record USING INDEX record_session (session=? AND kind=?)"},
		sessionsQuery:  {[]any{"a", "b"}, "record USING INDEX record_session (session>? AND session<?)"},
		checksQuery:    {[]any{"a", "b"}, "record USING INDEX record_check (check>? AND check<?)"},
		requestsQuery:  {[]any{"a", "b"}, "checks USING COVERING INDEX checks_request (request>? AND request<?)"},
		nameQuery:      {[]any{1}, "name_word USING PRIMARY KEY (token=?)"},
		referenceQuery: {[]any{1}, "reference_word USING PRIMARY KEY (token=?)"},
		codesQuery:     {nil, "checks USING COVERING INDEX checks_code (code>?)"},
		rowsQuery:      {[]any{"[1]"}, "checks USING INTEGER PRIMARY KEY (rowid=?)"},
	} {
		p := plan(t, db, query, c.args...)
		if !strings.Contains(p, "SEARCH "+c.uses) {
			t.Errorf("%s is planned as\n%s\nwant %s", query, p, c.uses)
		}
		if query != recordsQuery && strings.Contains(p, "TEMP B-TREE") || strings.Contains(p, "record_kind") {
			t.Errorf("%s is planned as\n%s", query, p)
		}
	}
	for query, want := range map[string]string{
		`SELECT seq, score FROM checks INDEXED BY checks_newest WHERE mode = 'remote' AND at < '2027' ORDER BY seq DESC LIMIT 9`:        "SCAN checks USING COVERING INDEX checks_newest",
		`SELECT seq, score FROM checks INDEXED BY checks_newest WHERE mode = 'remote' AND seq < 9 ORDER BY seq DESC LIMIT 9`:            "SEARCH checks USING COVERING INDEX checks_newest (seq<?)",
		`SELECT seq, score FROM checks INDEXED BY checks_score WHERE score IS NOT NULL ORDER BY score DESC, seq DESC LIMIT 9`:           "SEARCH checks USING COVERING INDEX checks_score (score>?)",
		`SELECT outcome, count(*) FROM checks INDEXED BY checks_outcome WHERE outcome > '' AND code = 0 GROUP BY outcome`:               "SEARCH checks USING COVERING INDEX checks_outcome (outcome>?)",
		`SELECT outcome, count(*) FROM checks INDEXED BY checks_outcome WHERE outcome > '' AND inspection IN ('open') GROUP BY outcome`: "SEARCH checks USING COVERING INDEX checks_outcome (outcome>?)",
		`SELECT group_concat(seq) FROM checks INDEXED BY checks_inspection WHERE inspection IN ('objection')`:                           "SEARCH checks USING COVERING INDEX checks_inspection (inspection=?)",
		`SELECT outcome, sum(checks) FROM daily INDEXED BY daily_outcome WHERE outcome > '' AND desk = 'a' GROUP BY outcome`:            "SEARCH daily USING COVERING INDEX daily_outcome (outcome>?)",
	} {
		if p := plan(t, db, query); p != want {
			t.Errorf("%s is planned as\n%s\nwant %s", query, p, want)
		}
	}
}

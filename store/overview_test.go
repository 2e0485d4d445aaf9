package store

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/store/internal/checks"
	"facematch/store/internal/sqlite"
)

func mustOverview(t testing.TB, s *Store, f history.Filter) overview.Overview {
	t.Helper()
	o, err := s.Overview(context.Background(), f, overview.Day)
	if err != nil {
		t.Fatalf("overview: %v", err)
	}
	return o
}

// A check is in the overview from its start on, and as what it is at each moment. What
// is kept record by record is what Verify expects.
func TestOverviewFollowsAChecksRecords(t *testing.T) {
	p := testParams(t.TempDir())
	p.Alive = func(id string) bool { return id == "instance-1" }
	s := mustOpen(t, p, &memoryRing{})
	ctx := context.Background()
	if o := mustOverview(t, s, history.Filter{}); o.Checks != 0 {
		t.Errorf("an empty history: %+v", o)
	}
	for i := range 600 { // over several chunks of packed checks
		if err := s.Start(ctx, started(string(rune('a'+i%26))+time.Duration(i).String(), "")); err != nil {
			t.Fatal(err)
		}
	}
	if o := mustOverview(t, s, history.Filter{}); o.ByOutcome[history.Running] != 600 {
		t.Errorf("600 checks run: %v", o.ByOutcome)
	}
	f := finished("a"+time.Duration(0).String(), 7000, "")
	f.Outcome = history.Refer
	f.Quality = &history.Quality{Camera: &history.Measures{Total: 40}, CaptureWarning: "coach.dark"}
	if err := s.Finish(ctx, f); err != nil {
		t.Fatal(err)
	}
	o := mustOverview(t, s, history.Filter{Outcomes: []history.Outcome{history.Refer}})
	if g := o.Desks.Groups; o.Checks != 1 || o.Waiting.Hour != 1 || len(g) != 1 || g[0].FilmedAnyway.Count != 1 ||
		g[0].Name != "Desk 3 <north>" ||
		o.Quality[0].Picture != 4000 || o.Took.Median != 10 || o.Scores[35].Refer != 1 {
		t.Errorf("%+v", o)
	}
	if err := s.Decide(ctx, history.Decision{Check: f.Check, Session: f.Session, Choice: history.Approve,
		Reason: "known_person"}); err != nil {
		t.Fatal(err)
	}
	if o = mustOverview(t, s, history.Filter{}); o.Checks != 600 || o.Waiting.Open != 0 || o.Waiting.Decided != 1 {
		t.Errorf("%+v", o.Waiting)
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("%+v", v)
	}
}

// Verify finds a change of the packed checks, which overviews count, and Rebuild mends it.
func TestPackedChecksAreVerified(t *testing.T) {
	for _, change := range []string{
		`UPDATE packed SET checks = zeroblob(length(checks))`,
		`DELETE FROM packed`,
		`INSERT INTO packed VALUES (77, zeroblob(32))`,
		`UPDATE packed_text SET text = 'Desk 4' WHERE text = 'Desk 3 <north>'`,
	} {
		dir := t.TempDir()
		s := mustOpen(t, testParams(dir), &memoryRing{})
		record(t, s, "1", "")
		record(t, s, "2", "")
		if _, err := s.writer.Exec(change); err != nil {
			t.Fatal(err)
		}
		if v := mustVerify(t, s); v.Intact || v.Fault != history.FaultLists {
			t.Errorf("%s: %+v", change, v)
		}
		if err := s.Rebuild(context.Background()); err != nil {
			t.Fatal(err)
		}
		if v := mustVerify(t, s); !v.Intact {
			t.Errorf("%s, made anew: %+v", change, v)
		}
	}
}

// A history of the first form gets its packed checks when it is opened. They are the same
// whether kept record by record or made in one go.
func TestPackingAnOlderHistory(t *testing.T) {
	p := testParams(t.TempDir())
	if err := os.MkdirAll(filepath.Dir(p.Path), 0o700); err != nil {
		t.Fatal(err)
	}
	first, err := migrationFiles.ReadFile("migrations/0001_history.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", p.Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		string(first), `INSERT INTO migration VALUES (1, '2026-11-01T00:00:00.000Z')`,
		`INSERT INTO checks (seq, at, "check", session, mode, outcome, score, code, operator, desk, minor, filmed_anyway,
			virtual_camera, took_ms)
		SELECT 3 * value + 1, '2026-11-02T10:00:00.000Z', 'chk_' || value, 'sess_' || value, 'offline', 'pass', 9000, 0, 'anna',
			'Desk ' || (value % 3), 0, value % 2, 0, 1500 FROM (
			WITH RECURSIVE n (value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < 999) SELECT value FROM n)`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, p, noRing{})
	o := mustOverview(t, s, history.Filter{Desks: []string{"Desk 0", "Desk 2"}})
	if o.Checks != 667 || len(o.Desks.Groups) != 2 || o.Desks.Groups[0].FilmedAnyway != (overview.Rate{Count: 167, Of: 334,
		Low: o.Desks.Groups[0].FilmedAnyway.Low, High: o.Desks.Groups[0].FilmedAnyway.High}) || o.Took.Median != 15 {
		t.Errorf("%+v", o)
	}

	s = mustOpen(t, testParams(t.TempDir()), &memoryRing{})
	for i := range 300 {
		record(t, s, time.Duration(i).String(), "")
	}
	kept := mustOverview(t, s, history.Filter{})
	if err := sqlite.Transact(context.Background(), s.writer, checks.Pack); err != nil {
		t.Fatal(err)
	}
	if made := mustOverview(t, s, history.Filter{}); kept.Checks != 300 || !reflect.DeepEqual(kept, made) {
		t.Errorf("%+v, then %+v", kept, made)
	}
	if v := mustVerify(t, s); !v.Intact {
		t.Errorf("%+v", v)
	}
}

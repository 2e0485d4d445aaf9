package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest/need"
	"facematch/app/history"
	"facematch/matcher"
)

// tampered is one change made to a copy of a history with the sqlite3 tool.
type tampered struct {
	name string // of its kind
	sql  string
	// anew says that the rest of the chain is then computed anew from this record on,
	// and self that only this record is; 0: no hash is.
	anew, self int64
	cut        float64 // the file is cut off here, as a share of its length; 0: it is not

	// What verify must say. Without an anchor, empty faults: it cannot be seen.
	faults []history.Fault
	bad    int64
	// With the anchors' marks: those, unless these are set.
	anchored    []history.Fault
	anchoredBad int64
}

// hist is what the tampering knows of the history.
type hist struct {
	total  int64
	marks  []int64          // what the anchor knows, ascending
	sealed map[int64]string // a part of each record that has one
	first  map[string]int64 // first sealed record of each session with a key
	firm   int64            // up to here lie the erasures, whose deletion would be seen by itself
}

// replaced sets what the anchor shows of a chain that was made anew from a record
// on and now ends at end.
func (c *tampered) replaced(h hist, from, end int64) {
	for _, m := range h.marks {
		if m >= from {
			c.anchored, c.anchoredBad = []history.Fault{history.FaultReplaced}, m
			if m > end {
				c.anchored, c.anchoredBad = []history.Fault{history.FaultCutOff}, end+1
			}
			return
		}
	}
}

// misses sets what is seen of a record that is right in itself: the next one does not
// follow it, or an anchor knows another one.
func (c *tampered) misses(h hist, seq int64) {
	c.faults, c.bad = []history.Fault{history.FaultChain}, seq+1
	if slices.Contains(h.marks, seq) {
		c.anchored, c.anchoredBad = []history.Fault{history.FaultReplaced}, seq
	}
}

// shift gives the statements that renumber all records from one on, with their
// sealed parts.
func shift(from, by int64) string {
	return fmt.Sprintf(`UPDATE record SET seq = -seq WHERE seq >= %[1]d; UPDATE record SET seq = -seq + %[2]d WHERE seq < 0;
UPDATE sealed SET record = -record WHERE record >= %[1]d; UPDATE sealed SET record = -record + %[2]d WHERE record < 0;
`, from, by)
}

// exchange gives the statements that let two records change places.
func exchange(a, b int64) string {
	return fmt.Sprintf(`UPDATE record SET seq = -1 WHERE seq = %[1]d; UPDATE record SET seq = %[1]d WHERE seq = %[2]d; UPDATE record SET seq = %[2]d WHERE seq = -1;
UPDATE sealed SET record = -1 WHERE record = %[1]d; UPDATE sealed SET record = %[1]d WHERE record = %[2]d; UPDATE sealed SET record = %[2]d WHERE record = -1;
`, a, b)
}

// forged is a record somebody wishes had been written.
const forged = `{"kind":"signed in","at":"2026-11-20T09:00:00.000Z","operator":"mallory"}`

// tamperings makes one change of each kind, at random places.
var tamperings = []func(r *rand.Rand, h hist) tampered{
	func(r *rand.Rand, h hist) tampered {
		s := 1 + r.Int64N(h.total)
		return tampered{name: "a record edited", sql: edit(s), faults: []history.Fault{history.FaultChain}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		s := 1 + r.Int64N(h.total-1)
		c := tampered{name: "a record edited, its hash computed anew", sql: edit(s), self: s}
		c.misses(h, s)
		return c
	},
	func(r *rand.Rand, h hist) tampered {
		s := 1 + r.Int64N(h.total)
		c := tampered{name: "a record edited, the chain computed anew", sql: edit(s), anew: s}
		c.replaced(h, s, h.total)
		return c
	},
	func(r *rand.Rand, h hist) tampered {
		s := 1 + r.Int64N(h.total)
		column := []string{"hash", "prev"}[r.IntN(2)]
		return tampered{name: "a hash edited",
			sql:    fmt.Sprintf(`UPDATE record SET %s = randomblob(32) WHERE seq = %d;`, column, s),
			faults: []history.Fault{history.FaultChain}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		s, n := h.run(r)
		return tampered{name: "records deleted", sql: drop(s, n), faults: []history.Fault{history.FaultChain}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		s, n := h.run(r)
		return tampered{name: "records deleted, the numbers closed up", sql: drop(s, n) + shift(s+n, -n),
			faults: []history.Fault{history.FaultChain}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		s, n := h.run(r)
		c := tampered{name: "records deleted, the chain computed anew", sql: drop(s, n) + shift(s+n, -n), anew: s}
		c.replaced(h, s, h.total-n)
		return c
	},
	func(r *rand.Rand, h hist) tampered {
		s := 1 + r.Int64N(h.total)
		return tampered{name: "a record inserted", sql: shift(s, 1) + insert(s),
			faults: []history.Fault{history.FaultChain}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		s := 1 + r.Int64N(h.total)
		c := tampered{name: "a record inserted, its hash computed anew", sql: shift(s, 1) + insert(s), self: s}
		c.misses(h, s)
		return c
	},
	func(r *rand.Rand, h hist) tampered {
		s := 1 + r.Int64N(h.total)
		c := tampered{name: "a record inserted, the chain computed anew", sql: shift(s, 1) + insert(s), anew: s}
		c.replaced(h, s, h.total+1)
		return c
	},
	func(r *rand.Rand, h hist) tampered {
		s := 1 + r.Int64N(h.total-1)
		from := 1 + (s+r.Int64N(h.total-1))%h.total // not s: its parts, moved with it, would be missed first
		return tampered{name: "a record inserted twice", sql: fmt.Sprintf(`CREATE TEMP TABLE copy AS SELECT prev, hash, payload FROM record WHERE seq = %d;
%sINSERT INTO record (seq, prev, hash, payload) SELECT %d, prev, hash, payload FROM copy;`, from, shift(s, 1), s),
			faults: []history.Fault{history.FaultChain}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		s := h.firm + 1 + r.Int64N(h.total-h.firm-1)
		t := s + 1 + r.Int64N(h.total-s)
		return tampered{name: "two records swapped", sql: exchange(s, t), faults: []history.Fault{history.FaultChain}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		s := 1 + r.Int64N(h.total-1)
		t := s + 1 + r.Int64N(h.total-s)
		return tampered{name: "two records' contents swapped", sql: fmt.Sprintf(`CREATE TEMP TABLE both AS SELECT seq, payload FROM record WHERE seq IN (%[1]d, %[2]d);
UPDATE record SET payload = (SELECT payload FROM both WHERE both.seq <> record.seq) WHERE seq IN (%[1]d, %[2]d);`, s, t),
			faults: []history.Fault{history.FaultChain}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		s := h.firm + 1 + r.Int64N(h.total-h.firm-1)
		t := s + 1 + r.Int64N(h.total-s)
		c := tampered{name: "two records swapped, the chain computed anew", sql: exchange(s, t), anew: s}
		c.replaced(h, s, h.total)
		return c
	},
	func(r *rand.Rand, h hist) tampered {
		n := 1 + r.Int64N(h.total-h.firm)
		c := tampered{name: "the newest records cut off", sql: drop(h.total-n+1, n)}
		c.replaced(h, h.total, h.total-n)
		c.anchored = []history.Fault{history.FaultCutOff}
		return c
	},
	func(r *rand.Rand, h hist) tampered {
		last := slices.Max(slices.Collect(maps.Keys(h.sealed)))
		s := h.firm + 1 + r.Int64N(last-h.firm)
		return tampered{name: "the newest records cut off, their sealed parts left",
			sql:    fmt.Sprintf(`DELETE FROM record WHERE seq >= %d;`, s),
			faults: []history.Fault{history.FaultCutOff}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		s := pick(r, h.sealed)
		change := []string{"nonce = randomblob(12)", "ciphertext = randomblob(length(ciphertext))"}[r.IntN(2)]
		return tampered{name: "a sealed part changed",
			sql:    fmt.Sprintf(`UPDATE sealed SET %s WHERE record = %d AND part = '%s';`, change, s, h.sealed[s]),
			faults: []history.Fault{history.FaultSealed}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		s := pick(r, h.sealed)
		return tampered{name: "a sealed part deleted",
			sql:    fmt.Sprintf(`DELETE FROM sealed WHERE record = %d AND part = '%s';`, s, h.sealed[s]),
			faults: []history.Fault{history.FaultPartGone}, bad: s}
	},
	func(r *rand.Rand, h hist) tampered {
		session := pick(r, h.first)
		return tampered{name: "a session's key deleted",
			sql:    fmt.Sprintf(`DELETE FROM session_key WHERE session = '%s';`, session),
			faults: []history.Fault{history.FaultKeyGone}, bad: h.first[session]}
	},
	func(r *rand.Rand, h hist) tampered {
		return tampered{name: "the file cut short", cut: 0.01 + 0.98*r.Float64(),
			faults: []history.Fault{history.FaultDamaged}}
	},
	func(r *rand.Rand, h hist) tampered {
		name := []string{"record_no_delete", "record_no_update", "record_next", "sealed_erased",
			"session_key_erased"}[r.IntN(5)]
		return tampered{name: "a trigger left out", sql: "--without " + name, faults: []history.Fault{history.FaultSchema}}
	},
}

// run chooses records in the middle, none of them an erasure.
func (h hist) run(r *rand.Rand) (from, n int64) {
	from = h.firm + 1 + r.Int64N(h.total-h.firm-1)
	return from, 1 + r.Int64N(min(5, h.total-from))
}

func pick[K int64 | string, V any](r *rand.Rand, from map[K]V) K {
	keys := slices.Sorted(maps.Keys(from))
	return keys[r.IntN(len(keys))]
}

func edit(seq int64) string {
	return fmt.Sprintf(`UPDATE record SET payload = json_set(payload, '$.operator', 'mallory') WHERE seq = %d;`, seq)
}

func drop(from, n int64) string {
	return fmt.Sprintf(`DELETE FROM sealed WHERE record BETWEEN %[1]d AND %[2]d; DELETE FROM record WHERE seq BETWEEN %[1]d AND %[2]d;
`, from, from+n-1)
}

func insert(at int64) string {
	return fmt.Sprintf(`INSERT INTO record (seq, prev, hash, payload) SELECT %[1]d, coalesce((SELECT hash FROM record WHERE seq = %[1]d - 1), zeroblob(32)), randomblob(32), '%[2]s';
`, at, forged)
}

// sqliteTool runs statements with the sqlite3 tool, as somebody would who means
// harm: without the triggers, which are put back after.
func sqliteTool(t *testing.T, path string, triggers [][2]string, statements string) {
	t.Helper()
	var script strings.Builder
	script.WriteString(".bail on\n")
	for _, tr := range triggers {
		fmt.Fprintf(&script, "DROP TRIGGER %s;\n", tr[0])
	}
	script.WriteString(statements + "\n")
	for _, tr := range triggers {
		if !strings.Contains(statements, "--without "+tr[0]) {
			script.WriteString(tr[1] + ";\n")
		}
	}
	cmd := exec.Command("sqlite3", path)
	cmd.Stdin = strings.NewReader(script.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sqlite3: %v\n%s\n%s", err, out, statements)
	}
}

// chainAnew gives the statements that make the chain right again from a record on,
// or that record alone. The tool knows no SHA-256.
func chainAnew(t *testing.T, path string, from int64, alone bool) string {
	t.Helper()
	db := rawDB(t, path)
	defer db.Close()
	prev := make([]byte, 32)
	if err := db.QueryRow(`SELECT hash FROM record WHERE seq = ?`, from-1).Scan(&prev); err != nil &&
		err != sql.ErrNoRows {
		t.Fatal(err)
	}
	var script strings.Builder
	rows, err := db.Query(`SELECT seq, payload FROM record WHERE seq >= ? ORDER BY seq`, from)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var payload []byte
		must(t, rows.Scan(&seq, &payload))
		hash := link(seq, prev, payload)
		fmt.Fprintf(&script, "UPDATE record SET prev = x'%x', hash = x'%x' WHERE seq = %d;\n", prev, hash, seq)
		if prev = hash[:]; alone {
			break
		}
	}
	must(t, rows.Err())
	return script.String()
}

// TestTamperingWithTheTool makes random changes to copies of a history with the
// sqlite3 command line tool: one of each kind, 1,000 where FACEMATCH_SOAK is set. Each
// that can be seen must be seen, and the right record named.
func TestTamperingWithTheTool(t *testing.T) {
	if _, err := exec.LookPath("sqlite3"); err != nil {
		need.Missing(t, "sqlite3 is not installed: tampering with it is not tested")
	}
	n := len(tamperings)
	if os.Getenv("FACEMATCH_SOAK") != "" {
		n = 1000
	}
	whole := t.TempDir()
	p := testParams(whole)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	p.Now = func() time.Time { now = now.Add(time.Hour); return now } // some records a day
	s := mustOpen(t, p, noRing{})
	intimate(t, s, "erased")
	intimate(t, s, "nameless")
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_erased", Actor: erasing,
		Parts: []history.Part{history.PartKey}, Reason: history.OnRequest}))
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_nameless", Actor: erasing,
		Parts: []history.Part{history.PartName}, Reason: history.AfterPeriod}))
	h := hist{sealed: map[int64]string{}, first: map[string]int64{}}
	h.firm = mustVerify(t, s).Records
	for i := range 12 {
		intimate(t, s, fmt.Sprint(i))
		record(t, s, fmt.Sprint("plain", i), "")
	}
	v := mustVerify(t, s)
	if !v.Intact || v.Until != v.Records {
		t.Fatalf("verdict is %+v", v)
	}
	h.total = v.Records
	for _, m := range anchorLines(t, p) {
		h.marks = append(h.marks, m.Seq)
	}
	slices.Sort(h.marks)
	rows, err := s.reader.Query(`SELECT p.record, p.part, r.session FROM sealed p JOIN record r ON r.seq = p.record ORDER BY p.record`)
	must(t, err)
	for rows.Next() {
		var seq int64
		var part, session string
		must(t, rows.Scan(&seq, &part, &session))
		h.sealed[seq] = part
		if _, ok := h.first[session]; !ok {
			h.first[session] = seq
		}
	}
	must(t, rows.Err())
	h.first["sess_nameless"] = 4 // its name is erased, the record still says that there was one
	found, err := tables(t.Context(), s.reader)
	must(t, err)
	var triggers [][2]string
	for _, f := range found {
		if f[0] == "trigger" {
			triggers = append(triggers, [2]string{f[1], f[3]})
		}
	}
	must(t, s.Close())

	type count struct {
		made, alone, anchored int
		unseen                bool // by the chain
	}
	counts := map[string]*count{}
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		c := tamperings[i%len(tamperings)](r, h)
		q := testParams(t.TempDir())
		copyFolder(t, whole, filepath.Dir(filepath.Dir(q.Path)))
		sqliteTool(t, q.Path, triggers, c.sql)
		if c.cut > 0 {
			info, err := os.Stat(q.Path)
			must(t, err)
			must(t, os.Truncate(q.Path, int64(c.cut*float64(info.Size()))))
		}
		if from := max(c.anew, c.self); from > 0 {
			sqliteTool(t, q.Path, triggers, chainAnew(t, q.Path, from, c.self > 0))
		}
		if c.anchored == nil {
			c.anchored, c.anchoredBad = c.faults, c.bad
		}
		q.ReadOnly = true
		look := func() history.Verdict {
			s, err := open(context.Background(), q, noRing{})
			if c.cut > 0 && err != nil { // it is refused, and said why
				if key := matcher.AsProblem(err, "").Key; key != "store.damaged" && key != "store.foreign" && key != "store.gone" {
					t.Errorf("%d, %s: %v", i, c.name, err)
				}
				return history.Verdict{Fault: history.FaultDamaged}
			}
			must(t, err)
			defer s.Close()
			v := mustVerify(t, s)
			if c.cut > 0 {
				v.BadSeq = 0 // wherever the first missing page leaves the reader
			}
			return v
		}
		says := func(with string, v history.Verdict, faults []history.Fault, bad int64) {
			t.Helper()
			if len(faults) > 0 && (v.Intact || !slices.Contains(faults, v.Fault) || v.BadSeq != bad) {
				t.Errorf("%d, %s, %s: %q at %d, want %q at %d\n%s", i, c.name, with, v.Fault, v.BadSeq, faults, bad, c.sql)
			}
		}
		with := look()
		says("with the anchor", with, c.anchored, c.anchoredBad)
		must(t, os.Remove(q.Anchor))
		alone := look()
		says("without an anchor", alone, c.faults, c.bad)
		of := counts[c.name]
		if of == nil {
			of = &count{}
			counts[c.name] = of
		}
		of.made++
		of.unseen = len(c.faults) == 0
		if !alone.Intact {
			of.alone++
		}
		if !with.Intact {
			of.anchored++
		}
	}
	// What no anchor knows yet can be forged: records added at the end.
	q := testParams(t.TempDir())
	copyFolder(t, whole, filepath.Dir(filepath.Dir(q.Path)))
	sqliteTool(t, q.Path, triggers, insert(h.total+1))
	sqliteTool(t, q.Path, triggers, chainAnew(t, q.Path, h.total+1, true))
	q.ReadOnly = true
	if v := mustVerify(t, mustOpen(t, q, noRing{})); !v.Intact || v.Until != h.total || v.Records != h.total+1 {
		t.Errorf("an added record: verdict is %+v", v) // it says that no anchor knows it
	}

	var told bytes.Buffer
	fmt.Fprintf(&told, "%d changes, caught without and with an anchor:\n", n)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		c := counts[name]
		fmt.Fprintf(&told, "  %-55s %4d  %4d  %4d\n", name, c.made, c.alone, c.anchored)
		if c.anchored != c.made {
			t.Errorf("%s: %d of %d caught with an anchor", name, c.anchored, c.made)
		}
	}
	// Without an anchor some are caught only because the lists were left as they were.
	told.WriteString("Cannot be caught without an anchor, where the lists are made anew too:\n")
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if counts[name].unseen {
			fmt.Fprintf(&told, "  %s\n", name)
		}
	}
	told.WriteString("Cannot be caught until an anchor knows it, but is said:\n  a record added at the end, its hash computed\n")
	t.Log(told.String())
}

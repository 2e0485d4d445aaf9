package export

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/assets/translations"
)

// A report of several checks ends with their overview; nobody is named in it.
func TestAReportHasAnOverview(t *testing.T) {
	words, err := translations.New("en")
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w := newPDF(&file, About{At: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)}, words)
	score := int64(9100)
	for i := range 40 {
		d := history.Detail{Row: history.Row{
			Check: "chk", At: time.Date(2026, 11, 2+i/2, 9, 0, 0, 0, time.UTC), Outcome: history.Pass, Score: &score,
			Desk: "Counter 7", Operator: "zoe",
		}}
		d.Finished = &history.Finished{Took: 4200 * time.Millisecond,
			Quality: &history.Quality{Camera: &history.Measures{Total: 81}}}
		if i%4 == 0 {
			d.Outcome, d.Decision = history.Fail, history.Approved
			d.Decisions = []history.Decided{{At: d.At.Add(time.Minute)}}
		}
		if err := w.Check(d); err != nil {
			t.Fatal(err)
		}
	}
	o := w.seen.counter.Result("", false)
	if g := o.Desks.Groups[0]; g.Override.Count != 10 || g.Override.Of != 40 || g.Took.Median != 42 ||
		o.Quality[0].Picture != 8100 || o.Scores[45].Pass != 30 {
		t.Errorf("%+v", o)
	}
	if err := w.End(history.Head{Seq: 1}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Skipf("pdftotext (Debian: poppler-utils) cannot be run: %v", err)
	}
	text := strings.Join(strings.Fields(string(out)), " ")
	for _, want := range []string{"Checks by day", "Counter 7", "25.0 (", "90 to 92"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

// Who was identified without a match stands in a column and in rows of their own, not under how
// the check ended, and not under pass.
func TestIdentifiedWithoutAMatchIsCountedApart(t *testing.T) {
	words, err := translations.New("en")
	if err != nil {
		t.Fatal(err)
	}
	s := newSeen(time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC))
	for i, decision := range []history.DecisionState{"", history.Identified, history.Identified, ""} {
		row := history.Row{At: time.Date(2026, 11, 2, 9, i, 0, 0, time.UTC), Outcome: history.CouldNotRun, Decision: decision}
		if i == 0 {
			row.Outcome = history.Pass
		}
		s.add(history.Detail{Row: row})
	}
	o := s.counter.Result("", false)
	table := Tables(o, words)[0]
	if got := strings.Join(table.Head, "|") + "|" + strings.Join(table.Rows[0], "|"); got !=
		"Day|Checks|pass|could not run|Identified without a match|2 Nov 2026|4|1|1|2" ||
		!strings.Contains(table.Note, words.T("overview.identified_note")) {
		t.Errorf("%s\n%s", got, table.Note)
	}
	var file strings.Builder
	if err := WriteOverview(&file, o); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"total,,,pass,1\n", "total,,,could not run,3\n", "total,,,identified,2\n", "day,2026-11-02,,identified,2\n",
	} {
		if !strings.Contains(file.String(), want) {
			t.Errorf("the CSV lacks %q:\n%s", want, file.String())
		}
	}
}

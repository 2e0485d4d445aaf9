package views

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit/kittest"
)

// rowsAfter are the checks of a history with this many records, a page of them.
func rowsAfter(newest int64, f history.Filter) []history.Row {
	if f.After != nil {
		newest = f.After.Seq - 1
	}
	var rows []history.Row
	for seq := newest; seq > 0 && len(rows) < f.Limit; seq-- {
		rows = append(rows, history.Row{
			Seq: seq, Check: "chk_" + strconv.FormatInt(seq, 10), At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), Mode: history.Offline,
			Outcome: history.Pass, Score: new(int64(8358)), Name: "Ana",
		})
	}
	return rows
}

func TestHistoryIsPagedByKey(t *testing.T) {
	desk := newFakeDesk()
	var mu sync.Mutex
	var asked []int64
	desk.OnChecks = func(_ context.Context, f history.Filter) ([]history.Row, error) {
		mu.Lock()
		defer mu.Unlock()
		after := int64(0)
		if f.After != nil {
			after = f.After.Seq
		}
		asked = append(asked, after)
		return rowsAfter(250, f), nil
	}
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	h := w.history
	w.until(t, "the first page", func() bool { return len(h.rows) == historyPage })
	row := newCheckRow()
	for len(h.rows) < 250 {
		before := len(h.rows)
		h.cell(before-1, row)
		h.cell(before-1, row) // asked twice, loaded once
		w.until(t, "the next page", func() bool { return len(h.rows) > before })
	}
	h.cell(249, row)
	if h.loading != nil || !h.complete {
		t.Error("the end of the history is asked for again")
	}
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 3 || asked[0] != 0 || asked[1] != 151 || asked[2] != 51 {
		t.Errorf("asked after %v", asked)
	}
	for i, r := range h.rows {
		if r.Seq != int64(250-i) {
			t.Fatalf("row %d is record %d", i, r.Seq)
		}
	}
}

func TestLateHistoryIsDropped(t *testing.T) {
	desk := newFakeDesk()
	answers := make(chan chan []history.Row, 4)
	desk.OnChecks = func(context.Context, history.Filter) ([]history.Row, error) { // deaf to its cancellation
		answer := make(chan []history.Row)
		answers <- answer
		return <-answer, nil
	}
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	first := <-answers
	old := w.history.loading
	w.history.refresh()
	second := <-answers
	second <- []history.Row{{Seq: 2}}
	w.until(t, "the new answer", func() bool { return len(w.history.rows) == 1 })
	first <- []history.Row{{Seq: 1}, {Seq: 0}}
	old.Wait()
	w.q.Run()
	if len(w.history.rows) != 1 || w.history.rows[0].Seq != 2 {
		t.Errorf("a late answer replaced the list: %v", w.history.rows)
	}
}

func TestHistoryRows(t *testing.T) {
	desk := newFakeDesk()
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	w.until(t, "the empty history", func() bool { return strings.Contains(w.text(), w.Words.T("history.empty")) })
	w.history.rows = []history.Row{
		{Seq: 4, At: time.Date(2026, 11, 22, 9, 5, 0, 0, time.Local), Name: "Ana", Mode: history.Offline, Outcome: history.Refer, Score: new(int64(4510)),
			Decision: history.Undecided, Operator: "ben", Desk: "Counter 3"},
		{Seq: 3, Sealed: true, Outcome: history.NotCompared},
		{Seq: 2, Erased: true, Outcome: history.Fail, Decision: history.Approved},
	}
	row := newCheckRow()
	row.Resize(fyne.NewSize(1000, 40))
	reads := func(at int) []string {
		w.history.cell(at, row)
		var cells []string
		for _, c := range row.cells.Objects {
			cells = append(cells, strings.TrimSpace(strings.ReplaceAll(kittest.Readable(c), "?", "")))
		}
		return cells
	}
	for at, want := range [][]string{
		{"22 Nov 2026 09:05", "Ana", "45.10 %", "REFER", "Open", "ben", "Counter 3"},
		{"", w.Words.T("history.sealed"), "–", "NOT COMPARED", "", "", ""},
		{"", w.Words.T("history.erased"), "–", "FAIL", "Approved", "", ""},
	} {
		got := reads(at)
		for column, text := range want {
			if text != "" && got[column] != text || column > columnDecision-1 && got[column] != text {
				t.Errorf("row %d, column %d: %q, want %q", at, column, got[column], text)
			}
		}
	}
}

func TestHistoryThatCannotBeRead(t *testing.T) {
	desk := newFakeDesk()
	desk.OnChecks = func(context.Context, history.Filter) ([]history.Row, error) {
		return nil, &app.Problem{Key: "store.missing"}
	}
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	w.until(t, "the fault", func() bool { return strings.Contains(w.text(), w.Words.T("store.missing")) })
	if strings.Contains(w.text(), w.Words.T("history.empty")) {
		t.Error("an unreadable history is called empty")
	}
}

func TestWhereTheKeyLies(t *testing.T) {
	desk := newFakeDesk()
	desk.KeyIn = history.KeyInFile
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	w.until(t, "the key's place", func() bool { return strings.Contains(w.text(), w.Words.T("history.key_file")) })
}

func TestKeyThatIsLost(t *testing.T) {
	desk := newFakeDesk()
	desk.KeyLost = &app.Problem{Key: "store.key_lost"}
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	w.until(t, "the problem with the key", func() bool { return strings.Contains(w.text(), w.Words.T("store.key_lost")) })
}

func TestVerifyAndItsAnswers(t *testing.T) {
	desk := newFakeDesk()
	answer := make(chan history.Verdict)
	desk.OnVerify = func(ctx context.Context, p app.ProgressFunc) (history.Verdict, error) {
		p(app.Progress{Done: 1, Total: 2})
		select {
		case v := <-answer:
			return v, nil
		case <-ctx.Done():
			return history.Verdict{}, ctx.Err()
		}
	}
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	test.Tap(w.history.verify)
	w.until(t, "progress", func() bool { return w.history.bar.Value == 0.5 })
	if !w.history.verify.Disabled() || !w.history.cancel.Visible() {
		t.Error("verifying can be started twice, or not be cancelled")
	}
	w.press(t, "Escape")
	if !strings.Contains(w.text(), w.Words.T("history.verify_cancelled")) || w.history.bar.Visible() {
		t.Errorf("cancelled: %q", w.text())
	}
	since := time.Date(2026, 11, 1, 8, 0, 0, 0, time.Local)
	for want, v := range map[string]history.Verdict{
		"Intact since 1 Nov 2026 08:00": {Intact: true, Records: 9, Anchored: true, Since: since, Until: 9},
		"All 9 records fit":             {Intact: true, Records: 9},
		"BROKEN: record 5 was edited":   {Records: 5, BadSeq: 5, Fault: history.FaultEdited},
		"The history is empty":          {Intact: true},
	} {
		test.Tap(w.history.verify)
		answer <- v
		w.until(t, want, func() bool { return strings.Contains(w.text(), want) })
		if w.history.verify.Disabled() {
			t.Error("verifying cannot be done again")
		}
	}
}

func TestVerifyTakesOnePressForOne(t *testing.T) {
	desk := newFakeDesk()
	var asked atomic.Int32
	desk.OnVerify = func(context.Context, app.ProgressFunc) (history.Verdict, error) {
		asked.Add(1)
		return history.Verdict{Intact: true}, nil
	}
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	w.win.Canvas().Focus(w.history.verify)
	repeat, up := w.hold(fyne.KeyReturn)
	w.until(t, "the answer", func() bool { return !w.history.verifying.Busy() })
	w.win.Canvas().Focus(w.history.verify) // Fyne took it away with the press
	repeat()
	if w.history.verifying.Busy() {
		t.Error("a key held down verifies again and again")
	}
	up()
	w.hold(fyne.KeyReturn)
	w.until(t, "the second answer", func() bool { return !w.history.verifying.Busy() })
	if n := asked.Load(); n != 2 {
		t.Errorf("two presses verified %d times", n)
	}
}

func TestLateProgressOfACancelledVerification(t *testing.T) {
	desk := newFakeDesk()
	progress := make(chan app.ProgressFunc, 2)
	ended := make(chan struct{})
	defer close(ended)
	desk.OnVerify = func(_ context.Context, p app.ProgressFunc) (history.Verdict, error) {
		progress <- p
		<-ended // deaf to its cancellation
		return history.Verdict{Intact: true}, nil
	}
	w := open(t, desk, "")
	w.tabs.SelectIndex(1)
	test.Tap(w.history.verify)
	old := <-progress
	test.Tap(w.history.cancel)
	test.Tap(w.history.verify)
	now := <-progress
	now(app.Progress{Done: 1, Total: 4})
	old(app.Progress{Done: 3, Total: 4})
	w.q.Run()
	if got := w.history.bar.Value; got != 0.25 {
		t.Errorf("the bar stands at %v", got)
	}
}

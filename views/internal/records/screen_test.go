package records

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"reflect"
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
	"facematch/app/operators"
	"facematch/matcher"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
	"facematch/views/internal/records/exporting"
)

// rowsAfter are the checks of a history with this many records, a page of them.
func rowsAfter(newest int64, f history.Filter) []history.Row {
	if f.After != nil {
		newest = f.After.Seq - 1
	}
	var rows []history.Row
	for seq := newest; seq > 0 && len(rows) < f.Limit; seq-- {
		rows = append(rows, history.Row{
			Seq: seq, Check: "chk_" + strconv.FormatInt(seq, 10), At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
			Mode:    history.Offline,
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
	w := shownHistory(t, desk)
	h := w.history
	w.Until(t, "the first page", func() bool { return len(h.rows) == historyPage })
	row := newCheckRow()
	for len(h.rows) < 250 {
		before := len(h.rows)
		h.cell(before-1, row)
		h.cell(before-1, row) // asked twice, loaded once
		w.Until(t, "the next page", func() bool { return len(h.rows) > before })
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
	w := shownHistory(t, desk)
	first := <-answers
	old := w.history.loading
	w.history.Refresh()
	second := <-answers
	second <- []history.Row{{Seq: 2}}
	w.Until(t, "the new answer", func() bool { return len(w.history.rows) == 1 })
	first <- []history.Row{{Seq: 1}, {Seq: 0}}
	old.Wait()
	w.Queue.Run()
	if len(w.history.rows) != 1 || w.history.rows[0].Seq != 2 {
		t.Errorf("a late answer replaced the list: %v", w.history.rows)
	}
}

func TestHistoryRows(t *testing.T) {
	desk := newFakeDesk()
	w := shownHistory(t, desk)
	w.Until(t, "the empty history", func() bool { return strings.Contains(w.Text(), w.Words.T("history.empty")) })
	w.history.rows = []history.Row{
		{Seq: 4, At: time.Date(2026, 11, 22, 9, 5, 0, 0, time.Local), Name: "Ana", Mode: history.Offline,
			Outcome:  history.Refer,
			Score:    new(int64(4510)),
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
	w := shownHistory(t, desk)
	w.Until(t, "the fault", func() bool { return strings.Contains(w.Text(), w.Words.T("store.missing")) })
	if strings.Contains(w.Text(), w.Words.T("history.empty")) {
		t.Error("an unreadable history is called empty")
	}
}

func TestWhereTheKeyLies(t *testing.T) {
	desk := newFakeDesk()
	desk.KeyIn = history.KeyInFile
	desk.Centre = history.CentreStatus{Chosen: true, Here: 1204, There: 1204}
	w := shownHistory(t, desk)
	w.Until(t, "the key's place", func() bool { return strings.Contains(w.Text(), w.Words.T("history.key_file")) })
	if text := "All 1,204 records are at the centre."; !strings.Contains(w.Text(), text) {
		t.Errorf("it does not say %q", text)
	}
}

func TestKeyThatIsLost(t *testing.T) {
	desk := newFakeDesk()
	desk.KeyLost = &app.Problem{Key: "store.key_lost"}
	w := shownHistory(t, desk)
	w.Until(t, "the problem with the key", func() bool { return strings.Contains(w.Text(), w.Words.T("store.key_lost")) })
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
	w := shownHistory(t, desk)
	test.Tap(w.history.verify)
	w.Until(t, "progress", func() bool { return w.history.bar.Value == 0.5 })
	if !w.history.verify.Disabled() || !w.history.cancel.Visible() {
		t.Error("verifying can be started twice, or not be cancelled")
	}
	w.Escape()
	if !strings.Contains(w.Text(), w.Words.T("history.verify_cancelled")) || w.history.bar.Visible() {
		t.Errorf("cancelled: %q", w.Text())
	}
	since := time.Date(2026, 11, 1, 8, 0, 0, 0, time.Local)
	for want, v := range map[string]history.Verdict{
		"Intact since 1 Nov 2026 08:00": {Intact: true, Records: 9, Anchored: true, Since: since, Until: 9},
		"All 9 records fit":             {Intact: true, Records: 9},
		"BROKEN: record 5 is not the":   {Records: 5, BadSeq: 5, Fault: history.FaultChain, Hint: history.HintEdited},
		"The history is empty":          {Intact: true},
	} {
		test.Tap(w.history.verify)
		answer <- v
		w.Until(t, want, func() bool { return strings.Contains(w.Text(), want) })
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
	w := shownHistory(t, desk)
	w.Win.Canvas().Focus(w.history.verify)
	repeat, up := w.Hold(fyne.KeyReturn)
	w.Until(t, "the answer", func() bool { return !w.history.verifying.Busy() })
	w.Win.Canvas().Focus(w.history.verify) // Fyne took it away with the press
	repeat()
	if w.history.verifying.Busy() {
		t.Error("a key held down verifies again and again")
	}
	up()
	w.Hold(fyne.KeyReturn)
	w.Until(t, "the second answer", func() bool { return !w.history.verifying.Busy() })
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
	w := shownHistory(t, desk)
	test.Tap(w.history.verify)
	old := <-progress
	test.Tap(w.history.cancel)
	test.Tap(w.history.verify)
	now := <-progress
	now(app.Progress{Done: 1, Total: 4})
	old(app.Progress{Done: 3, Total: 4})
	w.Queue.Run()
	if got := w.history.bar.Value; got != 0.25 {
		t.Errorf("the bar stands at %v", got)
	}
}

// fakeDesk is what the screen needs of the desk.
type fakeDesk struct {
	*kittest.History
	*kittest.Staff
	*kittest.DeskSettings
}

func newFakeDesk() *fakeDesk {
	return &fakeDesk{kittest.NewHistory(), &kittest.Staff{}, kittest.NewDeskSettings()}
}

// recordsFake is a desk with a history of some hundred checks that notes what it
// is asked.
type recordsFake struct {
	*fakeDesk
	mu    sync.Mutex
	asked []history.Filter // first pages only
	count int64
}

func newRecordsFake() *recordsFake {
	d := &recordsFake{fakeDesk: newFakeDesk(), count: 250}
	d.OnChecks = func(_ context.Context, f history.Filter) ([]history.Row, error) {
		if f.After == nil {
			d.mu.Lock()
			d.asked = append(d.asked, f)
			d.mu.Unlock()
		}
		return rowsAfter(d.count, f), nil
	}
	d.OnCount = func(_ context.Context, f history.Filter) (history.Counts, error) {
		if len(f.Decisions) > 0 {
			return history.Counts{Total: 7, Undecided: 7, ByOutcome: map[history.Outcome]int64{history.Refer: 7}}, nil
		}
		return history.Counts{Total: d.count, ByOutcome: map[history.Outcome]int64{history.Pass: d.count}}, nil
	}
	d.Offered = history.Choices{
		Operators: []string{"ana", "ben"}, Desks: []string{"Counter 1", "Counter 3"}, Codes: []int{0, 2},
	}
	d.OnDetail = func(_ context.Context, check string) (history.Detail, error) { return someDetail(check), nil }
	return d
}

// last is the newest question, without what every page has.
func (d *recordsFake) last() history.Filter {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.asked[len(d.asked)-1]
	f.Limit = 0
	return f
}

func (d *recordsFake) questions() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.asked)
}

// someDetail is a check that was referred and then approved.
func someDetail(check string) history.Detail {
	code, refer := 0, 60.0
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.Local)
	row := history.Row{Seq: 1, Check: check, Session: "sess_1", At: at, Name: "Ana",
		Inspection: history.InspectionObjection,
		Mode:       history.Offline, Outcome: history.Refer,
		Score: new(int64(7145)), Decision: history.Approved, Operator: "ben", Desk: "Counter 3"}
	return history.Detail{
		Row: row,
		Started: history.Started{Check: check, Operator: "ben", SignedIn: true, Program: "0.7.1",
			DocumentFrom: history.FromCamera,
			Minor:        true,
			Consent:      history.Consent{Processing: true, Wording: "1"},
			Rules: []matcher.Condition{
				{Field: "score", Op: ">=", Pass: 80, Refer: &refer}, {Field: "len(percentages)", Op: ">=", Pass: 3},
			},
			Description: matcher.Description{Engine: "go-face", Calibration: "LFW", Calibrated: true, Models: kittest.Models}},
		Finished: &history.Finished{Outcome: history.Refer, Took: 4200 * time.Millisecond, Code: &code, Status: matcher.Refer,
			Score: new(int64(7145)), Percentages: []int64{7000, 7145, 7290},
			Quality: &history.Quality{
				Portrait: 70, Document: &history.Measures{Total: 71, Eyes: 88}, CaptureWarning: "coach.dark",
			},
			Description: matcher.Description{Engine: "go-face", Calibration: "LFW", Calibrated: true, Models: kittest.Models}},
		Decisions: []history.Decided{
			{At: at.Add(time.Minute), Seq: 5, Decision: history.Decision{Actor: history.Actor{
				Operator: "ben", Role: history.RoleOperator,
			},
				Choice: history.Reject, Reason: "no_such_reason"}},
			{At: at.Add(time.Hour), Seq: 9, Decision: history.Decision{Actor: history.Actor{
				Operator: "cy", Role: history.RoleReviewer,
			},
				Choice: history.Approve, Reason: "no_such_reason", Overrides: history.Refer, Second: "dora", Note: "Seen twice"}},
		},
		Inspected: []history.Inspected{{At: at.Add(2 * time.Minute), Seq: 6, Inspection: history.Inspection{
			Actor: history.Actor{Operator: "ben", Role: history.RoleOperator}, State: history.InspectionObjection,
			Points: []history.InspectedPoint{{Point: "person", Answer: history.InspectionYes},
				{Point: "The seal is whole", Answer: history.InspectionNo}},
			Reason: "document_doubtful", Note: "It peels off",
		}}},
		Attempts: []history.Row{{Check: "chk_before", At: at.Add(-time.Minute), Outcome: history.NotCompared}, row},
		Raw:      []byte(`{"message":"faces match result is here"}`),
		Erasures: []history.Erased{{At: at.Add(2 * time.Hour), Erasure: history.Erasure{Actor: history.Actor{Operator: "eve"},
			Parts: []history.Part{history.PartImages}, Reason: history.AfterPeriod}}},
		Seqs: []int64{1, 2, 5, 9}, Head: history.Head{Seq: 12, Hash: "fedcba9876543210"},
	}
}

// shownScreen is the History screen in a window of its own.
type shownScreen struct {
	*kittest.Window
	history   *Screen
	exporting []exporting.Query // what was asked for
}

func shownHistory(t testing.TB, desk Desk) *shownScreen {
	t.Helper()
	w := &shownScreen{Window: kittest.Open(t)}
	w.history = New(w.Parts, desk, Hooks{
		Copy: w.App.Clipboard().SetContent, Decide: func(history.Row, func()) {}, Inspect: func(history.Row, func()) {},
		Export: func(q exporting.Query) { w.exporting = append(w.exporting, q) },
	})
	w.OnEscape = w.history.Escape
	w.Show(w.history.Content)
	w.history.Refresh()
	return w
}

// openedHistory is a screen that shows a history.
func openedHistory(t *testing.T, desk *recordsFake) (*shownScreen, *Screen) {
	t.Helper()
	w := shownHistory(t, desk)
	h := w.history
	w.Until(
		t, "the history", func() bool { return len(h.rows) > 0 && h.count.Text != "" && len(h.filter.choices.Desks) > 0 },
	)
	return w, h
}

func TestFiltersCombine(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	f := h.filter
	h.now = func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.Local) }
	test.Tap(f.more)
	if f.fold.Hidden {
		t.Fatal("More filters does not open")
	}
	f.period.SetSelected(w.Words.T("find.period.last_month"))
	f.outcome.SetSelected(w.Words.T("find.outcome.refer_fail"))
	f.outcomes[history.NotCompared].SetChecked(true)
	f.outcomes[history.Refer].SetChecked(false)
	f.decisions[history.Rejected].SetChecked(true)
	f.modes[history.Remote].SetChecked(true)
	f.operator.SetSelected("ben")
	f.operator.SetSelected("ana")
	f.desks.SetSelected("Counter 3")
	f.code.SetSelected(w.Words.T("find.code.2"))
	test.Type(f.least, "10")
	test.Type(f.most, "59.99")
	test.Type(f.id, "chk_0f8b6a51")
	test.Type(f.reference, " 2026/17")
	test.Type(f.name, " ana  mül")
	want := history.Filter{
		From: day(2026, 2, 1), To: day(2026, 3, 1), Outcomes: []history.Outcome{history.Fail, history.NotCompared},
		Decisions: []history.DecisionState{history.Rejected}, Modes: []history.Mode{history.Remote},
		Operators: []string{"ana", "ben"}, Desks: []string{"Counter 3"}, Codes: []int{2},
		LeastScore: new(int64(1000)), MostScore: new(int64(5999)), Words: "ana mül", Reference: "2026/17",
		Check: "chk_0f8b6a51",
	}
	w.Until(t, "the question", func() bool { return reflect.DeepEqual(desk.last(), want) })
	for _, word := range []string{"Several", "2 operators"} {
		if f.outcome.Selected != word && !strings.Contains(f.operator.PlaceHolder, word) {
			t.Errorf("nothing says %q", word)
		}
	}
	if n := len(f.chips.Objects); n != 12 { // eleven conditions, and Clear all
		t.Errorf("%d chips", n)
	}
	test.Tap(f.chips.Objects[2].(*kit.Button)) // the outcomes
	want.Outcomes = nil
	w.Until(t, "the question without outcomes", func() bool { return reflect.DeepEqual(desk.last(), want) })
	if f.outcomes[history.Fail].Checked || f.name.Text != "ana mül" {
		t.Error("the fields do not follow the chips")
	}
	test.Tap(f.chips.Objects[len(f.chips.Objects)-1].(*kit.Button))
	w.Until(t, "the question for all", func() bool { return reflect.DeepEqual(desk.last(), history.Filter{}) })
	if f.chips.Visible() || f.name.Text != "" || f.id.Text != "" || f.reference.Text != "" || f.least.Text != "" {
		t.Error("Clear all leaves something")
	}
}

func TestOwnDatesAndWhatIsNone(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	f := h.filter
	f.period.SetSelected(w.Words.T("find.period.own"))
	if f.fold.Hidden || w.Win.Canvas().Focused() != fyne.Focusable(f.from) {
		t.Error("own dates cannot be written at once")
	}
	test.Type(f.from, "5.11.2026")
	test.Type(f.to, "1 Nov 2026")
	w.Until(t, "the fault", func() bool { return strings.Contains(w.Text(), w.Words.T("find.days_reversed")) })
	f.to.SetText("")
	test.Type(f.to, "7 Nov 2026")
	w.Until(t, "the days", func() bool {
		return desk.last().From.Equal(day(2026, 11, 5)) && desk.last().To.Equal(day(2026, 11, 8))
	})
	if f.fault.Visible() {
		t.Errorf("still wrong: %q", f.fault.Text)
	}
	f.from.SetText("Monday")
	test.Type(f.id, "chk")
	f.least.SetText("lots")
	for _, said := range []string{
		w.Words.T("find.no_day", "Text", "Monday"), w.Words.T("find.id_short", "Least", idLeast), w.Words.T(
			"find.no_score", "Text", "lots",
		),
	} {
		if !strings.Contains(w.Text(), said) {
			t.Errorf("%q is not said", said)
		}
	}
	w.Until(t, "the question without what is wrong", func() bool {
		l := desk.last()
		return l.From.IsZero() && l.Request == "" && l.Check == "" && l.LeastScore == nil && l.To.Equal(day(2026, 11, 8))
	})
	f.period.SetSelected(w.Words.T("find.period.all"))
	w.Until(t, "any time", func() bool { return desk.last().To.IsZero() })
}

func TestTypingAsksOnce(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	before := desk.questions()
	test.Type(h.filter.name, "ana maria")
	w.Until(t, "the question", func() bool { return desk.last().Words == "ana maria" })
	if n := desk.questions() - before; n > 2 { // one, or a second where this machine types slowly
		t.Errorf("nine letters asked %d questions", n)
	}
}

// TestLateAnswersToOlderFilters has the first question answered after the second.
func TestLateAnswersToOlderFilters(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	hold := make(chan struct{})
	desk.OnChecks = func(_ context.Context, f history.Filter) ([]history.Row, error) { // deaf to its cancellation
		if len(f.Outcomes) == 1 {
			<-hold
			return []history.Row{{Check: "chk_late", Outcome: history.Pass}}, nil
		}
		return []history.Row{{Check: "chk_new", Outcome: history.Fail}}, nil
	}
	desk.OnCount = func(_ context.Context, f history.Filter) (history.Counts, error) {
		if len(f.Outcomes) == 1 {
			<-hold
			return history.Counts{Total: 111}, nil
		}
		return history.Counts{Total: 222}, nil
	}
	h.filter.outcome.SetSelected(w.Words.T("find.outcome.pass"))
	pages, counts := h.loading, h.counting
	h.filter.outcome.SetSelected(w.Words.T("find.outcome.refer_fail"))
	w.Until(t, "the new answer", func() bool { return len(h.rows) == 1 && strings.HasPrefix(h.count.Text, "222") })
	close(hold)
	pages.Wait()
	counts.Wait()
	w.Queue.Run()
	if h.rows[0].Check != "chk_new" || !strings.HasPrefix(h.count.Text, "222") {
		t.Errorf("a late answer is shown: %v, %q", h.rows, h.count.Text)
	}
}

func TestSortByHeaderOrChoice(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	sorts := func(want history.Sort) {
		t.Helper()
		w.Until(t, string(want), func() bool { return desk.last().Sort == want })
		if got := orders[h.order.SelectedIndex()]; got != want {
			t.Errorf("the choice says %q, the question %q", got, want)
		}
	}
	test.Tap(h.byTime)
	sorts(history.Oldest)
	test.Tap(h.byTime)
	sorts(history.Newest)
	test.Tap(h.byScore)
	sorts(history.Highest)
	test.Tap(h.byScore)
	sorts(history.Lowest)
	h.order.SetSelected(w.Words.T("sort.oldest"))
	sorts(history.Oldest)
	// A filter does not change the order, nor the order the filter.
	h.filter.outcome.SetSelected(w.Words.T("find.outcome.pass"))
	w.Until(t, "the filter", func() bool { return len(desk.last().Outcomes) == 1 })
	sorts(history.Oldest)
	test.Tap(h.byScore)
	sorts(history.Highest)
	if len(desk.last().Outcomes) != 1 {
		t.Error("sorting took the filter away")
	}
}

func TestOpenReferrals(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	w.Until(t, "how many wait", func() bool { return strings.Contains(h.filter.referrals.Text, "(7)") })
	test.Type(h.filter.name, "ana")
	h.OpenReferrals()
	w.Until(t, "the referrals", func() bool {
		return reflect.DeepEqual(desk.last(), history.Filter{Decisions: []history.DecisionState{history.Undecided}})
	})
	if h.filter.name.Text != "" {
		t.Error("the referrals are shown among other things")
	}
}

func TestNothingFoundIsNotAnEmptyHistory(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	desk.OnChecks = func(_ context.Context, f history.Filter) ([]history.Row, error) {
		if f.Words != "" {
			return nil, nil
		}
		return rowsAfter(3, f), nil
	}
	test.Type(h.filter.name, "nobody")
	w.Until(t, "nothing, of how many", func() bool {
		return strings.Contains(w.Text(), "No check fits these filters. There are 250 in all.")
	})
	if strings.Contains(w.Text(), w.Words.T("history.empty")) {
		t.Error("a history with checks is called empty")
	}
	test.Tap(h.noneAll)
	w.Until(t, "all again", func() bool { return len(h.rows) == 3 && h.list.Visible() })
}

// A filter over a history without checks finds nothing.
func TestAFilterOverAnEmptyHistory(t *testing.T) {
	desk := newRecordsFake()
	desk.count = 0
	w := shownHistory(t, desk)
	h := w.history
	w.Until(t, "the empty history", func() bool { return strings.Contains(w.Text(), w.Words.T("history.empty")) })
	asked := desk.questions()
	test.Type(h.filter.name, "nobody")
	w.Until(t, "the answer", func() bool { return desk.questions() > asked && !h.asking })
	if !strings.Contains(w.Text(), w.Words.T("history.empty")) || strings.Contains(w.Text(), "fits these filters") ||
		h.noneAll.Visible() {
		t.Errorf("an empty history is said to hold checks: %s", w.Text())
	}
}

// Where the checks cannot be counted, none is said to be there.
func TestNothingFoundAndNotCounted(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	desk.OnChecks = func(context.Context, history.Filter) ([]history.Row, error) { return nil, nil }
	desk.OnCount = func(context.Context, history.Filter) (history.Counts, error) {
		return history.Counts{}, &app.Problem{Key: "store.busy"}
	}
	test.Type(h.filter.name, "nobody")
	w.Until(t, "the problem", func() bool { return strings.Contains(w.Text(), w.Words.T("store.busy")) })
	if strings.Contains(w.Text(), w.Words.T("history.empty")) || strings.Contains(w.Text(), "fits these filters") {
		t.Errorf("a guess is shown: %s", w.Text())
	}
}

func TestTheListByKeyboard(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	if w.Win.Canvas().Focused() != fyne.Focusable(h.list) {
		t.Fatal("the keys do not begin in the list")
	}
	at := func(key fyne.KeyName, want int) {
		t.Helper()
		w.TypeKey(key)
		if h.list.at != want {
			t.Errorf("after %s the keys are at %d, not %d", key, h.list.at, want)
		}
	}
	page := h.list.page()
	if page < 3 {
		t.Fatalf("only %d checks are in sight", page)
	}
	at(fyne.KeyDown, 1)
	at(fyne.KeyUp, 0)
	at(fyne.KeyUp, 0)
	at(fyne.KeyPageDown, page)
	at(fyne.KeyPageUp, 0)
	at(fyne.KeyEnd, historyPage-1)
	w.Until(t, "the next page", func() bool { return len(h.rows) == 2*historyPage })
	at(fyne.KeyDown, historyPage)
	at(fyne.KeyHome, 0)
	at(fyne.KeyDown, 1)

	w.TypeKey(fyne.KeyReturn)
	w.Until(t, "the detail", func() bool { return h.detail != nil })
	if got := h.detail.Of.Check; got != h.rows[1].Check {
		t.Errorf("Return opens %s", got)
	}
	w.TypeKey(fyne.KeyEscape)
	if h.detail != nil || w.Win.Canvas().Focused() != fyne.Focusable(h.list) || h.list.at != 1 {
		t.Error("Escape does not lead back to the check in the list")
	}
}

// TestReturnBeforeTheAnswer has somebody faster than the history: what is opened
// must be what was asked for, not what still stands in the list.
func TestReturnBeforeTheAnswer(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	hold := make(chan struct{})
	desk.OnChecks = func(_ context.Context, f history.Filter) ([]history.Row, error) {
		<-hold
		return []history.Row{{Check: "chk_wanted", Name: f.Words}}, nil
	}
	h.Search()
	test.Type(h.filter.name, "ana")
	h.filter.name.OnSubmitted("ana")
	w.TypeKey(fyne.KeyReturn)
	w.Queue.Run()
	if h.sought != "" {
		t.Fatalf("%s is opened", h.sought)
	}
	close(hold)
	w.Until(t, "the check that was asked for", func() bool { return h.detail != nil && h.detail.Of.Check == "chk_wanted" })
}

func TestAnOpenDetailFollowsTheKeys(t *testing.T) {
	desk := newRecordsFake()
	var asked []string
	var mu sync.Mutex
	desk.OnDetail = func(_ context.Context, check string) (history.Detail, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, check)
		return someDetail(check), nil
	}
	w, h := openedHistory(t, desk)
	w.Win.Resize(fyne.NewSize(1600, 960))
	w.TypeKey(fyne.KeyReturn)
	w.Until(t, "the detail", func() bool { return h.detail != nil })
	if h.covered() || w.Win.Canvas().Focused() != fyne.Focusable(h.list) {
		t.Fatal("on a wide window the list does not stay")
	}
	for range 5 {
		w.TypeKey(fyne.KeyDown)
	}
	w.Until(t, "the sixth check", func() bool { return h.detail.Of.Check == h.rows[5].Check })
	mu.Lock()
	defer mu.Unlock()
	if len(asked) > 4 { // two, or some more where this machine is slow
		t.Errorf("keys in a row asked for %v", asked)
	}
}

func TestTheDetailTakesItsPlace(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	shown := func(size fyne.Size, list, detail bool) {
		t.Helper()
		w.Win.Resize(size)
		visible := func(i int) bool { return h.area.Objects[i].Visible() }
		if visible(0) != list || visible(1) != list || visible(2) != detail {
			t.Errorf("%v: filters %t, list %t, detail %t", size, visible(0), visible(1), visible(2))
		}
	}
	small, large := fyne.NewSize(1024, 660), fyne.NewSize(1600, 960)
	shown(small, true, false)
	h.open(h.rows[0].Check)
	w.Until(t, "the detail", func() bool { return h.detail != nil })
	shown(small, false, true)
	if w.Win.Canvas().Focused() != fyne.Focusable(h.detail.Reader) {
		t.Error("the keys stay in a list that is not shown")
	}
	shown(large, true, true)
	if right := h.area.Objects[1].Size().Width; h.area.Objects[2].Position().X < right {
		t.Error("the detail lies on the list")
	}
	shown(small, false, true)
	test.Tap(h.detail.Closer)
	shown(small, true, false)
	if least := h.Content.MinSize(); least.Width > 1008 || least.Height > 600 {
		t.Errorf("the screen cannot be smaller than %v", least)
	}
	h.filter.open(true)
	h.filter.set(query{name: "ana", outcomes: filterOutcomes[:3], desks: []string{"Counter 3"}, codes: []int{2}})
	if least := h.Content.MinSize(); least.Width > 1008 || least.Height > 600 {
		t.Errorf("with all filters the screen cannot be smaller than %v", least)
	}
}

// TestTabReachesAllOfTheHistory looks for whatever on the screen could take the
// keys, and then whether Tab gives them to it.
func TestTabReachesAllOfTheHistory(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	w.Win.Resize(fyne.NewSize(1600, 960))
	h.filter.open(true)
	h.filter.set(query{name: "ana", desks: []string{"Counter 3"}})
	w.Until(t, "the rows", func() bool { return h.loading == nil })
	h.opened(&otherDesk{History: desk.History}, "/media/history.db", nil)
	h.filter.set(query{name: "ana", desks: []string{"Counter 3"}})
	w.Until(t, "the rows", func() bool { return h.loading == nil && len(h.rows) > 0 })
	h.open(h.rows[0].Check)
	w.Until(t, "the detail", func() bool { return h.detail != nil })

	wanted := map[fyne.Focusable]string{}
	kittest.See(w.history.Content, func(o fyne.CanvasObject) bool {
		if f, ok := o.(fyne.Focusable); ok {
			if d, ok := o.(fyne.Disableable); !ok || !d.Disabled() {
				wanted[f] = fmt.Sprintf("%T %q", o, kittest.Readable(o))
			}
		}
		return true
	})
	if len(wanted) < 40 {
		t.Fatalf("only %d things can take the keys: the search is broken", len(wanted))
	}
	w.Win.Canvas().Unfocus()
	seen := map[fyne.Focusable]bool{}
	for range 2 * len(wanted) {
		w.Win.Canvas().(interface{ FocusNext() }).FocusNext()
		f := w.Win.Canvas().Focused()
		if f == nil || seen[f] {
			break
		}
		if tab, ok := f.(fyne.Tabbable); ok && tab.AcceptsTab() {
			t.Errorf("%T keeps the Tab key", f)
		}
		seen[f] = true
	}
	for f, what := range wanted {
		if !seen[f] {
			t.Errorf("Tab does not reach %s", what)
		}
	}
	for _, f := range []fyne.Focusable{
		h.filter.name, h.filter.period, h.filter.id, h.order, h.list, h.byScore, h.verify, h.export, h.another, h.back,
		h.detail.Reader, h.detail.Raw,
	} {
		if wanted[f] == "" {
			t.Errorf("%T cannot take the keys", f)
		}
	}
}

func TestTheDetailTellsEverything(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	h.open(h.rows[0].Check)
	w.Until(t, "the detail", func() bool { return h.detail != nil })
	text := kittest.Readable(h.detail)
	for _, want := range []string{
		"Ana", "REFER", "APPROVED", "By cy (reviewer), 22 Nov 2026 10:00.", "71.45 %", "70.00",
		"The score was 71.45. To pass: at least 80; for a second look: at least 60.",
		"The number of pictures was 3. To pass: at least 3.",
		w.Words.T("coach.dark"), "Rejected by ben (operator), 22 Nov 2026 09:01 (record 5).", "Note: Seen twice",
		"Objection", "ben (operator), 22 Nov 2026 09:02 (record 6)", "A live person stands here: Yes",
		"The seal is whole: No",
		w.Words.T("inspect.reason.document_doubtful"), "Note: It peels off",
		w.Words.T("detail.overrides_decision"), w.Words.T("detail.second_unverified", "Second", "dora"),
		"Under 18", "ben (signed in)", "Counter 3", "Photo by the camera", "Quality 71 of 100", "go-face", "0123456789ab",
		"0.7.1", "4.2 s",
		"eve", w.Words.T("detail.part.images"), w.Words.T("detail.erased_period"), h.rows[0].Check, "sess_1", "1, 2, 5, 9",
		"record 12: fedcba987654",
	} {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(want)) {
			t.Errorf("the detail does not say %q", want)
		}
	}
	if strings.Contains(text, "faces match result is here") {
		t.Error("the raw answer is not folded")
	}
	test.Tap(h.detail.Raw)
	if !strings.Contains(kittest.Readable(h.detail), "faces match result is here") {
		t.Error("the raw answer cannot be seen")
	}
	for _, b := range kittest.ButtonsWith(h.detail, "") {
		w.App.Clipboard().SetContent("")
		test.Tap(b)
		if got := w.App.Clipboard().Content(); got == "" {
			t.Error("a copy button copies nothing")
		}
	}
	earlier := kittest.ButtonsWith(h.detail, "NOT COMPARED")
	if len(earlier) != 1 {
		t.Fatalf("%d attempts can be opened", len(earlier))
	}
	test.Tap(earlier[0])
	w.Until(t, "the other attempt", func() bool { return h.detail.Of.Check == "chk_before" })
}

func TestDetailsOfOtherChecks(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	picture := &bytes.Buffer{}
	if err := jpeg.Encode(picture, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	code, side := 1, 1
	for what, c := range map[string]struct {
		change func(*history.Detail)
		says   []string
		not    []string
	}{
		"open": {func(d *history.Detail) { d.Decision, d.Decisions = history.Undecided, nil },
			[]string{"REFER", "OPEN", w.Words.T("detail.open_meaning")}, []string{"APPROVED"}},
		"passed": {func(d *history.Detail) {
			d.Outcome, d.Decision, d.Decisions, d.Attempts = history.Pass, "", nil, d.Attempts[1:]
		}, []string{"PASS", w.Words.T("meaning.pass")}, []string{"APPROVED", w.Words.T("detail.person"),
			w.Words.T("detail.attempts")}},
		"sealed": {func(d *history.Detail) {
			d.Name, d.Sealed, d.Raw, d.RawSealed, d.Decisions[1].Note, d.Decisions[1].NoteSealed = "", true, nil, true, "", true
		}, []string{w.Words.T("history.sealed"), w.Words.T("detail.name_sealed"), w.Words.T("detail.raw_sealed"),
			w.Words.T("detail.note_sealed")}, []string{"Ana"}},
		"erased": {func(d *history.Detail) {
			d.Name, d.Erased, d.Raw, d.RawErased, d.Decisions[1].Note, d.Decisions[1].NoteErased = "", true, nil, true, "", true
		}, []string{w.Words.T("history.erased"), w.Words.T("detail.name_erased"), w.Words.T("detail.raw_erased"),
			w.Words.T("detail.note_erased")}, []string{"Ana"}},
		"nameless": {func(d *history.Detail) { d.Name = "" }, []string{w.Words.T("detail.no_name")}, nil},
		"interrupted": {func(d *history.Detail) {
			d.Outcome, d.Finished, d.Score, d.Raw = history.Interrupted, nil, nil, nil
		}, []string{"INTERRUPTED"}, []string{w.Words.T("result.score")}},
		"could not run": {func(d *history.Detail) {
			d.Outcome, d.Score, d.Finished = history.CouldNotRun, nil, &history.Finished{Problem: "check.timeout"}
		}, []string{w.Words.T("check.timeout")}, []string{"check.timeout", w.Words.T("result.score")}},
		"a problem of the future": {func(d *history.Detail) {
			d.Outcome, d.Score, d.Finished = history.CouldNotRun, nil, &history.Finished{Problem: "future.problem"}
		}, []string{w.Words.T("detail.problem", "Key", "future.problem")}, nil},
		"not compared": {func(d *history.Detail) {
			d.Outcome, d.Score, d.Attempts = history.NotCompared, nil, nil
			d.Finished = &history.Finished{Code: &code, AnchorCode: &side}
		}, []string{"NOT COMPARED", w.Words.T("side.anchor.1")}, []string{"%"}},
		"by the API": {func(d *history.Detail) {
			d.Mode, d.Request = history.Remote, "req-77"
			d.Finished.FailedRefer = []string{"score >= 85 (was 71.45)"}
			d.Finished.Remote = &matcher.Exchange{
				Host: "api.example.org", Status: 200, Sent: 10, Size: 10, Wait: 2 * time.Second,
			}
		}, []string{"api.example.org", "req-77", "score >= 85 (was 71.45)", "200", "waiting 2.0 s"}, []string{"at least 60"}},
		"verified second": {func(d *history.Detail) { d.Decisions[1].Verified = true },
			[]string{w.Words.T("detail.second_verified", "Second", "dora")}, []string{"not verified"}},
		"a reference": {func(d *history.Detail) { d.Reference = "2026/17" },
			[]string{w.Words.T("report.reference"), "2026/17"}, []string{w.Words.T("detail.name_sealed")}},
		"a sealed reference": {func(d *history.Detail) { d.ReferenceSealed = true },
			[]string{w.Words.T("report.reference"), w.Words.T("detail.name_sealed")}, nil},
		"an erased reference": {func(d *history.Detail) { d.ReferenceErased = true },
			[]string{w.Words.T("report.reference"), w.Words.T("detail.name_erased")}, nil},
		"a document that was read": {func(d *history.Detail) {
			expired := true
			d.Finished.MRZ = &history.MRZ{Type: "TD3", DigitsHold: true, Expired: &expired}
			d.Fields = history.Fields{Name: "ERIKSSON ANNA", Birth: "1974-08-12", Nationality: "UTO", Number: "L898902C3"}
		}, []string{
			"A machine-readable zone (TD3) whose check digits hold", "It had expired", "ERIKSSON ANNA", "1974-08-12", "UTO",
			"L898902C3",
		}, []string{w.Words.T("report.edited_by_clerk")}},
		"an erased document": {func(d *history.Detail) {
			d.Finished.MRZ, d.Finished.Minor, d.FieldsErased = &history.MRZ{Type: "TD1", Edited: true}, true, true
		}, []string{
			"whose check digits do not all hold", "Changed by the clerk", w.Words.T("report.fields"),
			w.Words.T("detail.name_erased"),
			w.Words.T("detail.minor"),
		}, []string{w.Words.T("report.validity"), w.Words.T("report.birth")}},
		"a virtual camera": {func(d *history.Detail) { d.Finished.VirtualCamera = "v4l2 loopback" },
			[]string{"A virtual camera (v4l2 loopback): another program gave its pictures"},
			[]string{w.Words.T("report.reference")}},
		"pictures": {func(d *history.Detail) { d.Document, d.Frame = picture.Bytes(), []byte("no picture") },
			[]string{w.Words.T("detail.pictures"), w.Words.T("result.portrait")}, []string{w.Words.T("result.best")}},
		"no pictures": {func(*history.Detail) {}, nil, []string{w.Words.T("detail.pictures")}},
	} {
		desk.OnDetail = func(_ context.Context, check string) (history.Detail, error) {
			d := someDetail(check)
			c.change(&d)
			return d, nil
		}
		h.open("chk_" + strings.ReplaceAll(what, " ", "_"))
		w.Until(t, what, func() bool { return h.detail != nil && h.detail.Of.Check == h.sought })
		text := kittest.Readable(h.detail)
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the detail does not say %q", what, want)
			}
		}
		for _, not := range c.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: the detail says %q", what, not)
			}
		}
	}
}

func TestACheckThatIsGone(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	desk.OnDetail = func(context.Context, string) (history.Detail, error) {
		return history.Detail{}, &app.Problem{Key: "store.check_unknown"}
	}
	h.open(h.rows[0].Check)
	w.Until(t, "the problem", func() bool { return strings.Contains(w.Text(), w.Words.T("store.check_unknown")) })
	if h.detail != nil || h.sought != "" {
		t.Error("a check that cannot be shown stays open")
	}
}

// Each reason is told once, whatever its words are in somebody's language: those of
// the check's conditions as conditions, all others as they are.
func TestReasonsInTheDetail(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	unknown, older := "a word of another version", "max(percentages) >= 90 (was 72.90)"
	for mode, want := range map[history.Mode]map[string]int{
		history.Offline: {"score >= 80 (was 71.45)": 0, matcher.ReasonMinor: 1, unknown: 1, older: 1},
		history.Remote:  {"score >= 80 (was 71.45)": 1, matcher.ReasonMinor: 1, unknown: 1, older: 1},
	} {
		desk.OnDetail = func(_ context.Context, check string) (history.Detail, error) {
			d := someDetail(check)
			d.Mode = mode
			d.Finished.Failed = []string{older}
			d.Finished.FailedRefer = []string{"score >= 80 (was 71.45)", matcher.ReasonMinor, unknown}
			return d, nil
		}
		h.closeDetail()
		h.open(h.rows[0].Check)
		w.Until(t, "the detail", func() bool { return h.detail != nil })
		text := kittest.Readable(h.detail)
		for reason, times := range want {
			if got := strings.Count(text, reason); got != times {
				t.Errorf("%s: %q is told %d times, want %d", mode, reason, got, times)
			}
		}
		met := w.Words.T(
			"detail.condition", "Field", w.Words.Field("len(percentages)"), "Was", "3", "Op", w.Words.Operator(">="), "Pass",
			"3",
		)
		if strings.Contains(text, met) != (mode == history.Offline) {
			t.Errorf("%s: the conditions are told, or not: %s", mode, text)
		}
	}
}

func TestDecidingFromTheDetail(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	decided := false
	desk.OnDetail = func(_ context.Context, check string) (history.Detail, error) {
		d := someDetail(check)
		if !decided {
			d.Decision, d.Decisions = history.Undecided, nil
		}
		return d, nil
	}
	var asked history.Row
	h.hooks.Decide = func(row history.Row, done func()) {
		asked, decided = row, true
		done()
	}
	h.open(h.rows[3].Check)
	w.Until(t, "the detail", func() bool { return h.detail != nil })
	h.Decide()
	if asked.Check != h.rows[3].Check {
		t.Fatalf("asked about %q", asked.Check)
	}
	w.Until(t, "the decision", func() bool { return strings.Contains(kittest.Readable(h.detail), "APPROVED") })
	if h.rows[3].Decision != history.Approved {
		t.Error("the list still shows the check as open")
	}
}

// otherDesk is another desk's history.
type otherDesk struct {
	*kittest.History
	mu     sync.Mutex
	closed bool
}

func (o *otherDesk) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	return nil
}

func (o *otherDesk) isClosed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}

func TestAnotherDesksHistory(t *testing.T) {
	desk, theirs := newRecordsFake(), newRecordsFake()
	theirs.count = 3
	other := &otherDesk{History: theirs.History}
	desk.OnOpen = func(path string) (app.OtherHistory, error) {
		if path != "/media/history.db" {
			return nil, &app.Problem{Key: "store.foreign"}
		}
		return other, nil
	}
	desk.OnDetail = func(_ context.Context, check string) (history.Detail, error) {
		t.Error("this desk is asked for another's check")
		return history.Detail{}, nil
	}
	w, h := openedHistory(t, desk)
	h.hooks.Decide = func(history.Row, func()) { t.Error("another desk's check is decided here") }
	h.filter.set(query{name: "ana"})
	path := "/tmp/holiday.db"
	h.hooks.Choose = func(chosen func(string)) { chosen(path) }
	test.Tap(h.another)
	w.Until(t, "the refusal", func() bool { return strings.Contains(w.Text(), w.Words.T("store.foreign")) })
	if h.Other != nil || h.banner.Visible() {
		t.Error("a file that is no history is shown as one")
	}
	path = "/media/history.db"
	test.Tap(h.another)
	w.Until(t, "their rows", func() bool { return h.Other != nil && len(h.rows) == 3 })
	if !strings.Contains(w.Text(), "/media/history.db") || h.filter.name.Text != "" {
		t.Error("it is not said whose history is shown, or it is shown in part")
	}
	h.open(h.rows[0].Check)
	w.Until(t, "their detail", func() bool { return h.detail != nil })
	if h.detail.Decide != nil {
		t.Error("another desk's check can be decided here")
	}
	var asked exporting.Query
	h.hooks.Export = func(q exporting.Query) { asked = q }
	h.ExportAny()
	if asked.From != app.OtherHistory(other) || asked.Check != h.rows[0].Check {
		t.Errorf("exported: %+v", asked)
	}
	theirs.OnVerify = func(context.Context, app.ProgressFunc) (history.Verdict, error) {
		return history.Verdict{Intact: true, Records: 77}, nil
	}
	test.Tap(h.verify)
	w.Until(t, "their verdict", func() bool { return strings.Contains(h.answer.Text, "77") })
	test.Tap(h.back)
	w.Until(t, "our rows", func() bool { return h.Other == nil && len(h.rows) == historyPage && other.isClosed() })
	if h.banner.Visible() || h.detail != nil || strings.Contains(w.Text(), "77") {
		t.Error("something of the other history is still shown")
	}
}

func TestSearchBringsTheKeysToTheName(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	h.open(h.rows[0].Check)
	w.Until(t, "the detail", func() bool { return h.detail != nil })
	h.Search()
	if h.detail != nil || w.Win.Canvas().Focused() != fyne.Focusable(h.filter.name) {
		t.Error("Ctrl+F does not lead to the names, from behind a detail")
	}
	h.ToggleFold()
	if h.filter.fold.Hidden || w.Win.Canvas().Focused() != fyne.Focusable(h.filter.outcomes[history.Pass]) {
		t.Error("Ctrl+I does not lead to the other filters")
	}
}

func TestKeysMoveALongText(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	h.open(h.rows[0].Check)
	w.Until(t, "the detail", func() bool { return h.detail != nil })
	r := h.detail.Reader
	w.Win.Canvas().Focus(r)
	offset := func() float32 { return r.Scroll.Offset.Y }
	w.TypeKey(fyne.KeyDown)
	one := offset()
	w.TypeKey(fyne.KeyPageDown)
	if one <= 0 || offset() <= one {
		t.Errorf("down: %v, a page: %v", one, offset())
	}
	w.TypeKey(fyne.KeyEnd)
	end := offset()
	w.TypeKey(fyne.KeyDown)
	if offset() != end || end == 0 {
		t.Errorf("the end is at %v, beyond it %v", end, offset())
	}
	w.TypeKey(fyne.KeyHome)
	if offset() != 0 {
		t.Errorf("the beginning is at %v", offset())
	}
	// A button far below comes into sight with the keys.
	w.Win.Canvas().Focus(h.detail.Raw)
	if offset() == 0 {
		t.Error("the keys are at something that cannot be seen")
	}
}

// A check without a comparison can only be identified in another way. One that has not ended
// cannot be decided.
func TestOnlyComparisonsCanBeDecided(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	again, identify := w.Words.T("detail.decide_again"), w.Words.T("detail.identify")
	for outcome, word := range map[history.Outcome]string{
		history.Pass: again, history.Refer: again, history.Fail: again, history.NotCompared: identify,
		history.CouldNotRun: identify, history.Interrupted: "", history.Running: "",
	} {
		desk.OnDetail = func(_ context.Context, check string) (history.Detail, error) {
			d := someDetail(check)
			if d.Outcome = outcome; app.Unmatched(outcome) {
				d.Decision, d.Decisions = "", nil
			}
			return d, nil
		}
		h.open("chk_" + string(outcome))
		w.Until(t, string(outcome), func() bool { return h.detail != nil && h.detail.Of.Check == h.sought })
		got := ""
		if h.detail.Decide != nil {
			got = h.detail.Decide.Text
		}
		if got != word {
			t.Errorf("%s can be decided: %q, want %q", outcome, got, word)
		}
	}
}

// BenchmarkHistoryScrolls moves a page down in a list of 100,000 checks, laid out
// and filled: what Fyne's goroutine has to do for it.
func BenchmarkHistoryScrolls(b *testing.B) {
	w := shownHistory(b, newFakeDesk())
	w.Win.Resize(fyne.NewSize(1600, 960))
	h := w.history
	h.rows = rowsAfter(100_000, history.Filter{Limit: 100_000})
	h.complete = true
	h.showRows(true)
	down := &fyne.KeyEvent{Name: fyne.KeyPageDown}
	for b.Loop() {
		if h.list.at == len(h.rows)-1 {
			h.list.move(0)
		}
		h.list.TypedKey(down)
	}
}

// What a role may not do is not offered.
func TestWhatARoleMayDoWithACheck(t *testing.T) {
	for role, can := range map[history.Role]struct{ decide, export bool }{
		history.RoleOperator: {true, false},
		history.RoleAuditor:  {false, true},
	} {
		desk := newRecordsFake()
		desk.People = []operators.Operator{{Name: "ana", Role: role}}
		desk.SignedIn = "ana"
		w, h := openedHistory(t, desk)
		h.open(h.rows[0].Check)
		w.Until(t, "the detail", func() bool { return h.detail != nil })
		if got := h.detail.Decide != nil; got != can.decide {
			t.Errorf("%s: can decide: %t", role, got)
		}
		if got := h.detail.Export != nil; got != can.export {
			t.Errorf("%s: can export a check: %t", role, got)
		}
		if got := h.export.Visible(); got != can.export {
			t.Errorf("%s: can export what is shown: %t", role, got)
		}
	}
}

// Who comes next sees nothing of what the last operator looked for.
func TestForgettingASearch(t *testing.T) {
	desk := newRecordsFake()
	w, h := openedHistory(t, desk)
	other := &otherDesk{History: desk.History}
	h.opened(other, "/media/history.db", nil)
	w.Until(t, "their rows", func() bool { return len(h.rows) > 0 })
	test.Type(h.filter.name, "xaverine")
	h.filter.outcome.SetSelected(w.Words.T("find.outcome.pass"))
	h.sortBy(history.Lowest)
	w.Until(t, "the rows", func() bool { return h.loading == nil && len(h.rows) > 0 })
	h.open(h.rows[0].Check)
	w.Until(t, "the detail", func() bool { return h.detail != nil })
	asked := desk.questions()
	h.Forget()
	w.Until(t, "the other history closed", other.isClosed)
	if h.detail != nil || len(h.rows) > 0 || h.Other != nil || h.filter.name.Text != "" || !h.filter.empty() ||
		h.sort() != history.Newest {
		t.Error("something of the search is left")
	}
	if h.banner.Visible() || h.count.Text != "" || strings.Contains(w.Text(), "Ana") {
		t.Error("something of what was seen is left")
	}
	w.Queue.Run()
	if desk.questions() != asked {
		t.Error("the history is asked though nobody looks at it")
	}
	h.Refresh()
	w.Until(t, "all checks", func() bool { return len(h.rows) == historyPage })
	if f := desk.last(); f.Words != "" || len(f.Outcomes) > 0 {
		t.Errorf("the next operator sees %+v", f)
	}
}

// TestTheCentre shows the checks of all desks, where the settings name a centre.
func TestTheCentre(t *testing.T) {
	desk, theirs := newRecordsFake(), newRecordsFake()
	theirs.count = 3
	desk.Centre = history.CentreStatus{Chosen: true, Here: 9, There: 4, Problem: history.KeyCentreUnreached}
	desk.OnOpen = func(string) (app.OtherHistory, error) { return &otherDesk{History: theirs.History}, nil }
	w, h := openedHistory(t, desk)
	w.Until(t, "the status", func() bool { return strings.Contains(w.Text(), "5 of 9 records wait here") })
	if !h.centre.Visible() {
		t.Fatal("there is no way to the centre")
	}
	test.Tap(h.centre)
	w.Until(t, "their rows", func() bool { return h.Other != nil && len(h.rows) == 3 })
	if !strings.Contains(w.Text(), w.Words.T("history.of_centre")) {
		t.Error("it is not said that all desks are shown")
	}
	w, h = openedHistory(t, newRecordsFake())
	if h.centre.Visible() {
		t.Error("a desk without a centre offers it")
	}
}

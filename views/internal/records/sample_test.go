package records

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// sampling is a desk whose samples are the checks with these numbers, and that finds a check by
// its id.
func sampling(numbers ...int) *recordsFake {
	desk := newRecordsFake()
	byNumber := func(f history.Filter) []history.Row {
		n, _ := strconv.Atoi(strings.TrimPrefix(f.Check, "chk_"))
		return rowsAfter(int64(n), history.Filter{Limit: 1})
	}
	list, count := desk.OnChecks, desk.OnCount
	desk.OnChecks = func(ctx context.Context, f history.Filter) ([]history.Row, error) {
		if f.Check != "" {
			return byNumber(f), nil
		}
		return list(ctx, f)
	}
	desk.OnCount = func(ctx context.Context, f history.Filter) (history.Counts, error) {
		if f.Check != "" {
			return history.Counts{Total: 1, ByOutcome: map[history.Outcome]int64{history.Pass: 1}, Identified: 1}, nil
		}
		return count(ctx, f)
	}
	desk.OnSample = func(s history.Sampling) (history.Sample, error) {
		sample := history.Sample{Sample: "smp_" + strconv.Itoa(len(desk.Drawn)+1), Of: 250, Sampling: s,
			Actor: history.Actor{Operator: "axel"}}
		sample.Seed, sample.Head = "0123456789abcdef", 500
		for _, n := range numbers {
			sample.Checks = append(sample.Checks, history.Picked{Check: "chk_" + strconv.Itoa(n)})
		}
		return sample, nil
	}
	return desk
}

// pickedOne is a screen that shows a new sample.
func pickedOne(t *testing.T, desk *recordsFake) (*shownScreen, *Screen) {
	t.Helper()
	w, h := openedHistory(t, desk)
	test.Tap(h.pick)
	w.Until(t, "no earlier sample", func() bool {
		return strings.Contains(w.DialogText(), w.Words.T("sample.none_earlier"))
	})
	test.Tap(kittest.ButtonOf(t, w.Win.Canvas().Overlays().Top(), w.Words.T("sample.pick")))
	w.Until(t, "the sample", func() bool { return h.sample != nil && len(h.rows) > 0 && h.counted.Total == 3 })
	return w, h
}

func TestASampleIsPickedAndLookedAt(t *testing.T) {
	desk := sampling(70, 12, 200)
	w, h := pickedOne(t, desk)
	if s := desk.Drawn[0]; s.Count != usualSample || len(s.Filter.Outcomes) != 0 {
		t.Errorf("picked %+v", s.Sampling)
	}
	if h.rows[0].Check != "chk_70" || h.rows[1].Check != "chk_12" || h.rows[2].Check != "chk_200" || !h.complete {
		t.Errorf("the rows are %+v", h.rows)
	}
	if text := w.Text(); !strings.Contains(text, "A sample: 0 of 3 looked at") || !strings.Contains(text, "by axel") ||
		!strings.Contains(text, "0123456789abcdef") || !strings.Contains(text, "3 identified without a match") {
		t.Errorf("it says:\n%s", text)
	}
	for what, o := range map[string]fyne.CanvasObject{
		"filters": h.filter.box, "order": h.order, "overview": h.showOverview,
	} {
		if o.Visible() {
			t.Errorf("%s of all checks stand over the sample", what)
		}
	}

	h.open("chk_12")
	w.Until(t, "the check", func() bool { return h.detail != nil })
	if text := kittest.Readable(h.detail); !strings.Contains(text, "Check 2 of 3 in the sample. Not looked at yet.") {
		t.Errorf("the detail says:\n%s", text)
	}
	h.MarkLooked()
	kittest.EntryBeside(t, w.Win.Canvas().Overlays().Top(), w.Words.T("sample.remark")).SetText("Looks right.")
	test.Tap(kittest.ButtonOf(t, w.Win.Canvas().Overlays().Top(), w.Words.T("sample.mark")))
	w.Until(t, "that it was looked at", func() bool {
		return h.detail != nil && strings.Contains(kittest.Readable(h.detail), "Looks right.")
	})
	if text := h.sampled.far.Text; text != "A sample: 1 of 3 looked at" {
		t.Errorf("it says %q", text)
	}
	for check, want := range map[string]fyne.Resource{
		"chk_12": theme.CheckButtonCheckedIcon(), "chk_70": theme.CheckButtonIcon(),
	} {
		if got := h.mark(check); got.Name() != want.Name() {
			t.Errorf("%s has the mark %s", check, got.Name())
		}
	}
	test.Tap(kittest.ButtonOf(t, h.detail, w.Words.T("sample.next")))
	w.Until(t, "the next", func() bool { return h.detail.Of.Check == "chk_200" })

	h.ExportAny()
	if q := w.exporting[0]; q.Check != "chk_200" || q.Sample != "smp_1" ||
		!slices.Equal(q.Checks, []string{"chk_70", "chk_12", "chk_200"}) {
		t.Errorf("exported: %+v", q)
	}
	test.Tap(h.sampled.back)
	w.Until(t, "all checks", func() bool { return h.sample == nil && len(h.rows) == historyPage })
	if h.sampled.box.Visible() || !h.filter.box.Visible() || h.detail != nil || h.mark("chk_12") != nil {
		t.Error("something of the sample is still shown")
	}
}

// Earlier samples of this history are offered, those of other histories are not.
func TestEarlierSamples(t *testing.T) {
	desk := sampling(70, 12, 200)
	at := time.Date(2026, 11, 3, 10, 0, 0, 0, time.Local)
	desk.Drawn = []history.Sampled{
		{At: at, Sample: history.Sample{Sample: "smp_own", Actor: history.Actor{Operator: "axel"},
			Checks: []history.Picked{{Check: "chk_70"}}}},
		{At: at, Sample: history.Sample{Sample: "smp_other", Actor: history.Actor{Operator: "ada"},
			Sampling: history.Sampling{Database: "d2"}}},
	}
	w, h := openedHistory(t, desk)
	h.PickSample()
	w.Until(t, "the earlier one", func() bool {
		return len(kittest.ButtonsWith(w.Win.Canvas().Overlays().Top(), "axel: 0 of 1")) == 1
	})
	if found := kittest.ButtonsWith(w.Win.Canvas().Overlays().Top(), "ada"); len(found) > 0 {
		t.Error("a sample of another history is offered")
	}
	test.Tap(kittest.ButtonsWith(w.Win.Canvas().Overlays().Top(), "axel")[0])
	w.Until(t, "the sample", func() bool { return h.sample != nil && len(h.rows) == 1 })
	if w.Win.Canvas().Overlays().Top() != nil || !strings.Contains(w.Text(), "3 Nov 2026 10:00") {
		t.Errorf("it says:\n%s", w.Text())
	}
	// Filters lead out of it.
	h.Search()
	w.Until(t, "all checks", func() bool { return h.sample == nil && len(h.rows) == historyPage })
	// The next operator does not find it.
	h.showSample(desk.Drawn[0])
	h.Forget()
	if h.sample != nil || h.sampled.box.Visible() {
		t.Error("the sample is still shown")
	}
}

// sampleOfTheCentre is sampling of two desks.
func sampleOfTheCentre(numbers ...int) *recordsFake {
	centre := sampling(numbers...)
	pick := centre.OnSample
	centre.OnSample = func(s history.Sampling) (history.Sample, error) {
		sample, err := pick(s)
		sample.Head, sample.Database = 12345, "centre"
		sample.Heads = []history.ChainHead{{History: "a0", Seq: 12000}, {History: "b0", Seq: 345}}
		return sample, err
	}
	return centre
}

// Of the centre a sample is picked, looked at, opened again, and picked as another auditor did, whose
// file says all.
func TestASampleOfTheCentre(t *testing.T) {
	desk := newRecordsFake()
	desk.Centre = history.CentreStatus{Chosen: true}
	theirs := sampleOfTheCentre(70, 12, 200)
	pick := theirs.OnSample
	desk.OnOpen = func(string) (app.OtherHistory, error) { return &otherDesk{History: theirs.History}, nil }
	w, h := openedHistory(t, desk)
	test.Tap(h.centre)
	w.Until(t, "the centre", func() bool { return h.Other != nil && len(h.rows) > 0 })
	h.PickSample()
	test.Tap(kittest.ButtonOf(t, w.Win.Canvas().Overlays().Top(), w.Words.T("sample.pick")))
	w.Until(t, "the sample", func() bool { return h.sample != nil && len(h.rows) == 3 })
	if text := w.Text(); !strings.Contains(text, "up to 12,345 records of 2 desks") {
		t.Errorf("it says:\n%s", text)
	}
	desk.Drawn = theirs.Drawn // the desk's own history has it
	h.look(h.rows[1])
	test.Tap(kittest.ButtonOf(t, w.Win.Canvas().Overlays().Top(), w.Words.T("sample.mark")))
	w.Until(t, "that it was looked at", func() bool { return len(h.sampled.of.Looks) == 1 })

	file := filepath.Join(t.TempDir(), "sample.jsonl")
	text, err := json.Marshal(theirs.Drawn[0])
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.closeSample()
	again := func() {
		t.Helper()
		h.PickSample()
		top := w.Win.Canvas().Overlays().Top()
		count := kittest.EntryBeside(t, top, w.Words.T("sample.how_many"))
		count.SetText("")
		h.hooks.ChooseSample = func(chosen func(string)) { chosen(file) }
		test.Tap(kittest.ButtonOf(t, top, w.Words.T("sample.browse")))
		if !count.Disabled() {
			t.Error("it asks how many, which the file says")
		}
		test.Tap(kittest.ButtonOf(t, top, w.Words.T("sample.pick")))
	}
	again()
	w.Until(t, "the same sample", func() bool { return h.sample != nil && len(h.rows) == 3 })
	if a, b := theirs.Drawn[0].Sampling, theirs.Drawn[1].Sampling; b.Seed != a.Seed || b.Count != usualSample ||
		!slices.Equal(b.Heads, a.Heads) {
		t.Errorf("picked again: %+v", b)
	}
	theirs.OnSample = func(s history.Sampling) (history.Sample, error) {
		sample, err := pick(s)
		sample.Checks = sample.Checks[1:]
		return sample, err
	}
	h.closeSample()
	again()
	w.Until(t, "that they are others", func() bool {
		return strings.Contains(w.DialogText(), w.Words.T("sample.differs"))
	})
}

// Return in the field of the file picks the sample, as in the other field. The error stays when the
// earlier samples are listed after it.
func TestReturnPicksTheSampleOfAFile(t *testing.T) {
	desk := sampling(1, 2, 3)
	list := make(chan bool)
	desk.OnSamples = func() { <-list }
	w, h := openedHistory(t, desk)
	h.PickSample()
	top := w.Win.Canvas().Overlays().Top()
	var file *kit.Entry
	for _, e := range kittest.All[*kit.Entry](top) {
		if e.PlaceHolder == w.Words.T("sample.of_another") {
			file = e
		}
	}
	file.SetText(filepath.Join(t.TempDir(), "none"))
	file.OnSubmitted(file.Text)
	says := func(key string) func() bool {
		return func() bool { return strings.Contains(w.DialogText(), w.Words.T(key)) }
	}
	w.Until(t, "the error that the file is not a sample", says("sample.file"))
	close(list)
	w.Until(t, "the list of earlier samples", says("sample.none_earlier"))
	if !says("sample.file")() {
		t.Error("the error went when the earlier samples came")
	}
}

// A sample that is being picked when its auditor signs out is not recorded.
func TestSigningOutStopsASample(t *testing.T) {
	desk := sampling(1, 2, 3)
	begun, goOn := make(chan bool), make(chan bool)
	pick := desk.OnSample
	desk.OnSample = func(s history.Sampling) (history.Sample, error) {
		begun <- true
		<-goOn
		return pick(s)
	}
	w, h := openedHistory(t, desk)
	h.PickSample()
	top := w.Win.Canvas().Overlays().Top()
	test.Tap(kittest.ButtonOf(t, top, w.Words.T("sample.pick")))
	<-begun
	w.Win.Canvas().Overlays().Remove(top) // as the gate does, which tells the dialog nothing
	h.Forget()
	close(goOn)
	samples, err := desk.Samples(t.Context()) // waits for the sample
	if err != nil || len(samples) != 0 || h.sample != nil {
		t.Errorf("%+v, %v", samples, err)
	}
}

// What cannot be picked is said before it is asked for.
func TestHowManyChecksOfASample(t *testing.T) {
	w, h := openedHistory(t, sampling(1, 2, 3))
	h.PickSample()
	top := w.Win.Canvas().Overlays().Top()
	count := kittest.EntryBeside(t, top, w.Words.T("sample.how_many"))
	for text, fits := range map[string]bool{"": false, "0": false, "x": false, "1001": false, "1000": true, " 7 ": true} {
		count.SetText(text)
		if pick := kittest.ButtonOf(t, top, w.Words.T("sample.pick")); pick.Disabled() == fits {
			t.Errorf("%q: %v", text, !pick.Disabled())
		}
	}
}

package exporting

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/views/internal/kit/kittest"
)

// opened is the form in a dialog, as the window opens it.
func opened(t *testing.T, desk Desk, what Query) (*kittest.Window, *Form) {
	t.Helper()
	w := kittest.Open(t)
	form := New(w.Parts, desk, what, "/tmp/x", time.Now())
	form.OnCopy = w.App.Clipboard().SetContent
	d := w.Ask("export_form.title", form.Box, 640)
	form.OnClose = d.Hide
	d.SetOnClosed(form.Closed)
	return w, form
}

func TestExportIsAskedForAndTold(t *testing.T) {
	desk := kittest.NewHistory()
	var given []app.ExportInput
	answer := make(chan error, 1)
	desk.OnExport = func(ctx context.Context, in app.ExportInput, p app.ProgressFunc) (app.Exported, error) {
		given = append(given, in)
		p(app.Progress{Done: 1, Total: 4})
		select {
		case err := <-answer:
			return app.Exported{File: in.File, Checks: 250, SHA256: "abc123", Head: history.Head{Seq: 9, Hash: "feed"},
				Signer: "SHA256:key"}, err
		case <-ctx.Done():
			return app.Exported{}, ctx.Err()
		}
	}
	w, form := opened(t, desk, Query{
		Filter: history.Filter{Outcomes: []history.Outcome{history.Pass}}, Count: 250,
	})
	if w.Win.Canvas().Overlays().Top() == nil || form.names.Checked || form.format.Value != export.CSV {
		t.Fatal("no question, or names are given without being asked for")
	}
	if !strings.Contains(kittest.Readable(form.Box), "All 250 checks that are shown") {
		t.Errorf("it is not said what is exported: %q", kittest.Readable(form.Box))
	}
	form.file.SetText("history.csv")
	test.Tap(form.Start)
	if len(given) != 0 || !strings.Contains(kittest.Readable(form.Box), w.Words.T("export_form.no_file")) {
		t.Error("half a path is taken")
	}
	form.file.SetText("/tmp/x/history.csv")
	test.Tap(form.format.Buttons[export.JSONL])
	if form.file.Text != "/tmp/x/history.jsonl" {
		t.Errorf("the file is still called %s", form.file.Text)
	}
	form.names.SetChecked(true)

	test.Tap(form.Start)
	w.Until(t, "progress", func() bool { return form.bar.Value == 0.25 })
	if !form.Start.Disabled() || !form.file.Disabled() || !form.format.Buttons[export.CSV].Disabled() {
		t.Error("what is being written can be changed")
	}
	test.Tap(form.cancel)
	w.Until(
		t, "the cancellation", func() bool {
			return strings.Contains(kittest.Readable(form.Box), w.Words.T("export_form.cancelled"))
		},
	)

	answer <- &app.Problem{Key: "export.exists"}
	test.Tap(form.Start)
	w.Until(t, "the question", func() bool { return form.Start.Text == w.Words.T("export_form.replace") })
	answer <- nil
	test.Tap(form.Start)
	w.Until(t, "the end", func() bool { return len(form.done.Objects) == 8 })
	text := kittest.Readable(form.Box)
	for _, want := range []string{"250 checks", "/tmp/x/history.jsonl", "abc123", "feed", "SHA256:key"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if len(given) != 3 || given[0].Overwrite || given[1].Overwrite || !given[2].Overwrite {
		t.Fatalf("asked for %+v", given)
	}
	in := given[2]
	if in.Format != export.JSONL || !in.Names || in.File != "/tmp/x/history.jsonl" || in.Checks != nil ||
		len(in.Filter.Outcomes) != 1 || in.Words == nil {
		t.Errorf("exported %+v", in)
	}
	form.file.SetText("/tmp/x/other.jsonl")
	if len(form.done.Objects) != 0 {
		t.Error("the answer to another question is still shown")
	}
	w.Escape()
	if w.Win.Canvas().Overlays().Top() != nil {
		t.Error("Escape does not close the form")
	}
}

// One check is written as a report unless something else is asked for.
func TestExportOfOneCheck(t *testing.T) {
	desk := kittest.NewHistory()
	var given app.ExportInput
	desk.OnExport = func(_ context.Context, in app.ExportInput, _ app.ProgressFunc) (app.Exported, error) {
		given = in
		return app.Exported{File: in.File, Checks: 1, Unsigned: &app.Problem{Key: "store.key_lost"}}, nil
	}
	w, form := opened(t, desk, Query{Check: "chk_1", Count: 250})
	if form.format.Value != export.PDF || form.what.Value != exportCheck || !strings.HasPrefix(form.file.Text, "/tmp/x/") {
		t.Errorf("one check: %s, %s, %s", form.format.Value, form.what.Value, form.file.Text)
	}
	test.Tap(form.Start)
	w.Until(t, "the end", func() bool { return len(form.done.Objects) == 7 })
	if len(given.Checks) != 1 || given.Checks[0] != "chk_1" || given.Names ||
		!reflect.DeepEqual(given.Filter, history.Filter{}) {
		t.Errorf("exported %+v", given)
	}
}

// TestClosingTheFormEndsTheExport does not leave a file being written unseen.
func TestClosingTheFormEndsTheExport(t *testing.T) {
	desk := kittest.NewHistory()
	began, ended := make(chan struct{}), make(chan struct{})
	desk.OnExport = func(ctx context.Context, in app.ExportInput, _ app.ProgressFunc) (app.Exported, error) {
		close(began)
		<-ctx.Done()
		close(ended)
		return app.Exported{}, ctx.Err()
	}
	w, form := opened(t, desk, Query{Count: 250})
	form.file.SetText("/tmp/x/history.csv")
	test.Tap(form.Start)
	<-began
	w.Escape()
	<-ended
	w.Queue.Run()
}

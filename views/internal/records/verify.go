package records

import (
	"context"
	"errors"

	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
	"facematch/views/internal/kit"
)

// StartVerifying verifies the history that is shown.
func (s *Screen) StartVerifying() {
	if s.verifying.Busy() {
		return
	}
	s.answer.Hide()
	s.cancel.Show()
	s.answers.Show()
	kit.Enable(s.verify, false)
	source := s.source()
	var verdict history.Verdict
	s.verifying.Start(func(ctx context.Context, progress matcher.ProgressFunc) (err error) {
		verdict, err = source.Verify(ctx, progress)
		return err
	}, func(err error) { s.verified(verdict, err) })
}

// stopVerifying says at once that verifying was cancelled. The work may take a while
// to end.
func (s *Screen) stopVerifying() {
	if s.verifying.Busy() {
		s.verifying.Drop()
		s.verified(history.Verdict{}, context.Canceled)
	}
}

func (s *Screen) verified(v history.Verdict, err error) {
	kit.Enable(s.verify, true)
	switch {
	case errors.Is(err, context.Canceled):
		s.say(s.Words.T("history.verify_cancelled"), widget.MediumImportance)
	case err != nil:
		s.Log("verify", err)
		s.say(s.Words.ProblemText(err), widget.DangerImportance)
	default:
		s.say(verdictText(s.Words, v))
	}
}

// say shows what verifying found; without a text the line is hidden.
func (s *Screen) say(text string, importance widget.Importance) {
	s.cancel.Hide()
	kit.Say(s.answer, text, importance)
	if text == "" {
		s.answers.Hide()
	}
	s.area.Refresh()
}

// verdictText says in plain sentences what verifying found.
func verdictText(w kit.Words, v history.Verdict) (string, widget.Importance) {
	text := w.Notice(app.VerdictWords(v))
	for _, note := range app.VerdictNotes(v) {
		text += "\n" + w.Notice(note)
	}
	switch {
	case !v.Intact:
		return text, widget.DangerImportance
	case v.Records == 0:
		return text, widget.MediumImportance
	case v.Older && v.Good < v.Records:
		return text, widget.WarningImportance
	case v.Anchored:
		return text, widget.SuccessImportance
	}
	return text, widget.WarningImportance
}

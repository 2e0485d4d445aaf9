package records

import (
	"context"
	"slices"
	"strings"

	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
)

// whyHeld adds to a check of our own history why its session is on hold, which Show leaves out.
func (s *Screen) whyHeld(ctx context.Context, of *history.Detail) {
	if of.Hold == nil {
		return
	}
	holds, err := s.desk.Holds(ctx)
	if i := slices.IndexFunc(holds, func(h history.Holding) bool { return h.Session == of.Session }); i >= 0 {
		of.Hold = &holds[i]
	}
	if ctx.Err() == nil {
		s.Log("holds", err) // the hold itself is shown all the same
	}
}

// hold asks why a session is put on legal hold, or why its hold is lifted, and records it.
func (s *Screen) hold(row history.Row, held bool) {
	title, do, icon := "hold.title", "hold.do", theme.WarningIcon()
	about := []string{s.Words.T("hold.what"), s.Words.T("hold.recorded")}
	if !held {
		title, do, icon = "hold.title_lift", "hold.do_lift", theme.ContentUndoIcon()
		about = []string{s.Words.T("hold.what_lift"), s.Words.T("hold.recorded")}
	}
	f := kit.NewFormDialog(s.Parts, do, icon)
	why := s.Keys.Note(3, func(string) { f.Update() })
	f.Add("hold.reason", why)
	f.Missing = func() string {
		if strings.TrimSpace(why.Text) == "" {
			return "hold.why"
		}
		return ""
	}
	f.Begin = func() func(context.Context) error {
		text := why.Text
		return func(ctx context.Context) error { return s.desk.Hold(ctx, row.Session, held, text) }
	}
	f.Done = func() {
		if s.sought == row.Check {
			s.open(row.Check)
		}
	}
	f.Show(title, about...)
}

// Erased is called when sessions were erased: what is shown of them is read anew.
func (s *Screen) Erased() {
	s.Refresh()
	if s.sought != "" {
		s.open(s.sought)
	}
}

// OpenPerson gathers everything about a person: of the check that is open, or one to be named.
func (s *Screen) OpenPerson() {
	switch {
	case s.Other != nil:
		kit.Say(s.fault, s.Words.T("person.own_only"), widget.WarningImportance)
		s.area.Refresh()
	case s.detail != nil:
		s.person(s.detail.Of.Detail)
	default:
		s.hooks.Person(app.SubjectInput{})
	}
}

// person gathers everything about the person of a check.
func (s *Screen) person(of history.Detail) {
	s.hooks.Person(app.SubjectInput{Name: of.Name, Reference: of.Reference, Sessions: []string{of.Session}})
}

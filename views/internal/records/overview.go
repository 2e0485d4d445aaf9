package records

import (
	"context"

	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/views/internal/kit"
	"facematch/views/internal/records/figures"
)

// narrow sets the filter to what was clicked in the overview.
func (s *Screen) narrow(n figures.Narrow) {
	next := s.filter.query
	if n.Desks != nil {
		next.desks = n.Desks
	}
	if n.Operators != nil {
		next.operators = n.Operators
	}
	if !n.From.IsZero() {
		next.within(n.From, n.To)
	}
	if n.Least != nil {
		next.least, next.most = n.Least, n.Most
	}
	if n.Decision != "" {
		next.decisions = []history.DecisionState{n.Decision}
	}
	s.filter.set(next)
}

// askOverview asks for the numbers of the filter in force, where they are shown.
func (s *Screen) askOverview() {
	s.overviewing.Stop()
	if !s.overview.Shown() {
		return
	}
	question, source, filter, unit := s.question, s.source(), s.filtered, s.overview.Unit
	s.overviewing = s.Work.Start(func(ctx context.Context) {
		var numbers overview.Overview
		var err error = &app.Problem{Key: "overview.not_here"}
		if from, ok := source.(app.Overviewer); ok {
			numbers, err = from.Overview(ctx, filter, unit)
		}
		if ctx.Err() != nil {
			return
		}
		s.Work.Do(func() {
			if question == s.question && unit == s.overview.Unit {
				s.Log("overview", err)
				s.overview.Set(numbers, err)
				s.area.Refresh()
			}
		})
	})
}

// ToggleOverview opens or closes the overview.
func (s *Screen) ToggleOverview() {
	s.closeHidden()
	s.openOverview(!s.overview.Shown())
	s.area.Refresh()
	s.askOverview()
}

// openOverview shows the overview, or hides it.
func (s *Screen) openOverview(on bool) {
	kit.SetVisible(s.overview.Box, on)
	s.showOverview.Importance = widget.MediumImportance
	if on {
		s.showOverview.Importance = widget.HighImportance
	}
	s.showOverview.Refresh()
}

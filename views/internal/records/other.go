package records

import (
	"context"

	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
)

// OpenAnother asks for another desk's history, to be read only.
func (s *Screen) OpenAnother() {
	s.hooks.Choose(s.OpenFile)
}

// OpenFile opens another desk's history.
func (s *Screen) OpenFile(path string) {
	s.openOther(s.Words.T("history.other", "File", path), func(ctx context.Context) (app.OtherHistory, error) {
		return s.desk.OpenHistory(ctx, path)
	})
}

// OpenCentre shows the checks of all desks, from the centre that the settings name.
func (s *Screen) OpenCentre() {
	s.openOther(s.Words.T("history.of_centre"), func(ctx context.Context) (app.OtherHistory, error) {
		return s.desk.OpenCentre(ctx, "")
	})
}

// openOther opens another history; whose says in words which.
func (s *Screen) openOther(whose string, open func(context.Context) (app.OtherHistory, error)) {
	s.opening.Stop()
	kit.Enable(s.another, false)
	kit.Enable(s.centre, false)
	s.opening = s.Work.Start(func(ctx context.Context) {
		other, err := open(ctx)
		if ctx.Err() != nil {
			if err == nil {
				_ = other.Close()
			}
			return
		}
		s.Work.Do(func() { s.opened(other, whose, err) })
	})
}

func (s *Screen) opened(other app.OtherHistory, whose string, err error) {
	kit.Enable(s.another, true)
	kit.Enable(s.centre, true)
	if err != nil {
		s.Log("another history", err)
		kit.Say(s.fault, s.Words.ProblemText(err), widget.DangerImportance)
		return
	}
	s.change(other)
	s.whose.SetText(whose)
	_, many := other.(centre)
	kit.SetVisible(s.showDesks, many)
	s.showNames()
	s.banner.Show()
	s.area.Refresh()
}

func (s *Screen) closeOther() {
	if s.Other == nil {
		return
	}
	s.change(nil)
	s.area.Refresh()
	s.Focus(s.filter.name)
}

// change shows another history, from its beginning. The one before is closed when
// its last reader has ended.
func (s *Screen) change(to app.OtherHistory) {
	s.stopVerifying()
	s.closeDetail()
	s.leaveSample()
	s.say("", widget.MediumImportance)
	s.leaveOther()
	s.Other = to
	s.rows, s.counted = nil, history.Counts{}
	s.filter.offer(history.Choices{})
	s.filter.put(query{sort: s.filter.query.sort})
	s.Refresh()
}

// leaveOther leaves another desk's history and closes it when its last reader has
// ended.
func (s *Screen) leaveOther() {
	if s.Other == nil {
		return
	}
	s.closeDesks()
	before, readers := s.Other, []*kit.Job{
		s.loading, s.counting, s.choosing, s.detailing, s.overviewing, s.asksDesks, s.verifying.Last,
	}
	s.Other = nil
	s.banner.Hide()
	for _, j := range readers {
		j.Stop()
	}
	s.Work.Start(func(context.Context) {
		for _, j := range readers {
			j.Wait()
		}
		if err := before.Close(); err != nil {
			s.Log("another history", err)
		}
	})
}

package records

import (
	"context"
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/views/internal/kit"
)

// centre is a history that is many desks'.
type centre interface {
	CentreDesks(ctx context.Context) ([]app.CentreDesk, error)
}

// desksPage shows the desks of the centre, those first that need a look, in the place of
// their checks.
type desksPage struct {
	kit.Parts
	say    *widget.Label
	table  *fyne.Container
	reader *kit.Reader
	back   *kit.Button
	box    *fyne.Container
}

func newDesksPage(p kit.Parts, back func()) *desksPage {
	d := &desksPage{Parts: p, say: kit.Wrapped(""), table: container.NewVBox()}
	d.say.TextStyle.Bold = true
	d.reader = p.Keys.Reader(d.table)
	d.back = p.Keys.Button(p.Words.T("desks.back"), theme.NavigateBackIcon(), back)
	top := container.NewBorder(nil, nil, nil, container.NewVBox(d.back), d.say)
	d.box = container.NewBorder(top, nil, nil, nil, d.reader)
	d.box.Hide()
	return d
}

// deskColumns are the columns of the table: two lines for each desk, and the share of the
// width.
var deskColumns = []struct {
	key   string
	share float32
	lines func(kit.Words, app.CentreDesk) [2]string
}{
	{"desks.head.desk", 0.17, func(_ kit.Words, d app.CentreDesk) [2]string { return [2]string{d.Desk, d.Branch} }},
	{"desks.head.state", 0.26, func(w kit.Words, d app.CentreDesk) [2]string {
		hint := ""
		if d.State != app.DeskCurrent {
			hint = w.T(d.Words.Key + ".hint")
		}
		return [2]string{w.Notice(d.Words), hint}
	}},
	{"desks.head.records", 0.10, func(w kit.Words, d app.CentreDesk) [2]string {
		lines := [2]string{app.FormatNumber(int(d.Head))}
		if n := d.Lacks(); n > 0 {
			lines[1] = w.T("desks.lacks", "Number", app.FormatNumber(int(n)))
		}
		return lines
	}},
	{"desks.head.seen", 0.14, func(w kit.Words, d app.CentreDesk) [2]string {
		lines := [2]string{w.T("desks.seen_never"), w.T("desks.clock_unknown")}
		if d.Seen != nil {
			lines[0] = kit.Date(*d.Seen)
		}
		if d.Clock != nil {
			if lines[1] = w.T("desks.clock_right"); *d.Clock >= 1 || *d.Clock <= -1 {
				lines[1] = w.T("desks.clock", "Seconds", fmt.Sprintf("%+.0f", *d.Clock))
			}
		}
		return lines
	}},
	{"desks.head.program", 0.165, func(w kit.Words, d app.CentreDesk) [2]string {
		return [2]string{known(w, d.Said("program")), known(w, d.Said(app.AboutCalibration))}
	}},
	{"desks.head.settings", 0.165, func(w kit.Words, d app.CentreDesk) [2]string {
		return [2]string{known(w, settingsOf(d)), doctorWords(w, d)}
	}},
}

// known is what a desk said, or that it said nothing.
func known(w kit.Words, text string) string {
	if text == "" {
		return w.T("desks.unknown")
	}
	return text
}

// settingsOf are the beginnings of the digests of both settings files: the administrator's
// and, after a plus, the desk's own.
func settingsOf(d app.CentreDesk) string {
	const shown = 8
	var parts []string
	for _, key := range []string{"administrator", "settings"} {
		if sum := d.Said(key); sum != "" {
			parts = append(parts, sum[:min(len(sum), shown)])
		}
	}
	return strings.Join(parts, " + ")
}

// doctorWords say what the desk's doctor found last, and when.
func doctorWords(w kit.Words, d app.CentreDesk) string {
	found := d.Said(app.AboutDoctor)
	if found == "" {
		return w.T("desks.unknown")
	}
	day := d.DoctorAt().Local().Format("2 Jan")
	if found == app.DoctorOK {
		return w.T("desks.doctor_ok", "Day", day)
	}
	if w.Has(found) { // the part's name
		found = w.T(found)
	}
	return w.T("desks.doctor_fault", "Day", day, "Part", found)
}

// set shows desks, or the reason why they cannot be shown.
func (d *desksPage) set(desks []app.CentreDesk, err error) {
	text, importance := "", widget.MediumImportance
	count := 0
	for _, one := range desks {
		if one.State != app.DeskCurrent {
			count++
		}
	}
	number := app.FormatNumber(len(desks))
	switch {
	case err != nil:
		text, importance = d.Words.ProblemText(err), widget.DangerImportance
	case len(desks) == 0:
		text = d.Words.T("desks.none")
	case count == 0:
		text, importance = d.Words.T("desks.all_well", "Count", len(desks), "Number", number), widget.SuccessImportance
	default:
		text, importance = d.Words.T("desks.some", "Count", count, "Number", number), widget.WarningImportance
	}
	kit.Say(d.say, text, importance)
	d.table.RemoveAll()
	if err == nil && len(desks) > 0 {
		d.table.Add(d.written(desks))
	}
	d.reader.Update()
}

// written is the table as text: a label for each column, so that hundreds of desks cost
// little.
func (d *desksPage) written(desks []app.CentreDesk) fyne.CanvasObject {
	columns := make([]fyne.CanvasObject, len(deskColumns))
	for i, c := range deskColumns {
		var lines []string
		for k, one := range desks {
			two := c.lines(d.Words, one)
			if k > 0 {
				lines = append(lines, "")
			}
			for _, line := range two { // a line break in what a desk says would shift all below
				lines = append(lines, strings.Join(strings.Fields(line), " "))
			}
		}
		cells := widget.NewLabel(strings.Join(lines, "\n"))
		cells.Truncation = fyne.TextTruncateEllipsis
		title := kit.Bold(d.Words.T(c.key))
		title.Truncation = fyne.TextTruncateEllipsis
		columns[i] = container.NewBorder(title, nil, nil, nil, cells)
	}
	return container.New(inShares{}, columns...)
}

// inShares lays the columns of the table of desks side by side.
type inShares struct{}

// MinSize is part of fyne.Layout.
func (inShares) MinSize(columns []fyne.CanvasObject) fyne.Size {
	height := float32(0)
	for _, c := range columns {
		height = max(height, c.MinSize().Height)
	}
	return fyne.NewSize(400, height)
}

// Layout is part of fyne.Layout.
func (inShares) Layout(columns []fyne.CanvasObject, size fyne.Size) {
	x := float32(0)
	for i, c := range columns {
		width := size.Width * deskColumns[i].share
		c.Move(fyne.NewPos(x, 0))
		c.Resize(fyne.NewSize(width, size.Height))
		x += width
	}
}

// OpenDesks shows the desks of the centre that is open.
func (s *Screen) OpenDesks() {
	source, ok := s.Other.(centre)
	if !ok {
		return
	}
	s.closeDetail()
	s.area.Hide()
	s.desks.box.Show()
	s.desks.table.RemoveAll()
	kit.Say(s.desks.say, s.Words.T("desks.asking"), widget.MediumImportance)
	s.Focus(s.desks.reader)
	s.asksDesks.Stop()
	s.asksDesks = s.Work.Start(func(ctx context.Context) {
		desks, err := source.CentreDesks(ctx)
		if ctx.Err() != nil {
			return
		}
		s.Work.Do(func() {
			if still, ok := s.Other.(centre); ok && still == source {
				s.Log("desks of the centre", err)
				s.desks.set(desks, err)
			}
		})
	})
}

// closeDesks shows the checks again.
func (s *Screen) closeDesks() {
	s.asksDesks.Stop()
	if !s.desks.box.Visible() {
		return
	}
	s.desks.box.Hide()
	s.area.Show()
	if len(s.rows) > 0 {
		s.Focus(s.list)
	}
}

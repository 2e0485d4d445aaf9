package views

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
)

// historyScreen lists the checks, newest first, a page at a time.
type historyScreen struct {
	parts

	rows      []history.Row
	asked     int  // number of the newest question; answers to older ones are dropped
	loading   *job // the question being answered
	complete  bool // the oldest check is in rows
	verifying *job

	table   *table
	none    *fyne.Container // what stands in the table's place
	noneSay *widget.Label
	fault   *widget.Label
	place   *widget.Label
	verify  *button
	cancel  *button
	bar     *widget.ProgressBar
	answer  *widget.Label
	content fyne.CanvasObject
}

var historyColumns = []struct {
	key   string
	share float32
}{
	{"history.time", 22}, {"history.name", 34}, {"history.mode", 12}, {"history.score", 12}, {"history.outcome", 20},
}

const (
	columnTime = iota
	columnName
	columnMode
	columnScore
	columnOutcome
)

func newHistoryScreen(p parts) *historyScreen {
	s := &historyScreen{parts: p}

	s.table = p.keys.table()
	s.table.Length = func() (int, int) { return len(s.rows), len(historyColumns) }
	s.table.CreateCell = func() fyne.CanvasObject { return newHistoryCell() }
	s.table.UpdateCell = s.cell
	s.table.CreateHeader = func() fyne.CanvasObject { return bold("") }
	s.table.UpdateHeader = func(id widget.TableCellID, o fyne.CanvasObject) {
		if id.Col >= 0 {
			o.(*widget.Label).SetText(s.words.T(historyColumns[id.Col].key))
		}
	}

	s.noneSay = wrapped("")
	s.noneSay.Alignment = fyne.TextAlignCenter
	s.none = container.New(middle{}, s.noneSay)
	s.none.Hide()
	s.fault = wrapped("")
	s.fault.Hide()
	s.place = wrapped("")

	s.verify = p.keys.button(s.words.T("history.verify"), theme.ConfirmIcon(), s.startVerifying)
	s.cancel = p.keys.button(s.words.T("button.cancel"), theme.CancelIcon(), s.stopVerifying)
	s.bar = widget.NewProgressBar()
	s.answer = wrapped("")
	s.answer.Hide()
	s.cancel.Hide()
	s.bar.Hide()
	s.content = container.NewBorder(
		container.NewVBox(
			container.NewBorder(nil, nil, container.NewVBox(container.NewHBox(s.verify, s.cancel)), nil, container.NewStack(s.bar, s.answer)),
			s.fault,
		), s.place, nil, nil,
		container.NewStack(container.New(columns{s.table}, s.table), s.none),
	)
	return s
}

// columns gives a table its place and its columns their shares of the width.
type columns struct{ of *table }

// MinSize is part of fyne.Layout.
func (c columns) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(480, 200) }

// Layout is part of fyne.Layout.
func (c columns) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	sum := float32(0)
	for _, column := range historyColumns {
		sum += column.share
	}
	// The separators between the columns and the scroll bar need their room too.
	room := size.Width - float32(len(historyColumns))*theme.Padding() - 2*theme.ScrollBarSize()
	for i, column := range historyColumns {
		c.of.SetColumnWidth(i, max(40, room*column.share/sum))
	}
	c.of.Resize(size)
}

// historyCell is a cell's text, and the shape before it in the outcome's
// column.
type historyCell struct {
	widget.BaseWidget
	shape *shape
	text  *widget.Label
	rich  *widget.RichText
}

func newHistoryCell() *historyCell {
	c := &historyCell{
		shape: newShape(look{}, 18), text: widget.NewLabel(""), rich: coloured("", colorPass, theme.SizeNameText),
	}
	c.text.Truncation = fyne.TextTruncateEllipsis
	c.ExtendBaseWidget(c)
	return c
}

// CreateRenderer is part of fyne.Widget.
func (c *historyCell) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewBorder(nil, nil,
		container.NewHBox(layout.NewSpacer(), container.NewCenter(c.shape)), nil, container.NewStack(c.text, c.rich)))
}

func (c *historyCell) words(text string) {
	c.shape.Hide()
	c.rich.Hide()
	c.text.Show()
	c.text.SetText(text)
}

func (c *historyCell) outcome(text string, l look) {
	c.text.Hide()
	c.shape.set(l)
	c.shape.Show()
	segment := c.rich.Segments[0].(*widget.TextSegment)
	segment.Text, segment.Style.ColorName = text, l.color
	c.rich.Show()
	c.rich.Refresh()
}

// cell fills one cell from the rows in memory; near the end of the list it
// sees to it that more come.
func (s *historyScreen) cell(id widget.TableCellID, o fyne.CanvasObject) {
	cell := o.(*historyCell)
	if id.Row < 0 || id.Row >= len(s.rows) {
		cell.words("")
		return
	}
	if id.Row >= len(s.rows)-historyAhead && !s.complete && s.loading == nil {
		s.load(s.rows[len(s.rows)-1].Seq)
	}
	row := s.rows[id.Row]
	switch id.Col {
	case columnTime:
		cell.words(date(row.At))
	case columnName:
		cell.words(s.rowName(row))
	case columnMode:
		cell.words(s.words.T("mode.name." + string(row.Mode)))
	case columnScore:
		cell.words(s.rowScore(row))
	case columnOutcome:
		cell.outcome(s.words.T(app.OutcomeKey(row.Outcome)), lookOf(row.Outcome))
	}
}

func (s *historyScreen) rowName(row history.Row) string {
	if row.Sealed {
		return s.words.T("history.sealed")
	}
	return row.Name
}

func (s *historyScreen) rowScore(row history.Row) string {
	if row.Score == nil {
		return s.words.T("number.none")
	}
	return s.words.percent(float64(*row.Score) / 100)
}

// refresh loads the newest page anew, and says where the key of names lies. The
// keyring may take its time.
func (s *historyScreen) refresh() {
	s.loading.stop()
	s.load(0)
	s.work.start(func(ctx context.Context) {
		key := "history.key_keyring"
		if s.desk.KeyPlace() == "file" {
			key = "history.key_file"
		}
		text, importance := s.words.T(key), widget.MediumImportance
		if err := s.desk.KeyProblem(ctx); err != nil {
			text, importance = s.words.problem(err), widget.WarningImportance
		}
		s.work.do(func() { say(s.place, text, importance) })
	})
}

// load asks for the page before a record (0: for the newest). What is on the
// screen stays until the answer comes.
func (s *historyScreen) load(before int64) {
	s.asked++
	question := s.asked
	s.loading = s.work.start(func(ctx context.Context) {
		rows, err := s.desk.Checks(ctx, history.Filter{Before: before, Limit: historyPage})
		if ctx.Err() != nil {
			return
		}
		s.work.do(func() {
			if question == s.asked {
				s.loaded(before, rows, err)
			}
		})
	})
}

func (s *historyScreen) loaded(before int64, rows []history.Row, err error) {
	s.loading = nil
	if err != nil {
		s.desk.Log("history", err)
		s.complete = true // until the next refresh: not the same fault for each cell
		say(s.fault, s.words.problem(err), widget.DangerImportance)
		return
	}
	say(s.fault, "", widget.MediumImportance)
	s.complete = len(rows) < historyPage
	if before == 0 {
		s.rows = nil
	}
	s.rows = append(s.rows, rows...)
	if before == 0 {
		s.table.ScrollToTop()
	}
	if len(s.rows) == 0 {
		s.noneSay.SetText(s.words.T("history.empty"))
		s.none.Show()
		s.table.Hide()
	} else {
		s.none.Hide()
		s.table.Show()
	}
	s.table.Refresh()
}

func (s *historyScreen) startVerifying() {
	if s.verifying != nil {
		return
	}
	say(s.answer, "", widget.MediumImportance)
	s.bar.SetValue(0)
	s.bar.Show()
	s.cancel.Show()
	enable(s.verify, false)
	var mine *job
	amount := &latest[app.Progress]{do: s.work.do, show: func(p app.Progress) {
		if s.verifying == mine && p.Total > 0 {
			s.bar.SetValue(float64(p.Done) / float64(p.Total))
		}
	}}
	mine = s.work.start(func(ctx context.Context) {
		verdict, err := s.desk.Verify(ctx, amount.put)
		s.work.do(func() {
			if s.verifying == mine {
				s.verified(verdict, err)
			}
		})
	})
	s.verifying = mine
}

func (s *historyScreen) stopVerifying() {
	if s.verifying != nil {
		s.verifying.stop()
		s.verified(history.Verdict{}, context.Canceled)
	}
}

func (s *historyScreen) verified(v history.Verdict, err error) {
	s.verifying = nil
	s.bar.Hide()
	s.cancel.Hide()
	enable(s.verify, true)
	switch {
	case errors.Is(err, context.Canceled):
		say(s.answer, s.words.T("history.verify_cancelled"), widget.MediumImportance)
	case err != nil:
		s.desk.Log("verify", err)
		say(s.answer, s.words.problem(err), widget.DangerImportance)
	default:
		text, importance := s.words.verdict(v)
		say(s.answer, text, importance)
	}
}

// verdict says in one sentence what verifying found.
func (w words) verdict(v history.Verdict) (string, widget.Importance) {
	text := w.Notice(app.VerdictWords(v))
	switch {
	case !v.Intact:
		return text, widget.DangerImportance
	case v.Records == 0:
		return text, widget.MediumImportance
	case v.Anchored:
		return text, widget.SuccessImportance
	}
	return text, widget.WarningImportance
}

package views

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/draw"
	"image/jpeg"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
)

// records are where checks are read: this desk's history, or another's.
type records interface {
	Checks(ctx context.Context, f history.Filter) ([]history.Row, error)
	Count(ctx context.Context, f history.Filter) (history.Counts, error)
	Choices(ctx context.Context) (history.Choices, error)
	Detail(ctx context.Context, check string) (history.Detail, error)
	Verify(ctx context.Context, progress app.ProgressFunc) (history.Verdict, error)
}

// historyDesk is what the History screen needs of the desk.
type historyDesk interface {
	records
	OpenHistory(ctx context.Context, path string) (app.OtherHistory, error)
	KeyPlace() string
	KeyProblem(ctx context.Context) error
	May(a app.Action) bool
}

// historyHooks are what the history screen asks of its window.
type historyHooks struct {
	copy   func(text string)
	decide func(row history.Row, done func()) // asks for a person's decision; nil: nothing can be decided
	export func(w exportQuery)                // asks how, and writes a file
	choose func(chosen func(path string))     // asks for another history's file
}

// historyScreen shows the checks a query asks for, a page at a time, and
// everything about one of them: beside the list where there is room, in its place
// where not.
type historyScreen struct {
	parts
	desk  historyDesk
	hooks historyHooks
	now   func() time.Time

	other     app.OtherHistory // nil: this desk's own is shown
	filter    *filterBar
	counted   history.Counts
	rows      []history.Row
	inAll     int64          // how many checks there are, where the filters fit none
	filtered  history.Filter // what was asked for last
	question  int            // its number; answers to older ones are dropped
	asking    bool           // the rows do not answer it yet
	opens     bool           // the first check is to be opened when they do
	loading   *job           // the page being asked for
	counting  *job
	choosing  *job // the values to choose from
	waiting   *job // for the end of typing
	complete  bool // the last check is in rows
	verifying *task
	opening   *job // of another history
	detailing *job
	sought    string // the check whose detail is asked for or shown; empty: none

	list    *checkList
	order   *choice
	byTime  *button
	byScore *button
	header  *fyne.Container
	none    *fyne.Container // what stands in the list's place
	noneSay *widget.Label
	noneAll *button
	fault   *widget.Label
	count   *widget.Label
	place   *widget.Label
	banner  *fyne.Container
	whose   *widget.Label
	back    *button // to this desk's own history
	verify  *button
	export  *button
	another *button
	cancel  *button
	bar     *widget.ProgressBar
	answer  *widget.Label
	answers *fyne.Container
	detail  *detailView // nil: none is open
	side    *fyne.Container
	area    *fyne.Container
	content fyne.CanvasObject
}

// orders are the sorts to choose from, in the order of their words.
var orders = []history.Sort{history.Newest, history.Oldest, history.Highest, history.Lowest}

func newHistoryScreen(p parts, desk historyDesk, hooks historyHooks) *historyScreen {
	s := &historyScreen{parts: p, desk: desk, hooks: hooks, now: time.Now}
	s.filter = newFilterBar(p)
	s.filter.OnQuery = s.asked
	s.filter.OnDone = func() { s.focus(s.list) }
	s.makeList()

	s.noneSay = centred("")
	s.noneAll = p.keys.button(p.words.T("find.clear"), theme.ContentClearIcon(), s.filter.reset)
	s.none = container.New(middle{}, container.NewVBox(s.noneSay, container.NewCenter(s.noneAll)))
	s.none.Hide()
	s.fault = wrapped("")
	s.fault.Hide()
	s.count = wrapped("")
	s.count.TextStyle.Bold = true
	s.place = wrapped("")
	s.place.SizeName = theme.SizeNameCaptionText

	s.order = p.keys.choice(func(string) {
		if at := s.order.SelectedIndex(); at >= 0 && orders[at] != s.sort() {
			s.sortBy(orders[at])
		}
	})
	s.order.Options = named(orders, func(o history.Sort) string {
		return p.words.T("sort." + map[history.Sort]string{
			history.Newest: "newest", history.Oldest: "oldest", history.Highest: "highest", history.Lowest: "lowest",
		}[o])
	})
	s.order.PlaceHolder = p.words.T("sort.highest") // the longest, which gives the width
	s.verify = p.keys.button(p.words.T("history.verify"), theme.ConfirmIcon(), s.startVerifying)
	s.export = p.keys.button(p.words.T("history.export"), theme.DocumentSaveIcon(), s.exportShown)
	s.another = p.keys.button(p.words.T("history.another"), theme.FolderOpenIcon(), s.openAnother)
	s.cancel = p.keys.button(p.words.T("button.cancel"), theme.CancelIcon(), s.stopVerifying)
	s.bar = widget.NewProgressBar()
	s.verifying = newTask(p.work, s.bar)
	s.answer = wrapped("")
	s.answers = container.NewBorder(nil, nil, nil, container.NewVBox(s.cancel), container.NewStack(s.bar, s.answer))
	s.answers.Hide()

	s.whose = wrapped("")
	s.whose.Importance = widget.WarningImportance
	s.back = p.keys.button(p.words.T("history.close_other"), theme.CancelIcon(), s.closeOther)
	s.banner = container.NewStack(newFrame(colorRefer), container.NewBorder(nil, nil, nil, container.NewCenter(s.back), s.whose))
	s.banner.Hide()

	top := container.NewVBox(
		s.banner, s.filter.box, s.fault,
		container.NewBorder(nil, nil, nil, container.NewVBox(container.NewHBox(s.order, s.export)), s.count),
	)
	bottom := container.NewVBox(
		s.answers,
		container.NewBorder(nil, nil, nil, container.NewVBox(container.NewHBox(s.verify, s.another)), s.place),
	)
	list := container.NewStack(container.NewBorder(s.header, bottom, nil, nil, container.NewStack(s.list, s.list.ring)), s.none)
	s.side = container.NewStack()
	s.side.Hide()
	s.area = container.New(listAndDetail{}, top, list, s.side)
	s.content = s.area
	s.showSort()
	return s
}

// listAndDetail lays out filters and list and, where a check is open, its detail: at the
// list's right where there is room for both, in the place of everything where not.
type listAndDetail struct{}

// MinSize is part of fyne.Layout.
func (listAndDetail) MinSize(objects []fyne.CanvasObject) fyne.Size {
	top := objects[0].MinSize()
	return fyne.NewSize(top.Width, top.Height+listLeast)
}

// Layout is part of fyne.Layout.
func (listAndDetail) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	top, list, detail := objects[0], objects[1], objects[2]
	alone := detail.Visible() && size.Width < besideFrom
	for _, o := range []fyne.CanvasObject{top, list} {
		if o.Visible() == alone {
			o.(*fyne.Container).Hidden = alone
		}
	}
	if alone {
		detail.Move(fyne.Position{})
		detail.Resize(size)
		return
	}
	top.Resize(fyne.NewSize(size.Width, top.MinSize().Height)) // first, for lines break where they must
	height := top.MinSize().Height
	top.Resize(fyne.NewSize(size.Width, height))
	top.Move(fyne.Position{})
	height += theme.Padding()
	width := size.Width
	if detail.Visible() {
		width = size.Width*(1-detailShare) - theme.Padding()
		detail.Move(fyne.NewPos(size.Width-size.Width*detailShare, height))
		detail.Resize(fyne.NewSize(size.Width*detailShare, size.Height-height))
	}
	list.Move(fyne.NewPos(0, height))
	list.Resize(fyne.NewSize(width, size.Height-height))
}

func (s *historyScreen) makeList() {
	s.list = s.keys.checkList()
	s.list.Length = func() int { return len(s.rows) }
	s.list.CreateItem = func() fyne.CanvasObject { return newCheckRow() }
	s.list.UpdateItem = s.cell
	s.list.OnOpened = func(row int) { s.open(s.rows[row].Check) }
	s.list.OnReturn = func(row int) {
		if s.asking { // what is in the list answers another question
			s.opens = true
			return
		}
		s.open(s.rows[row].Check)
	}
	s.list.OnMoved = func(row int) {
		if s.detail != nil { // it follows the keys
			s.open(s.rows[row].Check)
		}
	}

	cells := make([]fyne.CanvasObject, len(historyColumns))
	s.byTime = s.keys.button(s.words.T(historyColumns[columnTime].key), nil, func() { s.turn(history.Newest, history.Oldest) })
	s.byScore = s.keys.button(s.words.T(historyColumns[columnScore].key), nil, func() { s.turn(history.Highest, history.Lowest) })
	for _, b := range []*button{s.byTime, s.byScore} {
		b.Importance = widget.LowImportance
		b.IconPlacement = widget.ButtonIconTrailingText
		b.Alignment = widget.ButtonAlignLeading
	}
	s.byScore.Alignment = widget.ButtonAlignTrailing
	for i, c := range historyColumns {
		title := bold(s.words.T(c.key))
		title.Truncation = fyne.TextTruncateEllipsis
		cells[i] = title
	}
	cells[columnTime], cells[columnScore] = s.byTime, s.byScore
	s.header = container.NewVBox(container.New(inColumns{}, cells...), widget.NewSeparator())
}

// source is the history that is shown.
func (s *historyScreen) source() records {
	if s.other != nil {
		return s.other
	}
	return s.desk
}

// cell fills one row of the list from those in memory; near the end it sees to it
// that more come.
func (s *historyScreen) cell(at int, o fyne.CanvasObject) {
	if at < 0 || at >= len(s.rows) {
		return
	}
	if at >= len(s.rows)-historyAhead && !s.complete && s.loading == nil {
		last := s.rows[len(s.rows)-1]
		s.load(&last)
	}
	o.(*checkRow).set(s.rows[at], s.words, s.rows[at].Check == s.sought)
}

// refresh is called when the screen comes into sight, and when there is a new
// check.
func (s *historyScreen) refresh() {
	if s.desk.May(app.ActionExport) {
		s.export.Show()
	} else {
		s.export.Hide()
	}
	s.ask()
	s.refreshChoices()
	s.showKeyPlace()
}

// forget drops what another operator looked for and saw.
func (s *historyScreen) forget() {
	s.question++ // whatever is on its way is dropped
	s.asking, s.opens = false, false
	for _, j := range []*job{s.waiting, s.loading, s.counting, s.choosing, s.opening} {
		j.stop()
	}
	s.stopVerifying()
	s.say("", widget.MediumImportance)
	s.closeDetail()
	s.leaveOther()
	enable(s.another, true)
	s.filter.put(query{})
	s.filter.open(false)
	s.showSort()
	s.rows, s.counted, s.complete = nil, history.Counts{}, true
	s.count.SetText("")
	s.list.at = 0
	s.list.Refresh()
}

// refreshChoices asks which values filters can choose from, and how many
// referrals wait.
func (s *historyScreen) refreshChoices() {
	source := s.source()
	s.choosing.stop()
	s.choosing = s.work.start(func(ctx context.Context) {
		choices, err := source.Choices(ctx)
		open, failed := source.Count(ctx, undecidedReferrals().filter(s.now()))
		if ctx.Err() != nil {
			return
		}
		s.work.do(func() {
			if source != s.source() {
				return
			}
			s.log("history choices", errors.Join(err, failed))
			if err == nil {
				s.filter.offer(choices)
			}
			if failed == nil {
				s.filter.setReferrals(open.Total)
			}
		})
	})
}

// showKeyPlace says where the key of names lies. The keyring may take its time.
func (s *historyScreen) showKeyPlace() {
	if s.other != nil {
		say(s.place, s.words.T("history.read_only"), widget.MediumImportance)
		return
	}
	s.work.start(func(ctx context.Context) {
		key := "history.key_keyring"
		if s.desk.KeyPlace() == history.KeyInFile {
			key = "history.key_file"
		}
		text, importance := s.words.T(key), widget.MediumImportance
		if err := s.desk.KeyProblem(ctx); err != nil {
			text, importance = s.words.problem(err), widget.WarningImportance
		}
		s.work.do(func() {
			if s.other == nil {
				say(s.place, text, importance)
			}
		})
	})
}

// asked asks for what the filter bar holds now. While somebody types it waits for a pause.
func (s *historyScreen) asked(typed bool) {
	s.waiting.stop()
	s.question++ // what is on its way answers something else
	s.asking, s.opens = true, false
	if !typed {
		s.ask()
		return
	}
	question := s.question
	s.waiting = s.work.start(func(ctx context.Context) {
		if rested(ctx, typingPause) {
			s.work.do(func() {
				if question == s.question {
					s.ask()
				}
			})
		}
	})
}

// rested waits for a while; false: not to its end.
func rested(ctx context.Context, length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *historyScreen) sort() history.Sort {
	if s.filter.query.sort == "" {
		return history.Newest
	}
	return s.filter.query.sort
}

func (s *historyScreen) sortBy(order history.Sort) {
	s.filter.query.sort = order
	s.showSort()
	s.ask()
}

// turn sorts by a column, and a second time the other way round.
func (s *historyScreen) turn(first, second history.Sort) {
	if s.sort() == first {
		first = second
	}
	s.sortBy(first)
}

// showSort shows the order in the header as well as in the choice.
func (s *historyScreen) showSort() {
	for i, o := range orders {
		if o == s.sort() {
			s.order.SetSelectedIndex(i)
		}
	}
	s.byTime.SetIcon(nil)
	s.byScore.SetIcon(nil)
	switch s.sort() {
	case history.Newest:
		s.byTime.SetIcon(theme.MenuDropDownIcon())
	case history.Oldest:
		s.byTime.SetIcon(theme.MenuDropUpIcon())
	case history.Highest:
		s.byScore.SetIcon(theme.MenuDropDownIcon())
	case history.Lowest:
		s.byScore.SetIcon(theme.MenuDropUpIcon())
	}
}

// ask asks for the first page and the counts anew. What is on the screen stays
// until the answer comes.
func (s *historyScreen) ask() {
	s.waiting.stop()
	s.question++
	s.asking = true
	s.filtered = s.filter.query.filter(s.now())
	s.loading.stop()
	s.load(nil)
	s.recount()
}

// recount counts what the filter chooses.
func (s *historyScreen) recount() {
	question, source, filter := s.question, s.source(), s.filtered
	s.counting.stop()
	s.counting = s.work.start(func(ctx context.Context) {
		counts, err := source.Count(ctx, filter)
		if ctx.Err() != nil {
			return
		}
		s.work.do(func() {
			if question == s.question {
				s.log("history count", err)
				s.showCounts(counts, err)
			}
		})
	})
}

func (s *historyScreen) showCounts(c history.Counts, err error) {
	if err != nil { // the list tells what is wrong
		s.counted = history.Counts{}
		s.count.SetText("")
	} else {
		s.counted = c
		s.count.SetText(countsText(s.words, c))
	}
	enable(s.export, s.counted.Total > 0)
}

// load asks for the page after a check (nil: for the first).
func (s *historyScreen) load(after *history.Row) {
	question, source, filter := s.question, s.source(), s.filtered
	filter.After, filter.Limit = after, historyPage
	s.loading = s.work.start(func(ctx context.Context) {
		rows, err := source.Checks(ctx, filter)
		var all history.Counts
		if err == nil && after == nil && len(rows) == 0 {
			all, err = source.Count(ctx, history.Filter{})
		}
		if ctx.Err() != nil {
			return
		}
		s.work.do(func() {
			if question == s.question {
				s.inAll = all.Total
				s.loaded(after == nil, rows, err)
			}
		})
	})
}

func (s *historyScreen) loaded(first bool, rows []history.Row, err error) {
	s.loading = nil
	if first {
		s.asking = false
	}
	if err != nil {
		s.log("history", err)
		s.complete = true // until the next question: not the same fault for each row
		say(s.fault, s.words.problem(err), widget.DangerImportance)
		return
	}
	say(s.fault, "", widget.MediumImportance)
	s.complete = len(rows) < historyPage
	if first {
		s.rows = nil
	}
	s.rows = append(s.rows, rows...)
	s.showRows(first)
}

func (s *historyScreen) showRows(first bool) {
	if len(s.rows) == 0 {
		text := s.words.T("history.empty")
		s.noneAll.Hide()
		if s.inAll > 0 && !s.filter.empty() {
			text = s.words.T("history.none", "Count", s.inAll, "Number", app.FormatNumber(int(s.inAll)))
			s.noneAll.Show()
		}
		s.noneSay.SetText(text)
		s.none.Show()
		s.list.Hide()
		s.list.ring.Hide()
		return
	}
	s.none.Hide()
	s.list.Show()
	if first {
		s.list.ScrollToTop()
		s.list.move(max(0, s.rowOf(s.sought)))
		if s.focused() == nil {
			s.focus(s.list)
		}
		if s.opens {
			s.open(s.rows[s.list.at].Check)
		}
		s.opens = false
	}
	s.list.Refresh()
}

// rowOf is where a check stands in the list; -1: it does not.
func (s *historyScreen) rowOf(check string) int {
	return slices.IndexFunc(s.rows, func(r history.Row) bool { return r.Check == check })
}

// open shows everything about a check.
func (s *historyScreen) open(check string) {
	s.sought = check
	if at := s.rowOf(check); at >= 0 && at != s.list.at {
		s.list.move(at) // an attempt of the same session
	}
	s.list.Refresh()
	follows := s.detail != nil // keys held down pass many checks that nobody wants to read
	source := s.source()
	s.detailing.stop()
	s.detailing = s.work.start(func(ctx context.Context) {
		if follows && !rested(ctx, followPause) {
			return
		}
		of, err := source.Detail(ctx, check)
		shown := shownDetail{Detail: of, document: picture(of.Document), frame: picture(of.Frame)}
		if ctx.Err() != nil {
			return
		}
		s.work.do(func() {
			if s.sought == check && source == s.source() {
				s.detailed(shown, err)
			}
		})
	})
}

// picture reads a kept picture; nil where there is none that can be shown.
func picture(file []byte) *image.RGBA {
	decoded, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil
	}
	rgba := image.NewRGBA(image.Rectangle{Max: decoded.Bounds().Size()})
	draw.Draw(rgba, rgba.Bounds(), decoded, decoded.Bounds().Min, draw.Src)
	return rgba
}

func (s *historyScreen) detailed(of shownDetail, err error) {
	if err != nil {
		s.log("history detail", err)
		s.closeDetail()
		say(s.fault, s.words.problem(err), widget.DangerImportance)
		return
	}
	hooks := detailHooks{close: s.closeDetail, open: s.open, copy: s.hooks.copy}
	if s.desk.May(app.ActionExport) {
		hooks.export = s.exportOne
	}
	if s.other == nil && s.desk.May(app.ActionDecide) { // another desk's history is only read
		hooks.decide = func(row history.Row) { s.hooks.decide(row, func() { s.decided(row.Check) }) }
	}
	if at := s.rowOf(of.Check); at >= 0 {
		s.rows[at] = of.Row
	}
	inside := s.detail != nil && s.focused() != fyne.Focusable(s.list) && s.focused() != nil
	opened := s.detail == nil
	s.detail = newDetailView(s.parts, of, hooks)
	s.side.Objects = []fyne.CanvasObject{s.detail}
	s.side.Show()
	s.area.Refresh()
	if inside || opened && s.covered() {
		s.focus(s.detail.reader) // what had the keys is gone
	}
	s.list.Refresh()
}

// decided is called when a person has decided a check.
func (s *historyScreen) decided(check string) {
	if s.sought == check {
		s.open(check)
	}
	s.recount()
	s.refreshChoices()
}

func (s *historyScreen) closeDetail() {
	s.detailing.stop()
	s.sought = ""
	if s.detail == nil {
		s.list.Refresh()
		return
	}
	s.detail = nil
	s.side.Objects = nil
	s.side.Hide()
	s.area.Refresh()
	if len(s.rows) > 0 {
		s.focus(s.list)
	}
}

// escape ends what runs, or closes what is open.
func (s *historyScreen) escape() {
	s.opens = false
	switch {
	case s.verifying.busy():
		s.stopVerifying()
	case s.sought != "":
		s.closeDetail()
	case len(s.rows) > 0:
		s.focus(s.list)
	}
}

// search brings the keys to the name that is looked for.
func (s *historyScreen) search() {
	s.closeHidden()
	s.focus(s.filter.name)
}

// closeHidden closes a detail that stands in the place of what is wanted.
func (s *historyScreen) closeHidden() {
	if s.covered() {
		s.closeDetail()
	}
}

// covered says that a detail stands in the place of filters and list.
func (s *historyScreen) covered() bool { return s.detail != nil && !s.area.Objects[1].Visible() }

// clearFilters takes all filters away.
func (s *historyScreen) clearFilters() { s.filter.reset() }

func (s *historyScreen) openReferrals() {
	s.closeHidden()
	s.filter.openReferrals()
}

func (s *historyScreen) toggleFold() {
	s.closeHidden()
	s.filter.open(s.filter.fold.Hidden)
	if !s.filter.fold.Hidden {
		s.focus(s.filter.outcomes[history.Pass])
	}
}

// exportShown asks how to write a file with all that is shown.
func (s *historyScreen) exportShown() {
	if s.counted.Total > 0 {
		s.hooks.export(exportQuery{filter: s.filtered, count: s.counted.Total, from: s.other})
	}
}

// exportOne asks how to write a file with one check, or all that are shown.
func (s *historyScreen) exportOne(row history.Row) {
	s.hooks.export(exportQuery{check: row.Check, filter: s.filtered, count: s.counted.Total, from: s.other})
}

// exportAny is the export the keyboard asks for: of the check that is open or,
// where none is, of all that are shown.
func (s *historyScreen) exportAny() {
	if s.detail != nil {
		s.exportOne(s.detail.of.Row)
	} else {
		s.exportShown()
	}
}

// decide asks for the decision about the check that is open.
func (s *historyScreen) decide() {
	if s.detail != nil && s.detail.decide != nil && !s.detail.decide.Disabled() {
		s.detail.hooks.decide(s.detail.of.Row)
	}
}

// openAnother asks for another desk's history, to be read only.
func (s *historyScreen) openAnother() {
	s.hooks.choose(func(path string) {
		s.opening.stop()
		enable(s.another, false)
		s.opening = s.work.start(func(ctx context.Context) {
			other, err := s.desk.OpenHistory(ctx, path)
			if ctx.Err() != nil {
				if err == nil {
					_ = other.Close()
				}
				return
			}
			s.work.do(func() { s.opened(other, path, err) })
		})
	})
}

func (s *historyScreen) opened(other app.OtherHistory, path string, err error) {
	enable(s.another, true)
	if err != nil {
		s.log("another history", err)
		say(s.fault, s.words.problem(err), widget.DangerImportance)
		return
	}
	s.change(other)
	s.whose.SetText(s.words.T("history.other", "File", path))
	s.banner.Show()
	s.area.Refresh()
}

func (s *historyScreen) closeOther() {
	if s.other == nil {
		return
	}
	s.change(nil)
	s.area.Refresh()
	s.focus(s.filter.name)
}

// change shows another history, from its beginning. The one before is closed when
// nobody reads it any more.
func (s *historyScreen) change(to app.OtherHistory) {
	s.stopVerifying()
	s.closeDetail()
	s.say("", widget.MediumImportance)
	s.leaveOther()
	s.other = to
	s.rows, s.counted = nil, history.Counts{}
	s.filter.offer(history.Choices{})
	s.filter.put(query{sort: s.filter.query.sort})
	s.refresh()
}

// leaveOther leaves another desk's history and closes it when nobody reads it any
// more.
func (s *historyScreen) leaveOther() {
	if s.other == nil {
		return
	}
	before, readers := s.other, []*job{s.loading, s.counting, s.choosing, s.detailing, s.verifying.last}
	s.other = nil
	s.banner.Hide()
	for _, j := range readers {
		j.stop()
	}
	s.work.start(func(context.Context) {
		for _, j := range readers {
			j.over()
		}
		if err := before.Close(); err != nil {
			s.log("another history", err)
		}
	})
}

func (s *historyScreen) startVerifying() {
	if s.verifying.busy() {
		return
	}
	s.answer.Hide()
	s.cancel.Show()
	s.answers.Show()
	enable(s.verify, false)
	source := s.source()
	var verdict history.Verdict
	s.verifying.start(func(ctx context.Context, progress matcher.ProgressFunc) (err error) {
		verdict, err = source.Verify(ctx, progress)
		return err
	}, func(err error) { s.verified(verdict, err) })
}

// stopVerifying says at once that verifying was cancelled. The work may take a while
// to end.
func (s *historyScreen) stopVerifying() {
	if s.verifying.busy() {
		s.verifying.drop()
		s.verified(history.Verdict{}, context.Canceled)
	}
}

func (s *historyScreen) verified(v history.Verdict, err error) {
	enable(s.verify, true)
	switch {
	case errors.Is(err, context.Canceled):
		s.say(s.words.T("history.verify_cancelled"), widget.MediumImportance)
	case err != nil:
		s.log("verify", err)
		s.say(s.words.problem(err), widget.DangerImportance)
	default:
		s.say(verdictText(s.words, v))
	}
}

// say tells what verifying found; no words: nothing.
func (s *historyScreen) say(text string, importance widget.Importance) {
	s.cancel.Hide()
	say(s.answer, text, importance)
	if text == "" {
		s.answers.Hide()
	}
	s.area.Refresh()
}

// verdictText says in plain sentences what verifying found.
func verdictText(w words, v history.Verdict) (string, widget.Importance) {
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

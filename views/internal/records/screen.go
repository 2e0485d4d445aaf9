// Package records is the History screen: filters, list, samples, verifying, and the desks of the
// centre. It is larger than other screens because these show one selection together, and each
// changes it. What stands for itself lies in packages below: the detail of one check (detail), the
// charts (figures), and the forms in dialogs (exporting, person).
package records

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/app/settings"
	"facematch/matcher"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/records/detail"
	"facematch/views/internal/records/exporting"
	"facematch/views/internal/records/figures"
)

const (
	historyPage  = 100 // checks that are loaded at a time
	historyAhead = 60  // rows before the list's end at which the next page is asked for: more than a screen shows

	// typingPause is how long the keys must rest before a filter is asked for:
	// longer than between two keys, too short to be noticed.
	typingPause = 250 * time.Millisecond

	// followPause is how long the keys must rest on a check until an open detail
	// shows it.
	followPause = 80 * time.Millisecond

	listLeast   = 160  // height of the list of checks
	besideFrom  = 1240 // from this width on a check stands beside the list
	detailShare = 0.47 // of the width, where it does

	overviewLeast = 220  // height of the overview
	overviewShare = 0.66 // of the height below the filters
)

// Reader are where checks are read: this desk's history, or another's.
type Reader interface {
	List(ctx context.Context, f history.Filter) ([]history.Row, error)
	Count(ctx context.Context, f history.Filter) (history.Counts, error)
	Choices(ctx context.Context) (history.Choices, error)
	Show(ctx context.Context, check string) (history.Detail, error)
	Verify(ctx context.Context, progress app.ProgressFunc) (history.Verdict, error)
	Sample(ctx context.Context, s history.Sampling) (history.Sample, error)
	Samples(ctx context.Context) ([]history.Sampled, error)
}

// Desk is what the History screen needs of the desk.
type Desk interface {
	Reader
	OpenHistory(ctx context.Context, path string) (app.OtherHistory, error)
	OpenCentre(ctx context.Context, at string) (app.OtherHistory, error)
	HasCentre() bool
	KeyPlace() string
	KeyProblem(ctx context.Context) error
	CentreStatus(ctx context.Context) (history.CentreStatus, error)
	May(a app.Action) bool
	Settings() settings.Settings // for the bounds of the conditions
	Attention(ctx context.Context) ([]matcher.Notice, error)
	LookedAt(ctx context.Context, sample, check, remark string) error
	Hold(ctx context.Context, session string, held bool, why string) error
	Holds(ctx context.Context) ([]history.Holding, error)
}

// Hooks are what the history screen asks of its window.
type Hooks struct {
	Copy    func(text string)
	Decide  func(row history.Row, done func()) // asks for a person's decision; nil: nothing can be decided
	Inspect func(row history.Row, done func()) // asks what the clerk saw
	Export  func(q exporting.Query)            // asks how, and writes a file
	Choose  func(chosen func(path string))     // asks for another history's file
	// ChooseKey asks for the auditors' key file.
	ChooseKey func(chosen func(path string))
	// ChooseSample asks for the file of a sample.
	ChooseSample func(chosen func(path string))
	Person       func(whom app.SubjectInput) // gathers everything about a person
}

// Screen shows the checks a query asks for, a page at a time, and
// everything about one of them: beside the list where there is room, in its place
// where not.
type Screen struct {
	kit.Parts
	desk  Desk
	hooks Hooks
	now   func() time.Time

	Other     app.OtherHistory // nil: this desk's own is shown
	sample    *picked          // nil: what the filters choose is shown
	sampled   *sampleBar
	filter    *filterBar
	counted   history.Counts
	rows      []history.Row
	inAll     int64          // how many checks there are, where the filters fit none
	filtered  history.Filter // what was asked for last
	question  int            // its number; answers to older ones are dropped
	asking    bool           // the rows do not answer it yet
	opens     bool           // the first check is to be opened when they do
	loading   *kit.Job       // the page being asked for
	counting  *kit.Job
	choosing  *kit.Job // the values to choose from
	waiting   *kit.Job // for the end of typing
	complete  bool     // the last check is in rows
	verifying *kit.Task
	opening   *kit.Job // of another history
	endSample func()   // ends the picking of a sample
	detailing *kit.Job
	sought    string // the check whose detail is asked for or shown; empty: none

	overview     *figures.Panel
	overviewing  *kit.Job
	showOverview *kit.Button
	attention    *widget.Label // what needs a look

	list    *checkList
	order   *kit.Choice
	byTime  *kit.Button
	byScore *kit.Button
	header  *fyne.Container
	none    *fyne.Container // what stands in the list's place
	noneSay *widget.Label
	noneAll *kit.Button
	fault   *widget.Label
	count   *widget.Label
	place   *widget.Label
	banner  *fyne.Container
	whose   *widget.Label
	back    *kit.Button // to this desk's own history
	names   *kit.Button // opens or closes the names at the centre
	verify  *kit.Button
	pick    *kit.Button
	export  *kit.Button
	another *kit.Button
	centre  *kit.Button // hidden where no centre is set
	cancel  *kit.Button
	bar     *widget.ProgressBar
	answer  *widget.Label
	answers *fyne.Container
	detail  *detail.View // nil: none is open

	desks     *desksPage
	asksDesks *kit.Job
	showDesks *kit.Button // hidden where the history is one desk's

	side    *fyne.Container
	area    *fyne.Container
	Content fyne.CanvasObject
}

// orders are the sorts to choose from, in the order of their words.
var orders = []history.Sort{history.Newest, history.Oldest, history.Highest, history.Lowest}

// New makes the screen. It asks for nothing before Refresh.
func New(p kit.Parts, desk Desk, hooks Hooks) *Screen {
	s := &Screen{Parts: p, desk: desk, hooks: hooks, now: time.Now, endSample: func() {}}
	s.filter = newFilterBar(p)
	s.filter.OnQuery = s.asked
	s.filter.OnDone = func() { s.Focus(s.list) }
	s.filter.OnFold = func() { s.area.Refresh() } // Fyne does not lay the list out again by itself
	s.makeList()
	s.sampled = newSampleBar(p, s.closeSample)

	s.noneSay = kit.Centred("")
	s.noneAll = p.Keys.Button(p.Words.T("find.clear"), theme.ContentClearIcon(), s.filter.reset)
	s.none = container.New(kit.Middle{}, container.NewVBox(s.noneSay, container.NewCenter(s.noneAll)))
	s.none.Hide()
	s.overview = figures.New(p, func() []app.Condition { return desk.Settings().Conditions })
	s.overview.OnUnit, s.overview.OnNarrow = s.askOverview, s.narrow
	s.showOverview = p.Keys.Button(p.Words.T("overview.title"), theme.GridIcon(), s.ToggleOverview)
	s.attention = kit.Wrapped("")
	s.attention.Hide()
	s.fault = kit.Wrapped("")
	s.fault.Hide()
	s.count = kit.Wrapped("")
	s.count.TextStyle.Bold = true
	s.place = kit.Wrapped("")
	s.place.SizeName = theme.SizeNameCaptionText

	s.order = p.Keys.Choice(func(string) {
		if at := s.order.SelectedIndex(); at >= 0 && orders[at] != s.sort() {
			s.sortBy(orders[at])
		}
	})
	s.order.Options = kit.Labels(orders, func(o history.Sort) string {
		return p.Words.T("sort." + map[history.Sort]string{
			history.Newest: "newest", history.Oldest: "oldest", history.Highest: "highest", history.Lowest: "lowest",
		}[o])
	})
	s.order.PlaceHolder = p.Words.T("sort.highest") // the longest, which gives the width
	s.verify = p.Keys.Button(p.Words.T("history.verify"), theme.ConfirmIcon(), s.StartVerifying)
	s.pick = p.Keys.Button(p.Words.T("sample.button"), theme.ViewRefreshIcon(), s.PickSample)
	s.export = p.Keys.Button(p.Words.T("history.export"), theme.DocumentSaveIcon(), s.exportShown)
	s.another = p.Keys.Button(p.Words.T("history.another"), theme.FolderOpenIcon(), s.OpenAnother)
	s.centre = p.Keys.Button(p.Words.T("history.centre"), theme.StorageIcon(), s.OpenCentre)
	s.centre.Hide()
	s.cancel = p.Keys.Button(p.Words.T("button.cancel"), theme.CancelIcon(), s.stopVerifying)
	s.bar = widget.NewProgressBar()
	s.verifying = kit.NewTask(p.Work, s.bar)
	s.answer = kit.Wrapped("")
	s.answers = container.NewBorder(nil, nil, nil, container.NewVBox(s.cancel), container.NewStack(s.bar, s.answer))
	s.answers.Hide()

	s.whose = kit.Wrapped("")
	s.whose.Importance = widget.WarningImportance
	s.back = p.Keys.Button(p.Words.T("history.close_other"), theme.CancelIcon(), s.closeOther)
	s.showDesks = p.Keys.Button(p.Words.T("desks.title"), theme.ListIcon(), s.OpenDesks)
	s.desks = newDesksPage(p, s.closeDesks)
	s.names = p.Keys.Button(p.Words.T("names.open"), theme.VisibilityIcon(), s.turnNames)
	s.names.Hide()
	s.banner = container.NewStack(draw.NewFrame(draw.ColorRefer), container.NewBorder(
		nil, nil, nil, container.NewCenter(container.NewHBox(s.showDesks, s.names, s.back)), s.whose,
	))
	s.banner.Hide()

	top := container.NewVBox(
		s.banner, s.filter.box, s.sampled.box, s.fault, s.attention,
		container.NewBorder(
			nil, nil, nil, container.NewVBox(container.NewHBox(s.showOverview, s.order, s.pick, s.export)), s.count,
		),
	)
	bottom := container.NewVBox(
		s.answers,
		container.NewBorder(nil, nil, nil, container.NewVBox(container.NewHBox(s.verify, s.another, s.centre)), s.place),
	)
	list := container.NewStack(
		container.NewBorder(s.header, bottom, nil, nil, container.NewStack(s.list, s.list.ring)), s.none,
	)
	s.side = container.NewStack()
	s.side.Hide()
	s.area = container.New(listAndDetail{}, top, list, s.side, s.overview.Box)
	s.Content = container.NewStack(s.area, s.desks.box)
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
	top, list, detail, numbers := objects[0], objects[1], objects[2], objects[3]
	alone := detail.Visible() && size.Width < besideFrom
	for _, o := range []fyne.CanvasObject{top, list} {
		if o.Visible() == alone {
			o.(*fyne.Container).Hidden = alone
		}
	}
	if alone {
		numbers.Resize(fyne.Size{}) // the detail covers it
		detail.Move(fyne.Position{})
		detail.Resize(size)
		return
	}
	top.Resize(fyne.NewSize(size.Width, top.MinSize().Height)) // first: the height of wrapped labels depends on the width
	height := top.MinSize().Height
	top.Resize(fyne.NewSize(size.Width, height))
	top.Move(fyne.Position{})
	height += theme.Padding()
	if numbers.Visible() {
		// It has at most what the list can spare, and shrinks to what it shows.
		high := max(overviewLeast, (size.Height-height)*overviewShare)
		numbers.Move(fyne.NewPos(0, height))
		numbers.Resize(fyne.NewSize(size.Width, high))
		height += high + theme.Padding()
	}
	width := size.Width
	if detail.Visible() {
		width = size.Width*(1-detailShare) - theme.Padding()
		detail.Move(fyne.NewPos(size.Width-size.Width*detailShare, height))
		detail.Resize(fyne.NewSize(size.Width*detailShare, size.Height-height))
	}
	list.Move(fyne.NewPos(0, height))
	list.Resize(fyne.NewSize(width, size.Height-height))
}

func (s *Screen) makeList() {
	s.list = newCheckList(s.Keys)
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
	s.byTime = s.Keys.Button(
		s.Words.T(historyColumns[columnTime].key), nil, func() { s.turn(history.Newest, history.Oldest) },
	)
	s.byScore = s.Keys.Button(
		s.Words.T(historyColumns[columnScore].key), nil, func() { s.turn(history.Highest, history.Lowest) },
	)
	for _, b := range []*kit.Button{s.byTime, s.byScore} {
		b.Importance = widget.LowImportance
		b.IconPlacement = widget.ButtonIconTrailingText
		b.Alignment = widget.ButtonAlignLeading
	}
	s.byScore.Alignment = widget.ButtonAlignTrailing
	for i, c := range historyColumns {
		title := kit.Bold(s.Words.T(c.key))
		title.Truncation = fyne.TextTruncateEllipsis
		cells[i] = title
	}
	cells[columnTime], cells[columnScore] = s.byTime, s.byScore
	s.header = container.NewVBox(container.New(inColumns{}, cells...), widget.NewSeparator())
}

// source is what is shown: a sample, or a history.
func (s *Screen) source() Reader {
	if s.sample != nil {
		return s.sample
	}
	return s.base()
}

// base is the history that is shown, or of which a sample is.
func (s *Screen) base() Reader {
	if s.Other != nil {
		return s.Other
	}
	return s.desk
}

// cell fills one row of the list from those in memory; near the end it sees to it
// that more come.
func (s *Screen) cell(at int, o fyne.CanvasObject) {
	if at < 0 || at >= len(s.rows) {
		return
	}
	if at >= len(s.rows)-historyAhead && !s.complete && s.loading == nil {
		last := s.rows[len(s.rows)-1]
		s.load(&last)
	}
	o.(*checkRow).set(s.rows[at], s.Words, s.rows[at].Check == s.sought, s.mark(s.rows[at].Check))
}

// Refresh is called when the screen comes into sight, and when there is a new
// check.
func (s *Screen) Refresh() {
	kit.SetVisible(s.export, s.desk.May(app.ActionExport))
	kit.SetVisible(s.pick, s.desk.May(app.ActionExport))
	kit.SetVisible(s.centre, s.desk.HasCentre())
	s.ask()
	s.refreshChoices()
	s.showKeyPlace()
}

// Forget drops what another operator looked for and saw.
func (s *Screen) Forget() {
	s.question++ // whatever is on its way is dropped
	s.asking, s.opens = false, false
	for _, j := range []*kit.Job{s.waiting, s.loading, s.counting, s.choosing, s.opening, s.overviewing} {
		j.Stop()
	}
	s.stopVerifying()
	s.endSample() // else it would be recorded in the name of who left
	s.say("", widget.MediumImportance)
	s.closeDetail()
	s.leaveSample()
	s.leaveOther()
	s.openOverview(false)
	s.overview.Set(overview.Overview{}, nil)
	kit.Enable(s.another, true)
	kit.Enable(s.centre, true)
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
func (s *Screen) refreshChoices() {
	source := s.base()
	s.choosing.Stop()
	s.choosing = s.Work.Start(func(ctx context.Context) {
		choices, err := source.Choices(ctx)
		open, failed := source.Count(ctx, undecidedReferrals().filter(s.now()))
		var notices []matcher.Notice
		var unseen error
		if source == Reader(s.desk) { // others look after theirs
			notices, unseen = s.desk.Attention(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		s.Work.Do(func() {
			if source != s.base() {
				return
			}
			s.Log("history choices", errors.Join(err, failed, unseen))
			s.needsLook(notices)
			if err == nil {
				s.filter.offer(choices)
			}
			if failed == nil {
				s.filter.setReferrals(open.Total)
			}
		})
	})
}

// needsLook shows in one line what needs a look; nothing where nothing does.
func (s *Screen) needsLook(notices []matcher.Notice) {
	said := make([]string, len(notices))
	for i, n := range notices {
		said[i] = s.Words.Notice(n)
	}
	was := s.attention.Text
	kit.Say(s.attention, strings.Join(said, " "), widget.WarningImportance)
	if s.attention.Text != was {
		s.area.Refresh()
	}
}

// showKeyPlace says where the key of names lies, and how many records are at the centre, where
// there is one. The keyring may take its time.
func (s *Screen) showKeyPlace() {
	if s.Other != nil {
		kit.Say(s.place, s.Words.T("history.read_only"), widget.MediumImportance)
		return
	}
	s.Work.Start(func(ctx context.Context) {
		key := "history.key_keyring"
		if s.desk.KeyPlace() == history.KeyInFile {
			key = "history.key_file"
		}
		text, importance := s.Words.T(key), widget.MediumImportance
		if err := s.desk.KeyProblem(ctx); err != nil {
			text, importance = s.Words.ProblemText(err), widget.WarningImportance
		}
		centre, err := s.desk.CentreStatus(ctx)
		if ctx.Err() == nil {
			s.Log("centre status", err)
		}
		if centre.Chosen {
			words, wrong := app.CentreWords(centre)
			text += " " + s.Words.Notice(words)
			if wrong {
				importance = widget.WarningImportance
			}
		}
		s.Work.Do(func() {
			if s.Other == nil {
				kit.Say(s.place, text, importance)
			}
		})
	})
}

// asked asks for what the filter bar holds now. While somebody types it waits for a pause.
func (s *Screen) asked(typed bool) {
	s.waiting.Stop()
	s.question++ // what is on its way answers something else
	s.asking, s.opens = true, false
	if !typed {
		s.ask()
		return
	}
	question := s.question
	s.waiting = s.Work.Start(func(ctx context.Context) {
		if kit.Pause(ctx, typingPause) {
			s.Work.Do(func() {
				if question == s.question {
					s.ask()
				}
			})
		}
	})
}

func (s *Screen) sort() history.Sort {
	if s.filter.query.sort == "" {
		return history.Newest
	}
	return s.filter.query.sort
}

func (s *Screen) sortBy(order history.Sort) {
	s.filter.query.sort = order
	s.showSort()
	s.ask()
}

// turn sorts by a column, and a second time the other way round.
func (s *Screen) turn(first, second history.Sort) {
	if s.sort() == first {
		first = second
	}
	s.sortBy(first)
}

// showSort shows the order in the header as well as in the choice.
func (s *Screen) showSort() {
	for i, o := range orders {
		if o == s.sort() {
			s.order.SetSelectedIndex(i)
		}
	}
	s.byTime.SetIcon(nil)
	s.byScore.SetIcon(nil)
	if s.sample != nil { // it has an order of its own
		return
	}
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
func (s *Screen) ask() {
	s.waiting.Stop()
	s.question++
	s.asking = true
	s.filtered = s.filter.query.filter(s.now())
	s.loading.Stop()
	s.load(nil)
	s.recount()
	s.askOverview()
}

// recount counts what the filter chooses.
func (s *Screen) recount() {
	question, source, filter := s.question, s.source(), s.filtered
	s.counting.Stop()
	s.counting = s.Work.Start(func(ctx context.Context) {
		counts, err := source.Count(ctx, filter)
		if ctx.Err() != nil {
			return
		}
		s.Work.Do(func() {
			if question == s.question {
				s.Log("history count", err)
				s.showCounts(counts, err)
			}
		})
	})
}

func (s *Screen) showCounts(c history.Counts, err error) {
	if err != nil { // the list shows what is wrong
		s.counted = history.Counts{}
		s.count.SetText("")
	} else {
		s.counted = c
		s.count.SetText(kit.CountsText(s.Words, c))
	}
	kit.Enable(s.export, s.counted.Total > 0)
	s.showNames() // a search may have read more
}

// load asks for the page after a check (nil: for the first).
func (s *Screen) load(after *history.Row) {
	question, source, filter := s.question, s.source(), s.filtered
	filter.After, filter.Limit = after, historyPage
	s.loading = s.Work.Start(func(ctx context.Context) {
		rows, err := source.List(ctx, filter)
		var all history.Counts
		if err == nil && after == nil && len(rows) == 0 {
			all, err = source.Count(ctx, history.Filter{})
		}
		if ctx.Err() != nil {
			return
		}
		s.Work.Do(func() {
			if question == s.question {
				s.inAll = all.Total
				s.loaded(after == nil, rows, err)
			}
		})
	})
}

func (s *Screen) loaded(first bool, rows []history.Row, err error) {
	s.loading = nil
	if first {
		s.asking = false
	}
	if err != nil {
		s.Log("history", err)
		s.complete = true // until the next question: not the same fault for each row
		kit.Say(s.fault, s.Words.ProblemText(err), widget.DangerImportance)
		return
	}
	kit.Say(s.fault, "", widget.MediumImportance)
	s.complete = len(rows) < historyPage
	if first {
		s.rows = nil
	}
	s.rows = append(s.rows, rows...)
	s.showNames()
	s.showRows(first)
}

func (s *Screen) showRows(first bool) {
	if len(s.rows) == 0 {
		text := s.Words.T("history.empty")
		s.noneAll.Hide()
		if s.inAll > 0 && !s.filter.empty() {
			text = s.Words.T("history.none", "Count", s.inAll, "Number", app.FormatNumber(int(s.inAll)))
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
		if s.Focused() == nil {
			s.Focus(s.list)
		}
		if s.opens {
			s.open(s.rows[s.list.at].Check)
		}
		s.opens = false
	}
	s.list.Refresh()
}

// rowOf is where a check stands in the list; -1: it does not.
func (s *Screen) rowOf(check string) int {
	return slices.IndexFunc(s.rows, func(r history.Row) bool { return r.Check == check })
}

// open shows everything about a check.
func (s *Screen) open(check string) {
	s.sought = check
	if at := s.rowOf(check); at >= 0 && at != s.list.at {
		s.list.move(at) // an attempt of the same session
	}
	s.list.Refresh()
	follows := s.detail != nil // keys held down pass many checks, whose details are not loaded
	source, own := s.source(), s.Other == nil
	s.detailing.Stop()
	s.detailing = s.Work.Start(func(ctx context.Context) {
		if follows && !kit.Pause(ctx, followPause) {
			return
		}
		of, err := source.Show(ctx, check)
		if own {
			s.whyHeld(ctx, &of)
		}
		shown := detail.Shown{
			Detail: of, DocumentPicture: draw.DecodeJPEG(of.Document), FramePicture: draw.DecodeJPEG(of.Frame),
		}
		if ctx.Err() != nil {
			return
		}
		s.Work.Do(func() {
			if s.sought == check && source == s.source() {
				s.detailed(shown, err)
			}
		})
	})
}

func (s *Screen) detailed(of detail.Shown, err error) {
	if err != nil {
		s.Log("history detail", err)
		s.closeDetail()
		kit.Say(s.fault, s.Words.ProblemText(err), widget.DangerImportance)
		return
	}
	of.Sample = s.inSample(of.Row)
	hooks := detail.Hooks{Close: s.closeDetail, Open: s.open, Copy: s.hooks.Copy}
	if s.desk.May(app.ActionExport) {
		hooks.Export = s.exportOne
	}
	if s.Other == nil && s.desk.May(app.ActionDecide) { // another desk's history is only read
		hooks.Decide = func(row history.Row) { s.hooks.Decide(row, func() { s.decided(row.Check) }) }
	}
	if s.Other == nil && s.desk.May(app.ActionCheck) {
		hooks.Inspect = func(row history.Row) { s.hooks.Inspect(row, func() { s.decided(row.Check) }) }
	}
	if s.Other == nil && s.desk.May(app.ActionErase) {
		hooks.Hold = s.hold
	}
	if s.Other == nil && s.desk.May(app.ActionExport) {
		hooks.Person = s.person
	}
	if at := s.rowOf(of.Check); at >= 0 {
		s.rows[at] = of.Row
	}
	inside := s.detail != nil && s.Focused() != fyne.Focusable(s.list) && s.Focused() != nil
	opened := s.detail == nil
	s.detail = detail.New(s.Parts, of, hooks)
	s.side.Objects = []fyne.CanvasObject{s.detail}
	s.side.Show()
	s.area.Refresh()
	if inside || opened && s.covered() {
		s.Focus(s.detail.Reader) // what had the keys is gone
	}
	s.list.Refresh()
}

// decided is called when a person has decided a check.
func (s *Screen) decided(check string) {
	if s.sought == check {
		s.open(check)
	}
	s.recount()
	s.refreshChoices()
	s.askOverview()
}

func (s *Screen) closeDetail() {
	s.detailing.Stop()
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
		s.Focus(s.list)
	}
}

// Escape ends what runs, or closes what is open.
func (s *Screen) Escape() {
	s.opens = false
	switch {
	case s.desks.box.Visible():
		s.closeDesks()
	case s.verifying.Busy():
		s.stopVerifying()
	case s.sought != "":
		s.closeDetail()
	case len(s.rows) > 0:
		s.Focus(s.list)
	}
}

// Search brings the keys to the name that is looked for.
func (s *Screen) Search() {
	s.closeHidden()
	s.Focus(s.filter.name)
}

// closeHidden closes a detail, and a sample, that stand in the place of what is wanted.
func (s *Screen) closeHidden() {
	s.closeSample()
	if s.covered() {
		s.closeDetail()
	}
}

// covered says that a detail stands in the place of filters and list.
func (s *Screen) covered() bool { return s.detail != nil && !s.area.Objects[1].Visible() }

// ClearFilters takes all filters away.
func (s *Screen) ClearFilters() {
	s.closeSample()
	s.filter.reset()
}

// OpenReferrals shows the referrals that wait for a decision.
func (s *Screen) OpenReferrals() {
	s.closeHidden()
	s.filter.openReferrals()
}

// ToggleFold opens or closes the filters that are used less.
func (s *Screen) ToggleFold() {
	s.closeHidden()
	s.filter.open(s.filter.fold.Hidden)
	if !s.filter.fold.Hidden {
		s.Focus(s.filter.outcomes[history.Pass])
	}
}

// exportShown asks how to write a file with all that is shown.
func (s *Screen) exportShown() {
	if s.counted.Total > 0 {
		s.hooks.Export(s.exported(""))
	}
}

// exportOne asks how to write a file with one check, or all that are shown.
func (s *Screen) exportOne(row history.Row) {
	s.hooks.Export(s.exported(row.Check))
}

// ExportAny is the export the keyboard asks for: of the check that is open or,
// where none is, of all that are shown.
func (s *Screen) ExportAny() {
	if s.detail != nil {
		s.exportOne(s.detail.Of.Row)
	} else {
		s.exportShown()
	}
}

// Decide asks for the decision about the check that is open.
func (s *Screen) Decide() {
	if s.detail != nil && s.detail.Decide != nil && !s.detail.Decide.Disabled() {
		s.detail.Hooks.Decide(s.detail.Of.Row)
	}
}

package records

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
)

// filterBar holds the query, which chooses the checks that are shown: the conditions used
// most in one line, the others in a fold, and all that are in force as chips to
// take away. The query stands here alone; the fields follow it.
type filterBar struct {
	kit.Parts
	OnQuery func(typed bool) // the query has changed; typed: more keys may follow
	OnDone  func()           // Return, in a field
	OnFold  func()           // the fold was opened or closed, or the chips: the bar has another height

	query   query
	choices history.Choices
	setting bool // the fields are being set from the query: not a change by the clerk

	name      *kit.Entry
	period    *kit.Choice
	outcome   *kit.Choice
	referrals *kit.Button
	more      *kit.Button
	fold      *fyne.Container

	outcomes  map[history.Outcome]*kit.Check
	decisions map[history.DecisionState]*kit.Check
	modes     map[history.Mode]*kit.Check
	inspected map[history.InspectionState]*kit.Check
	operator  *kit.Choice
	desks     *kit.Choice
	branches  *kit.Choice // hidden where the history has no branches: only the centre has
	code      *kit.Choice
	from, to  *kit.Entry
	least     *kit.Entry
	most      *kit.Entry
	reference *kit.Entry
	number    *kit.Entry
	id        *kit.Entry

	faults map[*kit.Entry]string // what is wrong with what stands in a field
	fault  *widget.Label
	chips  *fyne.Container
	box    *fyne.Container
	high   float32 // of the box, when the chips were shown last
}

// filterOutcomes are the outcomes to choose from: all a check can end with.
var filterOutcomes = countedOutcomes[:len(countedOutcomes)-1]

var filterDecisions = []history.DecisionState{history.Undecided, history.Approved, history.Rejected, history.Identified}

var filterModes = []history.Mode{history.Offline, history.Remote}

// outcomeGroups are what the line offers at once; the fold has each by itself.
var outcomeGroups = []struct {
	key      string
	outcomes []history.Outcome
}{
	{"find.outcome.any", nil},
	{"find.outcome.pass", []history.Outcome{history.Pass}},
	{"find.outcome.refer", []history.Outcome{history.Refer}},
	{"find.outcome.fail", []history.Outcome{history.Fail}},
	{"find.outcome.refer_fail", []history.Outcome{history.Refer, history.Fail}},
	{"find.outcome.no_result", filterOutcomes[3:]},
}

func newFilterBar(p kit.Parts) *filterBar {
	b := &filterBar{Parts: p, faults: map[*kit.Entry]string{}}
	t := func(key string) string { return p.Words.T(key) }

	b.name = p.Keys.Entry(func(text string) {
		b.typed(func(w *query) { w.name = strings.Join(strings.Fields(text), " ") })
	})
	b.name.OnSubmitted = func(string) { b.OnDone() }
	b.name.SetPlaceHolder(t("find.name"))
	b.name.ActionItem = widget.NewIcon(theme.SearchIcon())
	b.period = p.Keys.Choice(func(string) {
		if at := b.period.SelectedIndex(); at >= 0 {
			b.change(func(w *query) {
				if w.period = periods[at]; w.period != ownDays {
					w.from, w.to = time.Time{}, time.Time{}
				}
			})
			if periods[at] == ownDays && !b.setting {
				b.open(true)
				b.Focus(b.from)
			}
		}
	})
	b.period.Options = kit.Labels(periods, func(p period) string { return t("find.period." + string(p)) })
	b.outcome = p.Keys.Choice(func(string) {
		if at := b.outcome.SelectedIndex(); at >= 0 && at < len(outcomeGroups) {
			b.change(func(w *query) { w.outcomes = outcomeGroups[at].outcomes })
		}
	})
	b.outcome.PlaceHolder = t("find.outcome.no_result") // the longest, which gives the width
	b.referrals = p.Keys.Button(t("find.referrals"), theme.QuestionIcon(), b.openReferrals)
	b.more = p.Keys.Button(t("find.more"), theme.MenuDropDownIcon(), func() { b.open(b.fold.Hidden) })
	b.makeFold()

	b.fault = kit.Wrapped("")
	b.fault.Hide()
	b.chips = container.New(layout.NewRowWrapLayout())
	b.box = container.NewVBox(
		container.NewBorder(nil, nil, nil, container.NewHBox(b.period, b.outcome, b.referrals, b.more), b.name),
		b.fold, b.fault, b.chips,
	)
	b.show()
	return b
}

// makeFold makes the conditions that are used less.
func (b *filterBar) makeFold() {
	t := b.Words.T
	ticks := container.New(layout.NewRowWrapLayout())
	b.outcomes = map[history.Outcome]*kit.Check{}
	for _, o := range filterOutcomes {
		b.outcomes[o] = b.Keys.Check(kit.Capital(kit.OutcomeWord(b.Words, o)), func(on bool) {
			b.change(func(w *query) { w.outcomes = toggled(w.outcomes, filterOutcomes, o, on) })
		})
		ticks.Add(b.outcomes[o])
	}
	decided := container.New(layout.NewRowWrapLayout())
	b.decisions = map[history.DecisionState]*kit.Check{}
	for _, d := range filterDecisions {
		b.decisions[d] = b.Keys.Check(kit.Capital(kit.DecisionWord(b.Words, d)), func(on bool) {
			b.change(func(w *query) { w.decisions = toggled(w.decisions, filterDecisions, d, on) })
		})
		decided.Add(b.decisions[d])
	}
	inspected := container.New(layout.NewRowWrapLayout())
	b.inspected = map[history.InspectionState]*kit.Check{}
	for _, i := range history.InspectionStates {
		b.inspected[i] = b.Keys.Check(t("inspected.state."+string(i)), func(on bool) {
			b.change(func(w *query) { w.inspected = toggled(w.inspected, history.InspectionStates, i, on) })
		})
		inspected.Add(b.inspected[i])
	}
	by := container.NewHBox()
	b.modes = map[history.Mode]*kit.Check{}
	for _, m := range filterModes {
		b.modes[m] = b.Keys.Check(t("mode.name."+string(m)), func(on bool) {
			b.change(func(w *query) { w.modes = toggled(w.modes, filterModes, m, on) })
		})
		by.Add(b.modes[m])
	}
	b.operator = b.several(
		func(w *query) *[]string { return &w.operators }, func() []string { return b.choices.Operators },
	)
	b.desks = b.several(func(w *query) *[]string { return &w.desks }, func() []string { return b.choices.Desks })
	b.branches = b.several(func(w *query) *[]string { return &w.branches }, func() []string { return b.choices.Branches })
	b.branches.Hide()
	b.code = b.Keys.Choice(func(string) {
		if at := b.code.SelectedIndex(); at >= 0 && at < len(b.choices.Codes) {
			b.change(func(w *query) { w.codes = toggled(w.codes, b.choices.Codes, b.choices.Codes[at], true) })
		}
	})

	b.from = b.day(func(w *query, day time.Time) { w.from = day })
	b.from.SetPlaceHolder(t("find.from_day"))
	b.to = b.day(func(w *query, day time.Time) { w.to = day })
	b.to.SetPlaceHolder(t("find.to_day"))
	b.least = b.score(func(w *query, score *int64) { w.least = score })
	b.least.SetPlaceHolder(t("find.least"))
	b.most = b.score(func(w *query, score *int64) { w.most = score })
	b.most.SetPlaceHolder(t("find.most"))
	b.id = b.checked(func(text string, w *query) string {
		text = strings.Join(strings.Fields(text), "")
		if w.id = ""; text != "" && len(text) < idLeast {
			return t("find.id_short", "Least", idLeast)
		}
		w.id = text
		return ""
	})
	b.id.SetPlaceHolder(t("find.id"))
	b.reference = b.checked(func(text string, w *query) string {
		w.reference = text
		return ""
	})
	b.reference.SetPlaceHolder(t("find.reference", "Least", history.LeastReference))
	b.number = b.checked(func(text string, w *query) string {
		w.number = text
		return ""
	})
	b.number.SetPlaceHolder(t("find.number"))

	label := func(key string) fyne.CanvasObject { return widget.NewLabel(t(key)) }
	b.fold = container.NewVBox(
		container.NewBorder(nil, nil, label("find.outcome"), nil, ticks),
		container.NewBorder(nil, nil, label("find.decision"), container.NewHBox(label("find.mode"), by), decided),
		container.NewBorder(nil, nil, label("find.inspection"), nil, inspected),
		container.NewGridWithRows(1, b.operator, b.desks, b.branches, b.code, b.reference, b.number),
		container.NewGridWithColumns(5, b.from, b.to, b.least, b.most, b.id),
		widget.NewSeparator(),
	)
	b.fold.Hide()
}

// several is a choice that adds to a list of values; the chips take from it.
func (b *filterBar) several(list func(*query) *[]string, all func() []string) *kit.Choice {
	var c *kit.Choice
	c = b.Keys.Choice(func(string) {
		if at := c.SelectedIndex(); at >= 0 && at < len(all()) {
			b.change(func(w *query) { *list(w) = toggled(*list(w), all(), all()[at], true) })
		}
	})
	return c
}

// checked is a field whose text may be wrong: read gives the fault in words, and
// then leaves its condition out.
func (b *filterBar) checked(read func(text string, w *query) string) *kit.Entry {
	var e *kit.Entry
	e = b.Keys.Entry(func(text string) {
		b.typed(func(w *query) { b.faults[e] = read(strings.TrimSpace(text), w) })
	})
	e.OnSubmitted = func(string) { b.OnDone() }
	return e
}

func (b *filterBar) day(set func(w *query, day time.Time)) *kit.Entry {
	return b.checked(func(text string, w *query) string {
		day, ok := history.ParseDay(text)
		set(w, day)
		if !w.from.IsZero() || !w.to.IsZero() {
			w.period = ownDays
		}
		if text != "" && !ok {
			return b.Words.T("find.no_day", "Text", text)
		}
		return ""
	})
}

func (b *filterBar) score(set func(w *query, score *int64)) *kit.Entry {
	return b.checked(func(text string, w *query) string {
		score, ok := history.ParseScore(text)
		if set(w, nil); ok {
			set(w, &score)
		}
		if text != "" && !ok {
			return b.Words.T("find.no_score", "Text", text)
		}
		return ""
	})
}

// typed takes a change by the keyboard, change one by a single press.
func (b *filterBar) typed(change func(*query)) { b.take(change, true) }

func (b *filterBar) change(change func(*query)) { b.take(change, false) }

func (b *filterBar) take(change func(*query), typed bool) {
	if b.setting {
		return
	}
	change(&b.query)
	b.show()
	b.OnQuery(typed)
}

// set asks for something else, whatever the fields say.
func (b *filterBar) set(w query) {
	b.put(w)
	b.OnQuery(false)
}

// put shows a query without asking for its checks.
func (b *filterBar) put(w query) {
	b.query = w
	clear(b.faults)
	b.setting = true
	b.name.SetText(w.name)
	b.id.SetText(w.id)
	b.reference.SetText(w.reference)
	b.number.SetText(w.number)
	b.from.SetText(dayText(w.from))
	b.to.SetText(dayText(w.to))
	b.least.SetText(scoreText(w.least))
	b.most.SetText(scoreText(w.most))
	b.setting = false
	b.show()
}

func dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(dayForm)
}

func scoreText(score *int64) string {
	if score == nil {
		return ""
	}
	return app.FormatScore(*score)
}

func (b *filterBar) openReferrals() {
	w := undecidedReferrals()
	w.sort = b.query.sort
	b.set(w)
}

// reset takes all conditions away.
func (b *filterBar) reset() { b.set(query{sort: b.query.sort}) }

// empty says that all checks are asked for.
func (b *filterBar) empty() bool { return len(chipsOf(b.Words, b.query)) == 0 }

// offer takes the values a history holds.
func (b *filterBar) offer(c history.Choices) {
	b.choices = c
	b.show()
}

// setReferrals says how many referrals wait for a decision.
func (b *filterBar) setReferrals(open int64) {
	text := b.Words.T("find.referrals")
	if open > 0 {
		text = b.Words.T("find.referrals_count", "Number", app.FormatNumber(int(open)))
	}
	if b.referrals.Text != text {
		b.referrals.SetText(text)
		b.box.Refresh() // it may be wider now
	}
}

// open shows the fold, or hides it.
func (b *filterBar) open(on bool) {
	if on == !b.fold.Hidden {
		return
	}
	icon, text := theme.MenuDropDownIcon(), "find.more"
	if on {
		b.fold.Show()
		icon, text = theme.MenuDropUpIcon(), "find.less"
	} else {
		b.fold.Hide()
	}
	b.more.SetText(b.Words.T(text))
	b.more.SetIcon(icon)
	b.box.Refresh()
	b.OnFold()
}

// show brings everything but the text fields, which people type in, in line with
// the query.
func (b *filterBar) show() {
	b.setting = true
	defer func() { b.setting = false }()
	t := b.Words.T

	at := slices.Index(periods, b.query.period)
	if b.query.period == exactly {
		at = slices.Index(periods, ownDays)
	}
	b.period.SetSelectedIndex(max(at, 0))
	b.showOutcome()
	for o, c := range b.outcomes {
		c.SetChecked(slices.Contains(b.query.outcomes, o))
	}
	for d, c := range b.decisions {
		c.SetChecked(slices.Contains(b.query.decisions, d))
	}
	for i, c := range b.inspected {
		c.SetChecked(slices.Contains(b.query.inspected, i))
	}
	for m, c := range b.modes {
		c.SetChecked(slices.Contains(b.query.modes, m))
	}
	offer := func(c *kit.Choice, options []string, chosen int, none, some string) {
		c.PlaceHolder = t(none)
		if chosen > 0 {
			c.PlaceHolder = t(some, "Count", chosen)
		}
		c.SetOptions(options)
		c.ClearSelected()
		kit.Enable(c, len(options) > 0)
	}
	offer(b.operator, b.choices.Operators, len(b.query.operators), "find.operator", "find.operators")
	offer(b.desks, b.choices.Desks, len(b.query.desks), "find.desk", "find.desks")
	offer(b.branches, b.choices.Branches, len(b.query.branches), "find.branch", "find.branches")
	kit.SetVisible(b.branches, len(b.choices.Branches) > 0)
	offer(
		b.code, kit.Labels(b.choices.Codes, func(code int) string { return codeText(b.Words, code) }), len(b.query.codes),
		"find.code", "find.codes",
	)

	b.showFaults()
	b.showChips()
}

// showFaults says what is wrong with what was typed, and what can never be met.
func (b *filterBar) showFaults() {
	var faults []string
	for _, e := range []*kit.Entry{b.from, b.to, b.least, b.most, b.id} {
		if f := b.faults[e]; f != "" && !slices.Contains(faults, f) {
			faults = append(faults, f)
		}
	}
	w := b.query
	if !w.from.IsZero() && !w.to.IsZero() && w.to.Before(w.from) {
		faults = append(faults, b.Words.T("find.days_reversed"))
	}
	if w.least != nil && w.most != nil && *w.most < *w.least {
		faults = append(faults, b.Words.T("find.scores_reversed"))
	}
	kit.Say(b.fault, strings.Join(faults, " "), widget.WarningImportance)
}

// showOutcome shows the chosen outcomes as a group, or as several.
func (b *filterBar) showOutcome() {
	options := make([]string, 0, len(outcomeGroups)+1)
	at := -1
	for i, g := range outcomeGroups {
		options = append(options, b.Words.T(g.key))
		if slices.Equal(g.outcomes, b.query.outcomes) {
			at = i
		}
	}
	if at < 0 {
		options = append(options, b.Words.T("find.outcome.several"))
		at = len(options) - 1
	}
	b.outcome.Options = options
	b.outcome.SetSelectedIndex(at)
}

func (b *filterBar) showChips() {
	b.chips.RemoveAll()
	chips := chipsOf(b.Words, b.query)
	for _, c := range chips {
		remove := b.Keys.Button(c.text, theme.CancelIcon(), func() {
			b.set(c.without)
			b.Focus(b.name) // the chip that had the keys is gone
		})
		remove.IconPlacement = widget.ButtonIconTrailingText
		b.chips.Add(remove)
	}
	if len(chips) > 0 {
		all := b.Keys.Button(b.Words.T("find.clear"), theme.ContentClearIcon(), func() {
			b.reset()
			b.Focus(b.name)
		})
		all.Importance = widget.LowImportance
		b.chips.Add(all)
		b.chips.Show()
	} else {
		b.chips.Hide()
	}
	b.box.Refresh()
	if high := b.box.MinSize().Height; high != b.high {
		b.high = high
		if b.OnFold != nil { // nil while the bar is made
			b.OnFold()
		}
	}
}

// codeText is an answer's code in words.
func codeText(w kit.Words, code int) string {
	key := "find.code." + strconv.Itoa(code)
	if w.Has(key) {
		return w.T(key)
	}
	return w.T("find.code.other", "Code", code)
}

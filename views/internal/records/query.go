package records

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
)

// period is a stretch of time to choose from.
type period string

// The periods, as the calendar of this computer has them.
const (
	anyTime   period = "all"
	today     period = "today"
	yesterday period = "yesterday"
	week      period = "week" // today and the six days before
	thisMonth period = "month"
	lastMonth period = "last_month"
	ownDays   period = "own"
	exactly   period = "exact" // a stretch of the overview, whose days are not this computer's; not offered
)

var periods = []period{anyTime, today, yesterday, week, thisMonth, lastMonth, ownDays}

// query chooses checks, and their order, in the terms of the screen:
// "today" stays today at midnight. The zero value asks for all, newest first.
type query struct {
	period   period    // empty: anyTime
	from, to time.Time // the days of ownDays, both included, local midnight; zero: open

	since, until time.Time // the moments of exactly, until not included

	outcomes  []history.Outcome
	decisions []history.DecisionState
	modes     []history.Mode
	inspected []history.InspectionState
	operators []string
	desks     []string
	branches  []string
	codes     []int

	least, most *int64 // score, hundredths
	name        string
	reference   string // the customer's own, or its beginning
	number      string // of the document
	id          string // of a check, a session or a call, or its beginning
	sort        history.Sort
}

// undecidedReferrals is what a reviewer looks at first in the morning.
func undecidedReferrals() query { return query{decisions: []history.DecisionState{history.Undecided}} }

// filter translates the query into the history's terms, at this time.
func (w query) filter(now time.Time) history.Filter {
	f := history.Filter{
		Outcomes: w.outcomes, Decisions: w.decisions, Modes: w.modes, Operators: w.operators, Desks: w.desks, Codes: w.codes,
		Inspections: w.inspected, Branches: w.branches,
		LeastScore: w.least, MostScore: w.most, Words: w.name, Reference: w.reference, Number: w.number, Sort: w.sort,
	}
	f.From, f.To = w.days(now)
	switch id := w.id; {
	case strings.HasPrefix(id, "chk_"):
		f.Check = id
	case strings.HasPrefix(id, "sess_"):
		f.Session = id
	default:
		f.Request = id
	}
	return f
}

// days are the query's first moment, and the first one after it; zero: open.
func (w query) days(now time.Time) (from, to time.Time) {
	day := midnight(now)
	month := day.AddDate(0, 0, 1-day.Day())
	switch w.period {
	case today:
		return day, day.AddDate(0, 0, 1)
	case yesterday:
		return day.AddDate(0, 0, -1), day
	case week:
		return day.AddDate(0, 0, -6), day.AddDate(0, 0, 1)
	case thisMonth:
		return month, month.AddDate(0, 1, 0)
	case lastMonth:
		return month.AddDate(0, -1, 0), month
	case ownDays:
		if to = w.to; !to.IsZero() {
			to = to.AddDate(0, 0, 1)
		}
		return w.from, to
	case exactly:
		return w.since, w.until
	}
	return time.Time{}, time.Time{}
}

// within asks for a stretch of whole days in UTC: as days where this computer's begin at
// the same time.
func (w *query) within(since, until time.Time) {
	w.from, w.to, w.since, w.until = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	if first, end := midnight(since), midnight(until); first.Equal(since) && end.Equal(until) {
		w.period, w.from, w.to = ownDays, first, end.AddDate(0, 0, -1)
		return
	}
	w.period, w.since, w.until = exactly, since, until
}

// midnight is how the day of t began here.
func midnight(t time.Time) time.Time {
	year, month, day := t.Local().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.Local)
}

// dayForm is how a day is shown.
const dayForm = "2 Jan 2006"

// idLeast is how many characters of an id are needed, as history.Filter says.
const idLeast = history.LeastID

// chip is one condition of a query in words, and the query without it.
type chip struct {
	text    string
	without query
}

// chipsOf are the conditions of a query, in the order they stand on the screen.
func chipsOf(w kit.Words, asked query) []chip {
	var all []chip
	add := func(text string, change func(*query)) {
		without := asked
		change(&without)
		all = append(all, chip{text: kit.Capital(text), without: without})
	}
	if asked.name != "" {
		add(w.T("find.chip_name", "Name", asked.name), func(w *query) { w.name = "" })
	}
	if p := asked.period; p != "" && p != anyTime {
		text := w.T("find.period." + string(p))
		switch p {
		case ownDays:
			text = ownDaysText(w, asked.from, asked.to)
		case exactly:
			text = w.T("find.utc", "Days", ownDaysText(w, asked.since.UTC(), asked.until.UTC().AddDate(0, 0, -1)))
		}
		if text != "" {
			add(text, func(w *query) { w.period, w.from, w.to = "", time.Time{}, time.Time{} })
		}
	}
	if len(asked.outcomes) > 0 {
		add(
			joinOr(w, kit.Labels(asked.outcomes, func(o history.Outcome) string { return kit.OutcomeWord(w, o) })),
			func(w *query) {
				w.outcomes = nil
			},
		)
	}
	if len(asked.decisions) > 0 {
		add(
			joinOr(w, kit.Labels(asked.decisions, func(d history.DecisionState) string { return decisionChip(w, d) })),
			func(w *query) { w.decisions = nil },
		)
	}
	if len(asked.inspected) > 0 {
		add(
			joinOr(w, kit.Labels(asked.inspected,
				func(i history.InspectionState) string { return w.T("find.inspection." + string(i)) })),
			func(w *query) { w.inspected = nil },
		)
	}
	if len(asked.modes) > 0 {
		add(
			joinOr(w, kit.Labels(asked.modes, func(m history.Mode) string { return w.T("mode.name." + string(m)) })),
			func(w *query) { w.modes = nil },
		)
	}
	if len(asked.operators) > 0 {
		add(w.T("find.chip_operator", "Operator", joinOr(w, asked.operators)), func(w *query) { w.operators = nil })
	}
	if len(asked.desks) > 0 {
		add(w.T("find.chip_desk", "Desk", joinOr(w, asked.desks)), func(w *query) { w.desks = nil })
	}
	if len(asked.branches) > 0 {
		add(w.T("find.chip_branch", "Branch", joinOr(w, asked.branches)), func(w *query) { w.branches = nil })
	}
	if len(asked.codes) > 0 {
		add(w.T("find.chip_code", "Code", joinOr(w, kit.Labels(asked.codes, strconv.Itoa))), func(w *query) { w.codes = nil })
	}
	if text := scoresText(w, asked.least, asked.most); text != "" {
		add(text, func(w *query) { w.least, w.most = nil, nil })
	}
	if asked.reference != "" {
		add(w.T("find.chip_reference", "Reference", asked.reference), func(w *query) { w.reference = "" })
	}
	if asked.number != "" {
		add(w.T("find.chip_number", "Number", asked.number), func(w *query) { w.number = "" })
	}
	if asked.id != "" {
		add(w.T("find.chip_id", "ID", asked.id), func(w *query) { w.id = "" })
	}
	return all
}

func ownDaysText(w kit.Words, from, to time.Time) string {
	switch {
	case from.IsZero() && to.IsZero():
		return ""
	case from.IsZero():
		return w.T("find.until", "Day", to.Format(dayForm))
	case to.IsZero():
		return w.T("find.from", "Day", from.Format(dayForm))
	case from.Equal(to):
		return from.Format(dayForm)
	}
	return w.T("find.between", "From", from.Format(dayForm), "To", to.Format(dayForm))
}

func scoresText(w kit.Words, least, most *int64) string {
	switch {
	case least == nil && most == nil:
		return ""
	case least == nil:
		return w.T("find.score_most", "Most", app.FormatScore(*most))
	case most == nil:
		return w.T("find.score_least", "Least", app.FormatScore(*least))
	}
	return w.T("find.score_between", "Least", app.FormatScore(*least), "Most", app.FormatScore(*most))
}

func decisionChip(w kit.Words, d history.DecisionState) string {
	return w.T("find.decision." + string(d))
}

// joinOr joins words as people do: a, b or c.
func joinOr(w kit.Words, list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return w.T("find.or", "Before", strings.Join(list[:last], ", "), "Last", list[last])
}

// countedOutcomes is the order in which counts are listed, which is also the order
// in which outcomes can be chosen.
var countedOutcomes = history.Outcomes

// toggled is a list with a value in it or not, in the order of all.
func toggled[T comparable](list, all []T, value T, on bool) []T {
	var next []T
	for _, v := range all {
		if v == value && on || v != value && slices.Contains(list, v) {
			next = append(next, v)
		}
	}
	return next
}

package cli

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
)

// filterFlags select checks of the history, as they were typed.
type filterFlags struct {
	from, to, last                string
	outcomes, decisions, modes    []string
	inspections                   []string
	operators, desks, branches    []string
	codes                         []int
	scoreFrom, scoreTo            string
	name, session, check, request string
	reference, number             string
	sort                          string
}

// filterFlags adds the flags that select checks.
func (c *commands) filterFlags(cmd *cobra.Command) *filterFlags {
	f := &filterFlags{}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.from, "from", "", c.Words.T("cli.filter.from"))
	flags.StringVar(&f.to, "to", "", c.Words.T("cli.filter.to"))
	flags.StringVar(&f.last, "last", "", c.Words.T("cli.filter.last"))
	flags.StringSliceVar(&f.outcomes, "outcome", nil, c.Words.T("cli.filter.outcome", "Known", known(history.Outcomes)))
	flags.StringSliceVar(
		&f.decisions, "decision", nil, c.Words.T("cli.filter.decision", "Known", known(history.DecisionStates)),
	)
	flags.StringSliceVar(
		&f.inspections, "inspection", nil, c.Words.T("cli.filter.inspection", "Known", known(history.InspectionStates)),
	)
	flags.StringSliceVar(&f.modes, "mode", nil, c.Words.T("cli.filter.mode", "Known", known(history.Modes)))
	// Names may hold commas, so these flags are repeated, once for each name.
	flags.StringArrayVar(&f.operators, "operator-name", nil, c.Words.T("cli.filter.operator"))
	flags.StringArrayVar(&f.desks, "desk", nil, c.Words.T("cli.filter.desk"))
	flags.StringArrayVar(&f.branches, "branch", nil, c.Words.T("cli.filter.branch"))
	flags.IntSliceVar(&f.codes, "code", nil, c.Words.T("cli.filter.code"))
	flags.StringVar(&f.scoreFrom, "score-from", "", c.Words.T("cli.filter.score_from"))
	flags.StringVar(&f.scoreTo, "score-to", "", c.Words.T("cli.filter.score_to"))
	flags.StringVar(&f.name, "name", "", c.Words.T("cli.filter.name"))
	flags.StringVar(&f.reference, "reference", "", c.Words.T("cli.filter.reference", "Least", history.LeastReference))
	flags.StringVar(&f.number, "document-number", "", c.Words.T("cli.filter.number"))
	flags.StringVar(&f.session, "session", "", c.Words.T("cli.filter.session"))
	flags.StringVar(&f.check, "check", "", c.Words.T("cli.filter.check"))
	flags.StringVar(&f.request, "request", "", c.Words.T("cli.filter.request"))
	flags.StringVar(&f.sort, "sort", "newest", c.Words.T("cli.filter.sort", "Known", strings.Join(sortNames, ", ")))
	return f
}

// sortNames are the orders in the words of --sort, in the order of history.Sorts.
var sortNames = []string{"newest", "oldest", "highest", "lowest"}

// filter is the filter the flags describe; the error is wrong usage.
func (f *filterFlags) filter(c *commands, cmd *cobra.Command) (history.Filter, error) {
	wrong := func(key string, params ...any) (history.Filter, error) {
		return history.Filter{}, c.usage(cmd, key, params...)
	}
	chosen := history.Filter{
		Operators: f.operators, Desks: f.desks, Branches: f.branches, Codes: f.codes,
		Session: f.session, Check: f.check, Request: f.request,
	}
	if central, err := cmd.Flags().GetBool("central"); len(f.branches) > 0 && (err != nil || !central) {
		return wrong("cli.filter.branch_central") // a desk does not know branches
	}
	now := time.Now()
	ok := true
	if chosen.From, ok = moment(f.from, false); !ok {
		return wrong("cli.filter.bad_time", "Flag", "--from")
	}
	if chosen.To, ok = moment(f.to, true); !ok {
		return wrong("cli.filter.bad_time", "Flag", "--to")
	}
	if f.last != "" {
		if f.from != "" || f.to != "" {
			return wrong("cli.filter.last_alone")
		}
		if chosen.From, ok = since(f.last, now); !ok {
			return wrong("cli.filter.bad_last")
		}
	}
	if !chosen.To.IsZero() && !chosen.From.Before(chosen.To) {
		return wrong("cli.filter.empty_range")
	}
	if chosen.Outcomes, ok = oneOf(f.outcomes, history.Outcomes); !ok {
		return wrong("cli.filter.bad_value", "Flag", "--outcome", "Known", known(history.Outcomes))
	}
	if chosen.Decisions, ok = oneOf(f.decisions, history.DecisionStates); !ok {
		return wrong("cli.filter.bad_value", "Flag", "--decision", "Known", known(history.DecisionStates))
	}
	if chosen.Inspections, ok = oneOf(f.inspections, history.InspectionStates); !ok {
		return wrong("cli.filter.bad_value", "Flag", "--inspection", "Known", known(history.InspectionStates))
	}
	if chosen.Modes, ok = oneOf(f.modes, history.Modes); !ok {
		return wrong("cli.filter.bad_value", "Flag", "--mode", "Known", known(history.Modes))
	}
	if chosen.LeastScore, ok = score(f.scoreFrom); !ok {
		return wrong("cli.filter.bad_score", "Flag", "--score-from")
	}
	if chosen.MostScore, ok = score(f.scoreTo); !ok {
		return wrong("cli.filter.bad_score", "Flag", "--score-to")
	}
	if chosen.LeastScore != nil && chosen.MostScore != nil && *chosen.LeastScore > *chosen.MostScore {
		return wrong("cli.filter.empty_range")
	}
	for flag, id := range map[string]string{"--session": f.session, "--check": f.check, "--request": f.request} {
		if id != "" && len(id) < history.LeastID {
			return wrong("cli.filter.short_id", "Flag", flag, "Least", history.LeastID)
		}
	}
	i := slices.Index(sortNames, f.sort)
	if i < 0 {
		return wrong("cli.filter.bad_value", "Flag", "--sort", "Known", strings.Join(sortNames, ", "))
	}
	chosen.Sort = history.Sorts[i]
	err := c.personal(cmd, &f.name, &f.reference, &f.number)
	chosen.Words, chosen.Reference, chosen.Number = f.name, f.reference, f.number
	return chosen, err
}

// personal reads the values that are "-" from standard input, where no list of processes
// shows them: the whole of it for one of them, a line each for several.
func (c *commands) personal(cmd *cobra.Command, values ...*string) error {
	var wanted []*string
	for _, value := range values {
		if *value == "-" {
			wanted = append(wanted, value)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	const longest = 4 * (app.MaxName + 2*settings.MaxReference + 3)
	read, err := io.ReadAll(io.LimitReader(c.stdin(), longest))
	if err != nil {
		return matcher.NewProblem("check.name_unread", err)
	}
	lines := strings.SplitN(strings.TrimSpace(string(read)), "\n", len(wanted))
	for i, value := range wanted {
		if i >= len(lines) || strings.TrimSpace(lines[i]) == "" {
			return c.usage(cmd, "cli.check.nothing_read", "Count", len(wanted))
		}
		*value = strings.TrimSpace(lines[i])
	}
	return nil
}

// moment parses a date or a time of this computer's time zone, or RFC 3339. A date alone
// that ends a range stands for the end of its day.
func moment(text string, ends bool) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	if at, ok := history.ParseDay(text); ok {
		if ends {
			at = at.AddDate(0, 0, 1)
		}
		return at, true
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateTime} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, true
		}
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}

// since parses a period that ends now: "today", or a number of hours, days or weeks.
func since(text string, now time.Time) (time.Time, bool) {
	if text == "today" {
		y, m, d := now.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, now.Location()), true
	}
	if len(text) < 2 {
		return time.Time{}, false
	}
	n, err := strconv.Atoi(text[:len(text)-1])
	const most = 100_000 // beyond any history; times do not overflow
	if err != nil || n < 1 || n > most {
		return time.Time{}, false
	}
	switch text[len(text)-1] {
	case 'h':
		return now.Add(-time.Duration(n) * time.Hour), true
	case 'd':
		return now.AddDate(0, 0, -n), true
	case 'w':
		return now.AddDate(0, 0, -7*n), true
	}
	return time.Time{}, false
}

// oneOf parses values of a list; blanks in them may be written as dashes.
func oneOf[T ~string](words []string, all []T) ([]T, bool) {
	var chosen []T
	for _, g := range words {
		i := slices.IndexFunc(all, func(v T) bool { return dashed(v) == strings.ReplaceAll(strings.ToLower(g), " ", "-") })
		if i < 0 {
			return nil, false
		}
		chosen = append(chosen, all[i])
	}
	return chosen, true
}

func dashed[T ~string](v T) string { return strings.ReplaceAll(string(v), " ", "-") }

func known[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, v := range all {
		words[i] = dashed(v)
	}
	return strings.Join(words, ", ")
}

// score parses a score; nil where the flag was not used.
func score(text string) (*int64, bool) {
	if text == "" {
		return nil, true
	}
	hundredths, ok := history.ParseScore(text)
	return &hundredths, ok
}

package cli

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/matcher"
)

// counted is a centre of which only the overview is asked.
type counted struct{ CentreReader }

func (counted) Close() error { return nil }

func (counted) Overview(_ context.Context, f history.Filter, unit overview.Unit) (overview.Overview, error) {
	c := overview.NewCounter(history.Outcomes, time.Now())
	s := overview.Sum{Outcome: slices.Index(history.Outcomes, history.Pass), Checks: 40}
	c.AddPeriod(time.Now(), s)
	c.AddDesk(c.Desk(strings.Join(f.Branches, " ")+"'s desk"), s)
	return c.Result(unit, false), nil
}

// centre is a centre whose two desks stand well or not.
func centre(intact bool) Centre {
	seen, clock, fork := history.Head{}.At, 95.4, int64(31)
	return Centre{
		Script: func(have int) (string, error) { return "CREATE SCHEMA facematch;\n", nil },
		AddDesk: func(d history.NewDesk) []string {
			return []string{"SELECT '" + d.History + d.Role + d.Desk + d.Branch + "'"}
		},
		Accept: func(of string, from int64) string { return "SELECT accept" },
		Access: func(database string) []string { return []string{"hostssl " + database + " +facematch_desk all cert"} },
		Desks: func(context.Context, string) ([]history.CentreDesk, error) {
			return []history.CentreDesk{
				{Desk: "Desk 1", Branch: "north", Head: 30, Declared: 42, State: "forked", Fork: &fork, Seen: &seen, Clock: &clock,
					About: map[string]any{"program": "1.2\x1b", "operators": "2026-11-29T15:04:05Z"}},
				{Desk: "Desk 2", Branch: "south", State: "ok", About: map[string]any{"doctor": "doctor.model"}},
			}, nil
		},
		Open: func(context.Context, string) (CentreReader, error) { return counted{}, nil },
		Verify: func(context.Context, string, matcher.ProgressFunc) (history.CentreVerdict, error) {
			v := history.CentreVerdict{Chains: 2, Records: 1204, Intact: intact, NotHere: 9}
			if !intact {
				v.Faults = []history.CentreFault{{Table: "record", Seq: 12, What: history.CentreChanged}}
			}
			return v, nil
		},
	}
}

func TestCentralCommands(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		code  int
		words []string
	}{
		"init": {[]string{"central", "init", "--database", "fm"}, 0,
			[]string{"CREATE SCHEMA", "hostssl fm +facematch_desk"}},
		"add": {[]string{"central", "add-desk", "--history", "h1", "--role", "r1", "--desk", "d1", "--branch", "b1",
			"--cn", "x"}, 0, []string{"SELECT 'h1r1d1b1';", `facematch "x" "r1"`, "openssl"}},
		"add nothing": {[]string{"central", "add-desk"}, 64, []string{"--branch"}},
		"accept": {[]string{"central", "accept", "--history", "h1", "--from", "3"}, 0,
			[]string{"BEGIN;\nSELECT accept;\nCOMMIT;"}},
		"accept none": {[]string{"central", "accept"}, 64, nil},
		"list": {[]string{"central", "list"}, 0, []string{"forked at 31", "+95 s", "12", "1.2\uFFFD",
			time.Date(2026, 11, 29, 15, 4, 5, 0, time.UTC).Local().Format(time.DateTime)}},
		"list states": {[]string{"central", "list"}, 0, []string{"Has never called", "doctor.model"}},
		"list json":   {[]string{"central", "list", "--format", "json"}, 0, []string{`"fork":31`}},
		"unknown":     {[]string{"central", "dance"}, 64, nil},
		"verify": {[]string{"history", "verify", "--central"}, 0,
			[]string{"intact: 1,204 records of 2 desks", "9 sealed parts"}},
		"status":              {[]string{"central", "status"}, 0, []string{"no centre is set"}},
		"push":                {[]string{"central", "push"}, 0, []string{"no centre is set"}},
		"enrol":               {[]string{"central", "enrol"}, 1, []string{"no centre"}},
		"stats of two":        {[]string{"history", "stats", "--central", "--db", "f"}, 64, nil},
		"stats":               {[]string{"history", "stats", "--central", "--branch", "north"}, 0, []string{"40 checks", "north's desk"}},
		"branch elsewhere":    {[]string{"history", "list", "--branch", "north"}, 64, []string{"--central"}},
		"two sources":         {[]string{"history", "list", "--central", "--db", "f"}, 64, nil},
		"list at no centre":   {[]string{"history", "list", "--at", "host=c"}, 64, []string{"--at needs --central"}},
		"show at no centre":   {[]string{"history", "show", "chk_00000001", "--at", "host=c"}, 64, []string{"--at needs --central"}},
		"verify at no centre": {[]string{"history", "verify", "--at", "host=c"}, 64, []string{"--at needs --central"}},
		"stats at no centre":  {[]string{"history", "stats", "--at", "host=c"}, 64, []string{"--at needs --central"}},
		"export at no centre": {[]string{"history", "export", "--at", "host=c", "--out", "f", "--format", "csv"}, 64, []string{"--at needs --central"}},
	} {
		p := &parts{centre: centre(true)}
		code, out, errs := run(t, p, "", c.args...)
		if code != c.code {
			t.Errorf("%s: exit %d\n%s%s", name, code, out, errs)
		}
		for _, words := range c.words {
			if !strings.Contains(out+errs, words) {
				t.Errorf("%s does not say %q:\n%s%s", name, words, out, errs)
			}
		}
	}
	code, out, _ := run(t, &parts{centre: centre(false)}, "", "history", "verify", "--central")
	if code != ExitNotCompared || !strings.Contains(out, "NOT intact") ||
		!strings.Contains(out, "record 12, epoch 0, changed") {
		t.Errorf("exit %d, %s", code, out)
	}
}

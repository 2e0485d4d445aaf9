package app

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

// SubjectInput says whose sessions are meant. Each that is not empty adds sessions.
type SubjectInput struct {
	Name      string   // the whole name, however it is cased and spaced
	Reference string   // the customer's own, whole
	Sessions  []string // whole ids
}

// Visit is one session of a person.
type Visit struct {
	Session string        `json:"session"`
	Checks  []history.Row `json:"checks"` // all attempts, oldest first
	Held    bool          `json:"held"`   // on legal hold, and so not erased
}

// Subject finds all sessions of a person, oldest first. Namesakes are found too: the caller
// leaves them out by naming the sessions. The problems are subject.nobody, subject.whom (all is
// empty), check.session, and those of Allow.
func (d *Desk) Subject(ctx context.Context, in SubjectInput) ([]Visit, error) {
	if err := d.Allow(ctx, access.Export); err != nil {
		return nil, err
	}
	name, reference := strings.Fields(in.Name), plainReference(in.Reference)
	if len(name) == 0 && reference == "" && len(in.Sessions) == 0 {
		return nil, matcher.NewProblem("subject.whom", nil)
	}
	sessions := slices.Clone(in.Sessions)
	for _, s := range sessions {
		if !ValidSession(s) {
			return nil, matcher.NewProblem("check.session", nil)
		}
	}
	// The history finds words and beginnings, so each check that it finds is compared.
	if len(name) > 0 {
		if err := d.p.History.Each(ctx, history.Filter{Words: in.Name, Sort: history.Oldest}, func(c history.Detail) error {
			if strings.EqualFold(strings.Join(strings.Fields(c.Name), " "), strings.Join(name, " ")) {
				sessions = append(sessions, c.Session)
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	if reference != "" {
		if err := d.p.History.Each(ctx, history.Filter{Reference: in.Reference, Sort: history.Oldest},
			func(c history.Detail) error {
				if plainReference(c.Reference) == reference {
					sessions = append(sessions, c.Session)
				}
				return nil
			}); err != nil {
			return nil, err
		}
	}
	return d.visits(ctx, sessions)
}

// visits gives each session once, with its checks.
func (d *Desk) visits(ctx context.Context, sessions []string) ([]Visit, error) {
	holds, err := d.p.History.Holds(ctx)
	if err != nil {
		return nil, err
	}
	var all []Visit
	for i, session := range sessions {
		if slices.Contains(sessions[:i], session) {
			continue
		}
		v := Visit{Session: session}
		v.Held = slices.ContainsFunc(holds, func(h history.Holding) bool { return h.Session == session })
		if err := d.p.History.Each(ctx, history.Filter{Session: session, Sort: history.Oldest}, func(c history.Detail) error {
			if c.Session == session {
				v.Checks = append(v.Checks, c.Row)
			}
			return nil
		}); err != nil {
			return nil, err
		}
		if len(v.Checks) > 0 {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return nil, matcher.NewProblem("subject.nobody", nil)
	}
	slices.SortFunc(all, func(a, b Visit) int { return int(a.Checks[0].Seq - b.Checks[0].Seq) })
	return all, nil
}

// plainReference is what counts of a reference: its letters and digits, whatever their case.
func plainReference(reference string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, reference)
}

// ChecksOf are the ids of the checks of visits, in their order.
func ChecksOf(visits []Visit) []string {
	var ids []string
	for _, v := range visits {
		for _, c := range v.Checks {
			ids = append(ids, c.Check)
		}
	}
	return ids
}

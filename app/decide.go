package app

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/matcher"
)

// maxNote is the longest note of a decision, in characters.
const maxNote = 2000

// Decider records decisions about checks.
type Decider interface {
	// Decidable gives what a decision about a check depends on.
	Decidable(ctx context.Context, check string) (history.Row, error)
	Decide(ctx context.Context, d history.Decision) error
}

// DecisionInput is what a person decides about a check.
type DecisionInput struct {
	Check  string
	Choice history.Choice
	Reason string // one of history.Reasons
	Note   string // in their own words; needed with history.ReasonOther

	// Where NeedsSecond is true: the second operator and their passphrase. In single-user
	// mode there is only the name.
	Second     string
	Passphrase string
}

// NeedsSecond reports whether a decision about a check needs a second operator: where it
// overrides the machine's pass or fail, or an earlier decision.
func (d *Desk) NeedsSecond(r history.Row) bool { return overrides(r) != "" }

// overrides is the outcome that a decision changes; empty for the first one about a
// referral.
func overrides(r history.Row) history.Outcome {
	if r.Outcome == history.Refer && r.Decision != history.Approved && r.Decision != history.Rejected {
		return ""
	}
	return r.Outcome
}

// Decide records a decision about a check; the machine's result stays as it was. The
// problems are decide.choice, .reason, .note, .note_odd, .note_long, .nothing (nothing was
// compared, so there is nothing to decide), .second, .same_person and .second_role; those of
// SignIn for the second operator; store.check_unknown, .check_running and .check_decided
// (another operator was faster); and those of Allow.
func (d *Desk) Decide(ctx context.Context, in DecisionInput) error {
	who, err := d.Enter(ctx, access.Decide)
	if err != nil {
		return err
	}
	note, err := reasoned(in)
	if err != nil {
		return err
	}
	row, err := d.p.History.Decidable(ctx, in.Check)
	if err != nil {
		return err
	}
	switch row.Outcome {
	case history.Pass, history.Refer, history.Fail:
	case history.Running:
		return matcher.NewProblem(history.KeyCheckRunning, nil)
	default:
		return matcher.NewProblem("decide.nothing", nil)
	}
	decision := history.Decision{
		Check: row.Check, Session: row.Session, Actor: who, Choice: in.Choice, Reason: in.Reason, Note: note, Overrides: overrides(row),
	}
	if decision.Overrides != "" {
		if err := d.Allow(ctx, access.Override); err != nil {
			return err
		}
		if decision.Second, decision.Verified, err = d.second(ctx, who, in); err != nil {
			return err
		}
	}
	return d.p.History.Decide(context.WithoutCancel(ctx), decision)
}

// reasoned checks the choice and the reason of a decision and returns its note.
func reasoned(in DecisionInput) (note string, err error) {
	note = strings.TrimSpace(in.Note)
	switch {
	case history.Reasons[in.Choice] == nil:
		return "", matcher.NewProblem("decide.choice", nil)
	case !slices.Contains(history.Reasons[in.Choice], in.Reason):
		return "", matcher.NewProblem("decide.reason", nil)
	case in.Reason == history.ReasonOther && note == "":
		return "", matcher.NewProblem("decide.note", nil)
	case utf8.RuneCountInString(note) > maxNote:
		return "", matcher.NewProblem("decide.note_long", nil, "Max", maxNote)
	case !utf8.ValidString(note) || strings.ContainsFunc(note, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' || unicode.In(r, unicode.Bidi_Control)
	}):
		return "", matcher.NewProblem("decide.note_odd", nil)
	}
	return note, nil
}

// second returns the second operator of a decision, and whether they signed in.
func (d *Desk) second(
	ctx context.Context, who history.Actor, in DecisionInput,
) (name string, verified bool, err error) {
	name, err = operators.CleanName(in.Second)
	switch {
	case strings.TrimSpace(in.Second) == "":
		return "", false, matcher.NewProblem("decide.second", nil)
	case err != nil:
		return "", false, err
	case operators.Same(name, who.Operator):
		return "", false, matcher.NewProblem("decide.same_person", nil)
	case !who.SignedIn:
		return name, false, nil
	}
	login, record, err := d.Vouch(ctx, name, in.Passphrase)
	if err != nil {
		return "", false, err
	}
	record.For = "override"
	if err := d.p.History.SignedIn(context.WithoutCancel(ctx), record); err != nil {
		return "", false, err
	}
	if !access.RoleMaySecond(login.Role) {
		return "", false, matcher.NewProblem("decide.second_role", nil)
	}
	return login.Name, true, nil
}

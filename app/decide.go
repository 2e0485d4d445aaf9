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
	Note   string // in their own words; needed with history.ReasonOther, and with history.Identify

	// Where NeedsSecond is true: the second operator and their passphrase. In single-user
	// mode there is only the name.
	Second     string
	Passphrase string
}

// NeedsSecond reports whether a decision about a check needs a second operator: where it
// overrides the machine's pass or fail, or an earlier decision, or where nothing was compared.
func (d *Desk) NeedsSecond(r history.Row) bool { return overrides(r) != "" || Unmatched(r.Outcome) }

// Unmatched reports whether a check ended without a comparison. Its person can then only be
// identified in another way.
func Unmatched(o history.Outcome) bool { return o == history.NotCompared || o == history.CouldNotRun }

// Uninspected reports whether the settings require an inspection of a check, and not each of
// its points is answered.
func (d *Desk) Uninspected(r history.Row) bool {
	return r.Inspection == history.InspectionOpen && d.p.Settings.Get().Inspection.Use == history.InspectionRequired
}

// overrides is the outcome that a decision changes; empty for the first one about a
// referral.
func overrides(r history.Row) history.Outcome {
	first := r.Decision == "" || r.Decision == history.Undecided
	if first && (r.Outcome == history.Refer || Unmatched(r.Outcome)) {
		return ""
	}
	return r.Outcome
}

// Decide records a decision about a check; the machine's result stays as it was. Where nothing
// was compared, the only choice is history.Identify. The problems are identify.nothing,
// decide.choice, .reason, .note, .note_how, .note_odd, .note_long, .nothing (nothing was
// compared, so there is nothing to decide), .inspection (the settings require one first), .second,
// .same_person and .second_role; those of SignIn for the second operator; store.check_unknown,
// .check_running and .check_decided (another operator was faster); and those of Allow.
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
	if err := decidable(row.Outcome, in.Choice); err != nil {
		return err
	}
	if in.Choice == history.Approve && d.Uninspected(row) {
		return matcher.NewProblem("decide.inspection", nil)
	}
	decision := history.Decision{
		Check: row.Check, Session: row.Session, Actor: who, Choice: in.Choice, Reason: in.Reason, Note: note,
		Overrides: overrides(row),
	}
	if d.NeedsSecond(row) {
		if err := d.Allow(ctx, access.Override); err != nil {
			return err
		}
		if decision.Second, decision.Verified, err = d.second(ctx, who, in); err != nil {
			return err
		}
	}
	return d.p.History.Decide(context.WithoutCancel(ctx), decision)
}

// decidable returns an error where this choice does not apply to a check with this outcome.
func decidable(o history.Outcome, c history.Choice) error {
	if c != history.Identify {
		return hasVerdict(o)
	}
	if !Unmatched(o) {
		return matcher.NewProblem("identify.nothing", nil)
	}
	return nil
}

// reasoned checks the choice and the reason of a decision and returns its note.
func reasoned(in DecisionInput) (note string, err error) {
	switch {
	case history.Reasons[in.Choice] == nil:
		return "", matcher.NewProblem("decide.choice", nil)
	case !slices.Contains(history.Reasons[in.Choice], in.Reason):
		return "", matcher.NewProblem("decide.reason", nil)
	}
	if in.Choice == history.Identify && strings.TrimSpace(in.Note) == "" {
		return "", matcher.NewProblem("decide.note_how", nil)
	}
	return cleanNote(in.Note, in.Reason)
}

// cleanNote trims a note and checks it; history.ReasonOther needs one.
func cleanNote(note, reason string) (string, error) {
	note = strings.TrimSpace(note)
	switch {
	case reason == history.ReasonOther && note == "":
		return "", matcher.NewProblem("decide.note", nil)
	case utf8.RuneCountInString(note) > maxNote:
		return "", matcher.NewProblem("decide.note_long", nil, "Max", maxNote)
	case oddText(note):
		return "", matcher.NewProblem("decide.note_odd", nil)
	}
	return note, nil
}

// oddText reports whether a text holds control characters, or characters that change the
// direction of writing.
func oddText(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' || unicode.In(r, unicode.Bidi_Control)
	})
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

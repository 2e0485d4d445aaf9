package app

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

// IdentifyInput is how a person was identified whom the program has not compared at all.
type IdentifyInput struct {
	Why       string // one of history.WhyNotCompared
	Name      string // the person's full name; may be empty
	Reference string // the customer's own, as of a check
	Minor     bool   // the person is under 18
	Session   string // of an attempt before; empty: a new one

	Decision DecisionInput // with the reason, the note and the second operator
}

// Identify records that a person was identified without a comparison: they refused it, or it
// was not possible, as of a child in arms. The record is a check that could not run, for that
// reason, with how the person was identified beside it. It is never a pass. The problems are
// those of Decide, identify.why, and those of a check's name, reference and session.
func (d *Desk) Identify(ctx context.Context, in IdentifyInput) error {
	who, err := d.Enter(ctx, access.Override)
	if err != nil {
		return err
	}
	chosen := d.p.Settings.Get()
	if !slices.Contains(history.WhyNotCompared, in.Why) {
		return matcher.NewProblem("identify.why", nil)
	}
	name, err := CleanName(in.Name)
	if err != nil {
		return err
	}
	reference, err := chosen.Reference.Clean(in.Reference)
	if err != nil {
		return err
	}
	session := in.Session
	if session == "" {
		session = NewSession()
	} else if !ValidSession(session) {
		return matcher.NewProblem("check.session", nil)
	}
	in.Decision.Choice = history.Identify
	decision := history.Decision{Session: session, Actor: who, Choice: history.Identify, Reason: in.Decision.Reason}
	if decision.Note, err = reasoned(in.Decision); err != nil {
		return err
	}
	if decision.Second, decision.Verified, err = d.second(ctx, who, in.Decision); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // the three records belong together
	decision.Check = "chk_" + uuid.NewString()
	started := history.Started{
		Check: decision.Check, Session: session, Instance: d.p.Instance, Mode: chosen.Matching.Mode,
		Operator: who.Operator, SignedIn: who.SignedIn, Desk: chosen.Desk, Program: d.p.Version,
		Consent: history.Consent{Wording: wordingOf(chosen, chosen.Matching.Mode)},
		Rules:   chosen.Conditions, Name: name, Reference: reference, Minor: in.Minor,
		Inspection: history.InspectionNone,
	}
	if started.Mode == history.Ask {
		started.Mode = history.Offline
	}
	if err := d.p.History.Start(ctx, started); err != nil {
		return err
	}
	finished := history.Finished{
		Check: started.Check, Session: session, Outcome: history.CouldNotRun, Problem: in.Why,
	}
	if err := d.p.History.Finish(ctx, finished); err != nil {
		return err
	}
	return d.p.History.Decide(ctx, decision)
}

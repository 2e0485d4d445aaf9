package app

import (
	"context"
	"slices"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
)

// Inspector records what clerks see of person and document.
type Inspector interface {
	Inspect(ctx context.Context, in history.Inspection) error
}

// InspectionInput is what a clerk answered about a check.
type InspectionInput struct {
	Check  string
	Points []history.InspectedPoint
	Reason string // one of history.InspectionReasons, where an answer is no
	Note   string // in their own words; needed with history.ReasonOther
}

// Inspect records what the clerk sees of person and document, beside the machine's result,
// which stays as it was. It needs no second operator, because it can only make things
// stricter. The problems are inspect.points, inspect.reason, decide.note, .note_odd and
// .note_long, decide.nothing (there is no verdict to see to), store.check_unknown and
// .check_running, and those of Allow.
func (d *Desk) Inspect(ctx context.Context, in InspectionInput) error {
	who, err := d.Enter(ctx, access.Check)
	if err != nil {
		return err
	}
	known := []history.InspectionAnswer{history.InspectionYes, history.InspectionNo, history.InspectionUnanswered}
	if len(in.Points) == 0 || slices.ContainsFunc(in.Points, func(p history.InspectedPoint) bool {
		return settings.CheckPoint(p.Point) != nil || !slices.Contains(known, p.Answer)
	}) {
		return matcher.NewProblem("inspect.points", nil)
	}
	inspection := history.Inspection{Check: in.Check, Actor: who, Points: in.Points, State: history.StateOf(in.Points)}
	if inspection.State == history.InspectionObjection {
		if !slices.Contains(history.InspectionReasons, in.Reason) {
			return matcher.NewProblem("inspect.reason", nil)
		}
		inspection.Reason = in.Reason
		if inspection.Note, err = cleanNote(in.Note, in.Reason); err != nil {
			return err
		}
	}
	row, err := d.p.History.Decidable(ctx, in.Check)
	if err != nil {
		return err
	}
	if err := hasVerdict(row.Outcome); err != nil {
		return err
	}
	inspection.Session = row.Session
	return d.p.History.Inspect(context.WithoutCancel(ctx), inspection)
}

// hasVerdict is nil for the outcomes of a comparison.
func hasVerdict(o history.Outcome) error {
	switch o {
	case history.Pass, history.Refer, history.Fail:
		return nil
	case history.Running:
		return matcher.NewProblem(history.KeyCheckRunning, nil)
	}
	return matcher.NewProblem("decide.nothing", nil)
}

// inspectionOf is whether the clerk is to be asked about an attempt's person and document.
func inspectionOf(a *Attempt, chosen settings.Settings) history.InspectionUse {
	if !a.Input.Inspect || a.kept != "" {
		return history.InspectionNone
	}
	return chosen.Inspection.Use
}

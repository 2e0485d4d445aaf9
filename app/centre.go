package app

import (
	"context"
	"errors"
	"strings"

	"facematch/app/access"
	"facematch/app/central"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/secrets"
	"facematch/app/settings"
	"facematch/matcher"
)

// Centre is where the records of all desks come together, as this desk knows it.
type Centre interface {
	// Push pushes what the centre lacks; where no centre is chosen it does nothing.
	Push(ctx context.Context) error
	// Status says how far the centre is, without asking it.
	Status(ctx context.Context) (history.CentreStatus, error)
}

// PushToCentre pushes what the centre lacks, and says how far it is then.
func (d *Desk) PushToCentre(ctx context.Context) (history.CentreStatus, error) {
	if d.p.Centre == nil {
		return history.CentreStatus{}, nil
	}
	err := d.p.Centre.Push(ctx)
	status, statusErr := d.p.Centre.Status(ctx)
	return status, errors.Join(err, statusErr)
}

// HasCentre reports whether the settings name a centre.
func (d *Desk) HasCentre() bool { return d.p.OpenCentre != nil && d.p.Settings.Get().Central.On() }

// CentreStatus says how far the centre is. It asks this computer alone.
func (d *Desk) CentreStatus(ctx context.Context) (history.CentreStatus, error) {
	if d.p.Centre == nil {
		return history.CentreStatus{}, nil
	}
	return d.p.Centre.Status(ctx)
}

// EraseAsked erases a session because somebody asked for it at the centre: the program does
// it in its own name. The rest is as with Erase.
func (d *Desk) EraseAsked(ctx context.Context, session string) error {
	return d.erase(ctx, d.program(), session, history.AskedAtCentre)
}

// WithdrawAsked deletes what was encrypted for a public key of the auditors, because an
// administrator of the centre withdrew it. The program does it in its own name, once.
func (d *Desk) WithdrawAsked(ctx context.Context, recipient string) error {
	keys, err := secrets.Recipients(recipient)
	if err != nil || len(keys) != 1 {
		return matcher.NewProblem(settings.KeyAuditRecipient, err)
	}
	return d.p.History.Withdraw(context.WithoutCancel(ctx), history.Withdrawn{Actor: d.program(), Recipient: keys[0]})
}

// WithdrawnAuditors are the auditors' public keys of the settings that were withdrawn: nothing is
// encrypted for them.
func (d *Desk) WithdrawnAuditors(ctx context.Context) (keys []string, err error) {
	for _, key := range d.Settings().Central.Recipients() {
		withdrawn, err := d.p.History.Withdrawn(ctx, key)
		if err != nil {
			return nil, err
		}
		if withdrawn {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// program is the actor of what the program does by itself.
func (d *Desk) program() history.Actor {
	return history.Actor{
		Operator: history.Program, Instance: d.p.Instance, Desk: d.p.Settings.Get().Desk, Program: d.p.Version,
	}
}

// Enrolment is what a desk hands to the centre's administrator.
type Enrolment = central.Enrolment

// Enrol makes the key with which this desk calls the centre, and what the centre's
// administrator needs to let it in.
func (d *Desk) Enrol(ctx context.Context, replace bool) (Enrolment, error) {
	// A desk whose operators come from the centre has none before it was enrolled.
	if err := d.Allow(ctx, access.Settings); err != nil && !matcher.IsProblem(err, operators.KeyNotYet) {
		return Enrolment{}, err
	}
	if d.p.Enrol == nil {
		return Enrolment{}, matcher.NewProblem("central.off", nil)
	}
	return d.p.Enrol(replace)
}

// CentreWords say how far the centre is: under one key where all is there, under another
// since when it is not, and why.
func CentreWords(s history.CentreStatus) (words matcher.Notice, wrong bool) {
	params := map[string]any{
		"Count": s.Here, "Number": FormatNumber(int(s.Here)), "Missing": FormatNumber(int(max(0, s.Here-s.There))),
		"Since": s.Since.Local().Format(minuteLayout), "At": s.At.Local().Format(minuteLayout),
	}
	switch {
	case !s.Chosen:
		return matcher.Notice{Key: "centre.none"}, false
	case s.Problem == "" && s.OperatorsProblem != "":
		return matcher.Notice{Key: "centre.operators." + operatorsReason(s.OperatorsProblem), Params: params}, true
	case s.Problem == "" && s.Here <= s.There:
		return matcher.Notice{Key: "centre.all", Params: params}, false
	case s.Problem == "":
		return matcher.Notice{Key: "centre.under_way", Params: params}, false
	}
	reason := strings.TrimPrefix(s.Problem, "central.")
	if !centreReasons[s.Problem] {
		reason = "unreached"
	}
	return matcher.Notice{Key: "centre.why." + reason, Params: params}, true
}

// operatorsReason is why a newer list of operators was not taken.
func operatorsReason(problem string) string {
	switch problem {
	case operators.KeyListSignature:
		return "signature"
	case operators.KeyListBranch:
		return "branch"
	case operators.KeyListOlder:
		return "older"
	case history.KeyNoOperators:
		return "none"
	case history.KeyCentreOld:
		return "old_centre"
	}
	return "failed"
}

// centreReasons are the problems of the centre that have words of their own in a status.
var centreReasons = map[string]bool{
	history.KeyCentreUnreached: true, history.KeyCentreRefused: true, history.KeyCentreRetired: true,
	history.KeyCentreOther: true, history.KeyCentreForked: true, history.KeyCentreRestored: true,
	history.KeyCentreBehind: true, history.KeyCentreBroken: true, history.KeyCentreGap: true,
	history.KeyCentreOld:  true,
	"central.certificate": true, "central.authority": true,
}

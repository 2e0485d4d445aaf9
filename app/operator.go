package app

import (
	"context"
	"slices"
	"time"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/matcher"
)

// Operators lists the operators by name.
func (d *Desk) Operators() ([]operators.Operator, error) {
	ctx := context.Background()
	if err := d.Allow(ctx, access.Operators); err != nil {
		return nil, err
	}
	list, err := d.ReadOperators(ctx)
	return list.Operators, err
}

// AddOperator adds an operator and records it. The first must be an administrator; from then
// on everybody has to sign in. The problems are those of operators.Keeper.Add, of Allow, and
// of the history; then nothing is changed.
func (d *Desk) AddOperator(ctx context.Context, name string, role history.Role, passphrase string) error {
	who, err := d.Enter(ctx, access.Operators)
	if err != nil {
		return err
	}
	defer d.Reread()
	return d.p.Operators.Add(ctx, operators.Operator{Name: name, Role: role}, passphrase, !who.SignedIn,
		d.changed(ctx, who, history.OperatorAdded))
}

// RemoveOperator removes an operator and records it. Their checks and decisions stay in the
// history under their name. The last administrator cannot be removed: operators.last_admin.
func (d *Desk) RemoveOperator(ctx context.Context, name string) error {
	who, err := d.Enter(ctx, access.Operators)
	if err != nil {
		return err
	}
	defer d.Reread()
	return d.p.Operators.Remove(ctx, name, d.changed(ctx, who, history.OperatorRemoved))
}

// SetPassphrase changes an operator's passphrase and records that. Operators may change
// their own and then stay signed in; an administrator may change every one.
func (d *Desk) SetPassphrase(ctx context.Context, name, passphrase string) error {
	who, own := d.WhoNow(ctx)
	if own = own && who.SignedIn && operators.Same(who.Operator, name); !own {
		var err error
		if who, err = d.Enter(ctx, access.Operators); err != nil {
			return err
		}
		if !who.SignedIn {
			return matcher.NewProblem(operators.KeyNone, nil)
		}
	}
	defer d.Reread()
	change := func() error {
		return d.p.Operators.SetPassphrase(ctx, name, passphrase, d.changed(ctx, who, history.OperatorPassphrase))
	}
	if own {
		return d.KeepSignedIn(change)
	}
	return change()
}

// changed records a change of the list of operators.
func (d *Desk) changed(ctx context.Context, who history.Actor, what history.OperatorsChange) operators.Record {
	return func(now operators.List, name string) error {
		return d.p.History.Settings(context.WithoutCancel(ctx), history.SettingsChange{
			How: history.ChangedOperators, SHA256: now.SHA256, Actor: &who, Change: what, Changed: name,
			Operators: now.Operators,
		})
	}
}

// TakeOperators takes the list of operators that the centre gave, and records how it changed.
// The problems are those of operators.Keeper.Take.
func (d *Desk) TakeOperators(ctx context.Context, from history.OperatorList) error {
	defer d.Reread()
	return d.p.Operators.Take(ctx, from, func(now operators.List) error {
		last, _, err := d.p.History.LastOperators(ctx)
		if err == nil {
			err = now.NotBefore(ctx, d.p.History.ListSigned)
		}
		if err != nil {
			return err
		}
		return d.p.History.Settings(context.WithoutCancel(ctx), came(last, now))
	})
}

// HeldOperators is the SHA-256 of the centre's list of operators as it is kept here, and when
// that was signed. It is false where this desk keeps its own list.
func (d *Desk) HeldOperators() (sum []byte, signed time.Time, fromCentre bool) {
	return d.p.Operators.Held()
}

// came is the record of a list that came from the centre.
func came(last history.SettingsChange, now operators.List) history.SettingsChange {
	missing := func(from, in []operators.Operator) (names []string) {
		for _, o := range from {
			if !slices.ContainsFunc(in, func(other operators.Operator) bool { return operators.Same(o.Name, other.Name) }) {
				names = append(names, o.Name)
			}
		}
		return names
	}
	return history.SettingsChange{
		How: history.ChangedOperators, SHA256: now.SHA256, Change: history.OperatorsCentre, Operators: now.Operators,
		Signed: now.Centre.Signed, Branch: now.Centre.Branch, Key: now.Centre.Key,
		Came: missing(now.Operators, last.Operators), Left: missing(last.Operators, now.Operators),
	}
}

// noticeOperators records a list of operators that differs from the one recorded last: it
// was changed from outside, or the program ended before it could record the change. A list
// that cannot be read is not recorded; then nobody can sign in.
func (d *Desk) noticeOperators(ctx context.Context) error {
	last, found, err := d.p.History.LastOperators(ctx)
	if err != nil {
		return err
	}
	list, err := d.ReadOperators(ctx)
	if err != nil || list.Operators == nil || found && last.SHA256 == list.SHA256 {
		return nil // signing in reports the error
	}
	if list.Centre != nil {
		return d.p.History.Settings(ctx, came(last, list))
	}
	return d.p.History.Settings(ctx, history.SettingsChange{
		How: history.ChangedOperators, SHA256: list.SHA256, Change: history.OperatorsByHand, Operators: list.Operators,
	})
}

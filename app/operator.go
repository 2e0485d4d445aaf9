package app

import (
	"context"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/matcher"
)

// Operators lists who may work with the program, by name.
func (d *Desk) Operators() ([]operators.Operator, error) {
	ctx := context.Background()
	if err := d.Allow(ctx, access.Operators); err != nil {
		return nil, err
	}
	list, err := d.ReadOperators(ctx)
	return list.Operators, err
}

// AddOperator adds an operator and records it. The first must be an administrator;
// from then on everybody signs in. The problems are those of operators.Keeper.Add,
// of Allow, and the history's, where nothing is changed.
func (d *Desk) AddOperator(ctx context.Context, name string, role history.Role, passphrase string) error {
	who, err := d.Enter(ctx, access.Operators)
	if err != nil {
		return err
	}
	defer d.Reread()
	return d.p.Operators.Add(ctx, operators.Operator{Name: name, Role: role}, passphrase, !who.SignedIn,
		d.changed(ctx, who, history.OperatorAdded))
}

// RemoveOperator removes an operator and records it. What they did stays in the
// history under their name. The last administrator stays: operators.last_admin.
func (d *Desk) RemoveOperator(ctx context.Context, name string) error {
	who, err := d.Enter(ctx, access.Operators)
	if err != nil {
		return err
	}
	defer d.Reread()
	return d.p.Operators.Remove(ctx, name, d.changed(ctx, who, history.OperatorRemoved))
}

// SetPassphrase gives an operator another passphrase and records that. Everybody
// may do so for themselves, who then stay signed in, an administrator for all.
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
			How: history.ChangedOperators, SHA256: now.SHA256, Actor: &who, Change: what, Changed: name, Operators: now.Operators,
		})
	}
}

// noticeOperators records a list of operators that is not the one recorded last: it
// was changed from outside, or the program ended before it could record it. One
// that cannot be read is not recorded; nobody can sign in then.
func (d *Desk) noticeOperators(ctx context.Context) error {
	last, found, err := d.p.History.LastOperators(ctx)
	if err != nil {
		return err
	}
	list, err := d.ReadOperators(ctx)
	if err != nil || list.Operators == nil || found && last.SHA256 == list.SHA256 {
		return nil // the error is told to whoever wants to sign in
	}
	return d.p.History.Settings(ctx, history.SettingsChange{
		How: history.ChangedOperators, SHA256: list.SHA256, Change: history.OperatorsByHand, Operators: list.Operators,
	})
}

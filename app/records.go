package app

import (
	"context"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

// Lists is what a history offers to find checks. Every method ends as soon as its context
// does.
type Lists interface {
	// List gives one page; the filter says which, and how long it is.
	List(ctx context.Context, f history.Filter) ([]history.Row, error)
	Count(ctx context.Context, f history.Filter) (history.Counts, error)
	Choices(ctx context.Context) (history.Choices, error)
	// Show gives everything about a check; its problem is store.check_unknown.
	Show(ctx context.Context, check string) (history.Detail, error)
	// Each calls do for each check, all as of one moment, until do fails.
	Each(ctx context.Context, f history.Filter, do func(history.Detail) error) error
}

// chained are checks, and the head of the chain their records belong to.
type chained interface {
	Lists
	Head(ctx context.Context) (history.Head, error)
}

// Reader reads the history of this desk.
type Reader interface {
	chained
	Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error)
	// KeyPlace is history.KeyInKeyring or KeyInFile: where the key of sealed parts lies,
	// or would be put now. It may wait some seconds for a keyring.
	KeyPlace() string
	// KeyProblem says why sealed parts cannot be read here; nil where they can.
	KeyProblem(ctx context.Context) error
}

// List lists one page of the checks a filter selects.
func (d *Desk) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return nil, err
	}
	return d.p.History.List(ctx, f)
}

// Count counts the checks a filter selects, exactly.
func (d *Desk) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return history.Counts{}, err
	}
	return d.p.History.Count(ctx, f)
}

// Choices gives the operators, desks and codes that filters can choose from.
func (d *Desk) Choices(ctx context.Context) (history.Choices, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return history.Choices{}, err
	}
	return d.p.History.Choices(ctx)
}

// Show gives everything about one check.
func (d *Desk) Show(ctx context.Context, check string) (history.Detail, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return history.Detail{}, err
	}
	return d.p.History.Show(ctx, check)
}

// Verify verifies the whole history.
func (d *Desk) Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return history.Verdict{}, err
	}
	verdict, err := d.p.History.Verify(ctx, progress)
	if err == nil && d.p.Verified != "" {
		d.Log("note of the verification", NoteVerified(d.p.Verified, verdict, d.p.Now()))
	}
	return verdict, err
}

// KeyPlace says where the key of sealed names lies: history.KeyInKeyring or KeyInFile. It
// may wait some seconds for a keyring.
func (d *Desk) KeyPlace() string { return d.p.History.KeyPlace() }

// KeyProblem says why sealed names cannot be read here; nil where they can.
func (d *Desk) KeyProblem(ctx context.Context) error { return d.p.History.KeyProblem(ctx) }

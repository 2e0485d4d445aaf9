package app

import (
	"context"

	"facematch/app/history"
)

// Lists is what a history gives to those who look for checks. Every method ends
// at once when its context does.
type Lists interface {
	// List gives one page; Filter says which, and how long it is.
	List(ctx context.Context, f history.Filter) ([]history.Row, error)
	Count(ctx context.Context, f history.Filter) (history.Counts, error)
	Choices(ctx context.Context) (history.Choices, error)
	// Show gives everything about a check; its problem is store.check_unknown.
	Show(ctx context.Context, check string) (history.Detail, error)
	// Each hands over check after check, all as of one moment, until do fails.
	Each(ctx context.Context, f history.Filter, do func(history.Detail) error) error
}

// Count counts the checks a filter chooses, exactly.
func (d *Desk) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	if err := d.Allow(ctx, ActionHistory); err != nil {
		return history.Counts{}, err
	}
	return d.p.History.Count(ctx, f)
}

// Choices gives the operators, desks and codes that filters can choose from.
func (d *Desk) Choices(ctx context.Context) (history.Choices, error) {
	if err := d.Allow(ctx, ActionHistory); err != nil {
		return history.Choices{}, err
	}
	return d.p.History.Choices(ctx)
}

// Detail gives everything about one check.
func (d *Desk) Detail(ctx context.Context, check string) (history.Detail, error) {
	if err := d.Allow(ctx, ActionHistory); err != nil {
		return history.Detail{}, err
	}
	return d.p.History.Show(ctx, check)
}

// RebuildLists makes what lists are chosen by anew, where Verify says that it
// does not fit the records. The records stay as they are.
func (d *Desk) RebuildLists(ctx context.Context) error {
	if _, err := d.enter(ctx, ActionBackup); err != nil {
		return err
	}
	err := d.p.History.Rebuild(ctx)
	if err == nil {
		d.p.Log.Info("lists made anew")
	}
	return err
}

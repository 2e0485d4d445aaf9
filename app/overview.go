package app

import (
	"context"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/matcher"
)

// Overviewer is a history that gives the numbers of what a filter selects.
type Overviewer interface {
	Overview(ctx context.Context, f history.Filter, unit overview.Unit) (overview.Overview, error)
}

// Overview gives the numbers of the checks a filter selects, by periods of a unit.
// Those by operator are left out where they are not for who is signed in. Its problems
// are those of Allow, of a search, and overview.not_here.
func (d *Desk) Overview(ctx context.Context, f history.Filter, unit overview.Unit) (overview.Overview, error) {
	return d.overviewOf(ctx, d.p.History, f, unit)
}

func (d *Desk) overviewOf(
	ctx context.Context, from any, f history.Filter, unit overview.Unit,
) (overview.Overview, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return overview.Overview{}, err
	}
	source, ok := from.(Overviewer)
	if !ok {
		return overview.Overview{}, matcher.NewProblem("overview.not_here", nil)
	}
	o, err := source.Overview(ctx, f, unit)
	if !d.Settings().Overview.Operators || d.Allow(ctx, access.Staff) != nil {
		o.Operators = overview.Groups{}
	}
	return o, err
}

// Overview is Desk.Overview for this history.
func (o *otherHistory) Overview(
	ctx context.Context, f history.Filter, unit overview.Unit,
) (overview.Overview, error) {
	numbers, err := o.desk.overviewOf(ctx, o.records, f, unit)
	return numbers, OtherProblem(err)
}

package app

import (
	"context"
	"errors"

	"facematch/app/history"
	"facematch/matcher"
)

// OtherHistory is another desk's history, open for reading only. Its file is not
// changed, and nothing is written beside it where nobody else has it open. Names
// and raw answers are sealed unless this computer has its key.
type OtherHistory interface {
	Checks(ctx context.Context, f history.Filter) ([]history.Row, error)
	Count(ctx context.Context, f history.Filter) (history.Counts, error)
	Choices(ctx context.Context) (history.Choices, error)
	Detail(ctx context.Context, check string) (history.Detail, error)
	Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error)
	Close() error
}

// Records is what a history gives to those who only look.
type Records interface {
	chained
	Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error)
	ID() string // of the database
	Close() error
}

type otherHistory struct{ records Records }

func (o *otherHistory) Checks(ctx context.Context, f history.Filter) ([]history.Row, error) {
	return o.records.List(ctx, f)
}

func (o *otherHistory) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	return o.records.Count(ctx, f)
}

func (o *otherHistory) Choices(ctx context.Context) (history.Choices, error) {
	return o.records.Choices(ctx)
}

func (o *otherHistory) Detail(ctx context.Context, check string) (history.Detail, error) {
	return o.records.Show(ctx, check)
}

func (o *otherHistory) Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error) {
	return o.records.Verify(ctx, progress)
}

func (o *otherHistory) Close() error { return o.records.Close() }

// OpenHistory opens the history in another file. Its problems are other.missing,
// other.foreign, other.older, other.newer, other.no_access, other.damaged.
func (d *Desk) OpenHistory(ctx context.Context, path string) (OtherHistory, error) {
	records, err := d.p.OpenHistory(ctx, path)
	if err != nil {
		return nil, OtherProblem(err)
	}
	return &otherHistory{records}, nil
}

// otherKeys are the problems of a history that are another's to mend, and so
// need other words where the history is another desk's.
var otherKeys = map[string]string{
	"store.missing":   "other.missing",
	"store.foreign":   "other.foreign",
	"store.older":     "other.older",
	"store.newer":     "other.newer",
	"store.no_access": "other.no_access",
	"store.damaged":   "other.damaged",
}

// OtherProblem puts a problem of opening another desk's history into its words.
func OtherProblem(err error) error {
	var p *matcher.Problem
	if !errors.As(err, &p) || otherKeys[p.Key] == "" {
		return err
	}
	return &matcher.Problem{Key: otherKeys[p.Key], Params: p.Params, Err: p.Err}
}

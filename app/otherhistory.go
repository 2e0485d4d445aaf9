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

type otherHistory struct {
	desk    *Desk // who may look is asked each time: the program may have been locked meanwhile
	records Records
}

func (o *otherHistory) Checks(ctx context.Context, f history.Filter) ([]history.Row, error) {
	if err := o.desk.Allow(ctx, ActionHistory); err != nil {
		return nil, err
	}
	rows, err := o.records.List(ctx, f)
	return rows, OtherProblem(err)
}

func (o *otherHistory) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	if err := o.desk.Allow(ctx, ActionHistory); err != nil {
		return history.Counts{}, err
	}
	counts, err := o.records.Count(ctx, f)
	return counts, OtherProblem(err)
}

func (o *otherHistory) Choices(ctx context.Context) (history.Choices, error) {
	if err := o.desk.Allow(ctx, ActionHistory); err != nil {
		return history.Choices{}, err
	}
	choices, err := o.records.Choices(ctx)
	return choices, OtherProblem(err)
}

func (o *otherHistory) Detail(ctx context.Context, check string) (history.Detail, error) {
	if err := o.desk.Allow(ctx, ActionHistory); err != nil {
		return history.Detail{}, err
	}
	detail, err := o.records.Show(ctx, check)
	return detail, OtherProblem(err)
}

func (o *otherHistory) Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error) {
	if err := o.desk.Allow(ctx, ActionHistory); err != nil {
		return history.Verdict{}, err
	}
	verdict, err := o.records.Verify(ctx, progress)
	return verdict, OtherProblem(err)
}

func (o *otherHistory) Close() error { return o.records.Close() }

// OpenHistory opens the history in another file. Its problems are those of Allow,
// other.missing,
// other.foreign, other.older, other.newer, other.no_access, other.damaged.
func (d *Desk) OpenHistory(ctx context.Context, path string) (OtherHistory, error) {
	if err := d.Allow(ctx, ActionHistory); err != nil {
		return nil, err
	}
	records, err := d.p.OpenHistory(ctx, path)
	if err != nil {
		return nil, OtherProblem(err)
	}
	return &otherHistory{d, records}, nil
}

// KeyOtherDamaged is history.KeyDamaged of another desk's history.
const KeyOtherDamaged = "other.damaged"

// otherKeys are the problems of a history that need other words where it is
// another desk's, because other hands must mend it.
var otherKeys = map[string]string{
	history.KeyMissing:  "other.missing",
	history.KeyForeign:  "other.foreign",
	history.KeyOlder:    "other.older",
	history.KeyNewer:    "other.newer",
	history.KeyNoAccess: "other.no_access",
	history.KeyDamaged:  KeyOtherDamaged,

	// Words of names cannot be looked for without the key.
	history.KeyKeyLost:       "other.sealed",
	history.KeyKeyWrong:      "other.sealed",
	history.KeyKeyUnreadable: "other.sealed",
	history.KeyKeyring:       "other.sealed",
}

// OtherProblem puts a problem of another desk's history into its words.
func OtherProblem(err error) error {
	var p *matcher.Problem
	if !errors.As(err, &p) || otherKeys[p.Key] == "" {
		return err
	}
	return &matcher.Problem{Key: otherKeys[p.Key], Params: p.Params, Err: p.Err}
}

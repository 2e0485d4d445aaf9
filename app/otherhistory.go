package app

import (
	"context"
	"errors"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

// OtherHistory is another desk's history, open for reading only. Its file is not changed,
// and nothing is written beside it where no other program has it open. Names and raw
// answers are sealed unless this computer has its key.
type OtherHistory interface {
	List(ctx context.Context, f history.Filter) ([]history.Row, error)
	Count(ctx context.Context, f history.Filter) (history.Counts, error)
	Choices(ctx context.Context) (history.Choices, error)
	Show(ctx context.Context, check string) (history.Detail, error)
	Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error)
	// Export is Desk.Export for the checks of this history. Our own history records it.
	Export(ctx context.Context, in ExportInput, progress matcher.ProgressFunc) (Exported, error)
	// Sample and Samples are those of the Desk for this history. Our own records what is picked.
	Sample(ctx context.Context, s history.Sampling) (history.Sample, error)
	Samples(ctx context.Context) ([]history.Sampled, error)
	Close() error
}

// Records is another history as the store opens it.
type Records interface {
	sampled
	Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error)
	ID() string // of the database
	Close() error
}

// otherHistory asks for each call whether the operator may look: the program may have been
// locked since it was opened.
type otherHistory struct {
	desk    *Desk
	records Records
}

func (o *otherHistory) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	if err := o.desk.Allow(ctx, access.History); err != nil {
		return nil, err
	}
	rows, err := o.records.List(ctx, f)
	return rows, OtherProblem(err)
}

func (o *otherHistory) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	if err := o.desk.Allow(ctx, access.History); err != nil {
		return history.Counts{}, err
	}
	counts, err := o.records.Count(ctx, f)
	return counts, OtherProblem(err)
}

func (o *otherHistory) Choices(ctx context.Context) (history.Choices, error) {
	if err := o.desk.Allow(ctx, access.History); err != nil {
		return history.Choices{}, err
	}
	choices, err := o.records.Choices(ctx)
	return choices, OtherProblem(err)
}

func (o *otherHistory) Show(ctx context.Context, check string) (history.Detail, error) {
	if err := o.desk.Allow(ctx, access.History); err != nil {
		return history.Detail{}, err
	}
	detail, err := o.records.Show(ctx, check)
	return detail, OtherProblem(err)
}

func (o *otherHistory) Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error) {
	if err := o.desk.Allow(ctx, access.History); err != nil {
		return history.Verdict{}, err
	}
	verdict, err := o.records.Verify(ctx, progress)
	return verdict, OtherProblem(err)
}

func (o *otherHistory) Export(ctx context.Context, in ExportInput, progress matcher.ProgressFunc) (Exported, error) {
	return o.desk.export(ctx, in, o.records, o.records.ID(), progress)
}

func (o *otherHistory) Close() error { return o.records.Close() }

// OpenHistory opens the history in another file. Its problems are those of Allow,
// other.missing, other.foreign, other.older, other.newer, other.no_access and
// other.damaged.
func (d *Desk) OpenHistory(ctx context.Context, path string) (OtherHistory, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return nil, err
	}
	records, err := d.p.OpenHistory(ctx, path)
	if err != nil {
		return nil, OtherProblem(err)
	}
	return &otherHistory{d, records}, nil
}

// OpenCentre opens the centre of all desks, as one history: at a connection string of PostgreSQL
// or, where that is empty, as the settings say.
func (d *Desk) OpenCentre(ctx context.Context, at string) (OtherHistory, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return nil, err
	}
	if d.p.OpenCentre == nil {
		return nil, matcher.NewProblem("central.off", nil)
	}
	records, err := d.p.OpenCentre(ctx, at)
	if err != nil {
		return nil, err
	}
	return &namedHistory{otherHistory: otherHistory{d, records}, sealed: records}, nil
}

// KeyOtherDamaged is history.KeyDamaged of another desk's history.
const KeyOtherDamaged = "other.damaged"

// otherKeys are the problems of a history that need other words where it is another
// desk's, because somebody else has to solve them.
var otherKeys = map[string]string{
	history.KeyMissing:  "other.missing",
	history.KeyForeign:  "other.foreign",
	history.KeyOlder:    "other.older",
	history.KeyNewer:    "other.newer",
	history.KeyNoAccess: "other.no_access",
	history.KeyDamaged:  KeyOtherDamaged,

	// Names cannot be searched without the key.
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

package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

// MaxSample is how many checks a sample may have.
const MaxSample = 1000

// Picker picks checks of a history at random, and says of how many.
type Picker interface {
	Pick(ctx context.Context, s history.Sampling) (all []history.Picked, of int64, err error)
}

// Sampler records samples, and what those who looked at them found.
type Sampler interface {
	Picker
	Sampled(ctx context.Context, s history.Sample) error
	Looked(ctx context.Context, l history.Look) error
	Samples(ctx context.Context) ([]history.Sampled, error)
}

// Sample picks checks of this desk's history at random, so that somebody looks at them,
// and records filter, head and seed. With the Seed and the Head of an earlier sample it
// picks the same checks again; an empty seed is made, and a Head of 0 is the newest
// record. The problems are those of Allow, sample.count, .personal (the filter asks for a
// name or a reference), .seed, .head, and the history's.
func (d *Desk) Sample(ctx context.Context, s history.Sampling) (history.Sample, error) {
	return d.sample(ctx, s, d.p.History, d.p.History)
}

// Sample is Desk.Sample for this history. Our own records it.
func (o *otherHistory) Sample(ctx context.Context, s history.Sampling) (history.Sample, error) {
	picker, ok := o.records.(Picker)
	if !ok {
		return history.Sample{}, matcher.NewProblem("overview.not_here", nil)
	}
	s.Database = o.records.ID()
	sample, err := o.desk.sample(ctx, s, picker, o.records)
	return sample, OtherProblem(err)
}

func (d *Desk) sample(ctx context.Context, s history.Sampling, from Picker, heads chained) (history.Sample, error) {
	by, err := d.Enter(ctx, access.Export)
	if err != nil {
		return history.Sample{}, err
	}
	switch {
	case s.Count < 1 || s.Count > MaxSample:
		return history.Sample{}, matcher.NewProblem("sample.count", nil, "Most", MaxSample)
	case strings.TrimSpace(s.Filter.Words+s.Filter.Reference) != "":
		return history.Sample{}, matcher.NewProblem("sample.personal", nil)
	}
	if s.Seed == "" {
		seed := make([]byte, 16)
		_, _ = rand.Read(seed) // never fails
		s.Seed = hex.EncodeToString(seed)
	}
	if s.Head == 0 {
		head, err := heads.Head(ctx)
		if err != nil {
			return history.Sample{}, err
		}
		s.Head, s.Hash = head.Seq, head.Hash
	}
	sample := history.Sample{Sample: "smp_" + uuid.NewString(), Actor: by, Sampling: s}
	if sample.Checks, sample.Of, err = from.Pick(ctx, s); err != nil {
		return history.Sample{}, err
	}
	return sample, d.p.History.Sampled(context.WithoutCancel(ctx), sample)
}

// Samples gives the samples that were recorded here, oldest first, with what came of each.
func (d *Desk) Samples(ctx context.Context) ([]history.Sampled, error) {
	if err := d.Allow(ctx, access.Export); err != nil {
		return nil, err
	}
	return d.p.History.Samples(ctx)
}

// LookedAt records that somebody looked at a check of a sample, with a remark that may be
// empty. The problems are those of Allow, sample.unknown, sample.not_in_it, those of a
// note, and the history's.
func (d *Desk) LookedAt(ctx context.Context, sample, check, remark string) error {
	by, err := d.Enter(ctx, access.Export)
	if err != nil {
		return err
	}
	remark = strings.TrimSpace(remark)
	switch {
	case utf8.RuneCountInString(remark) > maxNote:
		return matcher.NewProblem("decide.note_long", nil, "Max", maxNote)
	case oddText(remark):
		return matcher.NewProblem("decide.note_odd", nil)
	}
	samples, err := d.p.History.Samples(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(samples, func(s history.Sampled) bool { return s.Sample.Sample == sample })
	if i < 0 {
		return matcher.NewProblem("sample.unknown", nil)
	}
	at := slices.IndexFunc(samples[i].Checks, func(p history.Picked) bool { return p.Check == check })
	if at < 0 {
		return matcher.NewProblem("sample.not_in_it", nil)
	}
	return d.p.History.Looked(context.WithoutCancel(ctx), history.Look{
		Sample: sample, Actor: by, Check: check, Session: samples[i].Checks[at].Session, Remark: remark,
	})
}

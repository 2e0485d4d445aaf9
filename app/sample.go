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
	"facematch/app/export"
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
// name, a reference or a document's number), .seed, .head, and the history's.
func (d *Desk) Sample(ctx context.Context, s history.Sampling) (history.Sample, error) {
	return d.sample(ctx, s, d.p.History, d.p.History)
}

// Sample is Desk.Sample for this history. Our own records it. Its problems are sample.not_here too:
// the centre has no one chain, of which a sample could name the head.
func (o *otherHistory) Sample(ctx context.Context, s history.Sampling) (history.Sample, error) {
	picker, ok := o.records.(Picker)
	if !ok {
		return history.Sample{}, matcher.NewProblem("sample.not_here", nil)
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
	case s.Filter.Sealed():
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

// Samples gives the samples of this history that were recorded in our own.
func (o *otherHistory) Samples(ctx context.Context) ([]history.Sampled, error) {
	if _, ok := o.records.(Picker); !ok {
		return nil, matcher.NewProblem("sample.not_here", nil)
	}
	all, err := o.desk.Samples(ctx)
	return slices.DeleteFunc(all, func(s history.Sampled) bool { return s.Database != o.records.ID() }), err
}

// sampled gives one of the samples that were recorded here.
func (d *Desk) sampled(ctx context.Context, sample string) (history.Sampled, error) {
	samples, err := d.p.History.Samples(ctx)
	if err != nil {
		return history.Sampled{}, err
	}
	i := slices.IndexFunc(samples, func(s history.Sampled) bool { return s.Sample.Sample == sample })
	if i < 0 {
		return history.Sampled{}, matcher.NewProblem("sample.unknown", nil)
	}
	return samples[i], nil
}

// exportSample writes which checks of a sample were looked at, and the remarks, and records that
// they left.
func (d *Desk) exportSample(ctx context.Context, in ExportInput, by history.Actor) (Exported, error) {
	if in.Format != export.CSV {
		return Exported{}, matcher.NewProblem("export.format", nil)
	}
	s, err := d.sampled(ctx, in.Sample)
	if err != nil {
		return Exported{}, err
	}
	e := exporting{ExportInput: in}
	e.signing(ctx, d.p.History)
	file, err := e.create()
	if err != nil {
		return Exported{}, err
	}
	defer file.Abort()
	done := Exported{File: in.File, Checks: int64(len(s.Checks)), Signer: e.about.Signer, Unsigned: e.unsigned}
	if err := e.mark(file); err != nil {
		return done, err
	}
	if err := export.WriteSamples(file, []history.Sampled{s}); err != nil {
		return done, err
	}
	if done.Head, err = d.p.History.Head(ctx); err != nil {
		return done, err
	}
	if done.SHA256, err = file.Close(); err != nil {
		return done, err
	}
	if err := e.sign(file, done.SHA256); err != nil {
		return done, err
	}
	remarks := slices.ContainsFunc(s.Looks, func(l history.Looked) bool { return l.Text != "" })
	if err := d.p.History.Exported(ctx, history.Export{
		Actor: by, Format: in.Format, Filter: export.SampleWords(s, e.Words), Checks: done.Checks, Names: remarks,
		SHA256: done.SHA256, HeadSeq: done.Head.Seq, Head: done.Head.Hash, Database: s.Database, Signer: done.Signer,
	}); err != nil {
		return done, err
	}
	if in.To != nil {
		return done, file.CopyTo(in.To)
	}
	return done, file.Publish(done.Head, done.Checks)
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
	s, err := d.sampled(ctx, sample)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(s.Checks, func(p history.Picked) bool { return p.Check == check })
	if at < 0 {
		return matcher.NewProblem("sample.not_in_it", nil)
	}
	return d.p.History.Looked(context.WithoutCancel(ctx), history.Look{
		Sample: sample, Actor: by, Check: check, Session: s.Checks[at].Session, Remark: remark,
	})
}

package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
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

// ManyHeads are the newest records of all histories at the centre.
type ManyHeads interface {
	Heads(ctx context.Context) ([]history.ChainHead, error)
}

// Sampler records samples, and what those who looked at them found.
type Sampler interface {
	Picker
	Sampled(ctx context.Context, s history.Sample) error
	Looked(ctx context.Context, l history.Look) error
	Samples(ctx context.Context) ([]history.Sampled, error)
}

// Sample picks checks of this desk's history at random, so that somebody looks at them,
// and records filter, head and seed. With the Sampling of an earlier sample it picks the
// same checks again; an empty seed is made, and a Head of 0 is the newest record. The
// problems are those of Allow, sample.count, .personal (the filter asks for a name, a
// reference or a document's number), .seed, .head, .no_record, .of_centre, and the history's.
func (d *Desk) Sample(ctx context.Context, s history.Sampling) (history.Sample, error) {
	s.Database = ""
	return d.sample(ctx, s, d.p.History)
}

// Sample is Desk.Sample for this history. Our own records it. Of the centre, which has many chains,
// the sample names the Heads of all, and is picked again with them. The problems are
// also sample.chain, where one of them is not there or not seen, .no_desk and .of_desk.
func (o *otherHistory) Sample(ctx context.Context, s history.Sampling) (history.Sample, error) {
	s.Database = o.records.ID()
	sample, err := o.desk.sample(ctx, s, o.records)
	return sample, OtherProblem(err)
}

// sampled are records of which samples are picked.
type sampled interface {
	chained
	Picker
}

func (d *Desk) sample(ctx context.Context, s history.Sampling, from sampled) (history.Sample, error) {
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
	if err := newest(ctx, &s, from); err != nil {
		return history.Sample{}, err
	}
	sample := history.Sample{Sample: "smp_" + uuid.NewString(), Actor: by, Sampling: s}
	if sample.Checks, sample.Of, err = from.Pick(ctx, s); err != nil {
		return history.Sample{}, err
	}
	return sample, d.p.History.Sampled(context.WithoutCancel(ctx), sample)
}

// newest lets a sample be of all that there is now, unless it is to be of an earlier head.
func newest(ctx context.Context, s *history.Sampling, from chained) (err error) {
	many, ofMany := from.(ManyHeads)
	var head history.Head
	switch {
	case s.Head != 0 && ofMany && len(s.Heads) == 0:
		return matcher.NewProblem("sample.of_desk", nil)
	case s.Head != 0 && !ofMany && len(s.Heads) > 0:
		return matcher.NewProblem("sample.of_centre", nil)
	case s.Head != 0:
		return nil
	case ofMany:
		s.Heads, err = many.Heads(ctx)
		head = history.HeadOfHeads(s.Heads)
	default:
		head, err = from.Head(ctx)
	}
	s.Head, s.Hash = head.Seq, head.Hash
	switch {
	case err != nil:
		return err
	case ofMany && len(s.Heads) == 0:
		return matcher.NewProblem("sample.no_desk", nil)
	case s.Head == 0:
		return matcher.NewProblem("sample.no_record", nil)
	}
	return nil
}

// maxSampleFile is beyond every sample, with its heads and its remarks.
const maxSampleFile = 32 << 20

// ReadSample reads a sample as facematch history sample and the export of a sample write it, so
// that it can be picked again. The problem is sample.file.
func ReadSample(from io.Reader) (history.Sample, error) {
	var s history.Sample
	if err := json.NewDecoder(io.LimitReader(from, maxSampleFile)).Decode(&s); err != nil || s.Seed == "" || s.Head == 0 {
		return s, matcher.NewProblem("sample.file", err)
	}
	seen := map[string]bool{}
	for _, h := range s.Heads {
		if seen[h.History] { // its checks would be drawn twice
			return s, matcher.NewProblem("sample.file", nil)
		}
		seen[h.History] = true
	}
	return s, nil
}

// ReadSampleFile is ReadSample of a file.
func ReadSampleFile(path string) (history.Sample, error) {
	file, err := os.Open(path)
	if err != nil {
		return history.Sample{}, matcher.NewProblem("sample.file", err)
	}
	defer file.Close()
	return ReadSample(file)
}

// SameChecks reports the problem sample.differs where a sample that was picked again has other
// checks than it had.
func SameChecks(before, again history.Sample) error {
	if before.Of != again.Of || !slices.Equal(before.Checks, again.Checks) {
		return matcher.NewProblem("sample.differs", nil)
	}
	return nil
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

// exportSample writes which checks of a sample were looked at, and the remarks, as CSV or, with all
// that is needed to pick the same again, as JSON, and records that they left.
func (d *Desk) exportSample(ctx context.Context, in ExportInput, by history.Actor) (Exported, error) {
	if in.Format != export.CSV && in.Format != export.JSONL {
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
	write := func() error { return export.WriteSamples(file, []history.Sampled{s}) }
	if in.Format == export.JSONL {
		write = func() error { return json.NewEncoder(file).Encode(s) }
	}
	if err := write(); err != nil {
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

package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"facematch/app/apptest"
	"facematch/app/export"
	"facematch/app/history"
)

// An auditor picks and looks; what they find is in the history they look from.
func TestSampling(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Dora") // an auditor
	m.Picked = []history.Picked{{Check: "chk_1", Session: "sess_1"}, {Check: "chk_2", Session: "sess_2"}}
	ctx := t.Context()
	_, none := d.Sample(ctx, history.Sampling{Count: 25})
	wantKey(t, none, "sample.no_record")
	m.NewestHead = history.Head{Seq: 7, Hash: "ab"}
	for key, s := range map[string]history.Sampling{
		"sample.count": {}, "sample.personal": {Count: 1, Filter: history.Filter{Words: "ada"}},
	} {
		_, err := d.Sample(ctx, s)
		wantKey(t, err, key)
	}
	_, err := d.Sample(ctx, history.Sampling{Count: 1, Filter: history.Filter{Number: "T22000129"}})
	wantKey(t, err, "sample.personal")
	first, err := d.Sample(ctx, history.Sampling{Count: 25})
	if err != nil || len(first.Seed) != 32 || first.Head != 7 || first.Hash != "ab" || first.Operator != "Dora" ||
		len(first.Checks) != 2 {
		t.Fatalf("%+v %v", first, err)
	}
	other, err := d.Sample(ctx, history.Sampling{Count: 1})
	if err != nil || other.Seed == first.Seed || other.Sample == first.Sample {
		t.Errorf("%+v %v", other, err)
	}
	wantKey(t, d.LookedAt(ctx, "smp_x", "chk_1", ""), "sample.unknown")
	wantKey(t, d.LookedAt(ctx, other.Sample, "chk_2", ""), "sample.not_in_it")
	wantKey(t, d.LookedAt(ctx, first.Sample, "chk_2", "a\x00b"), "decide.note_odd")
	must(t, d.LookedAt(ctx, first.Sample, "chk_2", " Looks right. "))
	samples, err := d.Samples(ctx)
	if err != nil || len(samples) != 2 || len(samples[0].Looks) != 1 || samples[0].Looks[0].Text != "Looks right." ||
		samples[0].Looks[0].Session != "sess_2" {
		t.Errorf("%+v %v", samples, err)
	}

	// How far it is leaves as a table, which is recorded.
	var to bytes.Buffer
	done, err := d.Export(ctx, ExportInput{Sample: first.Sample, Format: export.CSV, To: &to}, nil)
	must(t, err)
	lines := strings.Split(strings.TrimSpace(to.String()), "\n")
	if len(lines) != 3 || !strings.HasSuffix(lines[1], "chk_1,sess_1,,,,") ||
		!strings.HasSuffix(lines[2], ",Dora,Looks right.,given") {
		t.Errorf("%q", lines)
	}
	if e := m.Exports[len(m.Exports)-1]; e.Checks != 2 || !e.Names || e.SHA256 != done.SHA256 || e.Operator != "Dora" ||
		!strings.Contains(e.Filter, "1 of 2") {
		t.Errorf("%+v", e)
	}
	// The same as JSON is enough to pick them again.
	to.Reset()
	_, err = d.Export(ctx, ExportInput{Sample: first.Sample, Format: export.JSONL, To: &to}, nil)
	must(t, err)
	if read, err := ReadSample(&to); err != nil || !reflect.DeepEqual(read, first) || m.Exports[len(m.Exports)-1].Format != export.JSONL {
		t.Errorf("%+v, %v", read, err)
	}
	for key, in := range map[string]ExportInput{
		"sample.unknown": {Sample: "smp_x", Format: export.CSV, To: &to},
		"export.format":  {Sample: first.Sample, Format: export.PDF, To: &to},
	} {
		_, err := d.Export(ctx, in, nil)
		wantKey(t, err, key)
	}
}

// Samples of another history are those that were picked of it.
func TestSamplesOfAnotherHistory(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Dora")
	m.NewestHead = history.Head{Seq: 7, Hash: "ab"}
	other := &apptest.History{Database: "d2", NewestHead: m.NewestHead, Picked: []history.Picked{{Check: "chk_9", Session: "sess_9"}}}
	there := &otherHistory{d, other}
	if _, err := d.Sample(t.Context(), history.Sampling{Count: 1, Database: "d2"}); err != nil || m.Drawn[0].Database != "" {
		t.Fatalf("%+v, %v", m.Drawn, err)
	}
	picked, err := there.Sample(t.Context(), history.Sampling{Count: 1})
	must(t, err)
	samples, err := there.Samples(t.Context())
	if err != nil || len(samples) != 1 || samples[0].Sample.Sample != picked.Sample || samples[0].Database != "d2" {
		t.Errorf("%+v %v", samples, err)
	}
	if len(m.Drawn) != 2 || len(other.Drawn) != 0 {
		t.Errorf("%d are recorded here, %d there", len(m.Drawn), len(other.Drawn))
	}
}

// manyDesks are the checks of a centre, which has a head for each desk.
type manyDesks struct {
	*sealedDesks
	heads []history.ChainHead
	asked []history.Sampling
}

func (c *manyDesks) Heads(context.Context) ([]history.ChainHead, error) { return c.heads, nil }

func (c *manyDesks) Pick(ctx context.Context, s history.Sampling) ([]history.Picked, int64, error) {
	c.asked = append(c.asked, s)
	return c.sealedDesks.Pick(ctx, s)
}

// A sample of the centre names the heads of all desks. Another auditor picks it again from its file
// alone, whatever the centre has by then.
func TestSampleOfTheCentre(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Dora")
	heads := []history.ChainHead{
		{History: "b0", Branch: "south", Seq: 7, Hash: "bb"}, {History: "a0", Branch: "north", Seq: 5, Hash: "aa"},
	}
	centre := &manyDesks{sealedDesks: newSealedDesks(), heads: heads}
	centre.Picked = []history.Picked{{Check: "chk_1", Session: "sess_1"}, {Check: "chk_2", Session: "sess_2"}}
	d.p.OpenCentre = func(context.Context, string) (SealedRecords, error) { return centre, nil }
	there, err := d.OpenCentre(t.Context(), "")
	must(t, err)
	first, err := there.Sample(t.Context(), history.Sampling{Count: 2, Filter: history.Filter{Branches: []string{"north"}}})
	must(t, err)
	sum := sha256.Sum256([]byte("a0 5 aa\nb0 7 bb"))
	if s := m.Drawn[0]; s.Head != 12 || s.Hash != hex.EncodeToString(sum[:]) || !reflect.DeepEqual(s.Heads, heads) ||
		s.Database != "centre" || s.Operator != "Dora" || len(s.Checks) != 2 {
		t.Errorf("recorded: %+v", s)
	}

	var file bytes.Buffer
	must(t, json.NewEncoder(&file).Encode(history.Sampled{Sample: first}))
	read, err := ReadSample(&file)
	must(t, err)
	centre.heads = append(slices.Clone(heads), history.ChainHead{History: "c0", Seq: 1, Hash: "cc"})
	again, err := there.Sample(t.Context(), read.Sampling)
	must(t, err)
	if !reflect.DeepEqual(centre.asked[0], centre.asked[1]) || again.Sample == first.Sample {
		t.Errorf("asked for %+v", centre.asked)
	}
	must(t, SameChecks(read, again))
	read.Checks = read.Checks[:1]
	wantKey(t, SameChecks(read, again), "sample.differs")
	_, err = d.Sample(t.Context(), read.Sampling)
	wantKey(t, err, "sample.of_centre")
	_, err = there.Sample(t.Context(), history.Sampling{Count: 2, Seed: first.Seed, Head: 7, Hash: "ab"})
	wantKey(t, err, "sample.of_desk")
	centre.heads = nil
	_, err = there.Sample(t.Context(), history.Sampling{Count: 2})
	wantKey(t, err, "sample.no_desk")
	for _, text := range []string{"", "{}", "smp_1", `{"seed": "00", "head_seq": "x"}`,
		`{"seed": "00", "head_seq": 14, "heads": [{"history": "b0", "seq": 7}, {"history": "b0", "seq": 7}]}`} {
		_, err := ReadSample(strings.NewReader(text))
		wantKey(t, err, "sample.file")
	}
	samples, err := there.Samples(t.Context())
	if err != nil || len(samples) != 2 {
		t.Errorf("%+v, %v", samples, err)
	}
	must(t, d.LookedAt(t.Context(), again.Sample, "chk_2", "Looks right."))
}

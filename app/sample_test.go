package app

import (
	"bytes"
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
	m.NewestHead = history.Head{Seq: 7, Hash: "ab"}
	ctx := t.Context()
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
	for key, in := range map[string]ExportInput{
		"sample.unknown": {Sample: "smp_x", Format: export.CSV, To: &to},
		"export.format":  {Sample: first.Sample, Format: export.PDF, To: &to},
	} {
		_, err := d.Export(ctx, in, nil)
		wantKey(t, err, key)
	}
}

// theirs are checks of another history without samples, as the centre has.
type theirs struct{ Records }

// Samples of another history are those that were picked of it; of the centre there are none.
func TestSamplesOfAnotherHistory(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Dora")
	other := &apptest.History{Database: "d2", Picked: []history.Picked{{Check: "chk_9", Session: "sess_9"}}}
	there := &otherHistory{d, other}
	if _, err := d.Sample(t.Context(), history.Sampling{Count: 1}); err != nil {
		t.Fatal(err)
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
	_, err = (&otherHistory{d, theirs{other}}).Samples(t.Context())
	wantKey(t, err, "sample.not_here")
	_, err = (&otherHistory{d, theirs{other}}).Sample(t.Context(), history.Sampling{Count: 1})
	wantKey(t, err, "sample.not_here")
}

package app

import (
	"testing"

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
}

package app

import (
	"context"
	"slices"
	"testing"
	"time"

	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/matcher"
	"facematch/matcher/remote/standin"
)

// printed is a zone as it is read, with its dates proven.
func printed(birth, expiry string) *matcher.Zone {
	field := func(value string) matcher.ZoneField { return matcher.ZoneField{Value: value, Proven: true} }
	return &matcher.Zone{
		Kind: "TD3", DigitsHold: true,
		Surname: matcher.ZoneField{Value: "ERIKSSON"}, GivenNames: matcher.ZoneField{Value: "ANNA MARIA"},
		Number: field("L898902C3"), Nationality: matcher.ZoneField{Value: "UTO"},
		Birth: matcher.ZoneDate{ZoneField: field(birth)}, Expiry: matcher.ZoneDate{ZoneField: field(expiry)},
	}
}

const today = "2026-11-29"

// reading makes a desk that reads this zone, on that day.
func reading(t *testing.T, engine *scripted, z *matcher.Zone) (*Desk, *apptest.History) {
	t.Helper()
	d, m, _ := desk(t, engine)
	d.p.Zones = apptest.Zones{Found: z}
	d.p.Portraits = finder{portrait: matcher.Portrait{Pages: 1}}
	now, err := time.Parse(time.DateOnly, today)
	if err != nil {
		t.Fatal(err)
	}
	d.p.Now = func() time.Time { return now.Add(9 * time.Hour) }
	return d, m
}

// What a reading says of expiry and age: by proven dates alone, and of expiry only where
// the clock can be right.
func TestReadingSaysWhatItMeans(t *testing.T) {
	yes, no := true, false
	unproven := printed("1974-08-12", "2012-04-15")
	unproven.Expiry.Proven, unproven.Birth.Proven = false, false
	unproven.Birth.Value = "2015-01-01"
	either := printed("2025-08-12", "2030-01-01")
	either.Birth.Either = true
	for name, c := range map[string]struct {
		zone    *matcher.Zone
		newest  string // record
		expired *bool
		minor   bool
	}{
		"valid":               {printed("1974-08-12", "2030-04-15"), "", &no, false},
		"valid today":         {printed("1974-08-12", today), "", &no, false},
		"expired":             {printed("1974-08-12", "2026-11-28"), "", &yes, false},
		"under 18":            {printed("2008-11-30", "2030-04-15"), "", &no, true},
		"18 today":            {printed("2008-11-29", "2030-04-15"), "", &no, false},
		"nothing proven":      {unproven, "", nil, false},
		"1925 or 2025":        {either, "", &no, false},
		"a clock that is set": {printed("1974-08-12", "2012-04-15"), "2026-11-28", &yes, false},
		"a clock behind":      {printed("1974-08-12", "2012-04-15"), "2026-12-01", nil, false},
	} {
		d, m := reading(t, &scripted{}, c.zone)
		if c.newest != "" {
			m.NewestHead.At, _ = time.Parse(time.DateOnly, c.newest)
		}
		_, r, err := d.Read(context.Background(), matcher.Blob{}, matcher.Portrait{})
		if err != nil || r.Minor != c.minor || (r.MRZ.Expired == nil) != (c.expired == nil) ||
			c.expired != nil && *r.MRZ.Expired != *c.expired {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if r.Fields.Name != "ANNA MARIA ERIKSSON" || r.MRZ.Type != "TD3" || r.MRZ.Edited {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// A check that was given no reading reads the document itself, refers what has expired and
// who is under 18 where the settings say so, and records what was read without the number.
func TestChecksReadTheDocument(t *testing.T) {
	rules, err := matcher.ParseConditions(matcher.DefaultConditions)
	if err != nil {
		t.Fatal(err)
	}
	old, child := printed("1974-08-12", "2012-04-15"), printed("2015-01-01", "2030-01-01")
	for name, c := range map[string]struct {
		zone    *matcher.Zone
		on      bool // off: nothing refers
		given   *history.Reading
		outcome history.Outcome
		reasons []string
		minor   bool
	}{
		"no zone":      {nil, true, nil, history.Pass, nil, false},
		"valid":        {printed("1974-08-12", "2030-01-01"), true, nil, history.Pass, nil, false},
		"expired":      {old, true, nil, history.Refer, []string{matcher.ReasonExpired}, false},
		"expired, off": {old, false, nil, history.Pass, nil, false},
		"a child":      {child, true, nil, history.Refer, []string{matcher.ReasonMinor}, true},
		"a child, off": {child, false, nil, history.Pass, nil, true},
		"the clerk's": {child, true, &history.Reading{MRZ: history.MRZ{Type: "TD1", Edited: true}}, history.Pass,
			nil, false},
		"the clerk's, 0": {old, true, &history.Reading{}, history.Pass, nil, false},
	} {
		d, m := reading(t, &scripted{answer: compared(t, rules, 95, 96)}, c.zone)
		chosen := d.Settings()
		chosen.Matching.ReferExpired, chosen.Matching.ReferMinors = c.on, c.on
		if err := d.p.Settings.Save(chosen); err != nil {
			t.Fatal(err)
		}
		check, err := d.Check(context.Background(), CheckInput{Consent: true, Reading: c.given}, nil)
		if err != nil || check.Outcome != c.outcome || !slices.Equal(check.Answer.Result.Scoring.FailedRefer, c.reasons) {
			t.Errorf("%s: %v, %s, %v", name, err, check.Outcome, check.Answer.Result.Scoring)
		}
		f := m.Finished[0]
		if f.Minor != c.minor || !slices.Equal(f.FailedRefer, c.reasons) {
			t.Errorf("%s: recorded are %v, %v", name, f.Minor, f.FailedRefer)
		}
		switch {
		case c.given != nil && (f.Fields != nil || (f.MRZ != nil) != (c.given.MRZ.Type != "")):
			t.Errorf("%s: recorded are %+v, %+v", name, f.MRZ, f.Fields)
		case c.given == nil && c.zone == nil && (f.MRZ != nil || f.Fields != nil):
			t.Errorf("%s: recorded are %+v, %+v", name, f.MRZ, f.Fields)
		case c.given == nil && c.zone != nil && (f.MRZ == nil || *f.Fields != history.Fields{
			Name: "ANNA MARIA ERIKSSON", Birth: c.zone.Birth.Value, Nationality: "UTO",
		}):
			t.Errorf("%s: recorded are %+v, %+v", name, f.MRZ, f.Fields)
		}
	}
}

// A number is recorded where the settings have it kept.
func TestNumbersAreKeptOnlyWhereChosen(t *testing.T) {
	d, m := reading(t, &scripted{answer: compared(t, nil, 95)}, printed("1974-08-12", "2030-01-01"))
	chosen := d.Settings()
	chosen.Privacy.KeepNumber = true
	if err := d.p.Settings.Save(chosen); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Check(context.Background(), CheckInput{Consent: true}, nil); err != nil ||
		m.Finished[0].Fields.Number != "L898902C3" {
		t.Errorf("%v, %+v", err, m.Finished[0].Fields)
	}
}

// slowZones answer only when the context is over.
type slowZones struct{}

func (slowZones) Zone(ctx context.Context, _ matcher.Blob, _ matcher.Portrait, _ time.Time) (matcher.Zone,
	bool, error) {
	<-ctx.Done()
	return matcher.Zone{}, false, ctx.Err()
}

// A zone that takes its time holds a check up no longer than readingPatience, and a check
// that is cancelled not at all.
func TestReadingHoldsUpNothing(t *testing.T) {
	d, m := reading(t, &scripted{answer: compared(t, nil, 95)}, nil)
	d.p.Zones = slowZones{}
	begun := time.Now()
	check, err := d.Check(context.Background(), CheckInput{Consent: true}, nil)
	if took := time.Since(begun); err != nil || check.Outcome != history.Pass || m.Finished[0].MRZ != nil ||
		took > 2*readingPatience {
		t.Errorf("%v, %s, %+v after %v", err, check.Outcome, m.Finished[0].MRZ, took)
	}
	d, _ = reading(t, &scripted{wait: true}, nil)
	d.p.Zones = slowZones{}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	begun = time.Now()
	if _, err = d.Check(ctx, CheckInput{Consent: true}, nil); err != nil || time.Since(begun) > readingPatience {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}

// A kept check carries what was read of its document, sealed in its file, and records it
// when it is sent. What the API answers stays as it came.
func TestKeptChecksCarryTheReading(t *testing.T) {
	s := standin.New(t, false, wanted(), nil)
	d, m := remoteDesk(t, &scripted{}, s)
	good := s.URL
	at(t, d, "http://127.0.0.1:1")
	in, _ := remoteInput(t)
	expired := true
	in.Reading = &history.Reading{
		MRZ:    history.MRZ{Type: "TD3", DigitsHold: true, Expired: &expired},
		Fields: history.Fields{Name: "ADA LOVELACE", Birth: "1815-12-10", Number: "L898902C3"},
	}
	check, err := d.Check(context.Background(), in, nil)
	if err != nil || check.Unsent == nil {
		t.Fatal(err)
	}
	kept, err := d.Keep(context.Background(), check.Unsent)
	if err != nil || kept.Reading.Fields.Number != "" {
		t.Fatalf("%v, %+v", err, kept)
	}
	at(t, d, good)
	sent, err := d.SendKept(context.Background(), kept.ID, nil)
	if err != nil || sent.Outcome != history.Pass {
		t.Fatalf("%v, %+v", err, sent)
	}
	f := m.Finished[len(m.Finished)-1]
	if f.MRZ == nil || !*f.MRZ.Expired || *f.Fields != (history.Fields{Name: "ADA LOVELACE", Birth: "1815-12-10"}) ||
		len(sent.Answer.Result.Scoring.FailedRefer) != 0 {
		t.Errorf("recorded are %+v, %+v", f.MRZ, f.Fields)
	}
}

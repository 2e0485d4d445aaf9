package app

import (
	"context"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// grown is the age from which a person's face is compared as a grown one's.
const grown = 18

// readingPatience is how long a check that has its answer waits for what is still being
// read from the document. The reading began before the film did, so there is hardly ever
// anything left to wait for.
const readingPatience = 2 * time.Second

// Read reads the machine-readable zone of a document whose portrait was looked for, and
// says what it means today. The reading is empty where no zone was found.
//
// Whether the document has expired is not said where the clock of this computer is older
// than the newest record of the history: then nobody knows what day it is.
func (d *Desk) Read(ctx context.Context, document matcher.Blob, p matcher.Portrait) (matcher.Zone,
	history.Reading, error) {
	z, ok, err := d.Zone(ctx, document, p)
	if err != nil || !ok {
		return matcher.Zone{}, history.Reading{}, err
	}
	now := d.p.Now()
	r := history.Reading{
		MRZ: history.MRZ{Type: z.Kind, DigitsHold: z.DigitsHold, Corrected: z.Corrected},
		Fields: history.Fields{
			Name:  strings.TrimSpace(z.GivenNames.Value + " " + z.Surname.Value),
			Birth: z.Birth.Value, Nationality: z.Nationality.Value, Number: z.Number.Value,
		},
		Minor: z.Younger(grown, now),
	}
	if head, err := d.p.History.Head(ctx); z.Expiry.Proven && err == nil && !now.Before(head.At) {
		expired := z.ExpiredBefore(now)
		r.MRZ.Expired = &expired
	}
	return z, r, nil
}

// readBeside reads the document while the check does its work, unless what it says came
// with the input. What was read belongs to the attempt once the function it returns was
// called; nothing, where that is not known in time. Without a portrait nothing is read,
// nor for another program, which has a call of its own for that.
func (d *Desk) readBeside(ctx context.Context, a *Attempt, p *matcher.Portrait) (end func()) {
	if known := a.Input.Reading; known != nil {
		a.read = *known
		return func() {}
	}
	if p == nil || a.Input.Served != "" {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	found := make(chan history.Reading, 1)
	go func() {
		_, r, err := d.Read(ctx, a.Input.Document, *p)
		d.Log("document not read", err)
		found <- r
	}()
	return func() {
		defer cancel()
		select {
		case a.read = <-found:
		case <-time.After(readingPatience):
		case <-ctx.Done():
		}
	}
}

// referredBy adds to an answer of this computer's engine what the document says against a
// pass. The answer of a remote engine stays as it came.
func referredBy(r history.Reading, answer matcher.Answer, expired, minors bool) matcher.Answer {
	if answer.Exchange != nil || answer.Result.Data.Code != matcher.CodeOK {
		return answer
	}
	if expired && r.MRZ.Expired != nil && *r.MRZ.Expired {
		answer.Result.Scoring = answer.Result.Scoring.ReferFor(matcher.ReasonExpired)
	}
	if minors && r.Minor {
		answer.Result.Scoring = answer.Result.Scoring.ReferFor(matcher.ReasonMinor)
	}
	return answer
}

// kept is what is kept of a reading: the number only where the settings say so.
func (d *Desk) kept(r history.Reading) history.Reading {
	if !d.p.Settings.Get().Privacy.KeepNumber {
		r.Fields.Number = ""
	}
	return r
}

// recordReading puts what is kept of a reading into the record of a check.
func recordReading(f *history.Finished, r history.Reading) {
	if r.MRZ.Type == "" {
		return
	}
	f.MRZ, f.Minor = &r.MRZ, r.Minor
	if r.Fields != (history.Fields{}) {
		f.Fields = &r.Fields
	}
}

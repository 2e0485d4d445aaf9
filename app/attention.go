package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/app/privatefile"
	"facematch/matcher"
)

const (
	// verifyEvery is how long a history may go without being verified.
	verifyEvery = 7 * 24 * time.Hour

	// usualWeeks is on how many such days before a desk must have worked for a day of the
	// week to be one on which it usually does.
	usualWeeks = 4
)

// Worker says on which UTC days each desk made a check.
type Worker interface {
	Worked(ctx context.Context, since time.Time) (map[string][]time.Time, error)
}

// Verified is when the history was last verified on this computer, and what was found.
type Verified struct {
	At      time.Time `json:"at"`
	Intact  bool      `json:"intact"`
	Records int64     `json:"records"`
}

// NoteVerified keeps the result of a verification in a file.
func NoteVerified(file string, v history.Verdict, at time.Time) error {
	text, err := json.Marshal(Verified{At: at.UTC().Truncate(time.Second), Intact: v.Intact, Records: v.Records})
	if err != nil {
		return err
	}
	return privatefile.Write(file, append(text, '\n'))
}

// readVerified reads the result of the last verification. It returns the zero value where the
// file is missing or cannot be read.
func readVerified(file string) (v Verified, err error) {
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return v, err
}

// Attention says what of this desk's history needs a look: referrals that have been open
// for more than a day; a desk without a check on the last whole day, though it worked on
// that day of the week in each of the four weeks before; and a history that was found
// broken, or not verified for a week. No more: a long list is not read.
func (d *Desk) Attention(ctx context.Context) ([]matcher.Notice, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return nil, err
	}
	source, ok := d.p.History.(interface {
		Overviewer
		Worker
	})
	if !ok {
		return nil, nil
	}
	o, err := source.Overview(ctx, history.Filter{}, overview.Month)
	if err != nil || o.Checks == 0 {
		return nil, err
	}
	var notices []matcher.Notice
	say := func(key string, params map[string]any) {
		notices = append(notices, matcher.Notice{Key: "attention." + key, Params: params})
	}
	if n := o.Waiting.Week + o.Waiting.Longer; n > 0 {
		say("referrals", map[string]any{"Count": n})
	}
	today := d.p.Now().UTC().Truncate(24 * time.Hour)
	worked, err := source.Worked(ctx, today.AddDate(0, 0, -7*usualWeeks-1))
	if err != nil {
		return nil, err
	}
	yesterday := today.AddDate(0, 0, -1)
	if silent := silentOn(yesterday, worked); len(silent) > 0 {
		say("silent", map[string]any{"Desks": strings.Join(silent, ", "), "Day": yesterday.Format("2 Jan 2006")})
	}
	last, err := readVerified(d.p.Verified)
	d.Log("last verification", err)
	switch at := last.At.Local().Format("2 Jan 2006 15:04"); {
	case last.At.IsZero() && d.p.Now().Sub(o.Periods[0].From) > verifyEvery:
		say("never", nil)
	case last.At.IsZero():
	case !last.Intact:
		say("broken", map[string]any{"At": at})
	case d.p.Now().Sub(last.At) > verifyEvery:
		say("unverified", map[string]any{"At": at})
	}
	return notices, nil
}

// silentOn gives the desks that made no check on a day on which they usually do.
func silentOn(day time.Time, worked map[string][]time.Time) []string {
	var silent []string
	for desk, days := range worked {
		usual := !slices.Contains(days, day)
		for week := 1; week <= usualWeeks; week++ {
			usual = usual && slices.Contains(days, day.AddDate(0, 0, -7*week))
		}
		if usual {
			silent = append(silent, desk)
		}
	}
	slices.Sort(silent)
	return silent
}

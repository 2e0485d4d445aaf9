package app

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/privatefile"
	"facematch/matcher"
)

const (
	// behindPatience is how long the centre may lack records before a desk counts as behind:
	// longer than a push of some hundred records takes.
	behindPatience = 10 * time.Minute

	// awayPatience is after how long without a call a desk counts as away. A desk whose
	// program runs calls twice a minute; one that is closed over a long weekend is not away.
	awayPatience = 5 * 24 * time.Hour

	// clockPatience is how far a desk's clock may be off.
	clockPatience = time.Minute
)

// DeskState is how a desk stands at the centre, what needs a look first.
type DeskState int

// The states.
const (
	DeskForked   DeskState = iota // two computers go on with one history
	DeskRestored                  // it lost records in a restore, which waits for acceptance
	DeskBehind                    // the centre lacks records
	DeskNever                     // it has never called
	DeskAway                      // it has not called for days
	DeskSilent                    // it made no check on a day on which it usually does
	DeskFaulty                    // its doctor found a fault, or its clock is off
	DeskCurrent                   // all is well
)

// CentreDesk is a desk as the centre knows it, and how it stands.
type CentreDesk struct {
	history.CentreDesk
	State DeskState
	Words matcher.Notice // the state in a sentence
}

// Said is what a desk said of itself; empty: nothing.
func (d CentreDesk) Said(key string) string {
	text, _ := d.About[key].(string)
	return text
}

// Lacks is how many records the centre lacks.
func (d CentreDesk) Lacks() int64 { return max(0, d.Declared-d.Head) }

// DoctorAt is when the desk's doctor last looked; zero: never, as far as the centre knows.
func (d CentreDesk) DoctorAt() time.Time {
	at, _ := time.Parse(time.RFC3339, d.Said(AboutDoctorAt))
	return at
}

// CentreDesks judges desks, and puts those first that need a look.
func CentreDesks(all []history.CentreDesk, now time.Time) []CentreDesk {
	desks := make([]CentreDesk, len(all))
	for i, d := range all {
		desks[i] = judge(d, now)
	}
	slices.SortStableFunc(desks, func(a, b CentreDesk) int {
		return cmp.Or(cmp.Compare(a.State, b.State), strings.Compare(a.Branch, b.Branch), strings.Compare(a.Desk, b.Desk))
	})
	return desks
}

func judge(d history.CentreDesk, now time.Time) CentreDesk {
	c := CentreDesk{CentreDesk: d}
	say := func(state DeskState, key string, params map[string]any) CentreDesk {
		c.State, c.Words = state, matcher.Notice{Key: "desks.state." + key, Params: params}
		return c
	}
	at := func(t time.Time) string { return t.Local().Format(minuteLayout) }
	yesterday := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	doctor := c.Said(AboutDoctor)
	switch {
	case d.State == string(history.CentreForked):
		return say(DeskForked, "forked", map[string]any{"Seq": forkOf(d)})
	case d.State == string(history.CentreRestored):
		return say(DeskRestored, "restored", map[string]any{"Seq": forkOf(d)})
	case d.Seen == nil:
		return say(DeskNever, "never", nil)
	case c.Lacks() > 0 && d.Behind != nil && now.Sub(*d.Behind) > behindPatience:
		return say(DeskBehind, "behind", map[string]any{"Since": at(*d.Behind)})
	case now.Sub(*d.Seen) > awayPatience:
		return say(DeskAway, "away", map[string]any{"Since": at(*d.Seen)})
	case len(silentOn(yesterday, map[string][]time.Time{"": d.Worked})) > 0:
		return say(DeskSilent, "silent", map[string]any{"Day": yesterday.Format("2 Jan 2006")})
	case doctor != "" && doctor != DoctorOK:
		return say(DeskFaulty, "doctor", nil)
	case d.Clock != nil && math.Abs(*d.Clock) > clockPatience.Seconds():
		return say(DeskFaulty, "clock", nil)
	}
	return say(DeskCurrent, "current", nil)
}

func forkOf(d history.CentreDesk) string {
	if d.Fork == nil {
		return ""
	}
	return FormatNumber(int(*d.Fork))
}

// CentreDesks lists the desks of the centre, those first that need a look.
func (n *namedHistory) CentreDesks(ctx context.Context) ([]CentreDesk, error) {
	if err := n.desk.Allow(ctx, access.History); err != nil {
		return nil, err
	}
	centre, ok := n.records.(interface {
		Desks(ctx context.Context) ([]history.CentreDesk, error)
	})
	if !ok {
		return nil, matcher.NewProblem("central.off", nil)
	}
	all, err := centre.Desks(ctx)
	return CentreDesks(all, n.desk.p.Now()), err
}

// What a desk says of itself to the centre, beside its program and the digests of its
// settings: which calibration makes its scores, and what its doctor found last and when.
const (
	AboutCalibration = "calibration"
	AboutDoctor      = "doctor"
	AboutDoctorAt    = "doctor_at"
)

// DoctorOK is the doctor's word where nothing is wrong; otherwise it is the key of the part
// in which the first fault was found.
const DoctorOK = "ok"

// doctored is what the doctor found last on this computer.
type doctored struct {
	At    time.Time `json:"at"`
	Found string    `json:"found"`
}

// NoteDoctor keeps what the doctor found, for the centre.
func (d *Desk) NoteDoctor(found string) error {
	if d.p.Doctored == "" {
		return nil
	}
	text, err := json.Marshal(doctored{At: d.p.Now().UTC().Truncate(time.Second), Found: found})
	if err != nil {
		return err
	}
	return privatefile.Write(d.p.Doctored, append(text, '\n'))
}

// About is what this desk says of itself to the centre, but for its settings.
func About(calibration *matcher.Calibration, doctorFile string) map[string]string {
	about := map[string]string{}
	if calibration != nil {
		about[AboutCalibration] = calibration.Name
	}
	var last doctored
	// A file that is missing or damaged says nothing: the next doctor writes it anew.
	if text, err := os.ReadFile(doctorFile); err == nil && json.Unmarshal(text, &last) == nil && last.Found != "" {
		about[AboutDoctor], about[AboutDoctorAt] = last.Found, last.At.UTC().Format(time.RFC3339)
	}
	return about
}

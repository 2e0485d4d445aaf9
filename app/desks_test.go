package app

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// Desks that need a look come first, each with its state.
func TestCentreDesks(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC) // a Friday
	ago := func(d time.Duration) *time.Time {
		at := now.Add(-d)
		return &at
	}
	days := func(back ...int) (days []time.Time) {
		for _, n := range back {
			days = append(days, now.Truncate(24*time.Hour).AddDate(0, 0, -n))
		}
		return days
	}
	usual := days(1, 8, 15, 22, 29)
	seq, off := int64(1205), 300.0
	all := []history.CentreDesk{
		{Desk: "well", Branch: "south", Seen: ago(time.Minute), Worked: usual, Head: 9, Declared: 9, State: "ok",
			About: map[string]any{"doctor": "ok"}},
		{Desk: "pushing", Branch: "north", Seen: ago(0), Behind: ago(time.Minute), Head: 5, Declared: 9, State: "ok"},
		{Desk: "doctor", Seen: ago(0), State: "ok", About: map[string]any{"doctor": "doctor.model"}},
		{Desk: "clock", Seen: ago(0), State: "ok", Clock: &off},
		{Desk: "silent", Seen: ago(0), State: "ok", Worked: usual[1:]},
		{Desk: "away", Seen: ago(6 * 24 * time.Hour), State: "ok", Worked: usual[1:]},
		{Desk: "never", State: "ok"},
		{Desk: "behind", Seen: ago(time.Hour), Behind: ago(time.Hour), Head: 5, Declared: 9, State: "ok"},
		{Desk: "restored", Seen: ago(0), Fork: &seq, State: "restored"},
		{Desk: "forked", Seen: ago(0), Fork: &seq, State: "forked"},
	}
	want := []struct {
		desk  string
		state DeskState
		key   string
	}{
		{"forked", DeskForked, "forked"}, {"restored", DeskRestored, "restored"}, {"behind", DeskBehind, "behind"},
		{"never", DeskNever, "never"}, {"away", DeskAway, "away"}, {"silent", DeskSilent, "silent"},
		{"clock", DeskFaulty, "clock"}, {"doctor", DeskFaulty, "doctor"}, {"pushing", DeskCurrent, "current"},
		{"well", DeskCurrent, "current"},
	}
	got := CentreDesks(all, now)
	for i, w := range want {
		if d := got[i]; d.Desk != w.desk || d.State != w.state || d.Words.Key != "desks.state."+w.key {
			t.Errorf("%d: %s, %d, %s; want %+v", i, d.Desk, d.State, d.Words.Key, w)
		}
	}
}

// What the doctor found is told the centre, until it looks again.
func TestAbout(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doctor.json")
	if about := About(nil, file); len(about) != 0 {
		t.Errorf("%v", about)
	}
	at := time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)
	d := &Desk{p: Params{Doctored: file, Now: func() time.Time { return at }}}
	must(t, d.NoteDoctor("doctor.model"))
	about := About(&matcher.Calibration{Name: "fused 2026-11"}, file)
	one := CentreDesk{CentreDesk: history.CentreDesk{About: map[string]any{}}}
	for key, value := range about {
		one.About[key] = value
	}
	if about[AboutCalibration] != "fused 2026-11" || about[AboutDoctor] != "doctor.model" || !one.DoctorAt().Equal(at) {
		t.Errorf("%v", about)
	}
	must(t, d.NoteDoctor(DoctorOK))
	if about := About(nil, file); about[AboutDoctor] != DoctorOK {
		t.Errorf("%v", about)
	}
	must(t, os.WriteFile(file, []byte("{"), 0o600))
	if about := About(nil, file); len(about) != 0 {
		t.Errorf("%v", about)
	}
}

package app

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"facematch/app/history"
)

func TestSilentDesks(t *testing.T) {
	day := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	weeks := func(back ...int) (days []time.Time) {
		for _, w := range back {
			days = append(days, day.AddDate(0, 0, -7*w))
		}
		return days
	}
	worked := map[string][]time.Time{
		"silent": weeks(1, 2, 3, 4), "at work": weeks(0, 1, 2, 3, 4), "new": weeks(1, 2, 3), "away": weeks(1, 2, 4, 5),
		"also silent": append(weeks(1, 2, 3, 4, 5), day.AddDate(0, 0, -1)), "other days": {day.AddDate(0, 0, -1)},
	}
	if got := silentOn(day, worked); !slices.Equal(got, []string{"also silent", "silent"}) {
		t.Errorf("%q", got)
	}
}

func TestVerifiedIsKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "verified.json")
	if v, err := readVerified(file); err != nil || !v.At.IsZero() {
		t.Errorf("%+v %v", v, err)
	}
	at := time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)
	must(t, NoteVerified(file, history.Verdict{Intact: true, Records: 7}, at))
	if v, err := readVerified(file); err != nil || v != (Verified{At: at, Intact: true, Records: 7}) {
		t.Errorf("%+v %v", v, err)
	}
}

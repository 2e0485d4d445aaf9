package history

import (
	"testing"
	"time"
)

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.Local)
}

func TestDaysAndScoresAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]time.Time{
		"24 Nov 2026": day(2026, 11, 24), "2026-11-24": day(2026, 11, 24), "24.11.2026": day(2026, 11, 24),
		"1.2.2026":        day(2026, 2, 1),
		"3 February 2026": day(2026, 2, 3), "3 feb 2026": day(2026, 2, 3),
	} {
		if got, ok := ParseDay(text); !ok || !got.Equal(want) {
			t.Errorf("%q is %v, %t", text, got, ok)
		}
	}
	// 3/4 is a day of March here and of April there.
	for _, text := range []string{"", "3/4/2026", "31 Feb 2026", "2026-13-01", "tomorrow"} {
		if got, ok := ParseDay(text); ok {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
	for text, want := range map[string]int64{"80": 8000, "83.58": 8358, "83,5": 8350, "0": 0, "100": 10000,
		"59.99 %": 5999, "4.35": 435} {
		if got, ok := ParseScore(text); !ok || got != want {
			t.Errorf("%q is %d, %t", text, got, ok)
		}
	}
	for _, text := range []string{"", "101", "-1", "8o", "80.123", "1e1", "."} {
		if got, ok := ParseScore(text); ok {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}

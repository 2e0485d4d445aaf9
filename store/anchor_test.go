package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/store/internal/anchor"
)

func anchorLines(t *testing.T, p Params) []anchor.Mark {
	t.Helper()
	marks, err := anchor.Anchor{Path: p.Anchor}.Read()
	if err != nil {
		t.Fatal(err)
	}
	return marks
}

func TestAnchorKeepsTheOldestAndOneLineADay(t *testing.T) {
	p := testParams(t.TempDir())
	now := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	p.Now = func() time.Time { return now }
	s := mustOpen(t, p, noRing{})
	for day := range 3 {
		for check := range 3 {
			record(t, s, fmt.Sprint(day, "-", check), "")
			now = now.Add(time.Hour)
		}
		now = now.Add(21 * time.Hour)
	}
	marks := anchorLines(t, p)
	if len(marks) != 4 || marks[0].Seq != 1 || marks[0].At.Hour() != 8 {
		t.Fatalf("the anchor is %+v", marks)
	}
	for i, m := range marks[1:] {
		if m.Seq != int64(6*(i+1)) || m.Database != s.id || m.At.Day() != 20+i {
			t.Errorf("line %d is %+v", i, m)
		}
	}
	if v := mustVerify(t, s); !v.Intact || !v.Since.Equal(marks[0].At) || v.Until != 18 {
		t.Errorf("verdict is %+v", v)
	}
}

// TestAnchorOfTwoDatabases swaps one database for another beside one anchor.
func TestAnchorOfTwoDatabases(t *testing.T) {
	p := testParams(t.TempDir())
	first := mustOpen(t, p, noRing{})
	record(t, first, "a", "")
	p.Path = filepath.Join(filepath.Dir(p.Path), "other.db")
	other := mustOpen(t, p, noRing{})
	if v := mustVerify(t, other); v.Anchored || !v.Intact {
		t.Errorf("the anchor of another database counts: %+v", v)
	}
	record(t, other, "b", "")
	if marks := anchorLines(t, p); len(marks) != 4 {
		t.Errorf("the anchor is %+v", marks)
	}
	for _, s := range []*Store{first, other} {
		if v := mustVerify(t, s); !v.Anchored || !v.Intact || v.Until != 2 {
			t.Errorf("verdict is %+v", v)
		}
	}
}

// TestAnchorFails puts a folder where the anchor belongs: the checks must be
// recorded all the same, and somebody must hear of it.
func TestAnchorFails(t *testing.T) {
	p := testParams(t.TempDir())
	if err := os.MkdirAll(p.Anchor, 0o700); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, p, noRing{})
	if err := s.AnchorProblem(); err != nil {
		t.Errorf("a problem before the first record: %v", err)
	}
	record(t, s, "a", "")
	wantKey(t, s.AnchorProblem(), "store.anchor_unwritten")
	if _, err := s.Verify(context.Background(), nil); err == nil {
		t.Error("an unreadable anchor goes unnoticed")
	} else {
		wantKey(t, err, "store.anchor_unread")
	}
	if err := os.Remove(p.Anchor); err != nil {
		t.Fatal(err)
	}
	record(t, s, "b", "")
	if err := s.AnchorProblem(); err != nil {
		t.Errorf("the problem stays: %v", err)
	}
	if v := mustVerify(t, s); !v.Intact || v.Records != 4 || v.Until != 4 {
		t.Errorf("verdict is %+v", v)
	}
}

func TestAnchorWithDamagedLine(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "")
	data, err := os.ReadFile(p.Anchor)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Anchor, []byte("no mark\n{\"seq\":\n"+string(data)), 0o600); err != nil {
		t.Fatal(err)
	}
	if v := mustVerify(t, s); !v.Anchored || v.Until != 2 {
		t.Errorf("verdict is %+v", v)
	}
	record(t, s, "b", "")
	data, err = os.ReadFile(p.Anchor)
	if err != nil || strings.Count(string(data), "\n") != 2 || s.AnchorProblem() != nil {
		t.Errorf("the anchor is %q, %v, %v", data, err, s.AnchorProblem())
	}
}

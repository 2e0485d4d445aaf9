package anchor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// fakeHistory holds all marks or none.
type fakeHistory struct {
	holds  bool
	losses []Loss
}

func (h fakeHistory) Holds(context.Context, Mark) (bool, error) { return h.holds, nil }
func (h fakeHistory) Losses(context.Context) ([]Loss, error)    { return h.losses, nil }

func TestAnchorNeverGoesBack(t *testing.T) {
	a := Anchor{Path: filepath.Join(t.TempDir(), "anchor.jsonl"), Database: "d"}
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	for _, seq := range []int64{5, 3, 5, 7, 6} { // as two processes may come
		if err := a.Advance(context.Background(), Mark{At: at, Database: "d", Seq: seq, Hash: fmt.Sprint(seq)},
			fakeHistory{holds: true}); err != nil {
			t.Fatal(err)
		}
	}
	marks, err := a.Read()
	if err != nil || len(marks) != 2 || marks[0].Seq != 5 || marks[1].Seq != 7 {
		t.Errorf("the anchor is %+v, %v", marks, err)
	}
	if err := a.Advance(context.Background(), Mark{At: at, Database: "d", Seq: 9}, fakeHistory{}); !errors.Is(err,
		ErrDisagrees) {
		t.Errorf("an anchor that disagrees: %v", err)
	}
}

// TestLossesMakeMarksVoid has a restore lose the newest records, and the anchor go on.
func TestLossesMakeMarksVoid(t *testing.T) {
	a := Anchor{Path: filepath.Join(t.TempDir(), "anchor.jsonl"), Database: "d", Place: "p"}
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	add := func(m Mark, h fakeHistory) error { return a.Advance(context.Background(), m, h) }
	for day := range 3 {
		m := Mark{At: at.AddDate(0, 0, day), Database: "d", Place: "p", Seq: int64(5 * (day + 1)), Hash: fmt.Sprint(day)}
		if err := add(m, fakeHistory{holds: true}); err != nil {
			t.Fatal(err)
		}
	}
	losses := []Loss{{From: 7, To: 15, Until: at.AddDate(0, 0, 2)}}
	k, err := a.Known(losses)
	if err != nil || len(k.Marks) != 1 || k.Newest().Seq != 5 {
		t.Errorf("known is %+v, %v", k, err)
	}
	next := Mark{At: at.AddDate(0, 0, 3), Database: "d", Place: "p", Seq: 8, Hash: "new"}
	if err := add(next, fakeHistory{}); !errors.Is(err, ErrDisagrees) {
		t.Errorf("without the loss: %v", err)
	}
	if err := add(next, fakeHistory{holds: true, losses: losses}); err != nil {
		t.Fatal(err)
	}
	k, err = a.Known(losses)
	if err != nil || len(k.Marks) != 2 || k.Newest() != next {
		t.Errorf("known is %+v, %v", k, err)
	}
	if lines, err := a.Read(); err != nil || len(lines) != 4 {
		t.Errorf("the evidence is %+v, %v", lines, err)
	}
	// Another database in this place.
	other := a
	other.Database = "e"
	if k, err := other.Known(losses); err != nil || k.Another == nil {
		t.Errorf("known is %+v, %v", k, err)
	}
	losses = []Loss{{Another: true, Until: next.At}}
	if k, err := other.Known(losses); err != nil || k.Another != nil {
		t.Errorf("known is %+v, %v", k, err)
	}
}

package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/store/internal/anchor"
)

// in is a folder that was chosen.
func in(folder string) func() string { return func() string { return folder } }

// TestSecondAnchor loses the first anchor, and has the second tell.
func TestSecondAnchor(t *testing.T) {
	p := testParams(t.TempDir())
	share := t.TempDir()
	p.SecondAnchor = in(share)
	s := mustOpen(t, p, noRing{})
	for i := range 3 {
		record(t, s, fmt.Sprint(i), "")
	}
	must(t, s.AnchorProblem())
	v := mustVerify(t, s)
	if !v.Intact || !v.First.Found || !v.Second.Chosen || !v.Second.Found || v.Second.Until != 6 ||
		v.Second.Since != v.First.Since || v.Since != v.First.Since {
		t.Errorf("verdict is %+v", v)
	}
	// Another desk beside it, on the same share.
	q := testParams(t.TempDir())
	q.SecondAnchor = p.SecondAnchor
	other := mustOpen(t, q, noRing{})
	record(t, other, "o", "")
	if files, err := os.ReadDir(share); err != nil || len(files) != 4 { // two, with their locks
		t.Errorf("the share holds %v, %v", files, err)
	}
	must(t, s.Close())
	must(t, os.Remove(p.Anchor))
	db, triggers := forge(t, p.Path)
	_, err := db.Exec(`DELETE FROM record WHERE seq > 4`)
	must(t, err)
	chainFrom(t, db, 1)
	makeListsAnew(t, db)
	triggers()
	s = mustOpen(t, p, noRing{})
	if v := mustVerify(t, s); v.Fault != history.FaultCutOff || v.BadSeq != 5 || v.First.Found || !v.Second.Found {
		t.Errorf("verdict is %+v", v)
	}
	p.SecondAnchor = nil
	if v := mustVerify(t, mustOpen(t, p, noRing{})); !v.Intact || v.Anchored || v.Second.Chosen {
		t.Errorf("verdict without any is %+v", v)
	}
}

// TestAnchorsDisagree writes the first anchor anew, as somebody could who owns
// this computer's files, but not the share's.
func TestAnchorsDisagree(t *testing.T) {
	p := testParams(t.TempDir())
	share := t.TempDir()
	p.SecondAnchor = in(share)
	s := mustOpen(t, p, noRing{})
	for i := range 3 {
		record(t, s, fmt.Sprint(i), "")
	}
	must(t, s.Close())
	must(t, os.Remove(p.Anchor))
	db, triggers := forge(t, p.Path)
	_, err := db.Exec(fmt.Sprintf(editPayload, 4))
	must(t, err)
	chainFrom(t, db, 4)
	makeListsAnew(t, db)
	triggers()
	quiet := p
	quiet.SecondAnchor = nil
	forger := mustOpen(t, quiet, noRing{})
	record(t, forger, "x", "")
	if v := mustVerify(t, forger); !v.Intact || !v.Anchored {
		t.Fatalf("verdict is %+v", v)
	}
	s = mustOpen(t, p, noRing{})
	if v := mustVerify(t, s); v.Fault != history.FaultReplaced || v.BadSeq != 6 || v.Good != 1 {
		t.Errorf("verdict is %+v", v)
	}
	record(t, s, "y", "")
	wantKey(t, s.AnchorProblem(), "store.second_anchor_disagrees")
}

// TestSecondAnchorIsGone keeps nobody from recording, makes no folder where a
// share is not mounted, and is said.
func TestSecondAnchorIsGone(t *testing.T) {
	p := testParams(t.TempDir())
	share := filepath.Join(t.TempDir(), "share")
	p.SecondAnchor = in(share)
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "")
	wantKey(t, s.AnchorProblem(), "store.second_anchor_missing")
	if v := mustVerify(t, s); !v.Intact || v.Second.Problem != "store.second_anchor_missing" || v.Second.Found {
		t.Errorf("verdict is %+v", v)
	}
	if _, err := os.Stat(share); err == nil {
		t.Error("the folder was made")
	}
	must(t, os.Mkdir(share, 0o700))
	record(t, s, "b", "")
	must(t, s.AnchorProblem())
	must(t, os.RemoveAll(share))
	must(t, os.WriteFile(share, nil, 0o600)) // a file in its place
	record(t, s, "c", "")
	wantKey(t, s.AnchorProblem(), "store.second_anchor")
}

// TestSecondAnchorHangs puts a pipe nobody writes to in the anchor's place: who
// opens it waits for ever, as on a share whose server is gone.
func TestSecondAnchorHangs(t *testing.T) {
	p := testParams(t.TempDir())
	share := t.TempDir()
	p.SecondAnchor = in(share)
	s := mustOpen(t, p, noRing{})
	makePipe(t, s.second.In(share).Path)
	began := time.Now()
	record(t, s, "a", "") // two records: one waits, the second not again
	if took := time.Since(began); took < anchor.SharePatience || took > 2*anchor.SharePatience {
		t.Errorf("a check took %s", took)
	}
	wantKey(t, s.AnchorProblem(), "store.second_anchor_silent")
	if v := mustVerify(t, s); !v.Intact || !v.First.Found || v.Second.Problem != "store.second_anchor_silent" {
		t.Errorf("verdict is %+v", v)
	}
	// Another place is chosen: it is in use at once, whatever hangs at the first.
	there := s.second.Where
	s.second.Where = in(t.TempDir())
	record(t, s, "elsewhere", "")
	must(t, s.AnchorProblem())
	if v := mustVerify(t, s); !v.Second.Found || v.Second.Problem != "" {
		t.Errorf("verdict is %+v", v)
	}
	s.second.Where = there
	// The server comes back, and who hung ends.
	pipe, err := os.OpenFile(s.second.In(share).Path, os.O_WRONLY, 0)
	must(t, err)
	must(t, pipe.Close())
	must(t, os.Remove(s.second.In(share).Path))
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		record(t, s, fmt.Sprint(time.Now().UnixNano()), "")
		if s.AnchorProblem() == nil || time.Now().After(deadline) {
			break
		}
	}
	must(t, s.AnchorProblem())
	if v := mustVerify(t, s); !v.Intact || !v.Second.Found {
		t.Errorf("verdict is %+v", v)
	}
}

// TestErasuresAtTheSecondAnchor loses all of this computer: the share knows what
// is to be erased from the backup.
func TestErasuresAtTheSecondAnchor(t *testing.T) {
	p := testParams(t.TempDir())
	share := t.TempDir()
	p.SecondAnchor = in(share)
	s := mustOpen(t, p, noRing{})
	intimate(t, s, "a")
	file := backUp(t, s)
	gone := sealedBytes(t, s, "sess_a")
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_a", Actor: erasing,
		Parts: []history.Part{history.PartKey}}))
	q := testParams(t.TempDir())
	q.SecondAnchor = p.SecondAnchor
	if done := mustRestore(t, q, history.Restoring{File: file}); done.Erased != 1 || done.Lost.From != 4 ||
		done.Lost.To != 4 {
		t.Errorf("it went %+v", done)
	}
	nowhere(t, filepath.Dir(filepath.Dir(q.Path)), gone)
	if data, err := os.ReadFile(q.Anchor); err == nil && bytes.Contains(data, []byte("Zaphodine")) {
		t.Error("the anchor holds a name")
	}
}

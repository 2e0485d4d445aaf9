package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/anchor"
)

func backUp(t testing.TB, s *Store) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup.db")
	must(t, s.Backup(t.Context(), file, nil))
	return file
}

func mustRestore(t testing.TB, p Params, r history.Restoring) history.Restoration {
	t.Helper()
	done, err := restore(t.Context(), p, noRing{}, r, nil)
	if err != nil {
		t.Fatalf("restore: %v", err)
	}
	return done
}

// payloads gives all payloads from a record on, one on a line.
func payloads(t testing.TB, s *Store, from int64) string {
	t.Helper()
	var all strings.Builder
	must(t, eachStored(t.Context(), s.reader, func(r *stored) bool {
		if r.seq >= from {
			fmt.Fprintf(&all, "%s\n", r.payload)
		}
		return true
	}))
	return all.String()
}

// TestBackupWhileWriting copies while two stores write: the copy is whole and of
// one moment.
func TestBackupWhileWriting(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, &memoryRing{})
	fill(t, s, 6000)
	other := mustOpen(t, p, noRing{})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	for _, writer := range []*Store{s, other} {
		go func() {
			for ctx.Err() == nil {
				if err := writer.SignedIn(context.Background(), history.SignIn{}); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	file := filepath.Join(t.TempDir(), "backup.db")
	var seen []matcher.Progress
	err := s.Backup(t.Context(), file, func(p matcher.Progress) { seen = append(seen, p) })
	stop()
	must(t, errors.Join(err, <-done, <-done))
	if len(seen) < 3 || seen[0].Stage != StageBackup || seen[0].Total == 0 || seen[len(seen)-1].Stage != StageVerifying {
		t.Errorf("progress is %+v", seen)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(filepath.Dir(file)); err != nil || len(files) != 1 {
		t.Errorf("beside the backup lie %v, %v", files, err)
	}
	copied := p
	copied.Path, copied.ReadOnly = file, true
	c := mustOpen(t, copied, noRing{})
	v := mustVerify(t, s)
	head, err := c.Head(t.Context())
	if err != nil || head.Seq < 6000 || head.Seq > v.Records {
		t.Errorf("the backup ends at %d, %v", head.Seq, err)
	}
	if ok, err := s.holds(t.Context(), anchor.Mark{Seq: head.Seq, Hash: head.Hash}); err != nil || !ok {
		t.Error("the backup is not of this history")
	}
	nowhere(t, filepath.Dir(file), asBytes([]string{"A Name"}))
	// Named as people do, from where they are.
	t.Chdir(t.TempDir())
	must(t, s.Backup(t.Context(), "b 100%?.db", nil))
	if _, err := os.Stat("b 100%?.db"); err != nil {
		t.Error(err)
	}
}

func TestBackupRefused(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	there := filepath.Join(t.TempDir(), "there")
	must(t, os.WriteFile(there, []byte("mine"), 0o600))
	wantKey(t, s.Backup(t.Context(), there, nil), "store.backup_exists")
	wantKey(t, s.Backup(t.Context(), p.Path, nil), "store.backup_exists")
	if data, err := os.ReadFile(there); err != nil || string(data) != "mine" {
		t.Errorf("the file became %q, %v", data, err)
	}
	wantKey(t, s.Backup(t.Context(), filepath.Join(there, "x"), nil), "store.backup_unwritten")
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	err := s.Backup(ctx, filepath.Join(dir, "x"), func(matcher.Progress) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("a cancelled backup leaves %v, %v", files, err)
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		wantKey(t, s.Backup(t.Context(), "/dev/full", nil), "store.backup_exists")
	}
}

// TestBackupOfABrokenHistory is kept, and said.
func TestBackupOfABrokenHistory(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	db, restoreTriggers := forge(t, p.Path)
	_, err := db.Exec(fmt.Sprintf(editPayload, 2))
	must(t, err)
	restoreTriggers()
	file := filepath.Join(t.TempDir(), "backup.db")
	wantKey(t, s.Backup(t.Context(), file, nil), "store.backup_broken")
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	must(t, s.Close())
	_, err = restore(t.Context(), p, noRing{}, history.Restoring{File: file, Replace: true}, nil)
	wantKey(t, err, "store.restore_broken")
	if _, err := os.Stat(p.Path + restoringSuffix); err == nil {
		t.Error("the attempt leaves its copy")
	}
}

// TestRestoreWhereNothingIs brings a history back whose disk died, with the
// anchor and without.
func TestRestoreWhereNothingIs(t *testing.T) {
	for _, anchored := range []bool{true, false} {
		p := testParams(t.TempDir())
		s := mustOpen(t, p, noRing{})
		record(t, s, "a", "A Name")
		file := backUp(t, s)
		must(t, s.Close())
		must(t, removeDatabase(p.Path))
		if anchored {
			_, err := open(t.Context(), p, noRing{})
			wantKey(t, err, "store.gone")
		} else {
			must(t, os.Remove(p.Anchor))
		}
		done := mustRestore(t, p, history.Restoring{File: file, By: erasing})
		if done.Backup.Seq != 2 || done.Replaced != "" || done.Lost != (history.Loss{}) {
			t.Errorf("it went %+v", done)
		}
		s = mustOpen(t, p, noRing{})
		if v := mustVerify(t, s); !v.Intact || v.Records != 3 || v.Until != 3 {
			t.Errorf("verdict is %+v", v)
		}
		if rows := mustList(t, s, history.Filter{}); len(rows) != 1 || rows[0].Name != "A Name" {
			t.Errorf("list is %+v", rows)
		}
		if got := payloads(t, s, 3); !strings.Contains(got, `"kind":"restored"`) ||
			!strings.Contains(got, `"operator":"admin"`) ||
			!strings.Contains(got, `"backup":{"seq":2,`) || strings.Contains(got, "replaced") {
			t.Errorf("the note is %s", got)
		}
		record(t, s, "b", "B Name")
		if v := mustVerify(t, s); !v.Intact || v.Until != 5 {
			t.Errorf("verdict is %+v", v)
		}
	}
}

// TestRestoreOlder puts an older state in the place of a newer one. What was erased
// since stays erased, and what was recorded since is mentioned for ever.
func TestRestoreOlder(t *testing.T) {
	dir := t.TempDir()
	p := testParams(dir)
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	p.Now = func() time.Time { now = now.Add(time.Minute); return now }
	share := t.TempDir()
	p.SecondAnchor = in(share)
	s := mustOpen(t, p, noRing{})
	intimate(t, s, "a")
	intimate(t, s, "b")
	file := backUp(t, s)
	gone := sealedBytes(t, s, "sess_a")
	now = now.AddDate(0, 0, 1)
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_a", Actor: erasing, Parts: []history.Part{history.PartKey},
		Reason: history.OnRequest}))
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_b", Actor: erasing,
		Parts: []history.Part{history.PartImages}, Reason: history.AfterPeriod}))
	record(t, s, "c", "C Name")
	must(t, s.Close())

	_, err := restore(t.Context(), p, noRing{}, history.Restoring{File: file}, nil)
	wantKey(t, err, "store.restore_newer")
	_, err = restore(t.Context(), p, noRing{}, history.Restoring{File: p.Path, Replace: true}, nil)
	wantKey(t, err, "store.restore_itself")
	before, err := os.ReadFile(file)
	must(t, err)
	done := mustRestore(t, p, history.Restoring{File: file, Replace: true, By: erasing})
	if done.Backup.Seq != 6 || done.Erased != 2 || done.Lost.From != 7 || done.Lost.To != 10 || done.Lost.Another {
		t.Errorf("it went %+v", done)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the backup was changed: %v", err)
	}
	nowhere(t, filepath.Dir(p.Path), gone) // neither here nor in what was replaced
	if !strings.HasPrefix(filepath.Base(done.Replaced), "history.db.replaced-20261121-") {
		t.Errorf("the replaced history is called %s", filepath.Base(done.Replaced))
	}
	kept := p
	kept.Path, kept.ReadOnly, kept.SecondAnchor, kept.Anchor = done.Replaced, true, nil, filepath.Join(dir, "none")
	if v := mustVerify(t, mustOpen(t, kept, noRing{})); !v.Intact || v.Records != 10 {
		t.Errorf("the replaced history's verdict is %+v", v)
	}

	s = mustOpen(t, p, noRing{})
	if got := payloads(t, s, 7); strings.Count(got, "\n") != 3 || !strings.Contains(got, `"replaced":{"seq":10,`) ||
		!strings.Contains(got, `"same":true`) || !strings.Contains(got, `"known":{"seq":10,`) ||
		!strings.Contains(got, `"lost_from":7`) || !strings.Contains(got, history.AfterRestore) {
		t.Errorf("the notes are %s", got)
	}
	loss := done.Lost
	if loss.Seq != 7 || loss.By != "admin" || !loss.At.After(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the loss is %+v", loss)
	}
	for _, path := range []string{p.Anchor, s.second.In(share).Path} { // the evidence stays
		if data, err := os.ReadFile(path); err != nil || !bytes.Contains(data, []byte(`"seq":10`)) {
			t.Errorf("the anchor is %s, %v", data, err)
		}
	}
	for range 2 {
		v := mustVerify(t, s)
		if !v.Intact || len(v.Losses) != 1 || v.Losses[0] != loss || !v.First.Found || !v.Second.Found || v.Until < 9 {
			t.Errorf("verdict is %+v", v)
		}
		record(t, s, fmt.Sprint("e", v.Until), "E Name") // the anchors go on
		if err := s.AnchorProblem(); err != nil {
			t.Error(err)
		}
	}
	record(t, s, "d", "D Name")
	// What is erased now has a number the list knows already, of the lost line.
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_d", Parts: []history.Part{history.PartKey}}))
	list, err := s.anchor.Erasures().Of(s.id)
	if err != nil || list[len(list)-1].Session != "sess_d" {
		t.Errorf("the list of erasures is %+v, %v", list, err)
	}
	record(t, s, "f", "")
	// What is cut off after is seen as ever.
	last := mustVerify(t, s).Records
	must(t, s.Close())
	db, triggers := forge(t, p.Path)
	_, err = db.Exec(`DELETE FROM sealed WHERE record > ?`, last-2)
	must(t, err)
	_, err = db.Exec(`DELETE FROM record WHERE seq > ?`, last-2)
	must(t, err)
	triggers()
	s = mustOpen(t, p, noRing{})
	if v := mustVerify(t, s); v.Fault != history.FaultCutOff || v.BadSeq != last-1 || len(v.Losses) != 1 {
		t.Errorf("verdict is %+v", v)
	}
}

// TestRestoreAnother puts another desk's history in the place of this one's.
func TestRestoreAnother(t *testing.T) {
	other := mustOpen(t, testParams(t.TempDir()), noRing{})
	record(t, other, "o", "O Name")
	file := backUp(t, other)
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	must(t, s.Close())
	_, err := restore(t.Context(), p, noRing{}, history.Restoring{File: file}, nil)
	wantKey(t, err, "store.restore_other")
	done := mustRestore(t, p, history.Restoring{File: file, Replace: true, By: erasing})
	if !done.Lost.Another || done.Replaced == "" || done.Lost.To != 0 {
		t.Errorf("it went %+v", done)
	}
	s = mustOpen(t, p, noRing{})
	must(t, s.SignedIn(t.Context(), history.SignIn{}))
	if v := mustVerify(t, s); !v.Intact || len(v.Losses) != 1 || !v.Losses[0].Another || v.Records != 4 || v.Until != 4 ||
		s.AnchorProblem() != nil {
		t.Errorf("verdict is %+v, %v", v, s.AnchorProblem())
	}
}

// TestRestoreInPlaceOfDamage keeps what could not be read.
func TestRestoreInPlaceOfDamage(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	file := backUp(t, s)
	must(t, s.Close())
	noise := bytes.Repeat([]byte("noise"), 5000)
	must(t, os.WriteFile(p.Path, noise, 0o600))
	_, err := restore(t.Context(), p, noRing{}, history.Restoring{File: file}, nil)
	wantKey(t, err, "store.restore_unclear")
	done := mustRestore(t, p, history.Restoring{File: file, Replace: true})
	if data, err := os.ReadFile(done.Replaced); err != nil || !bytes.Equal(data, noise) {
		t.Errorf("what was there is %d bytes, %v", len(data), err)
	}
	if v := mustVerify(t, mustOpen(t, p, noRing{})); !v.Intact || v.Records != 3 {
		t.Errorf("verdict is %+v", v)
	}
}

// TestRestoreNewer needs no word: nothing is lost.
func TestRestoreNewer(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	older := backUp(t, s)
	record(t, s, "b", "B Name")
	newer := backUp(t, s)
	must(t, s.Close())
	mustRestore(t, p, history.Restoring{File: older, Replace: true})
	// It has its own note now, so it is another line than the newer backup's.
	_, err := restore(t.Context(), p, noRing{}, history.Restoring{File: newer}, nil)
	wantKey(t, err, "store.restore_other")
	// Back on the first line: now the second one's record is lost.
	if done := mustRestore(t, p, history.Restoring{File: newer, Replace: true}); done.Lost.From != 3 || done.Lost.To != 3 {
		t.Errorf("it went %+v", done)
	}
	s = mustOpen(t, p, noRing{})
	if v := mustVerify(t, s); !v.Intact || len(v.Losses) != 1 {
		t.Errorf("verdict is %+v", v)
	}
	must(t, s.Close())

	// An older state of the very same line needs no word.
	must(t, os.Remove(p.Anchor))
	must(t, removeDatabase(p.Path))
	data, err := os.ReadFile(older)
	must(t, err)
	must(t, os.WriteFile(p.Path, data, 0o600))
	if done := mustRestore(t, p, history.Restoring{File: newer}); done.Replaced == "" || done.Backup.Seq != 4 ||
		done.Lost.To != 0 {
		t.Errorf("it went %+v", done)
	}
	if v := mustVerify(t, mustOpen(t, p, noRing{})); !v.Intact || v.Records != 5 {
		t.Errorf("verdict is %+v", v)
	}
}

func TestRestoreRefused(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "A Name")
	file := backUp(t, s)
	must(t, s.Close())
	before := contents(t, filepath.Dir(p.Path))
	try := func(file, key string) {
		t.Helper()
		_, err := restore(t.Context(), p, noRing{}, history.Restoring{File: file, Replace: true}, nil)
		wantKey(t, err, key)
		after := contents(t, filepath.Dir(p.Path))
		if len(after) != len(before) || !bytes.Equal(after[p.Path], before[p.Path]) {
			t.Errorf("%s: the history was touched", key)
		}
	}
	try(file+"x", "store.restore_missing")
	try(filepath.Dir(file), "store.restore_foreign")
	text := filepath.Join(t.TempDir(), "text")
	must(t, os.WriteFile(text, []byte("no database at all"), 0o600))
	try(text, "store.restore_foreign")
	must(t, os.WriteFile(text, nil, 0o600))
	try(text, "store.restore_foreign")
	newer := rawDB(t, file)
	_, err := newer.Exec(`INSERT INTO migration VALUES (999, 'x')`)
	must(t, err)
	must(t, newer.Close())
	try(file, "store.restore_future")
	must(t, removeDatabase(file))
	must(t, os.WriteFile(file, before[p.Path], 0o600))
	spoil(t, file, `"operator":"clerk"`, `"operator":"thief"`)
	try(file, "store.restore_broken")
}

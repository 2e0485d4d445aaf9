package store

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"facematch/app/history"
	"facematch/store/internal/vault"
)

const secretWords = "correct horse battery staple"

// quick makes guessing cheap, as tests may.
func quick(s *Store) *Store {
	s.recoveryWork = 8
	return s
}

// TestRecoverOnAnotherComputer restores a backup where there is no key, and gets
// it with the passphrase: into a key file, into a keyring, and beside another
// history's key file.
func TestRecoverOnAnotherComputer(t *testing.T) {
	p := testParams(t.TempDir())
	s := quick(mustOpen(t, p, noRing{}))
	record(t, s, "a", "Ann Example")
	if set, err := s.RecoverySet(t.Context()); err != nil || set {
		t.Errorf("set: %v, %v", set, err)
	}
	wantKey(t, s.SetRecovery(t.Context(), "short"), "store.recovery_short")
	must(t, s.SetRecovery(t.Context(), "an older passphrase"))
	older := backUp(t, s)
	must(t, s.SetRecovery(t.Context(), secretWords))
	if set, err := s.RecoverySet(t.Context()); err != nil || !set {
		t.Errorf("set: %v, %v", set, err)
	}
	file := backUp(t, s)
	key, err := os.ReadFile(p.KeyFile)
	must(t, err)
	raw, err := hex.DecodeString(strings.TrimSpace(string(key)))
	must(t, err)
	nowhere(t, filepath.Dir(file), [][]byte{raw, key[:64], []byte(secretWords), []byte("Ann Example")})
	if place, err := s.RecoverKey(t.Context(), "whatever"); err != nil || place != vault.PlaceFile {
		t.Errorf("with the key at hand: %s, %v", place, err)
	}

	for name, c := range map[string]struct {
		ring  vault.Ring
		file  string // that is there before
		place string
	}{
		"key file":                 {noRing{}, "", vault.PlaceFile},
		"keyring":                  {&memoryRing{}, "", vault.PlaceKeyring},
		"keyring with a wrong one": {&memoryRing{secrets: map[string]string{s.id: "zz"}}, "", vault.PlaceKeyring},
		"another's key file":       {noRing{}, strings.Repeat("ab", 32) + "\n", vault.PlaceFile},
	} {
		there := testParams(t.TempDir())
		mustRestore(t, there, history.Restoring{File: file})
		if c.file != "" {
			must(t, os.WriteFile(there.KeyFile, []byte(c.file), 0o600))
		}
		r := quick(mustOpen(t, there, c.ring))
		if rows := mustList(t, r, history.Filter{}); !rows[0].Sealed {
			t.Errorf("%s: the name opens without the key", name)
		}
		_, err := r.RecoverKey(t.Context(), "an older passphrase")
		wantKey(t, err, "store.recovery_wrong")
		_, err = r.RecoverKey(t.Context(), "")
		wantKey(t, err, "store.recovery_wrong")
		if place, err := r.RecoverKey(t.Context(), secretWords); err != nil || place != c.place {
			t.Errorf("%s: recovered into %s, %v", name, place, err)
		}
		must(t, r.Close())
		r = mustOpen(t, there, c.ring) // at the next start too
		if rows := mustList(t, r, history.Filter{}); rows[0].Name != "Ann Example" {
			t.Errorf("%s: the row is %+v", name, rows[0])
		}
		record(t, r, "b", "Bob Example")
		if c.file != "" {
			kept, err := filepath.Glob(there.KeyFile + ".replaced-*")
			if err != nil || len(kept) != 1 {
				t.Fatalf("the other key is %v, %v", kept, err)
			}
			if data, err := os.ReadFile(kept[0]); err != nil || string(data) != c.file {
				t.Errorf("the other key became %q, %v", data, err)
			}
		}
	}

	there := testParams(t.TempDir())
	mustRestore(t, there, history.Restoring{File: older})
	if _, err := mustOpen(t, there, noRing{}).RecoverKey(t.Context(), "an older passphrase"); err != nil {
		t.Errorf("an older backup's: %v", err)
	}
}

func TestNothingToRecover(t *testing.T) {
	p := testParams(t.TempDir())
	s := quick(mustOpen(t, p, noRing{}))
	record(t, s, "a", "Ann Example")
	must(t, s.Close())
	must(t, os.Remove(p.KeyFile))
	s = quick(mustOpen(t, p, noRing{}))
	_, err := s.RecoverKey(t.Context(), secretWords)
	wantKey(t, err, "store.recovery_none")
	wantKey(t, s.SetRecovery(t.Context(), secretWords), "store.key_lost")
	must(t, s.Close())
	db := rawDB(t, p.Path)
	for value, key := range map[string]string{"no age file": "store.recovery_damaged"} {
		_, err := db.Exec(`INSERT OR REPLACE INTO meta VALUES ('recovery', ?)`, value)
		must(t, err)
		_, err = mustOpen(t, p, noRing{}).RecoverKey(t.Context(), secretWords)
		wantKey(t, err, key)
	}
}

// TestRecoveryOfAnother puts the wrapped key of one history into another: it is
// not taken.
func TestRecoveryOfAnother(t *testing.T) {
	one, p := quick(mustOpen(t, testParams(t.TempDir()), noRing{})), testParams(t.TempDir())
	must(t, one.SetRecovery(t.Context(), secretWords))
	var text string
	must(t, one.reader.QueryRow(`SELECT value FROM meta WHERE name = 'recovery'`).Scan(&text))
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "Ann Example")
	must(t, s.Close())
	must(t, os.Remove(p.KeyFile))
	db := rawDB(t, p.Path)
	_, err := db.Exec(`INSERT INTO meta VALUES ('recovery', ?)`, text)
	must(t, err)
	_, err = mustOpen(t, p, noRing{}).RecoverKey(t.Context(), secretWords)
	wantKey(t, err, "store.recovery_damaged")
}

package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"facematch/app/history"
	"facematch/store/internal/seal"
	"facematch/store/internal/vault"
)

// hangingRing does not answer until it is released, like one that waits for a
// password.
type hangingRing struct {
	memoryRing
	release chan struct{}
	calls   atomic.Int32
}

func (r *hangingRing) Get(user string) (string, error) {
	r.calls.Add(1)
	<-r.release
	return r.memoryRing.Get(user)
}

// fallingRing panics, as the D-Bus client does where the bus ends.
type fallingRing struct{}

func (fallingRing) Get(string) (string, error) { panic("bus is gone") }
func (fallingRing) Set(string, string) error   { panic("bus is gone") }

// forgetfulRing takes a secret and keeps nothing.
type forgetfulRing struct{}

func (forgetfulRing) Get(string) (string, error) { return "", keyring.ErrNotFound }
func (forgetfulRing) Set(string, string) error   { return nil }

func TestKeyInKeyring(t *testing.T) {
	p := testParams(t.TempDir())
	r := &memoryRing{}
	s := mustOpen(t, p, r)
	if place := s.KeyPlace(); place != "keyring" {
		t.Errorf("the key would be put into the %s", place)
	}
	if r.sets != 0 {
		t.Error("asking made a key")
	}
	record(t, s, "a", "Ann Example")
	record(t, s, "b", "Bob Example")
	if place := s.KeyPlace(); place != "keyring" || r.sets != 1 || r.secrets[s.id] == "" {
		t.Errorf("the key lies in the %s, %d keys were made", place, r.sets)
	}
	if _, err := os.Stat(p.KeyFile); err == nil {
		t.Error("there is a key file too")
	}
	again := mustOpen(t, p, r)
	if rows := mustList(t, again, history.Filter{}); rows[0].Name != "Bob Example" || rows[1].Name != "Ann Example" {
		t.Errorf("list is %+v", rows)
	}
}

func TestKeyInFileWhereNoKeyringWorks(t *testing.T) {
	for name, r := range map[string]vault.Ring{
		"none": noRing{}, "falling": fallingRing{}, "forgetful": forgetfulRing{},
		"hanging": &hangingRing{release: make(chan struct{})},
	} {
		t.Run(name, func(t *testing.T) {
			if h, ok := r.(*hangingRing); ok {
				defer close(h.release)
			}
			p := testParams(t.TempDir())
			s := mustOpen(t, p, r)
			s.vault.Patience = 50 * time.Millisecond
			if name == "falling" { // the others differ only when a key is put
				if place := s.KeyPlace(); place != "file" {
					t.Errorf("the key would be put into the %s", place)
				}
			}
			record(t, s, "a", "Ann Example")
			if place := s.KeyPlace(); place != "file" {
				t.Errorf("the key lies in the %s", place)
			}
			data, err := os.ReadFile(p.KeyFile)
			if err != nil {
				t.Fatal(err)
			}
			if key, err := hex.DecodeString(strings.TrimSpace(string(data))); err != nil || len(key) != 32 {
				t.Errorf("the key file holds %d bytes, %v", len(key), err)
			}
			// The place stays, though there is a keyring now.
			later := &memoryRing{}
			again := mustOpen(t, p, later)
			record(t, again, "b", "Bob Example")
			if rows := mustList(t, again, history.Filter{}); rows[1].Name != "Ann Example" || again.KeyPlace() != "file" ||
				later.sets != 0 {
				t.Errorf("list is %+v, the key lies in the %s", rows, again.KeyPlace())
			}
		})
	}
}

// TestKeyIsGone looks at each way a key can fail later: sealing says why, and
// all that needs no key goes on.
func TestKeyIsGone(t *testing.T) {
	other := hex.EncodeToString(seal.NewKey())
	for _, c := range []struct {
		name  string
		first vault.Ring
		later func(t *testing.T, s *Store, p Params) vault.Ring
		want  string
	}{
		{"not in the keyring", &memoryRing{}, func(*testing.T, *Store, Params) vault.Ring { return &memoryRing{} },
			"store.key_lost"},
		{"no keyring", &memoryRing{}, func(*testing.T, *Store, Params) vault.Ring { return noRing{} }, "store.keyring"},
		{"another key in the keyring", &memoryRing{}, func(t *testing.T, s *Store, p Params) vault.Ring {
			return &memoryRing{secrets: map[string]string{s.id: other}}
		}, "store.key_wrong"},
		{"nonsense in the keyring", &memoryRing{}, func(t *testing.T, s *Store, p Params) vault.Ring {
			return &memoryRing{secrets: map[string]string{s.id: "secret"}}
		}, "store.key_wrong"},
		{"no key file", noRing{}, func(t *testing.T, s *Store, p Params) vault.Ring {
			if err := os.Remove(p.KeyFile); err != nil {
				t.Fatal(err)
			}
			return noRing{}
		}, "store.key_lost"},
		{"another key file", noRing{}, func(t *testing.T, s *Store, p Params) vault.Ring {
			if err := os.WriteFile(p.KeyFile, []byte(other), 0o600); err != nil {
				t.Fatal(err)
			}
			return noRing{}
		}, "store.key_wrong"},
		{"empty key file", noRing{}, func(t *testing.T, s *Store, p Params) vault.Ring {
			if err := os.WriteFile(p.KeyFile, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return noRing{}
		}, "store.key_wrong"},
		{"a folder as key file", noRing{}, func(t *testing.T, s *Store, p Params) vault.Ring {
			if err := errors.Join(os.Remove(p.KeyFile), os.Mkdir(p.KeyFile, 0o700)); err != nil {
				t.Fatal(err)
			}
			return noRing{}
		}, "store.key_unreadable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testParams(t.TempDir())
			s := mustOpen(t, p, c.first)
			record(t, s, "a", "Ann Example")
			again := mustOpen(t, p, c.later(t, s, p))
			ctx := context.Background()
			wantKey(t, again.Start(ctx, started("b", "Bob Example")), c.want)
			wantKey(t, again.Start(ctx, started("c", "")), c.want) // its answer could not be sealed
			wantKey(t, again.KeyProblem(ctx), c.want)
			if err := again.Settings(ctx, history.SettingsChange{How: "by hand", SHA256: "ab"}); err != nil {
				t.Errorf("settings: %v", err)
			}
			rows := mustList(t, again, history.Filter{})
			if len(rows) != 1 || !rows[0].Sealed || rows[0].Name != "" || rows[0].Outcome != history.Pass {
				t.Errorf("list is %+v", rows)
			}
			if v := mustVerify(t, again); !v.Intact || v.Records != 3 {
				t.Errorf("verdict is %+v", v)
			}
			if err := again.Finish(ctx, finished("a", 1, "{}")); err == nil {
				t.Error("sealed without a key")
			}
		})
	}
}

// TestKeyringHangsLater waits once for a keyring that asks for a password, not
// again while it asks, and has the key when it was unlocked.
func TestKeyringHangsLater(t *testing.T) {
	p := testParams(t.TempDir())
	first := &memoryRing{}
	record(t, mustOpen(t, p, first), "a", "Ann Example")
	r := &hangingRing{release: make(chan struct{})}
	r.secrets = first.secrets
	s := mustOpen(t, p, r)
	s.vault.Patience = 50 * time.Millisecond
	for range 20 {
		if rows := mustList(t, s, history.Filter{}); !rows[0].Sealed {
			t.Fatalf("row is %+v", rows[0])
		}
	}
	wantKey(t, s.Start(context.Background(), started("b", "Bob Example")), "store.keyring")
	if n := r.calls.Load(); n != 1 {
		t.Errorf("the hanging keyring was asked %d times, want once", n)
	}
	close(r.release)
	for deadline := time.Now().Add(10 * time.Second); ; {
		if rows := mustList(t, s, history.Filter{}); rows[0].Name == "Ann Example" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the key never comes after the keyring was unlocked")
		}
		time.Sleep(5 * time.Millisecond)
	}
	record(t, s, "b", "Bob Example")
}

// TestSessionKeyStays tries to take the key of a name away, first through the
// triggers, then without them.
func TestSessionKeyStays(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, &memoryRing{})
	record(t, s, "a", "Ann Example")
	record(t, s, "b", "Bob Example")
	raw := rawDB(t, p.Path) // without this program's settings
	for _, statement := range []string{
		`DELETE FROM session_key WHERE session = 'sess_b'`,
		`UPDATE session_key SET wrapped = zeroblob(48)`,
		`INSERT OR REPLACE INTO session_key SELECT session, nonce, zeroblob(48) FROM session_key`,
	} {
		if _, err := raw.Exec(statement); err == nil {
			t.Errorf("%s goes", statement)
		}
	}
	if rows := mustList(t, s, history.Filter{}); rows[0].Name != "Bob Example" || rows[1].Name != "Ann Example" {
		t.Errorf("list is %+v", rows)
	}
	db, restore := forge(t, p.Path)
	if _, err := db.Exec(`DELETE FROM session_key WHERE session = 'sess_b'`); err != nil {
		t.Fatal(err)
	}
	restore()
	rows := mustList(t, s, history.Filter{})
	if !rows[0].Sealed || rows[0].Name != "" || rows[1].Name != "Ann Example" {
		t.Errorf("list is %+v", rows)
	}
	if v := mustVerify(t, s); v.Intact || v.Fault != history.FaultKeyGone || v.BadSeq != 3 {
		t.Errorf("verdict is %+v", v)
	}
}

// TestOneSessionOneKey seals the parts of one session's checks under one key.
func TestOneSessionOneKey(t *testing.T) {
	s := mustOpen(t, testParams(t.TempDir()), &memoryRing{})
	for i := range 3 {
		st := started(fmt.Sprint(i), "Ann Example")
		st.Session = "sess_one"
		if err := s.Start(context.Background(), st); err != nil {
			t.Fatal(err)
		}
	}
	var keys, nonces int
	if err := s.reader.QueryRow(`SELECT (SELECT count(*) FROM session_key), (SELECT count(DISTINCT nonce) FROM sealed)`).Scan(&keys, &nonces); err != nil || keys != 1 || nonces != 3 {
		t.Errorf("%d keys, %d nonces, %v", keys, nonces, err)
	}
}

// TestSystemKeyring goes through the library to its stand-in, which serves this
// whole process from here on.
func TestSystemKeyring(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nothing") // a bus is there, as far as can be told
	keyring.MockInit()
	inRing := testParams(t.TempDir())
	s2, err := Open(context.Background(), inRing)
	if err != nil {
		t.Fatal(err)
	}
	defer s2.Close()
	record(t, s2, "a", "Ann Example")
	if s2.KeyPlace() != "keyring" {
		t.Errorf("the key lies in the %s", s2.KeyPlace())
	}
	keyring.MockInitWithError(errors.New("locked"))
	s3, err := Open(context.Background(), inRing)
	if err != nil {
		t.Fatal(err)
	}
	defer s3.Close()
	wantKey(t, s3.Start(context.Background(), started("b", "Bob")), "store.keyring")
	keyring.MockInit()
	wantKey(t, s3.Start(context.Background(), started("b", "Bob")), "store.key_lost")
}

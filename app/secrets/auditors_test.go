package secrets

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
)

func TestIdentity(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	plain := "# created: 2026-11-29\n# public key: " + key.Recipient().String() + "\n" + key.String() + "\n"
	sealed, err := Wrap([]byte(plain), "five words on paper here", 10)
	if err != nil {
		t.Fatal(err)
	}
	binary := func() []byte {
		r, err := age.NewScryptRecipient("five words on paper here")
		if err != nil {
			t.Fatal(err)
		}
		r.SetWorkFactor(10)
		var out bytes.Buffer
		w, err := age.Encrypt(&out, r)
		if err == nil {
			_, err = w.Write([]byte(plain))
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}()
	wrapped, err := WrapFor([]byte("a key"), []string{other.Recipient().String(), key.Recipient().String()})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file       []byte
		passphrase string
		err        error
	}{
		"as age-keygen makes it": {file: []byte(plain)},
		"armoured":               {file: []byte(sealed), passphrase: "five words on paper here"},
		"binary":                 {file: binary, passphrase: "five words on paper here"},
		"a wrong passphrase":     {file: []byte(sealed), passphrase: "six", err: ErrPassphrase},
		"no passphrase":          {file: []byte(sealed), err: ErrPassphrase},
		"a public key":           {file: []byte(key.Recipient().String()), err: ErrIdentity},
		"a picture":              {file: []byte("\x89PNG\r\n"), err: ErrIdentity},
		"nothing":                {err: ErrIdentity},
		"cut off":                {file: binary[:len(binary)-20], passphrase: "five words on paper here", err: ErrIdentity},
	} {
		i, err := ReadIdentity(c.file, func() (string, error) { return c.passphrase, nil })
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
		if c.err != nil {
			if err != nil && strings.Contains(err.Error(), "AGE-SECRET") {
				t.Errorf("%s: the error holds the key", name)
			}
			continue
		}
		if len(i.Recipients) != 1 || i.Recipients[0] != key.Recipient().String() {
			t.Errorf("%s: %v", name, i.Recipients)
		}
		if text, err := i.Unwrap(wrapped, 100); err != nil || string(text) != "a key" {
			t.Errorf("%s opens %q, %v", name, text, err)
		}
	}
	third, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	i, err := ReadIdentity([]byte(third.String()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Unwrap(wrapped, 100); !errors.Is(err, ErrNotMine) {
		t.Errorf("another's key: %v", err)
	}
	if _, err := i.Unwrap([]byte("age-encryption.org/v1\n"), 100); err == nil || errors.Is(err, ErrNotMine) {
		t.Errorf("a broken one: %v", err)
	}
}

func TestRecipients(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	public := key.Recipient().String()
	for text, want := range map[string]int{"": 0, public: 1, " " + public + ", " + public + "\n": 2} {
		if all, err := Recipients(text); err != nil || len(all) != want {
			t.Errorf("%q: %v, %v", text, all, err)
		}
	}
	for _, text := range []string{"age1", key.String(), "ssh-ed25519 AAAA", public + "x"} {
		if _, err := Recipients(text); err == nil || strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

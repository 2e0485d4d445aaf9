package sshsig

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"facematch/app/apptest/need"
)

func pair(t *testing.T) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

func TestVerify(t *testing.T) {
	public, private := pair(t)
	other, stranger := pair(t)
	text := []byte("a list")
	sign := func(key ed25519.PrivateKey, namespace string) []byte {
		signature, err := Sign(key, namespace, sha256.Sum256(text))
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
	good := sign(private, "lists")
	for _, c := range []struct {
		name      string
		key       ed25519.PublicKey
		text      string
		signature []byte
		want      error
	}{
		{"as signed", public, "a list", good, nil},
		{"another text", public, "a longer list", good, ErrSignature},
		{"another key", other, "a list", good, ErrSignature},
		{"another key's signature", public, "a list", sign(stranger, "lists"), ErrSignature},
		{"another purpose", public, "a list", sign(private, "exports"), ErrSignature},
		{"none", public, "a list", nil, ErrSignature},
		{"cut off", public, "a list", good[:len(good)/2], ErrSignature},
		{"another block", public, "a list", bytes.ReplaceAll(good, []byte("SSH SIG"), []byte("PGP SIG")), ErrSignature},
	} {
		if err := Verify(c.key, "lists", []byte(c.text), c.signature); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What OpenSSH makes is understood: keys with and without a passphrase, and its signatures.
func TestOpenSSHsOwn(t *testing.T) {
	tool, err := exec.LookPath("ssh-keygen")
	if err != nil {
		need.Missing(t, "ssh-keygen is not installed")
	}
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("a list"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	read := func(path string) []byte {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for name, passphrase := range map[string]string{"open": "", "locked": "five words of our own"} {
		file := filepath.Join(dir, name)
		run("-q", "-t", "ed25519", "-N", passphrase, "-f", file)
		public, err := ParsePublic(string(read(file + ".pub")))
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		private, err := ParsePrivate(read(file), func() (string, error) { asked++; return passphrase, nil })
		if err != nil || !public.Equal(private.Public()) || (asked == 1) != (passphrase != "") {
			t.Errorf("%s: %v, asked %d times", name, err, asked)
		}
	}
	public, _ := ParsePublic(string(read(filepath.Join(dir, "open.pub"))))
	run("-q", "-Y", "sign", "-f", filepath.Join(dir, "open"), "-n", "lists", text)
	if err := Verify(public, "lists", []byte("a list"), read(text+".sig")); err != nil {
		t.Error(err)
	}
	if _, err := ParsePrivate(read(filepath.Join(dir, "locked")), func() (string, error) {
		return "wrong", nil
	}); !errors.Is(err, ErrKey) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	run("-q", "-t", "rsa", "-N", "", "-f", filepath.Join(dir, "rsa"))
	if _, err := ParsePublic(string(read(filepath.Join(dir, "rsa.pub")))); !errors.Is(err, ErrKey) {
		t.Errorf("an RSA key: %v", err)
	}
	if _, err := ParsePrivate(read(filepath.Join(dir, "rsa")), nil); !errors.Is(err, ErrKey) {
		t.Errorf("an RSA key: %v", err)
	}
	for _, odd := range []string{"", "ssh-ed25519", "ssh-ed25519 AAAA", "private"} {
		if _, err := ParsePublic(odd); !errors.Is(err, ErrKey) {
			t.Errorf("%q: %v", odd, err)
		}
	}
}

package export

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"facematch/app/apptest/need"
)

// The signature beside an export is checked with OpenSSH's own tool, as an auditor does: the
// file as it was written passes, and nothing else does.
func TestSSHKeygenChecksTheSignature(t *testing.T) {
	tool, err := exec.LookPath("ssh-keygen")
	if err != nil {
		need.Missing(t, "ssh-keygen is not installed")
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "checks.csv")
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	line, err := SignerLine(public)
	if err != nil {
		t.Fatal(err)
	}
	signers := filepath.Join(folder, "allowed_signers")
	if err := os.WriteFile(signers, []byte(line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	export := func(text string, sign bool) {
		t.Helper()
		f, err := CreateFile(path, true)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Abort()
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if sign {
			signature, err := Signature(key, [32]byte(f.sum.Sum(nil)))
			if err != nil {
				t.Fatal(err)
			}
			f.Sign(signature)
		}
		if err := f.Publish(head, 1); err != nil {
			t.Fatal(err)
		}
	}
	verify := func(namespace string, text []byte) (string, error) {
		cmd := exec.Command(tool, "-Y", "verify", "-f", signers, "-I", SignaturePrincipal, "-n", namespace, "-s",
			path+SignatureEnding)
		cmd.Stdin = bytes.NewReader(text)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	export("seq,time\r\n1,2026\r\n", true)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := Fingerprint(public)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := verify(SignatureNamespace, text); err != nil || !strings.Contains(out, fingerprint) {
		t.Errorf("%v: %s; want %s", err, out, fingerprint)
	}
	if out, err := verify(SignatureNamespace, bytes.Replace(text, []byte("1,"), []byte("2,"), 1)); err == nil {
		t.Errorf("a changed export passes: %s", out)
	}
	if out, err := verify("file", text); err == nil {
		t.Errorf("the signature passes for another purpose: %s", out)
	}
	_, stranger, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key = stranger
	export(string(text), true)
	if out, err := verify(SignatureNamespace, text); err == nil {
		t.Errorf("another key's signature passes: %s", out)
	}
	// A signature of the file that was there before would be one of another file.
	export("other\n", false)
	if _, err := os.Lstat(path + SignatureEnding); !os.IsNotExist(err) {
		t.Errorf("an old signature lies beside an export that is not signed: %v", err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 3 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

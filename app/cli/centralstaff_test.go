package cli

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"facematch/app/history"
	"facematch/app/sshsig"
)

// The administrator of the centre makes a list in a file, and publishes it signed.
func TestCentralOperators(t *testing.T) {
	folder := t.TempDir()
	file, key, locked := filepath.Join(folder, "bank.json"), filepath.Join(folder, "key"), filepath.Join(folder, "locked")
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const passphrase = "a passphrase of the key"
	for path, marshal := range map[string]func() (*pem.Block, error){
		key: func() (*pem.Block, error) { return ssh.MarshalPrivateKey(private, "") },
		locked: func() (*pem.Block, error) {
			return ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
		},
	} {
		block, err := marshal()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var published []history.OperatorList
	c := Centre{PublishOperators: func(list history.OperatorList) string {
		published = append(published, list)
		return "SELECT publish"
	}}
	for _, step := range []struct {
		args  string
		stdin string
		code  int
		words string
	}{
		{"add FILE Ada --role operator", "four tired horses drank", 1, "first operator must be an administrator"},
		{"add FILE Ada --role administrator", "short", 1, "too short"},
		{"add FILE Ada --role administrator", "four tired horses drank", 0, "Ada"},
		{"add FILE Ben --role operator", "violet ladders under rain", 0, "Ben"},
		{"add FILE Ben --role operator", "violet ladders under rain", 1, "already"},
		{"add FILE Cleo --role dancer", "", 64, "administrator"},
		{"add FILE", "", 64, "FILE and NAME"},
		{"passphrase FILE Ben", "the seventh kettle sings", 0, "Ben"},
		{"passphrase FILE Eve", "the seventh kettle sings", 1, "no operator of this name"},
		{"remove FILE Ada", "", 1, "last administrator"},
		{"remove FILE Eve", "", 1, "no operator of this name"},
		{"publish FILE --key KEY", "", 64, "--branch or --all"},
		{"publish FILE --key KEY --branch north --all", "", 64, "--branch or --all"},
		{"publish FILE --all", "", 64, "--key is needed"},
		{"publish FILE --key FILE --all", "", 1, "private key cannot be used"},
		{"publish FILE --key LOCKED --all", "wrong", 1, "private key cannot be used"},
		{"publish NOTHING --key KEY --all", "", 1, "No operators"},
		{"publish FILE --key KEY --branch north", "", 0, "BEGIN;\nSELECT publish;\nCOMMIT;"},
		{"publish FILE --key LOCKED --all", passphrase, 0, "2 operators"},
		{"remove FILE Ben", "", 0, "Ben is no longer"},
		{"dance", "", 64, "publish"},
	} {
		args := []string{"central", "operators"}
		for _, word := range strings.Fields(step.args) {
			args = append(args, map[string]string{
				"FILE": file, "KEY": key, "LOCKED": locked, "NOTHING": filepath.Join(folder, "nothing.json"),
			}[word])
			if args[len(args)-1] == "" {
				args[len(args)-1] = word
			}
		}
		code, out, errs := run(t, &parts{centre: c}, step.stdin+"\n", args...)
		if code != step.code || !strings.Contains(out+errs, step.words) {
			t.Errorf("%s: exit %d\n%s%s", step.args, code, out, errs)
		}
		if secret := step.stdin; len(secret) > 5 && strings.Contains(out+errs, secret) {
			t.Errorf("%s: the passphrase is printed", step.args)
		}
	}
	if len(published) != 2 {
		t.Fatalf("%d lists", len(published))
	}
	for i, branch := range []string{"north", "*"} {
		var list struct {
			Branch    string
			Operators []struct{ Name, Hash string }
		}
		if err := json.Unmarshal(published[i].Text, &list); err != nil || list.Branch != branch || len(list.Operators) != 2 {
			t.Errorf("%s: %s, %v", branch, published[i].Text, err)
		}
		if err := sshsig.Verify(public, "facematch-operators", published[i].Text, published[i].Signature); err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// The command prints SQL that holds the public key as age writes it, and says what the SQL does not
// reach.
func TestCentralAuditors(t *testing.T) {
	const key = "age1r4hl4tuhahfht5pg9uv64457y0rs2nl7erm4szrg0fw8903v4u4sjuez6e"
	c := Centre{Withdraw: func(recipient string) string { return "SELECT withdraw " + recipient }}
	code, out, errs := run(t, &parts{centre: c}, "", "central", "auditors", "withdraw", key)
	if code != 0 || out != "BEGIN;\nSELECT withdraw "+key+";\nCOMMIT;\n" || !strings.Contains(errs, "no backup") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	for _, args := range [][]string{{}, {"dance"}, {"withdraw"}, {"withdraw", "AGE-SECRET-KEY-1"}, {"withdraw", key + "," + key},
		{"withdraw", key, key}} {
		code, out, errs := run(t, &parts{centre: c}, "", append([]string{"central", "auditors"}, args...)...)
		if code != 64 || out != "" || strings.Contains(errs, "SECRET") {
			t.Errorf("%q: exit %d\n%s%s", args, code, out, errs)
		}
	}
}

// A token of the centre is shown once, beside the SQL that holds its hash alone.
func TestCentralTokens(t *testing.T) {
	var added []string
	c := Centre{
		AddToken: func(name, branch, sum string) string {
			added = []string{name, branch, sum}
			return "SELECT add"
		},
		RevokeToken: func(name string) string { return "SELECT revoke " + name },
		Tokens: func(context.Context, string) ([]history.NamedToken, error) {
			return []history.NamedToken{{Name: "Counter\x1b 1", Branch: "north", Added: time.Unix(0, 0)}}, nil
		},
	}
	code, out, errs := run(t, &parts{centre: c}, "", "central", "token", "add", "Counter 1", "--branch", "north")
	if code != 0 || out != "BEGIN;\nSELECT add;\nCOMMIT;\n" || !strings.HasPrefix(errs, "fmd_") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if len(added) != 3 || added[0] != "Counter 1" || added[1] != "north" || len(added[2]) != 64 ||
		strings.Contains(out, "fmd_") {
		t.Errorf("%q", added)
	}
	for name, test := range map[string]struct {
		args  []string
		code  int
		words string
	}{
		"all":        {[]string{"add", "Counter 1", "--all"}, 0, "SELECT add"},
		"no branch":  {[]string{"add", "Counter 1"}, 64, "--branch or --all"},
		"star":       {[]string{"add", "Counter 1", "--branch", "*"}, 64, "--branch or --all"},
		"no name":    {[]string{"add", "--all"}, 64, "one NAME"},
		"long":       {[]string{"add", strings.Repeat("a", 65), "--all"}, 1, "cannot be used"},
		"revoke":     {[]string{"revoke", "Counter 1"}, 0, "SELECT revoke Counter 1;"},
		"revoke all": {[]string{"revoke"}, 64, "one NAME"},
		"list":       {[]string{"list"}, 0, "Counter\uFFFD 1"},
		"list json":  {[]string{"list", "--format", "json"}, 0, `"branch":"north"`},
		"unknown":    {[]string{"dance"}, 64, "revoke"},
	} {
		code, out, errs := run(t, &parts{centre: c}, "", append([]string{"central", "token"}, test.args...)...)
		if code != test.code || !strings.Contains(out+errs, test.words) {
			t.Errorf("%s: exit %d\n%s%s", name, code, out, errs)
		}
	}
	code, out, errs = run(t, &parts{centre: c}, "", "central", "token", "add", "Counter 1", "--all")
	if code != 0 || out == "" || added[1] != "*" {
		t.Errorf("for all: exit %d, %q\n%s", code, added, errs)
	}
}

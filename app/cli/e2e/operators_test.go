//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app/cli"
	"facematch/app/history"
)

// staff are a desk's operators and their passphrases.
var staff = map[string]struct {
	role       history.Role
	passphrase string
}{
	"Ada":  {history.RoleAdministrator, "four tired horses drank"},
	"Ben":  {history.RoleOperator, "violet ladders under rain"},
	"Cleo": {history.RoleReviewer, "the seventh kettle sings"},
	"Dora": {history.RoleAuditor, "no owl counts its feathers"},
}

// A desk with operators, from the first to the last: who checks, who decides, who
// is let in to do what, what is recorded of it, and that the door stays shut when
// it is taken out.
func TestDeskWithOperators(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	folder := t.TempDir()
	document := filepath.Join(images(t), "face.jpg")
	film := clip(t, filepath.Join(images(t), "face-detect.jpg"), filepath.Join(folder, "clip.mp4"))
	files := map[string]string{}
	for _, name := range []string{"Ada", "Ben", "Cleo", "Dora"} {
		files[name] = write(t, filepath.Join(folder, name), []byte(staff[name].passphrase+"\n"))
	}
	by := func(name string, args ...string) []string {
		return append(args, "--operator", name, "--secret-file", files[name])
	}
	// add runs a command that takes a new passphrase as a line of standard input.
	add := func(name string, more ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cmd := d.command(ctx, append([]string{"operator", "add", name, "--role", string(staff[name].role)}, more...)...)
		cmd.Stdin = strings.NewReader(staff[name].passphrase + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("add %s: %v\n%s", name, err, out)
		}
	}
	add("Ada")
	for _, name := range []string{"Ben", "Cleo", "Dora"} {
		add(name, "--operator", "Ada", "--secret-file", files["Ada"])
	}

	want := func(code int, says string, args []string) string {
		t.Helper()
		got, out, errs := d.run(args...)
		if got != code || !strings.Contains(out+errs, says) {
			t.Fatalf("%q: exit %d, want %d with %q\n%s%s", args, got, code, says, out, errs)
		}
		return out
	}
	want(cli.ExitUsage, "--operator", check(document, film))
	want(cli.ExitCouldNotRun, "role", by("Dora", check(document, film)...))
	want(cli.ExitCouldNotRun, "do not belong together",
		check(document, film, "--operator", "Ben", "--secret-file", files["Dora"]))
	want(cli.ExitOK, "PASS", by("Ben", check(document, film)...))

	var rows []row
	if err := json.Unmarshal([]byte(want(cli.ExitOK, "", by("Dora", "history", "list", "--format", "json"))),
		&rows); err != nil || len(rows) != 1 {
		t.Fatalf("%v, %+v", err, rows)
	}
	decide := []string{"history", "decide", rows[0].Check, "reject", "--reason", "other", "--note", "-"}
	decided := func(code int, says string, args []string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cmd := d.command(ctx, args...)
		cmd.Stdin = strings.NewReader("the hologram peels off")
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(string(out), says) {
			t.Fatalf("%q: exit %d, want %d with %q\n%s", args, got, code, says, out)
		}
	}
	decided(cli.ExitCouldNotRun, "role", by("Dora", decide...))
	decided(cli.ExitCouldNotRun, "takes a second operator", by("Ben", decide...))
	decided(cli.ExitOK, "rejected", by("Ben", append(decide, "--second", "Cleo", "--second-secret-file", files["Cleo"])...))
	want(cli.ExitOK, "Intact", by("Dora", "history", "verify"))

	kinds := d.kinds()
	if got := strings.Join(slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k == "signed in" }),
		", "); got !=
		"settings changed, settings changed, settings changed, settings changed, settings changed, started, finished, decided" {
		t.Errorf("the history holds %s", got)
	}
	for _, holds := range []string{
		`{"kind":"started"% "operator":"Ben","signed_in":true,%`, `{"kind":"signed in"% "operator":"Ben"%"failed_before":1}`,
		`{"kind":"decided"% "operator":"Ben","role":"operator","signed_in":true,% "overrides":"pass","second":"Cleo","second_verified":true%`,
		`{"kind":"signed in"% "operator":"Cleo"%"for":"override"}`,
	} {
		if n := d.count(strings.ReplaceAll(holds, "% ", "%")); n != 1 {
			t.Errorf("%d records are like %s", n, holds)
		}
	}
	err := filepath.WalkDir(d.home, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{"hologram", "horses", "ladders", "kettle", "feathers"} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s is in %s", secret, path)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}

	if err := os.Remove(filepath.Join(d.home, "data", "operators.json")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"history", "list"}, by("Ada", "history", "list"), check(document, film), by("Ada", "operator", "list"),
		{"operator", "add", "Eve", "--role", "administrator"},
	} {
		want(cli.ExitCouldNotRun, "list of operators is gone", args)
	}
	want(cli.ExitCouldNotRun, "list of operators is gone", []string{"doctor"})
	if now := d.kinds(); !slices.Equal(now, kinds) {
		t.Errorf("something was recorded: %v", now[len(kinds):])
	}
}

func (d desk) query(do func(*sql.DB) error) {
	d.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(d.home, "data", "history.db")+"?mode=ro")
	if err == nil {
		err = do(db)
		db.Close()
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// kinds are the kinds of all records, in order.
func (d desk) kinds() (kinds []string) {
	d.t.Helper()
	d.query(func(db *sql.DB) error {
		rows, err := db.Query(`SELECT kind FROM record ORDER BY seq`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var kind string
			if err := rows.Scan(&kind); err != nil {
				return err
			}
			kinds = append(kinds, kind)
		}
		return rows.Err()
	})
	return kinds
}

// count counts the records whose payload is like this.
func (d desk) count(like string) (n int) {
	d.t.Helper()
	d.query(func(db *sql.DB) error {
		return db.QueryRow(`SELECT count(*) FROM record WHERE payload LIKE ?`, like).Scan(&n)
	})
	return n
}

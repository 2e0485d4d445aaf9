package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"facematch/app/apptest"
	"facematch/app/history"
)

// A sample of the centre is picked, marked and listed, and picked again from its file.
func TestSampleOfTheCentre(t *testing.T) {
	p := &parts{desks: &sealedDesks{History: &apptest.History{}, filter: &history.Filter{}}}
	p.desks.Picked = []history.Picked{{Check: "chk_1", Session: "sess_1"}, {Check: "chk_2", Session: "sess_2"}}
	must := func(stdin string, want int, says string, args ...string) string {
		t.Helper()
		code, out, errs := run(t, p, stdin, append([]string{"history", "sample"}, args...)...)
		if code != want || !strings.Contains(out+errs, says) {
			t.Fatalf("%q: exit %d, want %d with %q\n%s%s", args, code, want, says, out, errs)
		}
		return out
	}
	must("", 0, "1204 records of one desk", "pick", "--central", "--branch", "north", "--count", "2")
	if s := p.Drawn[0]; len(s.Heads) != 1 || s.Head != 1204 || s.Database != "centre" || s.Filter.Branches[0] != "north" {
		t.Errorf("recorded: %+v", s)
	}
	id := p.Drawn[0].Sample.Sample
	must("Looks right.", 0, "", "look", id, "chk_2", "--remark", "-")
	must("", 0, "looked at 1", "list", id)
	text := must("", 0, `"branch":"north","seq":1204`, "list", id, "--format", "json")
	file := filepath.Join(t.TempDir(), "sample.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	must("", 0, "chk_2", "pick", "--central", "--again", file)
	must(text, 0, "chk_2", "pick", "--central", "--again", "-")
	if a, b := p.Drawn[0].Sampling, p.Drawn[1].Sampling; len(p.Drawn) != 3 || b.Seed != a.Seed || b.Count != 2 ||
		b.Heads[0] != a.Heads[0] || b.Filter.Branches[0] != "north" {
		t.Errorf("picked again: %+v", p.Drawn)
	}
	p.desks.Picked[1].Check = "chk_3"
	must("", 1, "Other checks were picked", "pick", "--central", "--again", file)
	text = must("", 1, "Other checks were picked", "pick", "--central", "--again", file, "--format", "json")
	var only struct{ Error string }
	if err := json.Unmarshal([]byte(text), &only); err != nil || !strings.Contains(only.Error, "Other checks") {
		t.Errorf("not one document with the error, %v:\n%s", err, text)
	}
	drawn := len(p.Drawn)
	must("", 1, "no sample", "pick", "--central", "--again", filepath.Join(t.TempDir(), "none"))
	must("", 64, "leave the other flags out", "pick", "--central", "--again", file, "--outcome", "pass")
	must("", 64, "one desk", "pick", "--central", "--seed", "00", "--head", "7")
	must("", 64, "two sources", "pick", "--central", "--db", "f")
	must("", 64, "--again needs a file", "pick", "--central", "--again", "")
	must("", 64, "--at needs --central", "pick", "--at", "host=centre")
	must("", 64, "--at needs --central", "pick", "--again", file, "--at", "host=centre")
	if len(p.Drawn) != drawn {
		t.Errorf("what was refused is recorded: %+v", p.Drawn[drawn:])
	}
}

package cli

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/matcher"
)

// restorer is the parts for somebody who restores a backup.
type restorer struct{ looking }

func (r restorer) Restore(_ context.Context, file string, replace bool, _ matcher.ProgressFunc) (history.Restoration, error) {
	r.restored = history.Restoring{File: file, Replace: replace}
	return r.restoration, r.Refuse
}

const aSession = "sess_0b5a0c2e-8f2b-4f4e-9a34-2f3b1c0d9e8f"

func TestErase(t *testing.T) {
	terminal := func(string) (string, error) { return "", nil }
	for name, c := range map[string]struct {
		args   []string
		answer string
		secret func(string) (string, error)
		code   int
		erased bool
	}{
		"yes":                 {[]string{"--session", aSession, "--yes"}, "", nil, 0, true},
		"no terminal, no yes": {[]string{"--session", aSession}, "yes\n", nil, 64, false},
		"asked, yes":          {[]string{"--session", aSession}, "yes\n", terminal, 0, true},
		"asked, y":            {[]string{"--session", aSession}, "y\n", terminal, 1, false},
		"asked, nothing":      {[]string{"--session", aSession}, "", terminal, 1, false},
		"no session":          {[]string{"--yes"}, "", nil, 64, false},
		"no session id":       {[]string{"--session", "sess_1", "--yes"}, "", nil, 64, false},
		"an argument":         {[]string{aSession, "--yes"}, "", nil, 64, false},
	} {
		p := &parts{secret: c.secret}
		code, out, errs := run(t, p, c.answer, append([]string{"history", "erase"}, c.args...)...)
		if code != c.code || (len(p.Erasures) == 1) != c.erased {
			t.Errorf("%s: exit %d, erased %+v, %s%s", name, code, p.Erasures, out, errs)
		}
		if c.erased && (p.Erasures[0].Session != aSession || !slices.Equal(p.Erasures[0].Parts, []history.Part{history.PartKey}) ||
			p.Erasures[0].Reason != history.OnRequest || p.Erasures[0].Operator == "") {
			t.Errorf("%s: erased %+v", name, p.Erasures[0])
		}
	}
	p := &parts{}
	p.Refuse = matcher.NewProblem("store.session_open", nil)
	if code, _, errs := run(t, p, "", "history", "erase", "--session", aSession, "--yes"); code != 1 || !strings.Contains(errs, "under way") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestBackup(t *testing.T) {
	p := &parts{}
	if code, out, errs := run(t, p, "", "history", "backup", "/disk/b.db"); code != 0 || p.BackedUp != "/disk/b.db" || !strings.Contains(out, "verified") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	for _, args := range [][]string{{}, {"a", "b"}, {""}} {
		if code, _, _ := run(t, p, "", append([]string{"history", "backup"}, args...)...); code != 64 {
			t.Errorf("%q: exit %d", args, code)
		}
	}
	p.Refuse = matcher.NewProblem("store.backup_exists", nil)
	if code, out, errs := run(t, p, "", "history", "backup", "b"); code != 1 || out != "" || !strings.Contains(errs, "already") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
}

func TestRestore(t *testing.T) {
	whole := history.Restoration{Backup: history.Head{Seq: 6}}
	lossy := history.Restoration{Backup: history.Head{Seq: 6}, Replaced: "/x/history.db.replaced-1", Erased: 2, Lost: history.Loss{From: 7, To: 10}}
	for name, c := range map[string]struct {
		args      []string
		done      history.Restoration
		accepted  int
		out, errs string
	}{
		"whole":           {[]string{"b.db"}, whole, 0, "6 records", ""},
		"whole, accept":   {[]string{"b.db", "--accept-loss"}, whole, 0, "6 records", ""},
		"lossy":           {[]string{"b.db", "--replace"}, lossy, 0, "kept as /x/history.db.replaced-1", "records 7 to 10"},
		"lossy, erased":   {[]string{"b.db", "--replace"}, lossy, 0, "of 2 sessions", "--accept-loss"},
		"lossy, accept":   {[]string{"b.db", "--replace", "--accept-loss"}, lossy, 1, "Record 12 says", ""},
		"accept alone":    {[]string{"--accept-loss"}, whole, 1, "records 7 to 10 as they were before are lost", ""},
		"another history": {[]string{"b.db"}, history.Restoration{Another: true}, 0, "Restored", "another history"},
		"another, accept": {[]string{"b.db", "--accept-loss"}, history.Restoration{Another: true}, 1, "Accepted", ""},
	} {
		p := &parts{restoration: c.done, History: apptest.History{Loss: history.Loss{From: 7, To: 10, Seq: 12}}}
		code, out, errs := run(t, p, "", append([]string{"history", "restore"}, c.args...)...)
		if code != 0 || p.Accepted != c.accepted || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) || (c.errs == "" && errs != "") {
			t.Errorf("%s: exit %d, accepted %d, %s%s", name, code, p.Accepted, out, errs)
		}
		if name != "accept alone" && (p.restored.File != "b.db" || p.restored.Replace != slices.Contains(c.args, "--replace")) {
			t.Errorf("%s: restored %+v", name, p.restored)
		}
	}
	if code, _, _ := run(t, &parts{}, "", "history", "restore"); code != 64 {
		t.Errorf("exit %d", code)
	}
	p := &parts{}
	p.Refuse = matcher.NewProblem("store.restore_newer", nil, "Here", 9, "Backup", 6)
	if code, _, errs := run(t, p, "", "history", "restore", "b.db", "--accept-loss"); code != 1 || p.Accepted != 0 || !strings.Contains(errs, "it has 9 records") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestRecovery(t *testing.T) {
	p := &parts{}
	if code, out, errs := run(t, p, "correct horse battery staple\n", "history", "recovery"); code != 0 || p.Recovery != "correct horse battery staple" {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	if code, out, errs := run(t, p, "correct horse battery staple\n", "history", "recover"); code != 0 || p.Recovered != "correct horse battery staple" || !strings.Contains(out, "in the keyring") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	answers := []string{"one passphrase is this", "another one is that"}
	p = &parts{secret: func(string) (string, error) {
		defer func() { answers = answers[1:] }()
		return answers[0], nil
	}}
	if code, _, _ := run(t, p, "", "history", "recovery"); code != 1 || p.Recovery != "" {
		t.Errorf("two that differ: exit %d, set %q", code, p.Recovery)
	}
}

func TestVerifySaysWhatItHad(t *testing.T) {
	at := time.Unix(1780000000, 0)
	first := history.Anchor{Found: true, Until: 4}
	for _, c := range []struct {
		verdict history.Verdict
		says    []string
	}{
		{history.Verdict{Intact: true, Records: 4}, []string{"fit their chain", "Without an anchor nobody can say"}},
		{history.Verdict{Intact: true, Records: 4, Anchored: true, Since: at, Until: 4, First: first}, []string{"Intact since", "Only the anchor on this computer"}},
		{history.Verdict{Intact: true, Records: 6, Anchored: true, Since: at, Until: 4, First: first}, []string{"records after 4"}},
		{history.Verdict{Intact: true, Records: 4, Anchored: true, Since: at, Until: 4, First: first, Second: history.Anchor{Chosen: true, Found: true}}, []string{"Both anchors"}},
		{history.Verdict{Intact: true, Records: 4, Anchored: true, Since: at, Until: 4, First: first, Second: history.Anchor{Chosen: true}}, []string{"does not know this history"}},
		{history.Verdict{Intact: true, Records: 4, Anchored: true, Since: at, Until: 4, First: first, Second: history.Anchor{Chosen: true, Problem: "store.second_anchor_silent"}}, []string{"could not be read"}},
		{history.Verdict{Intact: true, Older: true, Records: 6, Good: 6, Anchored: true, Since: at, Until: 14, First: first},
			[]string{"Intact up to record 6, but older than what this desk knows: that ends with record 14.", "the same records up to 6"}},
		{history.Verdict{Intact: true, Older: true, Records: 6, Good: 4, Anchored: true, Since: at, Until: 14, First: first},
			[]string{"Intact up to record 6,", "record 14", "Nothing confirms the records after 4"}},
		{history.Verdict{Intact: true, Older: true, Records: 6, Anchored: true, Until: 14, First: first},
			[]string{"Intact up to record 6,", "record 14", "Nothing confirms these records"}},
		{history.Verdict{Fault: history.FaultReplaced, BadSeq: 7, Good: 6, Records: 7, Anchored: true, Restored: 7, First: first}, []string{"up to 6", "Record 7 says that a backup was restored"}},
		{history.Verdict{Intact: true, Records: 9, Anchored: true, Since: at, Until: 9, First: first, Losses: 1, GivenUp: history.Loss{From: 7, To: 8, Seq: 9, At: at}, Erased: 2}, []string{"Records 7 to 8 as they were before were lost", "2 records say"}},
	} {
		code, out, _ := run(t, &parts{History: apptest.History{Verdict: c.verdict}}, "", "history", "verify")
		if c.verdict.Intact != (code == ExitOK) {
			t.Errorf("%+v: exit %d", c.verdict, code)
		}
		for _, want := range c.says {
			if !strings.Contains(out, want) {
				t.Errorf("%+v: no %q in\n%s", c.verdict, want, out)
			}
		}
	}
}

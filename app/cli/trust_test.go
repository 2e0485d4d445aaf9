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

func (r restorer) RestoreFromCentre(
	_ context.Context, at, which string, replace bool, _ matcher.ProgressFunc,
) (history.Restoration, error) {
	return r.Restore(context.Background(), "centre "+at+" "+which, replace, nil)
}

func (r restorer) Restore(_ context.Context, file string, replace bool,
	_ matcher.ProgressFunc) (history.Restoration, error) {
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
		if c.erased && (p.Erasures[0].Session != aSession ||
			!slices.Equal(p.Erasures[0].Parts, []history.Part{history.PartKey}) ||
			p.Erasures[0].Reason != history.OnRequest || p.Erasures[0].Operator == "") {
			t.Errorf("%s: erased %+v", name, p.Erasures[0])
		}
	}
	p := &parts{}
	p.Refuse = matcher.NewProblem("store.session_open", nil)
	if code, _, errs := run(t, p, "", "history", "erase", "--session", aSession, "--yes"); code != 1 ||
		!strings.Contains(errs, "under way") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestBackup(t *testing.T) {
	p := &parts{}
	if code, out, errs := run(t, p, "", "history", "backup", "/disk/b.db"); code != 0 || p.BackedUp != "/disk/b.db" ||
		!strings.Contains(out, "verified") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	for _, args := range [][]string{{}, {"a", "b"}, {""}} {
		if code, _, _ := run(t, p, "", append([]string{"history", "backup"}, args...)...); code != 64 {
			t.Errorf("%q: exit %d", args, code)
		}
	}
	p.Refuse = matcher.NewProblem("store.backup_exists", nil)
	if code, out, errs := run(t, p, "", "history", "backup", "b"); code != 1 || out != "" ||
		!strings.Contains(errs, "already") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
}

func TestRestore(t *testing.T) {
	whole := history.Restoration{Backup: history.Head{Seq: 6}}
	lossy := history.Restoration{Backup: history.Head{Seq: 6}, Replaced: "/x/history.db.replaced-1", Erased: 2,
		Lost: history.Loss{From: 7, To: 10}}
	at := time.Date(2026, 5, 20, 12, 0, 0, 0, time.Local)
	for name, c := range map[string]struct {
		args      []string
		done      history.Restoration
		out, errs string
	}{
		"whole":           {[]string{"b.db"}, whole, "6 records", ""},
		"lossy":           {[]string{"b.db", "--replace"}, lossy, "kept as /x/history.db.replaced-1", "Records 7 to 10"},
		"lossy, erased":   {[]string{"b.db", "--replace"}, lossy, "of 2 sessions", "Verify will always say so"},
		"from the centre": {[]string{"--from-centre", "--at", "host=c", "--history", "Desk 1"}, whole, "6 records", ""},
		"another history": {[]string{"b.db"}, history.Restoration{Lost: history.Loss{Another: true}}, "Restored",
			"nother history"},
		"parts deleted at the centre": {[]string{"--from-centre", "--at", "host=c", "--history", "Desk 1"},
			history.Restoration{Expired: []history.Expired{{Part: "name", Days: 30, By: "postgres",
				Before: at, Set: at.AddDate(0, 1, 0), First: at.AddDate(0, 2, 0), Last: at.AddDate(0, 3, 0)}}}, "Restored",
			`"name" of the records before 2026-05-20. Its period was 30 days, set by postgres on 2026-06-20 and ` +
				`carried out from 2026-07-20 to 2026-08-20`},
	} {
		p := &parts{restoration: c.done}
		code, out, errs := run(t, p, "", append([]string{"history", "restore"}, c.args...)...)
		if code != 0 || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) || (c.errs == "" && errs != "") {
			t.Errorf("%s: exit %d, %s%s", name, code, out, errs)
		}
		if p.restored.File != "b.db" && p.restored.File != "centre host=c Desk 1" ||
			p.restored.Replace != slices.Contains(c.args, "--replace") {
			t.Errorf("%s: restored %+v", name, p.restored)
		}
	}
	if code, _, _ := run(t, &parts{}, "", "history", "restore"); code != 64 {
		t.Errorf("exit %d", code)
	}
	p := &parts{}
	p.Refuse = matcher.NewProblem("store.restore_newer", nil, "Here", 9, "Backup", 6)
	if code, _, errs := run(t, p, "", "history", "restore", "b.db"); code != 1 ||
		!strings.Contains(errs, "it has 9 records") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestRecovery(t *testing.T) {
	p := &parts{}
	if code, out, errs := run(t, p, "correct horse battery staple\n", "history", "recovery"); code != 0 ||
		p.Passphrase != "correct horse battery staple" {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	if code, out, errs := run(t, p, "correct horse battery staple\n", "history", "recover"); code != 0 ||
		p.Recovered != "correct horse battery staple" || !strings.Contains(out, "in the keyring") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	answers := []string{"one passphrase is this", "another one is that"}
	p = &parts{secret: func(string) (string, error) {
		defer func() { answers = answers[1:] }()
		return answers[0], nil
	}}
	if code, _, _ := run(t, p, "", "history", "recovery"); code != 1 || p.Passphrase != "" {
		t.Errorf("two that differ: exit %d, set %q", code, p.Passphrase)
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
		{history.Verdict{Intact: true, Records: 4, Anchored: true, Since: at, Until: 4, First: first},
			[]string{"Intact since", "Only the anchor on this computer"}},
		{history.Verdict{Intact: true, Records: 6, Anchored: true, Since: at, Until: 4, First: first},
			[]string{"records after 4"}},
		{history.Verdict{Intact: true, Records: 4, Anchored: true, Since: at, Until: 4, First: first,
			Second: history.Anchor{Chosen: true, Found: true}}, []string{"Both anchors"}},
		{history.Verdict{Intact: true, Records: 4, Anchored: true, Since: at, Until: 4, First: first,
			Second: history.Anchor{Chosen: true}}, []string{"does not know this history"}},
		{history.Verdict{Intact: true, Records: 4, Anchored: true, Since: at, Until: 4, First: first,
			Second: history.Anchor{Chosen: true, Problem: "store.second_anchor_silent"}}, []string{"could not be read"}},
		{history.Verdict{Intact: true, Older: true, Records: 6, Good: 6, Anchored: true, Since: at, Until: 14, First: first},
			[]string{"Intact up to record 6, but older than what this desk knows: that ends with record 14.",
				"the same records up to 6"}},
		{history.Verdict{Intact: true, Older: true, Records: 6, Good: 4, Anchored: true, Since: at, Until: 14, First: first},
			[]string{"Intact up to record 6,", "record 14", "Nothing confirms the records after 4"}},
		{history.Verdict{Intact: true, Older: true, Records: 6, Anchored: true, Until: 14, First: first},
			[]string{"Intact up to record 6,", "record 14", "Nothing confirms these records"}},
		{history.Verdict{Fault: history.FaultReplaced, BadSeq: 7, Good: 6, Records: 7, Anchored: true, First: first},
			[]string{"up to 6"}},
		{history.Verdict{Intact: true, Records: 9, Anchored: true, Since: at, Until: 9, First: first, Erased: 2,
			Losses: []history.Loss{{From: 7, To: 8, Seq: 9, At: at, By: "Ada"}, {Another: true, At: at, By: "Ben"}}},
			[]string{"Records 7 to 8 were lost at the restore of " + at.Format("2 Jan 2006 15:04") + " by Ada", "by Ben",
				"2 records say"}},
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

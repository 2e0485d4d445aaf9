package cli

import (
	"strings"
	"testing"

	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/matcher"
)

// ready are parts with which doctor finds nothing wrong.
func ready() *parts {
	return &parts{
		History: apptest.History{Verdict: history.Verdict{Intact: true}}, described: matcher.Description{Engine: "go-face"},
		comparer: calibrated{c: &matcher.Calibration{Name: "measured", Calibrated: true}},
	}
}

func TestDoctorSaysWhereSettingsComeFrom(t *testing.T) {
	code, out, _ := run(t, ready(), "", "doctor")
	if code != 0 || !strings.Contains(out, "ok       settings    All are as by default.") {
		t.Errorf("exit %d: %s", code, out)
	}
	p := ready()
	p.administrator = "locked = ['privacy.keep_images']\ndesk = 'Branch 17'\n[retention]\nnames_days = 30\n"
	p.user = "desk = 'Counter 2'\n[camera]\nmirror = false\n[privacy]\nkeep_images = true\n"
	code, out, _ = run(t, p, "", "doctor")
	for _, want := range []string{
		"etc.toml: retention.names_days.\n", "ok       settings    Locked there: privacy.keep_images.\n",
		"settings.toml: desk, camera.mirror.\n",
		"settings.toml sets privacy.keep_images otherwise than the administrator, who locked that",
	} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, without %q: %s", code, want, out)
		}
	}
	if strings.Contains(out, "as by default") ||
		strings.Count(out, "warning  settings") != 1 && !strings.Contains(out, "chown") {
		t.Error(out)
	}
}

// An administrator's file that cannot be used ends every command, with the file, the line and
// what to do.
func TestADamagedAdministratorsFile(t *testing.T) {
	for _, args := range [][]string{
		{"doctor"}, {"check", "--document", "a.jpg", "--video", "a.mp4", "--consent"}, {"token", "test"},
	} {
		p := ready()
		p.administrator = "locked = ['keep_images']\n"
		code, out, errs := run(t, p, "", args...)
		for _, want := range []string{"etc.toml", "line 1", `"privacy.keep_images" is`, "could be missing"} {
			if code != 1 || !strings.Contains(out+errs, want) {
				t.Errorf("%q: exit %d, without %q: %s%s", args, code, want, out, errs)
			}
		}
	}
}

// A locked mode is not changed for one check either.
func TestALockedModeRefusesTheFlag(t *testing.T) {
	check := func(p *parts, args ...string) (int, string) {
		p.answer = answer(t, 90, 91, 92)
		document, clip := files(t)
		code, out, errs := run(t, p, "",
			append([]string{"check", "--document", document, "--video", clip, "--consent"}, args...)...)
		return code, out + errs
	}
	locked := func(mode string) *parts {
		p := ready()
		p.administrator = "locked = ['matching']\n[matching]\nmode = '" + mode + "'\n"
		p.token = "tok_1"
		return p
	}
	for _, tt := range []struct{ settings, flag, token string }{
		{"offline", "remote", "tok_1"}, {"offline", "remote", ""}, {"remote", "offline", "tok_1"},
	} {
		p := locked(tt.settings)
		p.token = tt.token
		code, text := check(p, "--mode", tt.flag)
		if code != ExitUsage || !strings.Contains(text, "matching.mode is locked by the administrator") ||
			len(p.Started) != 0 {
			t.Errorf("%s: exit %d, %d started: %s", tt.flag, code, len(p.Started), text)
		}
	}
	for _, tt := range []struct{ settings, flag string }{{"offline", "offline"}, {"ask", "offline"}} {
		if code, text := check(locked(tt.settings), "--mode", tt.flag); code != ExitOK {
			t.Errorf("%s where %s is locked: exit %d: %s", tt.flag, tt.settings, code, text)
		}
	}
}

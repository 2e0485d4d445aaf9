package settings

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"facematch/matcher"
)

// layered writes both files and opens them.
func layered(t *testing.T, administrator, user string) (*Store, error) {
	t.Helper()
	return Open(Files{Administrator: written(t, administrator), User: written(t, user)})
}

func mustLayer(t *testing.T, administrator, user string) *Store {
	t.Helper()
	s, err := layered(t, administrator, user)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const branch = `locked = ["facematch_conditions", "privacy.keep_images", "api"]
desk = "Branch 17"
[api]
base = "HTTPS://gateway.branch.test:443"
keep_days = 3
[retention]
names_days = 30
[[facematch_conditions]]
field = "score"
op = ">="
pass = 85.0
refer = 65.0
`

func TestTheUsersFileLiesOverTheAdministrators(t *testing.T) {
	s := mustLayer(t, branch, "desk = 'Counter 2'\n[camera]\nmirror = false\n")
	now := s.Get()
	want := Default()
	refer := 65.0
	want.Desk, want.Camera.Mirror, want.Retention.NamesDays = "Counter 2", false, 30
	want.API.Base, want.API.KeepDays = "https://gateway.branch.test", 3
	want.Conditions = []matcher.Condition{{Field: "score", Op: ">=", Pass: 85, Refer: &refer}}
	if !reflect.DeepEqual(now, want) {
		t.Errorf("got  %+v\nwant %+v", now, want)
	}
	from := s.Sources()
	if !slices.Equal(from.FromUser, []string{"desk", "camera.mirror"}) ||
		!slices.Equal(from.FromAdministrator, []string{
			"api.base", "api.keep_days", "retention.names_days", "facematch_conditions",
		}) || len(from.Overruled) != 0 {
		t.Errorf("%+v", from)
	}
	for key, want := range map[string]bool{
		"facematch_conditions": true, "privacy.keep_images": true, "api.base": true, "api.tls_seconds": true,
		"desk": false, "consent.version": false, "retention.names_days": false,
	} {
		if from.IsLocked(key) != want {
			t.Errorf("%s: locked %v", key, !want)
		}
	}
	administrator, user := s.SHA256()
	if administrator != sum([]byte(branch)) || user == administrator || user == "" {
		t.Errorf("digests %q, %q", administrator, user)
	}
}

// Save writes what differs from below, and nothing else.
func TestOnlyWhatDiffersIsWritten(t *testing.T) {
	s := mustLayer(t, branch, whole(t)) // a file that holds everything, as somebody may have copied it
	next := s.Get()
	next.Desk, next.Camera.Source, next.Retention.NamesDays = "Branch 17", "1", 0
	if err := s.Save(next); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(s.files.User)
	if err != nil {
		t.Fatal(err)
	}
	want := "version = 1\n\n[camera]\n" +
		"# camera number (0 is the first), device path, video file, or http:// or rtsp:// address\nsource = '1'\n\n" +
		"[retention]\n# how many days names and notes are kept; 0: without end\nnames_days = 0\n"
	if string(text) != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	again, err := Open(s.files)
	if err != nil || !reflect.DeepEqual(again.Get(), next) || digest(again) != digest(s) {
		t.Errorf("read again: %+v, %v", again, err)
	}
	// What the administrator changes later counts wherever the user has not said otherwise.
	if err := os.WriteFile(s.files.Administrator, []byte(strings.Replace(branch, "Branch 17", "Branch 18", 1)),
		0o600); err != nil {
		t.Fatal(err)
	}
	if again, err = Open(s.files); err != nil || again.Get().Desk != "Branch 18" || again.Get().Camera.Source != "1" {
		t.Errorf("%+v, %v", again.Get(), err)
	}
	if administrator, _ := again.SHA256(); administrator == "" || administrator == sum([]byte(branch)) {
		t.Error("the digest does not follow the administrator's file")
	}
}

// Every setting is written and read back by itself.
func TestEverySettingIsWritten(t *testing.T) {
	refer := 50.0
	for _, f := range fields {
		next := Default()
		switch v := f.of(&next); v.Interface().(type) {
		case bool:
			v.SetBool(!v.Bool())
		case matcher.Part:
			v.Set(reflect.ValueOf(matcher.Part{X: 0.25, Width: 0.5, Height: 1}))
		case []string:
			v.Set(reflect.ValueOf([]string{"document"}))
		case []matcher.Condition:
			v.Set(reflect.ValueOf([]matcher.Condition{{Field: "score", Op: ">", Pass: 90, Refer: &refer}}))
		default:
			if v.CanInt() {
				v.SetInt(v.Int() + 5)
				break
			}
			v.SetString(map[string]string{
				"matching.mode": "ask", "inspection.use": "required", "api.base": "https://api.test", "central.host": "centre.test",
				"central.operators_key":   operatorsKey,
				"central.audit_recipient": publicKey,
			}[f.key])
			if v.String() == "" {
				v.SetString("/srv/" + f.key)
			}
		}
		written := []string{f.key}
		if f.key == "reference.pattern" { // which needs an example that matches it
			next.Reference.Example = next.Reference.Pattern
			written = append(written, "reference.example")
		}
		if f.key == "central.operators_key" { // which needs a centre
			next.Central.Host = "centre.test"
			written = []string{"central.host", f.key}
		}
		if f.key == "central.audit_recipient" { // which needs to say whose it is
			next.Central.Auditors = "the internal audit"
			written = append(written, "central.auditors")
		}
		s, err := open(path(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Save(next); err != nil {
			t.Errorf("%s: %v", f.key, err)
			continue
		}
		again, err := Open(s.files)
		if err != nil || !reflect.DeepEqual(again.Get(), next) || !slices.Equal(again.Sources().FromUser, written) {
			text, _ := os.ReadFile(s.files.User)
			t.Errorf("%s: %v; written:\n%s", f.key, err, text)
		}
	}
	if len(fields) < 25 {
		t.Errorf("only %d settings were tried", len(fields))
	}
}

// What is locked is not changed: not by a user's file, and not by Save.
func TestLockedSettingsStay(t *testing.T) {
	const user = `[api]
base = "https://elsewhere.test"
keep_days = 3
[privacy]
keep_images = true
[setup]
no_operators = true
[[facematch_conditions]]
field = "score"
op = ">="
pass = 1.0
`
	s := mustLayer(t, branch, user)
	now := s.Get()
	if now.API.Base != "https://gateway.branch.test" || now.Privacy.KeepImages || now.Conditions[0].Pass != 85 {
		t.Errorf("the locked settings are %+v, %+v, %+v", now.API, now.Privacy, now.Conditions)
	}
	if !now.Setup.NoOperators {
		t.Error("what is not locked is lost")
	}
	// keep_days is the same in both: nothing is overruled.
	if got := s.Sources().Overruled; !slices.Equal(got,
		[]string{"api.base", "privacy.keep_images", "facematch_conditions"}) {
		t.Errorf("overruled: %q", got)
	}
	before, _ := os.ReadFile(s.files.User)
	for key, change := range map[string]func(*Settings){
		"api.connect_seconds":  func(s *Settings) { s.API.ConnectSeconds++ },
		"privacy.keep_images":  func(s *Settings) { s.Privacy.KeepImages = true },
		"facematch_conditions": func(s *Settings) { s.Conditions[0].Pass = 1 },
	} {
		next := s.Get()
		change(&next)
		next.Desk = "Counter 9"
		p := problem(t, s.Save(next))
		if p.Key != KeyLocked || p.Params["Key"] != key || p.Params["File"] != s.files.Administrator {
			t.Errorf("%s: got %v, %v", key, p, p.Params)
		}
	}
	if after, _ := os.ReadFile(s.files.User); string(after) != string(before) || s.Get().Desk != "Branch 17" {
		t.Error("a refused change was written, or is in force")
	}
	if err := s.Sources().Allow("api.base"); !matcher.IsProblem(err, KeyLocked) {
		t.Error(err)
	}
	if err := s.Sources().Allow("desk"); err != nil {
		t.Error(err)
	}
	// Save drops what is locked from the file.
	next := s.Get()
	next.Desk = "Counter 9"
	if err := s.Save(next); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(s.files.User)
	if strings.Contains(string(text), "elsewhere") || strings.Contains(string(text), "keep_images") ||
		len(s.Sources().Overruled) != 0 {
		t.Errorf("written:\n%s", text)
	}
}

// The version of the wording is the administrator's where no wording can be changed.
func TestTheVersionOfALockedWording(t *testing.T) {
	const user = "[consent]\nversion = 7\nsend_name = 'Name?'\n"
	for locked, want := range map[string]int{"consent": 2, "consent.processing": 7} {
		s := mustLayer(t, "locked = ['"+locked+"']\n[consent]\nversion = 2\nprocessing = 'Our words.'\n", user)
		if got := s.Get().Consent; got.Version != want || got.Processing != "Our words." {
			t.Errorf("%s is locked: %+v", locked, got)
		}
	}
}

// A lock needs no value beside it: then the default is what stays.
func TestALockWithoutAValue(t *testing.T) {
	s := mustLayer(t, "locked = ['matching.refer_minors', 'camera']\n",
		"[matching]\nrefer_minors = false\n[camera]\nsource = '7'\n")
	if !s.Get().Matching.ReferMinors || s.Get().Camera.Source != "0" {
		t.Errorf("%+v", s.Get())
	}
}

// An administrator's file that cannot be used is never passed over: a lock could be missing.
func TestAnAdministratorsFileThatCannotBeUsed(t *testing.T) {
	for name, tt := range map[string]struct {
		text, key, fault string
		line             int
	}{
		"unknown lock": {"# ours\nlocked = ['colour']\n", "settings.damaged",
			`"colour" is not a setting that can be locked; name it`, 2},
		"lock by its end": {"locked = ['keep_images']\n", "settings.damaged", `"privacy.keep_images" is`, 1},
		"lock, shortened": {"locked = ['conditions']\n", "settings.damaged", `"facematch_conditions" is`, 1},
		"lock of a count": {"locked = ['consent.version']\n", "settings.damaged", "counts it itself", 1},
		"lock as text":    {"locked = 'api'\n", "settings.damaged", "", 1},
		"lock in a table": {"[api]\nlocked = ['api']\n", "settings.damaged", `"api.locked" is not a setting`, 2},
		"unknown key":     {"[camera]\nsauce = '1'\n", "settings.damaged", `"camera.sauce" is not a setting`, 2},
		"not TOML":        {"locked = [\n", "settings.damaged", "", 0},
		"cut short":       {"", "settings.damaged", "the file is empty", 1},
		"newer":           {"version = 2\n", "settings.newer", "", 0},
		"a bad value":     {"[matching]\nmode = 'x'\n", "settings.mode", "", 0},
		"a bad condition": {"[[facematch_conditions]]\nfield = 'score'\nop = '>='\n", "settings.damaged",
			`"pass" is missing`, 1},
		"no condition":     {"facematch_conditions = []\n", "settings.damaged", "no [[facematch_conditions]]", 1},
		"a password in it": {"[camera]\nsource = 'rtsp://a:secret@127.0.0.1/'\n", "settings.camera_password", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			files := Files{Administrator: written(t, tt.text), User: path(t)}
			_, err := Open(files)
			p := problem(t, err)
			if p.Key != "settings.administrator" || p.Params["File"] != files.Administrator {
				t.Fatalf("got %v, %v", p, p.Params)
			}
			inner := problem(t, p.Err)
			if what, _ := inner.Params["Fault"].(string); inner.Key != tt.key || !strings.Contains(what, tt.fault) ||
				tt.line > 0 && inner.Params["Line"] != tt.line {
				t.Errorf("got %v, %v", inner, inner.Params)
			}
			if _, err := os.Stat(files.User); !errors.Is(err, os.ErrNotExist) {
				t.Error("the user's file was written")
			}
		})
	}
	unreadable := map[string]func(path string) error{
		"a folder":             func(path string) error { return os.Mkdir(path, 0o700) },
		"a link to nowhere":    func(path string) error { return os.Symlink("nowhere", path) },
		"a file in its folder": func(path string) error { return os.WriteFile(filepath.Dir(path), nil, 0o600) },
	}
	if os.Geteuid() != 0 { // root may read everything
		unreadable["no right to read"] = func(path string) error { return os.WriteFile(path, []byte(branch), 0) }
		unreadable["no right to look"] = func(path string) error { return os.Chmod(filepath.Dir(path), 0) }
	}
	for name, make := range unreadable {
		t.Run(name, func(t *testing.T) {
			at := filepath.Join(t.TempDir(), "etc", "settings.toml")
			if name != "a file in its folder" {
				if err := os.Mkdir(filepath.Dir(at), 0o700); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.Chmod(filepath.Dir(at), 0o700) })
			}
			if err := make(at); err != nil {
				t.Fatal(err)
			}
			_, err := Open(Files{Administrator: at, User: path(t)})
			if p := problem(t, err); p.Key != "settings.administrator" || problem(t, p.Err).Key != "settings.unreadable" {
				t.Errorf("got %v", err)
			}
		})
	}
}

// An administrator's file that is not there says nothing; one of comments neither.
func TestWithoutAnAdministratorsFile(t *testing.T) {
	s, err := Open(Files{Administrator: path(t), User: path(t)})
	if err != nil || !reflect.DeepEqual(s.Get(), Default()) {
		t.Errorf("%v", err)
	}
	if s := mustLayer(t, "\uFEFF# nothing yet\r\n", ""); !reflect.DeepEqual(s.Get(), Default()) {
		t.Errorf("%+v", s.Get())
	}
}

// A user's file locks nothing.
func TestOnlyTheAdministratorLocks(t *testing.T) {
	_, err := open(written(t, "locked = ['api']\n"))
	if p := problem(t, err); p.Key != "settings.damaged" || !strings.Contains(p.Params["Fault"].(string), "locked") {
		t.Errorf("got %v, %v", p, p.Params)
	}
}

// Below FACEMATCH_HOME the administrator's file lies there too; without it, in /etc.
func TestWhereTheAdministratorsFileLies(t *testing.T) {
	home := t.TempDir()
	t.Setenv(Home, home)
	f, err := FindFolders()
	if err != nil {
		t.Fatal(err)
	}
	if want := (Files{filepath.Join(home, "etc", "settings.toml"),
		filepath.Join(home, "config", "settings.toml")}); f.Settings() != want {
		t.Errorf("got %+v", f.Settings())
	}
	if _, err := os.Stat(f.Administrator); !errors.Is(err, os.ErrNotExist) {
		t.Error("the administrator's folder was made")
	}
	if f.Settings().Changeable() {
		t.Error("a file that is not there can be changed")
	}
}

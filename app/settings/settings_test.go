package settings

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"facematch/app/history"
	"facematch/matcher"
)

func path(t *testing.T) string { return filepath.Join(t.TempDir(), "config", "settings.toml") }

// open opens a user's file; there is no administrator's.
func open(file string) (*Store, error) { return Open(Files{User: file}) }

// whole writes the defaults as a file that holds every setting.
func whole(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	enc := toml.NewEncoder(&b)
	enc.SetIndentTables(false)
	if err := enc.Encode(Default()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// written is a file of this text.
func written(t *testing.T, text string) string {
	t.Helper()
	file := path(t)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func problem(t *testing.T, err error) *matcher.Problem {
	t.Helper()
	var p *matcher.Problem
	if !errors.As(err, &p) {
		t.Fatalf("got %v, want a problem", err)
	}
	return p
}

// The first start needs no file and writes none: who only looks changes nothing.
func TestWithoutAFileTheDefaultsCount(t *testing.T) {
	file := path(t)
	s, err := open(file)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s.Get(), Default()) {
		t.Errorf("got %+v", s.Get())
	}
	if _, err := os.Stat(filepath.Dir(file)); !errors.Is(err, os.ErrNotExist) {
		t.Error("looking made a folder")
	}
	if administrator, user := s.SHA256(); administrator != "" || user != sum(nil) {
		t.Errorf("digests %q, %q", administrator, user)
	}
}

// digest is the digest of the user's file.
func digest(s *Store) string {
	_, user := s.SHA256()
	return user
}

func TestSaveIsReadBack(t *testing.T) {
	file := path(t)
	s, err := open(file)
	if err != nil {
		t.Fatal(err)
	}
	before := digest(s)
	want := s.Get()
	want.Desk, want.Camera.Source, want.Camera.Mirror = "Schalter 3", "rtsp://127.0.0.1:8554/live", false
	want.Matching.Network, want.Matching.Calibration, want.Matching.ReferMinors = "/srv/own.onnx", "/srv/own.json", false
	want.Folders.Documents = "/srv/Ausweise – Scans"
	want.Inspection = Inspection{Use: history.InspectionRequired, Points: []string{"document", "Is the seal whole?"}}
	refer := 50.0
	want.Conditions = []matcher.Condition{{Field: "min(percentages)", Op: ">=", Pass: 70, Refer: &refer}}
	if err := s.Save(want); err != nil {
		t.Fatal(err)
	}
	again, err := open(file)
	if err != nil || !reflect.DeepEqual(again.Get(), want) {
		t.Errorf("got %+v, %v", again, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file %v, %v; want mode 0600", info, err)
	}
	if digest(again) == before || digest(again) != digest(s) {
		t.Error("the digest does not follow the file")
	}
	// What Get gives is the caller's own.
	s.Get().Conditions[0].Pass = 1
	s.Get().Inspection.Points[0] = "person"
	if s.Get().Conditions[0].Pass != 70 || s.Get().Inspection.Points[0] != "document" {
		t.Error("the settings were changed from outside")
	}
}

func TestBadSettingsAreRefusedAndNothingIsLost(t *testing.T) {
	file := path(t)
	s, err := open(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Save(s.Get()); err != nil {
		t.Fatal(err)
	}
	kept, _ := os.ReadFile(file)
	for key, change := range map[string]func(*Settings){
		"settings.no_camera":       func(s *Settings) { s.Camera.Source = "  " },
		"settings.camera_password": func(s *Settings) { s.Camera.Source = "rtsp://user:secret@127.0.0.1/" },
		"settings.desk_name":       func(s *Settings) { s.Desk = "Desk\x1b[31m" },
		"settings.mode":            func(s *Settings) { s.Matching.Mode = "telepathy" },
		"settings.folder":          func(s *Settings) { s.Folders.Models = "models" },
		"settings.conditions":      func(s *Settings) { s.Conditions = nil },
		"settings.wording":         func(s *Settings) { s.Consent.SendName = strings.Repeat("a", maxWording+1) },
		"settings.ca_file":         func(s *Settings) { s.API.CAFile = "company.pem" },
		"settings.api_limits":      func(s *Settings) { s.API.KeepDays = maxKeepDays + 1 },
		"api.base":                 func(s *Settings) { s.API.Base = "" },
		"api.base_plain":           func(s *Settings) { s.API.Base = "http://api.example.com" },
		"api.base_parts":           func(s *Settings) { s.API.Base = "https://token:secret@api.example.com" },
		"settings.file":            func(s *Settings) { s.Matching.Network = "network.onnx" },
		"settings.retention":       func(s *Settings) { s.Retention.NamesDays = -1 },
		"settings.retention ":      func(s *Settings) { s.Retention.ImagesDays = maxRetentionDays + 1 },
		"settings.folder ":         func(s *Settings) { s.Folders.SecondAnchor = "share" },
		"settings.inspection":      func(s *Settings) { s.Inspection.Points = []string{"person", " ", "person"} },
		"settings.inspection ":     func(s *Settings) { s.Inspection.Points = []string{" "} },
		"settings.inspection_use":  func(s *Settings) { s.Inspection.Use = "perhaps" },
		"settings.file ":           func(s *Settings) { s.Matching.Calibration = NoNetwork },
		"settings.operators_days":  func(s *Settings) { s.Central.OperatorsDays = -1 },
		"settings.operators_key":   func(s *Settings) { s.Central.Host, s.Central.OperatorsKey = "centre.example", "ssh-rsa AAAA" },
		"settings.operators_alone": func(s *Settings) { s.Central.OperatorsKey = operatorsKey },
		"settings.operators_alone ": func(s *Settings) {
			s.Central.Host, s.Central.Push, s.Central.OperatorsKey = "centre.example", false, operatorsKey
		},
	} {
		key = strings.TrimSpace(key)
		next := s.Get()
		change(&next)
		p := problem(t, s.Save(next))
		if p.Key != key {
			t.Errorf("got %s, want %s", p.Key, key)
		}
		if strings.Contains(p.Error(), "secret") {
			t.Error("the password is in the error")
		}
	}
	if now, _ := os.ReadFile(file); string(now) != string(kept) {
		t.Error("the file was changed")
	}
}

// operatorsKey is a valid public key.
const operatorsKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJYyjdyr1hoHdTXnv6Hbdt9TU5XNSGvhbBbWGMyDxz4x head office"

// A desk takes its operators from the centre with a key alone; the key is kept as it was given.
func TestTheKeyOfOperatorsIsKept(t *testing.T) {
	s, err := open(path(t))
	if err != nil {
		t.Fatal(err)
	}
	next := s.Get()
	if next.Central.OperatorsFromCentre() || next.Central.OperatorsDays != 7 {
		t.Errorf("by default: %+v", next.Central)
	}
	next.Central.Host, next.Central.OperatorsKey = "centre.example", " "+operatorsKey+"\n"
	if err := s.Save(next); err != nil {
		t.Fatal(err)
	}
	if c := s.Get().Central; !c.OperatorsFromCentre() || c.OperatorsKey != operatorsKey {
		t.Errorf("%+v", c)
	}
}

func TestFilesThatCannotBeUnderstoodAreLeftAsTheyAre(t *testing.T) {
	text := whole(t)
	replaced := func(old, new string) string {
		out := strings.Replace(text, old, new, 1)
		if out == text {
			t.Fatalf("%q is not in the file:\n%s", old, text)
		}
		return out
	}
	lineOf := func(s, part string) int { return 1 + strings.Count(s[:strings.Index(s, part)], "\n") }
	for name, tt := range map[string]struct {
		text, key, at string
	}{
		"newer":            {replaced("version = 1", "version = 99"), "settings.newer", ""},
		"unknown key":      {replaced("mirror = true", "miror = true"), "settings.damaged", "miror"},
		"not TOML":         {replaced("mirror = true", "mirror = "), "settings.damaged", "mirror = "},
		"bad operator":     {replaced(`op = '>='`, `op = '=>'`), "settings.damaged", "op = '=>'"},
		"pass forgotten":   {replaced("pass = 80.0\n", ""), "settings.damaged", "[[facematch_conditions]]"},
		"binary":           {"\x00\x01\x02", "settings.damaged", "\x00"},
		"empty conditions": {"desk = 'A'\nfacematch_conditions = []\n", "settings.damaged", ""},
		"single brackets": {"desk = 'A'\n[facematch_conditions]\nfield = 'score'\nop = '>='\npass = 80.0\n",
			"settings.damaged", "[facematch"},
		"version 0":        {replaced("version = 1", "version = 0"), "settings.damaged", "version"},
		"version in words": {replaced("version = 1", "version = 'one'"), "settings.damaged", "version"},
		"one line unknown": {"refer_minors = false\n", "settings.damaged", "refer"},
		"unknown further down": {"# our desks\n[folders]\nsecond_anchor = '/mnt/audit'\n\n[privacy]\nkeep_image = true\n",
			"settings.damaged", "keep_image"},
		"unknown table": {"[folders]\nsecond_anchor = '/mnt/audit'\n[colours]\nink = 'red'\n", "settings.damaged",
			"[colours]"},
		"control in desk":  {replaced("desk = 'Desk 1'", `desk = "Desk\u0000"`), "settings.desk_name", ""},
		"unknown mode":     {replaced("mode = 'offline'", "mode = 'x'"), "settings.mode", ""},
		"password by hand": {replaced("source = '0'", "source = 'http://a:b@127.0.0.1/'"), "settings.camera_password", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := written(t, tt.text)
			_, err := open(file)
			p := problem(t, err)
			if p.Key != tt.key {
				t.Fatalf("got %v, want %s", p, tt.key)
			}
			if tt.at != "" && p.Params["Line"] != lineOf(tt.text, tt.at) {
				t.Errorf("line %v, want %d", p.Params["Line"], lineOf(tt.text, tt.at))
			}
			if now, _ := os.ReadFile(file); string(now) != tt.text {
				t.Error("the file was changed")
			}
		})
	}
}

// A file may hold just the lines somebody wants otherwise.
func TestFilesOfAFewLines(t *testing.T) {
	with := func(change func(*Settings)) Settings {
		s := Default()
		change(&s)
		return s
	}
	refer := 50.0
	for name, tt := range map[string]struct {
		text string
		want Settings
	}{
		"nothing":   {"", Default()},
		"a comment": {"# nothing yet\n\n", Default()},
		"a byte order mark": {"\uFEFF[privacy]\r\nkeep_images = true\r\n",
			with(func(s *Settings) { s.Privacy.KeepImages = true })},
		"one key":        {"desk = 'Schalter 3'\n", with(func(s *Settings) { s.Desk = "Schalter 3" })},
		"an empty table": {"[camera]\n", Default()},
		"one table": {"[matching]\nrefer_minors = false\n",
			with(func(s *Settings) { s.Matching.ReferMinors = false })},
		"a dotted key": {"operators.lock_minutes = 0\n", with(func(s *Settings) { s.Operators.LockMinutes = 0 })},
		"another table's version": {"[consent]\nversion = 4\nprocessing = 'Darf ich?'\n", with(func(s *Settings) {
			s.Consent.Version, s.Consent.Processing = 4, "Darf ich?"
		})},
		"conditions alone": {"[[facematch_conditions]]\nfield = 'score'\nop = '>='\npass = 85.0\nrefer = 50.0\n",
			with(func(s *Settings) {
				s.Conditions = []matcher.Condition{{Field: "score", Op: ">=", Pass: 85, Refer: &refer}}
			})},
		"the version without conditions": {"version = 1\n[retention]\nnames_days = 30\n",
			with(func(s *Settings) { s.Retention.NamesDays = 30 })},
	} {
		t.Run(name, func(t *testing.T) {
			file := written(t, tt.text)
			s, err := open(file)
			if err != nil || !reflect.DeepEqual(s.Get(), tt.want) {
				t.Fatalf("got %+v, %v", s, err)
			}
			if now, _ := os.ReadFile(file); string(now) != tt.text {
				t.Error("reading changed the file")
			}
			// What is written back says the same.
			next := s.Get()
			next.Camera.Mirror = !next.Camera.Mirror
			if err := s.Save(next); err != nil {
				t.Fatal(err)
			}
			now, _ := os.ReadFile(file)
			if !strings.HasPrefix(string(now), "version = 1\n") || strings.Contains(string(now), "\uFEFF") {
				t.Errorf("written back:\n%s", now)
			}
			again, err := open(file)
			if err != nil || !reflect.DeepEqual(again.Get(), next) || digest(again) != digest(s) {
				t.Errorf("written and read again: %+v, %v", again, err)
			}
		})
	}
}

// examplesIn gives the settings that a README shows.
func examplesIn(t *testing.T, readme string) []string {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	var examples []string
	for _, block := range strings.Split(string(text), "```toml\n")[1:] {
		example, _, closed := strings.Cut(block, "```")
		if !closed {
			t.Fatalf("%s: a block is not closed", readme)
		}
		examples = append(examples, example)
	}
	return examples
}

// Every example of settings that a README shows can be copied as it stands.
func TestExamplesOfTheReadmes(t *testing.T) {
	found := map[string]bool{}
	err := filepath.WalkDir("../..", func(readme string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "build"):
			return fs.SkipDir
		case d.Name() != "README.md" && d.Name() != "ROLLOUT.md":
			return nil
		}
		for _, example := range examplesIn(t, readme) {
			files := Files{User: written(t, example)}
			if strings.HasPrefix(example, "locked") {
				files = Files{Administrator: files.User, User: path(t)}
			}
			s, err := Open(files)
			if err != nil {
				t.Errorf("%s: %v\n%s", readme, err, example)
				continue
			}
			if !reflect.DeepEqual(s.Get().Conditions, Default().Conditions) || s.Get().Version != Version {
				t.Errorf("%s: what it does not say is not as by default\n%s", readme, example)
			}
			found[filepath.ToSlash(readme)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, readme := range []string{
		"../../app/gateway/README.md", "../../app/settings/README.md", "../../assets/README.md", "../../camera/README.md",
		"../../store/README.md",
	} {
		if !found[readme] {
			t.Errorf("%s: no example was found", readme)
		}
	}
}

// The README beside this file shows every setting with its default.
func TestTheReadmeShowsEverySetting(t *testing.T) {
	defaults, err := toml.Marshal(Default())
	if err != nil {
		t.Fatal(err)
	}
	var shown, want map[string]any
	if err := toml.Unmarshal([]byte(examplesIn(t, "README.md")[0]), &shown); err != nil {
		t.Fatal(err)
	}
	if err := toml.Unmarshal(defaults, &want); err != nil {
		t.Fatal(err)
	}
	for key, value := range want { // a key that is no setting is found above
		if !reflect.DeepEqual(shown[key], value) {
			t.Errorf("README.md shows %s as %v, the defaults are %v: change its list of all settings", key, shown[key], value)
		}
	}
}

func TestPasswordsInAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"0": false, "/dev/video0": false, "/srv/a@b:c.mp4": false, "http://127.0.0.1:8080/video": false,
		"rtsp://user@127.0.0.1/": false, "rtsp://127.0.0.1/live?channel=1": false,
		"rtsp://user:secret@127.0.0.1/": true, "rtsp://admin:100%@127.0.0.1/x": true, "rtsp://admin:pa ss@127.0.0.1/": true,
		"http://127.0.0.1/?user=a&pwd=secret": true, "http://127.0.0.1/?Token=x": true,
	} {
		if hasPassword(address) != want {
			t.Errorf("%s: got %v", address, !want)
		}
	}
}

func TestUnwritableFolder(t *testing.T) {
	file := path(t)
	if err := os.WriteFile(filepath.Dir(file), nil, 0o600); err != nil { // a file where the folder should be
		t.Fatal(err)
	}
	s, err := open(file)
	if err == nil {
		err = s.Save(Default())
	}
	if key := problem(t, err).Key; key != "settings.unreadable" && key != "settings.unwritable" {
		t.Errorf("got %s", key)
	}
}

func TestSavingAtOnceLeavesAWholeFile(t *testing.T) {
	s, err := open(path(t))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			next := s.Get()
			next.Desk = strings.Repeat("x", 1+i*10)
			if err := s.Save(next); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	again, err := open(s.files.User)
	if err != nil || again.Get().Desk != s.Get().Desk || digest(again) != digest(s) {
		t.Errorf("file and settings in force differ: %v", err)
	}
}

func TestFoldersBelowFacematchHome(t *testing.T) {
	home := filepath.Join(t.TempDir(), "Büro 1")
	t.Setenv(Home, home)
	f, err := FindFolders()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{f.Config, f.Data, f.State, f.Instances(), f.Logs()} {
		if !strings.HasPrefix(dir, home) {
			t.Errorf("%s lies outside", dir)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", dir, info, err)
		}
	}
	s := Default()
	if got := f.History(s); got != filepath.Join(home, "data", "history.db") {
		t.Errorf("history at %s", got)
	}
	s.Folders.History = "/srv/history"
	if got := f.History(s); got != "/srv/history/history.db" {
		t.Errorf("history at %s", got)
	}
}

func TestModelsAreLookedForInOrder(t *testing.T) {
	t.Setenv(Home, t.TempDir())
	t.Setenv(ModelsVariable, "/first")
	f, err := FindFolders()
	if err != nil {
		t.Fatal(err)
	}
	s := Default()
	s.Folders.Models = "/second"
	got := f.Models(s)
	if got[0] != "/first" || got[1] != "/second" || got[len(got)-1] != "/usr/share/facematch/models" ||
		got[len(got)-2] != filepath.Join(f.Data, "models") {
		t.Errorf("got %v", got)
	}
	if s.Matching.Mode != history.Offline {
		t.Error("the default mode is not offline")
	}
}

func TestTheAPIsAddressIsSavedInOneForm(t *testing.T) {
	s, err := open(path(t))
	if err != nil {
		t.Fatal(err)
	}
	next := s.Get()
	next.API.Base, next.Consent.Processing = " HTTPS://API.Example.com:443/ ", "  our words\n"
	if err := s.Save(next); err != nil {
		t.Fatal(err)
	}
	if now := s.Get(); now.API.Base != "https://api.example.com" || now.Consent.Processing != "our words" {
		t.Errorf("saved %+v, %+v", now.API, now.Consent)
	}
	for _, limit := range []func(*API){
		func(a *API) { a.ConnectSeconds = 0 }, func(a *API) { a.TLSSeconds = -1 },
		func(a *API) { a.AnswerSeconds = maxSeconds + 1 }, func(a *API) { a.KeepDays = 0 },
	} {
		next := s.Get()
		limit(&next.API)
		if p := problem(t, next.Check()); p.Key != "settings.api_limits" {
			t.Error(p)
		}
	}
}

// Everything is kept for ever, and no picture at all, until somebody says so.
func TestWhatIsKept(t *testing.T) {
	s := Default()
	if s.Privacy.KeepImages || s.Retention.Periods() != (history.Periods{}) {
		t.Errorf("defaults are %+v, %+v", s.Privacy, s.Retention)
	}
	s.Retention = Retention{NamesDays: 1, AnswersDays: 30, ImagesDays: maxRetentionDays}
	want := history.Periods{Names: 24 * time.Hour, Answers: 720 * time.Hour, Images: maxRetentionDays * 24 * time.Hour}
	if got := s.Retention.Periods(); got != want || got.Images < 0 {
		t.Errorf("periods are %+v", got)
	}
}

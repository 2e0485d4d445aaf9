//go:build e2e

package e2e

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
)

const (
	startTime = 60 * time.Second // models load, the camera opens, the portrait is found: slow on a busy machine
	checkTime = 90 * time.Second // three seconds of clip and their comparison, on a busy machine
	paintTime = 20 * time.Second // until what is recorded is on the screen as well
)

// sizes of the window: the least, and a usual screen's.
var sizes = [][2]int{{1024, 700}, {1600, 1000}}

// TestVideoFileAsCamera makes a check that passes and, after "New check", one
// with a document that shows no face.
func TestVideoFileAsCamera(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	p := d.open("file", "light", func(s *settings.Settings) { s.Camera.Source = clip(t, photo(t, manLive)) })
	p.shots("check")
	p.check("pass", photo(t, sameMan), history.Pass)
	d.key("ctrl+n")
	p.check("not-compared", photo(t, noFace), history.NotCompared)
	p.screens()
	p.close()
}

// TestStreamAsCamera does the same with a live network camera: a check that
// fails and one that is not compared.
func TestStreamAsCamera(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	document := stranger(t)
	p := d.open("stream", "dark", func(s *settings.Settings) {
		s.Camera.Source = stream(t, clip(t, photo(t, manLive)))
		if document == "" {
			// Without anybody else's picture the man himself has to fail: no two
			// photos are alike in every point.
			t.Log("no other person's picture is here (../shared/testdata): the same man is held to a bound he cannot meet")
			document = photo(t, sameMan)
			s.Conditions = []matcher.Condition{{Field: "score", Op: ">=", Pass: 100}}
		}
	})
	p.shots("check")
	p.check("fail", document, history.Fail)
	d.key("ctrl+n")
	p.check("not-compared", photo(t, noFace), history.NotCompared)
	p.screens()
	p.close()
}

// program is the running program, with a home folder of its own.
type program struct {
	d       *desktop
	t       *testing.T
	name    string // of its files in the output folder
	cmd     *exec.Cmd
	ended   <-chan struct{}
	log     *bytes.Buffer // what it prints; read it only after the end
	window  string
	history string // the database
	seen    int64  // the last record looked at
}

// open starts the program in the light or dark theme and waits for its window.
// The name is that of its screenshots.
func (d *desktop) open(name, theme string, change func(*settings.Settings)) *program {
	d.t.Helper()
	return d.openIn(d.settled(change), name, theme)
}

// binary is the program that was built.
func (d *desktop) binary() string {
	d.t.Helper()
	binary, err := filepath.Abs(filepath.Join(root, "bin", "facematch"))
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		d.t.Fatal("bin/facematch is not built: run make build")
	}
	return binary
}

// settled makes a home folder with settings.
func (d *desktop) settled(change func(*settings.Settings)) string {
	d.t.Helper()
	home := d.t.TempDir()
	d.settle(home, change)
	return home
}

// settle puts settings into a home folder.
func (d *desktop) settle(home string, change func(*settings.Settings)) {
	d.t.Helper()
	store, err := settings.Open(settings.Files{User: filepath.Join(home, "config", "settings.toml")})
	if err != nil {
		d.t.Fatal(err)
	}
	chosen := store.Get()
	change(&chosen)
	if err := store.Save(chosen); err != nil {
		d.t.Fatal(err)
	}
}

// openIn is open with a home folder that is there already.
func (d *desktop) openIn(home, name, theme string) *program {
	d.t.Helper()
	p := &program{d: d, t: d.t, name: name + "-" + theme, log: &bytes.Buffer{}}
	p.history = filepath.Join(home, "data", "history.db")
	p.cmd = d.command(d.binary())
	p.cmd.Env = append(p.cmd.Env, "FACEMATCH_HOME="+home, "FYNE_THEME="+theme)
	if models := os.Getenv("FACEMATCH_MODELS"); models != "" {
		p.cmd.Env = append(p.cmd.Env, "FACEMATCH_MODELS="+models)
	}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	// Registered before the program starts, so it runs after the program's end
	// and may read what it printed.
	d.t.Cleanup(func() {
		p.keep(home)
		if d.t.Failed() {
			d.t.Logf("the program printed:\n%s", p.log)
		}
	})
	p.ended = d.start(p.cmd)
	d.t.Cleanup(func() {
		if d.t.Failed() {
			d.t.Logf("the screen as it was: %s", d.screenshot(p.name+"-failed"))
		}
	})
	p.window = d.window("Facematch Desk")
	return p
}

// keep copies what the program wrote to its log beside the screenshots.
func (p *program) keep(home string) {
	all := p.log.Bytes()
	logs, _ := filepath.Glob(filepath.Join(home, "state", "log", "*"))
	for _, path := range logs {
		if text, err := os.ReadFile(path); err == nil {
			all = append(all, text...)
		}
	}
	if err := os.WriteFile(filepath.Join(p.d.out, p.name+".log"), all, 0o644); err != nil {
		p.t.Error(err)
	}
}

// check drops a document onto the window, gives consent, starts the check and
// waits for its end. The word on the screen and the record must agree with each
// other and with what is expected.
func (p *program) check(name, document string, want history.Outcome) {
	p.t.Helper()
	p.d.resize(p.window, sizes[1][0], sizes[1][1])
	p.d.drop(p.window, document)
	p.d.key("ctrl+k")

	// The engine may still load and the portrait be looked for, and until then
	// the key does nothing. So it is pressed, as a clerk would, until the
	// "started" record says that the check has begun.
	var began, ended history.Finished
	pressed := time.Time{}
	p.d.until("the check has begun", startTime, func() bool {
		p.alive()
		if time.Since(pressed) > 2*time.Second {
			p.d.key("ctrl+Return")
			pressed = time.Now()
		}
		return p.next(history.KindStarted, &began)
	})
	p.d.screenshot(p.name + "-" + name + "-running")
	p.d.until("the check has ended", checkTime, func() bool {
		p.alive()
		return p.next(history.KindFinished, &ended)
	})
	if ended.Check != began.Check {
		p.t.Errorf("%s: check %s began, %s ended", name, began.Check, ended.Check)
	}
	if ended.Outcome != want {
		p.t.Errorf("%s: the history says %q (problem %q), want %q", name, ended.Outcome, ended.Problem, want)
	}
	if compared := ended.Score != nil; compared != (want != history.NotCompared) {
		p.t.Errorf("%s: the record has a score: %t", name, compared)
	}

	// Reading takes a while, too: one picture is of the screen after the limit.
	word := ""
	for end, late := time.Now().Add(paintTime), false; word == "" && !late; {
		late = time.Now().After(end)
		word = p.d.verdictIn(p.d.screenshot(p.name + "-" + name))
	}
	if word != string(ended.Outcome) {
		p.t.Errorf("%s: the screen says %q, the history %q", name, word, ended.Outcome)
	}
	p.t.Logf("%s: screen %q, history %q, score %s", name, word, ended.Outcome, percent(ended.Score))
	p.shots(name)
}

func percent(hundredths *int64) string {
	if hundredths == nil {
		return "none"
	}
	return fmt.Sprintf("%d.%02d", *hundredths/100, *hundredths%100)
}

// next reads on in the history up to the next record of this kind; false where
// there is none yet.
func (p *program) next(kind history.Kind, into any) bool {
	p.t.Helper()
	// The program makes the database; a reader must not.
	if _, err := os.Stat(p.history); err != nil {
		return false
	}
	db, err := sql.Open("sqlite3", "file:"+p.history+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close()
	var (
		seq     int64
		payload string
	)
	err = db.QueryRow(`SELECT seq, payload FROM record WHERE seq > ? AND payload ->> '$.kind' = ? ORDER BY seq LIMIT 1`,
		p.seen, string(kind)).Scan(&seq, &payload)
	if err != nil {
		return false // none yet, or the tables are just being made: the deadline decides
	}
	if err := json.Unmarshal([]byte(payload), into); err != nil {
		p.t.Fatalf("record %d: %v", seq, err)
	}
	p.seen = seq
	return true
}

// alive fails at once where the program has ended by itself.
func (p *program) alive() {
	p.t.Helper()
	select {
	case <-p.ended:
		p.t.Fatalf("the program ended: %v", p.cmd.ProcessState)
	default:
	}
}

// shots keeps the window as it is now in each size.
func (p *program) shots(name string) {
	p.t.Helper()
	for _, size := range sizes {
		p.d.resize(p.window, size[0], size[1])
		time.Sleep(time.Second) // laid out and painted anew
		_, _, width, height := p.d.geometry(p.window)
		if width != size[0] || height != size[1] {
			p.t.Errorf("the window is %dx%d where %dx%d was asked for", width, height, size[0], size[1])
		}
		p.d.screenshot(fmt.Sprintf("%s-%s-%dx%d", p.name, name, size[0], size[1]))
	}
}

// screens keeps the other two screens.
func (p *program) screens() {
	p.t.Helper()
	for i, name := range []string{"history", "settings"} {
		p.d.key(fmt.Sprintf("ctrl+%d", i+2))
		p.shots(name)
	}
}

// close ends the program as a clerk does and expects a clean end.
func (p *program) close() {
	p.t.Helper()
	p.d.key("ctrl+q")
	select {
	case <-p.ended:
		if !p.cmd.ProcessState.Success() {
			p.t.Errorf("the program ended with %v", p.cmd.ProcessState)
		}
	case <-time.After(toolTime):
		p.t.Errorf("the program did not end within %v", toolTime)
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // it prints where it hangs
		<-p.ended
	}
}

//go:build e2e

// Package e2e runs the built program (bin/facematch) as a script would. It is part of
// `make e2e`; FACEMATCH_SOAK=1 runs the long forms. Each test has a desk of its own, so that two
// run at once: a program on its own leaves much of two cores idle while it starts.
package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"facematch/app/apptest/need"
	"facematch/app/cli"
	"facematch/matcher"
)

const root = "../../.."

func soak() bool { return os.Getenv("FACEMATCH_SOAK") != "" }

// desk is one installation with folders of its own.
type desk struct {
	t    *testing.T
	home string
}

func newDesk(t *testing.T) desk {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, "bin", "facematch")); err != nil {
		t.Fatal("bin/facematch is not built: run make build")
	}
	return desk{t: t, home: t.TempDir()}
}

func (d desk) command(ctx context.Context, args ...string) *exec.Cmd {
	program, err := filepath.Abs(filepath.Join(root, "bin", "facematch"))
	if err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	// No session bus: the key of names then lies in a file of this desk's own.
	cmd.Env = append(os.Environ(), "FACEMATCH_HOME="+d.home, "DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR="+d.home)
	return cmd
}

// run runs one command to its end, which must come within a minute.
func (d desk) run(args ...string) (code int, stdout, stderr string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := d.command(ctx, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if ctx.Err() != nil {
		d.t.Fatalf("%q hangs", args)
	}
	if err != nil && !errors.As(err, &exit) {
		d.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

type row struct {
	Check   string `json:"check"`
	Outcome string `json:"outcome"`
	Score   *int64 `json:"score"`
}

func (d desk) rows() []row {
	d.t.Helper()
	code, out, errs := d.run("history", "list", "--limit", "10000", "--format", "json")
	var rows []row
	if err := json.Unmarshal([]byte(out), &rows); err != nil || code != 0 {
		d.t.Fatalf("history list: exit %d, %v, %s", code, err, errs)
	}
	return rows
}

func (d desk) verify() {
	d.t.Helper()
	if code, out, errs := d.run("history", "verify"); code != 0 {
		d.t.Fatalf("history verify: exit %d, %s%s", code, out, errs)
	}
}

func check(document, video string, more ...string) []string {
	return append([]string{"check", "--document", document, "--video", video, "--consent"}, more...)
}

// images is the folder of gocv's photos, which hold one man twice.
func images(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "images")
}

func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-nostdin", "-y"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
}

// clip makes a clip of three seconds that moves a little over a photo.
func clip(t *testing.T, photo, file string) string {
	t.Helper()
	ffmpeg(t, "-loop", "1", "-i", photo, "-t", "3", "-r", "15",
		"-vf", "scale=720:540:force_original_aspect_ratio=increase,crop=640:480:x='40+30*sin(t*2)':y='30+20*cos(t*2)',format=yuv420p",
		"-c:v", "libx264", "-preset", "ultrafast", file)
	return file
}

func write(t *testing.T, file string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func testdata(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(root, "..", "shared", "testdata")
	if _, err := os.Stat(dir); err != nil {
		need.Missing(t, "the folder of test pictures is not here")
	}
	return dir
}

func TestInputsOfEveryKind(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	dir := t.TempDir()
	photo := filepath.Join(images(t), "face.jpg")
	person := clip(t, filepath.Join(images(t), "face-detect.jpg"), filepath.Join(dir, "person.mp4"))
	pattern := filepath.Join(dir, "pattern.mp4")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc=s=640x480:r=15:d=3", "-pix_fmt", "yuv420p", "-c:v", "libx264", pattern)
	two := filepath.Join(dir, "two.mp4")
	ffmpeg(t, "-i", person, "-i", person, "-filter_complex", "hstack,format=yuv420p", "-c:v", "libx264", "-preset",
		"ultrafast", two)
	half := filepath.Join(dir, "pattern-then-person.mp4")
	ffmpeg(t, "-i", pattern, "-i", person, "-filter_complex",
		"[0:v]fps=15,format=yuv420p,setsar=1[a];[1:v]fps=15,format=yuv420p,setsar=1[b];[a][b]concat=n=2:v=1", "-c:v",
		"libx264", half)
	whole, err := os.ReadFile(person)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(photo)
	if err != nil {
		t.Fatal(err)
	}
	secret := write(t, filepath.Join(dir, "secret.jpg"), picture)
	os.Chmod(secret, 0)
	still := filepath.Join(dir, "still.mp4")
	ffmpeg(t, "-f", "lavfi", "-i", "color=s=320x240:r=15:d=1", "-frames:v", "0", "-c:v", "libx264", still)

	tests := []struct {
		name            string
		document, video string
		code            int
		outcome         string
	}{
		{"one man twice", photo, person, cli.ExitOK, "pass"},
		{"document without a face", filepath.Join(images(t), "gocvlogo.jpg"), person, cli.ExitNotCompared, "not compared"},
		{"clip without a face", photo, pattern, cli.ExitNotCompared, "not compared"},
		{"clip with two people", photo, two, cli.ExitNotCompared, "not compared"},
		{"person in half of the clip", photo, half, cli.ExitOK, "pass"},
		{"text as .jpg", write(t, filepath.Join(dir, "text.jpg"), []byte("Dear clerk, this is a letter.")), person,
			cli.ExitCouldNotRun, "could not run"},
		{"text as .mp4", photo, write(t, filepath.Join(dir, "text.mp4"), []byte("Dear clerk, this is a letter.")),
			cli.ExitCouldNotRun, "could not run"},
		{"empty document", write(t, filepath.Join(dir, "empty.jpg"), nil), person, cli.ExitCouldNotRun, "could not run"},
		{"empty clip", photo, write(t, filepath.Join(dir, "empty.mp4"), nil), cli.ExitCouldNotRun, "could not run"},
		{"truncated document", write(t, filepath.Join(dir, "cut.jpg"), picture[:len(picture)/3]), person, cli.ExitCouldNotRun,
			"could not run"},
		{"truncated clip", photo, write(t, filepath.Join(dir, "cut.mp4"), whole[:len(whole)/2]), cli.ExitCouldNotRun,
			"could not run"},
		{"clip of no frames", photo, still, cli.ExitCouldNotRun, "could not run"},
		{"missing document", filepath.Join(dir, "not-there.jpg"), person, cli.ExitCouldNotRun, "could not run"},
		{"missing clip", photo, filepath.Join(dir, "not-there.mp4"), cli.ExitCouldNotRun, "could not run"},
		{"folder as document", dir, person, cli.ExitCouldNotRun, "could not run"},
		{"folder as clip", photo, dir, cli.ExitCouldNotRun, "could not run"},
		{"clip as document", person, person, cli.ExitCouldNotRun, "could not run"},
		{"picture as clip", photo, photo, cli.ExitCouldNotRun, "could not run"},
	}
	if os.Geteuid() != 0 { // root may read everything
		tests = append(tests, struct {
			name            string
			document, video string
			code            int
			outcome         string
		}{"document without permission", secret, person, cli.ExitCouldNotRun, "could not run"})
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := desk{t: t, home: d.home}
			code, out, errs := d.run(check(tt.document, tt.video, "--format", "json")...)
			rows := d.rows()
			if code != tt.code || len(rows) != i+1 || rows[0].Outcome != tt.outcome {
				t.Fatalf("exit %d, want %d; %d records, newest %+v\n%s%s", code, tt.code, len(rows), rows[0], out, errs)
			}
			t.Logf("exit %d, %s: %s%s", code, rows[0].Outcome, out, errs)
			if tt.code == cli.ExitCouldNotRun {
				var e map[string]string
				if json.Unmarshal([]byte(out), &e) != nil || len(e["error"]) < 20 || strings.Contains(out+errs, dir) {
					t.Errorf("no clear error, or one with a path: %s", out)
				}
				return
			}
			var r matcher.Result
			if err := json.Unmarshal([]byte(out), &r); err != nil || (r.Data.Code != 0) != (tt.code == cli.ExitNotCompared) {
				t.Errorf("%v: %s", err, out)
			}
			if (rows[0].Score == nil) != (tt.code == cli.ExitNotCompared) {
				t.Errorf("score %v in the history", rows[0].Score)
			}
		})
	}
	d.verify()
}

func TestPersonSwappedInTheMiddleNeverPasses(t *testing.T) {
	t.Parallel()
	dir := testdata(t)
	d := newDesk(t)
	a, b := "london__024", "london__042"
	swapped := filepath.Join(t.TempDir(), "swapped.mp4")
	ffmpeg(t, "-i", filepath.Join(dir, "clips", a+".mp4"), "-i", filepath.Join(dir, "clips", b+".mp4"), "-filter_complex",
		"[0:v]trim=0:1.5,setpts=PTS-STARTPTS,scale=640:480,setsar=1[x];[1:v]trim=1.5:3,setpts=PTS-STARTPTS,scale=640:480,setsar=1[y];[x][y]concat=n=2:v=1,format=yuv420p",
		"-c:v", "libx264", swapped)
	for _, who := range []string{a, b} {
		code, out, errs := d.run(check(filepath.Join(dir, "docs", who+".jpg"), swapped)...)
		if code != cli.ExitRefer && code != cli.ExitFail {
			t.Errorf("%s: exit %d\n%s%s", who, code, out, errs)
		}
	}
}

// TestPairs runs whole checks of the same and of different people. CI takes
// every genuine pair and as many impostors; the long form takes all.
func TestPairs(t *testing.T) {
	t.Parallel()
	dir := testdata(t)
	f, err := os.Open(filepath.Join(dir, "pairs.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.FieldsPerRecord, r.Comment = '\t', -1, '#'
	pairs, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	counts := map[string]map[string]int{"yes": {}, "no": {}}
	impostors := 0
	outcomes := map[int]string{cli.ExitOK: "pass", cli.ExitRefer: "refer", cli.ExitFail: "fail", cli.ExitNotCompared: "not compared"}
	for _, p := range pairs {
		if len(p) < 3 || counts[p[2]] == nil {
			continue // the heading
		}
		if p[2] == "no" {
			if impostors++; !soak() && impostors%15 != 1 {
				continue
			}
		}
		code, out, errs := d.run(check(filepath.Join(dir, p[0]), filepath.Join(dir, p[1]))...)
		outcome, known := outcomes[code]
		if !known {
			t.Fatalf("%v: exit %d\n%s%s", p, code, out, errs)
		}
		counts[p[2]][outcome]++
		if p[2] == "no" && code == cli.ExitOK {
			t.Errorf("%v: a stranger passed\n%s", p, out)
		}
		if p[2] == "yes" && code != cli.ExitOK {
			t.Logf("%v: %s", p, out)
		}
	}
	t.Logf("same person: %v, different people: %v", counts["yes"], counts["no"])
	// Most honest people must pass; what the engine cannot do yet is measured,
	// not asserted.
	if counts["yes"]["pass"] < 8 || counts["no"]["fail"] < 8 {
		t.Error("the engine does not tell people apart")
	}
	d.verify()
}

func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	dir := t.TempDir()
	photo := filepath.Join(images(t), "face.jpg")
	person := clip(t, filepath.Join(images(t), "face-detect.jpg"), filepath.Join(dir, "person.mp4"))
	if code, _, errs := d.run(check(photo, person)...); code != cli.ExitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	rounds := 4
	if soak() {
		rounds = 20
	}
	interrupted := 0
	for round := range rounds {
		before := d.rows()
		cmd := d.command(context.Background(), check(photo, person)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Every other one at any time, the rest surely between the two records.
		if round%2 == 0 {
			time.Sleep(time.Duration(rand.IntN(1200)) * time.Millisecond)
		} else {
			d.waitForStart(len(before) + 1)
			time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
		}
		cmd.Process.Kill()
		cmd.Wait()

		after := d.rows()
		d.verify()
		if len(after) != len(before) && len(after) != len(before)+1 {
			t.Fatalf("%d records before, %d after", len(before), len(after))
		}
		if len(after) > len(before) {
			switch after[0].Outcome {
			case "interrupted":
				interrupted++
			case "pass": // it was quicker
			default:
				t.Errorf("outcome %s", after[0].Outcome)
			}
		}
		for i, r := range before {
			if now := after[len(after)-len(before)+i]; now.Check != r.Check || now.Outcome != r.Outcome {
				t.Fatalf("a committed record was lost or changed: %+v, now %+v", r, now)
			}
		}
	}
	t.Logf("%d killed, %d interrupted records", rounds, interrupted)
	// Looking at the history cleans nothing up; the next check does.
	if code, _, errs := d.run(check(photo, person)...); code != cli.ExitOK {
		t.Errorf("exit %d: %s", code, errs)
	}
	d.verify()
	for _, folder := range []string{"state/instances", "data/running"} {
		if left, _ := filepath.Glob(filepath.Join(d.home, folder, "ins_*")); len(left) > 0 {
			t.Errorf("%s: %d temp folders and locks are left", folder, len(left))
		}
	}
	if interrupted == 0 {
		t.Error("no check was hit in its middle")
	}
}

// waitForStart waits until the history holds this many started checks.
func (d desk) waitForStart(checks int) {
	d.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(d.home, "data", "history.db")+"?mode=ro")
	if err != nil {
		d.t.Fatal(err)
	}
	defer db.Close()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var n int
		if err := db.QueryRow(`SELECT count(*) FROM record WHERE kind = 'started'`).Scan(&n); err == nil && n >= checks {
			return
		}
	}
	d.t.Fatal("the check does not start")
}

func TestTwoAtOnceOnOneHistory(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	photo := filepath.Join(images(t), "face.jpg")
	person := clip(t, filepath.Join(images(t), "face-detect.jpg"), filepath.Join(t.TempDir(), "person.mp4"))
	const each = 4
	done := make(chan error, 3)
	for range 3 {
		go func() {
			for range each {
				cmd := d.command(context.Background(), check(photo, person)...)
				if out, err := cmd.CombinedOutput(); err != nil {
					done <- fmt.Errorf("%w: %s", err, out)
					return
				}
			}
			done <- nil
		}()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	rows := d.rows()
	for _, r := range rows {
		if r.Outcome != "pass" {
			t.Errorf("%s: %s", r.Check, r.Outcome)
		}
	}
	if len(rows) != 3*each {
		t.Errorf("%d records, want %d", len(rows), 3*each)
	}
	d.verify()
}

func TestNameIsNowhereInClear(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	photo := filepath.Join(images(t), "face.jpg")
	person := clip(t, filepath.Join(images(t), "face-detect.jpg"), filepath.Join(t.TempDir(), "person.mp4"))
	const name = "Wilhelmina Quackenbush-Ørsted"
	if code, _, errs := d.run(check(photo, person, "--name", name, "--consent-name")...); code != cli.ExitOK {
		t.Fatalf("exit %d: %s", code, errs)
	}
	// One that is killed leaves its temp folder and WAL behind.
	cmd := d.command(context.Background(), check(photo, person, "--name", name)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(700 * time.Millisecond)
	cmd.Process.Kill()
	cmd.Wait()

	files := 0
	err := filepath.WalkDir(d.home, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, part := range []string{name, "Wilhelmina", "Quackenbush"} {
			if bytes.Contains(data, []byte(part)) {
				t.Errorf("%q stands in %s", part, path)
			}
		}
		return err
	})
	if err != nil || files < 4 {
		t.Fatalf("%d files searched, %v", files, err)
	}
	if _, out, _ := d.run("history", "list", "--names"); !strings.Contains(out, name) {
		t.Errorf("the name is lost:\n%s", out)
	}
}

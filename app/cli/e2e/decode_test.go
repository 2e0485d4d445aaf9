//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"facematch/app/cli"
)

// decoders are the processes that read clips for another; the test is skipped
// where the system does not tell them.
func decoders(t *testing.T, parent int) (pids []int) {
	t.Helper()
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if _, err := os.Stat("/proc/self/task"); err != nil {
		t.Skip("this system does not tell a process's children")
	}
	for _, list := range lists {
		data, _ := os.ReadFile(list)
		for _, field := range strings.Fields(string(data)) {
			line, _ := os.ReadFile("/proc/" + field + "/cmdline")
			if pid, err := strconv.Atoi(field); err == nil &&
				slices.Contains(strings.Split(string(line), "\x00"), "decode-clips") {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// A decoder killed in the middle of a check costs that check alone. A program
// killed in the middle of a check leaves no decoder.
func TestDecoderKilled(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	dir := t.TempDir()
	photo, person := filepath.Join(images(t), "face.jpg"),
		clip(t, filepath.Join(images(t), "face-detect.jpg"), filepath.Join(dir, "person.mp4"))
	long := filepath.Join(dir, "long.mp4") // some seconds to read
	ffmpeg(t, "-stream_loop", "60", "-i", person, "-c", "copy", long)

	// inTheMiddle starts a check and gives it and its decoder, once that reads.
	inTheMiddle := func() (*exec.Cmd, *bytes.Buffer, int) {
		cmd := d.command(context.Background(), check(photo, long)...)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			for _, pid := range decoders(t, cmd.Process.Pid) {
				if spent(pid) > 600*time.Millisecond { // more than starting takes
					return cmd, &errs, pid
				}
			}
		}
		t.Fatalf("no decoder works: %s", errs.String())
		return nil, nil, 0
	}

	cmd, errs, decoder := inTheMiddle()
	syscall.Kill(decoder, syscall.SIGKILL)
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != cli.ExitCouldNotRun ||
		!strings.Contains(errs.String(), "broke the part of the program that reads videos") {
		t.Errorf("its decoder was killed: exit %d, %s", code, errs)
	}
	if code, out, errs := d.run(check(photo, person)...); code != cli.ExitOK {
		t.Errorf("the next check: exit %d, %s%s", code, out, errs)
	}

	cmd, _, decoder = inTheMiddle()
	cmd.Process.Kill()
	cmd.Wait()
	for end := time.Now().Add(10 * time.Second); syscall.Kill(decoder, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the decoder outlives the program")
		}
	}
	d.verify()
	for i, want := range []string{"interrupted", "pass", "could not run"} { // the newest first
		if rows := d.rows(); len(rows) != 3 || rows[i].Outcome != want {
			t.Fatalf("the history holds %+v, want %q at %d", rows, want, i)
		}
	}
}

// spent is the time of processors a process has taken.
func spent(pid int) time.Duration {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// The hidden command is of no use by hand, and ends at once.
func TestDecoderAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if code, out, errs := d.run("decode-clips"); code != cli.ExitCouldNotRun || out != "" || errs == "" {
		t.Errorf("exit %d: %q, %s", code, out, errs)
	}
	if code, _, errs := d.run("decode-clips", "file"); code != cli.ExitUsage || errs == "" {
		t.Errorf("exit %d: %s", code, errs)
	}
}

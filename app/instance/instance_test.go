package instance

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"facematch/matcher"
)

// The test binary run again with this variable is another program: it begins
// an instance below the named folder, prints its id and waits to be killed.
const (
	childVariable = "FACEMATCH_TEST_INSTANCES"
	childHistory  = "FACEMATCH_TEST_HISTORY"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(childVariable); folder != "" {
		in, err := Begin(context.Background(), folder, os.Getenv(childHistory))
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(in.ID + "\n")
		io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

// child starts another program and gives its id and a function that kills it.
func child(t *testing.T, folder, history string) (string, func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+folder, childHistory+"="+history)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	kill := func() {
		once.Do(func() {
			cmd.Process.Kill() // SIGKILL: nothing is tidied up
			cmd.Wait()
			stdin.Close()
		})
	}
	t.Cleanup(kill)
	return line[:len(line)-1], kill
}

func begin(t *testing.T, folder, history string) *Instance {
	t.Helper()
	in, err := Begin(context.Background(), folder, history)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestOneProgramLeavesAnotherAlone(t *testing.T) {
	folder, history := t.TempDir(), filepath.Join(t.TempDir(), "new")
	other, kill := child(t, folder, history)
	kept := filepath.Join(folder, other, "clip.mp4")
	if err := os.WriteFile(kept, []byte("a person"), 0o600); err != nil {
		t.Fatal(err)
	}

	here := begin(t, folder, history)
	if !here.Alive(other) || !here.Alive(here.ID) {
		t.Error("a running program is taken for dead")
	}
	if !exists(kept) {
		t.Fatal("the temp file of a running program was removed")
	}

	kill()
	if here.Alive(other) {
		t.Error("a killed program is taken for alive")
	}
	next := begin(t, folder, history)
	if exists(kept) || exists(filepath.Join(folder, other)) || exists(filepath.Join(folder, other+lockSuffix)) {
		t.Error("what a killed program left is still there")
	}
	if !exists(here.Temp) {
		t.Error("the temp folder of a running program was removed")
	}
	for _, in := range []*Instance{here, next} {
		if err := in.End(); err != nil {
			t.Error(err)
		}
	}
	for _, dir := range []string{folder, Locks(history)} {
		if left, _ := filepath.Glob(filepath.Join(dir, "ins_*")); len(left) > 0 {
			t.Errorf("left behind: %d files", len(left))
		}
	}
}

// TestTwoHomesShareAHistory has programs with temp folders of their own on one
// history: each must see that the other runs.
func TestTwoHomesShareAHistory(t *testing.T) {
	history := t.TempDir()
	other, kill := child(t, t.TempDir(), history)
	here := begin(t, t.TempDir(), history)
	defer here.End()
	if !here.Alive(other) || !Alive(history, other) || !Alive(history, here.ID) {
		t.Error("a program with another home is taken for dead")
	}
	kill()
	if here.Alive(other) || Alive(history, other) {
		t.Error("a killed program is taken for alive")
	}
}

// TestStartThatIsInTheWay holds what a program stopped in its start would hold.
func TestStartThatIsInTheWay(t *testing.T) {
	folder := t.TempDir()
	stopped := flock.New(filepath.Join(folder, "begin.lock"))
	if ok, err := stopped.TryLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	defer stopped.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := Begin(ctx, folder, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestManyBeginAtOnce(t *testing.T) {
	folder, history := t.TempDir(), t.TempDir()
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			in, err := Begin(context.Background(), folder, history)
			if err != nil {
				t.Error(err)
				return
			}
			if !exists(in.Temp) || !in.Alive(in.ID) {
				t.Error("its own folder or lock is gone")
			}
			if err := in.End(); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
}

func TestAliveDoesNotFollowStrangeNames(t *testing.T) {
	in := begin(t, t.TempDir(), t.TempDir())
	defer in.End()
	for _, id := range []string{"", "x", "../" + in.ID, "ins_/../" + in.ID, "ins_unknown"} {
		if in.Alive(id) {
			t.Errorf("%q is taken for alive", id)
		}
	}
}

func TestFolderThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Begin(context.Background(), file, t.TempDir()); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestAlone(t *testing.T) {
	history := t.TempDir()
	release, err := Alone(context.Background(), history)
	if err != nil {
		t.Fatal(err)
	}
	// Nobody begins meanwhile.
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := Begin(ctx, t.TempDir(), history); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("somebody began: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	_, kill := child(t, t.TempDir(), history)
	if _, err := Alone(context.Background(), history); matcher.AsProblem(err, "").Key != "instance.others" {
		t.Errorf("alone beside another program: %v", err)
	}
	kill() // what it leaves behind is no program
	release, err = Alone(context.Background(), history)
	if err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	in := begin(t, t.TempDir(), history)
	if err := in.End(); err != nil {
		t.Fatal(err)
	}
}

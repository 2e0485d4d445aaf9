package instance

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// The test binary run again with this variable is another program: it begins
// an instance below the named folder, prints its id and waits to be killed.
const childVariable = "FACEMATCH_TEST_INSTANCES"

func TestMain(m *testing.M) {
	if folder := os.Getenv(childVariable); folder != "" {
		in, err := Begin(folder)
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
func child(t *testing.T, folder string) (string, func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+folder)
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

func begin(t *testing.T, folder string) *Instance {
	t.Helper()
	in, err := Begin(folder)
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
	folder := t.TempDir()
	other, kill := child(t, folder)
	kept := filepath.Join(folder, other, "clip.mp4")
	if err := os.WriteFile(kept, []byte("a person"), 0o600); err != nil {
		t.Fatal(err)
	}

	here := begin(t, folder)
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
	next := begin(t, folder)
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
	if left, _ := filepath.Glob(filepath.Join(folder, "ins_*")); len(left) > 0 {
		t.Errorf("left behind: %d files", len(left))
	}
}

func TestManyBeginAtOnce(t *testing.T) {
	folder := t.TempDir()
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			in, err := Begin(folder)
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
	folder := t.TempDir()
	in := begin(t, folder)
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
	if _, err := Begin(file); err == nil {
		t.Error("a file is taken for a folder")
	}
}

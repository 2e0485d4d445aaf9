package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest/need"
	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/vault"
)

// This test binary is also the other process: TestMain runs the task named in
// the environment instead of the tests.
const (
	taskVar = "FACEMATCH_STORE_TEST_TASK"
	dirVar  = "FACEMATCH_STORE_TEST_DIR"
	nameVar = "FACEMATCH_STORE_TEST_NAME"

	anchorVar = "FACEMATCH_STORE_TEST_ANCHOR" // another one than usual, where set
)

func TestMain(m *testing.M) {
	task := os.Getenv(taskVar)
	if task == "" {
		os.Exit(m.Run())
	}
	if err := runTask(task, testParams(os.Getenv(dirVar)), os.Getenv(nameVar)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runTask(task string, p Params, name string) error {
	ctx := context.Background()
	r := vault.Ring(noRing{})
	if task == "keyring" {
		r = vault.SystemRing{}
	}
	p.ReadOnly = task == "open for reading"
	if a := os.Getenv(anchorVar); a != "" {
		p.Anchor = a
	}
	s, err := open(ctx, p, r)
	if strings.HasPrefix(task, "open") { // and say how it went
		if err == nil && p.ReadOnly {
			_, err = s.List(ctx, history.Filter{})
		}
		if err == nil && p.ReadOnly {
			var v history.Verdict
			if v, err = s.Verify(ctx, nil); err == nil && (!v.Intact || !v.Anchored) {
				err = fmt.Errorf("verdict is %+v", v)
			}
		}
		if err == nil {
			fmt.Println("opened")
			return s.Close()
		}
		fmt.Println(matcher.AsProblem(err, "other").Key)
		return nil
	}
	if err != nil {
		return err
	}
	write := func(check string) error {
		if err := s.Start(ctx, started(check, "Name "+check)); err != nil {
			return err
		}
		return s.Finish(ctx, finished(check, 8358, "{}"))
	}
	switch task {
	case "write": // a number of checks, once told to begin
		fmt.Println("ready")
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return err
		}
		for i := range 10 {
			if err := write(fmt.Sprint(name, "-", i)); err != nil {
				return err
			}
		}
	case "write until killed": // and say which are written
		for i := 0; ; i++ {
			check := fmt.Sprint(name, "-", i)
			if err := s.Start(ctx, started(check, "Name "+check)); err != nil {
				return err
			}
			fmt.Println("started", check)
			if err := s.Finish(ctx, finished(check, 8358, "{}")); err != nil {
				return err
			}
			fmt.Println("finished", check)
		}
	case "erase until killed": // and say what is erased
		for i := 0; ; i++ {
			check := fmt.Sprint(name, "-", i)
			if err := write(check); err != nil {
				return err
			}
			if err := s.Erase(ctx, history.Erasure{Session: "sess_" + check, Actor: erasing,
				Parts: []history.Part{history.PartKey}, Reason: history.OnRequest}); err != nil {
				return err
			}
			fmt.Println("erased", check)
		}
	case "backup where files may not grow": // name is the file
		if err := limitFiles(100 << 10); err != nil {
			return err
		}
		err := s.Backup(ctx, name, nil)
		if err == nil {
			return errors.New("the backup is made")
		}
		fmt.Println(matcher.AsProblem(err, "other").Key)
	case "keyring":
		if err := write(name); err != nil {
			return err
		}
		rows, err := s.List(ctx, history.Filter{})
		if err != nil {
			return err
		}
		fmt.Println(s.KeyPlace(), len(rows), rows[len(rows)-1].Name)
	default:
		return errors.New("unknown task")
	}
	return s.Close()
}

// other prepares this binary as another process on the database in dir.
func other(dir, task, name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = taskEnv(dir, task, name)
	cmd.Stderr = os.Stderr
	return cmd
}

// taskEnv names the task. The race detector would add a second to the end of
// each process.
func taskEnv(dir, task, name string, more ...string) []string {
	return append(append(os.Environ(), "GORACE=atexit_sleep_ms=0",
		taskVar+"="+task, dirVar+"="+dir, nameVar+"="+name), more...)
}

// TestProcessesWriteAtOnce lets two other processes and this one make the same
// database, its first master key and its records at the same time.
func TestProcessesWriteAtOnce(t *testing.T) {
	dir := t.TempDir()
	type process struct {
		cmd *exec.Cmd
		in  io.Writer
		out *bufio.Reader
	}
	var processes []process
	for _, name := range []string{"p", "q"} { // both make the database now
		cmd := other(dir, "write", name)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmd.Process.Kill() }) // where the test fails before its end
		processes = append(processes, process{cmd, in, bufio.NewReader(out)})
	}
	s := mustOpen(t, testParams(dir), noRing{})
	for _, p := range processes {
		if line, err := p.out.ReadString('\n'); err != nil || line != "ready\n" {
			t.Fatalf("the other process says %q, %v", line, err)
		}
	}
	for _, p := range processes {
		if _, err := io.WriteString(p.in, "go\n"); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		record(t, s, fmt.Sprint("r-", i), fmt.Sprint("Name r-", i))
	}
	for _, p := range processes {
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	}
	if v := mustVerify(t, s); !v.Intact || v.Records != 60 || v.Until != 60 {
		t.Errorf("verdict is %+v", v)
	}
	rows := mustList(t, s, history.Filter{})
	if len(rows) != 30 {
		t.Errorf("%d checks are listed, want 30", len(rows))
	}
	for _, r := range rows { // one master key opens all
		if r.Name != "Name "+strings.TrimPrefix(r.Check, "chk_") || r.Outcome != history.Pass {
			t.Errorf("row is %+v", r)
		}
	}
}

// TestKilledWhileWriting kills a process hard in the middle of its work, again
// and again on one database: what it was told to be written must be there.
func TestKilledWhileWriting(t *testing.T) {
	dir := t.TempDir()
	outcome := map[string]history.Outcome{} // what the killed processes were told
	rounds := 8
	if os.Getenv("FACEMATCH_SOAK") != "" {
		rounds = 100
	}
	for round := range rounds {
		cmd := other(dir, "write until killed", fmt.Sprint("round", round))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		kill := 3 + 4*(round%8) // odd: one check is open, as far as was said
		for seen := 0; lines.Scan(); {
			what, check, _ := strings.Cut(lines.Text(), " ")
			outcome["chk_"+check] = history.Interrupted
			if what == "finished" {
				outcome["chk_"+check] = history.Pass
			}
			if seen++; seen == kill {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the process ended by itself")
		}
		s := mustOpen(t, testParams(dir), noRing{})
		if v := mustVerify(t, s); !v.Intact || !v.Anchored {
			t.Fatalf("round %d: verdict is %+v", round, v)
		}
		open, err := checks.OpenChecks(context.Background(), s.reader)
		if err != nil || len(open) > 1 {
			t.Fatalf("round %d: %d open checks, %v", round, len(open), err)
		}
		if n, err := s.Recover(context.Background()); err != nil || n != len(open) {
			t.Fatalf("round %d: recovered %d, %v", round, n, err)
		}
		listed := map[string]history.Row{}
		for _, r := range mustList(t, s, history.Filter{Limit: 10_000}) {
			listed[r.Check] = r
		}
		for check, want := range outcome {
			got, ok := listed[check]
			switch {
			case !ok:
				t.Errorf("round %d: %s was written and is lost", round, check)
			case got.Name != "Name "+strings.TrimPrefix(check, "chk_"):
				t.Errorf("round %d: row is %+v", round, got)
			case got.Outcome != want && want == history.Pass:
				t.Errorf("round %d: %s is %s, it was finished", round, check, got.Outcome)
			case got.Outcome == history.Running:
				t.Errorf("round %d: %s still runs", round, check)
			}
		}
		// In each round at most one check more than was said: the kill came
		// between the record and the word.
		if extra := len(listed) - len(outcome); extra < 0 || extra > round+1 {
			t.Errorf("round %d: %d checks are listed, %d were said", round, len(listed), len(outcome))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKilledWhileErasing kills a process hard while it erases: a session is whole
// or gone, with its record; and the list that has it erased from backups knows it,
// once the history was opened again.
func TestKilledWhileErasing(t *testing.T) {
	dir := t.TempDir()
	p := testParams(dir)
	rounds := 3
	if os.Getenv("FACEMATCH_SOAK") != "" {
		rounds = 100
	}
	told := map[string]bool{}
	for round := range rounds {
		cmd := other(dir, "erase until killed", fmt.Sprint("round", round))
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for seen := 0; lines.Scan(); {
			told["sess_"+strings.TrimPrefix(lines.Text(), "erased ")] = true
			if seen++; seen == 3 {
				// Somewhere in the next check and its erasure.
				time.Sleep(time.Duration(round%25) * time.Millisecond)
				must(t, cmd.Process.Kill())
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the process ended by itself")
		}
		s := mustOpen(t, p, noRing{})
		if v := mustVerify(t, s); !v.Intact || v.Erased < int64(len(told)) {
			t.Fatalf("round %d: verdict is %+v", round, v)
		}
		if _, err := s.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		erased := map[string]bool{}
		list, err := s.anchor.Erasures().Of(s.id)
		must(t, err)
		for _, e := range list {
			erased[e.Session] = true
		}
		for session := range told {
			if left := sealedBytes(t, s, session); len(left) != 0 || !erased[session] {
				t.Errorf("round %d: of %s %d parts are left, listed: %v", round, session, len(left), erased[session])
			}
		}
		must(t, s.Close())
	}
}

// TestBackupWhereFilesMayNotGrow leaves nothing of a backup that cannot be whole.
func TestBackupWhereFilesMayNotGrow(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, testParams(dir), noRing{})
	for i := range 20 {
		intimate(t, s, fmt.Sprint(i))
	}
	must(t, s.Close()) // so that its own log need not grow
	to := filepath.Join(t.TempDir(), "backup.db")
	out, err := other(dir, "backup where files may not grow", to).Output()
	if said := strings.TrimSpace(string(out)); err != nil ||
		said != "store.backup_unwritten" && said != "store.backup_full" {
		t.Errorf("the other process says %q, %v", out, err)
	}
	if files, err := os.ReadDir(filepath.Dir(to)); err != nil || len(files) != 0 {
		t.Errorf("left are %v, %v", files, err)
	}
}

// TestFolderWithoutRights opens a history as somebody who may not write to its
// folder, or not read it.
func TestFolderWithoutRights(t *testing.T) {
	dir := t.TempDir()
	p := testParams(dir)
	s := mustOpen(t, p, noRing{})
	record(t, s, "a", "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open := func(task string) string {
		cmd := other(dir, task, "")
		if os.Getuid() == 0 {
			runAsNobody(t, cmd, dir)
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		return strings.TrimSpace(string(out))
	}
	folder := filepath.Dir(p.Path)
	if err := errors.Join(os.Chmod(filepath.Dir(p.Anchor), 0o755), os.Chmod(p.Anchor, 0o644)); err != nil {
		t.Fatal(err)
	}
	const no = "store.no_access"
	for _, c := range []struct {
		folder, file    os.FileMode
		write, readOnly string
	}{
		{0o777, 0o666, "opened", "opened"}, // so that the others mean something
		{0o555, 0o444, no, "opened"},
		{0o555, 0o666, no, "opened"},
		{0o000, 0o666, no, no},
		{0o777, 0o000, no, no},
	} {
		for _, beside := range []string{"-wal", "-shm"} { // a reader leaves them
			if err := os.Remove(p.Path + beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
		if err := errors.Join(os.Chmod(p.Path, c.file), os.Chmod(folder, c.folder)); err != nil {
			t.Fatal(err)
		}
		if os.Getuid() == 0 { // else whose file it is decides
			if err := os.Chown(p.Path, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
		if got := open("open"); got != c.write {
			t.Errorf("folder %o, file %o: %s, want %s", c.folder, c.file, got, c.write)
		}
		if got := open("open for reading"); got != c.readOnly {
			t.Errorf("folder %o, file %o, for reading: %s, want %s", c.folder, c.file, got, c.readOnly)
		}
		if err := os.Chmod(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadBesideWriter reads while another process writes, in a folder in which
// the reader may write nothing.
func TestReadBesideWriter(t *testing.T) {
	dir := t.TempDir()
	p := testParams(dir)
	writer := other(dir, "write until killed", "w")
	out, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		writer.Process.Kill()
		writer.Wait()
	})
	lines := bufio.NewScanner(out)
	for range 4 {
		if !lines.Scan() {
			t.Fatal("the writer ended")
		}
	}
	drained := make(chan struct{})
	go func() { // so that it goes on
		defer close(drained)
		for lines.Scan() {
		}
	}()
	folder := filepath.Dir(p.Path)
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(folder, 0o700) }) // so that it can be removed
	for _, name := range []string{p.Path, p.Path + "-wal", p.Path + "-shm"} {
		if err := os.Chmod(name, 0o444); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		cmd := other(dir, "open for reading", "")
		if os.Getuid() == 0 {
			runAsNobody(t, cmd, dir)
			// The writer makes the anchor anew with private rights; a copy is as
			// good, as it tells of an earlier time.
			data, err := os.ReadFile(p.Anchor)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "anchor copy"), data, 0o644); err != nil {
				t.Fatal(err)
			}
			cmd.Env = append(cmd.Env, anchorVar+"="+filepath.Join(dir, "anchor copy"))
		}
		said, err := cmd.Output()
		if err != nil || string(said) != "opened\n" {
			t.Fatalf("the reader says %q, %v", said, err)
		}
	}
	if err := writer.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-drained
}

const nobody = 65534

// runAsNobody lets the command run without root's rights, to whom no folder is
// closed. The binary and the way to the folder are made readable for it.
func runAsNobody(t *testing.T, cmd *exec.Cmd, dir string) {
	t.Helper()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Skipf("cannot open the way for another user: %v", err)
		}
	}
	binary := filepath.Join(dir, "other.test")
	if _, err := os.Stat(binary); err != nil {
		data, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(binary, data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Path = binary
	cmd.Dir = dir
	asUser(cmd, nobody)
}

// TestNoSessionBus goes through the library on a computer where nothing answers.
func TestNoSessionBus(t *testing.T) {
	dir := t.TempDir()
	cmd := other(dir, "keyring", "one")
	cmd.Env = append(cmd.Env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+filepath.Join(dir, "nothing"))
	if out, err := cmd.Output(); err != nil || string(out) != "file 1 Name one\n" {
		t.Errorf("the other process says %q, %v", out, err)
	}
}

// TestRealKeyring uses a keyring daemon on a session bus of its own.
func TestRealKeyring(t *testing.T) {
	for _, tool := range []string{"dbus-run-session", "dbus-send", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(tool); err != nil {
			need.Missing(t, tool+" is not installed: run make setup-test")
		}
	}
	dir := t.TempDir()
	run := func(name string) string {
		t.Helper()
		// The keyring is made and opened with an empty password. Daemon and bus
		// end with the session. Who asks before the daemon is on the bus has the bus
		// start another.
		const script = `printf '\n' | gnome-keyring-daemon --unlock --components=secrets --control-directory="$1/control" >/dev/null || exit 9
n=0
until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q true; do
	n=$((n+1)); [ $n -lt 200 ] || exit 8
	sleep 0.05
done
exec "$0"`
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "dbus-run-session", "--", "sh", "-c", script, os.Args[0], dir)
		cmd.Env = taskEnv(dir, "keyring", name, "HOME="+dir, "XDG_DATA_HOME="+filepath.Join(dir, "xdg"),
			"XDG_RUNTIME_DIR="+dir)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		return strings.TrimSpace(string(out))
	}
	if got, want := run("one"), "keyring 1 Name one"; got != want {
		t.Errorf("first run says %q, want %q", got, want)
	}
	if got, want := run("two"), "keyring 2 Name one"; got != want {
		t.Errorf("a new session says %q, want %q", got, want)
	}
	if _, err := os.Stat(testParams(dir).KeyFile); err == nil {
		t.Error("there is a key file too")
	}
	s := mustOpen(t, testParams(dir), noRing{})
	wantKey(t, s.Start(context.Background(), started("three", "Name three")), "store.keyring")
}

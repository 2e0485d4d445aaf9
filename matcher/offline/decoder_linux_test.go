package offline

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"facematch/matcher"
)

// child is a process of ours.
type child struct {
	pid     int
	command []string
}

func (c child) has(word string) bool { return slices.Contains(c.command, word) }

func (c child) kill(t *testing.T) {
	t.Helper()
	if err := unix.Kill(c.pid, unix.SIGKILL); err != nil {
		t.Error(err)
	}
}

// children are the decoders this process has started and not waited for, but for
// those that all tests share.
func children(t *testing.T) []child {
	t.Helper()
	return slices.DeleteFunc(childrenOf(t, os.Getpid()), func(c child) bool { return sharedDecoders.has(c.pid) })
}

func childrenOf(t *testing.T, parent int) (all []child) {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil || len(lists) == 0 {
		t.Skip("this system does not tell a process's children")
	}
	for _, list := range lists {
		data, _ := os.ReadFile(list)
		for _, field := range strings.Fields(string(data)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			c := child{pid, strings.Split(string(line), "\x00")}
			if c.has(DecodeCommand) || c.has(misbehaveCommand) {
				all = append(all, c)
			}
		}
	}
	return all
}

// target is what decoders try their hands at: a file, a port that listens, and the
// process that started them.
type target struct {
	file, port string
	pid        int
}

// forbidden is what a decoder must not be able to do, and this process can.
var forbidden = []struct {
	name string
	try  func(target) error
}{
	{"read a file", func(at target) error { _, err := os.ReadFile(at.file); return err }},
	{"list a folder", func(at target) error { _, err := os.ReadDir(filepath.Dir(at.file)); return err }},
	{"make a file", func(at target) error { return os.WriteFile(at.file+".new", []byte("x"), 0o600) }},
	{"change a file", func(at target) error {
		f, err := os.OpenFile(at.file, os.O_WRONLY, 0)
		if err == nil {
			f.Close()
		}
		return err
	}},
	{"write at all", func(at target) error {
		fd, err := unix.Open("/proc/self/fd/3", unix.O_RDWR, 0)
		if err == nil {
			_, err = unix.Write(fd, []byte("x"))
			unix.Close(fd)
		}
		return err
	}},
	{"connect", func(at target) error {
		c, err := net.DialTimeout("tcp", "127.0.0.1:"+at.port, 5*time.Second)
		if err == nil {
			c.Close()
		}
		return err
	}},
	{"listen", func(at target) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			l.Close()
		}
		return err
	}},
	{"run a program", func(target) error { return exec.Command("/bin/true").Run() }},
	{"start another of itself", func(at target) error {
		p, err := os.StartProcess("/proc/self/exe", []string{"facematch", "-test.list=none"}, &os.ProcAttr{})
		if err == nil {
			_, err = p.Wait()
		}
		return err
	}},
	{"see what others were told", func(at target) error {
		_, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", at.pid))
		return err
	}},
	{"signal", func(at target) error { return unix.Kill(at.pid, 0) }},
	{"signal a thread", func(at target) error { return unix.Tgkill(at.pid, at.pid, 0) }},
	{"have signals sent", func(target) error {
		_, err := unix.FcntlInt(0, unix.F_SETSIG, 0)
		return err
	}},
	{"leave its group", func(target) error { return unix.Setpgid(0, unix.Getpgrp()) }},
	{"change a file's rights", func(at target) error { return os.Chmod(at.file, 0o600) }},
	{"cut a file off", func(at target) error { return unix.Truncate(at.file, int64(len("secret"))) }},
	{"change a file's time", func(at target) error { return os.Chtimes(at.file, time.Now(), time.Now()) }},
	{"change the limits of others", func(at target) error {
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil {
			return err
		}
		return unix.Prlimit(at.pid, unix.RLIMIT_CORE, nil, &limit)
	}},
	{"have many files", func(at target) error {
		for range 100 {
			fd, err := unix.Dup(0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
		}
		return nil
	}},
	{"have much memory", func(at target) error {
		m, err := unix.Mmap(-1, 0, 3<<30, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err == nil {
			unix.Munmap(m)
		}
		return err
	}},
	{"leave its memory behind", func(at target) error {
		dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
		if err == nil && dumpable == 0 {
			err = unix.EPERM
		}
		return err
	}},
	{"get more rights", func(at target) error {
		without, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
		if err == nil && without == 1 {
			err = unix.EPERM
		}
		return err
	}},
}

// attempts makes all of them and gives the numbers of those that went well.
func attempts(where string) (done []int) {
	parts := strings.Split(where, "|")
	pid, _ := strconv.Atoi(parts[2])
	for i, f := range forbidden {
		if f.try(target{parts[0], parts[1], pid}) == nil {
			done = append(done, i)
		}
	}
	return done
}

func TestDecoderCanDoLittle(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	where := written(t, "file", []byte("secret")) + "|" + port + "|" + strconv.Itoa(os.Getpid())
	here := attempts(where)
	for i, f := range forbidden {
		if !slices.Contains(here, i) && f.name != "write at all" { // its file is another one here
			t.Errorf("not even this process can: %s", f.name)
		}
	}
	ended := false
	_, err = misbehaving(t, "try", where).read(context.Background(), anyClip(t), func(i int) {
		if i == len(forbidden)+1 {
			ended = true
			return
		}
		t.Errorf("a decoder can: %s", forbidden[i-1].name)
	})
	wantProblem(t, err, "clip.unreadable")
	if !ended {
		t.Error("it did not try all")
	}
}

// parentCommand makes this test's binary a process that has decoders of the kind
// that its argument says, and waits.
const parentCommand = "have-decoders"

func beParent(kind string) {
	p := newDecoders(1, "")
	switch kind {
	case "hang":
		p.arguments = []string{misbehaveCommand, kind}
	case "replaced":
		path, err := os.Executable()
		if err == nil {
			err = os.Remove(path)
		}
		frames, readErr := p.read(context.Background(), os.Getenv("CLIP"), func(int) {})
		fmt.Println(leastFrames(frames), err, readErr)
		p.close()
		return
	}
	p.warm()
	p.starts.Wait()
	if kind != "idle" {
		go p.read(context.Background(), os.Getenv("CLIP"), func(int) {})
		time.Sleep(200 * time.Millisecond) // in the middle of it
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
}

// No decoder outlives the program, even where that is killed, and the decoder is
// deaf to the end of its pipes.
func TestParentKilled(t *testing.T) {
	clip := writeClip(t, "clip.avi", "MJPG", image.Pt(1280, 720), 200)
	for _, kind := range []string{"hang", "idle", "busy"} {
		cmd := exec.Command("/proc/self/exe", parentCommand, kind)
		cmd.Env = append(os.Environ(), "CLIP="+clip)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
		all := childrenOf(t, cmd.Process.Pid)
		if len(all) != 1 {
			t.Errorf("%s: %d decoders", kind, len(all))
		}
		cmd.Process.Kill()
		cmd.Wait()
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			all = slices.DeleteFunc(all, func(c child) bool { return !c.runs() })
			if len(all) == 0 {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s: %d decoders are left", kind, len(all))
			}
		}
	}
}

// Nothing of a clip is left to the next one, also where it could not be shared whole.
func TestSharedClipIsEmptied(t *testing.T) {
	p := newDecoders(1, "")
	t.Cleanup(p.close)
	d, err := p.take(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{anyClip(t), filepath.Join(t.TempDir(), "none.avi")} {
		if _, err := d.clip.WriteAt([]byte("a part"), 0); err != nil {
			t.Fatal(err)
		}
		err := d.begin(context.Background(), job{path: path}, quiet)
		if err == nil {
			for err == nil {
				_, err = d.next(context.Background())
			}
			d.forget()
		}
		if info, statErr := d.clip.Stat(); statErr != nil || info.Size() != 0 {
			t.Errorf("after %v: %d bytes are left, %v", err, info.Size(), statErr)
		}
	}
	p.hand(started{decoder: d})
}

// An update may have replaced the program's file while it runs.
func TestProgramReplaced(t *testing.T) {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	file := written(t, "old", program)
	if err := os.Chmod(file, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(file, parentCommand, "replaced")
	cmd.Env = append(os.Environ(), "CLIP="+anyClip(t))
	if out, err := cmd.Output(); string(out) != fmt.Sprintln(true, nil, nil) {
		t.Errorf("%q, %v", out, err)
	}
}

// runs says whether the process is there and no zombie.
func (c child) runs() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// Clips while decoders are killed at random: each clip is read or said to have
// broken its decoder, none is kept waiting, and no memory is lost. FACEMATCH_SOAK
// reads 500.
func TestDecodersUnderFire(t *testing.T) {
	first, all := 5, 20
	if os.Getenv("FACEMATCH_SOAK") != "" {
		first, all = 100, 500
	}
	p := newDecoders(2, "")
	t.Cleanup(p.close)
	clip := writeClip(t, "clip.avi", "MJPG", image.Pt(640, 480), 50)
	stop, stopped := make(chan struct{}), make(chan struct{})
	cease := sync.OnceFunc(func() {
		close(stop)
		<-stopped
	})
	defer cease()
	var killed atomic.Int32
	go func() {
		defer close(stopped)
		random := rand.New(rand.NewPCG(8, 4))
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(200+random.IntN(1500)) * time.Millisecond):
			}
			if left := children(t); len(left) > 0 {
				left[random.IntN(len(left))].kill(t)
				killed.Add(1)
			}
		}
	}()
	broke, before := 0, 0
	for i := 0; i < all || killed.Load() == 0; i++ {
		frames, err := p.read(context.Background(), clip, quiet)
		switch {
		case err != nil && matcher.AsProblem(err, "").Key == "engine.failed": // killed while it started, twice
			broke++
		case err != nil:
			wantProblem(t, err, "clip.reader_broke")
			broke++
		case !leastFrames(frames):
			t.Errorf("%d frames", len(frames))
		}
		if i == first {
			before = residentMemory(t)
		}
	}
	cease()
	after := residentMemory(t)
	t.Logf("%d clips, %d decoders killed, %d clips not read; %d MB after %d, %d MB at the end", all, killed.Load(), broke,
		before>>20, first, after>>20)
	if broke > int(killed.Load()) {
		t.Errorf("%d clips not read", broke)
	}
	if !raced && after-before > 50<<20 {
		t.Errorf("grown by %d MB", (after-before)>>20)
	}
	p.close()
	for _, c := range children(t) {
		t.Errorf("left behind: %v", c.command)
	}
}

// has says whether this process is idle here.
func (p *decoders) has(pid int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.idle, func(d *decoder) bool { return d.cmd.Process.Pid == pid })
}

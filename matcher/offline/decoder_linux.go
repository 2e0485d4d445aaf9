package offline

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// sharedClip is where a decoder finds what its parent shares with it: the first
// file behind the three that every process has. It is opened anew for each clip.
const sharedClip = "/proc/self/fd/3"

// newSharedClip makes the file that is shared. It has no name and lies in memory.
func newSharedClip() (*os.File, error) {
	fd, err := unix.MemfdCreate("clip", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "clip"), nil
}

// ownProgram is this program, also where its file was replaced by a newer one.
func ownProgram() (string, error) { return "/proc/self/exe", nil }

func rootFolder() string { return "/" }

// widen makes a pipe hold more, where that is allowed: frames are large.
func widen(pipe *os.File) {
	if raw, err := pipe.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) })
	}
}

// apart starts the command in a group of its own, which a Ctrl+C at the terminal
// does not reach, and has the system end it with the thread that starts it.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// untilEnded waits for the end of a process, whose number stays its own until it is
// waited for once more.
func untilEnded(p *os.Process) {
	for unix.Waitid(unix.P_PID, p.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// killAll ends a process that has not been waited for, with all it has started.
func killAll(p *os.Process) { unix.Kill(-p.Pid, unix.SIGKILL) }

// limitDecoder bounds what a process may use. It must not have met a clip yet.
func limitDecoder(pid int) error {
	total, _ := memory(pid)
	for what, most := range map[int]uint64{
		unix.RLIMIT_AS:     total + decoderRoom,
		unix.RLIMIT_CPU:    uint64((decoderClips * clipTime).Seconds()), // see limitTime
		unix.RLIMIT_FSIZE:  0,
		unix.RLIMIT_NOFILE: decoderFiles,
		unix.RLIMIT_CORE:   0,
	} {
		if err := unix.Prlimit(pid, what, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
			return os.NewSyscallError("prlimit", err)
		}
	}
	return nil
}

// limitTime gives this process clipTime of the processors from now on. What comes
// at its end is caught by Go and ends nothing; see confineDecoder.
func limitTime() error {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return os.NewSyscallError("getrusage", err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CPU, &limit); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	limit.Cur = min(limit.Max, uint64(used.Utime.Sec+used.Stime.Sec)+uint64(clipTime.Seconds())+1)
	return os.NewSyscallError("setrlimit", unix.Setrlimit(unix.RLIMIT_CPU, &limit))
}

// memoryOf is what a process has in memory, in bytes, 0 where that is not told.
func memoryOf(pid int) int {
	_, resident := memory(pid)
	return int(resident)
}

// memory is what a process has reserved and what it has in memory, in bytes.
func memory(pid int) (reserved, resident uint64) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, 0
	}
	if _, err := fmt.Fscan(bytes.NewReader(statm), &reserved, &resident); err != nil {
		return 0, 0
	}
	page := uint64(os.Getpagesize())
	return reserved * page, resident * page
}

// loaded are the files this program has in memory: itself and its libraries, by
// the names they had. A decoder needs the same, wherever they lie.
func loaded() (paths []string) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(maps)) {
		at := strings.IndexByte(line, '/')
		if at < 0 {
			continue
		}
		path := strings.TrimSuffix(strings.TrimSpace(line[at:]), " (deleted)")
		if !known[path] {
			known[path] = true
			paths = append(paths, path)
		}
	}
	return paths
}

package offline

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A decoder finds what its parent shares with it behind the three files that every
// process has. The clip is opened anew each time.
const (
	sharedClip = "/proc/self/fd/3"
	sheetsFile = 4
)

// sharedFiles makes the files a decoder shares with its parent. They have no names
// and lie in memory. It cannot change the size of the second one.
func sharedFiles() (clip, sheets *os.File, err error) {
	if clip, err = memoryFile(unix.MFD_CLOEXEC); err != nil {
		return nil, nil, err
	}
	if sheets, err = memoryFile(unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING); err == nil {
		if err = sheets.Truncate(sheetCount * sheetSize); err == nil {
			_, err = unix.FcntlInt(sheets.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
		}
	}
	return clip, sheets, err
}

func memoryFile(flags int) (*os.File, error) {
	fd, err := unix.MemfdCreate("facematch", flags)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "shared"), nil
}

// empty gives back the memory of the sheets.
func empty(sheets *os.File) {
	_ = unix.Fallocate(int(sheets.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, sheetCount*sheetSize)
}

// mapSheets is the sheets' memory in the decoder.
func mapSheets() ([]byte, error) {
	memory, err := unix.Mmap(sheetsFile, 0, sheetCount*sheetSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return memory, os.NewSyscallError("mmap", err)
}

// ownProgram is this program, also where its file was replaced by a newer one.
func ownProgram() (string, error) { return "/proc/self/exe", nil }

func rootFolder() string { return "/" }

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
func killAll(p *os.Process) {
	_ = unix.Kill(-p.Pid, unix.SIGKILL)
	_ = unix.Kill(p.Pid, unix.SIGKILL) // it may have left its group
}

// limitDecoder bounds what a process may use, once it is ready and before it meets a
// clip.
func limitDecoder(pid int) error {
	reserved, _ := memory(pid)
	if reserved == 0 { // other processes are hidden here: this one has no less
		reserved, _ = memory(os.Getpid())
		reserved += sheetCount * sheetSize
	}
	for what, most := range map[int]uint64{
		unix.RLIMIT_AS:     reserved + decoderRoom + uint64(runtime.NumCPU())*decoderRoomPerCore,
		unix.RLIMIT_CPU:    uint64((decoderClips * clipTime).Seconds()), // see limitTime
		unix.RLIMIT_FSIZE:  0,
		unix.RLIMIT_NOFILE: decoderFiles,
		unix.RLIMIT_CORE:   0,
	} {
		var limit unix.Rlimit
		if err := unix.Prlimit(pid, what, nil, &limit); err != nil {
			return os.NewSyscallError("prlimit", err)
		}
		most = min(limit.Max, most) // somebody may have set a lower one
		if err := unix.Prlimit(pid, what, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
			return os.NewSyscallError("prlimit", err)
		}
	}
	return nil
}

// limitTime gives this process so much time of the processors from now on. The
// signal at its end would be lost on Go; see confineDecoder.
func limitTime(more time.Duration) error {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return os.NewSyscallError("getrusage", err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CPU, &limit); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	limit.Cur = min(limit.Max, uint64(used.Utime.Sec+used.Stime.Sec)+uint64(more.Seconds())+1)
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

// nameless takes a file its name: it ends with this process, however that ends. The
// path is good for this process only.
func nameless(file *os.File) (path string, remove func(), err error) {
	if err := os.Remove(file.Name()); err != nil {
		return "", nil, errors.Join(err, file.Close())
	}
	return fmt.Sprintf("/proc/self/fd/%d", file.Fd()), func() { file.Close() }, nil
}

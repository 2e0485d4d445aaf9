package offline

import (
	"errors"
	"os"
	"os/signal"

	"github.com/landlock-lsm/go-landlock/landlock"
	"github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// A decoder may be taken over by a clip that finds a fault in FFmpeg. What it could
// do then is taken from it in three steps: limits (limitDecoder), the files
// (confineStarts, Landlock), and the calls to the system (confineDecoder, seccomp).
// The last two are there as far as the kernel has them: from 5.13 and 3.17 on.

// confineStarts takes from the calling thread, and from every process it will
// start, all files but those this program consists of, and signals to others. The
// thread must be locked to its goroutine and end with it.
func confineStarts(program string) error {
	var rules []landlock.Rule
	for path, access := range readable(program) {
		rules = append(rules, landlock.PathAccess(access, path).IgnoreIfMissing())
	}
	// The library's own Restrict would confine every thread: the program itself would
	// lose its files. So only the set of rules is the library's.
	fd, flags, err := landlock.V6.BestEffort().NewRulesetFD(rules...)
	switch {
	case err != nil:
		return err
	case fd < 0: // the kernel has no Landlock
		return errors.ErrUnsupported
	}
	defer unix.Close(fd)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("no_new_privs", err)
	}
	return os.NewSyscallError("landlock", syscall.LandlockRestrictSelf(fd, flags))
}

// readable is what a decoder may open, and how: it is this program or another one.
func readable(program string) map[string]landlock.AccessFSSet {
	const read = unix.LANDLOCK_ACCESS_FS_READ_FILE
	files := map[string]landlock.AccessFSSet{
		"/proc/self/exe":                 read | unix.LANDLOCK_ACCESS_FS_EXECUTE,
		"/etc/ld.so.cache":               read, // where the libraries lie
		"/dev/null":                      read | unix.LANDLOCK_ACCESS_FS_WRITE_FILE,
		"/dev/urandom":                   read,
		"/sys/devices/system/cpu/online": read,
	}
	if program != "" {
		files[program] = read | unix.LANDLOCK_ACCESS_FS_EXECUTE
	}
	for _, path := range loaded() {
		files[path] = read | unix.LANDLOCK_ACCESS_FS_EXECUTE
	}
	return files
}

// confineDecoder is for the decoder itself: its memory goes into no file when it
// crashes, it starts no programs and opens no connections, and it ends with its
// time.
func confineDecoder() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return os.NewSyscallError("dumpable", err)
	}
	timeUp := make(chan os.Signal, 1)
	signal.Notify(timeUp, unix.SIGXCPU)
	go func() {
		<-timeUp
		os.Exit(exitTime)
	}()
	return filterCalls()
}

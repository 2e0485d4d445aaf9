package offline

import (
	"os"
	"os/signal"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A decoder may be taken over by a clip that finds a fault in FFmpeg. What it could
// do then is taken from it in three steps: limits (limitDecoder), the files
// (confineStarts, Landlock), and the calls to the system (confineDecoder, seccomp).
// The last two are there as far as the kernel has them: from 5.13 and 3.17 on.

// confineStarts takes from the calling thread, and from every process it will
// start, all files but those this program consists of, and signals to others. The
// thread must be locked to its goroutine and end with it.
//
// The calls are made by hand because the library for them, landlock-lsm/go-landlock,
// confines every thread of the process: the program itself would lose its files.
func confineStarts(program string) error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return os.NewSyscallError("landlock", errno)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("no_new_privs", err)
	}
	rules := unix.LandlockRulesetAttr{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1} // all of the first version
	if version >= 2 {
		rules.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if version >= 3 {
		rules.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		rules.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= 6 {
		rules.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rules)), unsafe.Sizeof(rules), 0)
	if errno != 0 {
		return os.NewSyscallError("landlock", errno)
	}
	defer unix.Close(int(fd))
	for path, access := range readable(program) {
		if err := allow(int(fd), path, access); err != nil {
			return err
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return os.NewSyscallError("landlock", errno)
	}
	return nil
}

// readable is what a decoder may open, and how: it is this program or another one.
func readable(program string) map[string]uint64 {
	const read = unix.LANDLOCK_ACCESS_FS_READ_FILE
	files := map[string]uint64{
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

// allow adds a file to the rules. One that is not there need not be allowed.
func allow(rules int, path string, access uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(rules), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return os.NewSyscallError("landlock", errno)
	}
	return nil
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

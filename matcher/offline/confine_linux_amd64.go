package offline

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// refused are the calls to the system a decoder has no use for: to other programs,
// to the network, to other processes, and ways around this list.
var refused = []uint32{
	unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_FORK, unix.SYS_VFORK,
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_SENDTO,
	unix.SYS_SENDMSG,
	unix.SYS_KILL, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO, unix.SYS_PIDFD_SEND_SIGNAL,
	unix.SYS_SETPRIORITY, unix.SYS_IOPRIO_SET, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETSCHEDULER,
	unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETATTR,
	unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES, unix.SYS_PROCESS_MADVISE,
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD,
	unix.SYS_SHMGET, unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_MQ_OPEN, unix.SYS_MEMFD_CREATE,
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_CHROOT, unix.SYS_PIVOT_ROOT,
	unix.SYS_IO_URING_SETUP, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
	unix.SYS_SETPGID, unix.SYS_SETSID,
	// Landlock leaves these to the owner of a file, and truncate up to Linux 6.1.
	unix.SYS_TRUNCATE, unix.SYS_CHMOD, unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2,
	unix.SYS_CHOWN, unix.SYS_FCHOWN, unix.SYS_LCHOWN, unix.SYS_FCHOWNAT,
	unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_UTIMENSAT, unix.SYS_FUTIMESAT,
	unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, unix.SYS_SETXATTRAT,
	unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_REMOVEXATTRAT,
	unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
}

// filterCalls has the kernel refuse them in all threads of this process, for good.
// Where the kernel has no such means, or this program may not use them, nothing is
// refused.
func filterCalls() error {
	const (
		load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		least  = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
		bits   = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		answer = unix.BPF_RET | unix.BPF_K
		// Of struct seccomp_data: the call's number, the kind of processor, the lower
		// half of the first argument.
		number, arch, argument, second = 0, 4, 16, 24
		otherABI                       = 0x40000000 // calls of x32
	)
	allow := unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW}
	refuse := func(errno unix.Errno) unix.SockFilter {
		return unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(errno)}
	}
	program := []unix.SockFilter{
		{Code: load, K: arch},
		{Code: equal, K: unix.AUDIT_ARCH_X86_64, Jt: 1},
		refuse(unix.EPERM),
		{Code: load, K: number},
		{Code: least, K: otherABI, Jf: 1},
		refuse(unix.EPERM),
		// A filter cannot look at the arguments of clone3. A library that is refused clone3
		// calls clone instead.
		{Code: equal, K: unix.SYS_CLONE3, Jf: 1},
		refuse(unix.ENOSYS),
	}
	for _, call := range refused {
		program = append(program, unix.SockFilter{Code: equal, K: call, Jf: 1}, refuse(unix.EPERM))
	}
	// Threads, signals and limits for itself only.
	for call, own := range map[uint32]unix.SockFilter{
		unix.SYS_CLONE:     {Code: bits, K: unix.CLONE_THREAD, Jf: 1},
		unix.SYS_TGKILL:    {Code: equal, K: uint32(os.Getpid()), Jf: 1},
		unix.SYS_PRLIMIT64: {Code: equal, K: 0, Jf: 1},
	} {
		program = append(program,
			unix.SockFilter{Code: equal, K: call, Jf: 4}, unix.SockFilter{Code: load, K: argument}, own, allow,
			refuse(unix.EPERM))
	}
	// A file's signals may go to any process of this user, and be any: not even SIGKILL
	// is left out.
	program = append(program,
		unix.SockFilter{Code: equal, K: unix.SYS_FCNTL, Jf: 5}, unix.SockFilter{Code: load, K: second},
		unix.SockFilter{Code: equal, K: unix.F_SETOWN, Jt: 2}, unix.SockFilter{Code: equal, K: unix.F_SETOWN_EX, Jt: 1},
		unix.SockFilter{Code: equal, K: unix.F_SETSIG, Jf: 1}, refuse(unix.EPERM),
		unix.SockFilter{Code: load, K: number}, allow)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("no_new_privs", err)
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&filter)))
	switch errno {
	case 0, unix.ENOSYS, unix.EINVAL, unix.EPERM:
		return nil
	}
	return os.NewSyscallError("seccomp", errno)
}

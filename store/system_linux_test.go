package store

import (
	"errors"
	"os/exec"
	"syscall"
	"testing"
)

// makePipe makes a file that blocks who opens it.
func makePipe(t *testing.T, path string) {
	t.Helper()
	must(t, syscall.Mkfifo(path, 0o600))
}

// bindFolder lets a folder be seen in another place too; false where this user may not.
func bindFolder(t *testing.T, from, to string) bool {
	t.Helper()
	err := syscall.Mount(from, to, "", syscall.MS_BIND, "")
	if errors.Is(err, syscall.EPERM) {
		return false
	}
	must(t, err)
	t.Cleanup(func() { must(t, syscall.Unmount(to, 0)) })
	return true
}

// leaveAllRights gives new files the most generous rights during a test.
func leaveAllRights(t *testing.T) {
	old := syscall.Umask(0)
	t.Cleanup(func() { syscall.Umask(old) })
}

// limitFiles bounds how long a file of this process may become.
func limitFiles(bytes uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = bytes
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}

// asUser lets a command run as another user.
func asUser(cmd *exec.Cmd, id uint32) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
}

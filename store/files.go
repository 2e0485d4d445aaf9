package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// locked does something while it holds the lock beside path against other
// processes and other stores of this one. The folder is made where it is
// missing.
func locked(ctx context.Context, path string, do func() error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	err := do()
	return errors.Join(err, lock.Close())
}

// makePrivate takes a file's rights from everybody but its owner.
func makePrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm() == 0o600 {
		return nil
	}
	return os.Chmod(path, 0o600)
}

// inUse reports whether somebody has the database open, or had it when it
// crashed.
func inUse(path string) bool {
	_, err := os.Stat(path + "-shm")
	return err == nil || hasLog(path)
}

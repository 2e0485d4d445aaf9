// Package files holds what the parts of store do with files beside the database.
package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Others hold the locks for one small write at a time.
const (
	// LockPatience is how long Locked waits.
	LockPatience = 3 * time.Second

	lockRetry = 5 * time.Millisecond
)

// Locked does something while it holds the lock beside path against other processes
// and other stores of this one. It makes the folder where that is missing.
func Locked(ctx context.Context, path string, do func() error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, LockPatience)
	defer cancel()
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	err := do()
	return errors.Join(err, lock.Close())
}

// MakePrivate takes the rights to a file from everybody but its owner.
func MakePrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Mode().Perm() == 0o600 {
		return nil
	}
	return os.Chmod(path, 0o600)
}

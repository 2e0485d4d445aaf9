//go:build !windows

// Package privatefile writes files that only their owner can read, in one step.
package privatefile

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Write writes a file in one step: after a crash it holds the old bytes or the new ones. It
// has mode 0600 even where it replaces a file with other rights, and none of its bytes are
// ever written to a shared folder.
func Write(path string, data []byte) error {
	dir := filepath.Dir(path)
	// The new file lies beside the old one: never in the common temp folder, and
	// the rename stays on one disk.
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(dir), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return err
	}
	// The rename lasts once the folder is on the disk.
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

//go:build !windows

// Package private writes files for their owner's eyes only.
package private

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Write writes a file in one step: after a crash it holds the old bytes or the
// new ones. It has mode 0600 even where a file with other rights was there
// before, and nothing of it ever lies in a folder others share.
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

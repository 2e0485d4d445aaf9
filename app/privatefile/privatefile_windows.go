package privatefile

import (
	"errors"
	"os"
	"path/filepath"
)

// Write writes a file in one step: after a crash it holds the old bytes or the new ones.
// The library used elsewhere does not support Windows.
func Write(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

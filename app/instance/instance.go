// Package instance tells running programs apart: each holds a lock and a temp
// folder of its own, so that one never cleans up after another that still runs.
//
// Below the instances folder each running program has
//
//	<id>.lock   locked while it runs; the lock ends with the process, however that ends
//	<id>/       its private temp folder
package instance

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/google/uuid"

	"facematch/matcher"
)

// Instance is this running program.
type Instance struct {
	ID   string // ins_<uuid>
	Temp string // its private temp folder, 0700

	folder string
	lock   *flock.Flock
}

const (
	prefix     = "ins_"
	lockSuffix = ".lock"
)

// Begin takes a lock and makes a temp folder below the folder of instances,
// and removes what programs left there that no longer run. The error is a
// *Problem.
func Begin(folder string) (*Instance, error) {
	// One program begins at a time: otherwise a sweep could take a lock file
	// that was made but is not locked yet for one left behind.
	begin := flock.New(filepath.Join(folder, "begin.lock"), flock.SetPermissions(0o600))
	if err := begin.Lock(); err != nil {
		return nil, matcher.NewProblem("instance.folder", err)
	}
	defer begin.Unlock()

	id := prefix + uuid.NewString()
	in := &Instance{ID: id, Temp: filepath.Join(folder, id), folder: folder, lock: newLock(folder, id)}
	locked, err := in.lock.TryLock()
	if err == nil && !locked {
		err = errors.New("a new lock is held by somebody else")
	}
	if err != nil {
		return nil, matcher.NewProblem("instance.folder", err)
	}
	if err := errors.Join(os.Mkdir(in.Temp, 0o700), in.sweep()); err != nil {
		return nil, matcher.NewProblem("instance.folder", errors.Join(err, in.End()))
	}
	return in, nil
}

// End removes the temp folder and gives the lock back.
func (in *Instance) End() error {
	return errors.Join(
		os.RemoveAll(in.Temp),
		os.Remove(in.lock.Path()),
		in.lock.Unlock(),
	)
}

// Alive says whether the program with this id still runs.
func (in *Instance) Alive(id string) bool {
	if id == in.ID {
		return true
	}
	if !strings.HasPrefix(id, prefix) || id != filepath.Base(id) {
		return false
	}
	lock := newLock(in.folder, id)
	if _, err := os.Stat(lock.Path()); errors.Is(err, fs.ErrNotExist) {
		return false
	}
	// A shared lock, so that two programs asking at once do not take each other
	// for the one they ask about. A lock that cannot be tried counts as held:
	// cleaning up too little does no harm.
	free, err := lock.TryRLock()
	if err != nil || !free {
		return true
	}
	lock.Unlock()
	return false
}

// sweep removes temp folders and locks of programs that no longer run.
func (in *Instance) sweep() error {
	entries, err := os.ReadDir(in.folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		id := strings.TrimSuffix(e.Name(), lockSuffix)
		if !strings.HasPrefix(id, prefix) || in.Alive(id) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(in.folder, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func newLock(folder, id string) *flock.Flock {
	return flock.New(filepath.Join(folder, id+lockSuffix), flock.SetPermissions(0o600))
}

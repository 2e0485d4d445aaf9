// Package instance distinguishes running programs, so that one never cleans up after
// another that still runs.
//
// Each running program holds a lock in two folders, because programs may share one of them
// and not the other. The lock beside the history shows that the checks the program started
// are under way. The lock in the state folder guards the program's private temp folder. A
// lock ends with its process, however the process ends.
//
//	<history's folder>/running/<id>.lock
//	<state>/instances/<id>.lock
//	<state>/instances/<id>/              temp folder
package instance

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"

	"facematch/matcher"
)

const (
	prefix     = "ins_"
	lockSuffix = ".lock"

	// beginLimit is how long a start waits for another one to get out of its way;
	// that takes milliseconds, unless a program was stopped in the middle of it.
	beginLimit = 10 * time.Second
	beginRetry = 20 * time.Millisecond
)

// Instance is this running program.
type Instance struct {
	ID   string // ins_<uuid>
	Temp string // its private temp folder, 0700

	history string // folder of the locks beside the history
	locks   []*flock.Flock
}

// New gives the id of a running program that holds no lock and has no temp folder.
func New() string { return prefix + uuid.NewString() }

// Begin takes the locks, makes a temp folder below the state's folder, and
// removes what programs left there that no longer run. The history's folder is
// made where it is missing. The error is a *Problem or the context's.
func Begin(ctx context.Context, state, history string) (*Instance, error) {
	in := &Instance{ID: New(), history: Locks(history)}
	in.Temp = filepath.Join(state, in.ID)
	for _, folder := range []string{state, in.history} {
		if err := in.lockIn(ctx, folder); err != nil {
			return nil, beginProblem(ctx, errors.Join(err, in.End()))
		}
	}
	if err := os.Mkdir(in.Temp, 0o700); err != nil {
		return nil, beginProblem(ctx, errors.Join(err, in.End()))
	}
	return in, nil
}

func beginProblem(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return matcher.NewProblem("instance.busy", err)
	}
	return matcher.NewProblem("instance.folder", err)
}

// lockIn takes this program's lock in a folder and sweeps the folder. One
// program begins at a time there: otherwise a sweep could take a lock file that
// was made but is not locked yet for one left behind.
func (in *Instance) lockIn(ctx context.Context, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, beginLimit)
	defer cancel()
	begin := flock.New(filepath.Join(folder, "begin.lock"), flock.SetPermissions(0o600))
	if _, err := begin.TryLockContext(ctx, beginRetry); err != nil {
		return err
	}
	defer begin.Unlock()

	lock := newLock(folder, in.ID)
	locked, err := lock.TryLock()
	if err != nil {
		return err
	}
	if !locked {
		return errors.New("a new lock is held by somebody else")
	}
	in.locks = append(in.locks, lock)
	return in.sweep(folder)
}

// sweep removes temp folders and locks of programs that no longer run.
func (in *Instance) sweep(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		id := strings.TrimSuffix(e.Name(), lockSuffix)
		if !strings.HasPrefix(id, prefix) || id == in.ID || held(folder, id) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// End removes the temp folder and gives the locks back. What is gone already is
// no error.
func (in *Instance) End() error {
	errs := []error{os.RemoveAll(in.Temp)}
	for _, lock := range in.locks {
		if err := os.Remove(lock.Path()); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		errs = append(errs, lock.Unlock())
	}
	in.locks = nil
	return errors.Join(errs...)
}

// Alive says whether the program with this id still runs on the history.
func (in *Instance) Alive(id string) bool {
	return id == in.ID || held(in.history, id)
}

// Alone keeps other programs from beginning on the history in this folder, until
// the returned function is called. Where one runs, the problem is instance.others.
// Who only looks holds no lock and is not noticed.
func Alone(ctx context.Context, history string) (release func() error, err error) {
	folder := Locks(history)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, beginProblem(ctx, err)
	}
	waiting, cancel := context.WithTimeout(ctx, beginLimit)
	defer cancel()
	begin := flock.New(filepath.Join(folder, "begin.lock"), flock.SetPermissions(0o600))
	if _, err := begin.TryLockContext(waiting, beginRetry); err != nil {
		return nil, beginProblem(ctx, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, beginProblem(ctx, errors.Join(err, begin.Unlock()))
	}
	for _, e := range entries {
		if id := strings.TrimSuffix(e.Name(), lockSuffix); held(folder, id) {
			return nil, errors.Join(matcher.NewProblem("instance.others", nil), begin.Unlock())
		}
	}
	return begin.Unlock, nil
}

// Locks is the folder of the locks beside the history in this folder.
func Locks(history string) string { return filepath.Join(history, "running") }

// Alive reports whether the program with this id still runs on the history in this folder.
// It is for programs that only read.
func Alive(history, id string) bool { return held(Locks(history), id) }

func held(folder, id string) bool {
	if !strings.HasPrefix(id, prefix) || id != filepath.Base(id) {
		return false
	}
	lock := newLock(folder, id)
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

func newLock(folder, id string) *flock.Flock {
	return flock.New(filepath.Join(folder, id+lockSuffix), flock.SetPermissions(0o600))
}

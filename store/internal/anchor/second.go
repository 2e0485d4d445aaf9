package anchor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"facematch/app/patience"
	"facematch/matcher"
)

// SharePatience is how long the second anchor may take. A share that is there answers
// within some milliseconds, and a check must not wait for one that is not.
const SharePatience = 2 * time.Second

// Second is an anchor at a place of the user's choice, such as a share: it may be
// missing, slow, or hang. The zero value is no anchor.
type Second struct {
	Where           func() string // the folder; nil, or giving nothing: none
	Database, Place string

	turn   sync.Mutex
	folder string // where the asker asks
	asker  *patience.Asker
}

// Chosen reports whether there is to be a second anchor.
func (s *Second) Chosen() bool { return s.Where != nil && s.Where() != "" }

// In gives the anchor in a folder. Its file is the database's own, so that desks that
// share a folder do not wait for each other.
func (s *Second) In(folder string) Anchor {
	path := filepath.Join(folder, "facematch-anchor-"+s.Database+".jsonl")
	return Anchor{Path: path, Database: s.Database, Place: s.Place}
}

// Ask does something with the anchor and does not wait for long. A call that hangs is
// left to end by itself, and until then nothing else is tried there. The folder is
// never made: where it is missing, the share is not mounted.
func (s *Second) Ask(do func(Anchor) error) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	folder := s.Where()
	if s.asker == nil || folder != s.folder { // another place was chosen
		s.folder, s.asker = folder, &patience.Asker{}
	}
	_, err := s.asker.Ask(SharePatience, func() (string, error) {
		if _, err := os.Stat(folder); err != nil {
			return "", err
		}
		return "", do(s.In(folder))
	})
	return secondProblem(err)
}

// secondProblem says why the second anchor was not reached.
func secondProblem(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrDisagrees):
		return matcher.NewProblem("store.second_anchor_disagrees", err)
	case errors.Is(err, patience.ErrSilent):
		return matcher.NewProblem("store.second_anchor_silent", nil)
	case errors.Is(err, fs.ErrNotExist):
		return matcher.NewProblem("store.second_anchor_missing", err)
	}
	return matcher.NewProblem("store.second_anchor", err)
}

// Known is Anchor.Known, within the time a share has.
func (s *Second) Known(losses []Loss) (Known, error) {
	answer := make(chan Known, 1) // buffered: a read that returns too late must not block
	err := s.Ask(func(a Anchor) error {
		k, err := a.Known(losses)
		answer <- k
		return err
	})
	if err != nil {
		return Known{}, err
	}
	return <-answer, nil
}

package store

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"facematch/app/history"
	"facematch/app/patience"
	"facematch/matcher"
)

// secondAnchor is an anchor at a place of the user's choice, such as a share: it
// may be missing, slow, or hang. The zero value is none.
type secondAnchor struct {
	where           func() string // the folder; nil, or giving nothing: none
	database, place string

	turn   sync.Mutex
	folder string // where the asker asks
	asker  *patience.Asker
}

func (s *secondAnchor) chosen() bool { return s.where != nil && s.where() != "" }

// in gives the anchor in a folder. Its file is the database's own, so that desks
// that share a folder do not wait for each other.
func (s *secondAnchor) in(folder string) anchor {
	return anchor{path: filepath.Join(folder, "facematch-anchor-"+s.database+".jsonl"), database: s.database, place: s.place}
}

// ask does something with the anchor and does not wait for long. What hangs is
// left to end by itself, and until then nothing else is tried there. The folder is
// never made: where it is missing, the share is.
func (s *secondAnchor) ask(do func(anchor) error) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	folder := s.where()
	if s.asker == nil || folder != s.folder { // chosen anew: what hangs elsewhere is no matter
		s.folder, s.asker = folder, &patience.Asker{}
	}
	_, err := s.asker.Ask(sharePatience, func() (string, error) {
		if _, err := os.Stat(folder); err != nil {
			return "", err
		}
		return "", do(s.in(folder))
	})
	return secondProblem(err)
}

// secondProblem says why the second anchor was not reached.
func secondProblem(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errDisagrees):
		return matcher.NewProblem("store.second_anchor_disagrees", err)
	case errors.Is(err, patience.ErrSilent):
		return matcher.NewProblem("store.second_anchor_silent", nil)
	case errors.Is(err, fs.ErrNotExist):
		return matcher.NewProblem("store.second_anchor_missing", err)
	}
	return matcher.NewProblem("store.second_anchor", err)
}

// read is ours, within the time a share has.
func (s *secondAnchor) read() (marked, error) {
	// Whoever hangs and comes back late writes to what nobody reads any more.
	answer := make(chan marked, 1)
	err := s.ask(func(a anchor) error {
		k, err := a.ours()
		answer <- k
		return err
	})
	if err != nil {
		return marked{}, err
	}
	return <-answer, nil
}

// keepHead anchors the head after a commit, in both anchors. The records are safe
// already, so a failure is logged and kept for AnchorProblem.
func (s *Store) keepHead(ctx context.Context, h head) {
	ctx = context.WithoutCancel(ctx)
	to := mark{
		At: h.at.Truncate(time.Millisecond), Database: s.id, Place: s.anchor.place,
		Seq: h.seq, Hash: hex.EncodeToString(h.hash[:]),
	}
	err := s.anchor.advance(ctx, to, s.holds)
	var p *matcher.Problem
	switch {
	case errors.Is(err, errDisagrees):
		p = matcher.NewProblem("store.anchor_disagrees", err)
	case err != nil:
		p = matcher.NewProblem("store.anchor_unwritten", err)
	}
	if s.second.chosen() {
		if err := s.second.ask(func(a anchor) error { return a.advance(ctx, to, s.holds) }); err != nil && p == nil {
			p = matcher.AsProblem(err, "store.second_anchor")
		}
	}
	s.anchorProblem.Store(p)
	if p != nil {
		s.log.Warn("history not anchored", "seq", h.seq, "error", p)
	}
}

// anchored is what both anchors say.
type anchored struct {
	first, second marked
	older         bool // the history may end before the newest mark: see mayBeOlder
}

// newest gives the mark of the greatest number either anchor knows.
func (a anchored) newest() mark {
	if seq := a.first.newest(); seq >= a.second.newest() {
		return a.first.marks[seq]
	}
	return a.second.marks[a.second.newest()]
}

// readAnchors reads both. One that cannot be read says so in the verdict, but the
// error is the first's: it lies on this computer.
func (s *Store) readAnchors(v *history.Verdict) (anchored, error) {
	var all anchored
	var err error
	if all.first, err = s.anchor.ours(); err != nil {
		return all, matcher.NewProblem("store.anchor_unread", err)
	}
	if v.Second.Chosen = s.second.chosen(); v.Second.Chosen {
		if all.second, err = s.second.read(); err != nil {
			v.Second.Problem = matcher.AsProblem(err, "store.second_anchor").Key
		}
	}
	for anchor, k := range map[*history.Anchor]marked{&v.First: all.first, &v.Second: all.second} {
		anchor.Found, anchor.Until = len(k.marks) > 0, k.newest()
		v.Anchored = v.Anchored || anchor.Found
		v.Until = max(v.Until, anchor.Until)
		if n := len(k.losses); n > 0 {
			v.GivenUp, v.Losses = k.losses[n-1], max(v.Losses, n)
		}
	}
	return all, nil
}

// agree reports whether the anchors know this record, as far as they know one of
// its number, and notes in the verdict what that shows.
func (a anchored) agree(seq int64, hash []byte, v *history.Verdict) bool {
	first, inFirst := a.first.marks[seq]
	second, inSecond := a.second.marks[seq]
	if !inFirst && !inSecond {
		return true
	}
	text := hex.EncodeToString(hash)
	if inFirst && first.Hash != text || inSecond && second.Hash != text {
		return false
	}
	v.Good = seq
	since := func(at *time.Time, m mark) {
		if at.IsZero() || m.At.Before(*at) {
			*at = m.At
		}
	}
	if inFirst {
		since(&v.First.Since, first)
		since(&v.Since, first)
	}
	if inSecond {
		since(&v.Second.Since, second)
		since(&v.Since, second)
	}
	return true
}

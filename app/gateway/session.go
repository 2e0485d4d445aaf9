package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"filippo.io/age"

	"facematch/app"
	"facematch/matcher"
)

// sessions are the visits that were started here, in memory: they end with the program.
// Each belongs to the token it was started with, and other tokens cannot see it.
//
// A session's video lies in the program's temp folder in age's format. Its key is in this
// memory only. So a video is lost when its session or the program ends, even if the file
// stays.
type sessions struct {
	now func() time.Time
	dir string

	mu     sync.Mutex
	all    map[string]*session
	stored int64 // bytes of all videos
}

type session struct {
	owner   string // the token's hash
	used    time.Time
	refused bool // the person did not give consent in it
	video   *stored
}

// stored is a session's video.
type stored struct {
	path string
	key  *age.X25519Identity
	size int64
	at   time.Time
}

var (
	errNoSession = refuse(http.StatusNotFound, "there is no such session")
	errRefused   = refuse(http.StatusBadRequest, "the person did not give consent in this session")
	errNoRoom    = retry("there is no room for more sessions: try again later", longestWait)
)

func newSessions(dir string, now func() time.Time) *sessions {
	return &sessions{now: now, dir: dir, all: map[string]*session{}}
}

// start starts a session.
func (s *sessions) start(owner string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) >= maxSessions {
		return "", errNoRoom
	}
	id := app.NewSession()
	s.all[id] = &session{owner: owner, used: s.now()}
	return id, nil
}

// get finds an owner's session and notes that it is used. The caller holds the lock.
func (s *sessions) get(id, owner string) (*session, bool) {
	one, known := s.all[id]
	if !known || one.owner != owner || s.now().Sub(one.used) > sessionTime {
		return nil, false
	}
	one.used = s.now()
	return one, true
}

// has says whether this is an owner's session.
func (s *sessions) has(id, owner string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.get(id, owner)
	return known
}

// end ends a session: its video is gone.
func (s *sessions) end(id, owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.get(id, owner)
	if !known {
		return errNoSession
	}
	s.forget(one)
	delete(s.all, id)
	return nil
}

// forget deletes a session's video. The caller holds the lock.
func (s *sessions) forget(one *session) {
	if one.video == nil {
		return
	}
	_ = os.Remove(one.video.path) // its key is gone: the rest is noise, and goes with the folder
	s.stored -= one.video.size
	one.video = nil
}

// consent notes in a session whether the person gave consent.
func (s *sessions) consent(id, owner string, given bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.get(id, owner)
	if known {
		if one.refused = !given; one.refused {
			s.forget(one)
		}
	}
	return known
}

// forbids reports whether the person refused consent in this session.
func (s *sessions) forbids(id, owner string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.get(id, owner)
	return known && one.refused
}

// keeping is a video while it comes: what is written to it is sealed at once.
type keeping struct {
	io.WriteCloser
	file *os.File
	key  *age.X25519Identity
}

// keep opens a place for a video.
func (s *sessions) keep() (*keeping, error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(s.dir, "session-*") // 0600
	if err != nil {
		return nil, err
	}
	sealed, err := age.Encrypt(file, key.Recipient())
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	return &keeping{sealed, file, key}, nil
}

// Close ends the video.
func (k *keeping) Close() error { return errors.Join(k.WriteCloser.Close(), k.file.Close()) }

// drop deletes a video that is not taken.
func (k *keeping) drop() {
	_ = k.file.Close()
	_ = os.Remove(k.file.Name())
}

// put makes a whole video of so many bytes the session's, in place of one before.
func (s *sessions) put(id, owner string, k *keeping, size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.get(id, owner)
	if !known {
		return errNoSession
	}
	if one.refused {
		return errRefused
	}
	before := int64(0)
	if one.video != nil {
		before = one.video.size
	}
	if s.stored-before+size > maxStored {
		return errNoRoom
	}
	s.forget(one)
	one.video = &stored{path: k.file.Name(), key: k.key, size: size, at: s.now()}
	s.stored += size
	return nil
}

// video gives a session's video, which is unsealed while it is read.
func (s *sessions) video(id, owner string) (matcher.Blob, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, known := s.get(id, owner)
	if !known || one.video == nil || s.now().Sub(one.video.at) > sessionTime {
		return matcher.Blob{}, false
	}
	v := *one.video
	return matcher.Blob{Name: "video", Size: v.size, Open: func() (io.ReadCloser, error) {
		file, err := os.Open(v.path)
		if err != nil {
			return nil, err
		}
		clear, err := age.Decrypt(file, v.key)
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return struct {
			io.Reader
			io.Closer
		}{clear, file}, nil
	}}, true
}

// sweep ends the sessions and deletes the videos whose time is over, and those of
// tokens that were revoked; known says which tokens there are.
func (s *sessions) sweep(known func(owner string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for id, one := range s.all {
		over := now.Sub(one.used) > sessionTime || !known(one.owner)
		if over || one.video != nil && now.Sub(one.video.at) > sessionTime {
			s.forget(one)
		}
		if over {
			delete(s.all, id)
		}
	}
}

// watch sweeps until the context ends, and then forgets all.
func (s *sessions) watch(ctx context.Context, known func(owner string) bool) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.sweep(known)
		case <-ctx.Done():
			s.sweep(func(string) bool { return false })
			return
		}
	}
}

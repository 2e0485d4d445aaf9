// Package container reads what the files around a film say of its picture track:
// which of several is shown, how its pictures lie, and from when to when they are
// shown. It is memory-safe, allocates little whatever a file says, and never
// fails: of what it does not understand it says nothing.
package container

import (
	"io"
	"time"
)

// Film is what a file says of the picture track that players show.
type Film struct {
	// Lay is how its pictures are laid.
	Lay Lay
	// Length is the time from the first picture to the last, by the pictures' own
	// times; 0 where the file has none. A length stated elsewhere is not believed.
	Length time.Duration
	// Hidden are bytes to write over a copy of the file, so that who takes the first
	// picture track takes the one that players show.
	Hidden []Patch
}

// Lay is how stored pictures are laid to be shown: transposed (rows become
// columns), then mirrored left to right, then mirrored top to bottom.
type Lay struct{ Transpose, MirrorX, MirrorY bool }

// Patch is bytes to write at a place of a file.
type Patch struct {
	At    int64
	Bytes []byte
}

// Read looks at a file of size bytes. MP4, MOV, WebM and MKV are understood; of
// others it says nothing.
func Read(file io.ReaderAt, size int64) Film {
	r := &reader{file: file, size: size}
	head := r.bytes(0, 12)
	switch {
	case len(head) < 12:
		return Film{}
	case string(head[:4]) == "\x1a\x45\xdf\xa3":
		return readMatroska(r)
	case string(head[:4]) == "RIFF":
		return Film{}
	}
	return readMP4(r)
}

// mostParts is how many parts of a file are looked at: a film of 5 minutes has
// some 20,000 pictures, each in one or two.
const mostParts = 1 << 21

// reader reads a file in small pieces. What is not there reads as nothing.
type reader struct {
	file  io.ReaderAt
	size  int64
	parts int

	window []byte // of the file, from start
	start  int64
}

// more says whether there may be another part at a place.
func (r *reader) more(at int64) bool {
	r.parts++
	return at >= 0 && at < r.size && r.parts <= mostParts
}

const windowSize = 64 << 10

// bytes are n bytes of the file, fewer at its end; good until the next call.
func (r *reader) bytes(at int64, n int) []byte {
	if at < 0 || at >= r.size || n <= 0 || n > windowSize {
		return nil
	}
	n = int(min(int64(n), r.size-at))
	if from := at - r.start; from < 0 || from+int64(n) > int64(len(r.window)) {
		if r.window == nil {
			r.window = make([]byte, windowSize)
		}
		r.window = r.window[:cap(r.window)]
		got, _ := r.file.ReadAt(r.window[:min(windowSize, max(n, 4<<10))], at)
		r.window, r.start = r.window[:got], at
		if got < n {
			return r.window
		}
	}
	from := at - r.start
	return r.window[from : from+int64(n)]
}

// span collects the earliest and the latest of some times.
type span struct {
	first, last int64
	some        bool
}

func (s *span) add(at int64) {
	if !s.some {
		s.first, s.last, s.some = at, at, true
	}
	s.first, s.last = min(s.first, at), max(s.last, at)
}

// length in units of so many a second, as far as it makes sense.
func (s *span) length(perSecond float64) time.Duration {
	seconds := float64(s.last-s.first) / perSecond
	if !s.some || !(seconds >= 0 && seconds < 1e6) {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

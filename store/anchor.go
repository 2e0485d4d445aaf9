package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"facematch/app/private"
	"facematch/matcher"
)

// errDisagrees says that the anchor knows a record the history does not hold, or
// another history in its place.
var errDisagrees = errors.New("the history does not hold the anchored record")

// mark is one line of the anchor: the head of a database's chain at a time.
type mark struct {
	At       time.Time `json:"at"`
	Database string    `json:"database"`
	Place    string    `json:"place"` // where the database lay: see placeOf
	Seq      int64     `json:"seq"`
	Hash     string    `json:"hash"` // lower-case hexadecimal
}

// anchor is the file of marks, shared by processes and by databases.
type anchor struct {
	path     string
	database string // whose marks are ours
	place    string // of the database
}

// placeOf names a place without telling it, as a path may hold a person's name:
// the SHA-256 of the database's absolute path in lower-case hexadecimal.
func placeOf(path string) string {
	hash := sha256.Sum256([]byte(path))
	return hex.EncodeToString(hash[:])
}

// read gives all marks, of other databases too; none where there is no file. A
// line that is no mark can say nothing and is left out.
func (a anchor) read() ([]mark, error) {
	data, err := os.ReadFile(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var marks []mark
	for line := range bytes.Lines(data) {
		var m mark
		if json.Unmarshal(line, &m) == nil && m.Seq > 0 {
			marks = append(marks, m)
		}
	}
	return marks, nil
}

// ours gives the marks of this database by seq, and whether another database
// lay in its place before.
func (a anchor) ours() (ours map[int64]mark, replaced bool, err error) {
	marks, err := a.read()
	if err != nil {
		return nil, false, err
	}
	ours = map[int64]mark{}
	for _, m := range marks {
		if m.Database == a.database {
			ours[m.Seq] = m
		}
		replaced = replaced || a.isOther(m)
	}
	return ours, replaced, nil
}

// isOther reports whether a mark is of another database in the place of ours.
func (a anchor) isOther(m mark) bool { return m.Place == a.place && m.Database != a.database }

// advance adds a newer mark, in place of the newest where that is of the same
// day, so that the file grows by one line a day. The oldest mark stays whatever
// its day: it says since when the history is known to be intact. The anchor
// never goes back. While the history does not hold the newest marked record, or
// lies in the place of another, it leaves the marks alone: they are the evidence.
func (a anchor) advance(ctx context.Context, to mark, holds func(context.Context, mark) (bool, error)) error {
	return locked(ctx, a.path, func() error {
		marks, err := a.read()
		if err != nil {
			return err
		}
		newest, own := -1, 0
		for i, m := range marks {
			if a.isOther(m) {
				return errDisagrees
			}
			if m.Database != a.database {
				continue
			}
			if own++; newest < 0 || m.Seq > marks[newest].Seq {
				newest = i
			}
		}
		if newest >= 0 {
			last := marks[newest]
			if ok, err := holds(ctx, last); err != nil {
				return err
			} else if !ok {
				return errDisagrees
			}
			if last.Seq >= to.Seq {
				return nil // another process was faster
			}
			if own > 1 && last.At.UTC().Format(dayLayout) == to.At.UTC().Format(dayLayout) {
				marks = append(marks[:newest], marks[newest+1:]...)
			}
		}
		var out bytes.Buffer
		w := bufio.NewWriter(&out)
		lines := json.NewEncoder(w)
		for _, m := range append(marks, to) {
			if err := lines.Encode(m); err != nil {
				return err
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		return private.Write(a.path, out.Bytes())
	})
}

// keepHead anchors the head after a commit. The records are safe already, so a
// failure is logged and kept for AnchorProblem.
func (s *Store) keepHead(ctx context.Context, h head) {
	err := s.anchor.advance(context.WithoutCancel(ctx), mark{
		At: h.at.Truncate(time.Millisecond), Database: s.id, Place: s.anchor.place,
		Seq: h.seq, Hash: hex.EncodeToString(h.hash[:]),
	}, s.holds)
	if err == nil {
		s.anchorProblem.Store(nil)
		return
	}
	key := "store.anchor_unwritten"
	if errors.Is(err, errDisagrees) {
		key = "store.anchor_disagrees"
	}
	p := matcher.NewProblem(key, err)
	s.anchorProblem.Store(p)
	s.log.Warn("history not anchored", "seq", h.seq, "error", p)
}

// holds reports whether the history holds the marked record.
func (s *Store) holds(ctx context.Context, m mark) (bool, error) {
	var hash []byte
	err := s.reader.QueryRowContext(ctx, `SELECT hash FROM record WHERE seq = ?`, m.Seq).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return hex.EncodeToString(hash) == m.Hash, err
}

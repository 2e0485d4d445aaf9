package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"facematch/app/history"
	"facematch/app/privatefile"
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

	// On the line that accepts a loss: what the lines before it say of records from
	// From on, and of other databases in this place, counts no more. The newest they
	// knew was Known.
	Accepts bool  `json:"accepts,omitempty"`
	From    int64 `json:"from,omitempty"`
	Known   int64 `json:"known,omitempty"`
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

// marked is what an anchor says of its database.
type marked struct {
	marks    map[int64]mark // by seq
	replaced bool           // another database lay in its place before
	losses   []history.Loss // accepted ones, oldest first
}

// ours gives what the anchor says of this database.
func (a anchor) ours() (marked, error) {
	lines, err := a.read()
	if err != nil {
		return marked{}, err
	}
	valid, replaced := a.valid(lines)
	k := marked{marks: map[int64]mark{}, replaced: replaced}
	for _, i := range valid {
		k.marks[lines[i].Seq] = lines[i]
	}
	for _, m := range lines {
		if m.Accepts && m.Database == a.database {
			k.losses = append(k.losses, history.Loss{From: m.From, To: m.Known, At: m.At, Seq: m.Seq})
		}
	}
	return k, nil
}

// valid gives the lines of our database that count, oldest first, and whether one
// of another database in our place does.
func (a anchor) valid(lines []mark) (ours []int, other bool) {
	for i, m := range lines {
		switch {
		case a.isOther(m):
			other = true
		case m.Database != a.database:
		case m.Accepts:
			other = false
			ours = slices.DeleteFunc(ours, func(j int) bool { return lines[j].Seq >= m.From })
			fallthrough
		default:
			ours = append(ours, i)
		}
	}
	return ours, other
}

// newest gives the greatest number the anchor knows; 0 for none.
func (k marked) newest() int64 {
	var seq int64
	for s := range k.marks {
		seq = max(seq, s)
	}
	return seq
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
		own, other := a.valid(marks)
		if other {
			return errDisagrees
		}
		newest := -1
		for _, i := range own {
			if newest < 0 || marks[i].Seq > marks[newest].Seq {
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
			if len(own) > 1 && !last.Accepts && last.At.UTC().Format(dayLayout) == to.At.UTC().Format(dayLayout) {
				marks = slices.Delete(marks, newest, newest+1)
			}
		}
		return a.write(append(marks, to))
	})
}

// accept adds the line that accepts a loss, whatever the lines before it say.
func (a anchor) accept(ctx context.Context, loss mark) error {
	return locked(ctx, a.path, func() error {
		marks, err := a.read()
		if err != nil {
			return err
		}
		return a.write(append(marks, loss))
	})
}

func (a anchor) write(marks []mark) error {
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	for _, m := range marks {
		if err := lines.Encode(m); err != nil {
			return err
		}
	}
	return privatefile.Write(a.path, out.Bytes())
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

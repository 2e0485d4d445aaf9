// Package anchor keeps what is known of a history outside of it: in a file, the heads of
// its chain, and in another beside it the erasures. A second pair of such files may lie
// at a place of the user's choice, such as a share.
package anchor

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"facematch/app/privatefile"
	"facematch/store/internal/files"
)

// ErrDisagrees says that the anchor knows a record the history does not hold, or
// another history in its place.
var ErrDisagrees = errors.New("the history does not hold the anchored record")

// dayLayout names the day (UTC) of a mark.
const dayLayout = "2006-01-02"

// Mark is one line of the anchor: the head of a database's chain at a time.
type Mark struct {
	At       time.Time `json:"at"`
	Database string    `json:"database"`
	Place    string    `json:"place"` // where the database lay: see PlaceOf
	Seq      int64     `json:"seq"`
	Hash     string    `json:"hash"` // lower-case hexadecimal
}

// Loss is what a "restored" record says was lost: the records of a database from one
// number to another that a mark knew up to a time.
type Loss struct {
	From, To int64 // To 0: none
	Until    time.Time
	Another  bool // the marks of other databases in this place are void too
}

// History is the history an anchor is about.
type History interface {
	// Holds reports whether the history holds the marked record.
	Holds(ctx context.Context, m Mark) (bool, error)

	// Losses gives what restores of the history lost.
	Losses(ctx context.Context) ([]Loss, error)
}

// Anchor is the file of marks, shared by processes and by databases.
type Anchor struct {
	Path     string
	Database string // whose marks are ours
	Place    string // of the database
}

// PlaceOf names a place without revealing it, as a path may hold a person's name: the
// SHA-256 of the database's absolute path in lower-case hexadecimal.
func PlaceOf(path string) string {
	hash := sha256.Sum256([]byte(path))
	return hex.EncodeToString(hash[:])
}

// Read gives all marks, of other databases too; none where there is no file. A line
// that does not parse is ignored.
func (a Anchor) Read() ([]Mark, error) {
	data, err := os.ReadFile(a.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var marks []Mark
	for line := range bytes.Lines(data) {
		var m Mark
		if json.Unmarshal(line, &m) == nil && m.Seq > 0 {
			marks = append(marks, m)
		}
	}
	return marks, nil
}

// Known is what an anchor says of its database.
type Known struct {
	Marks   map[int64]Mark // by seq
	Another *Mark          // the newest of another database in its place; nil: none
}

// Known gives what the anchor says of this database, but for what the losses make void.
func (a Anchor) Known(losses []Loss) (Known, error) {
	lines, err := a.Read()
	if err != nil {
		return Known{}, err
	}
	k := Known{Marks: map[int64]Mark{}}
	for i, m := range lines {
		switch {
		case a.Void(m, losses):
		case m.Database == a.Database:
			k.Marks[m.Seq] = m
		case m.Place == a.Place:
			k.Another = &lines[i]
		}
	}
	return k, nil
}

// Void reports whether a restore made a mark void.
func (a Anchor) Void(m Mark, losses []Loss) bool {
	return slices.ContainsFunc(losses, func(l Loss) bool {
		if m.At.After(l.Until) {
			return false
		}
		if m.Database != a.Database {
			return l.Another
		}
		return m.Seq >= l.From && m.Seq <= l.To
	})
}

// Newest gives the mark of the greatest number; the zero value where there is none.
func (k Known) Newest() Mark {
	var newest Mark
	for _, m := range k.Marks {
		if m.Seq > newest.Seq {
			newest = m
		}
	}
	return newest
}

// Advance adds a newer mark, in place of the newest where that is of the same day, so
// that the file grows by one line a day. The oldest mark stays whatever its day: it
// says since when the history is known to be intact. The anchor never goes back. While
// the history does not hold the newest marked record, or lies in the place of another,
// the marks stay as they are: they are the evidence.
func (a Anchor) Advance(ctx context.Context, to Mark, h History) error {
	losses, err := h.Losses(ctx)
	if err != nil {
		return err
	}
	return files.Locked(ctx, a.Path, func() error {
		marks, err := a.Read()
		if err != nil {
			return err
		}
		count, newest := 0, -1 // of our marks, and its place among all
		for i, m := range marks {
			switch {
			case a.Void(m, losses):
			case m.Database == a.Database:
				if count++; newest < 0 || m.Seq > marks[newest].Seq {
					newest = i
				}
			case m.Place == a.Place:
				return ErrDisagrees
			}
		}
		if newest >= 0 {
			last := marks[newest]
			if ok, err := h.Holds(ctx, last); err != nil {
				return err
			} else if !ok {
				return ErrDisagrees
			}
			if last.Seq >= to.Seq {
				return nil // another process was faster
			}
			if count > 1 && last.At.UTC().Format(dayLayout) == to.At.UTC().Format(dayLayout) {
				marks = slices.Delete(marks, newest, newest+1)
			}
		}
		return a.write(append(marks, to))
	})
}

func (a Anchor) write(marks []Mark) error {
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	for _, m := range marks {
		if err := lines.Encode(m); err != nil {
			return err
		}
	}
	return privatefile.Write(a.Path, out.Bytes())
}

package anchor

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"facematch/app/history"
)

// Erasure is one line of the list of erasures.
type Erasure struct {
	At       time.Time      `json:"at"`
	Database string         `json:"database"`
	Seq      int64          `json:"seq"` // of the "erased" record
	Session  string         `json:"session"`
	Parts    []history.Part `json:"parts"`
}

// Erasures is the list of what was erased, beside an anchor, so that it is erased
// again from a backup that was made before.
type Erasures struct{ Path string }

// Erasures gives the list beside the anchor.
func (a Anchor) Erasures() Erasures {
	return Erasures{filepath.Join(filepath.Dir(a.Path), "erasures.jsonl")}
}

// Of gives the erasures of a database, oldest first. A line that does not
// parse is ignored.
func (l Erasures) Of(database string) ([]Erasure, error) {
	data, err := os.ReadFile(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Erasure
	for line := range bytes.Lines(data) {
		var e Erasure
		if json.Unmarshal(line, &e) == nil && e.Database == database && e.Seq > 0 {
			all = append(all, e)
		}
	}
	return all, nil
}

// Add writes lines at the end, onto the disk.
func (l Erasures) Add(lines []Erasure) error {
	f, err := os.OpenFile(l.Path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			out.WriteByte('\n') // a line was cut off by a crash
		}
	}
	encoder := json.NewEncoder(&out)
	for _, e := range lines {
		if err := encoder.Encode(e); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	_, err = f.Write(out.Bytes())
	return errors.Join(err, f.Sync(), f.Close())
}

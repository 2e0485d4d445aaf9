package store

import (
	"database/sql"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"facematch/app/history"
)

// pageSize is that of every history: SQLite's own.
const pageSize = 4096

// spoilt is a history of many records whose file somebody changed while the
// program was closed.
func spoilt(t *testing.T, change func(root func(string) int, page func(int) []byte)) *Store {
	t.Helper()
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	fillMany(t, s, 3000)
	roots := map[string]int{}
	rows, err := s.reader.Query(`SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0`)
	must(t, err)
	for rows.Next() {
		var name string
		var root int
		must(t, rows.Scan(&name, &root))
		roots[name] = root
	}
	must(t, rows.Err())
	if v := mustVerify(t, s); !v.Intact {
		t.Fatalf("before: %+v", v)
	}
	must(t, s.Close())
	data, err := os.ReadFile(p.Path)
	must(t, err)
	change(func(name string) int { return roots[name] }, func(n int) []byte { return data[(n-1)*pageSize : n*pageSize] })
	must(t, os.WriteFile(p.Path, data, 0o600))
	s = mustOpen(t, p, noRing{})
	t.Cleanup(func() { s.Close() })
	return s
}

// A separator in the tree of records that is a little too low hides records from
// those who ask for them by their number, while a walk passes over all.
func TestRecordsThatAreNotFoundByTheirNumber(t *testing.T) {
	s := spoilt(t, func(root func(string) int, page func(int) []byte) {
		top := page(root("record"))
		if top[0] != 5 {
			t.Fatal("the root is no interior page of a table")
		}
		cells := int(binary.BigEndian.Uint16(top[3:]))
		for i := cells / 2; ; i++ {
			at := int(binary.BigEndian.Uint16(top[12+2*i:])) + 4
			for top[at] >= 0x80 { // the last byte of a number of seven bits a byte
				at++
			}
			if low := top[at] &^ 0x0f; low != top[at] {
				top[at] = low
				return
			}
		}
	})
	if v := mustVerify(t, s); v.Intact || v.Fault != history.FaultDamaged {
		t.Errorf("verdict is %+v", v)
	}
}

// An index whose entries are all there, but in another order, does not find them.
func TestIndexOutOfOrder(t *testing.T) {
	for _, name := range []string{"record_session", "record_check"} {
		s := spoilt(t, func(root func(string) int, page func(int) []byte) {
			leaf := page(root(name))
			for leaf[0] == 2 { // an interior page of an index
				cells := int(binary.BigEndian.Uint16(leaf[3:]))
				at := int(binary.BigEndian.Uint16(leaf[12+2*(cells/2):]))
				leaf = page(int(binary.BigEndian.Uint32(leaf[at:])))
			}
			cells := int(binary.BigEndian.Uint16(leaf[3:]))
			first, last := leaf[8:10], leaf[8+2*(cells-1):10+2*(cells-1)]
			for i := range first {
				first[i], last[i] = last[i], first[i]
			}
		})
		if v := mustVerify(t, s); v.Intact || v.Fault == "" {
			t.Errorf("%s: verdict is %+v", name, v)
		}
	}
}

// A session key that opens nothing is an erasure without its record.
func TestSpoiltSessionKeys(t *testing.T) {
	for _, bad := range []string{`x''`, `randomblob(48)`} {
		p := testParams(t.TempDir())
		s := mustOpen(t, p, noRing{})
		intimate(t, s, "a")
		must(t, s.Close())
		db, err := sql.Open("sqlite3", p.Path)
		must(t, err)
		var trigger string
		must(t, db.QueryRow(`SELECT sql FROM sqlite_schema WHERE name = 'session_key_no_update'`).Scan(&trigger))
		for _, change := range []string{`DROP TRIGGER session_key_no_update`, `UPDATE session_key SET wrapped = ` + bad,
			trigger} {
			_, err := db.Exec(change)
			must(t, err)
		}
		must(t, db.Close())
		s = mustOpen(t, p, noRing{})
		if v := mustVerify(t, s); v.Intact {
			t.Errorf("%s: verdict is %+v", bad, v)
		}
		must(t, s.Close())
	}
}

// A restore applies what was erased after the backup, not what the backup had
// erased already: a name given since then stays.
func TestRestoreErasesNothingTwice(t *testing.T) {
	p := testParams(t.TempDir())
	s := mustOpen(t, p, noRing{})
	intimate(t, s, "a")
	must(t, s.Erase(t.Context(), history.Erasure{Session: "sess_a", Actor: erasing,
		Parts: []history.Part{history.PartName}, Reason: history.AfterPeriod}))
	again := started("z", "Later Person")
	again.Session = "sess_a"
	must(t, s.Start(t.Context(), again))
	ended := finished("z", 7000, "{}")
	ended.Session = "sess_a"
	must(t, s.Finish(t.Context(), ended))
	file := filepath.Join(t.TempDir(), "backup.db")
	must(t, s.Backup(t.Context(), file, nil))
	must(t, s.Close())
	_, err := restore(t.Context(), p, noRing{}, history.Restoring{File: file, Replace: true, By: erasing}, nil)
	must(t, err)
	s = mustOpen(t, p, noRing{})
	defer s.Close()
	if row := mustList(t, s, history.Filter{Limit: 1})[0]; row.Name != "Later Person" {
		t.Errorf("the row is %+v", row)
	}
}

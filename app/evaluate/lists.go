package evaluate

import (
	"os"
	"path/filepath"

	"facematch/matcher"
)

// Pairs reads a list of pairs of pictures: columns file_a, file_b, same, and
// group where wanted. Paths are relative to the list's folder. That each file is
// there is found out now, not after minutes of work. The errors are
// *matcher.Problem, with the line.
func Pairs(list string) (*Test, error) {
	return readList(PairsTest, list, "file_a", "file_b")
}

// Checks reads a list of whole checks: columns document, video, same, and group
// where wanted; otherwise as Pairs.
func Checks(list string) (*Test, error) {
	return readList(ChecksTest, list, "document", "video")
}

// reader gathers the rows of a list.
type reader struct {
	test   *Test
	folder string
	known  map[string]int // files by their path; a clip's has a mark before it
	groups map[string]int
	first  map[[2]int]entry // pairs by their files
	self   int
	again  int
	gone   []Detail // files that are not there, each once
}

// entry is where a pair stood first, and whether it was said to show one person.
type entry struct {
	line int
	same bool
}

func readList(kind Kind, list, a, b string) (*Test, error) {
	r := &reader{
		test: &Test{Kind: kind, Name: nameOf(list)}, folder: filepath.Dir(list),
		known: map[string]int{}, groups: map[string]int{}, first: map[[2]int]entry{},
	}
	err := readTable(list, []string{a, b, "same"}, []string{"group"}, func(row row) error {
		same, err := row.same()
		if err != nil {
			return err
		}
		clip := kind == ChecksTest
		return r.pair(
			row, pair{a: r.file(row, a, false), b: r.file(row, b, clip), same: same, group: r.group(row.cells["group"])},
		)
	})
	if err != nil {
		return nil, err
	}
	if n := len(r.gone); n > 0 {
		return nil, matcher.NewProblem(
			"evaluate.files_missing", nil, "Count", n, "Line", r.gone[0].Line, "File", r.gone[0].File,
		)
	}
	if r.self > 0 {
		r.test.tell("evaluate.note_self", "Count", r.self)
	}
	if r.again > 0 {
		r.test.tell("evaluate.note_repeated", "Count", r.again)
	}
	return r.test, nil
}

// file gives the index of the file a cell names.
func (r *reader) file(row row, column string, clip bool) int {
	name := row.cells[column]
	path := filepath.Clean(name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.folder, path)
	}
	key := path
	if clip {
		key = "\x00" + path
	}
	if i, ok := r.known[key]; ok {
		return i
	}
	i := len(r.test.files)
	r.known[key] = i
	r.test.files = append(r.test.files, file{path: path, name: name, clip: clip, group: noGroup})
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		r.gone = append(r.gone, Detail{Line: row.line, File: name})
	}
	return i
}

func (r *reader) group(name string) int {
	if name == "" {
		return noGroup
	}
	i, ok := r.groups[name]
	if !ok {
		i = len(r.test.groups)
		r.groups[name] = i
		r.test.groups = append(r.test.groups, name)
	}
	return i
}

// pair adds a pair, unless it is there already or says nothing.
func (r *reader) pair(row row, p pair) error {
	if p.a == p.b {
		r.self++
		r.test.detail(Detail{Line: row.line, What: notice("evaluate.detail_self")})
		return nil
	}
	key := [2]int{min(p.a, p.b), max(p.a, p.b)}
	before, again := r.first[key]
	switch {
	case again && before.same != p.same:
		return matcher.NewProblem("evaluate.contradiction", nil, "Line", row.line, "First", before.line)
	case again:
		r.again++
		r.test.detail(Detail{Line: row.line, What: notice("evaluate.detail_repeated", "First", before.line)})
		return nil
	}
	r.first[key] = entry{line: row.line, same: p.same}
	r.test.pairs = append(r.test.pairs, p)
	return nil
}

// nameOf is what data is called after its file or folder.
func nameOf(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return filepath.Base(path)
}

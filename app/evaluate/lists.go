package evaluate

import (
	"os"
	"path/filepath"

	"facematch/matcher"
)

// Pairs reads a list of pairs of pictures with the columns file_a, file_b, same and,
// optionally, group. Paths are relative to the list's folder. A file that is missing is an
// error here, not after minutes of work. The errors are *matcher.Problem, with the line.
func Pairs(list string) (*Test, error) {
	return readList(PairsTest, list, "file_a", "file_b")
}

// Checks reads a list of whole checks with the columns document, video, same and,
// optionally, group; otherwise it works as Pairs does.
func Checks(list string) (*Test, error) {
	return readList(ChecksTest, list, "document", "video")
}

// reader gathers the rows of a list.
type reader struct {
	test   *Test
	folder string
	known  map[string]int // index of each file by its path; a clip's path has a mark before it
	groups map[string]int
	first  map[[2]int]entry // pairs by their files
	self   int              // pairs of a file with itself
	again  int              // pairs that stood in the list before
	gone   []Detail         // missing files, each once
}

// entry is the first line of a pair.
type entry struct {
	line int
	same bool // the list says that both files show one person
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

// pair adds a pair, unless it is of a file with itself or was added before.
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

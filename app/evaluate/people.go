package evaluate

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"facematch/matcher"
)

// PeopleOptions describe the people of a folder. The paths are those of tables.
type PeopleOptions struct {
	Groups string // columns person, group; empty: none
	Split  string // columns person, part; empty: everybody is taken
	Part   string // the part of the split whose people are used
}

// People reads a folder that holds a folder for each person, with that person's
// pictures in it. Files beside the people's folders, folders within them and
// names that begin with a dot are passed over. The errors are *matcher.Problem.
func People(folder string, o PeopleOptions) (*Test, error) {
	t := &Test{Kind: PeopleTest, Name: nameOf(folder), Part: o.Part}
	names, beside, err := entries(folder, true)
	if err != nil {
		return nil, err
	}
	if beside > 0 {
		t.tell("evaluate.note_beside", "Count", beside)
	}
	if o.Split != "" {
		if names, err = t.part(names, o.Split, o.Part); err != nil {
			return nil, err
		}
	}
	var groupOf map[string]string
	if o.Groups != "" {
		if groupOf, err = readPeople(o.Groups, "group"); err != nil {
			return nil, err
		}
	}
	empty := 0
	for _, person := range names {
		pictures, _, err := entries(filepath.Join(folder, person), false)
		if err != nil {
			return nil, err
		}
		if len(pictures) == 0 {
			empty++
			continue
		}
		for _, picture := range pictures {
			t.files = append(t.files, file{
				path: filepath.Join(folder, person, picture), name: filepath.Join(person, picture),
				person: t.people, group: noGroup,
			})
		}
		t.people++
	}
	switch n := len(t.files); {
	case n == 0:
		return nil, matcher.NewProblem("evaluate.no_people", nil)
	case n*(n-1)/2 > maxPairs:
		return nil, matcher.NewProblem("evaluate.too_many", nil, "Pictures", n, "Most", int(math.Sqrt(2*maxPairs)))
	}
	if empty > 0 {
		t.tell("evaluate.note_empty", "Count", empty)
	}
	if o.Groups != "" {
		return t, t.group(groupOf)
	}
	return t, nil
}

// group gives each person's files their group; the groups stand in the order of
// their names.
func (t *Test) group(groupOf map[string]string) error {
	without := t.people
	for i, f := range t.files {
		name, ok := groupOf[filepath.Dir(f.name)]
		if first := i == 0 || t.files[i-1].person != f.person; ok && first {
			t.groups, without = append(t.groups, name), without-1
		}
	}
	if len(t.groups) == 0 {
		return matcher.NewProblem("evaluate.no_groups", nil)
	}
	slices.Sort(t.groups)
	t.groups = slices.Compact(t.groups)
	for i, f := range t.files {
		if name, ok := groupOf[filepath.Dir(f.name)]; ok {
			t.files[i].group = slices.Index(t.groups, name)
		}
	}
	if without > 0 {
		t.tell("evaluate.note_no_group", "Count", without)
	}
	return nil
}

// part keeps the people of one part of a split.
func (t *Test) part(names []string, split, part string) ([]string, error) {
	partOf, err := readPeople(split, "part")
	if err != nil {
		return nil, err
	}
	var taken []string
	parts := map[string]bool{}
	unknown := 0
	for _, person := range names {
		p, ok := partOf[person]
		switch {
		case !ok:
			unknown++
		case p == part:
			taken = append(taken, person)
		}
		parts[p] = ok
	}
	if len(taken) == 0 {
		var known []string
		for p, ok := range parts {
			if ok {
				known = append(known, p)
			}
		}
		slices.Sort(known)
		return nil, matcher.NewProblem("evaluate.no_part", nil, "Part", part, "Known", strings.Join(known, ", "))
	}
	if unknown > 0 {
		t.tell("evaluate.note_no_part", "Count", unknown)
	}
	return taken, nil
}

// readPeople reads a table with one value for each person.
func readPeople(path, column string) (map[string]string, error) {
	said, first := map[string]string{}, map[string]int{}
	err := readTable(path, []string{"person", column}, nil, func(r row) error {
		person := r.cells["person"]
		if before, ok := said[person]; ok && before != r.cells[column] {
			return matcher.NewProblem("evaluate.person_twice", nil, "Line", r.line, "First", first[person])
		}
		said[person], first[person] = r.cells[column], r.line
		return nil
	})
	return said, err
}

// entries are the names of the folders or the files of a folder, in order, and
// how many there are of the others.
func entries(folder string, folders bool) (names []string, others int, err error) {
	all, err := os.ReadDir(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, matcher.NewProblem("evaluate.folder_missing", err)
	case err != nil:
		return nil, 0, matcher.NewProblem("evaluate.folder_unreadable", err)
	}
	for _, e := range all {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := os.Stat(filepath.Join(folder, e.Name())) // follows links
		if err == nil && (folders && info.IsDir() || !folders && info.Mode().IsRegular()) {
			names = append(names, e.Name())
		} else {
			others++
		}
	}
	return names, others, nil
}

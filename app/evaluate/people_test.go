package evaluate

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func family(t *testing.T) string {
	return folder(t, map[string]string{
		"photos/ann/1.jpg": "0.10", "photos/ann/2.jpg": "0.12", "photos/ann/.hidden": "9", "photos/ann/more/3.jpg": "0.1",
		"photos/bob/1.jpg": "0.50", "photos/bob/2.jpg": "0.53", "photos/bob/3.jpg": "0.51",
		"photos/cyd/only.jpg": "0.90", "photos/README": "who is who", "photos/.git/x": "",
		"groups.csv": "person,group\nbob,tall\nann,tall\ncyd,small\nzoe,small\n",
		"split.tsv":  "person\tpart\nann\tfit\nbob\tcheck\ncyd\tcheck\n",
	})
}

func TestPeople(t *testing.T) {
	dir := family(t)
	if err := os.Mkdir(filepath.Join(dir, "photos", "dan"), 0o700); err != nil {
		t.Fatal(err)
	}
	test, err := People(filepath.Join(dir, "photos"), PeopleOptions{Groups: filepath.Join(dir, "groups.csv")})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range test.files {
		got = append(got, fmt.Sprintf("%s %d %s", f.name, f.person, test.groups[f.group]))
	}
	want := []string{"ann/1.jpg 0 tall", "ann/2.jpg 0 tall", "bob/1.jpg 1 tall", "bob/2.jpg 1 tall", "bob/3.jpg 1 tall",
		"cyd/only.jpg 2 small"}
	if !slices.Equal(got, want) || test.people != 3 || test.Name != "photos" {
		t.Errorf("%q, %d people of %s", got, test.people, test.Name)
	}
	if got := keys(test.told); got != "evaluate.note_beside 1; evaluate.note_empty 1" {
		t.Errorf("notes %s", got)
	}
}

func TestPartOfASplit(t *testing.T) {
	dir := family(t)
	test, err := People(filepath.Join(dir, "photos"), PeopleOptions{Split: filepath.Join(dir, "split.tsv"), Part: "check"})
	if err != nil {
		t.Fatal(err)
	}
	if len(test.files) != 4 || test.people != 2 || test.Part != "check" {
		t.Errorf("%+v", test)
	}
	_, err = People(filepath.Join(dir, "photos"), PeopleOptions{Split: filepath.Join(dir, "split.tsv"), Part: "chekc"})
	if text := wantProblem(t, err, "evaluate.no_part"); !strings.Contains(text, "check, fit") {
		t.Errorf("it says %q", text)
	}
}

func TestWrongFoldersAreTold(t *testing.T) {
	dir := folder(t, map[string]string{
		"photos/ann/1.jpg": "1", "flat/1.jpg": "1", "others.csv": "person,group\nzoe,x\n",
		"twice.csv": "person,group\nann,x\nann,x\nann,y\n",
	})
	for key, c := range map[string]struct {
		folder string
		o      PeopleOptions
	}{
		"evaluate.folder_missing":    {"none", PeopleOptions{}},
		"evaluate.folder_unreadable": {"others.csv", PeopleOptions{}},
		"evaluate.no_people":         {"flat", PeopleOptions{}},
		"evaluate.no_groups":         {"photos", PeopleOptions{Groups: filepath.Join(dir, "others.csv")}},
		"evaluate.person_twice":      {"photos", PeopleOptions{Groups: filepath.Join(dir, "twice.csv")}},
		"evaluate.list_missing":      {"photos", PeopleOptions{Split: filepath.Join(dir, "none"), Part: "x"}},
	} {
		_, err := People(filepath.Join(dir, c.folder), c.o)
		wantProblem(t, err, key)
	}
}

func TestTooManyPeopleAreRefusedAtOnce(t *testing.T) {
	dir := folder(t, map[string]string{"ann/1.jpg": "1"})
	for i := range 14200 {
		// Links are enough: nothing is opened.
		if err := os.Symlink("1.jpg", filepath.Join(dir, "ann", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	_, err := People(dir, PeopleOptions{})
	if text := wantProblem(t, err, "evaluate.too_many"); !strings.Contains(text, "14201") {
		t.Errorf("it says %q", text)
	}
}

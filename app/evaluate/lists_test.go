package evaluate

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestListsOfManyWriters(t *testing.T) {
	for name, list := range map[string]string{
		"commas":         "file_a,file_b,same,group\na.jpg,b.jpg,yes,old\na.jpg,c.jpg,no,\n",
		"tabs":           "file_a\tfile_b\tsame\tgroup\na.jpg\tb.jpg\ttrue\told\na.jpg\tc.jpg\tfalse\t\n",
		"semicolons":     "file_a;file_b;same;group\r\na.jpg;b.jpg;1;old\r\na.jpg;c.jpg;0;\r\n",
		"mark and case":  "\ufeffSame , FILE_B,File_A,remark,Group\nYES,b.jpg,a.jpg,\"so, so\",old\nNo,./c.jpg,a.jpg,,",
		"short last row": "file_a,file_b,same,group\n\na.jpg,b.jpg,yes,old\na.jpg,sub/../c.jpg,no\n",
		"quotes in tabs": "file_a\tfile_b\tsame\tgroup\tremark\na.jpg\tb.jpg\ttrue\told\t6\" wide\na.jpg\tc.jpg\tfalse\t\t\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"list": list, "a.jpg": "1", "b.jpg": "2", "c.jpg": "3"})
			test, err := Pairs(filepath.Join(dir, "list"))
			if err != nil {
				t.Fatal(err)
			}
			if len(test.files) != 3 || len(test.pairs) != 2 || len(test.groups) != 1 || test.groups[0] != "old" {
				t.Fatalf("%+v", test)
			}
			if p := test.pairs; !p[0].same || p[1].same || p[0].group != 0 || p[1].group != noGroup {
				t.Errorf("pairs %+v", p)
			}
			if test.files[0].path != filepath.Join(dir, "a.jpg") && test.files[1].path != filepath.Join(dir, "a.jpg") {
				t.Errorf("files %+v", test.files)
			}
		})
	}
}

func TestWrongListsAreTold(t *testing.T) {
	head := "file_a,file_b,same\n"
	for name, c := range map[string]struct{ list, key, says string }{
		"nothing":      {"", "evaluate.empty", "no rows"},
		"head only":    {head, "evaluate.empty", "no rows"},
		"no column":    {"file_a,file_c,same\na.jpg,b.jpg,yes\n", "evaluate.no_column", "file_b"},
		"column twice": {"file_a,file_b,same,same\na.jpg,b.jpg,yes,no\n", "evaluate.column_twice", "same"},
		"wrong word": {head + "a.jpg,b.jpg,yes\n\na.jpg,c.jpg,maybe\n", "evaluate.bad_same",
			"Line 4 of the list has the word maybe"},
		"no word": {head + "a.jpg,b.jpg,\n", "evaluate.no_value",
			"Line 2 of the list has nothing in the column same"},
		"row too short": {head + "a.jpg\n", "evaluate.no_value", "Line 2"},
		"open quote":    {head + "a.jpg,b.jpg,yes\n\"a.jpg,c.jpg,yes\n", "evaluate.bad_table", "cannot be read"},
		"missing file": {head + "a.jpg,b.jpg,yes\na.jpg,d.jpg,no\n", "evaluate.files_missing",
			"Line 3 of the list names a file that is not there: d.jpg"},
		"missing files": {head + "e.jpg,b.jpg,yes\ne.jpg,d.jpg,no\n", "evaluate.files_missing",
			"2 files of the list are not there, the first in line 2: e.jpg"},
		"folder as file": {head + "a.jpg,.,yes\n", "evaluate.files_missing", "line 2"},
		"contradiction": {head + "a.jpg,b.jpg,yes\na.jpg,c.jpg,no\nb.jpg,a.jpg,no\n", "evaluate.contradiction",
			"Lines 2 and 4"},
		"not text":        {"f\x00i\x00l\x00e\x00", "evaluate.not_text", "UTF-8"},
		"Latin-1 in cell": {head + "caf\xe9.jpg,b.jpg,yes\n", "evaluate.not_text", "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"list": c.list, "a.jpg": "1", "b.jpg": "2", "c.jpg": "3"})
			_, err := Pairs(filepath.Join(dir, "list"))
			if text := wantProblem(t, err, c.key); !strings.Contains(strings.ToLower(text), strings.ToLower(c.says)) {
				t.Errorf("it says %q", text)
			}
			if strings.Contains(err.Error(), ".jpg") {
				t.Errorf("the log would hold a name: %v", err)
			}
		})
	}
	_, err := Pairs(filepath.Join(t.TempDir(), "none.csv"))
	wantProblem(t, err, "evaluate.list_missing")
	_, err = Checks(t.TempDir())
	wantProblem(t, err, "evaluate.list_no_file")
}

func TestRowsThatSayNothingAreLeftOut(t *testing.T) {
	dir := folder(t, map[string]string{
		"list":  "file_a,file_b,same\na.jpg,b.jpg,yes\na.jpg,./a.jpg,yes\nb.jpg,a.jpg,yes\na.jpg,c.jpg,no\n",
		"a.jpg": "1", "b.jpg": "1.1", "c.jpg": "3",
	})
	test, err := Pairs(filepath.Join(dir, "list"))
	if err != nil {
		t.Fatal(err)
	}
	if got := keys(test.told); len(test.pairs) != 2 || got != "evaluate.note_self 1; evaluate.note_repeated 1" {
		t.Errorf("%d pairs, notes %s", len(test.pairs), got)
	}
	if d := test.details; len(d) != 2 || d[0].Line != 3 || d[1].Line != 4 || d[1].What.Params["First"] != 2 {
		t.Errorf("details %+v", d)
	}
}

// One file may be both document and clip of a check: two different looks.
func TestOneFileAsDocumentAndClip(t *testing.T) {
	dir := folder(t, map[string]string{"list": "document,video,same\na,a,yes\na,b,no\n", "a": "1", "b": "2"})
	test, err := Checks(filepath.Join(dir, "list"))
	if err != nil {
		t.Fatal(err)
	}
	if len(test.files) != 3 || len(test.pairs) != 2 || test.files[0].clip || !test.files[1].clip {
		t.Errorf("%+v", test)
	}
}

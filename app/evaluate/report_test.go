package evaluate

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// reports are of each kind: with groups, with failures, with an impossible name.
func reports(t *testing.T) map[Kind]*Report {
	t.Helper()
	dir := family(t)
	people, err := People(filepath.Join(dir, "photos"), PeopleOptions{Groups: filepath.Join(dir, "groups.csv")})
	if err != nil {
		t.Fatal(err)
	}
	people.Name = `<script>alert("x")</script> & sons`
	people.groups[1] = "a group with a name so long that it does not fit into one line of eighty columns"
	return map[Kind]*Report{
		PairsTest: mustRun(t, known(t)), PeopleTest: mustRun(t, people), ChecksTest: mustRun(t, checks(t)),
		"of two networks": ofTwoNetworks(t), "of measured checks": ofMeasuredChecks(t),
	}
}

func ofTwoNetworks(t *testing.T) *Report {
	t.Helper()
	dir := crowd(t, 20)
	test, err := People(filepath.Join(dir, "crowd"), PeopleOptions{Groups: filepath.Join(dir, "groups.csv")})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), params(t, &duo{ruler: &ruler{}}), test, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ofMeasuredChecks(t *testing.T) *Report {
	t.Helper()
	r, err := Run(context.Background(), params(t, measured{&ruler{}}), square(t, 4), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestText(t *testing.T) {
	all := reports(t)
	for kind, r := range all {
		text := string(r.Text(english(t)))
		for _, line := range strings.Split(text, "\n") {
			if utf8.RuneCountInString(line) > textWidth || strings.TrimRight(line, " ") != line {
				t.Errorf("%s: %q", kind, line)
			}
		}
		if strings.Contains(text, "evaluate.") || strings.Contains(text, "no value>") || strings.Contains(text, "%!") {
			t.Errorf("%s: words are missing:\n%s", kind, text)
		}
		if !strings.Contains(text, "An accuracy is that of the pictures it was measured on.") {
			t.Errorf("%s: it does not say what it is an accuracy of", kind)
		}
	}
	for kind, lines := range map[Kind][]string{
		PairsTest: {
			"  1e-2   0.5029  49.71  1.0 % (0.21–2.9), 3            19.0 % (11.8–28.1), 19",
			"  1e-3  no: fewer than 1 in 100 measured",
			"  Calibration      a straight line (its curve was not measured)",
		},
		ChecksTest: {
			"  Genuine             1        1        0              1",
			"  Condition: score >= 80, refer from 60",
			"  Clips            4 of 6 files show one usable face",
		},
		"of two networks": {
			"By group, with go-face alone",
			"    1e-4  no: fewer than 1 in 571 measured",
			"    a direction, not a rate: fewer than 3,000 impostor pairs",
		},
		"of measured checks": {"  60     about 1 stranger in 800"},
	} {
		for _, line := range lines {
			if text := string(all[kind].Text(english(t))); !strings.Contains(text, line+"\n") {
				t.Errorf("%s: no line %q in\n%s", kind, line, text)
			}
		}
	}
}

func TestHTML(t *testing.T) {
	for kind, r := range reports(t) {
		raw, err := r.HTML(english(t))
		if err != nil {
			t.Fatal(err)
		}
		page := string(raw)
		for part, in := range map[string]Kind{"with go-face alone": "of two networks",
			"about 1 stranger in 800": "of measured checks"} {
			if strings.Contains(page, part) != (kind == in) {
				t.Errorf("%s: %q", kind, part)
			}
		}
		for _, wrong := range []string{"evaluate.", "no value>", "<script", "%!", "http:", "https:", "src="} {
			if strings.Contains(strings.ReplaceAll(page, "http://www.w3.org/2000/svg", ""), wrong) {
				t.Errorf("%s: %q is in the page", kind, wrong)
			}
		}
		for _, right := range []string{"prefers-color-scheme", "<svg", `<th scope="row"`, "SHA-256 abab", "1.2.3",
			"2026-11-23 12:00 UTC"} {
			if !strings.Contains(page, right) {
				t.Errorf("%s: %q is not in the page", kind, right)
			}
		}
		balanced(t, raw)
		even(t, page)
	}
}

// balanced checks that the tags of a page are.
func balanced(t *testing.T, page []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tag := token.(type) {
		case xml.StartElement:
			open = append(open, tag.Name.Local)
		case xml.EndElement:
			if last := open[len(open)-1]; last != tag.Name.Local {
				t.Fatalf("</%s> closes <%s>", tag.Name.Local, last)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%v are left open", open)
	}
}

// even checks that the rows of each table are as long as its head, where no
// cell spans several.
func even(t *testing.T, page string) {
	t.Helper()
	cells := func(s string) int { return strings.Count(s, "<th ") + strings.Count(s, "<td") }
	tables := strings.Split(page, "<table>")[1:]
	if len(tables) < 4 {
		t.Errorf("%d tables", len(tables))
	}
	for _, table := range tables {
		table, _, _ = strings.Cut(table, "</table>")
		head, body, _ := strings.Cut(table, "</thead>")
		for _, row := range strings.Split(body, "<tr>")[1:] {
			if !strings.Contains(row, "span=") && cells(row) != cells(head) {
				t.Errorf("%d cells under %d:\n%s", cells(row), cells(head), row)
			}
		}
	}
}

func TestJSONKeepsItsKeys(t *testing.T) {
	for kind, r := range reports(t) {
		raw, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(raw, &got); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"format", "kind", "data", "made", "program", "engine", "pictures", "genuine", "impostor",
			"not_compared", "unread", "unit", "eer", "targets", "anchors", "groups", "scores", "decisions", "det", "histogram",
			"notes"} {
			if _, ok := got[key]; !ok {
				t.Errorf("%s: no key %s", kind, key)
			}
		}
		// No file and no person: "ann", "mine7", "d1" are in the tests' lists.
		for _, name := range []string{"ann", "bob", "mine7", "other7", "list\t", "only.jpg", "Details"} {
			if strings.Contains(string(raw), name) {
				t.Errorf("%s: %q stands in the report", kind, name)
			}
		}
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "report")
	if err := Prepare(dir); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "own.txt")
	if err := os.WriteFile(own, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Prepare(dir); err != nil { // again, into what is there
		t.Fatal(err)
	}
	if err := mustRun(t, known(t)).Write(dir, english(t)); err != nil {
		t.Fatal(err)
	}
	names, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range names {
		info, err := n.Info()
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
			t.Errorf("%s: %v, %v", n.Name(), info, err)
		}
		got = append(got, n.Name())
	}
	if all := strings.Join(got, " "); all != "det.svg own.txt report.html report.json scores.svg" {
		t.Errorf("the folder holds %s", all)
	}
	// A later test without impostors leaves no curve of the earlier one.
	one, err := People(folder(t, map[string]string{"ann/1": "0.1", "ann/2": "0.2"}), PeopleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := mustRun(t, one).Write(dir, english(t)); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "det.*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

func TestReportFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, Prepare(file), "evaluate.report_unwritten")
	wantProblem(t, Prepare(filepath.Join(file, "below")), "evaluate.report_unwritten")
}

func TestNumbersForPeople(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 1: "100", 0.326: "32.6", 0.0997: "10.0", 0.079: "7.9", 0.00997: "1.0", 0.0097: "0.97", 0.009975: "1.0",
		0.000123: "0.012", 0.00000067: "0.000067", 0.1: "10.0", 0.75: "75.0",
	} {
		if got := share(x); got != want {
			t.Errorf("%g: %s, want %s", x, got, want)
		}
	}
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 4460000: "4,460,000"} {
		if got := number(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	zero, two, high := 0.0, 12.3, 117.2
	for want, at := range map[string]GroupRate{"–": {}, "12×": {Ratio: &two}, "<117×": {Ratio: &zero, RatioHigh: &high}} {
		if got := times(at); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

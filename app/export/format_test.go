package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"facematch/app/history"
	"facematch/matcher"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	is, was := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(is), len(was)) {
		now, before := "(no line)", "(no line)"
		if i < len(is) {
			now = is[i]
		}
		if i < len(was) {
			before = was[i]
		}
		if now != before {
			t.Errorf("%s differs from line %d on. It is\n%s\nand was\n%s\n"+
				"Where that is meant: go test ./app/export -update, and look at the difference.", name, i+1, now, before)
			return
		}
	}
}

// odd are checks at the edges of the formats: nothing at all, and texts that
// CSV, JSON or a spreadsheet could take for something else.
func odd() []history.Detail {
	whole, running, remote := detail(3, 2), detail(0, 0), detail(3, 1)
	running.Finished, running.Decisions, running.Erasures, running.Score, running.Code = nil, nil, nil, nil, nil
	running.Outcome, running.Decision, running.Name, running.Sealed, running.Raw = history.Interrupted, "", "", true, nil
	running.RawErased = true
	remote.Mode, remote.Started.Mode = history.Remote, history.Remote
	remote.Name = "  =HYPERLINK(\"http://x\";\"a\")\r\nsecond \"line\""
	remote.Operator, remote.Desk = "-2+3", "Counter;=1+1,\t@x"
	remote.Decisions[0].Note = "\uff1dcmd|' /C calc'!A0"
	remote.Raw = []byte{0xff, 0xfe, 'x'}
	return []history.Detail{whole, running, remote}
}

func TestGoldenFiles(t *testing.T) {
	for _, names := range []bool{false, true} {
		suffix := map[bool]string{false: "", true: "-names"}[names]
		for _, format := range []string{CSV, JSONL} {
			golden(t, "checks"+suffix+"."+format, exported(t, format, about(names), odd()...))
			golden(t, "none"+suffix+"."+format, exported(t, format, about(names)))
		}
	}
}

// Conditions are judged by what the record says of the answer, its codes too; what
// else it gives as a reason stands beside them, and nothing stands there twice.
func TestRulings(t *testing.T) {
	code, anchor, score, yes := 2, 3, int64(7120), true
	rules := []matcher.Condition{
		{Field: "code", Op: "==", Pass: 0}, {Field: "anchor.code", Op: "==", Pass: 3},
		{Field: "target.code", Op: "==", Pass: 0},
		{Field: "score", Op: ">=", Pass: 80, Refer: new(float64)}, {Field: "min(percentages)", Op: ">=", Pass: 70},
		{Field: "result", Op: "==", Pass: 1},
	}
	answered := &history.Finished{Code: &code, AnchorCode: &anchor, Score: &score, Result: &yes,
		Percentages: []int64{7000, 7240},
		Failed:      []string{"code == 0 (was 2)", "len(percentages) >= 5 (was 2)"},
		FailedRefer: []string{"score >= 80 (was 71.20)", matcher.ReasonMinor}}
	type came struct {
		status matcher.Status
		text   string
		was    string
		ours   bool
	}
	for name, tt := range map[string]struct {
		d    history.Detail
		want []came
	}{
		"answered": {history.Detail{Row: history.Row{Mode: history.Offline}, Started: history.Started{Rules: rules},
			Finished: answered}, []came{
			{matcher.Fail, "code", "2", true}, {matcher.Pass, "anchor.code", "3", true},
			{matcher.Pass, "target.code", "0", true},
			{matcher.Refer, "score", "71.20", true}, {matcher.Pass, "min(percentages)", "70.00", true},
			{matcher.Pass, "result", "1", true},
			{matcher.Fail, "len(percentages) >= 5 (was 2)", "", false}, {matcher.Refer, matcher.ReasonMinor, "", false},
		}},
		"not asked": {history.Detail{Row: history.Row{Mode: history.Offline}, Started: history.Started{Rules: rules[:1]},
			Finished: &history.Finished{Problem: "clip.damaged"}}, []came{{"", "code", "", true}}},
		"running": {history.Detail{Row: history.Row{Mode: history.Offline}, Started: history.Started{Rules: rules[:1]}},
			[]came{{"", "code", "", true}}},
		"by the API": {history.Detail{Row: history.Row{Mode: history.Remote}, Started: history.Started{Rules: rules},
			Finished: answered}, []came{
			{matcher.Fail, "code == 0 (was 2)", "", false}, {matcher.Fail, "len(percentages) >= 5 (was 2)", "", false},
			{matcher.Refer, "score >= 80 (was 71.20)", "", false}, {matcher.Refer, matcher.ReasonMinor, "", false},
		}},
	} {
		var got []came
		for _, r := range Rulings(tt.d) {
			got = append(got, came{r.Status, r.Text, r.Was, r.Rule != nil})
			if r.Rule != nil && r.Rule.Field != r.Text {
				t.Errorf("%s: %s is said to be the condition %+v", name, r.Text, r.Rule)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n%+v, want\n%+v", name, got, tt.want)
		}
	}
}

// What a strict reader gets back is what was written.
func TestCSVIsRead(t *testing.T) {
	data := exported(t, CSV, about(true), odd()...)
	if bytes.Contains(bytes.ReplaceAll(data, []byte("\r\n"), nil), []byte("\n")) {
		t.Error("a line ends without a carriage return")
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	at := func(row int, name string) string {
		for i, n := range rows[0] {
			if n == name {
				return rows[row][i]
			}
		}
		t.Fatalf("no column %s", name)
		return ""
	}
	for name, want := range map[string]string{
		"name": "  '=HYPERLINK(\"http://x\";\"a\")\nsecond \"line\"", "operator": "'-2+3", "desk": "Counter;'=1+1,\t'@x",
		"note":  "'\uff1dcmd|' /C calc'!A0",
		"score": "71.20", "mode": "remote",
	} {
		if got := at(3, name); got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	if at(2, "name_state") != "sealed" || at(2, "score") != "" || at(2, "code") != "" ||
		at(2, "outcome") != "interrupted" {
		t.Errorf("%q", rows[2])
	}
}

// Without names nothing that is sealed leaves, in any format, wherever it stands.
func TestNamesStayIn(t *testing.T) {
	d := detail(4, 3)
	whole, err := json.Marshal(Whole(d, false))
	if err != nil {
		t.Fatal(err)
	}
	for what, data := range map[string][]byte{
		"csv": exported(t, CSV, about(false), d), "jsonl": exported(t, JSONL, about(false), d), "json": whole,
	} {
		if i := bytes.Index(data, []byte("Sekrit")); i >= 0 {
			t.Errorf("%s leaks %s", what, data[i:min(len(data), i+30)])
		}
	}
	for what, checks := range map[string][]history.Detail{"report": {d}, "selection": {d, d}} {
		if text := textOf(t, exported(t, PDF, about(false), checks...)); strings.Contains(text, "Sekrit") {
			t.Errorf("%s leaks:\n%s", what, text)
		}
	}
	// With names they are there, so that the search above can find something.
	for _, format := range []string{CSV, JSONL} {
		if data := exported(t, format, about(true), d); !bytes.Contains(data, []byte(secret("name"))) ||
			!bytes.Contains(data, []byte(secret("note"))) {
			t.Errorf("%s: %s", format, data)
		}
	}
	if data := exported(t, JSONL, about(true), d); !bytes.Contains(data, []byte(secret("raw"))) ||
		bytes.Contains(data, []byte(secret("document"))) {
		t.Errorf("%s", data)
	}
}

func FuzzCSVSafe(f *testing.F) {
	for _, s := range []string{"", "Ada", "=1", " =1", "\t=1", "＝1", "a;=1", "a\n@x", "-", "--", "'=1", "\ufeff=1",
		"\u200b+1", "a,\"=1\"", "\xff=1", "x=1", "\u00a0\u3000−1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		safe := CSVSafe(s)
		if !utf8.ValidString(safe) {
			t.Fatalf("%q is no UTF-8", safe)
		}
		if strings.ReplaceAll(safe, "'", "") != strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "'", "") {
			t.Errorf("%q became %q", s, safe)
		}
		// However it is split into cells, none begins a formula.
		cells := strings.FieldsFunc(safe, func(r rune) bool { return strings.ContainsRune(",;|\t\r\n\"", r) })
		for _, cell := range append(cells, safe) {
			cell = strings.TrimLeftFunc(cell,
				func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
			if cell != "" && strings.ContainsAny(firstRune(cell), "=+-@＝＋－＠") {
				t.Errorf("%q of %q begins a formula", cell, safe)
			}
		}
	})
}

func firstRune(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n]
}

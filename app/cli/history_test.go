package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app"
	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/assets/translations"
	"facematch/matcher"
)

func (p *parts) openOther(_ context.Context, path string) (app.Records, error) {
	p.opened = path
	return p.other, p.otherErr
}

const sekrit = "Sekrit Person"

func oneCheck() history.Detail {
	score := int64(7120)
	d := history.Detail{Row: history.Row{
		Seq: 1, Check: "chk_0f8b2c1e-7a4d-4f7e-9c39-2b1d5a6e8f01", Session: "sess_1", At: time.Unix(1e9, 0), Name: sekrit,
		Mode: history.Offline, Outcome: history.Refer, Score: &score, Decision: history.Rejected, Operator: "anna\x1b[31m",
		Desk: "Counter 1",
	}, Seqs: []int64{1, 2}, Raw: []byte(sekrit + "\nsecond line"), Head: history.Head{Seq: 5, Hash: "abcdef"}}
	d.Started = history.Started{Program: "1.2.3", Rules: []matcher.Condition{{Field: "score", Op: ">=", Pass: 80}}}
	expired := true
	d.Fields = history.Fields{Name: sekrit, Birth: "1974-08-12", Nationality: "UTO", Number: "L898902C3"}
	d.Finished = &history.Finished{MRZ: &history.MRZ{Type: "TD3", DigitsHold: true, Expired: &expired},
		FailedRefer: []string{"score >= 80 (was 71.20)"}, Percentages: []int64{7120}, Code: new(int), Score: &score,
		Took: time.Second, Raw: d.Raw}
	d.Decisions = []history.Decided{{At: time.Unix(1e9+60, 0), Seq: 3, Decision: history.Decision{
		Actor: history.Actor{Operator: "bert"}, Choice: history.Reject, Reason: "other", Note: sekrit, Second: "carla",
	}}}
	d.Inspection = history.InspectionObjection
	d.Inspected = []history.Inspected{{At: time.Unix(1e9+30, 0), Seq: 4, Inspection: history.Inspection{
		Actor: history.Actor{Operator: "dora"}, State: history.InspectionObjection, Reason: "not_live", Note: sekrit,
		Points: []history.InspectedPoint{{Point: "person", Answer: history.InspectionNo}},
	}}}
	return d
}

func TestFilterFlags(t *testing.T) {
	least, most := int64(6050), int64(10000)
	midnight := time.Date(2026, 11, 1, 0, 0, 0, 0, time.Local)
	for _, tt := range []struct {
		args  []string
		stdin string
		want  history.Filter
	}{
		{nil, "", history.Filter{Sort: history.Newest}},
		{[]string{"--from", "2026-11-01", "--to", "2026-11-01"}, "",
			history.Filter{From: midnight, To: midnight.AddDate(0, 0, 1), Sort: history.Newest}},
		{[]string{"--from", "2026-11-01T14:30", "--to", "2026-11-02T00:00:00+00:00"}, "",
			history.Filter{From: midnight.Add(14*time.Hour + 30*time.Minute), To: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),
				Sort: history.Newest}},
		{[]string{"--outcome", "pass,not-compared", "--outcome", "could not run", "--decision", "open", "--inspection",
			"objection,none", "--mode", "remote"}, "", history.Filter{
			Outcomes:    []history.Outcome{history.Pass, history.NotCompared, history.CouldNotRun},
			Decisions:   []history.DecisionState{history.Undecided},
			Inspections: []history.InspectionState{history.InspectionObjection, history.NotInspected},
			Modes:       []history.Mode{history.Remote}, Sort: history.Newest}},
		{[]string{"--operator-name", "Ada, the first", "--operator-name", "Bert", "--desk", "Counter 1", "--code", "0,2"}, "",
			history.Filter{Operators: []string{"Ada, the first", "Bert"}, Desks: []string{"Counter 1"}, Codes: []int{0, 2},
				Sort: history.Newest}},
		{[]string{"--score-from", "60.5", "--score-to", "100", "--sort", "lowest"}, "",
			history.Filter{LeastScore: &least, MostScore: &most, Sort: history.Lowest}},
		{[]string{"--name", "-"}, " Ada Love\n", history.Filter{Words: "Ada Love", Sort: history.Newest}},
		{[]string{"--reference", "-"}, "2026/17\n", history.Filter{Reference: "2026/17", Sort: history.Newest}},
		{[]string{"--name", "-", "--reference", "-"}, "Ada Love\n 2026/17 \n",
			history.Filter{Words: "Ada Love", Reference: "2026/17", Sort: history.Newest}},
		{[]string{"--name", "Ada", "--reference", "-"}, "2026/17",
			history.Filter{Words: "Ada", Reference: "2026/17", Sort: history.Newest}},
		{[]string{"--name", "Ada", "--session", "sess_123", "--check", "chk_1234", "--request", "req_1234"}, "",
			history.Filter{Words: "Ada", Session: "sess_123", Check: "chk_1234", Request: "req_1234", Sort: history.Newest}},
		{[]string{"--document-number", "L898902C3"}, "", history.Filter{Number: "L898902C3", Sort: history.Newest}},
		{[]string{"--name", "-", "--document-number", "-"}, "Ada Love\nL898902C3\n",
			history.Filter{Words: "Ada Love", Number: "L898902C3", Sort: history.Newest}},
	} {
		p := &parts{}
		code, _, errs := run(t, p, tt.stdin,
			append([]string{"history", "export", "--format", "csv", "--out", "-"}, tt.args...)...)
		if code != 0 || len(p.Filters) != 2 {
			t.Fatalf("%q: exit %d, %s", tt.args, code, errs)
		}
		got := p.Filters[1]
		if !got.From.Equal(tt.want.From) || !got.To.Equal(tt.want.To) {
			t.Errorf("%q: from %v to %v", tt.args, got.From, got.To)
		}
		got.From, got.To, tt.want.From, tt.want.To = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		if len(got.Operators) == 0 {
			got.Operators = nil
		}
		if len(got.Desks) == 0 {
			got.Desks = nil
		}
		if len(got.Codes) == 0 {
			got.Codes = nil
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q:\n%+v\n%+v", tt.args, got, tt.want)
		}
	}
}

func TestLast(t *testing.T) {
	now := time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"today": time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC), "12h": now.Add(-12 * time.Hour), "7d": now.AddDate(0, 0, -7),
		"2w": now.AddDate(0, 0, -14),
	} {
		if got, ok := since(text, now); !ok || !got.Equal(want) {
			t.Errorf("%s: %v %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "d", "0d", "-1d", "1y", "1.5d", "999999999999h", "yesterday"} {
		if _, ok := since(text, now); ok {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestWrongHistoryUsage(t *testing.T) {
	for _, args := range []string{
		"list --from yesterday", "list --from 2026-11-02 --to 2026-11-01", "list --last week",
		"list --last 7d --from 2026-11-01",
		"list --outcome passed", "list --decision maybe", "list --mode ask", "list --score-from 101",
		"list --score-from 60.001",
		"list --score-from NaN", "list --score-from 70 --score-to 60", "list --session sess_1", "list --sort best",
		"list --code x", "list --name -",
		"list --before 3 --sort oldest", "list --before 3 --after chk_12345", "list --limit -1",
		"show", "show chk_1", "show chk_12345 extra", "show chk_12345 --format csv",
		"export", "export --format csv", "export --out x", "export --format xml --out x", "export --format pdf --out -",
		"export --format csv --out x extra", "export --format csv --out x --limit -1", "verify --db",
	} {
		p := &parts{}
		if code, out, errs := run(t, p, "", append([]string{"history"}, strings.Fields(args)...)...); code != ExitUsage ||
			out != "" || !strings.Contains(errs, "--help") {
			t.Errorf("%s: exit %d\n%s%s", args, code, out, errs)
		}
	}
}

func TestShow(t *testing.T) {
	d := oneCheck()
	p := &parts{History: apptest.History{Rows: []history.Row{d.Row}, Details: []history.Detail{d}, NewestHead: d.Head}}
	for _, names := range []bool{false, true} {
		args := []string{"history", "show", "chk_0f8b"}
		if names {
			args = append(args, "--names")
		}
		code, out, errs := run(t, p, "", args...)
		if code != 0 || strings.Contains(out, "\x1b") {
			t.Fatalf("exit %d\n%s%s", code, out, errs)
		}
		for _, want := range []string{"REFER: score 71.20 of 100", "score >= 80, was 71.20: not held", "reject",
			"carla (not verified)", "Objection", "A live person stands here: No", "It is not a live person", "record 5 of",
			d.Check, "(TD3) whose check digits hold", "it had expired"} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is missing in\n%s", want, out)
			}
		}
		for _, personal := range []string{"1974-08-12", "UTO", "L898902C3"} {
			if strings.Contains(out, personal) != names {
				t.Errorf("names %v, and %s:\n%s", names, personal, out)
			}
		}
		if strings.Contains(out, sekrit) != names || strings.Contains(out, "second line") != names {
			t.Errorf("names %v:\n%s", names, out)
		}
		code, out, _ = run(t, p, "", append(args, "--format", "json")...)
		var got map[string]any
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || got["check"] != d.Check ||
			strings.Contains(out, sekrit) != names {
			t.Errorf("names %v: exit %d, %v\n%s", names, code, err, out)
		}
	}
	if code, _, errs := run(t, &parts{}, "", "history", "show", "chk_12345"); code != ExitCouldNotRun ||
		!strings.Contains(errs, "There is no such check") {
		t.Errorf("exit %d, %s", code, errs)
	}
	two := &parts{History: apptest.History{Rows: []history.Row{{Check: "chk_11111"}, {Check: "chk_11112"}}}}
	if code, _, _ := run(t, two, "", "history", "show", "chk_1111"); code != ExitUsage {
		t.Errorf("exit %d", code)
	}
}

func TestExportCommand(t *testing.T) {
	d := oneCheck()
	p := &parts{History: apptest.History{Details: []history.Detail{d}, NewestHead: d.Head}}
	file := filepath.Join(t.TempDir(), "out.csv")
	code, out, errs := run(t, p, "", "history", "export", "--format", "csv", "--out", file, "--outcome", "refer")
	if code != 0 || out != "" || !strings.Contains(errs, "One check was exported") || len(p.Exports) != 1 ||
		!strings.Contains(errs, p.Exports[0].SHA256) {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), d.Check) ||
		strings.Contains(string(data), sekrit) {
		t.Errorf("%s %v", data, err)
	}
	if code, _, errs = run(t, p, "", "history", "export", "--format", "csv", "--out", file); code != ExitCouldNotRun ||
		!strings.Contains(errs, "is there already") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, _, errs = run(t, p, "", "history", "export", "--format", "csv", "--out", file, "--overwrite",
		"--names"); code != 0 {
		t.Errorf("exit %d, %s", code, errs)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), sekrit) ||
		!strings.HasPrefix(string(data), "\uFEFFseq,") {
		t.Errorf("%s %v", data, err)
	}
	if code, _, errs = run(t, p, "", "history", "export", "--format", "csv", "--out", file, "--overwrite",
		"--no-bom"); code != 0 {
		t.Errorf("exit %d, %s", code, errs)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), "seq,") {
		t.Errorf("without a mark: %s %v", data, err)
	}
	for _, args := range [][]string{{}, {"--no-bom"}, {"--names"}} {
		args = append([]string{"history", "export", "--format", "csv", "--out", "-"}, args...)
		if code, out, errs := run(t, p, "", args...); code != 0 || !strings.HasPrefix(out, "seq,") {
			t.Errorf("%q: exit %d, %s%s", args, code, out, errs)
		}
	}
	code, out, _ = run(t, p, "", "history", "export", "--format", "jsonl", "--out", "-")
	if code != 0 || strings.Count(out, "\n") != 2 || !strings.Contains(out, `"facematch_export"`) {
		t.Errorf("exit %d, %s", code, out)
	}
}

func TestAnotherHistory(t *testing.T) {
	d := oneCheck()
	other := &apptest.History{Rows: []history.Row{d.Row}, Details: []history.Detail{d}, NewestHead: d.Head,
		Verdict: history.Verdict{Intact: true, Records: 4}, Database: "another"}
	p := &parts{other: other}
	file := filepath.Join(t.TempDir(), "out.jsonl")
	for _, args := range []string{"list", "show chk_0f8b", "verify", "export --format jsonl --out " + file} {
		p.opened = ""
		code, _, errs := run(t, p, "", append(append([]string{"history"}, strings.Fields(args)...), "--db", "there.db")...)
		if code != 0 || p.opened != "there.db" {
			t.Errorf("%s: exit %d, %s", args, code, errs)
		}
	}
	if len(other.Exports) != 0 || len(p.Exports) != 1 || p.Exports[0].Database != "another" {
		t.Errorf("%+v", p.Exports)
	}
	// A computer without a history of its own may look at others'.
	p.historyErr = matcher.NewProblem("store.missing", nil)
	if code, out, _ := run(t, p, "", "history", "list", "--db", "there.db"); code != 0 || !strings.Contains(out, d.Check) {
		t.Errorf("exit %d, %s", code, out)
	}
	p.historyErr, p.otherErr = nil, matcher.NewProblem("store.older", nil)
	for _, args := range []string{"list", "show chk_0f8b", "verify", "export --format jsonl --out " + file + "2"} {
		code, _, errs := run(t, p, "", append(append([]string{"history"}, strings.Fields(args)...), "--db", "there.db")...)
		if code != ExitCouldNotRun || !strings.Contains(errs, "of an older form") {
			t.Errorf("%s: exit %d, %s", args, code, errs)
		}
	}
}

// Every field of a check's records is shown, but for these.
func TestShowShowsEveryField(t *testing.T) {
	words, err := translations.New("en")
	if err != nil {
		t.Fatal(err)
	}
	unshown := apptest.Unshown(func(d history.Detail) string {
		var b strings.Builder
		(&sheet{c: &commands{Params: Params{Words: words}}, to: &b, names: true}).detail(d)
		return b.String()
	})
	if want := []string{
		"Started.Instance", "Started.Inspection", "Started.Audit.SHA256", "Started.RequestDigest", "Finished.Check",
		"Finished.Session",
		"Finished.Quality.Portrait", "Finished.Quality.PortraitEyes", "Finished.Quality.FramesEyes",
		"Finished.Remote.Reached", "Finished.Remote.Answered", "Finished.Remote.Refused", "Finished.Remote.Clip",
		"Finished.Remote.Absent", "Finished.Document", "Finished.Frame",
	}; !slices.Equal(unshown, want) {
		t.Errorf("not shown:\n%q\nexpected:\n%q", unshown, want)
	}
}

func TestSubjectCommand(t *testing.T) {
	d := oneCheck()
	d.Session = "sess_00000000-0000-4000-8000-000000000001"
	d.Document = []byte("a picture")
	whole := &parts{History: apptest.History{Rows: []history.Row{d.Row}, Details: []history.Detail{d}, NewestHead: d.Head}}
	out := filepath.Join(t.TempDir(), "person")
	for _, format := range []string{"json", "pdf"} {
		code, text, errs := run(t, whole, sekrit+"\n", "history", "subject", "--name", "-", "--format", format, "--out",
			out+"."+format)
		if code != 0 || text != "" || !strings.Contains(errs, "Signed with the key SHA256:") {
			t.Fatalf("%s: exit %d, %s, %s", format, code, text, errs)
		}
		for _, ending := range []string{"", ".sha256", ".sig"} {
			if _, err := os.Stat(out + "." + format + ending); err != nil {
				t.Error(err)
			}
		}
	}
	data, err := os.ReadFile(out + ".json")
	var report struct {
		Checks []struct {
			Name     string
			Answer   string
			Document []byte `json:"document_jpeg"`
		}
	}
	if err == nil {
		err = json.Unmarshal(data, &report)
	}
	if err != nil || len(report.Checks) != 1 || report.Checks[0].Name != sekrit ||
		string(report.Checks[0].Document) != "a picture" {
		t.Errorf("%v: %s", err, data)
	}
	if last := whole.Exports[len(whole.Exports)-1]; strings.Contains(last.Filter, sekrit) || !last.Names ||
		last.Signer == "" {
		t.Errorf("recorded: %+v", last)
	}

	// Without a file the sessions are listed, without names.
	code, text, errs := run(t, whole, "", "history", "subject", "--session", d.Session)
	if code != 0 || !strings.Contains(text, d.Session) || strings.Contains(text, sekrit) {
		t.Errorf("exit %d, %s, %s", code, text, errs)
	}
	// What is erased, and what a hold keeps.
	code, text, errs = run(t, whole, "", "history", "subject", "--session", d.Session, "--erase", "--yes")
	if code != 0 || len(whole.Erasures) != 1 || !strings.Contains(text, "One session is erased.") {
		t.Errorf("exit %d, %s, %s", code, text, errs)
	}
	whole.Refuse = matcher.NewProblem(history.KeySessionHeld, nil)
	code, _, errs = run(t, whole, "", "history", "subject", "--session", d.Session, "--erase", "--yes")
	if code != ExitCouldNotRun || !strings.Contains(errs, d.Session) || !strings.Contains(errs, "legal hold") {
		t.Errorf("exit %d, %s", code, errs)
	}
	for _, args := range [][]string{
		{}, {"--session", "sess_1"}, {"--session", d.Session, "--format", "pdf"}, {"--session", d.Session, "--out", "x"},
		{"--session", d.Session, "--format", "csv", "--out", "x"},
	} {
		if code, _, _ := run(t, &parts{}, "", append([]string{"history", "subject"}, args...)...); code != ExitUsage {
			t.Errorf("%v: exit %d", args, code)
		}
	}
	if code, _, errs := run(t, &parts{}, "", "history", "subject", "--session", d.Session); code != ExitCouldNotRun ||
		!strings.Contains(errs, "no session of this person") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestHoldCommand(t *testing.T) {
	const session = "sess_00000000-0000-4000-8000-000000000001"
	p := &parts{}
	if code, out, errs := run(t, p, "case 7\n", "history", "hold", "add", "--session", session, "--why", "-"); code != 0 ||
		!strings.Contains(out, "on hold") {
		t.Fatalf("exit %d, %s%s", code, out, errs)
	}
	if code, out, _ := run(t, p, "", "history", "hold", "list"); code != 0 || !strings.Contains(out, session) ||
		!strings.Contains(out, "case 7") {
		t.Errorf("exit %d, %s", code, out)
	}
	if code, _, _ := run(t, p, "over", "history", "hold", "lift", "--session", session, "--why", "-"); code != 0 ||
		len(p.OnHold) != 2 || p.OnHold[1].Held {
		t.Errorf("exit %d, %+v", code, p.OnHold)
	}
	for _, args := range [][]string{{}, {"add"}, {"add", "--session", session},
		{"add", "--session", session, "--why", "case 7"}, {"lift", "--session", "x", "--why", "-"}} {
		if code, _, _ := run(t, &parts{}, "", append([]string{"history", "hold"}, args...)...); code != ExitUsage {
			t.Errorf("%v: exit %d", args, code)
		}
	}
}

func TestSignerCommand(t *testing.T) {
	code, out, errs := run(t, &parts{}, "", "history", "signer")
	if code != 0 || !strings.HasPrefix(out, `facematch namespaces="facematch-export" ssh-ed25519 AAAA`) ||
		!strings.Contains(errs, "SHA256:") {
		t.Errorf("exit %d, %s%s", code, out, errs)
	}
	none := &parts{History: apptest.History{NoKey: matcher.NewProblem(history.KeyNoKey, nil)}}
	if code, _, errs := run(t, none, "", "history", "signer", "--format", "json"); code != ExitCouldNotRun ||
		!strings.Contains(errs, "no key yet") {
		t.Errorf("exit %d, %s", code, errs)
	}
	// Without the key the export goes out, and says that it is not signed.
	file := filepath.Join(t.TempDir(), "x.csv")
	code, _, errs = run(t, none, "", "history", "export", "--format", "csv", "--out", file)
	if _, err := os.Stat(file + ".sig"); code != 0 || !os.IsNotExist(err) || !strings.Contains(errs, "Not signed.") {
		t.Errorf("exit %d, %s, %v", code, errs, err)
	}
}

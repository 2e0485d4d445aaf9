package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest"
	"facematch/app/apptest/need"
	"facematch/app/export/paper"
	"facematch/app/history"
	"facematch/assets/translations"
	"facematch/matcher"
)

func english(t testing.TB) Words {
	t.Helper()
	words, err := translations.New("en")
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func exported(t testing.TB, format string, a About, checks ...history.Detail) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := New(format, &b, a, english(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range checks {
		if err := w.Check(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(head); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// textOf is what can be read in a PDF.
func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		need.Missing(t, "pdftotext (Debian: poppler-utils) is not installed")
	}
	file := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func contains(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in\n%s", w, text)
		}
	}
}

// dump writes the PDFs a person looks at, where FACEMATCH_LOOK names a folder.
func dump(t *testing.T, name string, pdf []byte) {
	t.Helper()
	if dir := os.Getenv("FACEMATCH_LOOK"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReportOfOneCheck(t *testing.T) {
	d := detail(8, 2)
	d.Name = "Ada Lovelace"
	pdf := exported(t, PDF, about(true), d)
	dump(t, "one.pdf", pdf)
	text := textOf(t, pdf)
	contains(t, text,
		"Report of one check", "REFER", "Score 71.20 of 100", "Decision: approved by bert", "The person is under 18.",
		"The document had expired.", "it had expired", "changed by the clerk", secret("name read"), secret("birth"),
		secret("nationality"), secret("number"), "The 8 compared frames", "62.37", "held for a referral only", "not held",
		"99.5", "a person of 18 or over (was under 18)",
		"Ada Lovelace", "anna (signed in)", "Counter 1", d.Check, d.Session, "req_1", "41, 42, 43, 44", "3.21 s",
		"carla (not", secret("note"), "The 2 attempts in this session", "this check", "chk_earlier", "NOT COMPARED",
		"Sharpness", "dlib_face_recognition_resnet_model_v1.dat",
		"55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
		"lfw-2026-10 (measured)", "retention period", "page 1 of 3", "page 3 of 3",
		"otto (auditor), desk Back office, Facematch Desk 1.2.4",
		"record 123", head.Hash, "Inspection by the clerk: Objection", "=the seal?: No", "Sekrit-inspection",
	)
}

// The digest a report prints is that of the same checks as JSON Lines, without
// the last line.
func TestDigestOfTheData(t *testing.T) {
	for _, names := range []bool{false, true} {
		for _, checks := range [][]history.Detail{{detail(8, 2)}, many(5)} {
			lines := exported(t, JSONL, about(names), checks...)
			lines = lines[:bytes.LastIndexByte(lines[:len(lines)-1], '\n')+1]
			sum := sha256.Sum256(lines)
			contains(t, textOf(t, exported(t, PDF, about(names), checks...)), hex.EncodeToString(sum[:]))
		}
	}
}

// What can be long is: the name, the frames, the decisions and their notes.
func TestReportOfALongCheck(t *testing.T) {
	d := detail(64, 12)
	d.Name = strings.Repeat("Wolfeschlegelsteinhausenbergerdorff-", 6) + " محمد بن موسى 王小明 Пушкин e\u0301 😀\u202e"
	for i := range d.Decisions {
		d.Decisions[i].Note = many(17)[i].Name + " and a longer note that goes on for a while, to be broken at the cell's end"
	}
	d.Decisions[11].Note = strings.Repeat("a note longer than a page ", 200) + "END"
	pdf := exported(t, PDF, about(true), d)
	dump(t, "long.pdf", pdf)
	text := textOf(t, pdf)
	contains(t, text, "The 64 compared frames", "85.31", "محمد", "王小", "Пушкин", "[U+1F600]", "[U+202E]", "END",
		"are printed as their Unicode number")
	if n := strings.Count(text, "Wolfeschlegelsteinhausenbergerdorff"); n != 6 {
		t.Errorf("%d of 6 parts of the name are there", n)
	}
}

// A check of each kind of outcome, also with nothing known of it but that it
// began.
func TestReportOfEachOutcome(t *testing.T) {
	for _, o := range history.Outcomes {
		d := detail(3, 0)
		d.Outcome, d.Finished.Outcome = o, o
		switch o {
		case history.NotCompared:
			d.Score, d.Finished.Score, d.Finished.Percentages, d.Code = nil, nil, nil, ptr(1)
		case history.CouldNotRun:
			d.Score, d.Code, d.Finished = nil, nil, &history.Finished{Outcome: o, Problem: "check.timeout", Took: 1e9}
		case history.Interrupted, history.Running, history.Unknown, history.Cancelled:
			d.Score, d.Code, d.Finished = nil, nil, nil
		}
		pdf := exported(t, PDF, about(false), d)
		dump(t, "outcome-"+strings.ReplaceAll(string(o), " ", "-")+".pdf", pdf)
		text := textOf(t, pdf)
		contains(t, text, english(t).T("outcome."+strings.ReplaceAll(string(o), " ", "_")), "(left out of this report)")
		if d.Score == nil && strings.Contains(text, "0.00") {
			t.Errorf("%s: a score that is not there is shown as 0", o)
		}
	}
}

// A check the API decided: its conditions are its own, and the call is told.
func TestReportOfARemoteCheck(t *testing.T) {
	d := detail(1, 0)
	d.Mode, d.Started.Mode, d.Decision = history.Remote, history.Remote, history.Undecided
	d.Finished.Failed, d.Finished.FailedRefer = nil, []string{"face_quality >= 0.7 (was 0.65)"}
	d.Finished.Description = matcher.Description{Engine: "match-faces API"}
	d.Finished.Remote = &matcher.Exchange{
		Host: "api.example.com", Reached: true, Answered: true, Status: 200, RequestID: "req_1", Sent: 4_200_000,
		Size:    4_200_000,
		Connect: 120 * time.Millisecond, Send: 2 * time.Second, Wait: 950 * time.Millisecond,
	}
	pdf := exported(t, PDF, about(false), d)
	dump(t, "remote.pdf", pdf)
	text := textOf(t, pdf)
	contains(t, text, "Conditions of the API", "face_quality >= 0.7 (was 0.65)", "the match-faces API (remote)",
		"api.example.com",
		"HTTP status 200, 4200000 of 4200000 bytes sent", "connecting 0.12 s, sending 2.00 s, waiting 0.95 s",
		"Nobody has decided yet.", "The compared frame")
	if strings.Contains(text, "len(percentages)") {
		t.Error("our own conditions are shown, which were not asked")
	}
}

func TestReportOfASelection(t *testing.T) {
	checks := many(120)
	pdf := exported(t, PDF, about(true), checks...)
	dump(t, "selection.pdf", pdf)
	text := textOf(t, pdf)
	contains(t, text, "Report of a selection of checks", "outcome refer", "120", "12.5 %", "page 1 of ",
		"Ada Lovelace", "Müller-Łukasiewicz", "Сергеевич Пушкин", "الخوارزمي", "王小明", "김철수", "山田太郎", "דוד", "Καζαντζάκης",
		"प्रेमचंद", "สมชาย ใจดี",
		"Nguyễn Thị Minh Khai", "Առաքել", "ჭაბუა", "አበበ", "[U+1798]", head.Hash)
	for _, d := range checks {
		if !strings.Contains(text, short(d.Check)) {
			t.Errorf("%s is missing", d.Check)
		}
	}
	// the last may hold only the digest
	if heads, pages := strings.Count(text, "Record Time"), strings.Count(text, "page "); heads < 2 || heads < pages-1 {
		t.Errorf("the table has its head on %d of %d pages", heads, pages)
	}
	text = textOf(t, exported(t, PDF, about(false)))
	contains(t, text, "Report of a selection of checks", "page 1 of 1")
}

// Every field of a check's records stands in its report, but for these.
func TestReportShowsEveryField(t *testing.T) {
	unshown := apptest.Unshown(func(d history.Detail) string {
		w, p := newPDF(nil, about(true), english(t)), paper.New(paper.Params{
			At: noon, Number: func(int, string) string { return "" },
		})
		w.printCheck(p, d)
		var b bytes.Buffer
		if err := p.Output(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	})
	if want := []string{
		"Started.Instance", "Started.Inspection", "Started.Audit.SHA256", "Started.RequestDigest", "Finished.Check",
		"Finished.Session",
		"Finished.Quality.Portrait", "Finished.Quality.PortraitEyes",
		"Finished.Remote.Reached", "Finished.Remote.Answered", "Finished.Remote.Refused", "Finished.Remote.Clip",
		"Finished.Remote.Absent", "Finished.Raw", "Finished.Document", "Finished.Frame",
	}; !slices.Equal(unshown, want) {
		t.Errorf("not in the report:\n%q\nexpected:\n%q", unshown, want)
	}
}

// Everything about one person is one report: each check whole, with what was sealed.
func TestReportOfOnePerson(t *testing.T) {
	first, second := detail(3, 0), detail(3, 1)
	second.Check, second.Hold = "chk_second",
		&history.Holding{At: noon, Seq: 77, Hold: history.Hold{Actor: history.Actor{Operator: "hilda"}, Held: true}}
	of := about(true)
	of.Subject, of.Signer = true, "SHA256:abc"
	text := textOf(t, exported(t, PDF, of, first, second))
	contains(t, text,
		"Everything about one person", "Check 1 of 2", "Check 2 of 2", first.Check, "chk_second", secret("name"),
		secret("note"),
		"Pictures of this check are kept.", "record 77", "hilda", "SHA256:abc",
	)
	data := exported(t, JSON, of, first, second)
	for _, want := range []string{`"facematch_subject"`, secret("name"), secret("inspection note"), `"document_jpeg"`,
		`"person_jpeg"`, `"signer": "SHA256:abc"`, `"hold"`} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("%s is missing in\n%s", want, data)
		}
	}
}

package export

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"facematch/app/history"
	"facematch/assets/translations"
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
		t.Skip("pdftotext (Debian: poppler-utils) is not installed")
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
	text := textOf(t, exported(t, PDF, about(false), d))
	contains(t, text, "REFER", "Score 71.20 of 100", "page 1 of ")
}

func TestLook(t *testing.T) {
	long := detail(64, 12)
	long.Name = strings.Repeat("Wolfeschlegelsteinhausenbergerdorff-", 6) + " محمد بن موسى الخوارزمي 王小明 Пушкин e\u0301 😀"
	for i := range long.Decisions {
		long.Decisions[i].Note = many(17)[i].Name + " and a longer note that goes on for a while, to be broken at the cell's end"
	}
	dump(t, "one.pdf", exported(t, PDF, about(true), detail(8, 1)))
	dump(t, "long.pdf", exported(t, PDF, about(true), long))
	dump(t, "selection.pdf", exported(t, PDF, about(true), many(120)...))
}

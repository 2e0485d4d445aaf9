package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/matcher"
)

const person = "Ada Lovelace"

func checks(n int) []history.Detail {
	all := make([]history.Detail, n)
	for i := range all {
		score := int64(8000 + i)
		all[i] = history.Detail{Row: history.Row{
			Seq: int64(2*i + 1), Check: fmt.Sprintf("chk_%08d", i), Session: "sess_1", At: time.Unix(1e9+int64(i), 0),
			Name: person,
			Mode: history.Offline, Outcome: history.Pass, Score: &score, Operator: "anna", Desk: "Counter 1",
		}, Raw: []byte(person)}
	}
	return all
}

func exportDesk(t *testing.T, n int) (*Desk, *apptest.History, string) {
	t.Helper()
	d, m, _ := desk(t, &scripted{})
	m.Details, m.NewestHead = checks(n), history.Head{Seq: 77, Hash: strings.Repeat("ab", 32), At: time.Unix(1e9, 0)}
	return d, m, filepath.Join(t.TempDir(), "out")
}

func key(err error) string {
	var p *matcher.Problem
	if errors.As(err, &p) {
		return p.Key
	}
	return ""
}

// entries are the names of what lies in a folder.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestExport(t *testing.T) {
	for _, format := range export.Formats {
		for _, names := range []bool{false, true} {
			t.Run(fmt.Sprint(format, names), func(t *testing.T) {
				d, m, file := exportDesk(t, 3)
				out, err := d.Export(context.Background(), ExportInput{
					Filter: history.Filter{Words: person, Outcomes: []history.Outcome{history.Pass}}, Format: format, Names: names,
					File: file,
				}, nil)
				if err != nil {
					t.Fatal(err)
				}
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				sum := sha256.Sum256(data)
				if out.SHA256 != hex.EncodeToString(sum[:]) || out.Checks != 3 || out.Head != m.NewestHead || out.File != file {
					t.Errorf("%+v", out)
				}
				for _, f := range []string{file, file + export.DigestEnding, file + export.SignatureEnding} {
					if info, err := os.Stat(f); err != nil || info.Mode() != 0o600 {
						t.Errorf("%v, %v", info, err)
					}
				}
				if len(m.Exports) != 1 {
					t.Fatalf("%d records", len(m.Exports))
				}
				e := m.Exports[0]
				if e.Format != format || e.Checks != 3 || e.Names != names || e.SHA256 != out.SHA256 || e.HeadSeq != 77 ||
					e.Head != m.NewestHead.Hash ||
					e.Instance != "ins_1" || e.Program != "test" || e.Operator == "" ||
					e.Filter != "outcome pass; words of the name (left out here)" {
					t.Errorf("%+v", e)
				}
				if payload, _ := json.Marshal(e); bytes.Contains(payload, []byte("Lovelace")) {
					t.Error("a name is in the record")
				}
				if format != export.PDF && bytes.Contains(data, []byte("Lovelace")) != names {
					t.Errorf("names %v:\n%s", names, data)
				}
				side, err := os.ReadFile(file + export.DigestEnding)
				if err != nil || !strings.Contains(string(side), "record 77, "+m.NewestHead.Hash) ||
					!strings.HasSuffix(string(side), out.SHA256+"  out\n") {
					t.Errorf("%s %v", side, err)
				}
				if e.Signer == "" || e.Signer != out.Signer || out.Unsigned != nil {
					t.Errorf("signed with %q, recorded as %q", out.Signer, e.Signer)
				}
				if left := entries(t, filepath.Dir(file)); len(left) != 3 {
					t.Errorf("left behind: %q", left)
				}
			})
		}
	}
}

// A CSV file begins with a byte order mark, for spreadsheets; what other programs
// read does not. The digest is that of the bytes as they are written.
func TestByteOrderMark(t *testing.T) {
	mark := []byte{0xef, 0xbb, 0xbf}
	for _, tt := range []struct {
		format       string
		checks       int
		noBOM, names bool
		marked       bool
	}{
		{export.CSV, 3, false, false, true},
		{export.CSV, 3, false, true, true},
		{export.CSV, 0, false, false, true},
		{export.CSV, 3, true, false, false},
		{export.JSONL, 3, false, false, false},
		{export.PDF, 3, false, false, false},
	} {
		d, m, file := exportDesk(t, tt.checks)
		out, err := d.Export(t.Context(), ExportInput{Format: tt.format, Names: tt.names, NoBOM: tt.noBOM, File: file}, nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(file)
		if err != nil || bytes.HasPrefix(data, mark) != tt.marked || bytes.Count(data, mark) > 1 {
			t.Errorf("%+v: %v, begins with %q", tt, err, data[:min(len(data), 20)])
		}
		sum := sha256.Sum256(data)
		side, err := os.ReadFile(file + export.DigestEnding)
		if want := hex.EncodeToString(sum[:]); err != nil || !strings.Contains(string(side), "\n"+want+"  out\n") ||
			m.Exports[0].SHA256 != want ||
			out.SHA256 != want {
			t.Errorf("%+v: the digest is not the file's: %s %+v", tt, side, m.Exports)
		}
		if tt.format == export.CSV {
			rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, mark))).ReadAll()
			if err != nil || len(rows) != 1+tt.checks || rows[0][0] != "seq" {
				t.Errorf("%+v: %v, %q", tt, err, rows)
			}
		}
	}
	for _, noBOM := range []bool{false, true} {
		d, _, _ := exportDesk(t, 3)
		var out bytes.Buffer
		if _, err := d.Export(t.Context(), ExportInput{Format: export.CSV, NoBOM: noBOM, To: &out}, nil); err != nil ||
			!strings.HasPrefix(out.String(), "seq,") {
			t.Errorf("%v: %v, %.20q", noBOM, err, out.String())
		}
	}
}

// An export of nothing is an answer too, such as to who was ever overridden.
func TestExportOfNothing(t *testing.T) {
	for _, format := range export.Formats {
		d, m, file := exportDesk(t, 0)
		out, err := d.Export(context.Background(), ExportInput{Format: format, File: file}, nil)
		if err != nil || out.Checks != 0 || out.Head != m.NewestHead || len(m.Exports) != 1 {
			t.Errorf("%s: %+v %v", format, out, err)
		}
	}
}

// Nothing may leave unrecorded: where the record cannot be written there is no
// file, and standard output gets nothing.
func TestNoExportWithoutItsRecord(t *testing.T) {
	d, m, file := exportDesk(t, 3)
	m.NoExport = matcher.NewProblem("store.full", nil)
	if _, err := d.Export(context.Background(), ExportInput{Format: export.CSV, Names: true, File: file},
		nil); key(err) != "store.full" {
		t.Error(err)
	}
	if left := entries(t, filepath.Dir(file)); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	var out bytes.Buffer
	if _, err := d.Export(context.Background(), ExportInput{Format: export.CSV, Names: true, To: &out},
		nil); key(err) != "store.full" || out.Len() > 0 {
		t.Error(err, out.String())
	}
}

func TestExportToAWriter(t *testing.T) {
	d, m, _ := exportDesk(t, 3)
	var out bytes.Buffer
	done, err := d.Export(context.Background(), ExportInput{Format: export.JSONL, To: &out}, nil)
	sum := sha256.Sum256(out.Bytes())
	if err != nil || done.SHA256 != hex.EncodeToString(sum[:]) || len(m.Exports) != 1 ||
		m.Exports[0].SHA256 != done.SHA256 {
		t.Errorf("%+v %v %+v", done, err, m.Exports)
	}
	if _, err := d.Export(context.Background(), ExportInput{Format: export.PDF, To: &out},
		nil); key(err) != "export.format" {
		t.Error(err)
	}
}

func TestExportIsCancelled(t *testing.T) {
	d, m, file := exportDesk(t, 2000)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var seen []matcher.Progress
	_, err := d.Export(ctx, ExportInput{Format: export.CSV, File: file}, func(p matcher.Progress) {
		seen = append(seen, p)
		cancel()
	})
	if !errors.Is(err, context.Canceled) || len(m.Exports) != 0 {
		t.Error(err, m.Exports)
	}
	if left := entries(t, filepath.Dir(file)); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if len(seen) != 1 || seen[0] != (matcher.Progress{Stage: StageExporting, Done: 500, Total: 2000}) {
		t.Errorf("%+v", seen)
	}
}

func TestExportKeepsWhatIsThere(t *testing.T) {
	for _, taken := range []string{"out", "out" + export.DigestEnding, "out" + export.SignatureEnding} {
		d, m, file := exportDesk(t, 1)
		path := filepath.Join(filepath.Dir(file), taken)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		in := ExportInput{Format: export.CSV, File: file}
		if _, err := d.Export(context.Background(), in, nil); key(err) != "export.exists" {
			t.Error(err)
		}
		if data, err := os.ReadFile(path); string(data) != "mine" || len(m.Exports) != 0 {
			t.Errorf("%q %v", data, err)
		}
		in.Overwrite = true
		if _, err := d.Export(context.Background(), in, nil); err != nil {
			t.Error(err)
		}
		if data, err := os.ReadFile(path); string(data) == "mine" {
			t.Errorf("%q %v", data, err)
		}
		if left := entries(t, filepath.Dir(file)); len(left) != 3 {
			t.Errorf("left behind: %q", left)
		}
	}
	d, _, file := exportDesk(t, 1)
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Export(context.Background(), ExportInput{Format: export.CSV, File: file, Overwrite: true},
		nil); key(err) != "export.not_a_file" {
		t.Error(err)
	}
	if _, err := d.Export(context.Background(), ExportInput{Format: export.CSV, File: filepath.Join(file, "no", "folder")},
		nil); key(err) != "export.unwritten" {
		t.Error(err)
	}
}

// A file that comes to be there while the export runs is not written over.
func TestExportLosesARace(t *testing.T) {
	d, _, file := exportDesk(t, 500)
	_, err := d.Export(context.Background(), ExportInput{Format: export.CSV, File: file}, func(matcher.Progress) {
		if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
			t.Error(err)
		}
	})
	data, _ := os.ReadFile(file)
	if key(err) != "export.exists" || string(data) != "mine" {
		t.Errorf("%v, %q", err, data)
	}
	if left := entries(t, filepath.Dir(file)); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

func TestPDFIsNotBegunWhereItIsTooLong(t *testing.T) {
	d, m, file := exportDesk(t, MaxPDF+1)
	_, err := d.Export(context.Background(), ExportInput{Format: export.PDF, File: file},
		func(matcher.Progress) { t.Error("it was begun") })
	if key(err) != "export.pdf_long" || len(m.Exports) != 0 {
		t.Error(err)
	}
	if _, err := d.Export(context.Background(), ExportInput{Format: "xls", File: file}, nil); key(err) != "export.format" {
		t.Error(err)
	}
	if left := entries(t, filepath.Dir(file)); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestExportOfChosenChecks(t *testing.T) {
	d, m, file := exportDesk(t, 9)
	out, err := d.Export(context.Background(),
		ExportInput{Checks: []string{"chk_00000007", "chk_00000002"}, Format: export.CSV, File: file}, nil)
	data, _ := os.ReadFile(file)
	if err != nil || out.Checks != 2 || !strings.Contains(string(data), "chk_00000007") ||
		strings.Contains(string(data), "chk_00000003") {
		t.Errorf("%+v %v\n%s", out, err, data)
	}
	if e := m.Exports[0]; e.Filter != "2 chosen checks: chk_00000007, chk_00000002" {
		t.Errorf("%+v", e)
	}
	if _, err := d.Export(context.Background(),
		ExportInput{Checks: []string{"chk_9"}, Format: export.CSV, File: file + "2"},
		nil); key(err) != "store.check_unknown" {
		t.Error(err)
	}
}

// What is taken from another desk's history is recorded in ours, with whose it is.
func TestExportFromAnotherHistory(t *testing.T) {
	d, m, file := exportDesk(t, 1)
	other := &apptest.History{Details: checks(4), NewestHead: history.Head{Seq: 9, Hash: "cd"}, Database: "another"}
	d.p.OpenHistory = func(_ context.Context, path string) (Records, error) {
		if path != "there" {
			return nil, matcher.NewProblem("store.older", nil)
		}
		return other, nil
	}
	from, err := d.OpenHistory(context.Background(), "there")
	if err != nil {
		t.Fatal(err)
	}
	out, err := from.Export(context.Background(), ExportInput{Format: export.JSONL, File: file}, nil)
	if err != nil || out.Checks != 4 || out.Head.Seq != 9 || len(other.Exports) != 0 || len(m.Exports) != 1 {
		t.Fatalf("%+v %v", out, err)
	}
	if e := m.Exports[0]; e.Database != "another" || e.HeadSeq != 9 || e.Head != "cd" {
		t.Errorf("%+v", e)
	}
	if data, _ := os.ReadFile(file); !strings.Contains(string(data), `"database":"another"`) {
		t.Errorf("%s", data)
	}
	if _, err := d.OpenHistory(context.Background(), "elsewhere"); key(err) != "other.older" {
		t.Error(err)
	}
}

package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"facematch/app"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/store"
	"facematch/store/storetest"
)

// exporting opens a desk on a large history of made-up checks.
func exporting(t testing.TB, records int) (*app.Desk, *store.Store, string) {
	t.Helper()
	home := storetest.Home(t, records)
	// deskIn has all in one folder.
	for from, to := range map[string]string{"data/history.db": "history.db", "data/master.key": "master.key",
		"state/anchor.jsonl": "anchor.jsonl"} {
		if err := os.Rename(filepath.Join(home, from), filepath.Join(home, to)); err != nil {
			t.Fatal(err)
		}
	}
	desk, s, end, err := deskIn(context.Background(), home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return desk, s, home
}

// namesOf are the names a history holds.
func namesOf(t *testing.T, s *store.Store) []string {
	t.Helper()
	seen := map[string]bool{}
	var names []string
	err := s.Each(context.Background(), history.Filter{}, func(d history.Detail) error {
		if d.Name != "" && !seen[d.Name] {
			seen[d.Name] = true
			names = append(names, d.Name)
		}
		return nil
	})
	if err != nil || len(names) < 10 {
		t.Fatalf("%d names, %v", len(names), err)
	}
	return names
}

// Exports of a real history: what is in them is what the history says, the names
// of persons are in none that was meant without, and each is recorded with its
// digest.
func TestExportsOfARealHistory(t *testing.T) {
	ctx := context.Background()
	desk, s, home := exporting(t, 3000)
	names := namesOf(t, s)
	filter := history.Filter{Outcomes: []history.Outcome{history.Refer}}
	counts, err := s.Count(ctx, filter)
	if err != nil || counts.Total < 20 {
		t.Fatalf("%+v %v", counts, err)
	}
	for _, withNames := range []bool{false, true} {
		for _, format := range export.Formats {
			file := filepath.Join(t.TempDir(), "x."+format)
			before, err := s.Head(ctx)
			if err != nil {
				t.Fatal(err)
			}
			out, err := desk.Export(ctx, app.ExportInput{Filter: filter, Format: format, Names: withNames, File: file}, nil)
			if err != nil || out.Checks != counts.Total || out.Head != before {
				t.Fatalf("%s: %+v %v", format, out, err)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(data)
			if hex.EncodeToString(sum[:]) != out.SHA256 {
				t.Errorf("%s: the digest is another", format)
			}
			after, err := s.Head(ctx)
			if err != nil || after.Seq != before.Seq+1 {
				t.Errorf("%s: the export was not recorded: %+v %v", format, after, err)
			}
			text := string(data)
			if format == export.PDF {
				text = pdfText(t, file)
			}
			found := 0
			for _, name := range names {
				if strings.Contains(text, name) {
					found++
				}
			}
			if withNames != (found > 0) {
				t.Errorf("%s, names %v: %d names are in it", format, withNames, found)
			}
			if format == export.CSV {
				rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
				if err != nil || int64(len(rows)) != counts.Total+1 {
					t.Errorf("%d rows, %v", len(rows), err)
				}
			}
			if format == export.JSONL {
				lines := strings.Split(strings.TrimSpace(text), "\n")
				for _, line := range lines {
					if !json.Valid([]byte(line)) {
						t.Fatalf("no JSON: %s", line)
					}
				}
				if int64(len(lines)) != counts.Total+1 || !strings.Contains(lines[len(lines)-1], out.Head.Hash) {
					t.Errorf("%d lines, the last is %s", len(lines), lines[len(lines)-1])
				}
			}
		}
	}
	if v, err := s.Verify(ctx, nil); err != nil || !v.Intact {
		t.Errorf("%+v %v", v, err)
	}
	// The words looked for in names, a name, come into no record and no log.
	if _, err := desk.Export(ctx, app.ExportInput{Filter: history.Filter{Words: names[0]}, Format: export.CSV,
		File: filepath.Join(t.TempDir(), "x")}, nil); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, name := range names {
			if bytes.Contains(data, []byte(name)) {
				t.Errorf("a name is in %s", d.Name())
				break
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func pdfText(t *testing.T, file string) string {
	t.Helper()
	out, err := exec.Command("pdftotext", "-layout", file, "-").Output()
	if err != nil {
		t.Skipf("pdftotext (Debian: poppler-utils) cannot be run: %v", err)
	}
	return string(out)
}

// BenchmarkExport exports a real history of a million records, or of
// FACEMATCH_RECORDS, whole and with names, and prints how many records a second
// that is and how much memory the program has taken from the system at the end.
func BenchmarkExport(b *testing.B) {
	records := 1_000_000
	if set := os.Getenv("FACEMATCH_RECORDS"); set != "" {
		var err error
		if records, err = strconv.Atoi(set); err != nil {
			b.Fatal(err)
		}
	}
	desk, _, _ := exporting(b, records)
	for _, format := range []string{export.CSV, export.JSONL} {
		b.Run(format, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				file := filepath.Join(b.TempDir(), fmt.Sprint(i))
				start := time.Now()
				out, err := desk.Export(context.Background(), app.ExportInput{Format: format, Names: true, File: file}, nil)
				if err != nil {
					b.Fatal(err)
				}
				info, err := os.Stat(file)
				if err != nil {
					b.Fatal(err)
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				took := time.Since(start).Seconds()
				b.ReportMetric(float64(records)/took, "records/s")
				b.ReportMetric(float64(out.Checks)/took, "checks/s")
				b.ReportMetric(float64(info.Size())/1e6, "file-MB")
				b.ReportMetric(float64(m.Sys)/1e6, "memory-MB")
			}
		})
	}
}

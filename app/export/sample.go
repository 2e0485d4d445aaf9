package export

import (
	"encoding/csv"
	"io"
	"time"

	"facematch/app/history"
)

// WriteSamples writes a row for each check of samples as CSV: whether it was looked at, by whom,
// and the remark.
func WriteSamples(to io.Writer, samples []history.Sampled) error {
	w := csv.NewWriter(to)
	rows := [][]string{{"sample", "check", "session", "looked_at", "looked_by", "remark", "remark_state"}}
	for _, s := range samples {
		for _, p := range s.Checks {
			row := []string{s.Sample.Sample, p.Check, p.Session, "", "", "", ""}
			if l, looked := s.Look(p.Check); looked {
				state := "none"
				switch {
				case l.Sealed:
					state = "sealed"
				case l.Erased:
					state = "erased"
				case l.Text != "":
					state = "given"
				}
				row[3], row[4] = l.At.UTC().Format(time.RFC3339), CSVSafe(l.Operator)
				row[5], row[6] = CSVSafe(l.Text), state
			}
			rows = append(rows, row)
		}
	}
	return w.WriteAll(rows)
}

// SampleWords says how far a sample was looked at.
func SampleWords(s history.Sampled, words Words) string {
	return words.T("filter.sample", "Sample", s.Sample.Sample, "Looked", len(s.Looks), "Count", len(s.Checks))
}

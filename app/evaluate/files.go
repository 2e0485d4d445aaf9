package evaluate

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"facematch/app/privatefile"
	"facematch/matcher"
)

// Prepare makes the folder for a report, so that a folder that cannot be written is noticed
// before the work. Its contents stay. The problem is evaluate.report_unwritten.
func Prepare(folder string) error {
	err := os.MkdirAll(folder, 0o700)
	if err == nil {
		err = writable(folder)
	}
	if err != nil {
		return matcher.NewProblem("evaluate.report_unwritten", err)
	}
	return nil
}

// writable finds out whether files can be made in a folder.
func writable(folder string) error {
	probe, err := os.CreateTemp(folder, ".facematch-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// Write writes report.html, report.json, and the charts det.svg and scores.svg into the
// folder. A DET curve needs a threshold with errors of both kinds. Without one, Write makes no
// det.svg and removes that of an earlier report.
func (r *Report) Write(folder string, w Words) error {
	page, err := r.HTML(w)
	if err != nil {
		return err
	}
	data, err := r.JSON()
	if err != nil {
		return err
	}
	report := words{w, r}
	files := map[string][]byte{
		"report.html": page, "report.json": data, "scores.svg": report.scoreChart().SVG(), "det.svg": nil,
	}
	if len(report.detPoints()) > 1 {
		files["det.svg"] = report.detChart().SVG()
	}
	for name, data := range files {
		path := filepath.Join(folder, name)
		if data == nil {
			if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
				return matcher.NewProblem("evaluate.report_unwritten", err)
			}
			continue
		}
		if err := privatefile.Write(path, data); err != nil {
			return matcher.NewProblem("evaluate.report_unwritten", err)
		}
	}
	return nil
}

// JSON is the report as report.json has it.
func (r *Report) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // conditions read ">="
	enc.SetIndent("", "  ")
	err := enc.Encode(r)
	return b.Bytes(), err
}

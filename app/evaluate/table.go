package evaluate

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"facematch/matcher"
)

// row is one row of a table: its cells by the names of the columns.
type row struct {
	line  int // in the file, from 1
	cells map[string]string
}

// readTable reads a CSV or TSV file with the names of its columns in the first
// line, and gives each row to do. Needed columns must be there and filled; wanted
// ones may. Others are passed over. The separator is the one the first line has:
// a tab, a comma, or the semicolon that spreadsheets write in much of Europe.
func readTable(path string, needed, wanted []string, do func(row) error) error {
	f, err := openList(path)
	if err != nil {
		return err
	}
	defer f.Close()
	text := bufio.NewReader(f)
	if mark, _ := text.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		_, _ = text.Discard(3) // what Windows puts before UTF-8
	}
	first, _ := text.Peek(text.Size())
	if bytes.IndexByte(first, 0) >= 0 {
		return matcher.NewProblem("evaluate.not_text", nil)
	}
	r := csv.NewReader(text)
	r.FieldsPerRecord = -1 // a wrong number is reported below, with its line and column
	if r.Comma = separator(first); r.Comma == '\t' {
		r.LazyQuotes = true // few writers of TSV quote
	}
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return matcher.NewProblem("evaluate.empty", nil)
	}
	if err != nil {
		return tableProblem(err)
	}
	columns, err := columns(head, needed, wanted)
	if err != nil {
		return err
	}
	for rows := 0; ; rows++ {
		fields, err := r.Read()
		switch {
		case errors.Is(err, io.EOF) && rows == 0:
			return matcher.NewProblem("evaluate.empty", nil)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return tableProblem(err)
		case rows == maxRows:
			return matcher.NewProblem("evaluate.too_many_rows", nil, "Most", maxRows)
		}
		line, _ := r.FieldPos(0)
		cells := make(map[string]string, len(columns))
		for name, at := range columns {
			if at < len(fields) {
				cells[name] = strings.TrimSpace(fields[at])
			}
			if cells[name] == "" && slices.Contains(needed, name) {
				return matcher.NewProblem("evaluate.no_value", nil, "Line", line, "Column", name)
			}
			if !utf8.ValidString(cells[name]) {
				return matcher.NewProblem("evaluate.not_text", nil)
			}
		}
		if err := do(row{line: line, cells: cells}); err != nil {
			return err
		}
	}
}

func openList(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, matcher.NewProblem("evaluate.list_no_file", nil)
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, matcher.NewProblem("evaluate.list_missing", err)
	case err != nil:
		return nil, matcher.NewProblem("evaluate.list_unreadable", err)
	}
	return f, nil
}

func separator(text []byte) rune {
	head, _, _ := bytes.Cut(text, []byte("\n"))
	switch {
	case bytes.ContainsRune(head, '\t'):
		return '\t'
	case bytes.ContainsRune(head, ';') && !bytes.ContainsRune(head, ','):
		return ';'
	}
	return ','
}

// columns finds where the columns stand.
func columns(head, needed, wanted []string) (map[string]int, error) {
	at := map[string]int{}
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(needed, name) && !slices.Contains(wanted, name) {
			continue
		}
		if _, twice := at[name]; twice {
			return nil, matcher.NewProblem("evaluate.column_twice", nil, "Column", name)
		}
		at[name] = i
	}
	for _, name := range needed {
		if _, ok := at[name]; !ok {
			return nil, matcher.NewProblem("evaluate.no_column", nil, "Column", name, "Needed", strings.Join(needed, ", "))
		}
	}
	return at, nil
}

func tableProblem(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return matcher.NewProblem("evaluate.bad_table", parse.Err, "Line", parse.Line)
	}
	return matcher.NewProblem("evaluate.list_unreadable", err)
}

// same reads the word in the column of this name.
func (r row) same() (bool, error) {
	switch word := strings.ToLower(r.cells["same"]); word {
	case "yes", "true", "1":
		return true, nil
	case "no", "false", "0":
		return false, nil
	}
	return false, matcher.NewProblem("evaluate.bad_same", nil, "Line", r.line, "Word", r.cells["same"])
}

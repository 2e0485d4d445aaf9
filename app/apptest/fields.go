package apptest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// Unshown names the fields of Started and Finished that show leaves out: with one of them
// empty, it says the same of checks of each kind.
func Unshown(show func(history.Detail) string) []string {
	kinds := []history.Outcome{
		history.Refer, history.NotCompared, history.CouldNotRun, history.Unknown, history.Interrupted,
	}
	whole := map[history.Outcome]string{}
	for _, kind := range kinds {
		whole[kind] = show(checkOf(kind, func(*history.Started, *history.Finished) {}))
	}
	var unshown []string
	look := func(part reflect.Type, of func(*history.Started, *history.Finished) any) {
		for _, path := range leaves(part) {
			empty := func(s *history.Started, f *history.Finished) {
				v := reflect.ValueOf(of(s, f))
				for _, name := range path {
					v = reflect.Indirect(v).FieldByName(name)
				}
				v.SetZero()
			}
			if !slices.ContainsFunc(kinds, func(k history.Outcome) bool { return show(checkOf(k, empty)) != whole[k] }) {
				unshown = append(unshown, part.Name()+"."+strings.Join(path, "."))
			}
		}
	}
	look(reflect.TypeFor[history.Started](), func(s *history.Started, _ *history.Finished) any { return s })
	look(reflect.TypeFor[history.Finished](), func(_ *history.Started, f *history.Finished) any { return f })
	return unshown
}

// leaves are the paths to the fields of a struct that are no structs themselves.
func leaves(of reflect.Type) (paths [][]string) {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return [][]string{nil}
	}
	for f := range of.Fields() {
		for _, rest := range leaves(f.Type) {
			paths = append(paths, append([]string{f.Name}, rest...))
		}
	}
	return paths
}

// fill gives each field a value of its own; n counts them.
func fill(v reflect.Value, n *int) {
	switch *n++; v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n)
	case reflect.String:
		v.SetString(fmt.Sprint("value", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(int64(*n) * int64(time.Second))
	default:
		v.Set(reflect.ValueOf(*n).Convert(v.Type()))
	}
}

// checkOf is a check with every field of its records filled, then changed.
func checkOf(outcome history.Outcome, change func(*history.Started, *history.Finished)) history.Detail {
	var s history.Started
	var f history.Finished
	n := 0
	fill(reflect.ValueOf(&s).Elem(), &n)
	fill(reflect.ValueOf(&f).Elem(), &n)
	// What only some values are valid for, or mean nothing beside the others.
	s.Mode, s.DocumentFrom, s.CameraPart = history.Offline, history.FromFile,
		matcher.Part{X: 0.25, Y: 0.25, Width: 0.5, Height: 0.5}
	s.Rules = []matcher.Condition{{Field: "score", Op: ">=", Pass: 80}}
	f.Outcome, f.Problem, f.Quality.CaptureWarning = outcome, "", "coach.dark"
	*f.Code, *f.Score, f.Percentages = matcher.CodeOK, 7120, []int64{7100, 7140}
	f.Failed, f.FailedRefer = []string{"min(percentages) >= 75 (was 71.00)"}, []string{"score >= 80 (was 71.20)"}
	switch outcome {
	case history.NotCompared:
		*f.Code, f.Score, f.Percentages = 1, nil, nil
		*f.AnchorCode, *f.TargetCode, f.DocumentFlaw, f.Flaw = 1, 1, matcher.FlawBlurred, matcher.FlawDark
	case history.CouldNotRun:
		f.Problem, f.Score, f.Percentages = "check.timeout", nil, nil
	case history.Unknown:
		s.Mode, s.Chosen, s.Minor = history.Remote, matcher.Pick{}, false
	}
	change(&s, &f)
	d := history.Detail{
		Row: history.Row{
			Check: s.Check, Session: s.Session, Name: s.Name, Mode: s.Mode, Outcome: f.Outcome, Score: f.Score, Code: f.Code,
			Operator: s.Operator, Desk: s.Desk,
		},
		Started: s, Finished: &f, Reference: s.Reference, Raw: f.Raw, Document: f.Document, Frame: f.Frame,
		Fields: *f.Fields,
	}
	d.Request = f.Remote.RequestID
	if outcome == history.Interrupted {
		d.Finished, d.Score, d.Code = nil, nil, nil
	}
	return d
}

package matcher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
)

func TestProblemHidesPaths(t *testing.T) {
	_, err := os.Open("/nowhere/passport-of-jane-doe.jpg")
	for _, cause := range []error{err, fmt.Errorf("document: %w", err),
		&os.LinkError{Op: "rename", Old: "jane-doe", New: "b", Err: fs.ErrExist}} {
		p := NewProblem("document.missing", cause)
		if strings.Contains(p.Error(), "jane") {
			t.Errorf("the file's name is in %q", p)
		}
	}
	if !errors.Is(NewProblem("x", err), fs.ErrNotExist) {
		t.Error("the cause is lost")
	}
}

func TestAsProblem(t *testing.T) {
	p := NewProblem("camera.busy", nil, "Device", 0)
	if got := AsProblem(fmt.Errorf("open: %w", p), "other"); got != p || got.Params["Device"] != 0 {
		t.Errorf("got %v", got)
	}
	if got := AsProblem(errors.New("x"), "other"); got.Key != "other" || got.Error() != "other: x" {
		t.Errorf("got %v", got)
	}
}

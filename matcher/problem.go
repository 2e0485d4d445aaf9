package matcher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Problem is an error a person can act on: a stable key with parameters, whose
// words and hint stand in the catalogue (assets/translations, under Key and
// Key+".hint"). The cause is for the log; it carries no file names, because a
// document's name is often its holder's.
type Problem struct {
	Key    string
	Params map[string]any
	Err    error // may be nil
}

// The areas of problems: a key is its area, a dot and a name.
const (
	AreaDocument  = "document" // of problems that lie in a document itself: another one may do better
	AreaClip      = "clip"
	AreaHistory   = "store"
	AreaOperators = "operators"
)

// The keys of problems that callers act on. Other problems are only shown.
const (
	KeyNoPage       = "document.no_page" // the document has no page of this number
	KeyEngineClosed = "engine.closed"    // the program is ending
	KeyNoTemp       = "clip.temp"        // a temporary file cannot be written

	// The engine cannot load its models, or they give something else than they should.
	KeyModelMissing    = "engine.model_missing"
	KeyModelDamaged    = "engine.model_damaged"
	KeyNetworkName     = "engine.network_name"
	KeyNetworkUnknown  = "engine.network_unknown"
	KeyNetworkUnusable = "engine.network_unusable"
	KeyMiscalculates   = "engine.miscalculates"
)

// Area is the area of the problem's key.
func (p *Problem) Area() string {
	area, _, _ := strings.Cut(p.Key, ".")
	return area
}

// NewProblem makes a problem from its key, its cause (may be nil) and pairs of
// parameter name and value. Paths are taken out of the cause.
func NewProblem(key string, cause error, params ...any) *Problem {
	p := &Problem{Key: key, Err: withoutPath(cause)}
	if len(params) > 0 {
		p.Params = make(map[string]any, len(params)/2)
		for i := 0; i+1 < len(params); i += 2 {
			p.Params[fmt.Sprint(params[i])] = params[i+1]
		}
	}
	return p
}

// Error gives the key and the cause: text for the log, not for the screen.
func (p *Problem) Error() string {
	if p.Err == nil {
		return p.Key
	}
	return p.Key + ": " + p.Err.Error()
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Err }

// IsProblem reports whether an error is a problem with one of these keys.
func IsProblem(err error, keys ...string) bool {
	var p *Problem
	return errors.As(err, &p) && slices.Contains(keys, p.Key)
}

// InArea reports whether an error is a problem of an area, which is the first part
// of its key.
func InArea(err error, area string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Area() == area
}

// AsProblem finds the problem in an error's chain, or makes one of the given
// key around it.
func AsProblem(err error, otherwise string) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return NewProblem(otherwise, err)
}

func withoutPath(err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return fmt.Errorf("%s: %w", pe.Op, pe.Err)
	case errors.As(err, &le):
		return fmt.Errorf("%s: %w", le.Op, le.Err)
	}
	return err
}

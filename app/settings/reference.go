package settings

import (
	"errors"
	"regexp"
	"unicode/utf8"

	"facematch/app/names"
	"facematch/matcher"
)

// Reference is a reference of the customer's own that a check may have, such as a case or
// account number. It is kept as the name of the person is.
type Reference struct {
	Name    string `toml:"name" comment:"what the customer's own reference is called, such as Case number; empty: checks have none"`
	Pattern string `toml:"pattern" comment:"regular expression that the whole reference must match; empty: anything"`
	Example string `toml:"example" comment:"a reference that matches the pattern, shown where another does not; needed with a pattern"`
}

const (
	// MaxReference is the longest reference, in characters.
	MaxReference = 60

	maxReferenceName = 40
	maxPattern       = 200
)

// The keys of problems with a reference.
const (
	KeyReferenceOff  = "check.reference_off"  // the settings have no such field
	KeyReferenceForm = "check.reference_form" // parameters Name and Example
	KeyReferenceOdd  = "check.reference_odd"  // parameter Name
	KeyReferenceLong = "check.reference_long" // parameters Name and Max
)

// On reports whether checks may have a reference.
func (r Reference) On() bool { return r.Name != "" }

// Clean trims a reference and checks its form. None is always right. The error is a
// *Problem without the reference.
func (r Reference) Clean(reference string) (string, error) {
	reference, err := names.Clean(reference, MaxReference)
	switch {
	case errors.Is(err, names.ErrLong):
		return "", matcher.NewProblem(KeyReferenceLong, nil, "Name", r.Name, "Max", MaxReference)
	case err != nil:
		return "", matcher.NewProblem(KeyReferenceOdd, nil, "Name", r.Name)
	case reference == "":
		return "", nil
	case !r.On():
		return "", matcher.NewProblem(KeyReferenceOff, nil)
	}
	form, err := r.form()
	if err != nil || !form.MatchString(reference) {
		return "", matcher.NewProblem(KeyReferenceForm, err, "Name", r.Name, "Example", r.Example)
	}
	return reference, nil
}

// form is the pattern as the whole of a reference must match it.
func (r Reference) form() (*regexp.Regexp, error) {
	if form, err := regexp.Compile(r.Pattern); err != nil || r.Pattern == "" { // by itself: a)(b is none
		return form, err
	}
	return regexp.Compile(`\A(?:` + r.Pattern + `)\z`)
}

func (r Reference) check() error {
	if _, err := names.Clean(r.Name, maxReferenceName); err != nil {
		return matcher.NewProblem(KeyReferenceName, err, "Max", maxReferenceName)
	}
	if utf8.RuneCountInString(r.Pattern) > maxPattern {
		return matcher.NewProblem(KeyReferencePattern, nil, "Fault", "it is too long")
	}
	form, err := r.form()
	if err != nil {
		return matcher.NewProblem(KeyReferencePattern, err, "Fault", err.Error())
	}
	example, err := names.Clean(r.Example, MaxReference)
	if err != nil || r.Pattern != "" && (example == "" || !form.MatchString(example)) {
		return matcher.NewProblem(KeyReferenceExample, err)
	}
	return nil
}

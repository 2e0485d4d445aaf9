package app

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"facematch/matcher"
)

// ConsentWording is the version of the words the person agreed to; the words
// stand in the catalogue under check.consent and check.consent_name.
const ConsentWording = "1"

// MaxName is the longest name taken, in characters.
const MaxName = 200

// CleanName trims a full name and checks it: no line breaks or other control
// characters, because the name may become an HTTP header, and at most MaxName
// characters. The error is a *Problem without the name.
func CleanName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if strings.ContainsFunc(name, unicode.IsControl) || !isText(name) {
		return "", matcher.NewProblem("check.name_control", nil)
	}
	if len([]rune(name)) > MaxName {
		return "", matcher.NewProblem("check.name_long", nil, "Max", MaxName)
	}
	return name, nil
}

func isText(s string) bool { return strings.ToValidUTF8(s, "") == s }

// NewSession makes the id of a person's visit; it is kept over repeated
// attempts.
func NewSession() string { return "sess_" + uuid.NewString() }

var sessionForm = regexp.MustCompile(`^sess_[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// ValidSession says whether an id looks like sess_<uuid>.
func ValidSession(id string) bool { return sessionForm.MatchString(id) }

package app

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"facematch/app/history"
	"facematch/app/names"
	"facematch/app/settings"
	"facematch/matcher"
)

// The versions of the program's own words the person agreed to. The words stand
// in the catalogue: for a check on this computer under check.consent, for one by
// the API under check.consent_remote, and for sending the name under
// check.consent_name. A change of theirs changes these.
const (
	ConsentWording       = "2"
	RemoteConsentWording = "2 remote"
)

// AssertedConsent replaces the wording where another program asked the person, and asserts
// the consent by its request.
const AssertedConsent = "asserted by the caller"

// Wording is the version of the words a person agrees to, as records name it. The
// user's own words are named with the beginning of their SHA-256, because they
// may be changed without their version.
func Wording(c settings.Consent, mode history.Mode) string {
	switch {
	case c.Own():
		sum := sha256.Sum256([]byte(c.Processing + "\x00" + c.SendName))
		return fmt.Sprintf("own %d %x", c.Version, sum[:6])
	case mode == history.Remote:
		return RemoteConsentWording
	}
	return ConsentWording
}

// PicturesWording ends the version of the program's own words where the settings
// have pictures kept, because they say so then: check.consent_pictures and
// check.consent_remote_pictures.
const PicturesWording = " pictures"

// wordingOf is Wording with the suffixes for kept pictures and for auditors. Whether the user's own words
// mention them is the user's responsibility.
func wordingOf(s settings.Settings, mode history.Mode) string {
	version := Wording(s.ConsentWords(), mode)
	if s.Privacy.KeepImages && s.Consent.Processing == "" {
		version += PicturesWording
	}
	if s.Auditing() == settings.AuditingOn && s.Consent.Processing == "" {
		version += AuditorsWording
	}
	return version
}

// mayKeepPictures reports whether the settings keep pictures and the person agreed to words
// that say so. A check that waited to be sent was agreed to earlier, perhaps in words that
// exclude pictures.
func mayKeepPictures(s settings.Settings, agreed string) bool {
	return s.Privacy.KeepImages && (agreed == wordingOf(s, history.Offline) || agreed == wordingOf(s, history.Remote))
}

// MaxName is the longest name taken, in characters.
const MaxName = 200

// CleanName trims a full name and checks it as names.Clean does, with at most
// MaxName characters: the name may become an HTTP header. The error is a *Problem
// without the name.
func CleanName(name string) (string, error) {
	name, err := names.Clean(name, MaxName)
	switch {
	case errors.Is(err, names.ErrLong):
		return "", matcher.NewProblem("check.name_long", nil, "Max", MaxName)
	case err != nil:
		return "", matcher.NewProblem("check.name_control", nil)
	}
	return name, nil
}

// NewSession makes the id of a person's visit; it is kept over repeated
// attempts.
func NewSession() string { return "sess_" + uuid.NewString() }

var sessionForm = regexp.MustCompile(`^sess_[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// ValidSession says whether an id looks like sess_<uuid>.
func ValidSession(id string) bool { return sessionForm.MatchString(id) }

package settings

import (
	"strings"

	"facematch/app/secrets"
	"facematch/matcher"
)

// AuditorsPlace stands for the name of the auditors in a wording of your own. A wording
// without it does not name them.
const AuditorsPlace = "{auditors}"

// maxAuditors is the longest name of the auditors, in characters.
const maxAuditors = 120

// The keys of problems of the auditors' settings.
const (
	KeyAuditRecipient  = "settings.audit_recipient"  // it is not a public key of age
	KeyAuditorsMissing = "settings.auditors_missing" // a key or a wording is for auditors without a name
	KeyAuditorsName    = "settings.auditors_name"    // parameter Max: it is longer, or holds what cannot be printed
)

// Auditing says whether the keys of sessions are encrypted for the auditors too.
type Auditing string

// What it can be.
const (
	AuditingOff      Auditing = "off"      // no public key is set
	AuditingOn       Auditing = "on"       // of each session that begins
	AuditingUnnamed  Auditing = "unnamed"  // no, because the wording does not name the auditors
	AuditingUnpushed Auditing = "unpushed" // no, because this desk pushes nothing to a centre
)

// Auditing says whether the keys of sessions are encrypted for the auditors too. The
// program's own words name them where they are set; your own have to hold AuditorsPlace.
func (s Settings) Auditing() Auditing {
	switch {
	case s.Central.AuditRecipient == "":
		return AuditingOff
	case !s.Central.Pushes():
		return AuditingUnpushed
	case s.Consent.Processing != "" && !strings.Contains(s.Consent.Processing, AuditorsPlace):
		return AuditingUnnamed
	}
	return AuditingOn
}

// ConsentWords are the words of the two consents with the name of the auditors in its place.
func (s Settings) ConsentWords() Consent {
	c := s.Consent
	for _, text := range []*string{&c.Processing, &c.SendName} {
		*text = strings.ReplaceAll(*text, AuditorsPlace, s.Central.Auditors)
	}
	return c
}

// Recipients are the auditors' public keys.
func (c Central) Recipients() []string {
	all, _ := secrets.Recipients(c.AuditRecipient) // which check has looked at
	return all
}

func (s Settings) checkAuditors() error {
	_, err := secrets.Recipients(s.Central.AuditRecipient)
	named := strings.Contains(s.Consent.Processing+s.Consent.SendName, AuditorsPlace)
	switch name := s.Central.Auditors; {
	case err != nil:
		return matcher.NewProblem(KeyAuditRecipient, err)
	case len([]rune(name)) > maxAuditors || strings.ContainsFunc(name, unprintable):
		return matcher.NewProblem(KeyAuditorsName, nil, "Max", maxAuditors)
	case name == "" && (named || s.Central.AuditRecipient != ""):
		return matcher.NewProblem(KeyAuditorsMissing, nil)
	}
	return nil
}

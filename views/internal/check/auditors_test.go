package check

import (
	"strings"
	"testing"

	"facematch/app/history"
	"facematch/app/settings"
)

// What the person agrees to names the auditors, in the program's own words and in others.
func TestTheConsentNamesTheAuditors(t *testing.T) {
	for name, c := range map[string]struct {
		words, says string
		mode        history.Mode
		key         string
	}{
		"our words":        {"", "The internal audit can read what is recorded of them", history.Offline, "age1"},
		"for the API":      {"", "The internal audit can read what is recorded of them", history.Remote, "age1"},
		"own words":        {"You agree, and {auditors} reads it.", "You agree, and The internal audit reads it.", history.Offline, "age1"},
		"own words, none":  {"You agree.", "", history.Offline, "age1"},
		"no key, our own":  {"", "", history.Offline, ""},
		"no key, in words": {"For {auditors}.", "For The internal audit.", history.Offline, ""},
	} {
		desk := newFakeDesk()
		desk.Now.Matching.Mode, desk.Now.Consent.Processing = c.mode, c.words
		desk.Now.Central = settings.Central{
			Host: "centre.test", Database: "facematch", Push: true, AuditRecipient: c.key, Auditors: "The internal audit",
		}
		w := open(t, desk)
		got := w.check.agreed.Text
		if c.says == "" && strings.Contains(got, "internal audit") || !strings.Contains(got, c.says) ||
			strings.Contains(got, "{") {
			t.Errorf("%s: the person agrees to %q", name, got)
		}
		// Other auditors are other words, to which the person has not agreed.
		w.check.ToggleConsent()
		desk.Now.Central.Auditors = "Another firm"
		w.check.Update()
		if w.check.consent.Checked != (c.says == "") {
			t.Errorf("%s: with other auditors the consent is %v", name, w.check.consent.Checked)
		}
	}
}

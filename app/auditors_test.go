package app

import (
	"errors"
	"testing"

	"facematch/app/history"
	"facematch/app/settings"
)

// publicKey is the public half of a key pair. The private half was deleted.
const publicKey = "age1r4hl4tuhahfht5pg9uv64457y0rs2nl7erm4szrg0fw8903v4u4sjuez6e"

// The key of a session is encrypted for the auditors only where the person agreed to words that
// name them.
func TestTheConsentNamesTheAuditors(t *testing.T) {
	d, m, _ := desk(t, &scripted{err: errors.New("enough seen")})
	central := settings.Central{
		Host: "centre.test", Database: "facematch", Push: true, AuditRecipient: publicKey, Auditors: "the internal audit",
	}
	seen := map[string]bool{}
	for i, c := range []struct {
		name    string
		central settings.Central
		words   string
		in      CheckInput
		audited bool
	}{
		{"no auditors", settings.Central{Database: "facematch", Push: true}, "", CheckInput{}, false},
		{"our words", central, "", CheckInput{}, true},
		{"own words without them", central, "You are filmed.", CheckInput{}, false},
		{"own words with them", central, "You are filmed, for {auditors} too.", CheckInput{}, true},
		{"another program asked", central, "", CheckInput{Served: "token"}, false},
	} {
		next := d.Settings()
		next.Central, next.Consent.Processing = c.central, c.words
		if err := d.SaveSettings(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		c.in.Consent = true
		if _, err := d.Check(t.Context(), c.in, nil); err != nil {
			t.Fatal(err)
		}
		st := m.Started[i]
		if a := st.Audit; (a != nil) != c.audited ||
			a != nil && (a.Auditors != "the internal audit" || len(a.Recipients) != 1 || a.Recipients[0] != publicKey) {
			t.Errorf("%s: %+v", c.name, a)
		}
		if seen[st.Consent.Wording] {
			t.Errorf("%s: the wording is %q again", c.name, st.Consent.Wording)
		}
		seen[st.Consent.Wording] = true
	}
	// Other auditors are other words.
	version := d.Settings().Consent.Version
	next := d.Settings()
	next.Consent.Processing, next.Central.Auditors = "For {auditors}.", "the internal audit"
	for _, name := range []string{"the internal audit", "the external audit"} {
		next.Central.Auditors = name
		if err := d.SaveSettings(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		next = d.Settings()
		if words := m.Changes[len(m.Changes)-1].Consent; words.Processing != "For "+name+"." {
			t.Errorf("recorded is %+v", words)
		}
	}
	if got := d.Settings().Consent.Version; got != version+2 {
		t.Errorf("version %d after %d", got, version)
	}
	// Who agreed earlier did not agree to what is in force now.
	if a := auditOf(d.Settings(), ConsentWording); a != nil {
		t.Errorf("%+v", a)
	}
	if a := auditOf(d.Settings(), wordingOf(d.Settings(), history.Remote)); a == nil {
		t.Error("the words in force do not count")
	}
}

// A key that the centre withdrew is recorded in the program's own name. A text that is not a public
// key is refused.
func TestWithdrawnAtTheCentre(t *testing.T) {
	d, m, _ := desk(t, &scripted{})
	wantKey(t, d.WithdrawAsked(t.Context(), "age1"), settings.KeyAuditRecipient)
	wantKey(t, d.WithdrawAsked(t.Context(), ""), settings.KeyAuditRecipient)
	next := d.Settings()
	next.Central.AuditRecipient, next.Central.Auditors = publicKey, "the internal audit"
	must(t, d.SaveSettings(t.Context(), next))
	if gone, err := d.WithdrawnAuditors(t.Context()); err != nil || len(gone) != 0 {
		t.Errorf("%v, %v", gone, err)
	}
	must(t, d.WithdrawAsked(t.Context(), publicKey))
	if len(m.WithdrawnKeys) != 1 || m.WithdrawnKeys[0].Recipient != publicKey ||
		m.WithdrawnKeys[0].Operator != history.Program {
		t.Errorf("%+v", m.WithdrawnKeys)
	}
	if gone, err := d.WithdrawnAuditors(t.Context()); err != nil || len(gone) != 1 || gone[0] != publicKey {
		t.Errorf("%v, %v", gone, err)
	}
}

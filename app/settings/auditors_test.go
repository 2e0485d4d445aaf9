package settings

import (
	"testing"

	"facematch/matcher"
)

// publicKey is the public half of a key pair. The private half was deleted.
const publicKey = "age1r4hl4tuhahfht5pg9uv64457y0rs2nl7erm4szrg0fw8903v4u4sjuez6e"

func TestAuditors(t *testing.T) {
	for name, c := range map[string]struct {
		host, key, auditors, words string
		state                      Auditing
		problem                    string
		says                       string
	}{
		"nothing":             {state: AuditingOff},
		"a name alone":        {host: "h", auditors: "the audit", state: AuditingOff},
		"our words":           {host: "h", key: publicKey, auditors: "the audit", state: AuditingOn},
		"two keys":            {host: "h", key: publicKey + " " + publicKey, auditors: "the audit", state: AuditingOn},
		"own words name them": {"h", publicKey, "the audit", "Agreed, and {auditors} too.", AuditingOn, "", "Agreed, and the audit too."},
		"own words do not":    {"h", publicKey, "the audit", "Agreed, and the audit too.", AuditingUnnamed, "", "Agreed, and the audit too."},
		"misspelt":            {"h", publicKey, "the audit", "Agreed, and {auditor} too.", AuditingUnnamed, "", "Agreed, and {auditor} too."},
		"no centre":           {key: publicKey, auditors: "the audit", state: AuditingUnpushed},
		"no name":             {host: "h", key: publicKey, state: AuditingOn, problem: KeyAuditorsMissing},
		"no name in words":    {words: "{auditors}", state: AuditingOff, problem: KeyAuditorsMissing},
		"a private key":       {host: "h", key: "AGE-SECRET-KEY-1", auditors: "a", state: AuditingOn, problem: KeyAuditRecipient},
		"a name of two lines": {auditors: "a\nb", state: AuditingOff, problem: KeyAuditorsName},
	} {
		s := Default()
		s.Central.Host, s.Central.AuditRecipient, s.Central.Auditors = c.host, c.key, c.auditors
		s.Consent.Processing = c.words
		err := s.Check()
		if (err != nil) != (c.problem != "") || err != nil && !matcher.IsProblem(err, c.problem) {
			t.Errorf("%s: %v", name, err)
		}
		if got := s.Auditing(); got != c.state {
			t.Errorf("%s: %q", name, got)
		}
		if got := s.ConsentWords().Processing; c.problem == "" && got != c.says {
			t.Errorf("%s: %q", name, got)
		}
	}
}

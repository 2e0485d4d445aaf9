package app

import (
	"facematch/app/history"
	"facematch/app/settings"
)

// AuditorsWording ends the version of the program's own words where the settings name
// auditors who can open what is sealed, because they say so then: check.consent_auditors.
const AuditorsWording = " auditors"

// auditOf is for whom the key of a session is encrypted that begins under a wording: nil
// where the settings name no auditors, or the person agreed to other words than those in
// force, which do.
func auditOf(s settings.Settings, agreed string) *history.Audit {
	if s.Auditing() != settings.AuditingOn ||
		agreed != wordingOf(s, history.Offline) && agreed != wordingOf(s, history.Remote) {
		return nil
	}
	return &history.Audit{Auditors: s.Central.Auditors, Recipients: s.Central.Recipients()}
}

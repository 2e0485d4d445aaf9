package export

import (
	"strings"

	"facematch/app/history"
)

// AuditWords says who besides the desk can read what is sealed in the session of a check;
// empty where the check names no auditors.
func AuditWords(a *history.Audit, words Words) string {
	if a == nil {
		return ""
	}
	return words.T("report.auditors_of", "Auditors", a.Auditors, "Keys", strings.Join(a.Recipients, ", "))
}

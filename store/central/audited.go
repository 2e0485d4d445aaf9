package central

import (
	"strings"

	"github.com/tidwall/gjson"

	"facematch/app/history"
	"facematch/store/internal/checks"
)

// beginAudited takes in what a "started" record says of the auditors' key of its session.
func (w *walk) beginAudited(r *row, s checks.Summary) {
	if s.Kind != history.KindStarted {
		return
	}
	audit := gjson.GetBytes(r.payload, "audit")
	sum := audit.Get("sha256").Str
	if sum == "" || w.begun[s.Session] != "" {
		return
	}
	session := strings.Clone(s.Session)
	w.begun[session] = strings.Clone(sum)
	for _, recipient := range audit.Get("recipients").Array() {
		if w.did.withdrawn[recipient.Str] {
			w.without[session] = true
		}
	}
}

// compareAudited compares the auditors' keys with those that records name. One may be gone
// where a sealed part of its session was deleted, because nothing may be left that it opens. It
// must be where it was encrypted for a public key that was withdrawn.
func (w *walk) compareAudited() {
	for session, sum := range w.audited {
		begun := w.begun[session]
		switch {
		case begun == "", begun == sum && w.without[session]:
			w.fault("session_key", place{}, history.CentreUnexpected, session)
		case begun == sum:
		default:
			w.fault("session_key", place{}, history.CentreChanged, session)
		}
	}
	for session := range w.begun {
		erased := w.erased[session][string(history.PartKey)] > 0
		if w.audited[session] == "" && !w.faded[session] && !w.without[session] && !erased {
			w.fault("session_key", place{}, history.CentreGone, session)
		}
	}
}

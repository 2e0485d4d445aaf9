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
	if sum := gjson.GetBytes(r.payload, "audit.sha256").Str; sum != "" && w.begun[s.Session] == "" {
		w.begun[strings.Clone(s.Session)] = strings.Clone(sum)
	}
}

// compareAudited compares the auditors' keys with those that records name. One may be gone
// where a sealed part of its session was deleted, because nothing may be left that it opens.
func (w *walk) compareAudited() {
	for session, sum := range w.audited {
		switch w.begun[session] {
		case sum:
		case "":
			w.fault("session_key", place{}, history.CentreUnexpected, session)
		default:
			w.fault("session_key", place{}, history.CentreChanged, session)
		}
	}
	for session := range w.begun {
		if w.audited[session] == "" && !w.faded[session] && w.erased[session][string(history.PartKey)] == 0 {
			w.fault("session_key", place{}, history.CentreGone, session)
		}
	}
}

package document

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"facematch/matcher"
	"facematch/views/internal/kit"
)

// note is a sentence and the colour that goes with it.
type note struct {
	text  string
	color fyne.ThemeColorName
}

// notesFor are the sentences about a document, what matters most first: what
// was found, what to do about it, what to be careful with. keys says that the page
// has the keyboard: then a note says how it moves a frame.
func notesFor(w kit.Words, s *state, keys bool) []note {
	var notes []note
	add := func(color fyne.ThemeColorName, text string) { notes = append(notes, note{text, color}) }
	if s.byCamera() && s.portrait.Code == matcher.CodeOK {
		add(theme.ColorNameWarning, w.T("photo.warning")) // first, and nothing green with it
	}
	notes = append(notes, foundNote(w, s))
	if keys {
		add(theme.ColorNamePrimary, w.T("page.keys"))
	}
	if s.fault != nil && s.portrait.Page != nil {
		add(theme.ColorNameError, w.ProblemText(s.fault))
	}
	for _, warning := range s.portrait.Warnings {
		add(theme.ColorNameWarning, w.Notice(warning))
	}
	if len(s.bad) > 0 || s.left > 0 {
		add(theme.ColorNameWarning, unreadText(w, s))
	}
	if s.files[s.file].more {
		add(theme.ColorNameWarning, w.T("page.more", "Most", s.files[s.file].pages))
	}
	return notes
}

// foundNote is the one sentence about what was found.
func foundNote(w kit.Words, s *state) note {
	p, camera := s.portrait, s.byCamera()
	good := theme.ColorNameSuccess
	if camera {
		good = theme.ColorNameForeground
	}
	switch {
	case p.Page == nil && s.fault != nil:
		return note{w.ProblemText(s.fault), theme.ColorNameError}
	case p.Code == matcher.CodeOK && p.ByHand && s.before != nil:
		return note{kit.Join(w.T("found.by_hand"), w.T("found.undo")), good}
	case p.Code == matcher.CodeOK && p.ByHand:
		return note{w.T("found.by_hand"), good}
	case p.Code == matcher.CodeOK && camera:
		return note{w.T("found.photo"), good}
	case p.Code == matcher.CodeOK:
		return note{w.T("found.portrait"), good}
	case s.missed:
		return note{w.T("found.missed"), theme.ColorNameError}
	case p.Code == matcher.CodeTwoFaces:
		return note{w.T("found.several"), theme.ColorNameError}
	case camera:
		return note{w.T("found.none_photo"), theme.ColorNameError}
	// other pages may have one
	case p.Code == matcher.CodeNoFace && (p.Flaw == matcher.FlawNone || p.Flaw == matcher.FlawNobody):
		return note{w.T("found.none"), theme.ColorNameError}
	}
	return note{kit.Join(w.Side("anchor", p.Code, p.Flaw)), theme.ColorNameError}
}

// unreadText says how many of the items could not be searched, and why.
func unreadText(w kit.Words, s *state) string {
	if s.asked == 1 && len(s.bad) == 1 {
		return w.ProblemText(s.bad[0])
	}
	text := ""
	if len(s.bad) > 0 {
		var reasons []string
		for _, err := range s.bad {
			if reason, _ := w.Problem(err); !slices.Contains(reasons, reason) {
				reasons = append(reasons, reason)
			}
		}
		text = w.T("files.unread", "Bad", len(s.bad), "Of", s.asked)
		for _, reason := range reasons {
			text = kit.Join(text, reason)
		}
	}
	if s.left > 0 {
		return kit.Join(w.T("files.left", "Most", filesAtOnce, "Count", s.left), text)
	}
	return text
}

package preferences

import (
	"fyne.io/fyne/v2"

	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// locksDesk is what the locks need of the desk.
type locksDesk interface {
	SettingsFrom() settings.Sources
}

// locks are the settings that the administrator locked.
type locks struct {
	words kit.Words
	from  settings.Sources
}

// name is a setting's name, marked where it is locked.
func (l locks) name(words, key string) string {
	if l.from.IsLocked(key) {
		return l.words.T("settings.locked_name", "Name", l.words.T(words))
	}
	return l.words.T(words)
}

// grey disables the controls of a setting that is locked.
func (l locks) grey(key string, controls ...fyne.Disableable) {
	if !l.from.IsLocked(key) {
		return
	}
	for _, c := range controls {
		c.Disable()
	}
}

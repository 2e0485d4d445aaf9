package records

import (
	"context"
	"strings"

	"fyne.io/fyne/v2/theme"

	"facematch/app"
	"facematch/views/internal/kit"
)

// named is what is shown, where a key file opens its names; nil where none does.
func (s *Screen) named() app.NamedHistory {
	named, _ := s.Other.(app.NamedHistory)
	return named
}

// showNames says whether the names of what is shown are open, and offers the other.
func (s *Screen) showNames() {
	named := s.named()
	kit.SetVisible(s.names, named != nil && s.desk.May(app.ActionExport))
	if named == nil {
		return
	}
	label, words := "names.open", s.Words.T("history.of_centre")
	if named.NamesKey() != "" {
		read := named.NamesRead()
		label, words = "names.close", s.Words.T("names.opened", "Opened", app.FormatNumber(int(read.Opened)),
			"Sealed", app.FormatNumber(int(read.Sealed)))
		if read.Opened == 0 && read.Sealed > 0 {
			words = s.Words.T("names.none", "Sealed", app.FormatNumber(int(read.Sealed)))
		}
	}
	s.names.SetText(s.Words.T(label))
	if s.whose.Text != words {
		s.whose.SetText(words)
		s.area.Refresh()
	}
}

// turnNames opens the names of what is shown with a key file, or closes them.
func (s *Screen) turnNames() {
	named := s.named()
	switch {
	case named == nil:
	case named.NamesKey() == "":
		s.openNames(named)
	default:
		named.CloseNames()
		s.namesTurned()
	}
}

// openNames asks for the key file and its passphrase. Both stay in the memory alone.
func (s *Screen) openNames(named app.NamedHistory) {
	f := kit.NewFormDialog(s.Parts, "names.do", theme.VisibilityIcon())
	file := f.Field("names.file")
	f.Add("", s.Keys.Button(s.Words.T("names.browse"), theme.FolderOpenIcon(), func() {
		s.hooks.ChooseKey(file.SetText)
	}))
	passphrase := f.Secret("names.passphrase")
	f.Missing = func() string {
		if strings.TrimSpace(file.Text) == "" {
			return "names.which"
		}
		return ""
	}
	f.Begin = func() func(context.Context) error {
		path, secret := strings.TrimSpace(file.Text), passphrase.Text
		return func(ctx context.Context) error { return named.OpenNames(ctx, path, secret) }
	}
	f.Done = func() {
		if s.named() == named {
			s.namesTurned()
		}
	}
	f.Show("names.title", s.Words.T("names.what"), s.Words.T("names.recorded"))
}

// namesTurned asks again for what is shown, with its names open or closed.
func (s *Screen) namesTurned() {
	s.closeDetail()
	s.showNames()
	s.Refresh()
}

package records

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// sealedDesks is the centre: its names open with the file auditors.age and its passphrase.
type sealedDesks struct {
	*otherDesk
	mu     sync.Mutex
	open   bool
	opened []string // what OpenNames was called with
}

func (s *sealedDesks) OpenNames(_ context.Context, file, passphrase string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = append(s.opened, file+" "+passphrase)
	if passphrase != "five words on paper" {
		return &app.Problem{Key: app.KeyAuditorsPassphrase}
	}
	s.open = true
	return nil
}

func (s *sealedDesks) CloseNames() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
}

func (s *sealedDesks) NamesKey() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		return "age1public"
	}
	return ""
}

func (s *sealedDesks) NamesRead() history.NamesRead { return history.NamesRead{Opened: 2, Sealed: 1} }

func (s *sealedDesks) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	rows, err := s.otherDesk.List(ctx, f)
	for i := range rows {
		rows[i].Name, rows[i].Sealed = "", true
		if s.NamesKey() != "" && i != 1 {
			rows[i].Name, rows[i].Sealed = []string{"Ada Lovelace", "", "Grace Hopper"}[i%3], false
		}
	}
	return rows, err
}

// centreWithNames opens the screen with the centre, for an operator.
func centreWithNames(t *testing.T, who string) (*shownScreen, *Screen, *sealedDesks) {
	t.Helper()
	desk, theirs := newRecordsFake(), newRecordsFake()
	desk.Staff = kittest.Staffed()
	desk.SignedIn = who
	theirs.count = 3
	desk.Centre = history.CentreStatus{Chosen: true}
	centre := &sealedDesks{otherDesk: &otherDesk{History: theirs.History}}
	desk.OnOpen = func(string) (app.OtherHistory, error) { return centre, nil }
	w, h := openedHistory(t, desk)
	test.Tap(h.centre)
	w.Until(t, "the centre", func() bool { return h.Other != nil && len(h.rows) == 3 && h.counting != nil })
	return w, h, centre
}

// An auditor opens the names at the centre with the key file, and closes them again.
func TestOpenNames(t *testing.T) {
	w, h, centre := centreWithNames(t, "axel")
	if !h.names.Visible() || strings.Contains(w.Text(), "Ada Lovelace") {
		t.Fatal("the names are open, or cannot be opened")
	}
	h.hooks.ChooseKey = func(chosen func(string)) { chosen("/media/auditors.age") }
	test.Tap(h.names)
	top := func(label string) *kit.Button {
		return kittest.ButtonOf(t, w.Win.Canvas().Overlays().Top(), w.Words.T(label))
	}
	if !top("names.do").Disabled() || !strings.Contains(w.DialogText(), w.Words.T("names.which")) {
		t.Error("names open without a file")
	}
	test.Tap(top("names.browse"))
	test.Tap(top("names.do"))
	w.Until(t, "the question for the passphrase", func() bool {
		return strings.Contains(w.DialogText(), w.Words.T(app.KeyAuditorsPassphrase))
	})
	for _, e := range kittest.All[*kit.Entry](w.Win.Canvas().Overlays().Top()) {
		if e.Password {
			e.SetText("five words on paper")
		}
	}
	test.Tap(top("names.do"))
	w.Until(t, "the names", func() bool { return strings.Contains(w.Text(), "Grace Hopper") })
	if want := []string{"/media/auditors.age ", "/media/auditors.age five words on paper"}; !slices.Equal(centre.opened, want) {
		t.Errorf("opened with %q", centre.opened)
	}
	if !strings.Contains(w.Text(), w.Words.T("names.opened", "Opened", "2", "Sealed", "1")) ||
		h.names.Text != w.Words.T("names.close") {
		t.Errorf("it is not said that names are open:\n%s", w.Text())
	}
	test.Tap(h.names)
	w.Until(t, "the names to be closed", func() bool {
		return !strings.Contains(w.Text(), "Grace Hopper") && h.names.Text == w.Words.T("names.open")
	})
	if centre.NamesKey() != "" || !strings.Contains(w.Text(), w.Words.T("history.of_centre")) {
		t.Error("the names are still open")
	}
	// A sign-out leaves the centre, and closes it with its key.
	h.Forget()
	w.Until(t, "the centre to be closed", centre.isClosed)
}

// Who may not export does not open names, and no file of another desk has them opened.
func TestWhoMayOpenNames(t *testing.T) {
	for who, may := range map[string]bool{"olga": false, "ruth": false, "axel": true, "ada": true} {
		_, h, _ := centreWithNames(t, who)
		if h.names.Visible() != may {
			t.Errorf("%s may open names: %v", who, !may)
		}
	}
	desk, theirs := newRecordsFake(), newRecordsFake()
	desk.OnOpen = func(string) (app.OtherHistory, error) { return &otherDesk{History: theirs.History}, nil }
	w, h := openedHistory(t, desk)
	h.OpenFile("/media/history.db")
	w.Until(t, "the other history", func() bool { return h.Other != nil && len(h.rows) > 0 })
	if h.names.Visible() {
		t.Error("names of another desk's file are offered to be opened")
	}
}

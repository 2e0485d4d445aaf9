package views

import (
	"context"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// typeBoth types a passphrase into both fields of the dialog on top, and gives its
// form.
func (w *shownWindow) typeBoth(t *testing.T, first, second string) {
	t.Helper()
	fields := w.Keys.Secrets[len(w.Keys.Secrets)-2:]
	fields[0].SetText(first)
	fields[1].SetText(second)
}

// onTop is the button of this name in the dialog on top.
func (w *shownWindow) onTop(t *testing.T, key string) *kit.Button {
	t.Helper()
	return kittest.ButtonOf(t, w.win.Canvas().Overlays().Top(), w.Words.T(key))
}

// closed waits until no dialog is open.
func (w *shownWindow) closed(t *testing.T) {
	t.Helper()
	w.until(t, "the dialog closed", func() bool { return w.win.Canvas().Overlays().Top() == nil })
}

func TestSettingUpOperators(t *testing.T) {
	desk := newFakeDesk()
	w := open(t, desk, "")
	name := w.nameField(t)
	name.SetText("Ada Lovelace")
	w.settingsPage(t, "settings.page.operators")
	if !strings.Contains(w.text(), w.Words.T("people.none", "Name", "anna")) {
		t.Errorf("the page says %q", w.text())
	}
	test.Tap(w.button(t, "people.set_up"))
	do := w.onTop(t, "people.set_up_do")
	says := func(key string) {
		t.Helper()
		if !strings.Contains(w.dialogText(), w.Words.T(key)) || !do.Disabled() {
			t.Errorf("%s is not said: %q", key, w.dialogText())
		}
	}
	says("people.missing_name")
	w.win.Canvas().Focused().(*kit.Entry).SetText("berta")
	says("passphrase.missing")
	w.typeBoth(t, "open sesame", "")
	says("passphrase.missing_again")
	w.typeBoth(t, "open sesame", "open caraway")
	says("passphrase.different")
	w.typeBoth(t, "open sesame", "open sesame")
	test.Tap(do)
	w.closed(t)
	if o := desk.Known(); len(o) != 1 || o[0].Name != "berta" || o[0].Role != history.RoleAdministrator ||
		desk.SignedIn != "berta" {
		t.Errorf("set up %+v, signed in %q", o, desk.SignedIn)
	}
	if !w.gate.open || name.Text != "Ada Lovelace" || !strings.Contains(w.all(), "berta · Administrator") {
		t.Errorf("open %v, the name is %q", w.gate.open, name.Text)
	}
	w.until(
		t, "the list", func() bool { return strings.Contains(w.text(), w.Words.T("people.you", "Role", "Administrator")) },
	)
}

func TestOperatorsAreChanged(t *testing.T) {
	desk := staffedDesk()
	w := open(t, desk, "")
	w.enterAs(t, "ada")
	w.settingsPage(t, "settings.page.operators")
	w.until(t, "the list", func() bool { return strings.Contains(w.text(), "axel") })

	test.Tap(w.button(t, "people.add"))
	w.win.Canvas().Focused().(*kit.Entry).SetText("nora")
	role, _ := kittest.Find[*kit.Choice](w.win.Canvas().Overlays().Top())
	role.SetSelected(w.Words.T("role.auditor"))
	w.typeBoth(t, "a", "a")
	test.Tap(w.onTop(t, "people.add_do"))
	w.closed(t)
	w.until(t, "the new one", func() bool { return strings.Contains(w.text(), "nora") })
	if o := desk.Known(); o[len(o)-1].Role != history.RoleAuditor {
		t.Errorf("added %+v", o)
	}

	w.changePassphrase("olga")
	w.typeBoth(t, "new", "new")
	test.Tap(w.onTop(t, "people.change_do"))
	w.closed(t)
	if desk.Secrets["olga"] != "new" || !strings.Contains(w.text(), w.Words.T("people.changed", "Name", "olga")) {
		t.Error("the passphrase is not changed, or nothing says so")
	}

	before := len(desk.Known())
	w.removeOperator(desk.Known()[1])
	if w.win.Canvas().Focused() != w.onTop(t, "button.cancel") {
		t.Error("a careless Return removes somebody")
	}
	w.escape()
	if len(desk.Known()) != before {
		t.Error("Escape removes somebody")
	}
	w.removeOperator(desk.Known()[1])
	test.Tap(w.onTop(t, "people.remove_do"))
	w.closed(t)
	w.until(t, "that she is gone", func() bool { return !strings.Contains(w.text(), "olga") })

	w.removeOperator(desk.Known()[0]) // herself
	test.Tap(w.onTop(t, "people.remove_do"))
	w.until(t, "the sign-in page", func() bool { return !w.gate.open })
}

// The recovery passphrase is set in the settings. Nothing asks for it by itself.
func TestTheRecoveryPassphraseIsSetInTheSettings(t *testing.T) {
	desk := newFakeDesk()
	desk.NoRecovery = true
	w := open(t, desk, "")
	w.settingsPage(t, "settings.page.privacy")
	w.until(t, "how it stands", func() bool { return strings.Contains(w.text(), w.Words.T("recovery.not_set")) })
	if w.win.Canvas().Overlays().Top() != nil {
		t.Fatal("a question covers the screen")
	}
	test.Tap(w.button(t, "recovery.set"))
	if !strings.Contains(w.dialogText(), w.Words.T("recovery.why")) {
		t.Errorf("what is lost is not said: %q", w.dialogText())
	}
	w.typeBoth(t, "far from here", "far from here")
	test.Tap(w.onTop(t, "recovery.do"))
	w.closed(t)
	if got := desk.RecoveryPassphrase(); got != "far from here" {
		t.Errorf("set is %q", got)
	}
	w.until(t, "how it stands now", func() bool { return strings.Contains(w.text(), w.Words.T("recovery.is_set")) })
}

func TestErasingSaysWhatIsLost(t *testing.T) {
	desk := staffedDesk()
	session := app.NewSession()
	desk.OnChecks = func(_ context.Context, f history.Filter) ([]history.Row, error) {
		if f.Session != session {
			return []history.Row{{Check: "chk_9", Session: app.NewSession()}}, nil
		}
		return []history.Row{
			{Check: "chk_2", Session: session, Name: "Ada Lovelace", Outcome: history.Pass, At: time.Now()},
			{Check: "chk_1", Session: session, Name: "Ada Lovelace", Outcome: history.NotCompared, At: time.Now()},
		}, nil
	}
	w := open(t, desk, "")
	w.enterAs(t, "ada")
	w.settingsPage(t, "settings.page.privacy")
	field, erase := w.entry(t, "erase.session"), w.button(t, "erase.ask")
	field.SetText("sess_1")
	if !erase.Disabled() {
		t.Error("what is no session can be erased")
	}
	field.SetText(app.NewSession())
	test.Tap(erase)
	w.until(t, "the answer", func() bool { return w.win.Canvas().Overlays().Top() != nil })
	if !strings.Contains(w.dialogText(), w.Words.T("erase.unknown")) {
		t.Errorf("a session nobody knows: %q", w.dialogText())
	}
	w.escape()
	field.SetText(" " + session)
	test.Tap(erase)
	w.until(t, "the question", func() bool { return w.win.Canvas().Overlays().Top() != nil })
	for _, want := range []string{
		w.Words.T("erase.what", "Count", 2), "PASS", "Ada Lovelace", w.Words.T("erase.lost"), w.Words.T("erase.stays"),
	} {
		if !strings.Contains(w.dialogText(), want) {
			t.Errorf("the question lacks %q", want)
		}
	}
	if w.win.Canvas().Focused() != w.onTop(t, "button.cancel") || len(desk.erased) != 0 {
		t.Error("a careless Return erases")
	}
	desk.eraseErr = &app.Problem{Key: "store.erased_traces"} // erased, and somebody should know more
	test.Tap(w.onTop(t, "erase.do"))
	w.until(
		t, "what there is to know", func() bool { return strings.Contains(w.dialogText(), w.Words.T("store.erased_traces")) },
	)
	w.escape()
	if len(desk.erased) != 1 || desk.erased[0] != session || !strings.Contains(w.text(), w.Words.T("erase.done")) {
		t.Errorf("erased %v, the page says %q", desk.erased, w.text())
	}
}

// What stands in the fields for passphrases is gone when the gate shuts.
func TestPassphrasesDoNotWaitBehindTheLock(t *testing.T) {
	w := open(t, staffedDesk(), "")
	w.enterAs(t, "ada")
	for _, e := range w.Keys.Secrets {
		e.SetText("secret")
	}
	w.changePassphrase("olga")
	w.typeBoth(t, "new", "new")
	known := len(w.Keys.Secrets)
	w.lock()
	for _, e := range w.Keys.Secrets {
		if e.Text != "" {
			t.Errorf("%q waits behind the lock", e.Text)
		}
	}
	w.enterAs(t, "ada")
	w.escape()
	if got := len(w.Keys.Secrets); got != known-2 {
		t.Errorf("%d of the dialog's fields are still known", got-(known-2))
	}
}

// Who is asked to agree is told that pictures are kept, and a tick given for other
// words does not stay.
func TestTheConsentSaysThatPicturesAreKept(t *testing.T) {
	desk := newFakeDesk()
	w := open(t, desk, "")
	consent := w.consentBox(t)
	consent.SetChecked(true)
	w.settingsPage(t, "settings.page.privacy")
	w.box(t, "privacy.keep_images").SetChecked(true)
	w.save(t)
	if text := kittest.Readable(w.check.Content); !strings.Contains(text, w.Words.T("check.consent_pictures")) ||
		consent.Checked {
		t.Errorf("the person is asked %q, ticked: %v", text, consent.Checked)
	}
}

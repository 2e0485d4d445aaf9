package preferences

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"facematch/app/settings"
)

// Beside the wording stands whether the auditors can read names under it.
func TestWhetherTheAuditorsCanRead(t *testing.T) {
	desk := newFakeDesk()
	desk.Now.Central = settings.Central{
		Host: "centre.test", Database: "facematch", Push: true, Auditors: "The internal audit",
		AuditRecipient: "age1r4hl4tuhahfht5pg9uv64457y0rs2nl7erm4szrg0fw8903v4u4sjuez6e",
	}
	w := openSettings(t, desk)
	w.settings.open(pageDesk)
	for _, c := range []struct{ words, key string }{
		{"", "settings.auditing_on"}, {"I agree.", "settings.auditing_unnamed"},
		{"I agree to {auditors}.", "settings.auditing_on"},
	} {
		w.settings.api.processing.SetText(c.words)
		if said := w.settings.api.auditing.Text; said != w.Words.T(c.key, "Auditors", "The internal audit") {
			t.Errorf("%q: %q", c.words, said)
		}
	}
	if !strings.Contains(w.Text(), "can be read by The internal audit") {
		t.Errorf("it is not on the page of the wording:\n%s", w.Text())
	}
	// Both are set on the page of the centre, and saved.
	w.settings.api.processing.SetText("")
	w.settings.open(pageCentre)
	w.settings.centre.auditors.keys.SetText("AGE-SECRET-KEY-1")
	if said := w.settings.centre.auditors.fault.Text; !strings.Contains(said, w.Words.T(settings.KeyAuditRecipient)) ||
		!w.settings.save.Disabled() {
		t.Errorf("a private key: %q", said)
	}
	w.settings.centre.auditors.keys.SetText("")
	w.settings.centre.auditors.name.SetText(" ")
	test.Tap(w.settings.save)
	w.Until(t, "the success", func() bool { return w.settings.message.Importance == widget.SuccessImportance })
	if now := desk.Settings().Central; now.Auditors != "" || now.AuditRecipient != "" || now.Host != "centre.test" {
		t.Errorf("saved %+v", now)
	}
	w = openSettings(t, desk)
	if w.settings.api.auditing.Visible() {
		t.Error("a desk without auditors is told of them")
	}
	w.settings.api.processing.SetText("I agree to {auditors}.")
	if said := w.settings.api.wordingFault.Text; !strings.Contains(said, w.Words.T(settings.KeyAuditorsMissing)) {
		t.Errorf("a wording that names nobody: %q", said)
	}
}

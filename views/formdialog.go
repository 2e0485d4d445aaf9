package views

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/matcher"
)

// dialogWidth is the least width of a dialog with fields, in Fyne's pixels.
const dialogWidth = 640

// askFunc shows content in a dialog, with these buttons below. The title is a key.
type askFunc func(title string, content fyne.CanvasObject, width float32, buttons ...*button) *dialog.CustomDialog

// formDialog is a dialog that does one thing, with fields for what it needs. It
// stays open with what was typed where that could not be done.
type formDialog struct {
	parts
	missing func() string                      // key of what is still needed; empty: nothing
	begin   func() func(context.Context) error // takes what was typed; what it gives runs away from the window
	done    func()

	doing     *task
	first     fyne.Focusable
	secrets   []*entry
	rows      *fyne.Container
	said      *widget.Label
	cancel    *button
	ok        *button
	dialog    *dialog.CustomDialog
	dismissed func() // may be nil
}

// formDialog makes one that is not shown yet; the keys are those of its button.
func newFormDialog(p parts, okKey string, icon fyne.Resource) *formDialog {
	f := &formDialog{parts: p, rows: container.New(layout.NewFormLayout()), said: wrapped(""), doing: newTask(p.work, nil)}
	f.missing = func() string { return "" }
	f.done = func() {}
	f.cancel = p.keys.button(p.words.T("button.cancel"), theme.CancelIcon(), func() { f.dialog.Dismiss() })
	f.ok = p.keys.button(p.words.T(okKey), icon, f.run)
	f.ok.Importance = widget.HighImportance
	return f
}

// field adds a line to type.
func (f *formDialog) field(key string) *entry {
	e := f.keys.entry(func(string) { f.update() })
	e.OnSubmitted = func(string) { f.run() }
	f.add(key, e)
	return e
}

// passphrase adds a passphrase and its repetition. same says whether both agree.
func (f *formDialog) passphrase(key string) (typed *entry, same func() string) {
	var both [2]*entry
	for i, k := range []string{key, "passphrase.again"} {
		e := f.keys.password(func(string) { f.update() })
		e.OnSubmitted = func(string) { f.run() }
		f.add(k, e)
		both[i] = e
	}
	f.secrets = append(f.secrets, both[:]...)
	f.rows.Add(widget.NewLabel(""))
	f.rows.Add(f.keys.shower(f.words.T("passphrase.show"), both[:]...))
	return both[0], func() string {
		switch {
		case both[0].Text == "":
			return "passphrase.missing"
		case both[1].Text == "":
			return "passphrase.missing_again"
		case both[0].Text != both[1].Text:
			return "passphrase.different"
		}
		return ""
	}
}

func (f *formDialog) add(key string, field fyne.CanvasObject) {
	f.rows.Add(widget.NewLabel(f.words.T(key)))
	f.rows.Add(field)
	if focusable, ok := field.(fyne.Focusable); ok && f.first == nil {
		f.first = focusable
	}
}

// show opens it, with what there is to know first.
func (f *formDialog) show(title string, about ...string) {
	box := container.NewVBox()
	for _, text := range about {
		box.Add(wrapped(text))
	}
	if len(f.rows.Objects) > 0 {
		box.Add(f.rows)
	}
	box.Add(f.said)
	f.update()
	f.dialog = f.ask(title, box, dialogWidth, f.cancel, f.ok)
	f.dialog.SetOnClosed(func() {
		f.keys.done(f.secrets...)
		if f.dismissed != nil {
			f.dismissed()
		}
	})
	if f.first == nil {
		f.first = f.cancel
	}
	f.focusAny(f.first)
}

func (f *formDialog) update() {
	missing := f.missing()
	enable(f.ok, missing == "" && !f.doing.busy())
	switch {
	case f.doing.busy(): // what is said stays
	case missing != "":
		say(f.said, f.words.T(missing), widget.MediumImportance)
	default:
		f.said.Importance = widget.MediumImportance
		f.said.SetText("") // its line stays, so that nothing jumps
	}
}

func (f *formDialog) run() {
	if f.ok.Disabled() {
		return
	}
	say(f.said, f.words.T("form.wait"), widget.MediumImportance)
	do := f.begin()
	f.doing.start(func(ctx context.Context, _ matcher.ProgressFunc) error {
		return do(context.WithoutCancel(ctx)) // closing the window must not cut it off
	}, f.ended)
	f.update()
}

func (f *formDialog) ended(err error) {
	if err != nil {
		f.log("dialog", err)
		f.update()
		say(f.said, f.words.problem(err), widget.DangerImportance)
		return
	}
	f.dismissed = nil
	f.dialog.Hide()
	f.done()
}

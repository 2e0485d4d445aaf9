package kit

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

// DialogWidth is the least width of a dialog with fields, in Fyne's pixels.
const DialogWidth = 640

// AskFunc shows content in a dialog, with these buttons below. The title is a key.
type AskFunc func(title string, content fyne.CanvasObject, width float32, buttons ...*Button) *dialog.CustomDialog

// formDialog is a dialog that does one thing, with fields for what it needs. It
// stays open with what was typed where that could not be done.
type formDialog struct {
	Parts
	Missing func() string                      // key of what is still needed; empty: nothing
	Begin   func() func(context.Context) error // takes what was typed; what it gives runs away from the window
	Done    func()
	Stops   bool // closing it ends what runs

	doing   *Task
	first   fyne.Focusable
	secrets []*Entry
	rows    *fyne.Container
	said    *widget.Label
	Cancel  *Button
	OK      *Button
	dialog  *dialog.CustomDialog
}

// NewFormDialog makes a dialog that is not shown yet; okKey names the words of its button.
func NewFormDialog(p Parts, okKey string, icon fyne.Resource) *formDialog {
	f := &formDialog{Parts: p, rows: container.New(layout.NewFormLayout()), said: Wrapped(""), doing: NewTask(p.Work, nil)}
	f.Missing = func() string { return "" }
	f.Done = func() {}
	f.Cancel = p.Keys.Button(p.Words.T("button.cancel"), theme.CancelIcon(), func() { f.dialog.Dismiss() })
	f.OK = p.Keys.Button(p.Words.T(okKey), icon, f.run)
	f.OK.Importance = widget.HighImportance
	return f
}

// Field adds a line to type.
func (f *formDialog) Field(key string) *Entry {
	e := f.Entry()
	f.Add(key, e)
	return e
}

// Entry is the line of a Field, for the caller to add with something beside it.
func (f *formDialog) Entry() *Entry {
	e := f.Keys.Entry(func(string) { f.Update() })
	e.OnSubmitted = func(string) { f.run() }
	return e
}

// Secret adds a line to type that is not shown, and is forgotten when the dialog closes.
func (f *formDialog) Secret(key string) *Entry {
	e := f.Keys.Password(func(string) { f.Update() })
	e.OnSubmitted = func(string) { f.run() }
	f.Add(key, e)
	f.secrets = append(f.secrets, e)
	return e
}

// Passphrase adds a passphrase and its repetition. same says whether both agree.
func (f *formDialog) Passphrase(key string) (typed *Entry, same func() string) {
	var both [2]*Entry
	for i, k := range []string{key, "passphrase.again"} {
		e := f.Keys.Password(func(string) { f.Update() })
		e.OnSubmitted = func(string) { f.run() }
		f.Add(k, e)
		both[i] = e
	}
	f.secrets = append(f.secrets, both[:]...)
	f.rows.Add(widget.NewLabel(""))
	f.rows.Add(f.Keys.ShowBox(f.Words.T("passphrase.show"), both[:]...))
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

func (f *formDialog) Add(key string, field fyne.CanvasObject) {
	f.rows.Add(widget.NewLabel(f.Words.T(key)))
	f.rows.Add(field)
	if focusable, ok := field.(fyne.Focusable); ok && f.first == nil {
		f.first = focusable
	}
}

// Show opens it, with what there is to know first.
func (f *formDialog) Show(title string, about ...string) {
	box := container.NewVBox()
	for _, text := range about {
		box.Add(Wrapped(text))
	}
	if len(f.rows.Objects) > 0 {
		box.Add(f.rows)
	}
	box.Add(f.said)
	f.Update()
	f.dialog = f.Ask(title, box, DialogWidth, f.Cancel, f.OK)
	f.dialog.SetOnClosed(func() {
		if f.Stops {
			f.doing.Drop()
		}
		f.Keys.Forget(f.secrets...)
	})
	if f.first == nil {
		f.first = f.Cancel
	}
	f.FocusAny(f.first)
}

// Stop ends what runs, where nobody is there any more to see what comes of it.
func (f *formDialog) Stop() { f.doing.Drop() }

// Close closes it with nothing done.
func (f *formDialog) Close() { f.dialog.Dismiss() }

func (f *formDialog) Update() {
	missing := f.Missing()
	Enable(f.OK, missing == "" && !f.doing.Busy())
	switch {
	case f.doing.Busy(): // the message stays
	case missing != "":
		Say(f.said, f.Words.T(missing), widget.MediumImportance)
	default:
		f.said.Importance = widget.MediumImportance
		f.said.SetText("") // its line stays, so that nothing jumps
	}
}

func (f *formDialog) run() {
	if f.OK.Disabled() {
		return
	}
	Say(f.said, f.Words.T("form.wait"), widget.MediumImportance)
	do := f.Begin()
	f.doing.Start(func(ctx context.Context, _ matcher.ProgressFunc) error {
		if !f.Stops {
			ctx = context.WithoutCancel(ctx) // closing the window must not cut it off
		}
		return do(ctx)
	}, f.ended)
	f.Update()
}

func (f *formDialog) ended(err error) {
	if err != nil {
		f.Log("dialog", err)
		f.Update()
		Say(f.said, f.Words.ProblemText(err), widget.DangerImportance)
		return
	}
	f.dialog.Hide()
	f.Done()
}

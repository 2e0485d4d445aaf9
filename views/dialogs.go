package views

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/views/internal/decide"
	"facematch/views/internal/inspect"
	"facematch/views/internal/kit"
)

// openDecision lets a person decide a check of the history; done is called when
// the decision is recorded. What the row's outcome and decision ask for follows
// from it: a first decision of a referral needs one person, all else two.
func (w *Window) openDecision(row history.Row, done func()) {
	w.decide(row, "", func(app.DecisionInput) { done() })
}

// decide is openDecision with a choice made already, or none.
func (w *Window) decide(row history.Row, chosen history.Choice, done func(app.DecisionInput)) {
	w.deciding = decide.New(w.Parts, w.desk, row, w.gate.now)
	w.deciding.OnDone = done
	w.deciding.Show(chosen)
}

// identify asks how a person was identified who is not compared at all.
func (w *Window) identify(who app.IdentifyInput, done func()) {
	w.deciding = decide.NewWithout(w.Parts, w.desk, who, w.gate.now)
	w.deciding.OnDone = func(app.DecisionInput) {
		done()
		w.history.Refresh()
	}
	w.deciding.Show("")
}

// openInspection lets a clerk answer what they see, of a check of the history; done is called
// when it is recorded.
func (w *Window) openInspection(row history.Row, done func()) {
	inspect.New(w.Parts, w.desk, row.Check).Show(done)
}

// ask shows something of our own in a dialog, with these buttons below. Escape
// dismisses it.
func (w *Window) ask(
	title string, content fyne.CanvasObject, width float32, buttons ...*kit.Button,
) *dialog.CustomDialog {
	row := container.NewHBox(layout.NewSpacer())
	for _, b := range buttons {
		row.Add(b)
	}
	least := canvas.NewRectangle(nil)
	least.SetMinSize(fyne.NewSize(width, 0))
	all := container.NewVBox(least, content, row)
	d := dialog.NewCustomWithoutButtons(w.Words.T(title), newSensor(all, w.Keys.Touch), w.win)
	under := w.dialog // which Escape closes next
	w.dialog = d
	d.Show()
	shown := w.win.Canvas().Overlays().Top()
	d.SetOnClosed(func() { // also behind the gate, where it must not come back
		w.dialog = under
		w.gate.behind = slices.DeleteFunc(w.gate.behind, func(o fyne.CanvasObject) bool { return o == shown })
	})
	return d
}

// newCheck begins with the next person. Where the result that is shown still waits
// for a decision, it asks for that first.
func (w *Window) newCheck() {
	w.screen(w.checkTab)
	if !w.on(w.checkTab) || w.welcoming() {
		return
	}
	w.check.Leave(w.nextPerson)
}

// nextPerson is newCheck once what the clerk saw of the last person is recorded.
func (w *Window) nextPerson() {
	if !w.check.Undecided() || !w.desk.May(app.ActionDecide) {
		w.check.Reset()
		return
	}
	now := w.Keys.Button(w.Words.T("open.decide"), theme.ConfirmIcon(), nil)
	now.Importance = widget.HighImportance
	later := w.Keys.Button(w.Words.T("open.leave"), theme.ContentAddIcon(), nil)
	d := w.ask("open.title", kit.Wrapped(w.Words.T("open.text")), kit.DialogWidth, later, now)
	now.OnTapped = func() {
		d.Hide()
		w.check.Decide("")
	}
	later.OnTapped = func() {
		d.Hide()
		w.check.Reset()
	}
	w.FocusAny(now)
}

// setUpOperators makes the first administrator and signs them in.
func (w *Window) setUpOperators() {
	f := kit.NewFormDialog(w.Parts, "people.set_up_do", theme.ConfirmIcon())
	name := f.Field("signin.name")
	passphrase, same := f.Passphrase("signin.passphrase")
	f.Missing = func() string { return firstOf(needs(name, "people.missing_name"), same) }
	f.Begin = func() func(context.Context) error {
		who, secret := strings.TrimSpace(name.Text), passphrase.Text
		w.gate.held = true // for the moment in which there are operators, and none is signed in
		return func(ctx context.Context) error {
			defer w.Work.Do(func() { w.gate.held = false })
			if err := w.desk.AddOperator(ctx, who, history.RoleAdministrator, secret); err != nil {
				return err
			}
			return w.desk.SignIn(ctx, who, secret)
		}
	}
	f.Done = func() {
		w.gate.last = "" // it is the same person, under a name now
		w.enter()
	}
	f.Show("people.set_up_title", w.Words.T("people.set_up_text"), w.Words.T("people.forgotten"), passphraseRule(w.Words))
}

// passphraseRule says what a passphrase needs.
func passphraseRule(w kit.Words) string {
	return w.T("people.length", "Min", operators.MinPassphrase)
}

// needs says a key where a field is empty.
func needs(e *kit.Entry, key string) func() string {
	return func() string {
		if strings.TrimSpace(e.Text) == "" {
			return key
		}
		return ""
	}
}

// firstOf is the first thing that is missing; empty: nothing is.
func firstOf(missing ...func() string) string {
	for _, m := range missing {
		if key := m(); key != "" {
			return key
		}
	}
	return ""
}

func (w *Window) addOperator() {
	f := kit.NewFormDialog(w.Parts, "people.add_do", theme.ConfirmIcon())
	name := f.Field("signin.name")
	role := w.Keys.Choice(func(string) { f.Update() })
	for _, r := range history.Roles {
		role.Options = append(role.Options, kit.RoleName(w.Words, r))
	}
	role.SetSelectedIndex(0)
	f.Add("people.role", role)
	passphrase, same := f.Passphrase("signin.passphrase")
	f.Missing = func() string { return firstOf(needs(name, "people.missing_name"), same) }
	f.Begin = func() func(context.Context) error {
		who, as, secret := strings.TrimSpace(name.Text), history.Roles[role.SelectedIndex()], passphrase.Text
		return func(ctx context.Context) error { return w.desk.AddOperator(ctx, who, as, secret) }
	}
	f.Done = w.settings.OperatorsChanged
	f.Show("people.add_title", w.Words.T("people.add_text"), passphraseRule(w.Words))
}

func (w *Window) changePassphrase(name string) {
	f := kit.NewFormDialog(w.Parts, "people.change_do", theme.ConfirmIcon())
	passphrase, same := f.Passphrase("people.new_passphrase")
	f.Missing = same
	f.Begin = func() func(context.Context) error {
		secret := passphrase.Text
		return func(ctx context.Context) error { return w.desk.SetPassphrase(ctx, name, secret) }
	}
	f.Done = func() {
		w.settings.PassphraseChanged(name)
	}
	f.Show("people.change_title", w.Words.T("people.change_text", "Name", name), passphraseRule(w.Words))
}

func (w *Window) removeOperator(who operators.Operator) {
	f := kit.NewFormDialog(w.Parts, "people.remove_do", theme.DeleteIcon())
	f.OK.Importance = widget.DangerImportance
	f.Begin = func() func(context.Context) error {
		return func(ctx context.Context) error { return w.desk.RemoveOperator(ctx, who.Name) }
	}
	f.Done = func() {
		if _, in := w.desk.Who(); in {
			w.settings.OperatorsChanged()
		} else {
			w.tick(false) // they removed themselves
		}
	}
	f.Show(
		"people.remove_title", w.Words.T("people.remove_text", "Name", who.Name, "Role", kit.RoleName(w.Words, who.Role)),
	)
}

// openRecovery asks for the recovery passphrase.
func (w *Window) openRecovery() {
	f := kit.NewFormDialog(w.Parts, "recovery.do", theme.ConfirmIcon())
	passphrase, same := f.Passphrase("recovery.passphrase")
	f.Missing = same
	f.Begin = func() func(context.Context) error {
		secret := passphrase.Text
		return func(ctx context.Context) error { return w.desk.SetRecovery(ctx, secret) }
	}
	f.Done = w.settings.RecoveryChanged
	f.Show("recovery.title", w.Words.T("recovery.why"), w.Words.T("recovery.write_down"))
}

// openErase asks whether a session is to be erased, and says what is lost; done
// is called when it is.
func (w *Window) openErase(session string, done func()) {
	w.Work.Start(func(ctx context.Context) {
		all, err := w.desk.List(ctx, history.Filter{Session: session})
		w.Work.Do(func() {
			w.Log("erase", err)
			var rows []history.Row
			for _, r := range all {
				if r.Session == session {
					rows = append(rows, r)
				}
			}
			switch {
			case err != nil:
				w.tellError("erase.title", err)
			case len(rows) == 0:
				w.tell("erase.title", "erase.unknown")
			case w.gate.open:
				w.confirmErase(session, rows, done)
			}
		})
	})
}

func (w *Window) confirmErase(session string, rows []history.Row, done func()) {
	w.erase([]string{session}, func(int) { done() }, func(f eraseDialog) {
		f.Show("erase.title", w.Words.T("erase.what", "Count", len(rows)), w.rowLines(rows), w.Words.T("erase.lost"),
			w.Words.T("erase.stays"))
	})
}

// confirmErasePerson asks whether the sessions of a person are to be erased. Those on legal hold
// are kept, and it is said how many.
func (w *Window) confirmErasePerson(visits []app.Visit, done func(erased int)) {
	var sessions []string
	var rows []history.Row
	for _, v := range visits {
		if !v.Held {
			sessions, rows = append(sessions, v.Session), append(rows, v.Checks...)
		}
	}
	w.erase(sessions, done, func(f eraseDialog) {
		about := []string{w.Words.T("erase.sessions", "Count", len(sessions)), w.rowLines(rows), w.Words.T("erase.lost"),
			w.Words.T("erase.stays")}
		if len(sessions) == 0 {
			about = nil
		}
		if held := len(visits) - len(sessions); held > 0 {
			about = append(about, w.Words.T("erase.held", "Count", held))
		}
		f.Show("erase.title_person", about...)
	})
}

// eraseDialog asks before an erasure.
type eraseDialog interface {
	Show(title string, about ...string)
}

// erase asks, as ask says, and erases sessions.
func (w *Window) erase(sessions []string, done func(erased int), ask func(eraseDialog)) {
	f := kit.NewFormDialog(w.Parts, "erase.do", theme.DeleteIcon())
	f.OK.Importance = widget.DangerImportance
	f.Missing = func() string {
		if len(sessions) == 0 {
			return "erase.all_held"
		}
		return ""
	}
	var more error // it is erased, and there is something to know
	left := sessions
	f.Begin = func() func(context.Context) error {
		return func(ctx context.Context) error {
			for len(left) > 0 {
				err := w.desk.Erase(ctx, left[0])
				if app.IsProblem(err, history.KeyErasedTraces, history.KeyErasuresUnlisted) {
					more, err = err, nil
				}
				if err != nil {
					return err
				}
				left = left[1:]
			}
			return nil
		}
	}
	f.Done = func() {
		done(len(sessions))
		if more != nil {
			w.tellError("erase.title", more)
		}
	}
	ask(f)
}

// rowLines name some checks, a line each.
func (w *Window) rowLines(rows []history.Row) string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = fmt.Sprintf("%s  %s  %s", kit.Date(r.At), w.Words.T(app.OutcomeKey(r.Outcome)), r.Name)
	}
	const shown = 5
	if more := len(lines) - shown; more > 0 {
		lines = append(lines[:shown], w.Words.T("erase.more", "Count", more))
	}
	return strings.Join(lines, "\n")
}

package views

import (
	"context"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/settings"
)

// roles are the roles in the order they are offered.
var roles = []history.Role{history.RoleOperator, history.RoleReviewer, history.RoleAuditor, history.RoleAdministrator}

// operatorsDesk is what the page needs of the desk.
type operatorsDesk interface {
	SingleUser() bool
	Who() (history.Actor, bool)
	Operators() ([]operators.Operator, error)
}

// operatorSettings are who may work here. They are changed at once, and are no
// settings but for the time after which the window locks.
type operatorSettings struct {
	parts
	desk     operatorsDesk
	OnSetUp  func()                       // the first administrator is to be made
	OnAdd    func()                       // another operator
	OnChange func(name string)            // a passphrase is to be changed
	OnRemove func(who operators.Operator) // an operator is to be removed

	looks int // how often it was looked who there is: only the last answer counts

	setUp, add *button
	lock       *entry
	fault      *widget.Label
	list       *fyne.Container
	said       *widget.Label
	content    *fyne.Container
}

func newOperatorSettings(p parts, desk operatorsDesk, changed func()) *operatorSettings {
	o := &operatorSettings{parts: p, desk: desk}
	t := p.words.T
	o.setUp = p.keys.button(t("people.set_up"), theme.AccountIcon(), func() { o.OnSetUp() })
	o.setUp.Importance = widget.HighImportance
	o.add = p.keys.button(t("people.add"), theme.ContentAddIcon(), func() { o.OnAdd() })
	o.lock = p.keys.entry(func(string) { changed() })
	o.fault, o.said = wrapped(""), wrapped("")
	o.fault.Hide()
	o.list = container.NewVBox()
	o.content = container.NewVBox()
	o.lay(nil)
	return o
}

func (o *operatorSettings) lay(all []operators.Operator) {
	t := o.words.T
	o.content.RemoveAll()
	o.content.Add(bold(t("settings.page.operators")))
	if o.desk.SingleUser() {
		actor, _ := o.desk.Who()
		o.content.Add(wrapped(t("people.none", "Name", actor.Operator)))
		o.content.Add(container.NewHBox(o.setUp))
		o.content.Add(o.said)
	} else {
		o.list.RemoveAll()
		for _, who := range all {
			o.list.Add(o.row(who))
		}
		o.content.Add(o.list)
		o.content.Add(container.NewHBox(o.add))
		o.content.Add(o.said)
		o.content.Add(widget.NewSeparator())
		o.content.Add(container.New(layout.NewFormLayout(), widget.NewLabel(t("people.lock")), o.lock))
		o.content.Add(o.fault)
	}
	o.content.Add(widget.NewSeparator())
	o.content.Add(bold(t("people.roles")))
	what := container.New(layout.NewFormLayout())
	for _, r := range roles {
		what.Add(widget.NewLabel(o.words.role(r)))
		what.Add(wrapped(t("role." + string(r) + ".about")))
	}
	o.content.Add(what)
	o.content.Add(wrapped(t("people.limits")))
}

func (o *operatorSettings) row(who operators.Operator) fyne.CanvasObject {
	t := o.words.T
	change := o.keys.button(t("people.change"), theme.DocumentCreateIcon(), func() { o.OnChange(who.Name) })
	remove := o.keys.button(t("people.remove"), theme.DeleteIcon(), func() { o.OnRemove(who) })
	name := bold(who.Name)
	name.Truncation = fyne.TextTruncateEllipsis
	role := o.words.role(who.Role)
	if actor, _ := o.desk.Who(); actor.Operator == who.Name {
		role = t("people.you", "Role", role)
	}
	return container.NewBorder(nil, nil, nil, container.NewHBox(change, remove),
		container.NewGridWithColumns(2, name, widget.NewLabel(role)))
}

// look shows who there is now.
func (o *operatorSettings) look() {
	o.looks++
	this := o.looks
	o.work.start(func(context.Context) {
		all, err := o.desk.Operators()
		o.work.do(func() {
			if this != o.looks {
				return
			}
			o.log("operators", err)
			text := ""
			if err != nil {
				text = o.words.problem(err)
			}
			o.lay(all)
			say(o.said, text, widget.DangerImportance)
		})
	})
}

func (o *operatorSettings) fill(now settings.Settings) {
	o.lock.SetText(strconv.Itoa(now.Operators.LockMinutes))
}

// typed reads the field into settings; what is no number becomes -1, which they
// refuse.
func (o *operatorSettings) typed(next *settings.Settings) {
	next.Operators.LockMinutes = days(o.lock)
}

// days reads a whole number; -1 where there is none.
func days(e *entry) int {
	n, err := strconv.Atoi(strings.TrimSpace(e.Text))
	if err != nil {
		return -1
	}
	return n
}

// setUpOperators makes the first administrator and signs them in.
func (w *Window) setUpOperators() {
	f := newFormDialog(w.parts, "people.set_up_do", theme.ConfirmIcon())
	name := f.field("signin.name")
	passphrase, same := f.passphrase("signin.passphrase")
	f.missing = func() string { return firstOf(needs(name, "people.missing_name"), same) }
	f.begin = func() func(context.Context) error {
		who, secret := strings.TrimSpace(name.Text), passphrase.Text
		w.gate.held = true // for the moment in which there are operators, and none is signed in
		return func(ctx context.Context) error {
			defer w.work.do(func() { w.gate.held = false })
			if err := w.desk.AddOperator(ctx, who, history.RoleAdministrator, secret); err != nil {
				return err
			}
			return w.desk.SignIn(ctx, who, secret)
		}
	}
	f.done = func() {
		w.gate.last = "" // it is the same person, under a name now
		w.enter()
	}
	f.show(w, "people.set_up_title", w.words.T("people.set_up_text"), w.words.T("people.forgotten"), w.words.passphraseRule())
}

// passphraseRule says what a passphrase needs.
func (w words) passphraseRule() string {
	return w.T("people.length", "Min", operators.MinPassphrase)
}

// needs says a key where a field is empty.
func needs(e *entry, key string) func() string {
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
	f := newFormDialog(w.parts, "people.add_do", theme.ConfirmIcon())
	name := f.field("signin.name")
	role := w.keys.choice(func(string) { f.update() })
	for _, r := range roles {
		role.Options = append(role.Options, w.words.role(r))
	}
	role.SetSelectedIndex(0)
	f.add("people.role", role)
	passphrase, same := f.passphrase("signin.passphrase")
	f.missing = func() string { return firstOf(needs(name, "people.missing_name"), same) }
	f.begin = func() func(context.Context) error {
		who, as, secret := strings.TrimSpace(name.Text), roles[role.SelectedIndex()], passphrase.Text
		return func(ctx context.Context) error { return w.desk.AddOperator(ctx, who, as, secret) }
	}
	f.done = w.settings.operators.look
	f.show(w, "people.add_title", w.words.T("people.add_text"), w.words.passphraseRule())
}

func (w *Window) changePassphrase(name string) {
	f := newFormDialog(w.parts, "people.change_do", theme.ConfirmIcon())
	passphrase, same := f.passphrase("people.new_passphrase")
	f.missing = same
	f.begin = func() func(context.Context) error {
		secret := passphrase.Text
		return func(ctx context.Context) error { return w.desk.SetPassphrase(ctx, name, secret) }
	}
	f.done = func() {
		say(w.settings.operators.said, w.words.T("people.changed", "Name", name), widget.SuccessImportance)
	}
	f.show(w, "people.change_title", w.words.T("people.change_text", "Name", name), w.words.passphraseRule())
}

func (w *Window) removeOperator(who operators.Operator) {
	f := newFormDialog(w.parts, "people.remove_do", theme.DeleteIcon())
	f.ok.Importance = widget.DangerImportance
	f.begin = func() func(context.Context) error {
		return func(ctx context.Context) error { return w.desk.RemoveOperator(ctx, who.Name) }
	}
	f.done = func() {
		if _, in := w.desk.Who(); in {
			w.settings.operators.look()
		} else {
			w.tick(false) // they removed themselves
		}
	}
	f.show(w, "people.remove_title", w.words.T("people.remove_text", "Name", who.Name, "Role", w.words.role(who.Role)))
}

// mayBeSeen says which settings the operator may see; without the right to change
// operators their page is not shown.
func (s *settingsScreen) mayBeSeen(page string) bool {
	switch page {
	case pageOperators:
		return s.desk.May(app.ActionOperators)
	case pageBackup:
		return s.desk.May(app.ActionBackup)
	}
	return s.desk.May(app.ActionSettings)
}

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
	desk  operatorsDesk
	hooks settingsHooks

	looks int // how often it was looked who there is: only the last answer counts

	setUp, add *button
	lock       *entry
	fault      *widget.Label
	list       *fyne.Container
	said       *widget.Label
	content    *fyne.Container
}

func newOperatorSettings(p parts, desk operatorsDesk, hooks settingsHooks, changed func()) *operatorSettings {
	o := &operatorSettings{parts: p, desk: desk, hooks: hooks}
	t := p.words.T
	o.setUp = p.keys.button(t("people.set_up"), theme.AccountIcon(), hooks.SetUpOperators)
	o.setUp.Importance = widget.HighImportance
	o.add = p.keys.button(t("people.add"), theme.ContentAddIcon(), hooks.AddOperator)
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
	for _, r := range operators.Roles {
		what.Add(widget.NewLabel(roleName(o.words, r)))
		what.Add(wrapped(t("role." + string(r) + ".about")))
	}
	o.content.Add(what)
	o.content.Add(wrapped(t("people.limits")))
}

func (o *operatorSettings) row(who operators.Operator) fyne.CanvasObject {
	t := o.words.T
	change := o.keys.button(t("people.change"), theme.DocumentCreateIcon(), func() { o.hooks.ChangePassphrase(who.Name) })
	remove := o.keys.button(t("people.remove"), theme.DeleteIcon(), func() { o.hooks.RemoveOperator(who) })
	name := bold(who.Name)
	name.Truncation = fyne.TextTruncateEllipsis
	role := roleName(o.words, who.Role)
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

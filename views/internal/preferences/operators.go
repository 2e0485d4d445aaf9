package preferences

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
	"facematch/views/internal/kit"
)

// operatorsDesk is what the page needs of the desk.
type operatorsDesk interface {
	SingleUser() bool
	Who() (history.Actor, bool)
	Operators() ([]operators.Operator, error)
	OperatorsFromCentre() *operators.FromCentre
}

// operatorSettings are who may work here. They are changed at once, and are no
// settings but for the time after which the window locks.
type operatorSettings struct {
	kit.Parts
	desk  operatorsDesk
	hooks Hooks
	locks locks

	looks int // how often it was looked who there is: only the last answer counts

	setUp, add *kit.Button
	lock       *kit.Entry
	staff      *kit.Check
	fault      *widget.Label
	list       *fyne.Container
	said       *widget.Label
	content    *fyne.Container
}

func newOperatorSettings(
	p kit.Parts, desk operatorsDesk, l locks, hooks Hooks, changed func(),
) *operatorSettings {
	o := &operatorSettings{Parts: p, desk: desk, hooks: hooks, locks: l}
	t := p.Words.T
	o.setUp = p.Keys.Button(t("people.set_up"), theme.AccountIcon(), hooks.SetUpOperators)
	o.setUp.Importance = widget.HighImportance
	o.add = p.Keys.Button(t("people.add"), theme.ContentAddIcon(), hooks.AddOperator)
	o.lock = p.Keys.Entry(func(string) { changed() })
	l.grey("operators.lock_minutes", o.lock)
	o.staff = p.Keys.Check(l.name("people.staff", "overview.operators"), func(bool) { changed() })
	l.grey("overview.operators", o.staff)
	o.fault, o.said = kit.Wrapped(""), kit.Wrapped("")
	o.fault.Hide()
	o.list = container.NewVBox()
	o.content = container.NewVBox()
	o.lay(nil)
	return o
}

func (o *operatorSettings) lay(all []operators.Operator) {
	t := o.Words.T
	o.content.RemoveAll()
	o.content.Add(kit.Bold(t("settings.page.operators")))
	if o.desk.SingleUser() {
		actor, _ := o.desk.Who()
		o.content.Add(kit.Wrapped(t("people.none", "Name", actor.Operator)))
		o.content.Add(container.NewHBox(o.setUp))
		o.content.Add(o.said)
	} else {
		from := o.desk.OperatorsFromCentre()
		if from != nil {
			o.content.Add(kit.Wrapped(o.fromCentre(*from)))
		}
		kit.Enable(o.add, from == nil)
		o.list.RemoveAll()
		for _, who := range all {
			o.list.Add(o.row(who, from == nil))
		}
		o.content.Add(o.list)
		o.content.Add(container.NewHBox(o.add))
		o.content.Add(o.said)
		o.content.Add(widget.NewSeparator())
		o.content.Add(container.New(layout.NewFormLayout(),
			widget.NewLabel(o.locks.name("people.lock", "operators.lock_minutes")), o.lock))
		o.content.Add(o.fault)
	}
	o.content.Add(o.staff)
	o.content.Add(widget.NewSeparator())
	o.content.Add(kit.Bold(t("people.roles")))
	what := container.New(layout.NewFormLayout())
	for _, r := range history.Roles {
		what.Add(widget.NewLabel(kit.RoleName(o.Words, r)))
		what.Add(kit.Wrapped(t("role." + string(r) + ".about")))
	}
	o.content.Add(what)
	o.content.Add(kit.Wrapped(t("people.limits")))
}

// fromCentre says that the list comes from the centre, and why it is not changed here.
func (o *operatorSettings) fromCentre(from operators.FromCentre) string {
	key := "people.of_centre"
	if from.Branch == operators.AllBranches {
		key = "people.of_centre_all"
	}
	const layout = "2006-01-02 15:04"
	return o.Words.T(key, "Branch", from.Branch, "Signed", from.Signed.Local().Format(layout),
		"Contact", from.Contact.Local().Format(layout))
}

func (o *operatorSettings) row(who operators.Operator, own bool) fyne.CanvasObject {
	t := o.Words.T
	change := o.Keys.Button(t("people.change"), theme.DocumentCreateIcon(), func() { o.hooks.ChangePassphrase(who.Name) })
	remove := o.Keys.Button(t("people.remove"), theme.DeleteIcon(), func() { o.hooks.RemoveOperator(who) })
	kit.Enable(change, own)
	kit.Enable(remove, own)
	name := kit.Bold(who.Name)
	name.Truncation = fyne.TextTruncateEllipsis
	role := kit.RoleName(o.Words, who.Role)
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
	o.Work.Start(func(context.Context) {
		all, err := o.desk.Operators()
		o.Work.Do(func() {
			if this != o.looks {
				return
			}
			o.Log("operators", err)
			text := ""
			if err != nil {
				text = o.Words.ProblemText(err)
			}
			o.lay(all)
			kit.Say(o.said, text, widget.DangerImportance)
		})
	})
}

func (o *operatorSettings) fill(now settings.Settings) {
	o.lock.SetText(strconv.Itoa(now.Operators.LockMinutes))
	o.staff.SetChecked(now.Overview.Operators)
}

// typed reads the field into settings. Text that is not a number becomes -1, which
// the settings refuse.
func (o *operatorSettings) typed(next *settings.Settings) {
	next.Operators.LockMinutes = days(o.lock)
	next.Overview.Operators = o.staff.Checked
}

// days parses a whole number; -1 where the text is not one.
func days(e *kit.Entry) int {
	n, err := strconv.Atoi(strings.TrimSpace(e.Text))
	if err != nil {
		return -1
	}
	return n
}

// mayBeSeen says which settings the operator may see; without the right to change
// operators their page is not shown.
func (s *Screen) mayBeSeen(page string) bool {
	switch page {
	case pageOperators:
		return s.desk.May(app.ActionOperators)
	case pageBackup:
		return s.desk.May(app.ActionBackup)
	}
	return s.desk.May(app.ActionSettings)
}

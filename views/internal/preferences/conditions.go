package preferences

import (
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/matcher"
	"facematch/views/internal/kit"
)

// conditionsKey is the key of the conditions in the file.
const conditionsKey = "facematch_conditions"

// conditionsDesk is what the conditions need of the desk.
type conditionsDesk interface {
	Rates(score float64) (strangers, same matcher.Rate)
}

// conditionSettings are the conditions as two sliders, one for each bound of the score, with
// what they mean, and as text. The text is what counts: a slider writes into it.
type conditionSettings struct {
	kit.Parts
	desk   conditionsDesk
	locked bool

	calibration string // the name of the one in force

	pass, refer                   *kit.Slider
	passName, referName           *widget.Label
	passSays, referSays, measured *widget.Label
	advanced                      *kit.Check
	text                          *kit.Entry
	fault                         *widget.Label

	setting bool // the sliders are being set from the text: not moved by the clerk
	content *fyne.Container
}

func newConditionSettings(p kit.Parts, desk conditionsDesk, l locks, changed func()) *conditionSettings {
	c := &conditionSettings{Parts: p, desk: desk, locked: l.from.IsLocked(conditionsKey)}
	c.pass = p.Keys.Slider(0, 100, func(float64) { c.moved(c.pass) })
	c.refer = p.Keys.Slider(0, 100, func(float64) { c.moved(c.refer) })
	c.passSays, c.referSays, c.measured = kit.Wrapped(""), kit.Wrapped(""), kit.Small("")
	c.passName, c.referName, c.fault = widget.NewLabel(""), widget.NewLabel(""), kit.Wrapped("")
	c.fault.Hide()
	c.text = p.Keys.Text(7, func(string) { changed() })
	help := kit.Small(p.Words.T("settings.conditions_help"))
	text := container.NewVBox(c.text, help)
	text.Hide()
	c.advanced = p.Keys.Check(p.Words.T("settings.advanced"), func(on bool) { kit.SetVisible(text, on) })
	c.content = container.NewVBox(
		widget.NewLabel(l.name("settings.conditions_label", conditionsKey)),
		c.passName, c.pass, c.passSays, c.referName, c.refer, c.referSays, c.measured,
		c.advanced, text, c.fault,
	)
	l.grey(conditionsKey, c.text)
	return c
}

// scoreCondition is the condition whose bounds the sliders are: the first that asks for a
// score of at least something. -1: there is none.
func scoreCondition(rules []matcher.Condition) int {
	return slices.IndexFunc(rules, func(r matcher.Condition) bool { return r.Field == "score" && r.Op == ">=" })
}

// moved writes a slider that was moved into the text. It stops at the other one: where both
// stand at one score, nobody is referred.
func (c *conditionSettings) moved(by *kit.Slider) {
	rules, err := app.ParseConditions(c.text.Text)
	at := scoreCondition(rules)
	if c.setting || err != nil || at < 0 {
		return
	}
	rule := &rules[at]
	switch refer := c.refer.Value; {
	case by == c.pass && rule.Refer == nil:
		rule.Pass = c.pass.Value
	case by == c.pass:
		rule.Pass = max(c.pass.Value, *rule.Refer+1)
	case refer < rule.Pass:
		rule.Refer = &refer
	default:
		rule.Refer = nil
	}
	c.text.SetText(app.FormatConditions(rules))
	c.follow() // where it was stopped, the text is the same
}

// follow brings the sliders and what they say in line with the text.
func (c *conditionSettings) follow() {
	rules, err := app.ParseConditions(c.text.Text)
	at := scoreCondition(rules)
	movable := err == nil && at >= 0
	kit.Enable(c.pass, movable && !c.locked)
	kit.Enable(c.refer, movable && !c.locked)
	for _, o := range []fyne.CanvasObject{c.pass, c.passName, c.refer, c.referName} {
		kit.SetVisible(o, movable)
	}
	if !movable {
		kit.Say(c.passSays, "", widget.MediumImportance)
		kit.Say(c.referSays, "", widget.MediumImportance)
		kit.Say(c.measured, c.Words.T("settings.bounds_none"), widget.MediumImportance)
		return
	}
	pass, refer := rules[at].Pass, rules[at].Refer
	c.setting = true
	c.pass.SetValue(pass)
	c.passName.SetText(c.Words.T("settings.pass_from", "Score", score(pass)))
	strangers, same := c.desk.Rates(pass)
	kit.Say(c.passSays, c.means("bound.pass", strangers, same), widget.MediumImportance)
	if refer == nil {
		c.refer.SetValue(pass)
		c.referName.SetText(c.Words.T("settings.refer_none"))
		kit.Say(c.referSays, c.Words.T("settings.refer_none_help"), widget.MediumImportance)
	} else {
		c.refer.SetValue(*refer)
		c.referName.SetText(c.Words.T("settings.refer_from", "Score", score(*refer)))
		strangers, same := c.desk.Rates(*refer)
		kit.Say(c.referSays, c.means("bound.refer", strangers, same), widget.MediumImportance)
	}
	c.setting = false
	says := c.Words.T("settings.bounds_unmeasured")
	if strangers.Bound != matcher.Unknown {
		says = c.Words.T("settings.bounds_measured", "Name", c.calibration)
	}
	kit.Say(c.measured, says, widget.MediumImportance)
}

// means puts the rates at a bound into words; none where nothing was measured.
func (c *conditionSettings) means(bound string, strangers, same matcher.Rate) string {
	text := ""
	for _, r := range []struct {
		of   string
		rate matcher.Rate
	}{{".strangers", strangers}, {".same", same}} {
		if words, measured := app.RateWords(bound+r.of, r.rate); measured {
			text = strings.TrimSpace(text + " " + c.Words.Notice(words))
		}
	}
	return text
}

func score(s float64) string { return strconv.FormatFloat(s, 'f', -1, 64) }

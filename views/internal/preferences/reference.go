package preferences

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// referenceSettings are what the customer's own reference of a check is called and how it
// is written.
type referenceSettings struct {
	kit.Parts
	name, pattern, example *kit.Entry
	fault                  *widget.Label
	content                *fyne.Container
}

func newReferenceSettings(p kit.Parts, l locks, changed func()) *referenceSettings {
	t := p.Words.T
	typed := func(string) { changed() }
	r := &referenceSettings{
		Parts: p, name: p.Keys.Entry(typed), pattern: p.Keys.Entry(typed), example: p.Keys.Entry(typed),
		fault: kit.Wrapped(""),
	}
	r.fault.Hide()
	r.name.SetPlaceHolder(t("settings.reference_none"))
	r.pattern.SetPlaceHolder(t("settings.reference_anything"))
	form := container.New(layout.NewFormLayout())
	for _, row := range []struct {
		words, key string
		field      *kit.Entry
	}{
		{"settings.reference_called", "reference.name", r.name},
		{"settings.reference_written", "reference.pattern", r.pattern},
		{"settings.reference_such_as", "reference.example", r.example},
	} {
		form.Add(widget.NewLabel(l.name(row.words, row.key)))
		form.Add(row.field)
		l.grey(row.key, row.field)
	}
	r.content = container.NewVBox(
		kit.Bold(t("settings.section_reference")), form, kit.Small(t("settings.reference_help")), r.fault,
	)
	return r
}

func (r *referenceSettings) fill(now settings.Settings) {
	r.name.SetText(now.Reference.Name)
	r.pattern.SetText(now.Reference.Pattern)
	r.example.SetText(now.Reference.Example)
}

// typed reads the fields into settings.
func (r *referenceSettings) typed(next *settings.Settings) {
	next.Reference = settings.Reference{
		Name: strings.TrimSpace(r.name.Text), Pattern: strings.TrimSpace(r.pattern.Text),
		Example: strings.TrimSpace(r.example.Text),
	}
}

// complain says beside the fields what is wrong with them, and whether the problem is
// theirs.
func (r *referenceSettings) complain(problem *app.Problem) bool {
	text := ""
	if problem != nil {
		switch problem.Key {
		case settings.KeyReferenceName, settings.KeyReferencePattern, settings.KeyReferenceExample:
			text = r.Words.ProblemText(problem)
		}
	}
	kit.Say(r.fault, text, widget.DangerImportance)
	return text != ""
}

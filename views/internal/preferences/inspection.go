package preferences

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// inspectionSettings are whether clerks are asked what they see of person and document, and
// what exactly.
type inspectionSettings struct {
	kit.Parts
	use     *kit.Radio
	points  *kit.Entry // one a line; the program's own points in its own words
	fault   *widget.Label
	content *fyne.Container
}

func newInspectionSettings(p kit.Parts, l locks, changed func()) *inspectionSettings {
	t := p.Words.T
	i := &inspectionSettings{Parts: p, fault: kit.Wrapped("")}
	i.fault.Hide()
	i.use = p.Keys.Radio(kit.Labels(history.InspectionUses, func(u history.InspectionUse) string { return string(u) }),
		func(use string) string { return t("settings.inspection." + use) }, changed)
	i.points = p.Keys.Text(len(history.InspectionPoints), func(string) { changed() })
	i.points.TextStyle.Monospace = false
	l.grey("inspection.use", i.use)
	l.grey("inspection.points", i.points)
	i.content = container.NewVBox(
		kit.Bold(t("settings.section_inspection")),
		widget.NewLabel(l.name("settings.inspection_ask", "inspection.use")), i.use.Row,
		widget.NewLabel(l.name("settings.inspection_points", "inspection.points")), i.points,
		kit.Small(t("settings.inspection_help")), i.fault,
	)
	return i
}

func (i *inspectionSettings) fill(now settings.Settings) {
	i.use.Set(string(now.Inspection.Use))
	i.points.SetText(strings.Join(kit.Labels(now.Inspection.Points, i.words), "\n"))
}

func (i *inspectionSettings) words(point string) string { return export.PointWords(point, i.Words) }

// typed reads the fields into settings.
func (i *inspectionSettings) typed(next *settings.Settings) {
	var points []string
	for line := range strings.Lines(i.points.Text) {
		line = strings.TrimSpace(line)
		if at := slices.IndexFunc(history.InspectionPoints, func(p string) bool { return i.words(p) == line }); at >= 0 {
			line = history.InspectionPoints[at]
		}
		if line != "" {
			points = append(points, line)
		}
	}
	next.Inspection = settings.Inspection{Use: history.InspectionUse(i.use.Value), Points: points}
}

// complain says beside the fields what is wrong with them, and whether the problem is theirs.
func (i *inspectionSettings) complain(problem *app.Problem) bool {
	text := ""
	if problem != nil && problem.Key == settings.KeyInspection {
		text = i.Words.ProblemText(problem)
	}
	kit.Say(i.fault, text, widget.DangerImportance)
	return text != ""
}

package settings

import (
	"slices"
	"strings"

	"facematch/app/history"
	"facematch/matcher"
)

const (
	// maxPoints is the largest number of points of an inspection: more are not looked at, but
	// clicked through.
	maxPoints = 8

	// maxPoint is the longest point, in characters.
	maxPoint = 120
)

// Inspection is what the clerk is asked beside the verdict.
type Inspection struct {
	Use    history.InspectionUse `toml:"use" comment:"whether the clerk is asked what they see, beside the verdict: off, offered, or required, which keeps the next check waiting"`
	Points []string              `toml:"points" comment:"what is asked, in this order: person, screen and document are the program's own points, anything else is a point in your own words"`
}

// CheckPoint says what is wrong with a point of an inspection.
func CheckPoint(point string) error {
	if point == "" || len([]rune(point)) > maxPoint || strings.ContainsFunc(point, unprintable) {
		return matcher.NewProblem(KeyInspection, nil, "Most", maxPoints, "Max", maxPoint)
	}
	return nil
}

func (i Inspection) check() error {
	wrong := matcher.NewProblem(KeyInspection, nil, "Most", maxPoints, "Max", maxPoint)
	switch {
	case !slices.Contains(history.InspectionUses, i.Use):
		return matcher.NewProblem("settings.inspection_use", nil, "Use", string(i.Use))
	case len(i.Points) == 0 || len(i.Points) > maxPoints:
		return wrong
	}
	for at, point := range i.Points {
		if CheckPoint(point) != nil || slices.Contains(i.Points[:at], point) {
			return wrong
		}
	}
	return nil
}

// tidied is the same with points as they are kept: without space around them and empty ones.
func (i Inspection) tidied() Inspection {
	var points []string
	for _, point := range i.Points {
		if point = strings.TrimSpace(point); point != "" {
			points = append(points, point)
		}
	}
	i.Points = points
	return i
}

package kit

import (
	"strings"

	"facematch/app"
)

// AboutLines are the lines of About: version, engine, models, licence, limits.
func AboutLines(w Words, version string, engine app.Description) []string {
	lines := []string{w.T("about.version", "Version", version)}
	if engine.Engine != "" {
		lines = append(lines, w.T("about.engine", "Engine", engine.Engine, "Calibration", engine.Calibration))
		models := make([]string, len(engine.Models))
		for i, m := range engine.Models {
			models[i] = m.Name + " " + ShortHash(m.SHA256)
		}
		lines = append(lines, w.T("about.models", "Models", strings.Join(models, ", ")))
	}
	return append(lines, w.T("about.licence"), w.T("about.liveness"))
}

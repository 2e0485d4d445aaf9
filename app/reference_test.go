package app

import (
	"encoding/json"
	"strings"
	"testing"

	"facematch/app/settings"
	"facematch/matcher"
)

// referring sets the settings' reference.
func referring(t *testing.T, d *Desk, r settings.Reference) {
	t.Helper()
	chosen := d.Settings()
	chosen.Reference = r
	if err := d.p.Settings.Save(chosen); err != nil {
		t.Fatal(err)
	}
}

// A reference is recorded in the settings' form and refused in another; it is in no
// payload.
func TestReferenceOfACheck(t *testing.T) {
	for name, c := range map[string]struct {
		of      settings.Reference
		typed   string
		want    string
		problem string
	}{
		"none":          {settings.Reference{}, "  ", "", ""},
		"not asked for": {settings.Reference{}, "4711", "", settings.KeyReferenceOff},
		"any":           {settings.Reference{Name: "Case"}, " 47/11 ", "47/11", ""},
		"left out":      {settings.Reference{Name: "Case", Pattern: "[0-9]{4}", Example: "4711"}, "", "", ""},
		"fits":          {settings.Reference{Name: "Case", Pattern: "[0-9]{4}", Example: "4711"}, "4712", "4712", ""},
		"does not fit": {settings.Reference{Name: "Case", Pattern: "[0-9]{4}", Example: "4711"}, "47123", "",
			settings.KeyReferenceForm},
	} {
		engine := &scripted{}
		d, m, _ := desk(t, engine)
		engine.answer = compared(t, d.Settings().Conditions, 90)
		referring(t, d, c.of)
		_, err := d.Check(t.Context(), CheckInput{Consent: true, Reference: c.typed}, nil)
		if c.problem != "" {
			if !matcher.IsProblem(err, c.problem) || len(m.Started) > 0 {
				t.Errorf("%s: %v, %d began", name, err, len(m.Started))
			}
			continue
		}
		if err != nil || m.Started[0].Reference != c.want {
			t.Errorf("%s: %v, %q", name, err, m.Started[0].Reference)
		}
		if payload, err := json.Marshal(m.Started[0]); err != nil ||
			c.want != "" && strings.Contains(string(payload), c.want) {
			t.Errorf("%s: %v, %s", name, err, payload)
		}
	}
}

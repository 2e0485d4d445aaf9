package settings

import (
	"strings"
	"testing"

	"facematch/matcher"
)

func TestReferenceForm(t *testing.T) {
	number := Reference{Name: "Case", Pattern: `[0-9]{4}/[0-9]+|X`, Example: "2026/1"}
	for _, c := range []struct {
		of        Reference
		typed     string
		want, key string
	}{
		{number, " 2026/77 ", "2026/77", ""},
		{number, "", "", ""},
		{number, "X", "X", ""},
		{number, "a2026/77", "", KeyReferenceForm},
		{number, "2026/77b", "", KeyReferenceForm},
		{number, "XX", "", KeyReferenceForm},
		{number, "x", "", KeyReferenceForm},
		{number, "2026/7\n7", "", KeyReferenceOdd},
		{number, "--", "", KeyReferenceOdd},
		{number, strings.Repeat("7", MaxReference+1), "", KeyReferenceLong},
		{Reference{Name: "Case"}, "anything 7", "anything 7", ""},
		{Reference{Name: "Case", Pattern: `^[0-9]+$`, Example: "1"}, "12", "12", ""},
		{Reference{Name: "Case", Pattern: `(?i)ab`, Example: "AB"}, "aB", "aB", ""},
		{Reference{}, "", "", ""},
		{Reference{}, "1", "", KeyReferenceOff},
	} {
		got, err := c.of.Clean(c.typed)
		if got != c.want || (c.key == "") != (err == nil) || err != nil && !matcher.IsProblem(err, c.key) {
			t.Errorf("%+v of %q: %q, %v, want %q, %s", c.of, c.typed, got, err, c.want, c.key)
		}
		if c.typed != "" && err != nil && len(c.typed) > 2 && strings.Contains(err.Error(), c.typed) {
			t.Errorf("the problem holds what was typed: %v", err)
		}
	}
}

func TestReferenceSettings(t *testing.T) {
	for _, c := range []struct {
		of  Reference
		key string
	}{
		{Reference{}, ""},
		{Reference{Name: "Account number"}, ""},
		{Reference{Name: "Case", Pattern: "[0-9]+", Example: "17"}, ""},
		{Reference{Name: "Case", Example: "17"}, ""},
		{Reference{Name: "Case", Pattern: "[0-9]+"}, KeyReferenceExample},
		{Reference{Name: "Case", Pattern: "[0-9]+", Example: "17a"}, KeyReferenceExample},
		{Reference{Name: "Case", Pattern: "[0-9", Example: "17"}, KeyReferencePattern},
		{Reference{Name: "Case", Pattern: "[0-9])(", Example: "17"}, KeyReferencePattern},
		{Reference{Name: "Case", Pattern: strings.Repeat("a", 201), Example: "17"}, KeyReferencePattern},
		{Reference{Name: strings.Repeat("a", 41)}, KeyReferenceName},
		{Reference{Name: "a\tb"}, KeyReferenceName},
	} {
		s := Default()
		s.Reference = c.of
		if err := s.Check(); (c.key == "") != (err == nil) || err != nil && !matcher.IsProblem(err, c.key) {
			t.Errorf("%+v: %v, want %s", c.of, err, c.key)
		}
	}
}

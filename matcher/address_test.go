package matcher

import (
	"errors"
	"strings"
	"testing"
)

func TestParseBase(t *testing.T) {
	for in, want := range map[string]string{
		"https://api.biometrysolutions.com":      "https://api.biometrysolutions.com",
		" HTTPS://API.example.com:443/ ":         "https://api.example.com",
		"https://example.com:8443/faces//":       "https://example.com:8443/faces",
		"http://127.0.0.1:8080":                  "http://127.0.0.1:8080",
		"http://[::1]:8080":                      "http://[::1]:8080",
		"http://localhost":                       "http://localhost",
		"http://api.example.com":                 "api.base_plain",
		"http://127.0.0.1.example.com":           "api.base_plain",
		"http://localhost.example.com":           "api.base_plain",
		"https://me:secret@example.com":          "api.base_parts",
		"https://secret@example.com":             "api.base_parts",
		"https://example.com?key=secret":         "api.base_parts",
		"https://example.com#secret":             "api.base_parts",
		"ftp://example.com":                      "api.base",
		"api.example.com":                        "api.base",
		"https://":                               "api.base",
		"":                                       "api.base",
		"https://secret\x7f.example.com":         "api.base",
		"https:secret@example.com/api-gateway/x": "api.base",
	} {
		u, err := ParseBase(in)
		got := ""
		var p *Problem
		if errors.As(err, &p) {
			got = p.Key
		} else if err == nil {
			got = u.String()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the address is in the error", in)
		}
	}
}

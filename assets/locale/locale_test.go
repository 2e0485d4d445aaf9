package locale

import (
	"go/build"
	"reflect"
	"strings"
	"testing"
)

// The promise in the package comment: nothing is printed before main runs.
func TestInitialisedBeforeFyne(t *testing.T) {
	type here struct{}
	if path := reflect.TypeFor[here]().PkgPath(); path >= fyneLang {
		t.Errorf("%s is initialised after %s, which then complains about the locale C.UTF-8", path, fyneLang)
	}
	pkg, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range pkg.Imports {
		if strings.Contains(path, ".") || strings.HasPrefix(path, "facematch") {
			t.Errorf("it imports %s, which may be initialised later", path)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, tt := range []struct{ all, messages, lang, want string }{
		{"", "", "", "en"},
		{"", "", "de_CH.UTF-8", "de-CH"},
		{"", "fr_FR", "de_CH.UTF-8", "fr-FR"},
		{"C.UTF-8", "fr_FR", "de_CH.UTF-8", "C"},
		{"", "", "sr_RS.UTF-8@latin", "sr-RS"},
	} {
		t.Setenv("LC_ALL", tt.all)
		t.Setenv("LC_MESSAGES", tt.messages)
		t.Setenv("LANG", tt.lang)
		if got := Language(); got != tt.want {
			t.Errorf("%+v: got %s", tt, got)
		}
	}
}

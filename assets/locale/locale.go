// Package locale finds the user's language, and keeps Fyne quiet about it.
//
// Where the locale is C or POSIX with an encoding (C.UTF-8, usual in containers and
// services), Fyne takes "C" for a language and prints an error, on the command line too. It
// does so while packages are initialised, before main runs. So the remedy has to be an init
// function that runs earlier. Go initialises the packages whose imports are ready in the
// order of their import paths: this package must import the standard library only, and its
// path must sort before fyneLang. TestInitialisedBeforeFyne fails where either is no longer
// true, as after a rename of the module.
package locale

import (
	"os"
	"strings"
)

// fyneLang is the package that prints the error.
const fyneLang = "fyne.io/fyne/v2/lang"

func init() {
	if l := Language(); l == "C" || l == "POSIX" {
		_ = os.Setenv("LANGUAGE", "en")
	}
}

// Language is the user's, from the environment, as a BCP 47 tag such as "en-GB";
// "en" where none is set.
func Language() string {
	for _, v := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if l, _, _ := strings.Cut(os.Getenv(v), "."); l != "" {
			return strings.ReplaceAll(l, "_", "-")
		}
	}
	return "en"
}

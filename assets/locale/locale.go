// Package locale finds the user's language. Importing it also keeps Fyne quiet:
// where the locale is C or POSIX with an encoding (C.UTF-8, usual in containers
// and services), Fyne takes "C" for a language and prints an error, on the
// command line too. It does so before main runs, so the remedy stands in an init
// function: Go initialises packages in the order of their import paths, and
// "facematch" comes before "fyne.io".
package locale

import (
	"os"
	"strings"
)

func init() {
	if l := Language(); l == "C" || l == "POSIX" {
		os.Setenv("LANGUAGE", "en")
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

// Package need ends tests that lack something outside the repository. It imports nothing of
// the program, so that the tests of every package can use it.
package need

import (
	"os"
	"testing"
)

// Missing skips the test and says what is missing. With CI=true it fails the test, because
// a machine that decides about changes must have everything.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what + ", which CI must have")
	}
	t.Skip(what)
}

// Optional says what is missing and lets the test go on with something less. With CI=true
// it fails the test.
func Optional(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what + ", which CI must have")
	}
	t.Log(what)
}

// Package storetest makes large histories for the tests of other packages.
package storetest

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Home makes a history of so many records in a folder for FACEMATCH_HOME, with
// its key in a file, in some seconds for each 100,000. The same number of records
// makes the same history, but for ids' keys: sessions with several attempts,
// names in several scripts, decisions, checks by several operators at several
// desks. The records themselves can only be added by package store, so its own
// tests do it.
func Home(t testing.TB, records int) string {
	t.Helper()
	return made(t, fmt.Sprint("FACEMATCH_RECORDS=", records))
}

// Year makes a year in which four desks work: at one of them most fails are overridden,
// and the camera of another goes dim in June.
func Year(t testing.TB) string {
	t.Helper()
	return made(t, "FACEMATCH_YEAR=1")
}

func made(t testing.TB, as string) string {
	t.Helper()
	home := t.TempDir()
	cmd := exec.Command("go", "test", "-count=1", "-run", "^TestMakeHistory$", "facematch/store")
	cmd.Env = append(os.Environ(), "FACEMATCH_MAKE="+home, as)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("no history was made: %v\n%s", err, out)
	}
	return home
}

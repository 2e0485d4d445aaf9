package kit

import (
	"testing"
	"time"
)

func TestUsedIn(t *testing.T) {
	used, err := usedIn([]byte("17 (llvm) pipe-0) S 1 2 3 4 5 6 7 8 9 10 250 50 13 14 20 0 1\n"))
	if err != nil || used != 3*time.Second {
		t.Errorf("%v, %v", used, err)
	}
	for _, bad := range []string{"", "17 (x) S 1 2", "17 (x) S 1 2 3 4 5 6 7 8 9 10 a b 13"} {
		if _, err := usedIn([]byte(bad)); err == nil {
			t.Errorf("%q has times", bad)
		}
	}
}

func TestDrawingTime(t *testing.T) {
	before, err := drawingTime()
	if err != nil {
		t.Fatal(err)
	}
	if after, err := drawingTime(); err != nil || after < before {
		t.Errorf("%v after %v, %v", after, before, err)
	}
}

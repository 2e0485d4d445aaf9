package storetest

import (
	"os"
	"path/filepath"
	"testing"
)

func TestHome(t *testing.T) {
	home := Home(t, 200)
	for _, file := range []string{"data/history.db", "data/master.key", "state/anchor.jsonl"} {
		if info, err := os.Stat(filepath.Join(home, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
}

package operators

import (
	"os"
	"slices"
	"testing"
	"time"
)

// Whatever stands in the file: it is an error, or a list somebody can work with.
func FuzzList(f *testing.F) {
	k := keeper(f, f.TempDir(), time.Now)
	f.Add([]byte(`{"version":1,"operators":[{"name":"Ada","role":"administrator","hash":"$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"}]}`))
	f.Add([]byte(`{"version":1,"operators":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(k.file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := k.Read()
		if (err == nil) != slices.ContainsFunc(list.entries, isAdministrator) || len(list.entries) != len(list.Operators) {
			t.Errorf("%v, %+v", err, list.Operators)
		}
		for _, e := range list.entries {
			if e.Hash.cost.Memory > maxMemory || e.Hash.cost.Passes > maxPasses || e.Hash.cost.Lanes == 0 ||
				len(e.Hash.hash) == 0 {
				t.Errorf("%+v", e.Hash.cost)
			}
		}
	})
}

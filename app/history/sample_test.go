package history

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// A sample of 200 desks takes less than 40,000 bytes as JSON, and is read again as it was.
func TestASampleOfManyDesks(t *testing.T) {
	s := Sample{Sample: "smp_1", Sampling: Sampling{Count: 25, Seed: strings.Repeat("0", 32)}}
	for i := range 200 {
		s.Heads = append(s.Heads, ChainHead{
			History: fmt.Sprintf("%032x", 200-i), Branch: fmt.Sprint("branch ", i%20), Seq: 1_234_567, Hash: strings.Repeat("ab", 32),
		})
	}
	for i := range s.Count {
		s.Checks = append(s.Checks, Picked{fmt.Sprintf("chk_%036d", i), fmt.Sprintf("sess_%036d", i)})
	}
	h := HeadOfHeads(s.Heads)
	s.Head, s.Hash = h.Seq, h.Hash
	text, err := json.Marshal(s)
	t.Logf("%d bytes", len(text))
	if err != nil || len(text) > 40_000 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	var again Sample
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again, s) {
		t.Errorf("%+v, %v", again, err)
	}
	if s.Heads[0].Seq++; HeadOfHeads(s.Heads).Hash == h.Hash {
		t.Error("another record has the same head")
	}
}

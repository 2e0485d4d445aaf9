package gateway

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestEveryProblemOfAFileHasWords looks at what the catalogue knows of documents
// and clips: each is either the client's to put right, in words, or the server's.
func TestEveryProblemOfAFileHasWords(t *testing.T) {
	for _, file := range []string{"document", "engine"} {
		data, err := os.ReadFile("../../assets/translations/" + file + ".en.json")
		if err != nil {
			t.Fatal(err)
		}
		var catalogue map[string]any
		if err := json.Unmarshal(data, &catalogue); err != nil {
			t.Fatal(err)
		}
		for key := range catalogue {
			area, name, _ := strings.Cut(key, ".")
			if area != "document" && area != "clip" || strings.HasPrefix(name, "warn_") || strings.HasSuffix(key, ".hint") {
				continue
			}
			if _, known := words[key]; known == ours[key] {
				t.Errorf("%s has words: %v, is the server's own: %v", key, known, ours[key])
			}
		}
	}
	for key, text := range words {
		if strings.Count(text, "%v") > 1 {
			t.Errorf("%s has several parameters", key)
		}
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestManual finds a page for each command that a person may run, and the completions of each
// shell.
func TestManual(t *testing.T) {
	dir := t.TempDir()
	if err := write("1.2.3", dir); err != nil {
		t.Fatal(err)
	}
	for file, says := range map[string]string{
		"man/facematch.1": "facematch 1.2.3", "man/facematch-check.1": "--document",
		"man/facematch-serve-token-add.1": "NAME",
		"completions/bash/facematch":      "__start_facematch", "completions/zsh/_facematch": "#compdef facematch",
		"completions/fish/facematch.fish": "complete -c facematch",
	} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || !strings.Contains(strings.ReplaceAll(string(text), `\-`, "-"), says) {
			t.Errorf("%s does not say %q: %v", file, says, err)
		}
	}
	pages, err := os.ReadDir(filepath.Join(dir, "man"))
	if err != nil || len(pages) < 30 {
		t.Errorf("%d pages, %v", len(pages), err)
	}
	for _, p := range pages {
		if strings.Contains(p.Name(), "decode-clips") || strings.Contains(p.Name(), "try-network") {
			t.Errorf("%s is of a hidden command", p.Name())
		}
	}
}

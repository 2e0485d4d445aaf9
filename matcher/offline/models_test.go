package offline

import (
	"os"
	"path/filepath"
	"testing"
)

// An administrator sees the state of each file by itself, and of the
// folder the engine would take.
func TestModelsAreLookedAtOneByOne(t *testing.T) {
	c := calibration(t)
	from, err := filepath.Abs(models(t))
	if err != nil {
		t.Fatal(err)
	}
	good, other := t.TempDir(), t.TempDir()
	for _, m := range c.Models {
		if err := os.Symlink(filepath.Join(from, m.Name), filepath.Join(good, m.Name)); err != nil {
			t.Fatal(err)
		}
	}
	missing, damaged := c.Models[0].Name, c.Models[1].Name
	// A file that the engine refuses does not count.
	if err := os.Rename(filepath.Join(good, missing), filepath.Join(other, missing)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(good, damaged)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(good, damaged), []byte("Dear clerk"), 0o600); err != nil {
		t.Fatal(err)
	}
	own := written(t, "own.onnx", []byte("any"))
	c = fused(t, own)
	e := newEngine(t, Params{Folders: []string{other, good, t.TempDir()}, Calibration: c, Network: own, Log: discard()})
	want := map[string]string{missing: "engine.model_missing", damaged: "engine.model_damaged"}
	files := e.Models()
	if len(files) != len(c.Models) {
		t.Fatalf("%d of %d models", len(files), len(c.Models))
	}
	for i, f := range files {
		key := ""
		if f.Problem != nil {
			key = f.Problem.Key
		}
		if key != want[f.Name] || i > 0 && f.Name <= files[i-1].Name {
			t.Errorf("%s: %q, want %q", f.Name, key, want[f.Name])
		}
	}
	if err := os.WriteFile(own, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range e.Models() {
		if f.Name == "own.onnx" && (f.Problem == nil || f.Problem.Key != "engine.network_unknown") {
			t.Errorf("another network: %v", f.Problem)
		}
	}
}

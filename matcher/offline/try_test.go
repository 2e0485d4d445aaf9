package offline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"facematch/app/apptest/need"
	"facematch/matcher"
)

// tried does in the test's own binary what the program does with TryCommand.
func tried(args []string) (code int, asked bool) {
	if len(args) != 4 || args[1] != TryCommand {
		return 0, false
	}
	if err := TryHere(args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitUnfit, true
	}
	return 0, true
}

// onnx is one of the second network's files; the test is skipped where it is
// missing.
func onnx(t testing.TB, name string) string {
	t.Helper()
	for _, folder := range []string{os.Getenv("FACEMATCH_MODELS"), "../../assets/models"} {
		path, err := filepath.Abs(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); folder != "" && err == nil {
			return path
		}
	}
	need.Missing(t, name+" is not here; make models fetches it")
	return ""
}

func written(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func reasonOf(t *testing.T, err error) string {
	t.Helper()
	reason, ok := wantProblem(t, err, "engine.network_unusable").Params["Reason"].(string)
	if !ok {
		t.Fatalf("%v has no reason", err)
	}
	return reason
}

func TestNetworksAreTriedInAProcessOfTheirOwn(t *testing.T) {
	file := onnx(t, "fr_feature.onnx")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := TryNetwork(context.Background(), "", file); err != nil {
		t.Fatalf("the good network: %v", err)
	}
	noise := make([]byte, 1<<20)
	random := rand.NewChaCha8([32]byte{4})
	random.Read(noise)
	for name, tt := range map[string]struct{ file, reason string }{
		"missing":             {filepath.Join(t.TempDir(), "none.onnx"), netMissing},
		"a folder":            {t.TempDir(), netNoFile},
		"a device":            {"/dev/zero", netNoFile},
		"empty":               {written(t, "empty.onnx", nil), netEmpty},
		"text":                {written(t, "text.onnx", []byte("Dear clerk, this is a letter.")), netCrashed},
		"noise":               {written(t, "noise.onnx", noise), netCrashed},
		"cut in half":         {written(t, "half.onnx", good[:len(good)/2]), netCrashed},
		"the last bytes gone": {written(t, "cut.onnx", good[:len(good)-100]), netCrashed},
		"by another name":     {written(t, "good.bin", good), netNotONNX},
		"for another input":   {onnx(t, "fr_landmark.onnx"), netCrashed},
		"begins with a dash":  {written(t, "-h.onnx", []byte("text")), netCrashed},
	} {
		t.Run(name, func(t *testing.T) {
			if got := reasonOf(t, TryNetwork(context.Background(), "", tt.file)); got != tt.reason {
				t.Errorf("the reason is %q, want %q", got, tt.reason)
			}
		})
	}
	// Flipped bytes may lie in weights, where only the SHA-256 shows them. What
	// they must not do is end this process, or end in anything but an answer.
	for seed := range 6 {
		flipped := append([]byte(nil), good...)
		at := rand.New(rand.NewPCG(4, uint64(seed)))
		for range 1 << (2 * seed) {
			flipped[len(flipped)/4+at.IntN(len(flipped)/2)] ^= 0xff
		}
		err := TryNetwork(context.Background(), "", written(t, "flipped.onnx", flipped))
		t.Logf("%d bytes flipped: %v", 1<<(2*seed), err)
		if err != nil {
			reasonOf(t, err)
		}
	}
}

func TestEveryEndOfTheTrialIsAnAnswer(t *testing.T) {
	file := written(t, "any.onnx", []byte("any"))
	for name, tt := range map[string]struct{ script, reason string }{
		"good":        {"exit 0", ""},
		"unfit":       {"exit 1", netUnfit},
		"a code":      {"exit 134", netCrashed},
		"killed":      {"kill -9 $$", netCrashed},
		"aborted":     {"kill -6 $$", netCrashed},
		"hangs":       {"exec sleep 60", netSlow},
		"leaves one":  {"sleep 60 & exec sleep 60", netSlow},
		"never quiet": {"while :; do echo all is well; done", netSlow},
	} {
		t.Run(name, func(t *testing.T) {
			program := written(t, "program", []byte("#!/bin/sh\n"+tt.script+"\n"))
			if err := os.Chmod(program, 0o700); err != nil {
				t.Fatal(err)
			}
			patience := tryPatience
			if tt.reason == netSlow {
				patience = time.Second
			}
			start := time.Now()
			err := tryNetwork(context.Background(), program, file, patience)
			if took := time.Since(start); tt.reason == netSlow && took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			if tt.reason == "" {
				if err != nil {
					t.Error(err)
				}
			} else if got := reasonOf(t, err); got != tt.reason {
				t.Errorf("the reason is %q, want %q", got, tt.reason)
			}
		})
	}
	wantProblem(t, TryNetwork(context.Background(), filepath.Join(t.TempDir(), "none"), file), "engine.failed")

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := TryNetwork(ctx, "", file); !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller left: %v", err)
	}
}

// What a network says is looked at, too.
func TestSensible(t *testing.T) {
	values := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(i)
		}
		return v
	}
	if err := sensible(values(2 * 512)); err != nil {
		t.Error(err)
	}
	nan, same := values(1024), make([]float32, 1024)
	nan[700] /= 0 * nan[0]
	for name, v := range map[string][]float32{
		"none": nil, "an odd number": values(1025), "few": values(4), "a picture": values(2 * 112 * 112 * 3),
		"no number": nan, "the same for all": same,
	} {
		if got := reasonOf(t, sensible(v)); got != netUnfit {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A network of the operator's own is loaded only where the calibration knows it
// and the trial went well, and from where it lies.
func TestOwnNetwork(t *testing.T) {
	good, err := os.ReadFile(onnx(t, "fr_feature.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	c := fused(t, written(t, "own.onnx", good))
	engine := func(file string) *Engine {
		return newEngine(t, Params{Folders: []string{models(t)}, Calibration: c, Network: file, Log: discard()})
	}
	own := written(t, "own.onnx", good)
	if err := engine(own).Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	good[len(good)/2] ^= 0xff
	wantProblem(t, engine(written(t, "own.onnx", good)).Load(context.Background()), "engine.network_unknown")
	if got := reasonOf(t, engine(filepath.Join(t.TempDir(), "own.onnx")).Load(context.Background())); got != netMissing {
		t.Errorf("a missing file: %q", got)
	}
	// Known to the calibration, and damaged: this process must not load it.
	text := written(t, "own.onnx", []byte("Dear clerk"))
	c = fused(t, text)
	if got := reasonOf(t, engine(text).Load(context.Background())); got != netCrashed {
		t.Errorf("a damaged file: %q", got)
	}
}

// fused is the shipped calibration with this file as the second network.
func fused(t *testing.T, features string) *matcher.Calibration {
	t.Helper()
	c := *calibration(t)
	network := *c.Network
	sum, err := SHA256(features)
	if err != nil {
		t.Fatal(err)
	}
	c.Models = slices.DeleteFunc(slices.Clone(c.Models), func(m matcher.Model) bool { return m.Name == network.Features })
	network.Features = filepath.Base(features)
	c.Models = append(c.Models, matcher.Model{Name: network.Features, SHA256: sum})
	c.Network = &network
	return &c
}

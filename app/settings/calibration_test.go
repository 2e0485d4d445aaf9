package settings

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"facematch/matcher"
)

var (
	dlib      = matcher.Model{Name: "dlib.dat", SHA256: strings.Repeat("d", 64)}
	landmarks = matcher.Model{Name: "landmarks.onnx", SHA256: strings.Repeat("1", 64)}
	features  = matcher.Model{Name: "features.onnx", SHA256: strings.Repeat("f", 64)}
	own       = matcher.Model{Name: "own.onnx", SHA256: strings.Repeat("0", 64)}
)

// goFaceAlone and fused are calibrations as JSON; the last model of a fused one
// is the network's.
func goFaceAlone(t *testing.T, name string, models ...matcher.Model) []byte {
	t.Helper()
	return marshalled(t, matcher.Calibration{Name: name, Engine: "go-face", Models: append(models, landmarks)})
}

func fused(t *testing.T, name string, models ...matcher.Model) []byte {
	t.Helper()
	return marshalled(t, matcher.Calibration{
		Name: name, Engine: "go-face + features", Models: models, Calibrated: true,
		Pairs: &matcher.MeasuredPairs{Data: "LFW"}, Checks: &matcher.MeasuredChecks{Data: "LFW"},
		Network: &matcher.Network{Features: models[len(models)-1].Name, Mean: 127, Deviation: 128},
		Fusion:  &matcher.Fusion{Offset: 1, Cosine: -1},
	})
}

func marshalled(t *testing.T, c matcher.Calibration) []byte {
	t.Helper()
	c.Finder = matcher.Finder{Detector: landmarks.Name, Landmarks: landmarks.Name}
	c.Points, c.SamePerson, c.ResultFrom = [][2]float64{{0, 100}, {1, 0}}, 0.5, 70
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func shipped(t *testing.T) Shipped {
	return Shipped{Fused: fused(t, "shipped", dlib, landmarks, features), GoFace: goFaceAlone(t, "shipped, alone", dlib)}
}

func TestDeciding(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	network := "/srv/networks/own.onnx"
	otherDlib, otherLandmarks, otherFeatures := dlib, landmarks, features
	otherDlib.SHA256, otherLandmarks.SHA256, otherFeatures.SHA256 = own.SHA256, own.SHA256, own.SHA256
	for name, tt := range map[string]struct {
		network, calibration string
		want, path           string // the calibration's name, the network's file
		problem              string
	}{
		"as shipped":                {"", "", "shipped", "", ""},
		"none":                      {NoNetwork, "", "shipped, alone", "", ""},
		"the shipped one elsewhere": {"/srv/features.onnx", "", "shipped", "/srv/features.onnx", ""},
		"own network and calibration": {network, file("own.json", fused(t, "own", dlib, landmarks, own)), "own",
			network, ""},
		"own calibration": {"", file("mine.json", fused(t, "mine", dlib, landmarks, features)),
			"mine", "", ""},
		"own calibration without": {NoNetwork, file("alone.json", goFaceAlone(t, "alone", dlib)), "alone", "", ""},
		"own network without":     {network, "", "", "", "engine.network_unknown"},
		"of another network": {"/srv/other.onnx", file("own.json", fused(t, "own", dlib, landmarks, own)), "", "",
			"engine.network_unknown"},
		"own network, go-face's": {network, file("alone.json", goFaceAlone(t, "alone", dlib)), "", "",
			"engine.network_unknown"},
		"go-face's, but the network is": {"", file("alone.json", goFaceAlone(t, "alone", dlib)), "", "",
			"calibration.needs_none"},
		"fused, but no network is": {NoNetwork, file("mine.json", fused(t, "mine", dlib, landmarks, features)), "", "",
			"calibration.needs_network"},
		"of a network that is not named": {"", file("own.json", fused(t, "own", dlib, landmarks, own)), "", "",
			"calibration.needs_network"},
		"of other features": {"", file("features.json", fused(t, "mine", dlib, landmarks, otherFeatures)), "",
			"", "calibration.other_models"},
		"of another dlib": {NoNetwork, file("dlib.json", goFaceAlone(t, "alone", otherDlib)), "", "",
			"calibration.other_models"},
		"of no dlib": {"", file("less.json", fused(t, "mine", landmarks, features)), "", "",
			"calibration.other_models"},
		"of more models": {NoNetwork, file("more.json", goFaceAlone(t, "alone", dlib, own)), "", "",
			"calibration.other_models"},
		"of two dlibs": {NoNetwork, file("two.json", goFaceAlone(t, "alone", dlib, otherDlib)), "", "",
			"calibration.other_models"},
		"of other landmarks": {network, file("marks.json", fused(t, "own", dlib, otherLandmarks, own)), "", "",
			"calibration.other_models"},
		"landmarks as the network": {"/srv/landmarks.onnx", file("same.json", fused(t, "own", dlib, landmarks)), "", "",
			"calibration.other_models"},
		"missing":  {"", filepath.Join(dir, "none.json"), "", "", "calibration.missing"},
		"a folder": {"", dir, "", "", "calibration.missing"},
		"empty":    {"", file("empty.json", nil), "", "", "calibration.damaged"},
		"text":     {"", file("text.json", []byte("Dear clerk")), "", "", "calibration.damaged"},
		"half": {"", file("half.json", fused(t, "mine", dlib, landmarks, features)[:90]), "", "",
			"calibration.damaged"},
		"endless": {"", file("endless.json", make([]byte, maxCalibration+1)), "", "",
			"calibration.damaged"},
		"a device": {"", "/dev/zero", "", "", "calibration.missing"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Matching{Network: tt.network, Calibration: tt.calibration}.Deciding(shipped(t))
			if tt.problem != "" {
				if p := problem(t, err); p.Key != tt.problem || strings.Contains(p.Error(), dir) {
					t.Errorf("got %v, want %s", p, tt.problem)
				}
				return
			}
			if err != nil || d.Calibration.Name != tt.want || d.Network != tt.path {
				t.Errorf("got %+v, %v", d, err)
			}
		})
	}
	// What is shipped must be right, too.
	if _, err := (Matching{}).Deciding(Shipped{Fused: []byte("{}"), GoFace: []byte("{}")}); err == nil {
		t.Error("an empty calibration decides")
	}
}

// A network to be measured takes the place of the shipped one, and nothing says
// that its scores were measured.
func TestMeasuring(t *testing.T) {
	n := Measured{File: "networks/own.onnx", SHA256: own.SHA256, Mean: 1, Deviation: 2, BGR: true, Gray: true}
	d, err := Measuring(shipped(t), n)
	if err != nil {
		t.Fatal(err)
	}
	c := d.Calibration
	if d.Network != n.File || *c.Network != (matcher.Network{Features: "own.onnx", Mean: 1, Deviation: 2, BGR: true,
		Gray: true}) {
		t.Errorf("%+v, network %+v", d, c.Network)
	}
	if len(c.Models) != 3 || c.Models[2] != own || c.Calibrated || c.Pairs != nil || c.Checks != nil ||
		c.Name == "shipped" || c.Engine != "go-face + own" {
		t.Errorf("%+v", c)
	}
	// What it was made from and what is made of it is accepted as a calibration.
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := matcher.ParseCalibration(data); err != nil {
		t.Error(err)
	}
	for file, key := range map[string]string{"landmarks.onnx": "engine.network_name", "dlib.dat": "engine.network_name"} {
		_, err := Measuring(shipped(t), Measured{File: file, Deviation: 1})
		if p := problem(t, err); p.Key != key {
			t.Errorf("%s: %v", file, err)
		}
	}
	s := shipped(t)
	s.Fused = s.GoFace
	_, err = Measuring(s, n)
	if p := problem(t, err); p.Key != "calibration.no_network" {
		t.Error(err)
	}
}

// The calibrations that come with the program go with each other.
func TestTheShippedCalibrations(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("../../assets", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	s := Shipped{Fused: read("calibration.json"), GoFace: read("calibration-goface.json")}
	for _, network := range []string{"", NoNetwork} {
		d, err := Matching{Network: network}.Deciding(s)
		if err != nil {
			t.Fatalf("%q: %v", network, err)
		}
		if network == NoNetwork && d.Calibration.Network != nil {
			t.Error("go-face's own calibration asks for another network")
		}
	}
}

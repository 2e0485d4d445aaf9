package offline

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"facematch/matcher"
)

// descriptorModel is the file of the network that describes faces for go-face.
const descriptorModel = "dlib_face_recognition_resnet_model_v1.dat"

// mostOff is by how much a value may differ from the stored one. Processors and builds of
// the libraries add up in another order, which is some millionths.
const mostOff = 1e-3

// answer is what a model makes of the drawn face, as it was stored where the calibration was
// measured.
type answer struct {
	Model  string    `json:"model"`
	SHA256 string    `json:"sha256"`
	Values []float64 `json:"values"`
}

// storedAnswers are those of the shipped models; TestSelfTest -update writes them.
//
//go:embed selftest.json
var storedAnswers []byte

// selfTest has the networks look at the drawn face, and compares what they make of it with
// what they have to: a library or processor that computes wrongly would give scores that
// mean nothing. Of a network of the operator's own nothing is stored. The error is a
// *matcher.Problem: engine.miscalculates (parameter Model), engine.failed.
func (l *load) selfTest(c *matcher.Calibration, stored []byte) error {
	var want []answer
	if err := json.Unmarshal(stored, &want); err != nil {
		return matcher.NewProblem("engine.failed", err)
	}
	got, err := l.answers(c)
	if err != nil {
		return matcher.AsProblem(err, "engine.failed")
	}
	for _, g := range got {
		i := slices.IndexFunc(want, func(w answer) bool { return w.SHA256 == g.SHA256 })
		if i < 0 {
			continue
		}
		if off := furthest(g.Values, want[i].Values); !(off <= mostOff) { // also where it is no number
			return matcher.NewProblem(matcher.KeyMiscalculates, fmt.Errorf("a value is off by %.3g", off), "Model", g.Model)
		}
	}
	return nil
}

// furthest is the largest difference, infinite where the values are not as many.
func furthest(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	most := 0.0
	for i := range a {
		off := math.Abs(a[i] - b[i])
		if math.IsNaN(off) {
			return off
		}
		most = max(most, off)
	}
	return most
}

// answers are what each network makes of the drawn face. Where one does not see a face in
// it, there are no values of that one and those that work with its answer.
func (l *load) answers(c *matcher.Calibration) ([]answer, error) {
	n := <-l.networks
	defer func() { l.networks <- n }()
	r := <-l.goFace.free
	defer func() { l.goFace.free <- r }()

	img := drawnFace()
	var detector, landmarks, features, goFace []float64
	boxes, err := n.search(img, leastFace)
	if err != nil {
		return nil, err
	}
	if len(boxes) > 0 {
		b := boxes[0]
		detector = []float64{b.minX / drawnSide, b.minY / drawnSide, b.maxX / drawnSide, b.maxY / drawnSide, b.score}
		f := found{box: b}
		if f.points, err = n.points(img, around(b, 0)); err != nil {
			return nil, err
		}
		for _, p := range f.points {
			landmarks = append(landmarks, p.x/drawnSide, p.y/drawnSide)
		}
		if n.features != nil {
			seen, err := n.describe(img, f, false)
			if err != nil {
				return nil, err
			}
			features = append(wide(seen.vector), seen.strength)
		}
	}
	faces, err := recognise(r, img, quick)
	if err != nil {
		return nil, err
	}
	if len(faces) > 0 {
		goFace = wide(faces[0].Descriptor[:])
	}
	all := []answer{
		{Model: c.Finder.Detector, Values: detector}, {Model: c.Finder.Landmarks, Values: landmarks},
		{Model: descriptorModel, Values: goFace},
	}
	if c.Network != nil {
		all = append(all, answer{Model: c.Network.Features, Values: features})
	}
	for i := range all {
		at := slices.IndexFunc(c.Models, func(m matcher.Model) bool { return m.Name == all[i].Model })
		if at < 0 {
			return nil, errors.New("the calibration does not name the model " + all[i].Model)
		}
		all[i].SHA256 = c.Models[at].SHA256
	}
	return all, nil
}

func wide(values []float32) []float64 {
	all := make([]float64, len(values))
	for i, x := range values {
		all[i] = float64(x)
	}
	return all
}

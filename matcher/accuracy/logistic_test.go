package accuracy

import (
	"math"
	"math/rand/v2"
	"testing"
)

func repeat(n int, row ...float64) (rows [][]float64) {
	for range n {
		rows = append(rows, row)
	}
	return rows
}

// A table of four fields has its answer in closed form: of the genuine ones 3 in
// 4 have the feature, of the impostors 1 in 10, whose odds are 3 and 1/9.
func TestLogisticOfFourFields(t *testing.T) {
	genuine := append(repeat(30, 1), repeat(10, 0)...)
	impostor := append(repeat(5, 1), repeat(45, 0)...)
	l, err := FitLogistic(genuine, impostor, 0)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weight", l.Weights[0], math.Log(27), 1e-6)
	near(t, "intercept", l.Intercept, math.Log(.25/.9), 1e-6)

	penalised, err := FitLogistic(genuine, impostor, 1e-2)
	if err != nil || penalised.Weights[0] >= l.Weights[0] || penalised.Weights[0] < 2 {
		t.Errorf("with a penalty: %+v, %v", penalised, err)
	}
}

// Two normal clouds of the same shape: the weights are the shape's inverse times
// what lies between their middles (Fisher's discriminant). The second feature
// says nothing by itself and yet helps, as a strength does.
func TestLogisticOfNormalClouds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	cloud := func(n int, x float64) (rows [][]float64) {
		for range n {
			a, b := random.NormFloat64(), random.NormFloat64()
			rows = append(rows, []float64{x + a, 10 * (0.8*a + 0.6*b), 7})
		}
		return rows
	}
	l, err := FitLogistic(cloud(4000, 2), cloud(40000, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	// The shape is (1 8; 8 100), its inverse (100 -8; -8 1)/36, the way 2.
	near(t, "first weight", l.Weights[0], 200.0/36, 0.35)
	near(t, "second weight", l.Weights[1], -16.0/36, 0.03)
	if l.Weights[2] != 0 {
		t.Errorf("a feature that never changes weighs %g", l.Weights[2])
	}
	near(t, "odds halfway", l.Intercept+l.Weights[0], 0, 0.2) // the kinds weigh the same
}

func TestLogisticOfSeparateKinds(t *testing.T) {
	l, err := FitLogistic(repeat(3, 2, 1), repeat(500, -2, 1), 1e-3)
	if err != nil {
		t.Fatal(err)
	}
	if w := l.Weights[0]; !(w > 0.5 && w < 50) || math.Abs(l.Intercept) > 1e-6 {
		t.Errorf("%+v", l)
	}
	if _, err := FitLogistic(nil, repeat(5, 1), 1); err == nil {
		t.Error("it fits with one kind only")
	}
}

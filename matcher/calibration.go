package matcher

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/interp"
)

// Calibration turns a distance between two descriptors into a percentage, and
// says how far that may be trusted. It is data: assets/calibration.json.
type Calibration struct {
	Name       string `json:"name"`
	Engine     string `json:"engine"`
	Calibrated bool   `json:"calibrated"` // false: the curve was chosen, not measured

	// Points of the curve: L2 distance and percentage, distances rising,
	// percentages falling.
	Points [][2]float64 `json:"points"`

	// SamePerson is the L2 distance above which two frames of one clip are
	// taken for two people: the bound at a false match rate of 1e-3.
	SamePerson float64 `json:"same_person_distance"`

	// ResultFrom is the score from which the answer's result is true.
	ResultFrom float64 `json:"result_from"`

	// Models are the only models the curve belongs to.
	Models []Model `json:"models"`

	curve interp.FritschButland
}

// ParseCalibration reads and checks a calibration.
func ParseCalibration(data []byte) (*Calibration, error) {
	var c Calibration
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	if len(c.Points) < 2 {
		return nil, errors.New("calibration: the curve needs at least two points")
	}
	xs, ys := make([]float64, len(c.Points)), make([]float64, len(c.Points))
	for i, p := range c.Points {
		xs[i], ys[i] = p[0], p[1]
		if ys[i] < 0 || ys[i] > 100 {
			return nil, fmt.Errorf("calibration: point %d is %g %%, outside 0 to 100", i+1, ys[i])
		}
		if i > 0 && (xs[i] <= xs[i-1] || ys[i] >= ys[i-1]) {
			return nil, fmt.Errorf("calibration: point %d does not fall to the right", i+1)
		}
	}
	if c.SamePerson <= 0 || c.ResultFrom <= 0 || c.ResultFrom > 100 || len(c.Models) == 0 {
		return nil, errors.New("calibration: same_person_distance, result_from or models missing or out of range")
	}
	// Fritsch and Butland's slopes keep a cubic monotone between monotone
	// points (SIAM J. Sci. Stat. Comput. 5, 1984).
	if err := c.curve.Fit(xs, ys); err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	return &c, nil
}

// Percentage is how alike two faces at this L2 distance are, 0 to 100, rounded
// to two decimals. It never rises with the distance.
func (c *Calibration) Percentage(distance float64) float64 {
	first, last := c.Points[0], c.Points[len(c.Points)-1]
	switch {
	case math.IsNaN(distance) || distance >= last[0]:
		return round2(last[1])
	case distance <= first[0]:
		return round2(first[1])
	}
	return round2(c.curve.Predict(distance))
}

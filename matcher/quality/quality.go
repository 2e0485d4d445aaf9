// Package quality holds every quality measure of a face picture and the choice
// of the best frames, in pure Go.
package quality

// Measures are the quality measures of one face, each 0 (useless) to 100
// (ideal) but for InterEye.
type Measures struct {
	InterEye  float64 `json:"inter_eye_px"` // distance between the centres of the eyes in pixels
	Size      float64 `json:"size"`         // from InterEye
	Sharpness float64 `json:"sharpness"`
	Exposure  float64 `json:"exposure"`
	Pose      float64 `json:"pose"`  // frontal is 100
	Total     float64 `json:"total"` // the one number frames are ranked by
}

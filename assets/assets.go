// Package assets carries what the program ships: icon, calibration and, in
// translations, every word a person reads.
package assets

import _ "embed"

// Calibration is the calibration of the embedded engine with its second network,
// as JSON.
//
//go:embed calibration.json
var Calibration []byte

// CalibrationGoFace is that of go-face alone.
//
//go:embed calibration-goface.json
var CalibrationGoFace []byte

// Icon is the program's icon, as SVG.
//
//go:embed icon.svg
var Icon []byte

// MRZNetwork reads one line of a machine-readable zone, as ONNX. How it was trained stands
// in matcher/offline/mrznet.
//
//go:embed mrz.onnx
var MRZNetwork []byte

package settings

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"facematch/matcher"
)

// Shipped are the calibrations that come with the program, as JSON.
type Shipped struct {
	Fused  []byte // with the second network
	GoFace []byte // of go-face alone
}

// Deciding is what the settings have decide offline.
type Deciding struct {
	Calibration *matcher.Calibration
	Network     string // the second network's file where it does not lie among the models
}

// maxCalibration is the most bytes of a calibration's file; one takes some 10 KB.
const maxCalibration = 1 << 20

// Deciding chooses the calibration these settings ask for, and never another in
// its place. The error is a *Problem: calibration.missing, .damaged (parameter
// Fault), .other_models (Model), .needs_none, .needs_network, or
// engine.network_unknown.
func (m Matching) Deciding(s Shipped) (Deciding, error) {
	usual, err := m.usual(s)
	if err != nil {
		return Deciding{}, err
	}
	d := Deciding{Calibration: usual}
	if m.Network != "" && m.Network != NoNetwork {
		d.Network = m.Network
	}
	if m.Calibration != "" {
		if d.Calibration, err = readCalibration(m.Calibration); err != nil {
			return Deciding{}, err
		}
	}
	return d, matches(d, usual)
}

// usual is the calibration where the settings name none.
func (m Matching) usual(s Shipped) (*matcher.Calibration, error) {
	if m.Network == NoNetwork {
		return matcher.ParseCalibration(s.GoFace)
	}
	return matcher.ParseCalibration(s.Fused)
}

func readCalibration(path string) (*matcher.Calibration, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // a pipe could keep the program waiting
		err = errors.New("not a file")
	}
	if err != nil {
		return nil, matcher.NewProblem("calibration.missing", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, matcher.NewProblem("calibration.missing", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxCalibration+1))
	if err != nil {
		return nil, matcher.NewProblem("calibration.missing", err)
	}
	if len(data) > maxCalibration {
		return nil, matcher.NewProblem("calibration.damaged", nil, "Fault", "it is too large")
	}
	c, err := matcher.ParseCalibration(data)
	if err != nil {
		return nil, matcher.NewProblem("calibration.damaged", nil, "Fault", err.Error())
	}
	return c, nil
}

// matches reports whether a calibration belongs to the models in use. The models of go-face
// and of the finder are always those the program comes with. The settings choose the second
// network.
func matches(d Deciding, usual *matcher.Calibration) error {
	c, own := d.Calibration, d.Network != ""
	switch {
	case own && (c.Network == nil || c.Network.Features != filepath.Base(d.Network)):
		return matcher.NewProblem(matcher.KeyNetworkUnknown, nil)
	case c.Network == nil && usual.Network != nil:
		return matcher.NewProblem("calibration.needs_none", nil)
	case c.Network != nil && !own && (usual.Network == nil || c.Network.Features != usual.Network.Features):
		return matcher.NewProblem("calibration.needs_network", nil)
	case c.Finder != usual.Finder:
		// Of all files the shipped ones alone are known to be read safely in this place.
		return matcher.NewProblem("calibration.other_models", nil, "Model", c.Finder.Detector)
	}
	needed, known := shared(usual, own), shared(c, own)
	for _, models := range [][2][]matcher.Model{{needed, known}, {known, needed}} {
		for _, model := range models[0] {
			if !slices.Contains(models[1], model) {
				return matcher.NewProblem("calibration.other_models", nil, "Model", model.Name)
			}
		}
	}
	return nil
}

// shared are the models besides a network of the operator's own.
func shared(c *matcher.Calibration, own bool) []matcher.Model {
	return slices.DeleteFunc(slices.Clone(c.Models), func(model matcher.Model) bool {
		return own && c.Network != nil && model.Name == c.Network.Features
	})
}

// Measured is a second network to be measured in place of the one that comes
// with the program.
type Measured struct {
	File            string
	SHA256          string
	Mean, Deviation float64 // as matcher.Network has them
	BGR, Gray       bool
}

// Measuring is the calibration that comes with the program with another network
// in it. Its scores mean nothing: it is there to make a calibration with. The
// error is a *Problem: calibration.no_network, or engine.network_name (parameter
// Model) where the file bears the name of another model.
func Measuring(s Shipped, n Measured) (Deciding, error) {
	goFace, err := matcher.ParseCalibration(s.GoFace)
	if err != nil {
		return Deciding{}, err
	}
	c, err := matcher.ParseCalibration(s.Fused)
	switch {
	case err != nil:
		return Deciding{}, err
	case c.Network == nil:
		return Deciding{}, matcher.NewProblem("calibration.no_network", nil)
	}
	name := filepath.Base(n.File)
	c.Models = shared(c, true)
	if slices.ContainsFunc(c.Models, func(m matcher.Model) bool { return m.Name == name }) {
		return Deciding{}, matcher.NewProblem(matcher.KeyNetworkName, nil, "Model", name)
	}
	c.Models = append(c.Models, matcher.Model{Name: name, SHA256: n.SHA256})
	c.Network.Features, c.Network.Mean, c.Network.Deviation = name, n.Mean, n.Deviation
	c.Network.BGR, c.Network.Gray = n.BGR, n.Gray
	c.Engine = goFace.Engine + " + " + strings.TrimSuffix(name, filepath.Ext(name))
	c.Name, c.Calibrated, c.Pairs, c.Checks = name+", not calibrated", false, nil, nil
	return Deciding{Calibration: c, Network: n.File}, nil
}

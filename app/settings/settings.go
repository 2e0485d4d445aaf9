// Package settings keeps the program's settings: one versioned TOML file,
// written in one step, read by window and command line alike, and the folders
// everything lies in.
package settings

import (
	"facematch/app/history"
	"facematch/matcher"
)

// Version is the version of the settings file this program writes.
const Version = 1

// Settings are all settings. The zero value is not usable; start from Default.
type Settings struct {
	Version    int                 `toml:"version"`
	Desk       string              `toml:"desk" comment:"name of this desk, written into each record"`
	Camera     Camera              `toml:"camera"`
	Matching   Matching            `toml:"matching"`
	Folders    FolderChoice        `toml:"folders"`
	Conditions []matcher.Condition `toml:"facematch_conditions"`
}

// Camera is where the live picture comes from.
type Camera struct {
	Source string `toml:"source" comment:"camera number (0 is the first), device path, video file, or http:// or rtsp:// address"`
	Mirror bool   `toml:"mirror" comment:"show the live picture as in a mirror"`
}

// Matching is which engine decides.
type Matching struct {
	Mode        history.Mode `toml:"mode" comment:"offline"`
	Network     string       `toml:"network" comment:"second network beside go-face; empty: the one that comes with the program; none: go-face alone; else the path of an ONNX file"`
	Calibration string       `toml:"calibration" comment:"what makes scores of what the networks say; empty: the one that comes with the program; else the path of one made by facematch evaluate people --calibrate"`
	ReferMinors bool         `toml:"refer_minors" comment:"a person under 18 never passes without a second look"`
}

// NoNetwork is the Network of a program that decides by go-face alone.
const NoNetwork = "none"

// FolderChoice are folders of the user's choice; an empty one is the usual
// place.
type FolderChoice struct {
	History   string `toml:"history" comment:"where the history database lies; empty: the data folder"`
	Models    string `toml:"models" comment:"where the face models lie; empty: the usual places"`
	Documents string `toml:"documents" comment:"where Browse starts; empty: the last one used"`
}

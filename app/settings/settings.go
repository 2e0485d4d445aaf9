// Package settings keeps the program's settings: one versioned TOML file, written in one
// step, which the window and the command line both read. It also knows the folders of all
// files.
package settings

import (
	"time"

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
	API        API                 `toml:"api"`
	Reference  Reference           `toml:"reference"`
	Inspection Inspection          `toml:"inspection"`
	Consent    Consent             `toml:"consent"`
	Operators  Operators           `toml:"operators"`
	Folders    FolderChoice        `toml:"folders"`
	Central    Central             `toml:"central"`
	Retention  Retention           `toml:"retention"`
	Privacy    Privacy             `toml:"privacy"`
	Overview   Overview            `toml:"overview"`
	Window     Window              `toml:"window"`
	Setup      Setup               `toml:"setup"`
	Conditions []matcher.Condition `toml:"facematch_conditions"`
}

// Camera is where the live picture comes from.
type Camera struct {
	Source   string       `toml:"source" comment:"camera number (0 is the first), device path, video file, or http:// or rtsp:// address"`
	Document string       `toml:"document" comment:"camera that takes photos of documents, named as source is; empty: the same camera"`
	Mirror   bool         `toml:"mirror" comment:"show the live picture as in a mirror"`
	Part     matcher.Part `toml:"part" comment:"part of the picture that is used, the rest is cut off: left edge, top edge, width and height as shares of the picture, such as \"0.25 0 0.5 1\"; empty: all of it"`
}

// Matching is which engine decides.
type Matching struct {
	Mode        history.Mode `toml:"mode" comment:"offline: this computer decides; remote: the API; ask: the clerk says which, for each check"`
	Network     string       `toml:"network" comment:"second network beside go-face; empty: the one that comes with the program; none: go-face alone; else the path of an ONNX file"`
	Calibration string       `toml:"calibration" comment:"what makes scores of what the networks say; empty: the one that comes with the program; else the path of one made by facematch evaluate people --calibrate"`
	ReferMinors bool         `toml:"refer_minors" comment:"a person under 18 never passes without a second look"`

	ReferExpired bool `toml:"refer_expired" comment:"a document that has expired never passes without a second look"`
}

// NoNetwork is the Network of a program that decides by go-face alone.
const NoNetwork = "none"

// API is how the match-faces API is reached. Its token never stands here.
type API struct {
	Base           string `toml:"base" comment:"address; the token is bound to it"`
	CAFile         string `toml:"ca_file" comment:"PEM file of authorities to trust besides the system's; empty: none"`
	ConnectSeconds int    `toml:"connect_seconds" comment:"how long connecting may take"`
	TLSSeconds     int    `toml:"tls_seconds" comment:"how long the TLS handshake may take"`
	AnswerSeconds  int    `toml:"answer_seconds" comment:"how long the first byte of an answer may take, and any pause while sending"`
	KeepDays       int    `toml:"keep_days" comment:"how many days a check that could not be sent may be kept"`
}

// Consent is the wording of the two consents where it is not the program's own.
type Consent struct {
	Version    int    `toml:"version" comment:"counts up with each change of the wording in the window"`
	Processing string `toml:"processing" comment:"what the person agrees to; empty: the program's own words"`
	SendName   string `toml:"send_name" comment:"that the name goes to the API; empty: the program's own words"`
}

// Own says whether any of the wording is not the program's.
func (c Consent) Own() bool { return c.Processing != "" || c.SendName != "" }

// Operators is how long who signed in may be away.
type Operators struct {
	LockMinutes int `toml:"lock_minutes" comment:"minutes without a key or the mouse after which the operator signs in again; 0: never"`
}

// FolderChoice are folders of the user's choice; an empty one is the usual
// place.
type FolderChoice struct {
	History   string `toml:"history" comment:"where the history database lies; empty: the data folder"`
	Models    string `toml:"models" comment:"where the face models lie; empty: the usual places"`
	Documents string `toml:"documents" comment:"where Browse starts; empty: the last one used"`

	Scans string `toml:"scans" comment:"folder a scanner writes into, whose newest file is offered as the document; empty: none"`

	SecondAnchor string `toml:"second_anchor" comment:"where the head of the history is written besides, such as a share; empty: nowhere"`
}

// Retention is how many days parts of a session are kept; 0: without end.
type Retention struct {
	NamesDays   int `toml:"names_days" comment:"how many days names and notes are kept; 0: without end"`
	AnswersDays int `toml:"answers_days" comment:"how many days the answers' bodies are kept; 0: without end"`
	ImagesDays  int `toml:"images_days" comment:"how many days pictures are kept, where they are; 0: without end"`
	FieldsDays  int `toml:"fields_days" comment:"how many days it is kept what documents say of their holders; 0: without end"`
}

// Periods are the same as the history takes them.
func (r Retention) Periods() history.Periods {
	const day = 24 * time.Hour
	return history.Periods{
		Names: time.Duration(r.NamesDays) * day, Answers: time.Duration(r.AnswersDays) * day,
		Images: time.Duration(r.ImagesDays) * day, Fields: time.Duration(r.FieldsDays) * day,
	}
}

// Window is how the window looks.
type Window struct {
	TextPercent int `toml:"text_percent" comment:"size of the text, 100 to 130 percent of the usual"`
}

// Privacy is what is kept of a person besides.
type Privacy struct {
	KeepImages bool `toml:"keep_images" comment:"keep the pictures that were compared, sealed"`
	KeepNumber bool `toml:"keep_number" comment:"keep the numbers of documents, sealed"`
}

// Overview is what the overview of the history shows besides.
type Overview struct {
	Operators bool `toml:"operators" comment:"auditors and administrators see the numbers of each operator: this is monitoring of staff"`
}

// Setup is what this desk does without. Each stands in the list of what is left to set up
// until it is set up, or this says that it is not needed.
type Setup struct {
	NoOperators    bool `toml:"no_operators" comment:"this desk needs no operators who sign in"`
	NoRecovery     bool `toml:"no_recovery" comment:"this desk needs no recovery passphrase"`
	NoSecondAnchor bool `toml:"no_second_anchor" comment:"this desk needs no second place for the head of the history"`
	UsualBounds    bool `toml:"usual_bounds" comment:"the conditions stay as they come with the program"`
}

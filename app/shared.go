package app

import (
	"image"

	"facematch/app/access"
	"facematch/matcher"
)

// This file holds short names for what app and the views use most of matcher and access.

type (
	Frame        = matcher.Frame
	Face         = matcher.Face
	Live         = matcher.Live
	Advice       = matcher.Advice
	Notice       = matcher.Notice
	Portrait     = matcher.Portrait
	Zone         = matcher.Zone
	Choice       = matcher.Choice
	Clip         = matcher.Clip
	Blob         = matcher.Blob
	Answer       = matcher.Answer
	MatchedFrame = matcher.MatchedFrame
	Problem      = matcher.Problem
	Progress     = matcher.Progress
	ProgressFunc = matcher.ProgressFunc
	Description  = matcher.Description
	Condition    = matcher.Condition
	Film         = matcher.Film
	Flaw         = matcher.Flaw
	Part         = matcher.Part
	Aside        = matcher.Aside
	Sight        = matcher.Sight
	Stage        = matcher.Stage

	Action = access.Action
)

// The actions, beside their type.
const (
	ActionCheck     = access.Check
	ActionDecide    = access.Decide
	ActionOverride  = access.Override
	ActionHistory   = access.History
	ActionExport    = access.Export
	ActionSettings  = access.Settings
	ActionOperators = access.Operators
	ActionErase     = access.Erase
	ActionBackup    = access.Backup
)

// StageOffering is the stage of a check that has waited long enough for a good picture.
const StageOffering = matcher.StageOffering

// The keys of problems with an API's address.
const (
	KeyBase      = matcher.KeyBase
	KeyBaseParts = matcher.KeyBaseParts
	KeyBasePlain = matcher.KeyBasePlain
)

// ReasonMinor is the reason of an answer that refers a person under 18.
const ReasonMinor = matcher.ReasonMinor

// ReasonExpired is the reason of an answer that refers a document that has expired.
const ReasonExpired = matcher.ReasonExpired

// IsProblem reports whether an error is a problem with one of these keys.
func IsProblem(err error, keys ...string) bool { return matcher.IsProblem(err, keys...) }

// PartOf is the part of a picture of this size that an area of it is.
func PartOf(area image.Rectangle, size image.Point) Part { return matcher.PartOf(area, size) }

// ParseConditions reads conditions as text; the error says what is wrong, with
// the line.
func ParseConditions(text string) ([]Condition, error) { return matcher.ParseConditions(text) }

// FormatConditions writes conditions as ParseConditions reads them.
func FormatConditions(rules []Condition) string { return matcher.FormatConditions(rules) }

package app

import (
	"image"

	"facematch/app/access"
	"facematch/app/export"
	"facematch/matcher"
)

// This file holds what the views use of matcher, access and export. Through these aliases
// the views depend on app only.

type (
	Frame        = matcher.Frame
	Face         = matcher.Face
	Live         = matcher.Live
	Advice       = matcher.Advice
	Notice       = matcher.Notice
	Portrait     = matcher.Portrait
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
	ActionToken     = access.Token
	ActionBackup    = access.Backup
)

// The codes of a document's or a film's face.
const (
	CodeOK       = matcher.CodeOK
	CodeNoFace   = matcher.CodeNoFace
	CodeTwoFaces = matcher.CodeTwoFaces
	CodeCutOff   = matcher.CodeCutOff
)

// The flaws of a page or a film that the views tell apart from others.
const (
	FlawNone   = matcher.FlawNone
	FlawNobody = matcher.FlawNobody
)

// The stages of a check that the views show in their own way.
const (
	StageOffering = matcher.StageOffering // a check has waited long enough for a good picture
	StageSending  = matcher.StageSending
)

// The keys of problems with an API's address.
const (
	KeyBase      = matcher.KeyBase
	KeyBaseParts = matcher.KeyBaseParts
	KeyBasePlain = matcher.KeyBasePlain
)

// ReasonMinor is the reason of an answer that refers a person under 18.
const ReasonMinor = matcher.ReasonMinor

// The formats of an export.
const (
	FormatCSV       = export.CSV
	FormatJSONLines = export.JSONL
	FormatPDF       = export.PDF
)

// IsProblem reports whether an error is a problem with one of these keys.
func IsProblem(err error, keys ...string) bool { return matcher.IsProblem(err, keys...) }

// PartOf is the part of a picture of this size that an area of it is.
func PartOf(area image.Rectangle, size image.Point) Part { return matcher.PartOf(area, size) }

// ParseConditions reads conditions as text; the error says what is wrong, with
// the line.
func ParseConditions(text string) ([]Condition, error) { return matcher.ParseConditions(text) }

// FormatConditions writes conditions as ParseConditions reads them.
func FormatConditions(rules []Condition) string { return matcher.FormatConditions(rules) }

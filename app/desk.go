// Package app is what the program does, in plain Go: a check from its start to its
// record. It knows no window, no camera library and no database. It declares what it
// needs of them (Params), and main hands that in.
//
//	window / command line
//	      │ CheckInput                         ┌───────────────┐
//	      ▼                                    │ History       │
//	  Desk.Check ── Started ──────────────────▶│ (store)       │
//	      │ Portraits (document) ─▶ Portrait   │               │
//	      │ Capture (camera) ─▶ Film, or Clip  │               │
//	      │ Engine.Match while the film runs, or the API's ─▶ Answer
//	      └─ Finished ────────────────────────▶└───────────────┘
//	      ▼
//	    Check
package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"facematch/app/access"
	"facematch/app/operators"
	"facematch/app/queue"
	"facematch/app/settings"
	"facematch/matcher"
)

// History is the append-only record of what was done: the union of the roles that the
// files of this package declare where they use them.
type History interface {
	Recorder
	SentChecks
	Decider
	Inspector
	Signer
	Holder
	Reader
	Sampler
	SettingsRecorder
	Keeper
	access.Journal
}

// Params are the parts a Desk is made of; all but Calibration, Centre, OpenCentre, Enrol and Doctored
// are needed.
type Params struct {
	History History
	Engine  matcher.Matcher
	// Calibration is the engine's; nil: nothing was measured.
	Calibration *matcher.Calibration
	OpenAPI     func(at settings.API, token func(context.Context) (string, error)) (API, error)
	Tokens      Tokens
	Queue       *queue.Queue
	Portraits   matcher.PortraitFinder
	Zones       Zones
	OpenSource  func(at settings.Camera) Source // never blocks: the source opens in the background
	Cameras     func() []Camera                 // those that are plugged in; takes a moment
	// OpenHistory opens another desk's history for reading.
	OpenHistory func(ctx context.Context, path string) (Records, error)
	// Centre is where all desks' records come together, and Enrol makes the key to call it
	// with. OpenCentre opens it for reading. Nil where no centre is set up.
	Centre     Centre
	OpenCentre func(ctx context.Context, at string) (SealedRecords, error)
	Enrol      func(replace bool) (Enrolment, error)
	Settings   *settings.Store
	Operators  *operators.Keeper
	Instance   string // id of this running program
	Verified   string // the file that keeps when the history was last verified; empty: it is not kept
	Doctored   string // the file that keeps what the doctor found last; empty: it is not kept
	Version    string
	Log        *slog.Logger
	Now        func() time.Time
}

// Desk is where checks are made. Each of its methods asks by itself whether the operator
// who is signed in may use it; the problems are those of Allow.
type Desk struct {
	*access.Guard
	p        Params
	changing sync.Mutex // one change of the settings at a time
}

// New makes a desk. A missing part is a mistake in the program and panics.
func New(p Params) *Desk {
	for name, missing := range map[string]bool{
		"History": p.History == nil, "Engine": p.Engine == nil, "Portraits": p.Portraits == nil, "Zones": p.Zones == nil,
		"OpenAPI": p.OpenAPI == nil, "Tokens": p.Tokens == nil, "Queue": p.Queue == nil,
		"OpenSource": p.OpenSource == nil, "Cameras": p.Cameras == nil, "OpenHistory": p.OpenHistory == nil,
		"Settings": p.Settings == nil, "Operators": p.Operators == nil, "Instance": p.Instance == "",
		"Log": p.Log == nil, "Now": p.Now == nil,
	} {
		if missing {
			panic("app: Params." + name + " is missing")
		}
	}
	return &Desk{p: p, Guard: newGuard(p)}
}

func newGuard(p Params) *access.Guard {
	return access.New(access.Params{
		Operators: p.Operators, Recorded: p.History, Journal: p.History, Settings: p.Settings.Get,
		Instance: p.Instance, Version: p.Version, Now: p.Now,
	})
}

// Engine describes what decides checks, and waits for its models to load. The error is
// a *Problem where they are missing or damaged.
func (d *Desk) Engine(ctx context.Context) (matcher.Description, error) {
	return d.p.Engine.Describe(ctx)
}

// Rates are how often a stranger reaches a score, and how often the right person stays below
// it, as the engine's calibration measured it.
func (d *Desk) Rates(score float64) (strangers, same matcher.Rate) {
	if d.p.Calibration == nil {
		return
	}
	return d.p.Calibration.FalseMatches(score), d.p.Calibration.FalseNonMatches(score)
}

// Version is the program's version.
func (d *Desk) Version() string { return d.p.Version }

// Log writes an error that a person has been shown, once, at the top.
func (d *Desk) Log(what string, err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	d.p.Log.Error(what, "error", err)
}

// Package app is what the program does, in plain Go: a check from its start to
// its record. It knows no window, no camera library and no database; it
// declares what it needs of them (Params) and main hands that in.
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
	"image"
	"log/slog"
	"sync"
	"time"

	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/queue"
	"facematch/app/settings"
	"facematch/matcher"
)

// The words app shares with the views, so that they need to know app only.
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
)

// The keys of problems with an API's address.
const (
	KeyBase      = matcher.KeyBase
	KeyBaseParts = matcher.KeyBaseParts
	KeyBasePlain = matcher.KeyBasePlain
)

// IsProblem reports whether an error is a problem with one of these keys.
func IsProblem(err error, keys ...string) bool { return matcher.IsProblem(err, keys...) }

// PartOf is the part of a picture of this size that an area of it is.
func PartOf(area image.Rectangle, size image.Point) Part { return matcher.PartOf(area, size) }

// FlawNobody is the flaw of a page or film without a face.
const FlawNobody = matcher.FlawNobody

// CodeTwoFaces is the code of a side that shows more than one.
const CodeTwoFaces = matcher.CodeTwoFaces

// StageOffering is when a check has waited for a good picture for long enough.
const StageOffering = matcher.StageOffering

// Source is a live camera, stream or looped file.
type Source interface {
	// Next waits for news after the given Live.Seq and returns the newest; frames
	// nobody asked for in time are skipped. The error is the context's, or says
	// that the source was closed.
	Next(ctx context.Context, after uint64) (matcher.Live, error)
	// Advise waits for a frame after the given Live.Seq and says what it needs. It
	// says by itself how often: several may ask as fast as they like.
	Advise(ctx context.Context, after uint64) (matcher.Advice, error)
	// Film films for about this length and returns with the first frame; the rest
	// comes through the film. A source that stops giving frames ends it with a
	// *Problem. Progress is StageRecording.
	Film(ctx context.Context, length time.Duration, progress matcher.ProgressFunc) (matcher.Film, error)
	// Record films into a file, and returns when that is finished.
	Record(ctx context.Context, length time.Duration, progress matcher.ProgressFunc) (matcher.Clip, error)
	// Part is the part of the camera's picture that is used: nothing outside it is
	// looked at, shown, recorded, kept or sent.
	Part() matcher.Part
	// Whole waits for the next picture before the part was cut out, for who chooses
	// the part.
	Whole(ctx context.Context) (*image.RGBA, error)
	// Close ends the source and waits for its goroutine, though not for a driver
	// that hangs.
	Close() error
}

// Camera is a camera of this computer.
type Camera struct {
	Name    string   // as its maker calls it
	Address string   // what the settings hold where it is chosen
	Problem *Problem // why it cannot be used now; nil otherwise
}

// History is the append-only record of what was done.
type History interface {
	Start(ctx context.Context, s history.Started) error
	// Sending is on the disk when it returns.
	Sending(ctx context.Context, s history.Sending) error
	// Taken says whether a kept check was sent, or may have been.
	Taken(ctx context.Context, session, kept string) (bool, error)
	// Erased says whether a session was erased with all that is sealed in it.
	Erased(ctx context.Context, session string) (bool, error)
	Finish(ctx context.Context, f history.Finished) error
	Settings(ctx context.Context, c history.SettingsChange) error
	LastSettings(ctx context.Context) (history.SettingsChange, bool, error)
	chained
	// Rebuild makes what lists are chosen by anew from the records.
	Rebuild(ctx context.Context) error
	// LastOperators is the newest record of the list of operators, whose settings
	// LastSettings leaves out; false: none were ever set up.
	LastOperators(ctx context.Context) (history.SettingsChange, bool, error)
	// Decidable gives what a decision about a check depends on.
	Decidable(ctx context.Context, check string) (history.Row, error)
	Decide(ctx context.Context, d history.Decision) error
	Journal
	Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error)
	// Erase destroys parts of a session and records it.
	Erase(ctx context.Context, e history.Erasure) error
	// Expire does so with what is over its period, and returns of how many sessions.
	Expire(ctx context.Context, by history.Actor, keep history.Periods) (int, error)
	// Backup copies the history into a new file and verifies it.
	Backup(ctx context.Context, file string, progress matcher.ProgressFunc) error
	// SetRecovery keeps the master key under a passphrase too; RecoverKey gets it back
	// from there and says where it was put.
	SetRecovery(ctx context.Context, passphrase string) error
	RecoverySet(ctx context.Context) (bool, error)
	RecoverKey(ctx context.Context, passphrase string) (place string, err error)
	// KeyPlace is "keyring" or "file": where the key of sealed parts lies, or
	// would be put now. It may wait some seconds for a keyring.
	KeyPlace() string
	// KeyProblem says why sealed parts cannot be read here; nil where they can.
	KeyProblem(ctx context.Context) error
	// AnchorProblem says why the newest record could not be anchored; nil where
	// it was. The record itself is safe.
	AnchorProblem() error
}

// Params are the parts a Desk is made of; all are needed.
type Params struct {
	History    History
	Engine     matcher.Matcher
	OpenAPI    func(at settings.API, token func(context.Context) (string, error)) (API, error)
	Tokens     Tokens
	Queue      *queue.Queue
	Portraits  matcher.PortraitFinder
	OpenSource func(at settings.Camera) Source // never blocks: the source opens in the background
	Cameras    func() []Camera                 // those that are plugged in; takes a moment
	// OpenHistory opens another desk's history for reading.
	OpenHistory func(ctx context.Context, path string) (Records, error)
	Settings    *settings.Store
	Operators   *operators.Keeper
	Instance    string // id of this running program
	Version     string
	Log         *slog.Logger
	Now         func() time.Time
}

// Desk is where checks are made. Each of its methods says by itself whether who is
// signed in may use it; the problems are those of Allow.
type Desk struct {
	*Guard
	p     Params
	asked sync.Mutex // one change of settings at a time
}

// New makes a desk. A missing part is a mistake in the program and panics.
func New(p Params) *Desk {
	for name, missing := range map[string]bool{
		"History": p.History == nil, "Engine": p.Engine == nil, "Portraits": p.Portraits == nil,
		"OpenAPI": p.OpenAPI == nil, "Tokens": p.Tokens == nil, "Queue": p.Queue == nil,
		"OpenSource": p.OpenSource == nil, "Cameras": p.Cameras == nil, "OpenHistory": p.OpenHistory == nil, "Settings": p.Settings == nil, "Operators": p.Operators == nil, "Instance": p.Instance == "",
		"Log": p.Log == nil, "Now": p.Now == nil,
	} {
		if missing {
			panic("app: Params." + name + " is missing")
		}
	}
	return &Desk{p: p, Guard: NewGuard(GuardParams{
		Operators: p.Operators, Recorded: p.History.LastOperators, Journal: p.History, Settings: p.Settings.Get,
		Instance: p.Instance, Version: p.Version, Now: p.Now,
	})}
}

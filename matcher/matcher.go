// Package matcher says what a match is: who asks what (Request), what comes
// back (Answer, Result), how a score becomes a status (Condition), and the two
// interfaces an engine offers (Matcher, FaceFinder). It is plain data and pure
// Go; the engines live in the packages below it.
package matcher

import (
	"context"
	"image"
	"io"
	"slices"
	"time"

	"facematch/matcher/quality"
)

// Matcher compares the portrait of a document with the person in a clip.
type Matcher interface {
	// Describe names what would decide: the engine, its models with their
	// SHA-256, its calibration. It may wait for models to load. The error is a
	// *Problem where a model is missing or damaged.
	Describe(ctx context.Context) (Description, error)

	// Match answers one request. A document or clip without a usable face is an
	// answer (a code other than 0), not an error. Errors are *Problem, or the
	// context's error, which comes back within 200 ms of the cancellation. Where
	// another program was asked, the answer's Exchange and Raw tell of the call
	// even beside an error.
	Match(ctx context.Context, req Request, progress ProgressFunc) (Answer, error)
}

// FaceFinder finds faces in an upright picture.
type FaceFinder interface {
	// Find returns the faces in no particular order; none is not an error.
	// It may be called from several goroutines at once.
	Find(ctx context.Context, picture *image.RGBA) ([]Face, error)
}

// PortraitFinder finds the one portrait on a document, and follows a clerk who
// knows better. A readable document without a usable portrait is a Portrait with
// a code other than 0 and no error; errors are *Problem, or the context's.
type PortraitFinder interface {
	// Portrait reads the document and finds the best portrait on any of its
	// pages, upright or not.
	Portrait(ctx context.Context, document Blob) (Portrait, error)

	// OnPage finds the portrait on one page, counted from 1.
	OnPage(ctx context.Context, document Blob, number int) (Portrait, error)

	// Choose looks again at the page of a portrait, as the clerk says.
	Choose(ctx context.Context, p Portrait, c Choice) (Portrait, error)

	// Upright gives the page the portrait stands on as another program takes it:
	// an upright JPEG or PNG under 50 MB, with the document's own pixels where it
	// is one already. Nothing else of the document goes with it but its colour
	// profile.
	Upright(ctx context.Context, document Blob, p Portrait) (Blob, error)
}

// ClipCleaner makes a clip fit to leave this computer.
type ClipCleaner interface {
	// Clean gives a clip's pictures, as they are shown, without sound, names, places
	// and dates, and says how it was made. It goes with remove. Errors are *Problem,
	// or the context's.
	Clean(ctx context.Context, clip Blob) (clean Blob, how Cleaning, remove func(), err error)
}

// Cleaning says how a clip was made fit to be sent.
type Cleaning string

// The ways to make a clip fit to be sent.
const (
	ClipRewritten Cleaning = "rewritten"    // its pictures were copied bit by bit
	ClipEncoded   Cleaning = "encoded anew" // the file does not allow that
)

// Choice is what a clerk says of a page.
type Choice struct {
	Turn int             // degrees clockwise by which to turn the page first: 0, 90, 180 or 270
	Area image.Rectangle // where on the page, so turned, the portrait is; empty: anywhere
}

// Frame is one picture of a camera or clip. The picture is never changed after
// the frame was made, so a frame can be shared freely between goroutines.
type Frame struct {
	Image *image.RGBA   // bounds start at (0, 0), stride is 4*width
	At    time.Duration // time since the start of the clip, or since the source was opened
	Seq   uint64        // counts up by one for each frame read from the source, from 1
}

// Face is one face found in a picture, in that picture's pixels.
type Face struct {
	Box   image.Rectangle // reaches over the picture's edge where that cuts the face
	Eyes  [2]image.Point  // centres of the eyes; of an upright face the one on the picture's left first
	Nose  image.Point     // the base of the nose
	Score float64         // how sure the detector is, 0 to 1

	// Doubted says that the detector is not sure of it and that a second, closer look
	// did not make it so. It is mostly a fold or a shadow.
	Doubted bool
}

// Blob is a file as it came: on disk or in memory.
type Blob struct {
	Name      string // base name with extension; may be personal: never in a log, a record or an error
	MediaType string // such as image/jpeg; empty where not known yet
	Size      int64  // bytes; -1 where not known yet
	Open      func() (io.ReadCloser, error)
	Path      string // where the bytes lie on disk; empty for a blob in memory
}

// Portrait is the face picture found on a document.
type Portrait struct {
	Code     int             // 0, or why there is none: one of the Code constants
	Flaw     Flaw            // more about that; empty where the code says all
	Image    *image.RGBA     // upright crop with margin around the face; nil where Code is not 0
	Page     *image.RGBA     // the upright page it was found on (or looked for on)
	Number   int             // of that page, from 1
	Pages    int             // pages of the document that can be looked at, at most 10
	More     bool            // the document has more pages than that
	Rotation int             // degrees clockwise by which the stored page was turned to be upright: 0, 90, 180, 270
	Box      image.Rectangle // the face on Page
	Eyes     [2]image.Point  // on Page, the one on the picture's left first
	// other faces on Page, in the order of Faces: a second portrait, a ghost picture, somebody else
	Others   []image.Rectangle
	ByHand   bool             // a clerk turned the page or said where the portrait is
	Chosen   Pick             // which face a person chose where there are several; zero where nobody did
	Quality  quality.Measures // of the face
	Warnings []Notice         // what the clerk should know, most important first
}

// Clip is a film of a few seconds in front of the camera, as a file. Each frame that
// a Film of it would have given stands in it.
type Clip struct {
	Video   Blob          // H.264 MP4
	Picture *image.RGBA   // a sharp frame from its middle
	Length  time.Duration // from the first to the last recorded frame
}

// Notice is a short message with a stable key and its parameters; the words
// come from the catalogue.
type Notice struct {
	Key    string         `json:"key"`
	Params map[string]any `json:"params,omitempty"`
}

// Request is one question: is the person in the clip the person on the document?
type Request struct {
	Page      Blob      // the document as it came; the remote API gets it
	Portrait  *Portrait // found or cropped before; nil: the engine finds it on Page
	Video     Blob      // the clip as a file; the remote API gets it
	Own       bool      // Video was filmed by this program: it holds nothing but pictures and goes as it is
	Film      Film      // the frames to compare, as they are filmed; nil: the engine reads Video
	Person    string    // full name; empty where unknown or not consented to be sent
	Session   string    // sess_<uuid>
	Prefilled bool      // remote only: the session's video is already with the API
	// the person is under 18 and such a one is not to pass by itself: offline, a pass becomes a refer
	Minor bool
	Rules []Condition // what decides the status
}

// Answer is a Result with what it was made from, for the screen and the record.
type Answer struct {
	Result   Result
	Portrait *Portrait      // nil where the engine has none to show
	Frames   []MatchedFrame // the chosen frames in the order of the clip
	Best     int            // index into Frames of the highest percentage; -1 without frames
	Flaw     Flaw           // why the clip could not be compared; empty where it could
	Others   *Sight         // two people, or a person and a picture, in one frame; nil where there are none
	Rarity   Rarity         // of the score among strangers; zero where it was not measured
	Engine   Description

	// Where another program was asked:
	Raw      []byte    // the body as it came; also one that is no answer
	Exchange *Exchange // what is known of the call; nil where none was made
}

// Exchange is what is known of a call to another program.
type Exchange struct {
	Host      string `json:"host"`                  // whom it went to, with the port where it is not the usual one
	Reached   bool   `json:"reached"`               // a connection stood, so bytes may have been sent
	Answered  bool   `json:"answered"`              // an answer came, of whatever kind, and not cut off
	Refused   bool   `json:"refused,omitempty"`     // the answer says that the request was not taken at all
	Status    int    `json:"http_status,omitempty"` // 0: no answer began
	RequestID string `json:"request_id,omitempty"`  // the answer's X-Request-Id
	// how the clip was made that was sent; empty where it went as it was filmed, or none did
	Clip Cleaning `json:"clip,omitempty"`
	Sent int64    `json:"sent_bytes"` // of the body, as far as they were handed to the network
	Size int64    `json:"size_bytes"` // of the body

	Connect time.Duration `json:"connect_ns"` // until the connection stood
	Send    time.Duration `json:"send_ns"`    // from then until the request was sent
	Wait    time.Duration `json:"wait_ns"`    // from then until the first byte of the answer

	// Absent names the fields the answer did not have, or not in a usable form:
	// code, anchor.code, target.code, result, status, score. They are zero in the
	// Result, which says nothing.
	Absent []string `json:"absent,omitempty"`
}

// Has says whether the answer had a field; see Absent.
func (e *Exchange) Has(field string) bool { return e == nil || !slices.Contains(e.Absent, field) }

// Unsent says that not one byte was sent.
func (e *Exchange) Unsent() bool { return e != nil && !e.Reached }

// Untaken says that the other program has not taken the request, because it never
// came there or was refused: who asks again asks once.
func (e *Exchange) Untaken() bool { return e.Unsent() || e != nil && e.Answered && e.Refused }

// Unanswered says that bytes may have been sent and no whole answer came: what
// the other program made of them is not known.
func (e *Exchange) Unanswered() bool { return e != nil && e.Reached && !e.Answered }

// Sight is what one frame of a clip shows.
type Sight struct {
	Frame Frame
	Faces []Face // those that count, largest first
}

// MatchedFrame is one chosen frame and how it compared.
type MatchedFrame struct {
	Face       *image.RGBA // upright crop with margin around the face, as Portrait.Image
	At         time.Duration
	Distance   float64 // from the portrait, as the calibration has it; smaller is more alike
	Percentage float64 // 0 to 100, two decimals
	Quality    quality.Measures
}

// Description names what decided a check.
type Description struct {
	Engine      string  `json:"engine"`      // "go-face" or "match-faces API"
	Models      []Model `json:"models"`      // sorted by name
	Calibration string  `json:"calibration"` // the calibration's name
	Calibrated  bool    `json:"calibrated"`  // false: the curve was not measured
}

// Model is one model file by what it holds.
type Model struct {
	Name   string `json:"name"`   // base name of the file
	SHA256 string `json:"sha256"` // lower-case hexadecimal
}

// ModelFile is a model and what was found in its place.
type ModelFile struct {
	Model
	Problem *Problem // why it cannot be used; nil where the file is the right one
}

// Stage is a step of a check that takes long enough to be shown.
type Stage string

// The stages of a check, in their usual order.
const (
	StageCoaching  Stage = "coaching"  // the camera waits for a good picture
	StageOffering  Stage = "offering"  // none came; the clerk may film anyway
	StageRecording Stage = "recording" // the camera films
	StageWriting   Stage = "writing"   // the film becomes a file
	StageLoading   Stage = "loading"   // the engine loads its models
	StageDocument  Stage = "document"  // the portrait is looked for
	StageClip      Stage = "clip"      // the clip is read
	StageFaces     Stage = "faces"     // faces are looked for in the frames
	StageComparing Stage = "comparing" // the faces are compared
	StageSending   Stage = "sending"   // the request goes to the API; Done and Total are bytes
	StageWaiting   Stage = "waiting"   // the API works
)

// Progress tells how far a stage is. Total is 0 where it is not known.
type Progress struct {
	Stage       Stage
	Done, Total int64
}

// ProgressFunc receives progress; it may be called from any goroutine and must
// return at once. A nil ProgressFunc is allowed.
type ProgressFunc func(Progress)

// Report passes the progress on, if anybody wants to know.
func (f ProgressFunc) Report(stage Stage, done, total int) {
	if f != nil {
		f(Progress{Stage: stage, Done: int64(done), Total: int64(total)})
	}
}

// Live is what a live source has to say: its newest frame, or why there is
// none.
type Live struct {
	Seq     uint64   // counts up with each frame and each change of state, from 1
	Frame   Frame    // the newest frame; its Image is nil where Problem is not
	Problem *Problem // why no picture comes, such as camera.busy; nil while frames come
}

// Advice is what the newest frame needs to become a good capture.
type Advice struct {
	Seq   uint64      // of the frame it speaks of (Live.Seq)
	Size  image.Point // of that frame, as films have it: large ones are scaled down
	Faces []Face      // those that count, in pixels of that size; first whom the check is about
	Good  bool        // exactly one face, which is near, whole, upright, straight, sharp and well lit
	Hint  Notice      // the one thing to do next, or that all is well
	Aside Aside       // whom to ask aside, where several count

	Quality quality.Measures // of the one face; all 0 where there is none or several
}

// Aside is where the one stands who is to step aside, seen from the person the
// check is about and in the picture as the camera took it: a mirrored one has left
// and right exchanged.
type Aside string

// Where somebody stands.
const (
	AsideNobody Aside = ""       // nobody is to step aside, or the place has no word
	AsideLeft   Aside = "left"   // on the picture's left
	AsideRight  Aside = "right"  // on the picture's right
	AsideBehind Aside = "behind" // behind, or above
)

// Mirrored is the same place in a mirrored picture.
func (a Aside) Mirrored() Aside {
	switch a {
	case AsideLeft:
		return AsideRight
	case AsideRight:
		return AsideLeft
	}
	return a
}

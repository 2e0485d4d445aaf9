package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"

	"facematch/app/history"
	"facematch/matcher"
)

// The API's texts are English, whatever the program's language: they are for programs and
// their developers.
const (
	internal = "something went wrong inside the server: its log says more"
	stopped  = "the server is stopping"
)

// words are the texts for what is wrong with a file, by the problem's key. A problem that is
// missing here is the server's own fault, or gets a general text. (%v is the problem's one
// parameter besides Number, which comes from the client.)
var words = map[string]string{
	"document.no_face":         "the image has no face with the number in the part portrait: it shows %v",
	"document.empty":           "the image is empty",
	"document.unreadable":      "the image cannot be read",
	"document.damaged":         "the image is damaged or incomplete",
	"document.unsupported":     "the image is a file of the kind %v: send JPEG or PNG",
	"document.unknown":         "the image is of no known kind: send JPEG or PNG",
	"document.rare":            "the image is a rare kind of %v that cannot be opened: send JPEG or PNG",
	"document.raw":             "the image is a raw photo: send JPEG or PNG",
	"document.xfa":             "the PDF is a form that only its own program can show: print it to a new PDF",
	"document.animated":        "the image moves: send a still picture",
	"document.encrypted":       "the image is locked with a password",
	"document.slow":            "the image takes too long to open",
	"document.too_many_bytes":  "the image is larger than %v MB",
	"document.too_many_pixels": "the image has more than %v million pixels",

	"clip.missing":      "the session's video is gone",
	"clip.empty":        "there are no pictures in the video",
	"clip.unreadable":   "the video cannot be read: it may be damaged or incomplete",
	"clip.unsupported":  "the video is a file of the kind %v: send MP4, MOV, AVI, WebM or MKV",
	"clip.other_kind":   "the video is of the kind %v: send MP4, MOV, AVI, WebM or MKV",
	"clip.too_large":    "the pictures of the video are too large",
	"clip.too_long":     "the video is longer than %v minutes",
	"clip.too_slow":     "the video takes too long to read: send a few seconds of it, in 1920 x 1080 or less",
	"clip.reader_broke": "the video cannot be read: it breaks what reads it",
	"clip.size_changes": "the pictures of the video change their size part-way",
}

// ours are problems of files that are not the client's fault.
var ours = map[string]bool{
	"document.missing": true, "document.directory": true, "document.denied": true, "document.no_reader": true,
	matcher.KeyNoPage: true,
	"clip.directory":  true, "clip.denied": true, matcher.KeyNoTemp: true,
}

// unusable is the general refusal of a file; nil where the problem is not the file's.
func unusable(p *matcher.Problem) *refusal {
	switch p.Area() {
	case matcher.AreaDocument:
		return refuse(http.StatusBadRequest, "the image cannot be used")
	case matcher.AreaClip:
		return refuse(http.StatusBadRequest, "the video cannot be used")
	}
	return nil
}

var errNoEngine = retry("the engine cannot be loaded: see facematch doctor", longestWait)

// errNobody is for a server whose operator was removed, or got another passphrase, after the
// server was started.
var errNobody = retry("who started the server may not check any more: it must be started again", longestWait)

// errGone is for the log only: the client is no longer there. Other servers log 499 too.
var errGone = refuse(499, "the client has gone")

// refusalOf is the answer to a client for an error. An error that the client cannot correct
// is logged here, once.
func (g *Gateway) refusalOf(err error) *refusal {
	var refused *refusal
	if errors.As(err, &refused) {
		return refused
	}
	var p *matcher.Problem
	if errors.As(err, &p) && !ours[p.Key] {
		if text, known := words[p.Key]; known {
			for name, value := range p.Params {
				if strings.Contains(text, "%v") && name != "Number" {
					text = fmt.Sprintf(text, value)
				}
			}
			return refuse(http.StatusBadRequest, text)
		}
		if no := unusable(p); no != nil {
			return no
		}
		switch {
		case p.Area() == matcher.AreaOperators: // removed, or with another passphrase, since the start
			g.p.Log.Error("request refused", "error", p)
			return errNobody
		case matcher.IsProblem(p, matcher.KeyEngineClosed):
			return retry(stopped, stopTime)
		case matcher.IsProblem(p, matcher.KeyModelMissing, matcher.KeyModelDamaged,
			matcher.KeyNetworkName, matcher.KeyNetworkUnknown, matcher.KeyNetworkUnusable, matcher.KeyMiscalculates):
			return errNoEngine
		}
	}
	switch {
	case errors.Is(err, context.Canceled) && g.stopping.Err() != nil:
		return retry(stopped, stopTime)
	case errors.Is(err, context.Canceled):
		return errGone
	case errors.Is(err, syscall.ENOSPC), matcher.IsProblem(err, matcher.KeyNoTemp, history.KeyFull):
		g.p.Log.Error("no room for a request", "error", matcher.AsProblem(err, "problem.internal"))
		return retry("there is no room on the server's disk", longestWait)
	}
	g.p.Log.Error("request failed", "error", matcher.AsProblem(err, "problem.internal"))
	return refuse(http.StatusInternalServerError, internal)
}

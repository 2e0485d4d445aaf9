package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
)

// The header lines of the API.
const (
	headerName      = "X-User-Fullname"
	headerSession   = "X-Session-ID"
	headerPrefilled = "X-Use-Prefilled-Video"
)

// single gives a header that may come once.
func single(h http.Header, name string) (string, error) {
	values := h.Values(name)
	if len(values) > 1 {
		return "", refuse(http.StatusBadRequest, name+" came twice")
	}
	if len(values) == 0 {
		return "", nil
	}
	return strings.TrimSpace(values[0]), nil
}

// session returns the session's id; empty where the request names none.
func (q *request) session() (string, error) {
	id, err := single(q.Header, headerSession)
	if err == nil && id != "" && !app.ValidSession(id) {
		err = refuse(http.StatusBadRequest, headerSession+" is not of the form sess_<uuid>")
	}
	return id, err
}

// person returns the person's name. Browsers and Node send a name that Latin-1 can hold in
// Latin-1, and others send UTF-8.
func (q *request) person() (string, error) {
	name, err := single(q.Header, headerName)
	if err != nil {
		return "", err
	}
	if !utf8.ValidString(name) {
		if name, err = charmap.ISO8859_1.NewDecoder().String(name); err != nil {
			return "", err // never: Latin-1 knows every byte
		}
	}
	if name, err = app.CleanName(name); err != nil {
		return "", refuse(
			http.StatusBadRequest, headerName+" is no name: letters in UTF-8 or Latin-1, no control characters, at most 200",
		)
	}
	return name, nil
}

func (q *request) prefilled() (bool, error) {
	value, err := single(q.Header, headerPrefilled)
	switch strings.ToLower(value) {
	case "", "false":
		return false, err
	case "true":
		return true, err
	}
	return false, refuse(http.StatusBadRequest, headerPrefilled+" is neither true nor false")
}

// read reads the request's form into the fields.
func (g *Gateway) read(q *request, fields ...*field) error {
	limit, err := boundary(q.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if q.body, err = g.newBody(q, maxBody); err != nil {
		return err
	}
	defer func(began time.Time) { g.meters.stage("receive").Update(time.Since(began).Seconds()) }(time.Now())
	return readForm(q.Context(), q.body, limit, fields...)
}

// matchFaces makes one check. It is in the history like any other, as the desk the
// token is named after; the answer's X-Request-Id is its id there.
func (g *Gateway) matchFaces(q *request) (any, error) {
	in := app.CheckInput{Mode: history.Offline, Consent: true, Served: q.token.Name}
	a, err := q.asked()
	if err != nil {
		return nil, err
	}
	if in.Session, err = q.session(); err != nil {
		return nil, err
	}
	if in.Name, err = q.person(); err != nil {
		return nil, err
	}
	if in.Prefilled, err = q.prefilled(); err != nil {
		return nil, err
	}
	if in.Prefilled {
		var found bool
		if in.Session == "" {
			return nil, refuse(http.StatusBadRequest, headerPrefilled+" needs "+headerSession)
		}
		if in.Video, found = g.sessions.video(in.Session, q.token.SHA256); !found && a == nil {
			return nil, errNoVideo
		}
	}
	dir, leave, err := g.admit(q, in.Session)
	if err != nil {
		return nil, err
	}
	defer leave()
	image, video := &field{name: "image", max: maxPart}, &field{name: "video", max: maxPart}
	var number bytes.Buffer
	portrait := &field{
		name: "portrait", max: maxNumber, open: func() (io.WriteCloser, error) { return text{&number}, nil },
	}
	imagePath, to := spill(dir, "image")
	image.open = a.note(to)
	videoPath, to := spill(dir, "video")
	video.open = a.note(to)
	if err := g.read(q, image, video, portrait); err != nil {
		return nil, err
	}
	switch {
	case !image.came:
		return nil, refuse(http.StatusBadRequest, "the part image is missing")
	case video.came && in.Prefilled:
		return nil, refuse(http.StatusBadRequest, "with "+headerPrefilled+" there must be no part video")
	case !video.came && !in.Prefilled:
		return nil, refuse(http.StatusBadRequest, "the part video is missing")
	}
	if portrait.came {
		if in.Face, err = strconv.Atoi(number.String()); err != nil || in.Face < 1 {
			return nil, refuse(http.StatusBadRequest, "the part portrait is no number from 1")
		}
	}
	if err := still(imagePath); err != nil {
		return nil, err
	}
	in.Document = app.OpenFile(imagePath)
	if !in.Prefilled {
		in.Video = app.OpenFile(videoPath)
	}
	if a != nil {
		in.RequestDigest = a.digest(in.Name, in.Session, strconv.FormatBool(in.Prefilled), number.String())
	}
	return g.check(q, in, a)
}

var errNoVideo = refuse(
	http.StatusBadRequest,
	"no video is stored for this session: send one to process-video first, or with this request",
)

// text is a part that is held in memory.
type text struct{ *bytes.Buffer }

func (text) Close() error { return nil }

// still refuses an image that is neither JPEG nor PNG by what it holds. This
// computer could read others; the API takes none.
func still(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	switch kind := http.DetectContentType(head[:n]); {
	case n == 0 && errors.Is(err, io.EOF):
		return refuse(http.StatusBadRequest, words["document.empty"])
	case kind != "image/jpeg" && kind != "image/png":
		return refuse(http.StatusBadRequest, "the image is neither JPEG nor PNG")
	}
	return nil
}

var errTooLong = refuse(http.StatusInternalServerError, "the check took too long and was ended")

// check makes the check when it is its turn, or gives again what was recorded of it.
func (g *Gateway) check(q *request, in app.CheckInput, a *asked) (any, error) {
	wanted := q.Context() // ends when the client has gone
	if a != nil {
		wanted = g.serving // who has named a key comes back for the answer
		release, free := g.keys.claim(a.id(0))
		if !free {
			return nil, errAnswering
		}
		defer release()
		answer, found, err := g.again(wanted, q, a, &in)
		if found || err != nil {
			return answer, err
		}
	}
	if in.Prefilled && in.Video.Open == nil {
		return nil, errNoVideo
	}
	waiting, cancel := context.WithCancel(wanted)
	defer cancel()
	defer context.AfterFunc(g.stopping, cancel)()
	began := time.Now()
	done, err := g.line.turn(waiting, q.token.SHA256)
	if err != nil {
		return nil, err
	}
	defer done()
	g.meters.stage("wait").Update(time.Since(began).Seconds())
	if !g.knows(q.token.SHA256) { // revoked while it waited
		return nil, refuse(http.StatusUnauthorized, "missing or invalid token")
	}
	if in.Session != "" && g.sessions.forbids(in.Session, q.token.SHA256) { // refused while the request waited
		return nil, errRefused
	}
	ctx, cancel := context.WithTimeoutCause(wanted, checkTime, errTooLong)
	defer cancel()
	timing := &stopwatch{m: g.meters}
	check, err := g.p.Desk.Check(ctx, in, timing.progress)
	timing.end()
	if q.check = check.ID; err == nil {
		g.meters.checks(check.Outcome).Inc()
	}
	if check.Warning != nil {
		g.p.Log.Warn("check recorded, not anchored", "check", check.ID, "error", check.Warning)
	}
	switch {
	case err != nil:
		return nil, err
	case check.Answer != nil:
		return check.Answer.Result, nil
	case check.Problem != nil:
		return nil, check.Problem
	case errors.Is(context.Cause(ctx), errTooLong):
		return nil, errTooLong
	}
	return nil, context.Canceled // the client has gone, or the stop took too long
}

// startSession starts a session.
func (g *Gateway) startSession(q *request) (any, error) {
	if err := g.drain(q); err != nil {
		return nil, err
	}
	id, err := g.sessions.start(q.token.SHA256)
	if err != nil {
		return nil, err
	}
	q.w.Header().Set(headerSession, id) // a balancer finds it here without reading the body
	return map[string]string{"data": id, "message": "session started successfully"}, nil
}

// endSession ends a session, and with it its video.
func (g *Gateway) endSession(q *request) (any, error) {
	if err := g.drain(q); err != nil {
		return nil, err
	}
	if err := g.sessions.end(q.rest, q.token.SHA256); err != nil {
		return nil, err
	}
	return map[string]string{"message": "session ended successfully"}, nil
}

// drain reads a body that is not used.
func (g *Gateway) drain(q *request) (err error) {
	if q.body, err = g.newBody(q, maxText); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, q.body)
	return err
}

// processVideo stores the session's video. The vendor's other services on videos are not
// offered here, so data holds none of them, and there is no verdict.
func (g *Gateway) processVideo(q *request) (any, error) {
	session, err := q.session()
	switch {
	case err != nil:
		return nil, err
	case session == "":
		return nil, refuse(
			http.StatusBadRequest,
			headerSession+" is missing: this server stores the session's video and does nothing else with it",
		)
	case !g.sessions.has(session, q.token.SHA256):
		return nil, errNoSession
	case g.sessions.forbids(session, q.token.SHA256):
		return nil, errRefused
	}
	leave, err := g.line.enter(q.token.SHA256)
	if err != nil {
		return nil, err
	}
	defer leave()
	var kept *keeping
	video := &field{name: "video", max: maxPart, open: func() (io.WriteCloser, error) {
		var err error
		kept, err = g.sessions.keep()
		return kept, err
	}}
	err = g.read(q, video, &field{name: "phrase", max: maxText})
	switch {
	case err != nil:
	case !video.came:
		err = refuse(http.StatusBadRequest, "the part video is missing")
	case video.size == 0:
		err = refuse(http.StatusBadRequest, "the video is empty")
	default:
		err = g.sessions.put(session, q.token.SHA256, kept, video.size)
	}
	if err != nil {
		if kept != nil {
			kept.drop()
		}
		return nil, err
	}
	return map[string]any{"data": struct{}{}, "message": "video processed successfully"}, nil
}

// consent takes note that the person gave consent, or did not: then nothing is
// done in that session. Without a session it is the caller's affair alone, as each
// check says by itself that the caller asserts it.
func (g *Gateway) consent(q *request) (any, error) {
	session, err := q.session()
	if err != nil {
		return nil, err
	}
	if q.body, err = g.newBody(q, maxText); err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(q.body)
	if err != nil {
		return nil, err
	}
	var said struct {
		Given *bool  `json:"is_consent_given"`
		Name  string `json:"user_fullname"`
	}
	if json.Unmarshal(raw, &said) != nil || said.Given == nil || said.Name == "" {
		return nil, refuse(http.StatusBadRequest, `the body must be JSON with "is_consent_given" and "user_fullname"`)
	}
	if session != "" && !g.sessions.consent(session, q.token.SHA256, *said.Given) {
		return nil, errNoSession
	}
	return map[string]any{"is_consent_given": *said.Given, "user_fullname": said.Name}, nil
}

// admit gives a request its place in the line and a folder for its files. The caller calls
// leave, which gives the place back and deletes the folder.
func (g *Gateway) admit(q *request, session string) (dir string, leave func(), err error) {
	if session != "" && g.sessions.forbids(session, q.token.SHA256) {
		return "", nil, errRefused
	}
	if g.stopping.Err() != nil {
		return "", nil, retry(stopped, stopTime)
	}
	out, err := g.line.enter(q.token.SHA256)
	if err != nil {
		return "", nil, err
	}
	if dir, err = g.mkdir(); err != nil {
		out()
		return "", nil, err
	}
	return dir, func() {
		defer out()
		if err := os.RemoveAll(dir); err != nil {
			g.p.Log.Warn("files of a request not deleted", "error", matcher.NewProblem("problem.internal", err))
		}
	}, nil
}

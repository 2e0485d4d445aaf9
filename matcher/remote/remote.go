// Package remote asks the match-faces API: one request with the document's page
// and the clip, one answer. It is pure Go.
//
// What is sent and how answers and errors look is published by the vendor and
// stands in v1.go. The rules of this client are our own: each call is made once
// and never again by itself, because each is a transaction that is recorded and
// perhaps billed; it follows no redirect; it goes out over TLS but to this
// computer itself; it can be cancelled at any byte. The token is in no error, no
// problem and no body that is handed back.
//
// What is known of a call afterwards is a matcher.Exchange. A call falls into one
// of three kinds: nothing was sent (Unsent) and it may be made again; an answer
// came, of whatever kind; or bytes may have been sent and no whole answer came
// (Unanswered), so that nobody knows what the API made of it.
package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"facematch/matcher"
)

// EngineName is what descriptions and records call the API.
const EngineName = "match-faces API"

// Params are what a Client is made of; all but CAFile are needed.
type Params struct {
	Base    string        // address below which the API lies; see matcher.ParseBase
	CAFile  string        // PEM file of authorities to trust besides the system's
	Connect time.Duration // until the connection stands, name look-up included
	TLS     time.Duration // for the handshake
	Answer  time.Duration // for the first byte of the answer, for its rest, and for any pause while sending

	Token     func(ctx context.Context) (string, error) // asked for each call; its error is a *Problem
	Portraits matcher.PortraitFinder                    // makes the page as the API takes it
	Clips     matcher.ClipCleaner                       // takes from a clip what is no picture
	Version   string                                    // of this program, for the User-Agent
}

// Client asks the API. It may be used from several goroutines.
type Client struct {
	p    Params
	base *url.URL
}

var _ matcher.Matcher = (*Client)(nil)

// New makes a client; nothing is sent yet. Its problems are those of
// matcher.ParseBase.
func New(p Params) (*Client, error) {
	base, err := matcher.ParseBase(p.Base)
	if err != nil {
		return nil, err
	}
	return &Client{p: p, base: base}, nil
}

// Describe names the API. Its models are its own affair.
func (c *Client) Describe(context.Context) (matcher.Description, error) { return description(), nil }

func description() matcher.Description {
	return matcher.Description{Engine: EngineName, Models: []matcher.Model{}}
}

// Match makes one call; see matcher.Matcher. The answer's status and conditions
// are the API's; Request.Rules are not looked at. Besides those of the token and
// of the portrait finder its problems are
//
//	clip.missing and the like             the clip cannot be sent
//	remote.document_large, remote.clip_large
//	remote.name                           the name cannot be a header
//	remote.prefilled                      a video of an earlier call needs its session
//	remote.ca_file
//	remote.unreachable, remote.connect_timeout, remote.proxy,
//	remote.tls_timeout, remote.tls, remote.certificate      nothing was sent
//	remote.cut, remote.stalled, remote.silent, remote.answer_cut,
//	remote.cancelled                      unanswered
//	remote.bad_request, remote.token, remote.forbidden, remote.not_found,
//	remote.too_large, remote.too_many, remote.server, remote.redirect,
//	remote.unexpected                     with Status and, where there are any, the API's words in Text
//	remote.unreadable                     an answer of no known form
func (c *Client) Match(ctx context.Context, req matcher.Request,
	progress matcher.ProgressFunc) (matcher.Answer, error) {
	answer := matcher.Answer{Portrait: req.Portrait, Best: -1, Engine: description()}
	if strings.ContainsFunc(req.Person, unicode.IsControl) {
		return answer, matcher.NewProblem("remote.name", nil)
	}
	if req.Prefilled && req.Session == "" {
		return answer, matcher.NewProblem("remote.prefilled", nil)
	}
	token, err := c.p.Token(ctx)
	if err != nil {
		return answer, err
	}
	progress.Report(matcher.StageDocument, 0, 0)
	parts, cleaning, remove, err := c.open(ctx, req)
	if err != nil {
		return answer, err
	}
	defer remove()
	call := &call{client: c, token: token, progress: progress}
	b, err := newBody(call.wrote, parts...)
	if err != nil {
		return answer, matcher.NewProblem("problem.internal", err)
	}
	defer b.Close()
	call.body = b
	h := header(req, token, c.program())
	h.Set("Content-Type", b.contentType)

	raw, exchange, err := call.do(ctx, http.MethodPost, matchPath, h)
	exchange.Clip = cleaning
	answer.Raw, answer.Exchange = raw, exchange
	if err != nil {
		return answer, err
	}
	if answer.Result, exchange.Absent, err = decode(raw); err != nil {
		return answer, matcher.NewProblem("remote.unreadable", nil, "Status", exchange.Status)
	}
	return answer, nil
}

// TestToken asks the API whether it knows the token. Its problems are those of
// Match.
func (c *Client) TestToken(ctx context.Context) error {
	token, err := c.p.Token(ctx)
	if err != nil {
		return err
	}
	call := &call{client: c, token: token}
	_, _, err = call.do(ctx, http.MethodGet, tokenPath, header(matcher.Request{}, token, c.program()))
	return err
}

func (c *Client) program() string { return "facematch-desk/" + c.p.Version }

// open opens the request's files. A clip from outside is sent without what is no
// picture; remove takes away what was made for that.
func (c *Client) open(ctx context.Context, req matcher.Request) (parts []part, how matcher.Cleaning, remove func(),
	err error) {
	page, remove := req.Page, func() {}
	if req.Portrait != nil {
		if page, err = c.p.Portraits.Upright(ctx, req.Page, *req.Portrait); err != nil {
			return nil, "", nil, err
		}
	}
	image, err := openPart(ctx, page, "document", partImage)
	if err != nil {
		return nil, "", nil, err
	}
	if req.Prefilled {
		return []part{image}, "", remove, nil
	}
	clip := req.Video
	if !req.Own {
		clip, how, remove, err = c.p.Clips.Clean(ctx, req.Video)
		if err != nil {
			return nil, "", nil, errors.Join(err, image.file.Close())
		}
	}
	video, err := openPart(ctx, clip, "clip", partVideo)
	if err != nil {
		remove()
		return nil, "", nil, errors.Join(err, image.file.Close())
	}
	return []part{image, video}, how, remove, nil
}

// call is one call on its way.
type call struct {
	client   *Client
	token    string
	body     *body // nil: none
	progress matcher.ProgressFunc

	mu        sync.Mutex
	began     time.Time
	stood     time.Time // when the connection stood
	sent      time.Time // when the request was written
	first     time.Time // when the answer's first byte came
	handshake bool      // the connection stands, TLS is being agreed
	over      bool      // nobody waits for progress any more
}

func (c *call) wrote(n int64) {
	c.report(matcher.Progress{Stage: matcher.StageSending, Done: n, Total: c.body.size})
}

// report passes progress on until the call is over: the library may still write, or
// notice that it has written, once the answer is there.
func (c *call) report(p matcher.Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.progress != nil && !c.over {
		c.progress(p)
	}
}

func (c *call) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
}

// mark notes a moment of the call.
func (c *call) mark(when *time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if when.IsZero() {
		*when = time.Now()
	}
}

func (c *call) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		TLSHandshakeStart: func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.handshake = true
		},
		// From here on bytes may be on their way, whatever happens.
		GotConn: func(httptrace.GotConnInfo) { c.mark(&c.stood) },
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err == nil {
				c.mark(&c.sent)
				c.report(matcher.Progress{Stage: matcher.StageWaiting})
			}
		},
		GotFirstResponseByte: func() { c.mark(&c.first) },
	}
}

var (
	errNoConnection = errors.New("the connection did not come about in time")
	errSlowAnswer   = errors.New("the answer did not end in time")
)

// do makes the call and gives the body of a successful answer, or of an
// unsuccessful one beside the *Problem. The exchange is never nil.
func (c *call) do(ctx context.Context, method, path string, h http.Header) ([]byte, *matcher.Exchange, error) {
	defer c.end()
	p := c.client.p
	exchange := &matcher.Exchange{Host: c.client.base.Host}
	transport, err := newTransport(p)
	if err != nil {
		return nil, exchange, err
	}
	defer transport.CloseIdleConnections()
	asked, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// The transport's own limits leave out a proxy that says nothing.
	standing := time.AfterFunc(p.Connect+p.TLS, func() {
		c.mu.Lock()
		late := c.stood.IsZero()
		c.mu.Unlock()
		if late {
			cancel(errNoConnection)
		}
	})
	defer standing.Stop()

	address := *c.client.base
	address.Path += path
	request := (&http.Request{
		Method: method, URL: &address, Header: h, Host: address.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(httptrace.WithClientTrace(asked, c.trace()))
	if c.body != nil {
		request.Body, request.ContentLength = c.body, c.body.size
	}
	c.began = time.Now()
	c.progress.Report(matcher.StageSending, 0, 0)
	// The transport and no client around it: nothing then follows a redirect.
	response, err := transport.RoundTrip(request)
	var raw []byte
	if err == nil {
		exchange.Status = response.StatusCode
		exchange.RequestID = c.clean(response.Header.Get("X-Request-Id"))
		slow := time.AfterFunc(p.Answer, func() { cancel(errSlowAnswer) })
		raw, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		slow.Stop()
		_ = response.Body.Close() // the call is over either way
		raw = c.redacted(raw)
	}
	c.note(exchange)
	if err != nil {
		if cause := context.Cause(asked); cause != nil && ctx.Err() == nil {
			err = cause
		}
		return raw, exchange, c.failure(ctx, exchange, err)
	}
	exchange.Answered = true
	exchange.Refused = refused(response.StatusCode)
	return raw, exchange, c.refusal(response, raw)
}

// note writes down the times and how far the call came.
func (c *call) note(e *matcher.Exchange) {
	if c.body != nil {
		_ = c.body.Close() // no more progress from here on
		e.Size, e.Sent = c.body.size, c.body.read()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	until := func(t time.Time) time.Time {
		if t.IsZero() {
			return now
		}
		return t
	}
	e.Reached = !c.stood.IsZero()
	e.Connect = until(c.stood).Sub(c.began)
	if e.Reached {
		// An answer may come before the request is sent whole.
		sent := until(c.sent)
		if first := until(c.first); first.Before(sent) {
			sent = first
		}
		e.Send = sent.Sub(c.stood)
		e.Wait = until(c.first).Sub(sent)
	}
}

// failure names what kept a whole answer from coming.
func (c *call) failure(ctx context.Context, e *matcher.Exchange, err error) error {
	var timeout net.Error
	late := errors.As(err, &timeout) && timeout.Timeout()
	if !e.Reached {
		var problem *matcher.Problem
		var dial *net.OpError
		var wrong *tls.CertificateVerificationError
		var record tls.RecordHeaderError
		var alert tls.AlertError
		key := "remote.unreachable"
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &problem):
			return problem
		case errors.Is(err, errProxy), errors.As(err, &dial) && dial.Op == "proxyconnect":
			key = "remote.proxy"
		case errors.As(err, &wrong), isUntrusted(err):
			key = "remote.certificate"
		case c.handshake && (late || errors.Is(err, errNoConnection)):
			key = "remote.tls_timeout"
		case late, errors.Is(err, errNoConnection):
			key = "remote.connect_timeout"
		case errors.As(err, &record), errors.As(err, &alert), c.handshake:
			key = "remote.tls"
		}
		return c.problem(key, err)
	}
	key := "remote.cut"
	switch {
	case ctx.Err() != nil:
		key = "remote.cancelled"
	case errors.Is(err, errStalled):
		key = "remote.stalled"
	case e.Status != 0:
		key = "remote.answer_cut"
	case late:
		key = "remote.silent"
	}
	return c.problem(key, err, "Host", e.Host, "Sent", e.Sent, "Size", e.Size)
}

func isUntrusted(err error) bool {
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// problem makes a problem with the host's name. The cause is kept for the log,
// without the token should it stand in it.
func (c *call) problem(key string, cause error, params ...any) *matcher.Problem {
	if cause != nil {
		cause = errors.New(c.clean(cause.Error()))
	}
	return matcher.NewProblem(key, cause, append([]any{"Host", c.client.base.Host}, params...)...)
}

// refusal names an answer that is no success; nil where it is one.
func (c *call) refusal(r *http.Response, raw []byte) error {
	keys := map[int]string{
		http.StatusBadRequest: "remote.bad_request", http.StatusUnauthorized: "remote.token",
		http.StatusForbidden: "remote.forbidden", http.StatusNotFound: "remote.not_found",
		http.StatusRequestEntityTooLarge: "remote.too_large", http.StatusTooManyRequests: "remote.too_many",
	}
	key, known := keys[r.StatusCode]
	switch {
	case r.StatusCode/100 == 2:
		return nil
	case known:
	case r.StatusCode/100 == 3:
		key = "remote.redirect"
	case r.StatusCode/100 == 5:
		key = "remote.server"
	default:
		key = "remote.unexpected"
	}
	return matcher.NewProblem(key, nil, "Host", c.client.base.Host, "Status", r.StatusCode,
		"Text", c.clean(complaint(raw)), "Wait", advice(r.Header.Get("Retry-After"), time.Now()))
}

// refused says whether a status means that nothing was done: the request was
// sent elsewhere, not let in, or turned away for now. Any other may come from the
// middle of the work.
func refused(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge,
		http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	}
	return status/100 == 3
}

// advice reads Retry-After, in seconds or as a date, as whole seconds; 0 where
// there is none.
func advice(header string, now time.Time) int {
	seconds, err := strconv.ParseFloat(header, 64)
	if err != nil || math.IsNaN(seconds) {
		at, err := http.ParseTime(header)
		if err != nil {
			return 0
		}
		seconds = at.Sub(now).Seconds()
	}
	return int(math.Ceil(min(max(seconds, 0), longestAdvice.Seconds())))
}

// redacted takes the token out of what came back: some services repeat it.
func (c *call) redacted(raw []byte) []byte {
	if c.token == "" {
		return raw
	}
	return []byte(strings.ReplaceAll(string(raw), c.token, "[token]"))
}

// clean makes another program's words fit to be shown: on one line, not long,
// without the token.
func (c *call) clean(s string) string {
	if c.token != "" {
		s = strings.ReplaceAll(s, c.token, "[token]")
	}
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)), " ")
	if r := []rune(s); len(r) > maxText {
		s = string(r[:maxText]) + "…"
	}
	return s
}

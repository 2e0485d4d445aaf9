// Package gateway serves the match-faces API from this desk: an HTTP face of app,
// as views is its window face.
//
//	client ─▶ Host? ─▶ route ─▶ token? ─▶ line ─▶ files on the disk
//	                                                         │ its turn
//	                                        Result ◀─ Desk.Check (offline engine)
//
// Paths, headers, fields and codes are those of the remote API, as its own client
// (matcher/remote) knows them. What the vendor's services do besides is left out:
// the answer does not speak of it.
package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/netutil"

	"facematch/app"
	"facematch/app/access"
	"facematch/matcher"
)

// Params are what a Gateway is made of; all but Centre, AtOnce and Values are needed.
type Params struct {
	Desk   *app.Desk
	Tokens *Tokens
	Centre *CentreTokens // those that the centre says are accepted too; nil: there is no centre
	Temp   string        // the running program's private folder
	AtOnce int           // how many checks are made at once; 0: as many as the computer has cores
	Log    *slog.Logger
	Now    func() time.Time

	Values map[string]func() float64 // of other parts, that stand among the metrics, by their names there
}

// Gateway answers the API's requests.
type Gateway struct {
	p        Params
	line     *line
	sessions *sessions
	guesses  *guesses
	keys     keys
	meters   *meters
	patience patience
	stopping context.Context // ends when no new check begins
	stop     func()
	serving  context.Context // ends later, when what still runs is cut
	cut      func()
}

// New makes a gateway. A missing part is a mistake in the program and panics.
func New(p Params) *Gateway {
	for name, missing := range map[string]bool{
		"Desk": p.Desk == nil, "Tokens": p.Tokens == nil, "Temp": p.Temp == "", "Log": p.Log == nil, "Now": p.Now == nil,
	} {
		if missing {
			panic("gateway: Params." + name + " is missing")
		}
	}
	if p.AtOnce == 0 {
		p.AtOnce = runtime.NumCPU()
	}
	g := &Gateway{
		p: p, line: newLine(maxInside, maxShare, p.AtOnce),
		sessions: newSessions(p.Temp, p.Now), guesses: &guesses{now: p.Now}, patience: usual,
	}
	g.meters = newMeters(g.line, p.Values)
	g.stopping, g.stop = context.WithCancel(context.Background())
	g.serving, g.cut = context.WithCancel(context.Background())
	return g
}

// Tokens are the tokens of those who may ask.
func (g *Gateway) Tokens() *Tokens { return g.p.Tokens }

// AsksCentre reports whether the centre says which tokens are accepted besides.
func (g *Gateway) AsksCentre() bool { return g.p.Centre.asks() }

// Place is where a gateway listens.
type Place struct {
	Address   string   // host:port
	Cert, Key string   // PEM files; empty: no TLS
	Insecure  bool     // other addresses than loopback without TLS
	Names     []string // host names it is reached under, besides localhost and those of the certificate
	Proxies   []string // addresses and networks (CIDR) of the balancers whose X-Forwarded-For is believed
	Metrics   string   // host:port of this computer where the metrics are read; empty: nowhere
}

// Server is a gateway that listens.
type Server struct {
	URL     string // under which it is reached on this computer
	Metrics string // where its metrics are; empty: nowhere

	gateway *Gateway
	hosts   hosts
	proxies proxies
	ln      net.Listener
	meters  net.Listener // nil where the metrics are not served
}

// The keys of problems with where a gateway listens.
const (
	KeyAddress = "serve.address" // the address is not valid
	KeyPublic  = "serve.public"  // other computers reach the address, and there is no TLS
	KeyProxy   = "serve.proxy"   // a proxy is neither an address nor a network
	KeyMetrics = "serve.metrics" // the address of the metrics is invalid, or not a loopback address
)

// Open begins to listen. The problems are serve.address, serve.public (an address
// other computers reach, without TLS), serve.proxy, serve.metrics, serve.certificate and
// serve.listen.
func (g *Gateway) Open(ctx context.Context, at Place) (*Server, error) {
	host, _, err := net.SplitHostPort(at.Address)
	if err != nil {
		return nil, matcher.NewProblem(KeyAddress, err)
	}
	if at.Cert == "" && !at.Insecure && !loopback(host) {
		return nil, matcher.NewProblem(KeyPublic, nil)
	}
	trusted, err := parseProxies(at.Proxies)
	if err != nil {
		return nil, err
	}
	s := &Server{gateway: g, hosts: hosts{names: names(at.Names)}, proxies: trusted}
	scheme := "http"
	if at.Cert != "" {
		scheme = "https"
		s.hosts.certificate = &certificate{cert: at.Cert, key: at.Key}
		if _, err := s.hosts.certificate.load(); err != nil {
			return nil, err
		}
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at.Address)
	if err != nil {
		return nil, matcher.NewProblem("serve.listen", err)
	}
	_, port, err := net.SplitHostPort(ln.Addr().String()) // of port 0 the one that was taken
	if err != nil {
		return nil, errors.Join(matcher.NewProblem(KeyAddress, err), ln.Close())
	}
	if host == "" {
		host = "localhost"
	}
	s.URL = scheme + "://" + net.JoinHostPort(host, port)
	ln = netutil.LimitListener(ln, maxConnections)
	if at.Metrics != "" {
		if s.meters, err = openMeters(ctx, at.Metrics); err != nil {
			return nil, errors.Join(err, ln.Close())
		}
		s.Metrics = "http://" + s.meters.Addr().String() + "/metrics"
	}
	if s.hosts.certificate != nil {
		ln = tls.NewListener(ln, s.hosts.certificate.config())
	}
	s.ln = ln
	return s, nil
}

func names(given []string) []string {
	var all []string
	for _, n := range given {
		all = append(all, strings.TrimSuffix(strings.ToLower(n), "."))
	}
	return all
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// Run serves until the context ends. Then no new request is accepted, running checks have
// stopTime to end, and waiting requests are refused with Retry-After. It may run once.
func (s *Server) Run(ctx context.Context) error {
	g := s.gateway
	// Checks are not cut by the context's end, but stopTime after it.
	serving, cut := g.serving, g.cut
	defer cut()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		g.sessions.watch(serving, g.knows)
	}()
	go func() { _, _ = g.p.Desk.Engine(serving) }() // the models load before the first check asks for them

	if g.p.Centre != nil {
		defer g.p.Centre.Run(serving)()
	}
	if s.meters != nil {
		meters := g.serveMeters(s.meters)
		defer func() { _ = meters.Close() }() // nothing is lost with it
	}
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: g.patience.head, IdleTimeout: g.patience.idle, MaxHeaderBytes: maxHead,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(io.Discard, "", 0), // its lines hold what clients sent
		BaseContext:                  func(net.Listener) context.Context { return serving },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(s.ln) }()
	select {
	case err := <-ended: // by itself: the listener failed
		cut()
		<-watched
		return matcher.NewProblem("serve.listen", err)
	case <-ctx.Done():
	}
	g.stop()
	bound, done := context.WithTimeout(serving, stopTime)
	defer done()
	err := server.Shutdown(bound)
	cut()
	if err != nil {
		// Checks that were cut are recorded so before their answer would be written.
		last, done := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer done()
		if err = server.Shutdown(last); err != nil {
			err = server.Close()
		}
	}
	if why := <-ended; !errors.Is(why, http.ErrServerClosed) {
		err = errors.Join(err, why)
	}
	<-watched
	return err
}

// knows reports whether the token with this hash is still valid. It is also true where that
// cannot be read: the next request with the token finds out.
func (g *Gateway) knows(sum string) bool {
	kept, err := g.p.Tokens.List()
	return err != nil ||
		slices.ContainsFunc(slices.Concat(kept, g.p.Centre.list()), func(t Token) bool { return t.SHA256 == sum })
}

// request is one request on its way.
type request struct {
	*http.Request
	w     http.ResponseWriter
	from  string // the client's address
	token Token  // the caller's; zero where the route needs none
	rest  string // what follows the route's path
	body  *body  // nil: none of it was read
	check string // the check it became
}

// route is one call.
type route struct {
	path   string // ends in / where the rest of it is a parameter
	method string
	open   bool // needs no token, and answers under any host name
	public bool // errors in the neighbouring services' form
	do     func(*Gateway, *request) (answer any, err error)
}

var routes = []route{
	{path: "/api-gateway/match-faces", method: http.MethodPost, do: (*Gateway).matchFaces},
	{path: "/api-gateway/requests/", method: http.MethodGet, do: (*Gateway).outcome},
	{path: "/api-gateway/docauth/check", method: http.MethodPost, do: (*Gateway).checkDocument},
	{path: "/api-gateway/process-video", method: http.MethodPost, do: (*Gateway).processVideo},
	{path: "/api-gateway/sessions/start", method: http.MethodPost, do: (*Gateway).startSession},
	{path: "/api-gateway/sessions/end/", method: http.MethodPost, do: (*Gateway).endSession},
	{path: "/api-consent/consent", method: http.MethodPost, public: true, do: (*Gateway).consent},
	{path: "/api-projects/public/apikeys", method: http.MethodGet, public: true, do: (*Gateway).testToken},
	{path: "/healthz", method: http.MethodGet, open: true, do: (*Gateway).health},
	{path: "/readyz", method: http.MethodGet, open: true, do: (*Gateway).ready},
	{path: "/openapi.json", method: http.MethodGet, open: true, do: (*Gateway).describe},
}

// find gives the route of a path as it came: nothing is cleaned, nothing redirected.
func find(path string) (r route, rest string, found bool) {
	for _, r := range routes {
		rest, below := strings.CutPrefix(path, r.path)
		if below &&
			(rest == "" && !strings.HasSuffix(r.path, "/") ||
				rest != "" && strings.HasSuffix(r.path, "/") && !strings.Contains(rest, "/")) {
			return r, rest, true
		}
	}
	return route{}, "", false
}

func newRequestID() string { return "req_" + uuid.NewString() }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := s.gateway
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // the connection may have one of the request before
	began := g.p.Now()
	id := newRequestID()
	h := w.Header()
	h.Set("X-Request-Id", id)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")

	q := &request{Request: r, w: w, from: s.proxies.client(r)}
	path, answer, err := s.answer(q)
	if q.check != "" {
		h.Set("X-Request-Id", q.check)
	}
	status := http.StatusOK
	var refused *refusal
	if err != nil {
		refused = g.refusalOf(err)
		status = refused.status
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(g.patience.answer))
	unread := q.body == nil && r.ContentLength != 0 || q.body != nil && !q.body.ended
	if unread || refused != nil && q.body != nil { // where a body was wrong, what follows it may be anything
		h.Set("Connection", "close")
	}
	switch refused {
	case nil:
		write(w, status, asJSON(answer))
	case errGone:
	default:
		writeRefusal(w, refused)
	}
	if unread && refused != errGone {
		_ = http.NewResponseController(w).Flush()
		if q.body == nil {
			q.body, _ = g.newBody(q, maxText)
		}
		q.body.linger()
	}
	if path != "/healthz" && path != "/readyz" {
		g.meters.answered(status)
	}
	if err == nil && (path == "/healthz" || path == "/readyz") {
		return // who watches asks every few seconds
	}
	defer func() {
		if refused == errGone {
			panic(http.ErrAbortHandler) // else net/http says 200, to one that has only ended its sending
		}
	}()
	g.p.Log.Info(
		"request answered", "request", id, "path", path, "status", status, "check", q.check, "took", g.p.Now().Sub(began),
	)
}

// answer finds the route of a request and follows it. The path is the route's own:
// what a client sends is not logged.
func (s *Server) answer(q *request) (path string, answer any, err error) {
	g := s.gateway
	defer func() {
		if r := recover(); r != nil {
			if r == http.ErrAbortHandler {
				panic(r)
			}
			g.p.Log.Error("request handler failed", "path", path, "stack", string(debug.Stack()))
			answer, err = nil, refuse(http.StatusInternalServerError, internal)
		}
	}()
	r, rest, found := find(q.URL.Path)
	found = found && q.URL.RawPath == ""
	if !(found && r.open) && !s.hosts.allowed(q.Host) {
		return "", nil, refuse(http.StatusMisdirectedRequest, "this server does not go by that host name")
	}
	if !found {
		return "", nil, refuse(http.StatusNotFound, "there is no such path")
	}
	q.rest = rest
	if q.Method != r.method && !(q.Method == http.MethodHead && r.method == http.MethodGet) {
		no := refuse(http.StatusMethodNotAllowed, "this path takes "+r.method+" only")
		no.allow = r.method
		return r.path, nil, no
	}
	if !r.open {
		if q.token, err = g.authenticate(q); err != nil {
			return r.path, nil, public(r, err)
		}
	}
	answer, err = r.do(g, q)
	return r.path, answer, public(r, err)
}

// public gives a refusal the form of the service the path belongs to.
func public(r route, err error) error {
	var no *refusal
	if r.public && errors.As(err, &no) {
		again := *no
		again.public = true
		return &again
	}
	return err
}

// authenticate finds the caller's token. Wrong ones wait for their refusal.
func (g *Gateway) authenticate(q *request) (Token, error) {
	scheme, secret, _ := strings.Cut(q.Header.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	if len(q.Header.Values("Authorization")) == 1 && strings.EqualFold(scheme, "Bearer") && secret != "" {
		token, known, err := g.find(secret)
		if known || err != nil {
			return token, err
		}
	} else {
		return Token{}, refuse(http.StatusUnauthorized, "missing or invalid token") // nothing was guessed
	}
	delay, count, done, ok := g.guesses.wrong(q.from)
	if count&(count-1) == 0 { // 1, 2, 4, 8 ...: a flood of them does not fill the log
		g.p.Log.Warn("wrong token", "count", count)
	}
	if !ok {
		no := refuse(http.StatusTooManyRequests, "too many wrong tokens")
		no.wait = delay
		return Token{}, no
	}
	defer done()
	wait := time.NewTimer(delay)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-q.Context().Done():
	case <-g.stopping.Done():
	}
	return Token{}, refuse(http.StatusUnauthorized, "missing or invalid token")
}

// health says that the program runs.
func (g *Gateway) health(*request) (any, error) { return map[string]string{"status": "ok"}, nil }

// ready says whether a check would be made now.
func (g *Gateway) ready(q *request) (any, error) {
	if g.stopping.Err() != nil {
		return nil, retry(stopped, stopTime)
	}
	if g.p.Desk.Allow(q.Context(), access.Check) != nil {
		return nil, errNobody
	}
	ctx, cancel := context.WithTimeout(q.Context(), readyTime)
	defer cancel()
	if _, err := g.p.Desk.Engine(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, retry("the engine is loading", firstGuess)
		}
		return nil, errNoEngine
	}
	if g.p.Desk.KeyProblem(q.Context()) != nil {
		return nil, retry("the history's key cannot be read: see facematch doctor", longestWait)
	}
	return map[string]string{"status": "ready"}, nil
}

// testToken answers that the token is valid; authenticate has checked it.
func (g *Gateway) testToken(*request) (any, error) {
	return map[string]string{"message": "token is valid"}, nil
}

// mkdir makes a private folder for one request's files.
func (g *Gateway) mkdir() (string, error) {
	dir, err := os.MkdirTemp(g.p.Temp, "request-") // 0700
	if err != nil {
		return "", fmt.Errorf("gateway: %w", err)
	}
	return dir, nil
}

package gateway

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"facematch/app/history"
	"facematch/matcher"
)

// meters count and time what the gateway does. They hold numbers and names of ours, and
// nothing of what a client sent.
//
// The library is VictoriaMetrics/metrics, which writes Prometheus' form with two small
// modules; prometheus/client_golang would bring ten, protobuf among them.
type meters struct {
	set *metrics.Set
}

// stages are the parts of a request with files, in their order.
var stages = []string{"receive", "wait", "document", "film", "compare"}

// ofStage says to which part the progress of a check belongs.
var ofStage = map[matcher.Stage]string{
	matcher.StageDocument: "document",
	matcher.StageClip:     "film", matcher.StageFaces: "film",
	matcher.StageComparing: "compare",
}

// seconds are the bounds of the histograms: from a glance to checkTime.
var seconds = []float64{0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 120}

// newMeters makes the meters of a line. More values, by name, are asked for when somebody
// reads.
func newMeters(l *line, more map[string]func() float64) *meters {
	m := &meters{set: metrics.NewSet()}
	for _, outcome := range []history.Outcome{
		history.Pass, history.Refer, history.Fail, history.NotCompared, history.CouldNotRun, history.Cancelled,
	} {
		m.checks(outcome)
	}
	for _, stage := range stages {
		m.stage(stage)
	}
	for name, of := range map[string]func() int{
		"facematch_requests_inside":  func() int { return l.taken },
		"facematch_requests_waiting": l.queued,
		"facematch_checks_running":   func() int { return l.running },
	} {
		m.set.NewGauge(name, func() float64 {
			l.mu.Lock()
			defer l.mu.Unlock()
			return float64(of())
		})
	}
	for name, value := range more {
		m.set.NewGauge(name, value)
	}
	return m
}

func (m *meters) checks(o history.Outcome) *metrics.Counter {
	return m.set.GetOrCreateCounter("facematch_checks_total{outcome=" + strconv.Quote(string(o)) + "}")
}

// answered counts an answer by its HTTP status.
func (m *meters) answered(status int) {
	m.set.GetOrCreateCounter("facematch_answers_total{status=" + strconv.Quote(strconv.Itoa(status)) + "}").Inc()
}

func (m *meters) stage(name string) *metrics.PrometheusHistogram {
	return m.set.GetOrCreatePrometheusHistogramExt("facematch_stage_seconds{stage="+strconv.Quote(name)+"}", seconds)
}

// stopwatch times the stages of one check from its progress. Stages that run side by side
// are told apart by when the later one began.
type stopwatch struct {
	m *meters

	mu      sync.Mutex
	current string
	since   time.Time
}

// progress notes that a stage goes on, or that the next one has begun.
func (w *stopwatch) progress(p matcher.Progress) {
	stage, known := ofStage[p.Stage]
	w.mu.Lock()
	defer w.mu.Unlock()
	if !known || stage == w.current || later(w.current, stage) {
		return
	}
	w.next(stage)
}

// next ends the current stage and begins another; w.mu is held.
func (w *stopwatch) next(stage string) {
	now := time.Now()
	if w.current != "" {
		w.m.stage(w.current).Update(now.Sub(w.since).Seconds())
	}
	w.current, w.since = stage, now
}

// end ends the last stage.
func (w *stopwatch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next("")
}

// later reports whether a comes after b.
func later(a, b string) bool {
	for _, stage := range stages {
		switch stage {
		case a:
			return false
		case b:
			return a != ""
		}
	}
	return false
}

// openMeters serves the meters to readers on this computer only. The problems are
// serve.metrics and serve.listen.
func openMeters(ctx context.Context, address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !loopback(host) {
		return nil, matcher.NewProblem(KeyMetrics, err)
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, matcher.NewProblem("serve.listen", err)
	}
	return ln, nil
}

// serveMeters serves GET /metrics until the listener is closed with the server.
func (g *Gateway) serveMeters(ln net.Listener) *http.Server {
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case !hosts{}.allowed(r.Host):
				http.Error(w, "this server does not go by that host name", http.StatusMisdirectedRequest)
			case r.URL.Path != "/metrics":
				http.NotFound(w, r)
			case r.Method != http.MethodGet:
				w.Header().Set("Allow", http.MethodGet)
				http.Error(w, "GET only", http.StatusMethodNotAllowed)
			default:
				w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
				g.meters.set.WritePrometheus(w)
				metrics.WriteProcessMetrics(w)
			}
		}),
		ReadTimeout: g.patience.head, WriteTimeout: g.patience.answer, IdleTimeout: g.patience.idle, MaxHeaderBytes: maxHead,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() { _ = server.Serve(ln) }() // it ends with the server; nothing hangs on it
	return server
}

package gateway

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"facematch/app/history"
	"facematch/matcher"
)

// scrape reads the metrics, as name and labels, and value.
func scrape(t *testing.T, url string) (values map[string]string, text string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 ||
		!strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%d %v, %v", response.StatusCode, response.Header, err)
	}
	values = map[string]string{}
	line := regexp.MustCompile(`^([a-z_]+(?:\{(?:[a-z]+="[^"]*",?)+\})?) ([-+0-9.e]+)$`)
	for one := range strings.Lines(string(data)) {
		if one = strings.TrimSpace(one); !strings.HasPrefix(one, "facematch_") {
			continue
		}
		part := line.FindStringSubmatch(one)
		if part == nil {
			t.Errorf("not of Prometheus' form: %q", one)
			continue
		}
		values[part[1]] = part[2]
	}
	return values, string(data)
}

func TestMetrics(t *testing.T) {
	f := &fake{}
	s := serveAt(t, f, 1, Place{Address: "127.0.0.1:0", Metrics: "127.0.0.1:0"})
	values, _ := scrape(t, s.metrics)
	for _, name := range []string{
		`facematch_checks_total{outcome="pass"}`, `facematch_checks_total{outcome="could not run"}`,
		`facematch_stage_seconds_count{stage="wait"}`,
		"facematch_requests_inside", "facematch_requests_waiting", "facematch_checks_running", "facematch_of_another_part",
	} {
		want := "0"
		if name == "facematch_of_another_part" {
			want = "7.5"
		}
		if values[name] != want {
			t.Errorf("before anything: %s is %q", name, values[name])
		}
	}
	for range 2 {
		s.match(both, "X-User-Fullname", "José Núñez", headerKey, aKey) // the second one is no check
	}
	s.match(both[:1])
	f.mu.Lock()
	f.problem = matcher.NewProblem("clip.unreadable", nil)
	f.mu.Unlock()
	s.match(both)
	s.do("GET", "/healthz", nil)
	f.mu.Lock()
	f.problem, f.hold = nil, make(chan struct{})
	f.mu.Unlock()
	done := make(chan answered)
	for range 2 {
		go func() { done <- s.match(both) }()
	}
	s.until("one waits", func() bool {
		values, _ = scrape(t, s.metrics)
		return values["facematch_requests_waiting"] == "1"
	})
	for name, want := range map[string]string{
		`facematch_checks_total{outcome="pass"}`: "1", `facematch_checks_total{outcome="could not run"}`: "1",
		`facematch_answers_total{status="200"}`: "2", `facematch_answers_total{status="400"}`: "2",
		"facematch_requests_inside": "2", "facematch_checks_running": "1",
		`facematch_stage_seconds_count{stage="receive"}`: "6", `facematch_stage_seconds_count{stage="wait"}`: "3",
		`facematch_stage_seconds_bucket{stage="wait",le="+Inf"}`: "3", `facematch_stage_seconds_count{stage="document"}`: "2",
	} {
		if values[name] != want {
			t.Errorf("%s is %q, want %s", name, values[name], want)
		}
	}
	close(f.hold)
	<-done
	<-done
	_, text := scrape(t, s.metrics)
	if strings.Contains(text, "Jos") || strings.Contains(text, "fmd_") || strings.Contains(text, "Counter 1") ||
		strings.Contains(text, aKey) {
		t.Error("a name, a token or a key is in the metrics")
	}
	for path, want := range map[string]int{"/": 404, "/metrics/x": 404, "/debug/pprof/": 404} {
		response, err := http.Get(strings.Replace(s.metrics, "/metrics", path, 1))
		if err != nil || response.StatusCode != want {
			t.Errorf("%s: %v, %v", path, response, err)
		} else {
			_ = response.Body.Close()
		}
	}
	r, _ := http.NewRequest("GET", s.metrics, nil)
	r.Host = "rebound.example"
	response, err := http.DefaultClient.Do(r)
	if err != nil || response.StatusCode != 421 {
		t.Errorf("under another name: %v, %v", response, err)
	} else {
		_ = response.Body.Close()
	}
	if a := s.do("GET", "/metrics", nil); a.status != 404 {
		t.Errorf("where the API is: %d", a.status)
	}
}

// TestStages reports progress as an engine does, with the document and the film side by side.
func TestStages(t *testing.T) {
	m := newMeters(newLine(1, 1, 1), nil)
	w := &stopwatch{m: m}
	for _, stage := range []matcher.Stage{
		matcher.StageDocument, matcher.StageLoading, matcher.StageClip, matcher.StageDocument, matcher.StageFaces,
		matcher.StageClip,
		matcher.StageComparing, matcher.StageFaces, matcher.StageComparing,
	} {
		w.progress(matcher.Progress{Stage: stage})
	}
	w.end()
	(&stopwatch{m: m}).end() // of a check that never began
	var text strings.Builder
	m.set.WritePrometheus(&text)
	for stage, want := range map[string]int{"receive": 0, "wait": 0, "document": 1, "film": 1, "compare": 1} {
		if line := fmt.Sprintf("facematch_stage_seconds_count{stage=%q} %d\n", stage,
			want); !strings.Contains(text.String(), line) {
			t.Errorf("%s is missing in\n%s", line, text.String())
		}
	}
	for _, o := range []history.Outcome{history.Pass, history.NotCompared} {
		if !strings.Contains(text.String(), fmt.Sprintf("facematch_checks_total{outcome=%q} 0\n", o)) {
			t.Errorf("no %s in\n%s", o, text.String())
		}
	}
}

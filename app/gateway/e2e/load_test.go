//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"facematch/app"
	"facematch/app/apptest/need"
	"facematch/assets"
	"facematch/matcher"
	"facematch/matcher/document"
	"facematch/matcher/document/pages"
	"facematch/matcher/offline"
)

// engine is the program's own, in this process.
func engine(t *testing.T) *offline.Matcher {
	t.Helper()
	calibration, err := matcher.ParseCalibration(assets.Calibration)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	faces, err := offline.New(offline.Params{
		Folders:     []string{os.Getenv("FACEMATCH_MODELS"), filepath.Join(root, "assets", "models")},
		Calibration: calibration, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = faces.Close() })
	err = faces.Load(context.Background())
	if matcher.IsProblem(err, matcher.KeyModelMissing) {
		need.Missing(t, "the face models are not here; make models fetches them")
	}
	if err != nil {
		t.Fatal(err)
	}
	reader := pages.New(pages.Params{Log: log})
	t.Cleanup(func() { _ = reader.Close() })
	portraits := document.New(document.Params{Pages: reader, Faces: faces})
	return offline.NewMatcher(offline.MatcherParams{Engine: faces, Portraits: portraits, Calibration: calibration,
		Temp: t.TempDir()})
}

// sample is a document of about 150 KB and a clip of about 500 KB of one person.
func sample(t *testing.T) (image, video string) {
	t.Helper()
	dir, who := testdata(t), "lfw__Jackie_Chan"
	image, video = filepath.Join(t.TempDir(), "card.jpg"), filepath.Join(t.TempDir(), "person.mp4")
	ffmpeg(t, "-i", filepath.Join(dir, "clips", who+".mp4"), "-c:v", "libx264", "-b:v", "1330k", "-minrate", "1330k",
		"-maxrate", "1330k", "-bufsize", "500k",
		"-x264-params", "nal-hrd=cbr", "-pix_fmt", "yuv420p", video)
	file, err := os.Open(filepath.Join(dir, "docs", who+".jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	page, err := jpeg.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	for quality := 98; ; quality -= 2 {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, page, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		if b.Len() <= 155_000 {
			if err := os.WriteFile(image, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	for _, f := range []string{image, video} {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d KB", filepath.Base(f), info.Size()>>10)
	}
	return image, video
}

// TestMain is the program where the engine of this process starts another one to
// read a clip.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == offline.DecodeCommand {
		fmt.Fprintln(os.Stderr, offline.DecodeHere(os.Stdin, os.Stdout))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// bare is the engine's own speed: so many loops that do nothing but checks, for so
// long. It gives checks a second.
func bare(t *testing.T, m *offline.Matcher, image, video string, loops int, length time.Duration) float64 {
	t.Helper()
	rules, err := matcher.ParseConditions(matcher.DefaultConditions)
	if err != nil {
		t.Fatal(err)
	}
	return perSecond(loops, length, func() bool {
		a, err := m.Match(context.Background(),
			matcher.Request{Page: app.OpenFile(image), Video: app.OpenFile(video), Rules: rules}, nil)
		if err != nil || a.Result.Data.Code != matcher.CodeOK {
			t.Errorf("the bare engine: %v, code %d", err, a.Result.Data.Code)
		}
		return err == nil
	})
}

// perSecond does something in several loops for so long, and gives how often a
// second it succeeded. What runs then is waited for and counted, with its time.
func perSecond(loops int, length time.Duration, do func() bool) float64 {
	var group sync.WaitGroup
	var mu sync.Mutex
	n := 0
	began := time.Now()
	for range loops {
		group.Go(func() {
			for time.Since(began) < length {
				if do() {
					mu.Lock()
					n++
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return float64(n) / time.Since(began).Seconds()
}

// ownCPU is the time the processor has spent on this process.
func ownCPU(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestLoad asks from 1 to 64 desks at once and compares with the engine's own
// speed before and after. Only what does not hang on other programs on the machine
// fails the test: errors and memory.
func TestLoad(t *testing.T) {
	image, video := sample(t)
	desks, length, alone := []int{1, 4, 64}, 2*time.Second, time.Second
	if soak() {
		desks, length, alone = []int{1, 2, 4, 16, 64}, time.Minute, 30*time.Second
	}
	m := engine(t)
	bare(t, m, image, video, 1, time.Second) // warm
	loops := []int{2}
	if soak() {
		loops = []int{1, 2, 3, 4}
	}
	best, cpu := map[int]float64{}, map[int]time.Duration{}
	for _, n := range loops {
		began, before := time.Now(), ownCPU(t)
		best[n] = bare(t, m, image, video, n, alone)
		cpu[n] = time.Duration(float64(ownCPU(t)-before) / max(1, best[n]*time.Since(began).Seconds()))
	}
	s := start(t, t.TempDir())
	tokens := []string{s.token, s.addToken("second desk")} // one alone does not get all places
	data, contentType := body(t, image, video)

	type result struct {
		desks         int
		answers       float64 // a second
		p50, p95, p99 time.Duration
		busy, errors  int           // 503, and all others
		cpu           time.Duration // of the server's for each answer, with what was spent on those that were cut at the end
	}
	var results []result
	for _, n := range desks {
		r := result{desks: n}
		var mu sync.Mutex
		var took []time.Duration
		transport := &http.Transport{MaxIdleConnsPerHost: n}
		client := &http.Client{Transport: transport}
		before := s.cpu()
		ctx, cancel := context.WithTimeout(context.Background(), length) // then all leave, also those that wait
		var asked atomic.Int64
		r.answers = perSecond(n, length, func() bool {
			began := time.Now()
			desk := *s
			desk.token = tokens[asked.Add(1)%2]
			status, answer, header, err := desk.match(ctx, client, data, contentType)
			busy := err == nil && status == http.StatusServiceUnavailable && header.Get("Retry-After") != ""
			if busy {
				time.Sleep(100 * time.Millisecond) // not as long as advised, to keep the line full
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case ctx.Err() != nil:
				return false
			case err == nil && status == http.StatusOK && bytes.Contains(answer, []byte(`"code":0`)):
				took = append(took, time.Since(began))
				return true
			case busy:
				r.busy++
			default:
				r.errors++
				t.Errorf("%d desks: status %d, %v, %s", n, status, err, answer)
			}
			return false
		})
		r.cpu = (s.cpu() - before) / time.Duration(max(1, len(took)))
		cancel()
		transport.CloseIdleConnections()
		slices.Sort(took)
		at := func(share float64) time.Duration {
			if len(took) == 0 {
				return 0
			}
			return took[min(len(took)-1, int(share*float64(len(took))))].Round(time.Millisecond)
		}
		r.p50, r.p95, r.p99 = at(0.50), at(0.95), at(0.99)
		results = append(results, r)
	}
	_, most := s.memory()
	recorded := len(rows(t, s.home))
	s.stop()
	own := 0.0
	for _, n := range loops {
		own = max(own, best[n])
		t.Logf("the engine alone, %d checks at once: %.2f a second, %v of the processor's time for each", n, best[n],
			cpu[n].Round(time.Millisecond))
	}
	if soak() {
		after := bare(t, m, image, video, 2, alone)
		own = (own + after) / 2
		t.Logf("the engine alone again, 2 at once: %.2f a second; its own speed is the mean of the best before and of this", after)
	}
	t.Log("| desks | answers/s | of the engine's own | p50 | p95 | p99 | 503 | other errors | processor's time for each |")
	t.Log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, r := range results {
		t.Logf("| %d | %.2f | %.2f | %v | %v | %v | %d | %d | %v |", r.desks, r.answers, r.answers/own, r.p50, r.p95, r.p99,
			r.busy, r.errors, r.cpu.Round(time.Millisecond))
	}
	t.Logf("peak memory of the server: %d MB; checks in its history: %d", most>>20, recorded)
	if most >= 1<<30 {
		t.Errorf("the server held %d MB", most>>20)
	}
	verify(t, s.home)
}

package offline

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	face "github.com/Kagami/go-face"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

// plainEnv makes the test program a go-face of its own, used plainly: it gives the
// folder of the models.
const plainEnv = "FACEMATCH_PLAIN_GOFACE"

// plainGoFace answers each line on standard input, the numbers of the pictures to
// look at (from 0), with the milliseconds that RecognizeFile took for all of them.
// It is a process of its own because ours sets the number of BLAS threads.
func plainGoFace(models string, files []string, in io.Reader, out io.Writer) error {
	recogniser, err := face.NewRecognizer(models)
	if err != nil {
		return err
	}
	defer recogniser.Close()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		start := time.Now()
		for _, number := range strings.Fields(lines.Text()) {
			i, err := strconv.Atoi(number)
			if err != nil {
				return err
			}
			faces, err := recogniser.RecognizeFile(files[i])
			if err != nil || len(faces) == 0 {
				return fmt.Errorf("picture %d: %d faces, %w", i, len(faces), err)
			}
		}
		fmt.Fprintln(out, milliseconds(time.Since(start)))
	}
	return lines.Err()
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// peer is another engine in a process of its own.
type peer struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

func startPeer(b *testing.B, cmd *exec.Cmd) *peer {
	b.Helper()
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return &peer{in, bufio.NewScanner(out)}
}

// time has the peer look at these pictures.
func (p *peer) time(b *testing.B, pictures string) float64 {
	b.Helper()
	if _, err := fmt.Fprintln(p.in, pictures); err != nil || !p.out.Scan() {
		b.Fatal("the other engine has stopped")
	}
	ms, err := strconv.ParseFloat(p.out.Text(), 64)
	if err != nil {
		b.Fatal(err)
	}
	return ms
}

// scene is one check: a card of 1200x760 and 3 s of film at 640x480, and its 8
// frames as files, which plain engines need.
type scene struct {
	document, clip string
	frames         []string
}

func newScene(b *testing.B, m *Matcher) scene {
	b.Helper()
	s := scene{document: testdata(b, "docs/lfw__Jackie_Chan.jpg"), clip: testdata(b, "clips/lfw__Jackie_Chan.mp4")}
	s.frames = writePictures(b, b.TempDir(), s.eight(b, m))
	return s
}

// eight reads the clip and takes 8 frames spread over it.
func (s scene) eight(b *testing.B, m *Matcher) []matcher.Frame {
	b.Helper()
	frames := framesOf(b, m, s.clip)
	var chosen []matcher.Frame
	for i := range 8 {
		chosen = append(chosen, frames[i*len(frames)/8])
	}
	return chosen
}

func writePictures(b *testing.B, dir string, frames []matcher.Frame) (paths []string) {
	b.Helper()
	for i, f := range frames {
		path := filepath.Join(dir, fmt.Sprint(i, ".jpg"))
		file, err := os.Create(path)
		if err == nil {
			err = jpeg.Encode(file, f.Image, &jpeg.Options{Quality: jpegQuality})
		}
		if err == nil {
			err = file.Close()
		}
		if err != nil {
			b.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// peers are the engines ours is timed beside: go-face used plainly, and face-api
// under node where FACEMATCH_FACEAPI is its folder; make bench fetches it.
func (s scene) peers(b *testing.B) map[string]*peer {
	b.Helper()
	files := append([]string{s.document}, s.frames...)
	program, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	plain := exec.Command(program, files...)
	plain.Env = append(os.Environ(), plainEnv+"="+models(b))
	all := map[string]*peer{"go-face": startPeer(b, plain)}
	folder := os.Getenv("FACEMATCH_FACEAPI")
	if folder == "" {
		b.Log("face-api is not here; make bench fetches it")
		return all
	}
	all["face-api"] = startPeer(b, exec.Command("node", append([]string{filepath.Join(folder, "bench.js")}, files...)...))
	return all
}

// One whole check, and one frame, beside both peers in turn.
func BenchmarkCheck(b *testing.B) {
	m := newMatcher(b)
	s := newScene(b, m)
	peers := s.peers(b)
	check := func() float64 {
		start := time.Now()
		a, err := m.Match(context.Background(), matcher.Request{
			Page: matcher.Blob{Path: s.document}, Video: matcher.Blob{Path: s.clip}, Rules: rules(b),
		}, nil)
		if err != nil || a.Result.Scoring.Status != matcher.Pass {
			b.Fatalf("%+v, %v", a.Result, err)
		}
		return milliseconds(time.Since(start))
	}
	frame := s.eight(b, m)[3]
	look := func() float64 {
		start := time.Now()
		seen, err := m.look(context.Background(), frame, false)
		if err == nil {
			_, _, err = m.params.Engine.goFace(context.Background(), seen.crop, quick)
		}
		if err != nil {
			b.Fatal(err)
		}
		return milliseconds(time.Since(start))
	}
	for name, c := range map[string]struct {
		ours     func() float64
		pictures string
	}{"whole": {check, "0 1 2 3 4 5 6 7 8"}, "frame": {look, "4"}} {
		b.Run(name, func(b *testing.B) {
			c.ours()
			for _, p := range peers {
				p.time(b, c.pictures) // first calls take longer
			}
			ours, ratios := []float64{}, map[string][]float64{}
			for b.Loop() {
				mine := c.ours()
				ours = append(ours, mine)
				for other, p := range peers {
					took := p.time(b, c.pictures)
					ratios[other] = append(ratios[other], mine/took)
					if other == "go-face" && name == "whole" {
						// Who uses it plainly must get the frames out of the clip too.
						start := time.Now()
						writePictures(b, b.TempDir(), s.eight(b, m))
						ratios["go-face_with_clip"] = append(ratios["go-face_with_clip"], mine/(took+milliseconds(time.Since(start))))
					}
				}
			}
			b.ReportMetric(median(ours), "ours_ms")
			for other, r := range ratios {
				b.ReportMetric(median(r), "ratio_to_"+other)
			}
		})
	}
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// How the time of a check grows: with the frames it is given, their size, and the
// cores it may use.
func BenchmarkCheckGrows(b *testing.B) {
	m := newMatcher(b)
	s := newScene(b, m)
	base := m.params.Engine
	one := newEngine(b, base.params)
	one.workers = 1
	b.Cleanup(func() { one.Close() })
	portrait, err := m.params.Portraits.Portrait(context.Background(), matcher.Blob{Path: s.document})
	if err != nil {
		b.Fatal(err)
	}
	all := framesOf(b, m, s.clip)
	run := func(name string, engine *Engine, count int, size image.Point) {
		b.Run(name, func(b *testing.B) {
			params := m.params
			params.Engine = engine
			matched := NewMatcher(params)
			frames := make([]matcher.Frame, count)
			for i := range frames {
				f := all[i*len(all)/count%len(all)]
				frames[i] = matcher.Frame{Image: picture.Resize(f.Image, size), At: f.At}
			}
			b.ReportAllocs()
			for b.Loop() {
				_, err := matched.Match(context.Background(),
					matcher.Request{Portrait: &portrait, Film: matcher.FilmOf(frames), Rules: rules(b)}, nil)
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	vga := image.Pt(640, 480)
	for _, n := range []int{1, 2, 4, 8, 16, 32, 64} {
		run(fmt.Sprintf("frames=%d", n), base, n, vga)
	}
	for _, size := range []image.Point{vga, {X: 1280, Y: 720}, {X: 1920, Y: 1080}, {X: 3840, Y: 2160}} {
		run(fmt.Sprintf("size=%dx%d", size.X, size.Y), base, 24, size)
	}
	run("cores=1", one, 24, vga)
	run("cores="+strconv.Itoa(base.workers), base, 24, vga)
}

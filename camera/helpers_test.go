package camera

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

// patience is how long a test waits for what should come at once on a quiet
// machine.
const patience = 20 * time.Second

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// finder gives the same faces for each picture and remembers what it saw.
type finder struct {
	faces []matcher.Face
	saw   atomic.Pointer[image.Point]
	looks atomic.Int64
}

func (f *finder) Find(_ context.Context, picture *image.RGBA) ([]matcher.Face, error) {
	size := picture.Rect.Size()
	f.looks.Add(1)
	f.saw.Store(&size)
	return f.faces, nil
}

// lines is a log that can be written and read at once.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func params(t *testing.T, address string) Params {
	return Params{
		Address: address, Faces: &finder{}, Temp: t.TempDir(),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// opened opens a source which the test need not close.
func opened(t *testing.T, p Params) *Source {
	t.Helper()
	s := Open(p)
	t.Cleanup(func() { s.Close() })
	return s
}

// frameAfter waits for a frame, whatever problems come before it.
func frameAfter(t *testing.T, s *Source, after uint64) matcher.Live {
	t.Helper()
	for ctx := soon(t); ; {
		live, err := s.Next(ctx, after)
		if err != nil {
			t.Fatalf("no frame: %v", err)
		}
		if live.Problem == nil {
			return live
		}
		if live.Frame.Image != nil {
			t.Fatal("a problem came with a picture")
		}
		after = live.Seq
	}
}

// problemAfter waits for a problem, whatever frames come before it.
func problemAfter(t *testing.T, s *Source, after uint64) matcher.Live {
	t.Helper()
	for ctx := soon(t); ; {
		live, err := s.Next(ctx, after)
		if err != nil {
			t.Fatalf("no problem: %v", err)
		}
		if live.Problem != nil {
			return live
		}
		after = live.Seq
	}
}

// scene is picture number i of a bar that moves over a ground of many colours.
func scene(size image.Point, i int) *image.RGBA {
	m := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			m.SetRGBA(x, y, color.RGBA{uint8(x * 255 / size.X), uint8(y * 255 / size.Y), 80, 255})
		}
	}
	x := i * 7 % size.X
	draw.Draw(m, image.Rect(x, 0, x+size.X/8, size.Y), image.NewUniform(color.White), image.Point{}, draw.Src)
	return m
}

// textured is picture number i of stripes that move, sharp and well lit all over.
func textured(size image.Point, i int) *image.RGBA {
	m := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			grey := uint8(100 + 50*((x+i)/8%2) + 30*(y/8%2))
			m.SetRGBA(x, y, color.RGBA{grey, grey, grey, 255})
		}
	}
	return m
}

// video makes a video file of moving scenes: Motion JPEG in AVI.
func video(t testing.TB, size image.Point, rate float64, frames int) string {
	t.Helper()
	return videoOf(t, size, rate, frames, scene)
}

func videoOf(t testing.TB, size image.Point, rate float64, frames int,
	scene func(image.Point, int) *image.RGBA) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scenes.avi")
	w, err := gocv.VideoWriterFile(path, "MJPG", rate, size.X, size.Y, true)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if !w.IsOpened() {
		t.Fatal("the test's video cannot be written")
	}
	bgr := gocv.NewMat()
	defer bgr.Close()
	for i := range frames {
		err := lend(scene(size, i), func(m gocv.Mat) { gocv.CvtColor(m, &bgr, gocv.ColorRGBAToBGR) })
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(bgr); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// still makes a still picture, which plays as a video too.
func still(t *testing.T, size image.Point) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "still.jpg")
	if err := os.WriteFile(path, scenes(size)[0], 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// netcam is a network camera: Motion JPEG over HTTP.
type netcam struct {
	address string // host:port, kept over a restart
	server  *http.Server
	stop    context.CancelFunc
	mode    atomic.Int32
}

// What a network camera does for each client.
const (
	plays   = iota // sends pictures
	trickle        // sends pictures, then only a byte now and then
	garbage        // sends noise
	grown          // sends pictures twice as large
	silent         // sends nothing more
	newPlay        // goes on as before for who is there, and plays for who comes
)

func startNetcam(t *testing.T) *netcam {
	t.Helper()
	c := &netcam{address: "127.0.0.1:0"}
	c.start(t)
	t.Cleanup(c.kill)
	return c
}

func (c *netcam) url() string { return "http://clerk:s3cret@" + c.address + "/live" }

// start begins to answer, on the same port as before.
func (c *netcam) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", c.address)
	if err != nil {
		t.Fatal(err)
	}
	c.address = l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.server = &http.Server{Handler: http.HandlerFunc(c.serve),
		BaseContext: func(net.Listener) context.Context { return ctx }}
	go c.server.Serve(l)
}

// kill ends all connections and stops answering.
func (c *netcam) kill() {
	c.stop()
	c.server.Close()
}

// scenes are ten moving pictures as JPEG.
func scenes(size image.Point) [][]byte {
	pictures := make([][]byte, 10)
	for i := range pictures {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, scene(size, 3*i), nil); err != nil {
			panic(err)
		}
		pictures[i] = b.Bytes()
	}
	return pictures
}

// What netcams send, made once: under the race detector that takes seconds.
var (
	smallScenes = sync.OnceValue(func() [][]byte { return scenes(image.Pt(320, 240)) })
	largeScenes = sync.OnceValue(func() [][]byte { return scenes(image.Pt(640, 480)) })
)

func (c *netcam) serve(w http.ResponseWriter, r *http.Request) {
	small, large := smallScenes(), largeScenes()
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=frame")
	tick := time.NewTicker(time.Second / 25)
	defer tick.Stop()
	mode := int32(plays)
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
		var err error
		if now := c.mode.Load(); now != newPlay {
			mode = now
		}
		switch {
		case mode == silent:
		case mode == garbage:
			_, err = w.Write(bytes.Repeat([]byte{0, 0xFE, byte(i), 0x13}, 4<<10))
		case mode == trickle && i > 20:
			_, err = w.Write([]byte{'\r', '\n'})
		default:
			p := small[i%len(small)]
			if mode == grown {
				p = large[i%len(large)]
			}
			_, err = fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", len(p), p)
		}
		if err != nil {
			return
		}
		w.(http.Flusher).Flush()
	}
}

// left is what lies in a folder.
func left(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

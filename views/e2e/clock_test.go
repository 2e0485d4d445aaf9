//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a network camera whose pictures say when they were sent: a row of
// squares at the top holds the frame's number, so that what is on the screen tells
// how old it is.
type clock struct {
	frames [][]byte // one for each number

	mu   sync.Mutex
	sent []time.Time // when each frame was sent, in order
}

const (
	clockRate   = 30
	clockBits   = 6 // numbers come again after two seconds
	clockSquare = 40
)

// The first and the last square are of these colours, which are nowhere else.
var clockBegin, clockEnd = color.RGBA{255, 0, 255, 255}, color.RGBA{0, 255, 255, 255}

// startClock starts one of 1280x720 over a photo and gives its address.
func startClock(t *testing.T, photo string) (*clock, string) {
	t.Helper()
	still := filepath.Join(t.TempDir(), "still.png")
	// The photo shows gocv's window: its frame is cut off.
	ffmpeg(t, "-i", photo, "-vf", "crop=400:225:0:57,scale=1280:720", still)
	f, err := os.Open(still)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ground, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{}
	for n := range 1 << clockBits {
		m := image.NewRGBA(image.Rect(0, 0, 1280, 720))
		draw.Draw(m, m.Rect, ground, ground.Bounds().Min, draw.Src)
		for i := range clockBits + 2 {
			shade := color.RGBA{A: 255}
			switch {
			case i == 0:
				shade = clockBegin
			case i == clockBits+1:
				shade = clockEnd
			case n>>(i-1)&1 == 1:
				shade = color.RGBA{255, 255, 255, 255}
			}
			square := image.Rect(0, 0, clockSquare, clockSquare).Add(image.Pt(480+i*clockSquare, 0))
			draw.Draw(m, square, image.NewUniform(shade), image.Point{}, draw.Src)
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85}); err != nil {
			t.Fatal(err)
		}
		c.frames = append(c.frames, b.Bytes())
	}
	return c, serve(t, clockRate, c.frame)
}

// frame is the frame to send now; there is one viewer at a time.
func (c *clock) frame(i int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent[:i], time.Now())
	return c.frames[i%len(c.frames)]
}

// sentBefore gives the place, and time, of the newest frame of this number that
// was sent before a time; false where there is none.
func (c *clock) sentBefore(number int, at time.Time) (int, time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.sent) - 1; i >= 0 && i >= len(c.sent)-2*len(c.frames); i-- {
		if i%len(c.frames) == number && c.sent[i].Before(at) {
			return i, c.sent[i], true
		}
	}
	return 0, time.Time{}, false
}

// painted is what was seen of a live picture.
type painted struct {
	over    time.Duration // from the first paint to the last
	paints  int
	sent    int             // frames sent meanwhile
	gaps    []time.Duration // between paints, sorted
	latency []time.Duration // from sending a frame to seeing it, sorted
}

func (p painted) String() string {
	at := func(d []time.Duration, share float64) time.Duration {
		if len(d) == 0 {
			return 0
		}
		return d[min(len(d)-1, int(share*float64(len(d))))].Round(time.Millisecond)
	}
	return fmt.Sprintf("%.1f paints a second, %d of %d frames dropped, latency %v (95 %%: %v), gaps %v (95 %%: %v)",
		float64(p.paints)/p.over.Seconds(), p.sent-p.paints, p.sent, at(p.latency, .5), at(p.latency, .95), at(p.gaps, .5),
		at(p.gaps, .95))
}

// watch reads the clock on the screen a hundred times a second. While a result is
// shown there is no live picture: watching ends with the last paint.
func (p *program) watch(c *clock, over time.Duration) painted {
	p.t.Helper()
	begin, end := p.findClock()
	display := ""
	for _, v := range p.d.env {
		if number, ok := strings.CutPrefix(v, "DISPLAY="); ok {
			display = number
		}
	}
	left, width := min(begin.X, end.X), max(begin.X-end.X, end.X-begin.X)+1
	cmd := exec.Command("ffmpeg", "-nostdin", "-v", "error", "-f", "x11grab", "-framerate", "100", "-draw_mouse", "0",
		"-video_size", fmt.Sprintf("%dx4", width), "-i", fmt.Sprintf("%s+%d,%d", display, left, begin.Y),
		"-t", fmt.Sprint(over.Seconds()), "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-")
	cmd.Env = p.d.env
	grabbed, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	var seen painted
	first, last, place := time.Time{}, time.Time{}, -1
	for strip := make([]byte, 4*width); ; {
		if _, err := io.ReadFull(grabbed, strip); err != nil {
			break
		}
		now := time.Now()
		number := 0
		for i := range clockBits {
			x := width * (i + 1) / (clockBits + 1) // the squares' middles lie evenly between the outer ones'
			if end.X < begin.X {                   // mirrored
				x = width - 1 - x
			}
			if strip[width+x] > 127 {
				number |= 1 << i
			}
		}
		at, sent, ok := c.sentBefore(number, now)
		if !ok || at <= place {
			continue
		}
		if place < 0 {
			first, seen.sent = now, -at
		} else {
			seen.paints++
			seen.gaps = append(seen.gaps, now.Sub(last))
			seen.latency = append(seen.latency, now.Sub(sent))
		}
		last, place = now, at
	}
	if err := cmd.Wait(); err != nil {
		p.t.Fatalf("watching the screen: %v", err)
	}
	seen.sent += place
	seen.over = last.Sub(first)
	slices.Sort(seen.gaps)
	slices.Sort(seen.latency)
	return seen
}

// findClock says where on the screen the middles of the clock's outer squares are.
func (p *program) findClock() (begin, end image.Point) {
	p.t.Helper()
	f, err := os.Open(p.d.screenshot(p.name + "-clock"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	screen, err := png.Decode(f)
	if err != nil {
		p.t.Fatal(err)
	}
	middle := func(of color.RGBA) image.Point {
		var sum image.Point
		n := 0
		near := func(a uint32, b uint8) bool { return int(a>>8)-int(b) < 60 && int(b)-int(a>>8) < 60 }
		for y := screen.Bounds().Min.Y; y < screen.Bounds().Max.Y; y++ {
			for x := screen.Bounds().Min.X; x < screen.Bounds().Max.X; x++ {
				if r, g, b, _ := screen.At(x, y).RGBA(); near(r, of.R) && near(g, of.G) && near(b, of.B) {
					sum = sum.Add(image.Pt(x, y))
					n++
				}
			}
		}
		if n < 50 {
			p.t.Fatal("there is no clock on the screen")
		}
		return sum.Div(n)
	}
	return middle(clockBegin), middle(clockEnd)
}

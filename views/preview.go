package views

import (
	"context"
	"image"
	"image/color"
	"sync"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
)

// preview shows the live picture with outlines around the faces, or why there
// is no picture. Its methods are for the window's goroutine, but for watch and
// advise, which feed it.
type preview struct {
	widget.BaseWidget

	// OnPicture tells when pictures begin or cease to come.
	OnPicture func(there bool)
	// OnHint brings the newest advice; without a hint, that there is none.
	OnHint func(advice app.Advice)
	// Words puts a problem into words.
	Words func(err error) (text, hint string)
	// Log writes why there is no advice. It is called off the window's goroutine.
	Log func(err error)

	mirror atomic.Bool
	wide   atomic.Int32 // pixels of the screen across the picture's place; 0: not known
	paints *paints
	source int    // number of the source whose news is shown; that of others is late
	there  bool   // the newest news was a picture
	lost   uint64 // Live.Seq of the last news without one

	picture  *canvas.Image
	outlines *outlines
	message  *fyne.Container
	text     *canvas.Text
	hint     *widget.RichText

	live   latest[liveNews]
	advice latest[adviceNews]

	mu      sync.Mutex // buffers and which are in use
	buffers [3]*image.RGBA
	shown   int // being painted from; -1: none
	waiting int // on its way to the screen; -1: none
}

// liveNews is a picture in one of the buffers, or why there is none.
type liveNews struct {
	source  int // its number
	seq     uint64
	buffer  int // -1: no picture
	problem *app.Problem
}

// adviceNews is advice and the number of the source it comes from.
type adviceNews struct {
	source int
	app.Advice
}

func newPreview(paints *paints, waiting string, words func(error) (string, string)) *preview {
	p := &preview{paints: paints, Words: words, shown: -1, waiting: -1, OnPicture: func(bool) {}, OnHint: func(app.Advice) {}, Log: func(error) {}}
	p.live = latest[liveNews]{do: paints.now, show: p.showLive}
	p.advice = latest[adviceNews]{do: paints.soon, show: p.showAdvice}

	p.picture = canvas.NewImageFromImage(nil)
	p.picture.FillMode = canvas.ImageFillContain
	p.picture.ScaleMode = canvas.ImageScaleFastest
	p.picture.Hide()
	p.outlines = newOutlines()
	p.text = canvas.NewText(waiting, pictureWriting)
	p.text.TextStyle.Bold = true
	p.text.TextSize = 18
	p.text.Alignment = fyne.TextAlignCenter
	p.hint = widget.NewRichText()
	p.hint.Wrapping = fyne.TextWrapWord
	p.message = container.NewVBox(p.text, p.hint)
	p.ExtendBaseWidget(p)
	return p
}

// CreateRenderer is part of fyne.Widget.
func (p *preview) CreateRenderer() fyne.WidgetRenderer {
	ground := canvas.NewRectangle(pictureGround)
	ground.CornerRadius = 6
	// The ground is dark in both themes, so its writing is that of the dark one.
	message := container.NewThemeOverride(container.NewPadded(container.New(middle{}, p.message)), darkTheme{newTheme()})
	return widget.NewSimpleRenderer(container.NewStack(ground, p.picture, p.outlines, message))
}

// darkTheme shows a part of the window as in the dark theme.
type darkTheme struct{ fyne.Theme }

// Color is part of fyne.Theme.
func (t darkTheme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return t.Theme.Color(name, theme.VariantDark)
}

// middle lays one object out in its full width, half way down.
type middle struct{}

func (middle) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

func (middle) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	height := objects[0].MinSize().Height
	objects[0].Resize(fyne.NewSize(size.Width, height))
	objects[0].Move(fyne.NewPos(0, max(0, (size.Height-height)/2)))
}

// MinSize is part of fyne.CanvasObject: a picture that can still be judged.
func (p *preview) MinSize() fyne.Size { return fyne.NewSize(320, 240) }

// another makes ready for another source, or none: what is on its way from the
// one before is not shown any more.
func (p *preview) another() {
	p.source++
	p.lost = 0
	p.showProblem(nil)
}

// watch passes the source's pictures on until the context ends or the source
// is closed.
func (p *preview) watch(ctx context.Context, source app.Source, number int) {
	for after := uint64(0); ; {
		live, err := source.Next(ctx, after)
		if err != nil {
			return
		}
		began := time.Now()
		after = live.Seq
		news := liveNews{source: number, seq: live.Seq, buffer: -1, problem: live.Problem}
		if live.Frame.Image != nil {
			news.buffer = p.keep(live.Frame.Image)
		}
		p.live.put(news)
		if !pause(ctx, p.paints.every()-time.Since(began)) {
			return
		}
	}
}

// advise passes the source's advice on until the context ends, as it does when
// the source is closed. Any other error may pass, such as a missing model, so it
// asks again, ever more rarely. Only the first is logged: the rest are likely the
// same.
func (p *preview) advise(ctx context.Context, source app.Source, number int) {
	logged, rest := false, adviceRest
	for after := uint64(0); ; {
		if p.paints.resting.Load() { // nobody sees what is said under a dialog
			if !pause(ctx, restInterval) {
				return
			}
			continue
		}
		advice, err := source.Advise(ctx, after)
		wait := time.Duration(0) // the source itself says how often it may be asked
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !logged {
				p.Log(err)
				logged = true
			}
			wait, rest = rest, min(2*rest, adviceRestMost)
		default:
			after, rest = advice.Seq, adviceRest
			p.advice.put(adviceNews{number, advice})
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// keep copies a frame into a buffer that is neither painted from nor on its way
// to the screen: a frame is read at the next paint, long after this returns.
func (p *preview) keep(frame *image.RGBA) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	free := 0
	for free == p.shown || free == p.waiting {
		free++
	}
	p.buffers[free] = copyFrame(p.buffers[free], frame, int(p.wide.Load()), p.mirror.Load())
	p.waiting = free
	return free
}

// copyFrame copies a frame, mirrored where wished, at no more than liveWidth
// pixels a line; every second or third pixel only where its place on the screen is
// not wider than that: more would cost an upload and not be seen. It uses dst where
// that fits.
func copyFrame(dst, frame *image.RGBA, place int, mirror bool) *image.RGBA {
	step := (frame.Rect.Dx() + liveWidth - 1) / liveWidth
	if place > 0 {
		step = max(step, frame.Rect.Dx()/place)
	}
	size := image.Pt(frame.Rect.Dx()/step, frame.Rect.Dy()/step)
	if dst == nil || dst.Rect.Size() != size {
		dst = image.NewRGBA(image.Rectangle{Max: size})
	}
	for y := range size.Y {
		from := frame.Pix[y*step*frame.Stride:]
		to := dst.Pix[y*dst.Stride : y*dst.Stride+4*size.X]
		if step == 1 && !mirror {
			copy(to, from)
			continue
		}
		at, move := 0, 4*step
		if mirror {
			at, move = 4*step*(size.X-1), -4*step
		}
		for x := 0; x < len(to); x += 4 {
			copy(to[x:x+4], from[at:at+4])
			at += move
		}
	}
	return dst
}

func (p *preview) showLive(news liveNews) {
	if news.source != p.source {
		return
	}
	if news.buffer < 0 {
		p.lost = news.seq
		p.showProblem(news.problem)
		return
	}
	rests := p.paints.rests() && p.there // the picture before stays, and so does its buffer
	p.mu.Lock()
	if p.waiting == news.buffer {
		p.waiting = -1
	}
	if !rests {
		p.shown = news.buffer
	}
	frame := p.buffers[news.buffer]
	p.mu.Unlock()
	if rests {
		return
	}
	if c := fyne.CurrentApp().Driver().CanvasForObject(p); c != nil {
		p.wide.Store(int32(p.Size().Width * c.Scale()))
	}
	p.picture.Image = frame
	p.paints.count.Add(1)
	if p.picture.Hidden {
		p.message.Hide()
		p.picture.Show()
	}
	p.picture.Refresh()
	p.setThere(true)
}

func (p *preview) showProblem(problem *app.Problem) {
	p.picture.Hide()
	p.outlines.set(nil, image.Point{}, false, false)
	p.OnHint(app.Advice{})
	if problem != nil {
		text, hint := p.Words(problem)
		p.say(text, hint)
	}
	p.message.Show()
	p.setThere(false)
}

// say writes over the place of the picture.
func (p *preview) say(text, hint string) {
	p.text.Text = text
	p.text.Refresh()
	style := widget.RichTextStyleParagraph
	style.Alignment = fyne.TextAlignCenter
	p.hint.Segments = []widget.RichTextSegment{&widget.TextSegment{Text: hint, Style: style}}
	p.hint.Refresh()
}

func (p *preview) setThere(there bool) {
	if p.there != there {
		p.there = there
		p.OnPicture(there)
	}
}

func (p *preview) showAdvice(a adviceNews) {
	if a.source != p.source || a.Seq <= p.lost { // late: the pictures have ceased since
		return
	}
	if p.paints.rests() {
		return
	}
	mirror := p.mirror.Load()
	p.outlines.set(a.Faces, a.Size, mirror, a.Good)
	if mirror { // the words say where the one stands whom the clerk sees
		a.Aside = a.Aside.Mirrored()
	}
	p.OnHint(a.Advice)
}

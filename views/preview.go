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
	// OnHint brings the newest hint, and whether all is well.
	OnHint func(hint app.Notice, good bool)
	// Words puts a problem into words.
	Words func(err error) (text, hint string)
	// Log writes why there is no advice. It is called off the window's goroutine.
	Log func(err error)

	mirror atomic.Bool
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

func newPreview(do func(func()), waiting string, words func(error) (string, string)) *preview {
	p := &preview{Words: words, shown: -1, waiting: -1, OnPicture: func(bool) {}, OnHint: func(app.Notice, bool) {}, Log: func(error) {}}
	p.live = latest[liveNews]{do: do, show: p.showLive}
	p.advice = latest[adviceNews]{do: do, show: p.showAdvice}

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
		if !pause(ctx, paintInterval-time.Since(began)) {
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
	p.buffers[free] = copyFrame(p.buffers[free], frame, p.mirror.Load())
	p.waiting = free
	return free
}

// copyFrame copies a frame, mirrored where wished, at no more than liveWidth
// pixels a line. It uses dst where that fits.
func copyFrame(dst, frame *image.RGBA, mirror bool) *image.RGBA {
	step := (frame.Rect.Dx() + liveWidth - 1) / liveWidth
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
	var frame *image.RGBA
	if news.buffer >= 0 {
		p.mu.Lock()
		p.shown = news.buffer
		if p.waiting == news.buffer {
			p.waiting = -1
		}
		frame = p.buffers[news.buffer]
		p.mu.Unlock()
	}
	if frame == nil {
		p.lost = news.seq
		p.showProblem(news.problem)
		return
	}
	p.picture.Image = frame
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
	p.OnHint(app.Notice{}, false)
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
	p.outlines.set(a.Faces, a.Size, p.mirror.Load(), a.Good)
	p.OnHint(a.Hint, a.Good)
}

// Package live shows a camera's picture as it comes, with outlines around the faces.
package live

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
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
)

// The hint waits for adviceRest after its first error, then ever longer, up to
// adviceRestMost: where models are missing, each attempt searches their folders anew.
const (
	adviceRest     = time.Second
	adviceRestMost = 30 * time.Second
)

// usualText is the size of the words where there is no picture.
const usualText = 18

// Preview shows the live picture with outlines around the faces, or why there is no
// picture. Its methods are for the window's goroutine, but for watch and advise, which
// feed it.
type Preview struct {
	widget.BaseWidget
	parts kit.Parts

	// OnPicture is called when pictures begin or cease to come.
	OnPicture func(there bool)
	// OnHint brings the newest advice; without a hint, that there is none.
	OnHint func(advice app.Advice)

	source  app.Source // nil: there is none
	number  int        // of the source; news that carry another number are late
	on      bool       // the picture is looked at
	feeders []*kit.Job // of pictures and advice
	there   bool       // the newest news was a picture
	lost    uint64     // Live.Seq of the last news without one
	mirror  atomic.Bool
	wide    atomic.Int32 // pixels of the screen across the picture's place; 0: not known

	picture  *canvas.Image
	outlines *draw.Outlines
	message  *fyne.Container
	banner   *fyne.Container // says that the camera is no device
	virtual  *widget.Label
	text     *canvas.Text
	hint     *widget.RichText

	live   kit.Latest[liveNews]
	advice kit.Latest[adviceNews]

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
	virtual string // the driver, where the camera is no device
}

// adviceNews is advice and the number of the source it comes from.
type adviceNews struct {
	source int
	app.Advice
}

// New makes a preview without a source.
func New(parts kit.Parts) *Preview {
	p := &Preview{parts: parts, shown: -1, waiting: -1, OnPicture: func(bool) {}, OnHint: func(app.Advice) {}}
	p.live = kit.Latest[liveNews]{Do: parts.Paints.Now, Show: p.showLive}
	p.advice = kit.Latest[adviceNews]{Do: parts.Paints.Soon, Show: p.showAdvice}

	p.picture = canvas.NewImageFromImage(nil)
	p.picture.FillMode = canvas.ImageFillContain
	p.picture.ScaleMode = canvas.ImageScaleFastest
	p.picture.Hide()
	p.outlines = draw.NewOutlines()
	p.text = canvas.NewText(parts.Words.T("preview.waiting"), draw.PictureWriting)
	p.text.TextStyle.Bold = true
	p.text.TextSize = draw.TextSize(usualText)
	p.text.Alignment = fyne.TextAlignCenter
	p.hint = widget.NewRichText()
	p.hint.Wrapping = fyne.TextWrapWord
	p.message = container.NewVBox(p.text, p.hint)
	p.virtual = widget.NewLabelWithStyle("", fyne.TextAlignCenter, fyne.TextStyle{Bold: true})
	p.virtual.Importance, p.virtual.Wrapping = widget.WarningImportance, fyne.TextWrapWord
	under := canvas.NewRectangle(draw.PictureGround)
	under.CornerRadius = 6
	warning := container.NewPadded(widget.NewIcon(theme.WarningIcon()))
	p.banner = container.NewStack(under, container.NewBorder(nil, nil, warning, nil, p.virtual))
	p.banner.Hide()
	p.ExtendBaseWidget(p)
	return p
}

// CreateRenderer is part of fyne.Widget.
func (p *Preview) CreateRenderer() fyne.WidgetRenderer {
	ground := canvas.NewRectangle(draw.PictureGround)
	ground.CornerRadius = 6
	// The ground is dark in both themes, so its writing is that of the dark one.
	message := container.NewThemeOverride(
		container.NewPadded(container.New(kit.Middle{}, p.message)), darkTheme{},
	)
	banner := container.NewThemeOverride(container.NewVBox(p.banner), darkTheme{})
	return widget.NewSimpleRenderer(container.NewStack(ground, p.picture, p.outlines, message, banner))
}

// darkTheme is the window's theme as it is now, but dark.
type darkTheme struct{}

func windowTheme() fyne.Theme { return fyne.CurrentApp().Settings().Theme() }

// Color is part of fyne.Theme.
func (darkTheme) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return windowTheme().Color(name, theme.VariantDark)
}

// Font is part of fyne.Theme.
func (darkTheme) Font(style fyne.TextStyle) fyne.Resource { return windowTheme().Font(style) }

// Icon is part of fyne.Theme.
func (darkTheme) Icon(name fyne.ThemeIconName) fyne.Resource { return windowTheme().Icon(name) }

// Size is part of fyne.Theme.
func (darkTheme) Size(name fyne.ThemeSizeName) float32 { return windowTheme().Size(name) }

// MinSize is part of fyne.CanvasObject: a picture that can still be judged.
func (p *Preview) MinSize() fyne.Size { return fyne.NewSize(320, 240) }

// SetSource shows another source; nil: none. What is on its way from the source before
// is not shown any more.
func (p *Preview) SetSource(source app.Source) {
	p.source = source
	p.number++
	p.lost = 0
	p.showProblem(nil)
	p.say(p.parts.Words.T("preview.waiting"), "")
	p.feed()
}

// Run starts the preview, anew where it runs already, or stops it while nobody can see
// it. mirror exchanges left and right.
func (p *Preview) Run(on, mirror bool) {
	p.on = on
	p.mirror.Store(mirror)
	p.feed()
}

// There says whether a picture is shown.
func (p *Preview) There() bool { return p.there }

// feed starts or stops the feeders. A new one waits for the one before it, because both
// write into the same buffers.
func (p *Preview) feed() {
	before := p.feeders
	for _, j := range before {
		j.Stop()
	}
	if p.source == nil || !p.on {
		return
	}
	p.feeders = nil
	source, number := p.source, p.number
	for _, feed := range []func(context.Context, app.Source, int){p.watch, p.advise} {
		p.feeders = append(p.feeders, p.parts.Work.Start(func(ctx context.Context) {
			for _, j := range before {
				j.Wait()
			}
			feed(ctx, source, number)
		}))
	}
}

// watch passes the source's pictures on until the context ends or the source
// is closed.
func (p *Preview) watch(ctx context.Context, source app.Source, number int) {
	for after := uint64(0); ; {
		live, err := source.Next(ctx, after)
		if err != nil {
			return
		}
		began := time.Now()
		after = live.Seq
		news := liveNews{source: number, seq: live.Seq, buffer: -1, problem: live.Problem}
		if live.Frame.Image != nil {
			news.buffer, news.virtual = p.keep(live.Frame.Image), source.Virtual()
		}
		p.live.Put(news)
		if !kit.Pause(ctx, p.parts.Paints.Every()-time.Since(began)) {
			return
		}
	}
}

// advise passes the source's advice on until the context ends, as it does when
// the source is closed. Any other error may pass, such as a missing model, so it
// asks again, ever more rarely. Only the first is logged: the rest are likely the
// same.
func (p *Preview) advise(ctx context.Context, source app.Source, number int) {
	logged, rest := false, adviceRest
	for after := uint64(0); ; {
		if p.parts.Paints.Resting.Load() { // the hint lies under a dialog
			if !kit.Pause(ctx, kit.RestInterval) {
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
				p.parts.Log("advice", err)
				logged = true
			}
			wait, rest = rest, min(2*rest, adviceRestMost)
		default:
			after, rest = advice.Seq, adviceRest
			p.advice.Put(adviceNews{number, advice})
		}
		if !kit.Pause(ctx, wait) {
			return
		}
	}
}

// keep copies a frame into a buffer that is neither painted from nor on its way
// to the screen: a frame is read at the next paint, long after this returns.
func (p *Preview) keep(frame *image.RGBA) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	free := 0
	for free == p.shown || free == p.waiting {
		free++
	}
	p.buffers[free] = draw.CopyFrame(p.buffers[free], frame, int(p.wide.Load()), p.mirror.Load())
	p.waiting = free
	return free
}

func (p *Preview) showLive(news liveNews) {
	if news.source != p.number {
		return
	}
	if news.buffer < 0 {
		p.lost = news.seq
		p.showProblem(news.problem)
		return
	}
	rests := p.parts.Paints.Rests() && p.there // the picture before stays, and so does its buffer
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
	p.parts.Paints.Count.Add(1)
	if p.picture.Hidden {
		p.message.Hide()
		p.picture.Show()
	}
	p.picture.Refresh()
	p.mark(news.virtual)
	p.setThere(true)
}

// mark says over the picture that it comes from no device; an empty driver takes that away.
func (p *Preview) mark(driver string) {
	if (driver != "") == p.banner.Visible() {
		return
	}
	if driver == "" {
		p.banner.Hide()
		return
	}
	p.virtual.SetText(p.parts.Words.T("preview.virtual", "Driver", driver))
	p.banner.Show()
}

func (p *Preview) showProblem(problem *app.Problem) {
	p.picture.Hide()
	p.mark("")
	p.outlines.Set(nil, image.Point{}, false, false)
	p.OnHint(app.Advice{})
	if problem != nil {
		text, hint := p.parts.Words.Problem(problem)
		p.say(text, hint)
	}
	p.message.Show()
	p.setThere(false)
}

// say writes over the place of the picture.
func (p *Preview) say(text, hint string) {
	p.text.Text, p.text.TextSize = text, draw.TextSize(usualText)
	p.text.Refresh()
	style := widget.RichTextStyleParagraph
	style.Alignment = fyne.TextAlignCenter
	p.hint.Segments = []widget.RichTextSegment{&widget.TextSegment{Text: hint, Style: style}}
	p.hint.Refresh()
}

func (p *Preview) setThere(there bool) {
	if p.there != there {
		p.there = there
		p.OnPicture(there)
	}
}

func (p *Preview) showAdvice(a adviceNews) {
	if a.source != p.number || a.Seq <= p.lost { // late: the pictures have ceased since
		return
	}
	if p.parts.Paints.Rests() {
		return
	}
	mirror := p.mirror.Load()
	p.outlines.Set(a.Faces, a.Size, mirror, a.Good)
	if mirror { // the words say where the one stands whom the clerk sees
		a.Aside = a.Aside.Mirrored()
	}
	p.OnHint(a.Advice)
}

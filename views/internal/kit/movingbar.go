package kit

import (
	"context"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/views/internal/draw"
)

const (
	barInterval = 250 * time.Millisecond // between two steps
	barParts    = 8                      // the bar is so many times as wide as its moving part
	barHeight   = 8
)

// MovingBar shows that work goes on whose length is not known. Fyne's own bar would
// paint the window sixty times a second for that.
type MovingBar struct {
	widget.BaseWidget
	work   *Workers
	paints *Paints
	moving *Job
	step   int
}

// NewMovingBar makes a bar that stands still.
func NewMovingBar(p Parts) *MovingBar {
	b := &MovingBar{work: p.Work, paints: p.Paints}
	b.ExtendBaseWidget(b)
	return b
}

// Run moves it, or stops.
func (b *MovingBar) Run(on bool) {
	switch {
	case !on:
		b.moving.Stop()
		b.moving = nil
	case b.moving == nil:
		b.moving = b.work.Start(func(ctx context.Context) {
			for Pause(ctx, barInterval) {
				b.paints.Soon(func() {
					if ctx.Err() == nil {
						b.step++
						b.Refresh()
					}
				})
			}
		})
	}
}

// CreateRenderer is part of fyne.Widget.
func (b *MovingBar) CreateRenderer() fyne.WidgetRenderer {
	r := &movingBarRenderer{of: b, track: canvas.NewRectangle(nil), part: canvas.NewRectangle(nil)}
	r.track.CornerRadius, r.part.CornerRadius = barHeight/2, barHeight/2
	r.Refresh()
	return r
}

type movingBarRenderer struct {
	of          *MovingBar
	track, part *canvas.Rectangle
}

func (r *movingBarRenderer) Destroy() {}

func (r *movingBarRenderer) MinSize() fyne.Size { return fyne.NewSize(barHeight*barParts, barHeight) }

func (r *movingBarRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.track, r.part}
}

func (r *movingBarRenderer) Layout(size fyne.Size) {
	top := (size.Height - barHeight) / 2
	r.track.Move(fyne.NewPos(0, top))
	r.track.Resize(fyne.NewSize(size.Width, barHeight))
	// There and back again.
	at := r.of.step % (2 * (barParts - 1))
	at = min(at, 2*(barParts-1)-at)
	width := size.Width / barParts
	r.part.Move(fyne.NewPos(float32(at)*width, top))
	r.part.Resize(fyne.NewSize(width, barHeight))
}

func (r *movingBarRenderer) Refresh() {
	r.track.FillColor, r.part.FillColor = draw.Ink(theme.ColorNameInputBackground), draw.Ink(theme.ColorNamePrimary)
	r.Layout(r.of.Size())
	canvas.Refresh(r.of)
}

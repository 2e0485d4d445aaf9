package views

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// movingBar shows that something goes on of which nobody knows how long it takes.
// Fyne's own paints the window sixty times a second for that.
type movingBar struct {
	widget.BaseWidget
	work   *workers
	paints *paints
	moving *job
	step   int
}

func newMovingBar(p parts) *movingBar {
	b := &movingBar{work: p.work, paints: p.paints}
	b.ExtendBaseWidget(b)
	return b
}

// run moves it, or stops.
func (b *movingBar) run(on bool) {
	switch {
	case !on:
		b.moving.stop()
		b.moving = nil
	case b.moving == nil:
		b.moving = b.work.start(func(ctx context.Context) {
			for pause(ctx, barInterval) {
				b.paints.soon(func() {
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
func (b *movingBar) CreateRenderer() fyne.WidgetRenderer {
	r := &movingBarRenderer{of: b, track: canvas.NewRectangle(nil), part: canvas.NewRectangle(nil)}
	r.track.CornerRadius, r.part.CornerRadius = barHeight/2, barHeight/2
	r.Refresh()
	return r
}

type movingBarRenderer struct {
	of          *movingBar
	track, part *canvas.Rectangle
}

func (r *movingBarRenderer) Destroy()           {}
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
	r.track.FillColor, r.part.FillColor = ink(theme.ColorNameInputBackground), ink(theme.ColorNamePrimary)
	r.Layout(r.of.Size())
	canvas.Refresh(r.of)
}

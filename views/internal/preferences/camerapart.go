package preferences

import (
	"context"
	"image"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/settings"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
)

const (
	partInterval = 250 * time.Millisecond // between two whole pictures of the camera
	partWidth    = 400                    // of the picture the part is chosen on, at least
	partHeight   = 225
)

// cameraPartDesk is what choosing a part needs of the desk.
type cameraPartDesk interface {
	Settings() settings.Settings
}

// cameraPart lets the clerk choose the part of the camera's picture that is used, on
// the picture itself: with the mouse or the keys. It is the one place that shows
// what lies outside the part in force.
type cameraPart struct {
	kit.Parts
	desk   cameraPartDesk
	source func() app.Source // nil while there is none
	chose  func()            // something else is chosen

	locked bool // another cannot be chosen

	part app.Part    // chosen, in force once the settings are saved
	size image.Point // of the whole picture; zero: none came yet
	feed *kit.Job

	page    *kit.PageView
	whole   *kit.Button
	now     *widget.Label
	content fyne.CanvasObject
}

func newCameraPart(
	p kit.Parts, desk cameraPartDesk, l locks, source func() app.Source, chose func(),
) *cameraPart {
	c := &cameraPart{Parts: p, desk: desk, source: source, chose: chose, locked: l.from.IsLocked("camera.part")}
	c.page = kit.NewPageView(p.Keys)
	l.grey("camera.part", c.page)
	c.page.OnFace = func(int) {}
	c.page.OnFocus = func(bool) {}
	c.page.OnFrame = func(area image.Rectangle) { c.choose(app.PartOf(c.turned(area), c.size)) }
	c.whole = p.Keys.Button(p.Words.T("settings.part_whole"), theme.ViewFullScreenIcon(), func() { c.choose(app.Part{}) })
	c.now = kit.Wrapped("")
	room := container.New(partRoom{}, c.page)
	c.content = container.NewVBox(
		room, container.NewBorder(nil, nil, nil, c.whole, c.now), kit.Small(p.Words.T("settings.part_help")),
	)
	c.say()
	return c
}

// partRoom keeps room for a picture on which a person can be seen.
type partRoom struct{}

func (partRoom) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(partWidth, partHeight) }

func (partRoom) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
	}
}

// set shows a part that is in force.
func (c *cameraPart) set(part app.Part) {
	c.part = part
	c.say()
}

func (c *cameraPart) choose(part app.Part) {
	c.set(part)
	c.chose()
}

// turned is an area as it lies in the picture that is shown, or back.
func (c *cameraPart) turned(area image.Rectangle) image.Rectangle {
	if c.desk.Settings().Camera.Mirror {
		area.Min.X, area.Max.X = c.size.X-area.Max.X, c.size.X-area.Min.X
	}
	return area
}

// say shows what is chosen, in words and on the picture.
func (c *cameraPart) say() {
	text := c.Words.T("settings.part_all")
	switch {
	case c.size == image.Point{}:
		text = c.Words.T("settings.part_waiting")
	case !c.part.Whole():
		text = c.Words.T("settings.part_now", "Part", c.part.Percent())
	}
	kit.Say(c.now, text, widget.MediumImportance)
	kit.Enable(c.whole, !c.part.Whole() && !c.locked)
	var marks []image.Rectangle
	at := -1
	if c.size != (image.Point{}) && !c.part.Whole() {
		marks, at = []image.Rectangle{c.turned(c.part.In(c.size))}, 0
	}
	c.page.Mark(c.size, marks, at)
}

// watch shows the camera's whole picture, now and again, until stop.
func (c *cameraPart) watch() {
	c.stop()
	source := c.source()
	if source == nil {
		return
	}
	c.feed = c.Work.Start(func(ctx context.Context) {
		for {
			whole, err := source.Whole(ctx)
			if err != nil {
				return
			}
			size, picture := whole.Rect.Size(), draw.CopyFrame(nil, whole, partWidth, c.desk.Settings().Camera.Mirror)
			c.Work.Do(func() {
				if ctx.Err() == nil {
					c.show(size, picture)
				}
			})
			if !kit.Pause(ctx, partInterval) {
				return
			}
		}
	})
}

func (c *cameraPart) show(size image.Point, picture *image.RGBA) {
	if c.Paints.Rests() {
		return
	}
	c.page.SetPicture(picture)
	if c.size != size {
		c.size = size
		c.say()
	}
}

func (c *cameraPart) stop() {
	c.feed.Stop()
	c.feed = nil
}

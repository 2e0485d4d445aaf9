package preferences

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/views/internal/kit"
)

// camerasEvery is how often the screen looks which cameras are plugged in.
const camerasEvery = 2 * time.Second

// camerasDesk is what choosing a camera needs of the desk.
type camerasDesk interface {
	Cameras() []app.Camera
}

// cameraChoice lets the clerk choose a camera by its name. What counts is the
// address in the field beside it: a camera that is chosen writes its own there,
// and any other may be typed.
type cameraChoice struct {
	kit.Parts
	desk    camerasDesk
	address *kit.Entry
	list    *kit.Choice
	locked  bool          // nothing else can be chosen
	problem *widget.Label // why the camera that is chosen cannot be used now

	plugged []app.Camera
	looking *kit.Job
	setting bool // the list is being set from the field: not a choice by the clerk
}

func newCameraChoice(p kit.Parts, desk camerasDesk, address *kit.Entry, l locks) *cameraChoice {
	c := &cameraChoice{Parts: p, desk: desk, address: address, problem: kit.Wrapped("")}
	c.locked = l.from.IsLocked("camera.source")
	c.problem.Hide()
	c.list = p.Keys.Choice(c.chosen)
	c.list.PlaceHolder = p.Words.T("settings.camera_none")
	c.list.Disable()
	return c
}

// watch looks which cameras are plugged in, over and over, until the job ends.
func (c *cameraChoice) watch() {
	c.stop()
	c.looking = c.Work.Start(func(ctx context.Context) {
		for {
			plugged := c.desk.Cameras()
			c.Work.Do(func() {
				if ctx.Err() == nil {
					c.show(plugged)
				}
			})
			if !kit.Pause(ctx, camerasEvery) {
				return
			}
		}
	})
}

func (c *cameraChoice) stop() {
	c.looking.Stop()
	c.looking = nil
}

// show brings the list in line with what is plugged in.
func (c *cameraChoice) show(plugged []app.Camera) {
	same := func(a, b app.Camera) bool { return a.Name == b.Name && a.Address == b.Address }
	if !slices.EqualFunc(plugged, c.plugged, same) || len(c.list.Options) == 0 {
		names := make([]string, 0, len(plugged)+1)
		for _, p := range plugged {
			names = append(names, p.Name)
		}
		c.list.Options = append(names, c.Words.T("settings.camera_other"))
		c.list.Refresh()
	}
	c.plugged = plugged
	kit.Enable(c.list, len(plugged) > 0 && !c.locked)
	c.follow()
}

// follow shows the camera whose address is in the field.
func (c *cameraChoice) follow() {
	at := c.at()
	name, fault := "", ""
	switch {
	case at >= 0:
		name = c.plugged[at].Name
		if p := c.plugged[at].Problem; p != nil {
			fault = c.Words.ProblemText(p)
		}
	case len(c.plugged) > 0:
		name = c.Words.T("settings.camera_other")
	}
	kit.Say(c.problem, fault, widget.WarningImportance)
	if c.list.Selected == name {
		return
	}
	c.setting = true
	if name == "" {
		c.list.ClearSelected()
	} else {
		c.list.SetSelected(name)
	}
	c.setting = false
}

// at is which camera the address in the field means; -1: another source.
func (c *cameraChoice) at() int {
	address := strings.TrimSpace(c.address.Text)
	for i, p := range c.plugged {
		if p.Address == address {
			return i
		}
	}
	if n, err := strconv.Atoi(address); err == nil && n >= 0 && n < len(c.plugged) {
		return n
	}
	return -1
}

// chosen writes the address of the camera that was chosen.
func (c *cameraChoice) chosen(name string) {
	if c.setting {
		return
	}
	for _, p := range c.plugged {
		if p.Name == name {
			c.address.SetText(p.Address)
			return
		}
	}
	if c.at() >= 0 { // another source: an address is to be typed
		c.address.SetText("")
	}
}

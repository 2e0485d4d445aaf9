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
	none    string        // what is chosen while the field is empty; empty: it must not be
	also    *cameraChoice // shows the same cameras; nil: none does
	problem *widget.Label // why the camera that is chosen cannot be used now

	plugged []app.Camera
	looking *kit.Job
	setting bool // the list is being set from the field: not a choice by the clerk
}

func newCameraChoice(p kit.Parts, desk camerasDesk, address *kit.Entry, l locks, key string) *cameraChoice {
	c := &cameraChoice{Parts: p, desk: desk, address: address, problem: kit.Wrapped("")}
	c.locked = l.from.IsLocked(key)
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
					c.also.show(plugged)
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
	if c == nil {
		return
	}
	same := func(a, b app.Camera) bool {
		return a.Name == b.Name && a.Address == b.Address && a.Virtual == b.Virtual
	}
	if !slices.EqualFunc(plugged, c.plugged, same) || len(c.list.Options) == 0 {
		names := make([]string, 0, len(plugged)+2)
		if c.none != "" {
			names = append(names, c.none)
		}
		for _, p := range plugged {
			names = append(names, c.name(p))
		}
		c.list.Options = append(names, c.Words.T("settings.camera_other"))
		c.list.Refresh()
	}
	c.plugged = plugged
	kit.Enable(c.list, (len(plugged) > 0 || c.none != "") && !c.locked)
	c.follow()
}

// follow shows the camera whose address is in the field.
func (c *cameraChoice) follow() {
	at := c.at()
	name, fault := "", ""
	switch {
	case c.none != "" && strings.TrimSpace(c.address.Text) == "":
		name = c.none
	case at >= 0:
		name = c.name(c.plugged[at])
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

// name is a camera in words, with what is to be known before it is chosen.
func (c *cameraChoice) name(p app.Camera) string {
	if p.Virtual == "" {
		return p.Name
	}
	return c.Words.T("settings.camera_virtual", "Name", p.Name)
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
	if name == c.none {
		c.address.SetText("")
		return
	}
	for _, p := range c.plugged {
		if c.name(p) == name {
			c.address.SetText(p.Address)
			return
		}
	}
	if c.at() >= 0 { // another source: an address is to be typed
		c.address.SetText("")
	}
}

//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/settings"
)

// TestDocumentIsRead drops the page of a passport that has expired: the clerk sees what
// its machine-readable zone says, finds the name in the form, and is told that the
// document has expired. The check records both, whatever the faces are like.
func TestDocumentIsRead(t *testing.T) {
	t.Parallel()
	page := shared(t, "documents", "passporteye_passport-td3.jpg")
	if page == "" {
		t.Skip("the specimen page is not here")
	}
	d := newDesktop(t)
	p := d.open("read", "light", func(s *settings.Settings) { s.Camera.Source = clip(t, photo(t, manLive)) })
	d.resize(p.window, sizes[0][0], sizes[0][1])
	d.drop(p.window, page)
	p.says("This document has expired", "2012-04-15", "ANNA MARIA ERIKSSON", "L898902C3", "proven", "please compare")
	left, top, width, height := d.geometry(p.window)
	form := fmt.Sprintf("%dx%d+%d+%d", width/2, height*3/10, left, top+height*7/10)
	d.until("the name in the form", lookTime, func() bool {
		return strings.Contains(d.prose(d.screenshot(p.name+"-form"), form), "ANNA MARIA ERIKSSON")
	})
	p.shots("fields")

	d.key("ctrl+k")
	var ended history.Finished
	pressed := time.Time{}
	d.until("the check has ended", checkTime, func() bool {
		p.alive()
		if time.Since(pressed) > 2*time.Second {
			d.key("ctrl+Return")
			pressed = time.Now()
		}
		return p.next(history.KindFinished, &ended)
	})
	if m := ended.MRZ; m == nil || m.Type != "TD3" || !m.DigitsHold || m.Expired == nil || !*m.Expired || m.Edited {
		t.Errorf("recorded is %+v", ended.MRZ)
	}
	p.close()
}

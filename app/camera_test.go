package app

import (
	"testing"

	"facematch/app/settings"
)

// The camera for documents is opened whole, and only where it is another than the person's.
func TestDocumentCamera(t *testing.T) {
	d, _, _ := desk(t, &scripted{})
	var opened []settings.Camera
	d.p.OpenSource = func(at settings.Camera) Source {
		opened = append(opened, at)
		return &camera{}
	}
	for name, there := range map[string]bool{"": false, "0": false, "/dev/video2": true} {
		chosen := d.Settings()
		chosen.Camera.Source, chosen.Camera.Document = "0", name
		chosen.Camera.Part.Width, chosen.Camera.Part.Height = 0.5, 1
		if err := d.p.Settings.Save(chosen); err != nil {
			t.Fatal(err)
		}
		opened = nil
		if has := d.HasDocumentCamera(); has != there {
			t.Errorf("%q: %v", name, has)
		}
		if there && d.OpenDocumentCamera() == nil ||
			there && (len(opened) != 1 || opened[0] != settings.Camera{Source: name}) {
			t.Errorf("%q: opened %+v", name, opened)
		}
	}
}

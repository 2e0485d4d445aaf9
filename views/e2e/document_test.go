//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/settings"
)

const lookTime = 30 * time.Second // until what was found stands on the screen, on a busy machine

// TestDocument walks through what a clerk can do to a document: several files
// dropped at once, under names no program should stumble over, pages, turns,
// frames drawn with the mouse, a photo by the camera.
func TestDocument(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	p := d.open("document", "light", func(s *settings.Settings) { s.Camera.Source = clip(t, photo(t, manLive)) })
	p.shots("empty")
	p.dropBothSides()
	p.shots("two-files")

	d.key("ctrl+Page_Up")
	p.says("No usable face was found on this page", "Page 1 of 2")
	p.shots("back")
	d.key("ctrl+Page_Down")
	p.says("This portrait was found", "Page 2 of 2")

	d.key("ctrl+r")
	p.says("No usable face was found on this page")
	p.shots("turned")
	d.key("ctrl+u")
	p.says("This portrait was found")

	// The page lies in the left two thirds of the window's right half.
	d.resize(p.window, sizes[0][0], sizes[0][1])
	time.Sleep(time.Second)
	left, top, width, height := d.geometry(p.window)
	x, y := left+width*53/100, top+height*22/100
	d.drag(x, y, x+30, y+30, func() {})
	p.says("No face was found in your frame")
	p.shots("missed")
	d.resize(p.window, sizes[0][0], sizes[0][1])
	time.Sleep(time.Second)
	d.drag(left+width*58/100, top+height*17/100, left+width*77/100, top+height*52/100,
		func() { d.screenshot(p.name + "-frame") })
	p.says("This is the portrait you chose")
	p.shots("framed")

	// One file of several pages, the best of which is shown first.
	scan := filepath.Join(t.TempDir(), "scan.tiff")
	d.tool("convert", photo(t, noFace), photo(t, noFace), photo(t, sameMan), "-compress", "lzw", scan)
	d.drop(p.window, scan)
	p.says("This portrait was found", "Page 3 of 3")
	d.key("ctrl+Page_Up")
	p.says("No usable face was found on this page", "Page 2 of 3")

	p.photo()
	p.close()
}

// TestDocumentInTheDark looks at the same in the dark theme.
func TestDocumentInTheDark(t *testing.T) {
	if os.Getenv("FACEMATCH_SOAK") == "" {
		t.Skip("the dark screens are photographed by make soak")
	}
	d := newDesktop(t)
	p := d.open("document", "dark", func(s *settings.Settings) { s.Camera.Source = clip(t, photo(t, manLive)) })
	p.shots("empty")
	p.dropBothSides()
	p.shots("two-files")
	p.photo()
	p.close()
}

// dropBothSides drops a document's two sides and a text at once.
func (p *program) dropBothSides() {
	p.t.Helper()
	p.d.drop(p.window,
		copied(p.t, photo(p.t, noFace), "задняя\nсторона\xff.jpg"),
		copied(p.t, photo(p.t, sameMan), "身分證 100%20#1?.jpg"),
		copied(p.t, "document_test.go", "pièce d’identité.png"),
	)
	p.says("This portrait was found", "Page 2 of 2", "1 of 3 files could not be read")
}

// photo takes a photo of the person who sits before the camera, which must not
// do for a document just like that.
func (p *program) photo() {
	p.t.Helper()
	p.d.key("ctrl+p")
	p.says("This photo was taken with the camera", "the outlined face is printed on the document")
	p.d.key("ctrl+k")
	p.says("then tick the box under the picture")
	p.shots("photo")
}

// copied is a copy of a file under another name.
func copied(t *testing.T, path, name string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// says waits until all these words can be read in the window's lower right
// quarter, or close to it.
func (p *program) says(words ...string) {
	p.t.Helper()
	left, top, width, height := p.d.geometry(p.window)
	part := fmt.Sprintf("%dx%d+%d+%d", width/2, height*13/20, left+width/2, top+height*7/20)
	for end := time.Now().Add(lookTime); ; {
		p.alive()
		missing, late := "", time.Now().After(end) // of the picture, not of reading it
		seen := p.d.prose(p.d.screenshot(p.name+"-now"), part)
		for _, w := range words {
			if !strings.Contains(seen, w) {
				missing = w
			}
		}
		if missing == "" {
			return
		}
		if late {
			p.t.Fatalf("%q is not on the screen, which says: %s", missing, seen)
		}
	}
}

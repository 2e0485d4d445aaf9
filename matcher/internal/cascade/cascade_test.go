package cascade

import (
	"context"
	"image"
	"image/draw"
	_ "image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// photo is a photograph of one man that comes with gocv, and a cascade.
func photo(t *testing.T) (*Cascade, *image.RGBA) {
	t.Helper()
	data, err := os.ReadFile("../../../assets/cascade/facefinder")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gocv.io/x/gocv").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(strings.TrimSpace(string(out)), "images", "face.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoded, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewRGBA(image.Rectangle{Max: decoded.Bounds().Size()})
	draw.Draw(img, img.Rect, decoded, decoded.Bounds().Min, draw.Src)
	return c, img
}

func TestProposesTheFaceAtItsTurn(t *testing.T) {
	c, img := photo(t)
	for _, turn := range []float64{0, 90, 180, 270} {
		g := turned(Copy(img, img.Rect, img.Rect.Size()), turn)
		all, err := c.Propose(context.Background(), g, 60, math.Inf(1), 0, 90, 180, 270)
		if err != nil || len(all) == 0 {
			t.Fatalf("turned by %g: %d proposals, %v", turn, len(all), err)
		}
		if back := math.Mod(all[0].Turn+turn, 360); back != 0 {
			t.Errorf("turned by %g: the strongest stands upright at %g", turn, all[0].Turn)
		}
	}
}

// turned turns brightness clockwise by a multiple of 90 degrees.
func turned(g Gray, degrees float64) Gray {
	for ; degrees > 0; degrees -= 90 {
		out := Gray{Pix: make([]uint8, len(g.Pix)), Width: g.Height, Height: g.Width}
		for y := range g.Height {
			for x := range g.Width {
				out.Pix[x*out.Width+out.Width-1-y] = g.Pix[y*g.Width+x]
			}
		}
		g = out
	}
	return g
}

// Even the scans that had not begun end with the context.
func TestCancelledScan(t *testing.T) {
	c, img := photo(t)
	g := Copy(img, img.Rect, img.Rect.Size())
	ctx, cancel := context.WithCancel(context.Background())
	all, err := c.Propose(ctx, g, 60, math.Inf(1), 0)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d proposals, %v", len(all), err)
	}
	cancel()
	if seen := c.scan(ctx, g, all[0].Size, 0); len(seen) != 0 {
		t.Errorf("%d windows after the end", len(seen))
	}
}

func TestStartTakesMoreForAFace(t *testing.T) {
	c, img := photo(t)
	g := Copy(img, img.Rect, img.Rect.Size())
	count := func(c *Cascade) int {
		all, err := c.Propose(context.Background(), g, 30, math.Inf(1), 0)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if whole, start := count(c), count(c.Start(60)); start <= whole {
		t.Errorf("%d places with 60 trees, %d with all", start, whole)
	}
	if len(c.Start(1_000_000).trees) != len(c.trees) {
		t.Error("more trees than there are")
	}
}

func TestSheetWithThousandsOfFaces(t *testing.T) {
	var windows []Proposal
	for y := range 300 {
		for x := range 300 {
			windows = append(windows, Proposal{float64(20 * x), float64(20 * y), 20, 0, float64(x + y)})
		}
	}
	all := cluster(windows) // all pairs would take a minute
	if len(all) != maxClusters || all[0].Score != 598 {
		t.Errorf("%d, strongest %v", len(all), all[0])
	}
}

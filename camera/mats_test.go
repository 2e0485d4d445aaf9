//go:build matprofile

package camera

import (
	"bytes"
	"context"
	"image"
	"path/filepath"
	"testing"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

// Run with -tags matprofile, which makes gocv count.
func TestNoMatIsLeft(t *testing.T) {
	path := video(t, image.Pt(1400, 700), 30, 5)
	before := gocv.MatProfile.Count()
	use := func(address string) {
		s := Open(params(t, address))
		defer s.Close()
		live, err := s.Next(soon(t), 0)
		if err != nil {
			t.Fatal(err)
		}
		if live.Problem != nil {
			return
		}
		if _, err := s.Advise(soon(t), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Record(soon(t), 300*time.Millisecond, nil); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(soon(t))
		defer cancel()
		_, err = s.Record(ctx, 30*time.Second, func(p matcher.Progress) {
			if p.Done > 100 {
				cancel()
			}
		})
		if err == nil {
			t.Fatal("the recording was not cancelled")
		}
	}
	use(path)
	use(filepath.Join(t.TempDir(), "missing.mp4"))
	cam := startNetcam(t)
	use(cam.url())
	for end := time.Now().Add(patience); gocv.MatProfile.Count() > before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			var b bytes.Buffer
			gocv.MatProfile.WriteTo(&b, 1)
			t.Fatalf("%d Mats, %d before:\n%s", gocv.MatProfile.Count(), before, b.String())
		}
	}
}

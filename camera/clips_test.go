package camera

import (
	"image"
	"path/filepath"
	"testing"
	"time"

	"facematch/app/apptest/need"
)

// A real clip as a camera: H.264 in MP4, 3 s, played and recorded again.
func TestRealClip(t *testing.T) {
	clips, err := filepath.Glob("../../shared/testdata/clips/*.mp4")
	if err != nil || len(clips) == 0 {
		need.Missing(t, "no test clips in ../shared/testdata/clips")
	}
	s := opened(t, params(t, clips[0]))
	size := frameAfter(t, s, 0).Frame.Image.Rect.Size()
	clip, err := s.Record(soon(t), time.Second, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkClip(t, clip, time.Second, image.Pt(size.X&^1, size.Y&^1), s.p.Temp)
	checkPicture(t, clip, size)
}

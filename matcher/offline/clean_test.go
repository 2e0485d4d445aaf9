package offline

import (
	"bytes"
	"context"
	"errors"
	"image"
	"os"
	"testing"
	"time"

	"facematch/matcher"
)

// What leaves shows what the clip shows, and holds nothing else.
func TestClean(t *testing.T) {
	film := []string{"-f", "lavfi", "-i", "testsrc=s=320x240:r=25:d=2,setsar=2/1", "-f", "lavfi", "-i", "sine=d=2",
		"-metadata", "title=Secret", "-metadata:s:v", "title=Secret"}
	for name, c := range map[string]struct {
		how  matcher.Cleaning
		args []string
	}{
		"a.mp4": {matcher.ClipRewritten, []string{"-c:v", "libx264", "-c:a", "aac"}},
		"b.mov": {matcher.ClipRewritten, []string{"-c:v", "mpeg4", "-c:a", "pcm_s16le"}},
		"c.mkv": {matcher.ClipEncoded,
			[]string{"-c:v", "libx264", "-c:a", "aac", "-attach", written(t, "secret.txt", []byte("Secret")), "-metadata:s:t",
				"mimetype=text/plain"}},
		"d.webm": {matcher.ClipEncoded, []string{"-c:v", "libvpx", "-c:a", "libopus"}},
		"e.avi":  {matcher.ClipEncoded, []string{"-c:v", "mpeg4", "-c:a", "pcm_s16le"}},
		"f.mp4":  {matcher.ClipEncoded, []string{"-c:v", "libx264", "-c:a", "aac", "-movflags", "empty_moov+frag_keyframe"}},
	} {
		m := clipMatcher(t)
		path := made(t, name, append(append([]string{}, film...), c.args...)...)
		before, err := read(t, m, matcher.Blob{Path: path})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		clean, how, remove, err := m.Clean(context.Background(), matcher.Blob{Path: path})
		if err != nil || how != c.how {
			t.Fatalf("%s: %q, %v", name, how, err)
		}
		data, err := os.ReadFile(clean.Path)
		if err != nil || int64(len(data)) != clean.Size {
			t.Fatalf("%s: %d bytes of %d, %v", name, len(data), clean.Size, err)
		}
		if bytes.Contains(data, []byte("Secret")) || bytes.Contains(data, []byte("soun")) {
			t.Errorf("%s: it holds more than pictures", name)
		}
		after, err := read(t, m, clean)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		last, wants := after[len(after)-1].At, before[len(before)-1].At
		if after[0].Image.Rect != before[0].Image.Rect || len(after) < 24 || last < wants-100*time.Millisecond ||
			last > wants+100*time.Millisecond {
			t.Errorf("%s: %d frames of %v until %v, not %v until %v", name, len(after), after[0].Image.Rect, last,
				before[0].Image.Rect, wants)
		}
		if off := offBy(before[0].Image, after[0].Image); off > 12 {
			t.Errorf("%s: the first picture is off by %.1f", name, off)
		}
		remove()
		if left, err := os.ReadDir(m.params.Temp); err != nil || len(left) != 0 {
			t.Errorf("%s: %d files left behind, %v", name, len(left), err)
		}
	}
}

// offBy is the mean difference of two pictures' greens.
func offBy(a, b *image.RGBA) float64 {
	sum := 0
	for i := 1; i < len(a.Pix) && i < len(b.Pix); i += 4 {
		d := int(a.Pix[i]) - int(b.Pix[i])
		sum += max(d, -d)
	}
	return 4 * float64(sum) / float64(len(a.Pix))
}

// What cannot be read cannot be sent, and nothing is left behind.
func TestCleanProblems(t *testing.T) {
	m := clipMatcher(t)
	for name, c := range map[string]struct{ path, key string }{
		"nothing":   {"none.mp4", "clip.missing"},
		"text":      {written(t, "a.mp4", []byte("Dear Sir or Madam")), "clip.unsupported"},
		"a header":  {written(t, "b.mp4", []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2")), "clip.unreadable"},
		"no frames": {writeClip(t, "none.avi", "MJPG", image.Pt(64, 64), 0), "clip.empty"},
	} {
		_, _, _, err := m.Clean(context.Background(), matcher.Blob{Path: c.path})
		t.Log(name)
		wantProblem(t, err, c.key)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	_, _, _, err := m.Clean(ctx, matcher.Blob{Path: writeClip(t, "long.avi", "MJPG", image.Pt(1280, 720), 300)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if left, err := os.ReadDir(m.params.Temp); err != nil || len(left) != 0 {
		t.Errorf("%d files left behind, %v", len(left), err)
	}
}

package offline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"facematch/matcher"
)

// joined is a clip of two sizes by one encoder, joined without encoding it
// again: 15 frames of a photograph, with three key frames, and 15 of another.
func joined(t *testing.T, name, parts string, encoder []string, sizes [2]string, photos ...string) string {
	t.Helper()
	dir := t.TempDir()
	list := ""
	for i, size := range sizes {
		part := fmt.Sprintf("part%d.%s", i, parts)
		args := []string{"-i", photos[i%len(photos)], "-pix_fmt", "yuv420p",
			"-vf", "scale=" + size + ",setsar=1,loop=14:1,rotate=0.05*n", "-r", "25", "-g", "5"}
		ffmpeg(t, append(append(args, encoder...), filepath.Join(dir, part))...)
		list += "file " + part + "\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "list"), []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	ffmpeg(t, "-f", "concat", "-i", filepath.Join(dir, "list"), "-c", "copy", path)
	return path
}

func TestReadClipThatChangesItsSize(t *testing.T) {
	photos := []string{gocvPhoto(t, "face.jpg"), gocvPhoto(t, "face-detect.jpg")}
	h265 := []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"}
	h264 := []string{"-c:v", "libx264", "-preset", "ultrafast"}
	for _, c := range []struct {
		name, parts string
		encoder     []string
	}{
		{"h264.mkv", "mkv", h264}, {"h264.mp4", "mp4", h264},
		{"h265.mkv", "ts", h265}, {"h265.mp4", "ts", h265},
		{"vp8.webm", "webm", []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"}},
		{"vp9.webm", "webm", []string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"}},
		{"av1.mkv", "mkv", []string{"-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8"}},
		{"mpeg4.avi", "avi", []string{"-c:v", "mpeg4"}},
		{"mjpeg.avi", "avi", []string{"-c:v", "mjpeg", "-pix_fmt", "yuvj420p"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, second := range []string{"400:300", "320:240"} {
				path := joined(t, c.name, c.parts, c.encoder, [2]string{"320:240", second}, photos...)
				frames, err := read(t, clipMatcher(t), matcher.Blob{Path: path})
				if second != "320:240" {
					wantProblem(t, err, "clip.size_changes")
				} else if err != nil || !leastFrames(frames) {
					t.Errorf("joined, but of one size: %d frames, %v", len(frames), err)
				}
			}
		})
	}
}

// Another person after a change of size was not seen at all: the check passed.
func TestSecondPersonBehindAChangeOfSize(t *testing.T) {
	m := newMatcher(t)
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"a.mp4": {"-i", testdata(t, "clips/london__042.mp4"), "-t", "1"},
		"b.mp4": {"-i", testdata(t, "clips/london__024.mp4"), "-t", "2", "-vf", "scale=800:600"},
	} {
		ffmpeg(t, append(args, "-c:v", "libx264", "-pix_fmt", "yuv420p", filepath.Join(dir, name))...)
	}
	if err := os.WriteFile(filepath.Join(dir, "list"), []byte("file a.mp4\nfile b.mp4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"clip.mkv", "clip.mp4"} {
		path := filepath.Join(dir, name)
		ffmpeg(t, "-f", "concat", "-i", filepath.Join(dir, "list"), "-c", "copy", path)
		_, err := m.Match(context.Background(), matcher.Request{
			Page:  matcher.Blob{Path: testdata(t, "docs/london__042.jpg")},
			Video: matcher.Blob{Path: path},
			Rules: rules(t),
		}, nil)
		wantProblem(t, err, "clip.size_changes")
	}
}

// No bytes of a foreign file make it fail.
func FuzzSizeMark(f *testing.F) {
	for _, seed := range []string{
		"", "\xff\xd8\xff\xe0\x00\x10JFIF......", "\xff\xd8\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"\x10\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00", "\x82\x49\x83\x42\x00\x13\xf0\x0e\xf6\x08",
		"\x00\x00\x00\x01\x67\x64\x00\x0d\xac\xd9\x41", "\x00\x00\x01\x00\x00\x00\x01\x20\x00\xc4\x8d\x88",
		"\x12\x00\x0a\x0b\x00\x00\x00\x04\x3c\xff\xbc\xff\xf9\x80\x40\x32", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
		"\x00\x00\x01\x00\x00\x01\x00\x00\x01\x00\x00\x01",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, packet []byte) { sizeMark(packet) })
}

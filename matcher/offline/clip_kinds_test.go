package offline

import (
	"image"
	"os"
	"path/filepath"
	"testing"
	"time"

	"facematch/matcher"
)

// made makes a film by the ffmpeg program in a folder of its own.
func made(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	ffmpeg(t, append(args, path)...)
	return path
}

// Pixels that are not square are made so, whether container or stream tells of them.
func TestReadClipAspect(t *testing.T) {
	h264, mpeg4 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"}, []string{"-c:v", "mpeg4"}
	for _, c := range []struct {
		size, sar string
		want      image.Point
	}{
		{"704x288", "6/11", image.Pt(704, 528)}, {"640x240", "1/2", image.Pt(640, 480)},
		{"320x480", "2/1", image.Pt(640, 480)},
		{"720x576", "16/15", image.Pt(768, 576)}, {"640x480", "1/1", image.Pt(640, 480)},
		{"640x480", "0/1", image.Pt(640, 480)},
		{"1440x1080", "4/3", image.Pt(1280, 720)}, {"640x480", "90/1", image.Pt(640, 480)}, // no camera's
	} {
		for name, encoder := range map[string][]string{"a.mp4": h264, "a.mov": mpeg4, "a.mkv": h264, "a.avi": mpeg4} {
			// The left half is white; a square of a quarter of the height stands in the middle.
			path := made(t, name, append([]string{"-f", "lavfi", "-i",
				"color=black:s=" + c.size + ":d=0.2,drawbox=0:0:iw/2:ih:white:fill,setsar=" + c.sar}, encoder...)...)
			frames, err := read(t, clipMatcher(t), matcher.Blob{Path: path})
			if err != nil {
				t.Fatalf("%s %s %s: %v", name, c.size, c.sar, err)
			}
			img := frames[0].Image
			if got := img.Rect.Max; got != c.want {
				t.Errorf("%s of %s and %s became %v instead of %v", name, c.size, c.sar, got, c.want)
				continue
			}
			if l, r := img.RGBAAt(c.want.X/4, c.want.Y-4).G, img.RGBAAt(c.want.X*3/4, 4).G; l < 200 || r > 50 {
				t.Errorf("%s of %s and %s: left %d, right %d", name, c.size, c.sar, l, r)
			}
		}
	}
	// A stream that is turned, with the aspect of its stored pictures.
	turned := made(t, "turned.mov", "-i",
		made(t, "lying.mov", "-f", "lavfi", "-i", "color=gray:s=640x240:d=0.2,setsar=1/2", "-c:v", "mpeg4"),
		"-c", "copy", "-metadata:s:v", "rotate=90")
	frames, err := read(t, clipMatcher(t), matcher.Blob{Path: turned})
	if err != nil || frames[0].Image.Rect.Max != image.Pt(480, 640) {
		t.Errorf("turned: %v, %v", frames[0].Image.Rect, err)
	}
}

// A film whose clock starts late is as long as it is shown.
func TestReadClipOfALateClock(t *testing.T) {
	for _, c := range []struct{ name, codec, offset string }{
		{"a.webm", "libvpx", "400"}, {"b.webm", "libvpx", "3600"}, {"c.mkv", "libx264", "400"}, {"d.mkv", "mpeg4", "90000"},
		{"e.mp4", "libx264", "400"}, {"f.mov", "mpeg4", "3600"},
	} {
		path := made(t, c.name, "-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=3", "-c:v", c.codec, "-output_ts_offset",
			c.offset)
		frames, err := read(t, clipMatcher(t), matcher.Blob{Path: path})
		if err != nil {
			t.Errorf("%s from %s s on: %v", c.name, c.offset, err)
			continue
		}
		if first, last := frames[0].At, frames[len(frames)-1].At; len(frames) < 24 || first != 0 ||
			last < 2700*time.Millisecond || last > 3*time.Second {
			t.Errorf("%s from %s s on: %d frames from %v to %v", c.name, c.offset, len(frames), first, last)
		}
	}
}

// Of several picture tracks the one marked as the default is shown, else the first;
// a cover picture is not a clip. Sound may go on for long.
func TestReadClipOfSeveralTracks(t *testing.T) {
	white := []string{"-f", "lavfi", "-i", "color=white:s=320x240:r=25:d=2"}
	black := []string{"-f", "lavfi", "-i", "color=black:s=160x120:r=25:d=1"}
	both := append(append(append([]string{}, white...), black...), "-map", "0", "-map", "1", "-c:v", "mpeg4")
	minutes := made(t, "sound.m4a", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=330", "-c:a", "aac")
	sound := append(append([]string{}, white...), "-i", minutes, "-c:v", "mpeg4", "-c:a", "copy")
	cover := made(t, "cover.jpg", "-f", "lavfi", "-i", "color=black:s=64x64", "-frames:v", "1")
	second := []string{"-disposition:v:0", "0", "-disposition:v:1", "default"}
	fragmented := []string{"-movflags", "empty_moov+frag_keyframe"}
	for _, c := range []struct {
		name  string
		args  []string
		black bool
	}{
		{"first.mkv", both, false}, {"second.mkv", append(both, second...), true},
		{"first.mp4", both, false}, {"second.mp4", append(both, second...), true},
		{"second.mov", append(both, second...), true},
		{"fragments.mp4", append(append(both, second...), fragmented...), true},
		{"sound.mkv", sound, false}, {"sound.mp4", sound, false},
		{"sound.mov", append(sound, "-map", "1", "-map", "0"), false},
		{"sound.avi", append(append([]string{}, sound[:len(sound)-1]...), "pcm_s16le"), false},
		{"cover.mp4", append(append([]string{"-i", cover}, white...), "-map", "0", "-map", "1", "-c:v:0", "copy",
			"-c:v:1", "mpeg4",
			"-disposition:v:0", "attached_pic"), false},
	} {
		path := made(t, c.name, c.args...)
		frames, err := read(t, clipMatcher(t), matcher.Blob{Path: path})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want, number := image.Pt(320, 240), 24
		if c.black {
			want = image.Pt(160, 120)
		}
		last := frames[len(frames)-1].At
		if img := frames[0].Image; img.Rect.Max != want || (img.RGBAAt(50, 50).G < 128) != c.black || len(frames) < number ||
			last > 2*time.Second {
			t.Errorf("%s: %d frames of %v, the last at %v", c.name, len(frames), img.Rect.Max, last)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		again, err := read(t, clipMatcher(t), memoryBlob(data))
		if err != nil {
			t.Errorf("%s in memory: %v", c.name, err)
			continue
		}
		same(t, c.name+" in memory", again, frames)
	}
}

// Other kinds of film are named.
func TestReadClipOfOtherKinds(t *testing.T) {
	for name, c := range map[string]struct {
		format string
		args   []string
	}{
		"a.mts":  {"MTS", []string{"-c:v", "mpeg2video", "-f", "mpegts"}},
		"a.m2ts": {"MTS", []string{"-c:v", "libx264", "-mpegts_m2ts_mode", "1"}},
		"a.wmv":  {"WMV", []string{"-c:v", "wmv2"}},
		"a.flv":  {"Flash video", []string{"-c:v", "flv"}},
		"a.ogv":  {"Ogg", []string{"-c:v", "libtheora"}},
		"a.mpg":  {"MPEG", []string{"-c:v", "mpeg1video"}},
	} {
		path := made(t, name, append([]string{"-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=1"}, c.args...)...)
		_, err := read(t, clipMatcher(t), matcher.Blob{Path: path})
		if p := wantProblem(t, err, "clip.other_kind"); p.Params["Format"] != c.format {
			t.Errorf("%s: %v", name, p.Params)
		}
	}
}

// The files that earlier versions failed on.
func TestReadClipCases(t *testing.T) {
	for name, size := range map[string]image.Point{
		"matrix_mirrored.mp4": {640, 480}, "sar_half_height.mp4": {640, 480}, "sar_dvr_704x288.mp4": {704, 528},
		"sar_half_width.mp4":  {640, 480},
		"starts_at_400s.webm": {640, 480}, "one_frame.mp4": {640, 480}, "camcorder.mts": {}, "windows.wmv": {},
	} {
		frames, err := read(t, clipMatcher(t), matcher.Blob{Path: testdata(t, "cases/"+name)})
		if size == (image.Point{}) {
			wantProblem(t, err, "clip.other_kind")
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := 24
		if name == "one_frame.mp4" {
			want = 1
		}
		if frames[0].Image.Rect.Max != size || len(frames) < want {
			t.Errorf("%s: %d frames of %v", name, len(frames), frames[0].Image.Rect.Max)
		}
	}
}

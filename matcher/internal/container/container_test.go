package container

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest/need"
)

// run runs a program of FFmpeg's; the test is skipped where there is none.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		need.Missing(t, name+" is not here")
	}
	out, err := exec.Command(path, append([]string{"-v", "error"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return string(out)
}

func made(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	run(t, "ffmpeg", append(args, path)...)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(data []byte) Film { return Read(bytes.NewReader(data), int64(len(data))) }

var picture = []string{"-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=3"}

func with(args ...string) []string { return append(append([]string(nil), picture...), args...) }

// The length is from the first picture to the last, by their own times.
func TestLength(t *testing.T) {
	for name, args := range map[string][]string{
		"a.mp4": with("-c:v", "libx264"), "b.mov": with("-c:v", "mpeg4"), "c.mkv": with("-c:v", "libx264"),
		"d.webm":        with("-c:v", "libvpx"),
		"live.mkv":      with("-c:v", "mpeg4", "-live", "1"),
		"fragments.mp4": with("-c:v", "libx264", "-g", "10", "-movflags", "empty_moov+frag_keyframe"),
		"late.webm":     with("-c:v", "libvpx", "-output_ts_offset", "3600"),
		"late.mp4":      with("-c:v", "mpeg4", "-output_ts_offset", "400"),
		"dash.mp4":      with("-c:v", "mpeg4", "-movflags", "frag_every_frame+empty_moov+default_base_moof"),
		"long sound.mp4": append([]string{"-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=330"},
			with("-map", "0", "-map", "1", "-c:v", "mpeg4", "-c:a", "aac")...),
	} {
		data := made(t, name, args...)
		if f := read(data); f.Length < 2900*time.Millisecond || f.Length > 3*time.Second {
			t.Errorf("%s: %v", name, f.Length)
		}
		if f := read(data[:len(data)/2]); f.Length > 3*time.Second {
			t.Errorf("half of %s: %v", name, f.Length)
		}
	}
	if f := read(made(t, "a.avi", with("-c:v", "mjpeg")...)); f.Length != 0 || f.Hidden != nil {
		t.Errorf("AVI: %+v", f)
	}
}

// What an edit list leaves out is not shown.
func TestLengthOfAnEdit(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "whole.mp4")
	run(t, "ffmpeg", with("-c:v", "libx264", "-g", "250", whole)...)
	if f := read(made(t, "cut.mp4", "-ss", "2", "-i", whole, "-c", "copy")); f.Length > 1500*time.Millisecond ||
		f.Length < 500*time.Millisecond {
		t.Errorf("%v", f.Length)
	}
}

// Nothing but pictures leaves: they are the same, bit by bit, and what else the film
// held is in no byte of it.
func TestStrip(t *testing.T) {
	sound := []string{"-f", "lavfi", "-i", "sine=d=4", "-c:a", "aac",
		"-metadata", "location=+48.2082+016.3738/", "-metadata", "com.apple.quicktime.model=iPhone 99", "-metadata",
		"title=Secret",
		"-metadata", "comment=Secret", "-metadata:s:v", "handler_name=Secret", "-metadata",
		"creation_time=2026-05-17T08:09:10Z",
		"-metadata:s:v", "language=deu"}
	for name, args := range map[string][]string{
		"a.mp4":      with(append(sound, "-c:v", "libx264", "-bf", "2")...),
		"b.mov":      with(append(sound, "-c:v", "mpeg4", "-movflags", "use_metadata_tags")...),
		"fast.mp4":   with(append(sound, "-c:v", "libx264", "-movflags", "+faststart")...),
		"h265.mp4":   with(append(sound, "-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1")...),
		"mjpeg.mov":  with(append(sound, "-c:v", "mjpeg")...),
		"aspect.mp4": with(append(sound, "-c:v", "libx264", "-vf", "setsar=2/1")...),
		"one.mp4":    with(append(sound, "-c:v", "libx264", "-frames:v", "1")...),
		"av1.mp4":    with(append(sound, "-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-frames:v", "10")...),
	} {
		t.Run(name, func(t *testing.T) {
			data := made(t, name, args...)
			// A front camera mirrors and turns.
			at := bytes.Index(data, []byte("tkhd")) + 4 + 40
			if i := bytes.Index(data, []byte("tkhd")); name == "a.mp4" && i > 0 {
				copy(data[at:], "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00")
			}
			var out bytes.Buffer
			if err := Strip(&out, bytes.NewReader(data), int64(len(data))); err != nil {
				t.Fatal(err)
			}
			if before, after := read(data), read(out.Bytes()); before.Lay != after.Lay || after.Hidden != nil ||
				after.Length < before.Length-time.Millisecond || after.Length > before.Length+time.Millisecond {
				t.Errorf("%+v became %+v", before, after)
			}
			for _, word := range []string{"48.2082", "iPhone", "Secret", "Lavf", "Handler", "soun", "udta", "meta", "encoder",
				"deu"} {
				if bytes.Contains(out.Bytes(), []byte(word)) && !(word == "Lavf" && name == "b.mov") {
					t.Errorf("%q is still there", word)
				}
			}
			dir := t.TempDir()
			old, new := filepath.Join(dir, "old.mp4"), filepath.Join(dir, "new.mp4")
			for path, b := range map[string][]byte{old: data, new: out.Bytes()} {
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if a, b := run(t, "ffmpeg", "-i", old, "-map", "0:v:0", "-f", "framemd5", "-"),
				run(t, "ffmpeg", "-i", new, "-f", "framemd5", "-"); a != b {
				t.Errorf("other pictures:\n%.300s\n%.300s", a, b)
			}
			streams := run(t, "ffprobe", "-show_streams", "-show_format", new)
			for _, word := range []string{"codec_type=audio", "TAG:creation_time", "TAG:location", "2026-05"} {
				if strings.Contains(streams, word) {
					t.Errorf("%s in %s", word, streams)
				}
			}
		})
	}
}

// What cannot be copied is said so, and nothing is written.
func TestStripOther(t *testing.T) {
	whole := made(t, "a.mp4", with("-c:v", "libx264")...)
	for name, data := range map[string][]byte{
		"webm": made(t, "a.webm", with("-c:v", "libvpx")...), "avi": made(t, "a.avi", with("-c:v", "mjpeg")...),
		"fragments": made(t, "f.mp4", with("-c:v", "libx264", "-movflags", "empty_moov+frag_keyframe")...),
		"sound":     made(t, "s.mp4", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac"),
		"half":      whole[:len(whole)/2], "empty": {}, "text": []byte("a letter to somebody"),
	} {
		var out bytes.Buffer
		if err := Strip(&out, bytes.NewReader(data), int64(len(data))); !errors.Is(err, ErrOther) || out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, out.Len())
		}
	}
}

// No bytes of a foreign file make it fail, or write more than the file holds many
// times over.
func FuzzRead(f *testing.F) {
	for name, args := range map[string][]string{
		"a.mp4": {"-c:v", "mpeg4"}, "b.mkv": {"-c:v", "mpeg4"},
		"c.mp4": {"-c:v", "mpeg4", "-movflags", "empty_moov+frag_keyframe"},
	} {
		f.Add(made(f, name, append([]string{"-f", "lavfi", "-i", "color=gray:s=16x16:r=5:d=1"}, args...)...))
	}
	f.Add([]byte("\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff\x1f\x43\xb6\x75\xff\xe7\x81\x01\xa3\x84\x81\x00\x00\x80"))
	f.Add(bytes.Repeat([]byte("\x00\x00\x00\x00moov"), 30))
	f.Add(bytes.Repeat([]byte("\x00\x00\x00\x00mdia"), 30))
	f.Fuzz(func(t *testing.T, data []byte) {
		if film := read(data); film.Length < 0 || len(film.Hidden) > 2*mostTracks {
			t.Errorf("%+v", film)
		}
		h := md5.New()
		if err := Strip(h, bytes.NewReader(data), int64(len(data))); err != nil && !errors.Is(err, ErrOther) {
			t.Error(fmt.Errorf("%x: %w", h.Sum(nil), err))
		}
	})
}

//go:build e2e

package e2e

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bomb is a PNG of a few kilobytes that says it has side x side pixels, all of them
// black.
func bomb(t *testing.T, side uint32) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		_ = binary.Write(&b, binary.BigEndian, uint32(len(data)))
		sum := crc32.NewIEEE()
		_, _ = io.WriteString(io.MultiWriter(&b, sum), kind)
		_, _ = io.MultiWriter(&b, sum).Write(data)
		_ = binary.Write(&b, binary.BigEndian, sum.Sum32())
	}
	head := binary.BigEndian.AppendUint32(nil, side)
	head = append(binary.BigEndian.AppendUint32(head, side), 8, 2, 0, 0, 0)
	chunk("IHDR", head)
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	zeros := make([]byte, 1<<20)
	for range 50 {
		_, _ = z.Write(zeros)
	}
	_ = z.Close()
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return b.Bytes()
}

// TestHostileFiles sends files that mean harm to the real engine: each is refused
// in words, memory stays flat, and the next good request is answered.
func TestHostileFiles(t *testing.T) {
	dir := testdata(t)
	image, video := filepath.Join(dir, "docs", "lfw__Jackie_Chan.jpg"), filepath.Join(dir, "clips", "lfw__Jackie_Chan.mp4")
	temp := t.TempDir()
	read := func(file string) []byte {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	file := func(name string, data []byte) string {
		path := filepath.Join(temp, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	made := func(name string, args ...string) string {
		path := filepath.Join(temp, name)
		ffmpeg(t, append(args, path)...)
		return path
	}
	picture, film := read(image), read(video)
	wide := bytes.Clone(picture)
	if at := bytes.Index(wide, []byte("\xff\xc0\x00\x11\x08")); at > 0 { // the frame's header: height and width
		copy(wide[at+5:], "\xff\xff\xff\xff")
	}
	spoilt := bytes.Clone(film)
	for i := 2000; i < len(spoilt); i += 97 {
		spoilt[i] ^= 0x5a
	}
	long := []string{"-f", "lavfi", "-i", "testsrc=s=160x120:r=5:d=420", "-pix_fmt", "yuv420p", "-c:v", "libx264",
		"-preset", "ultrafast"}
	s := start(t, t.TempDir())
	type hostile struct {
		name         string
		image, video string
		status       int // 0: an answer or a refusal
	}
	cases := []hostile{
		{"a PNG that unpacks to 10 GB", file("bomb.png", bomb(t, 60_000)), video, 400},
		{"a JPEG of 65,535 x 65,535 pixels", file("wide.jpg", wide), video, 400},
		{"half a picture", file("half.jpg", picture[:len(picture)/2]), video, 400},
		{"a clip as image", video, video, 400},
		{"a program as image", "/bin/true", video, 400},
		{"an empty image", file("empty.jpg", nil), video, 400},
		{"half a clip", image, file("half.mp4", film[:len(film)/2]), 0}, // an answer, where its index lies in front
		{"a picture as clip", image, image, 400},
		{"a clip of text", image, file("text.mp4", []byte(strings.Repeat("Dear clerk. ", 1000))), 400},
		{"a playlist as clip", image, file("list.mp4", []byte("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")), 400},
		{"a list of files as clip", image, file("concat.mp4", []byte("ffconcat version 1.0\nfile '/etc/passwd'\n")), 400},
		{"a head of MP4 and noise", image,
			file("noise.mp4", append([]byte("\x00\x00\x00\x18ftypisom"), bytes.Repeat([]byte{7, 200, 13}, 100_000)...)), 400},
		{"a clip of 7 minutes", image, made("long.mp4", long...), 400},
		{"a clip without end", image, made("long.mkv", append(long, "-f", "matroska", "-live", "1")...), 400},
		{"a clip spoilt here and there", image, file("spoilt.mp4", spoilt), 0},
	}
	if !soak() {
		cases = []hostile{cases[0], cases[2], cases[9], cases[12]}
	}
	good, goodType := body(t, image, video)
	client := &http.Client{Timeout: 2 * time.Minute}
	round := func() int64 {
		t.Helper()
		for _, c := range cases {
			data, contentType := body(t, c.image, c.video)
			began := time.Now()
			status, answer, header, err := s.match(context.Background(), client, data, contentType)
			took := time.Since(began).Round(time.Millisecond)
			if err != nil || c.status != 0 && status != c.status || status != 200 && status != 400 {
				t.Errorf("%s: %d %s, %v after %v", c.name, status, answer, err, took)
				continue
			}
			var e map[string]any
			if json.Unmarshal(answer, &e) != nil || header.Get("X-Request-Id") == "" || strings.Contains(string(answer), temp) {
				t.Errorf("%s: %s", c.name, answer)
			}
			if status == 400 {
				t.Logf("%s: %v after %v", c.name, e["error"], took)
			}
			status, answer, _, err = s.match(context.Background(), client, good, goodType)
			if err != nil || status != 200 {
				t.Fatalf("%s: the next good request gets %d %s, %v", c.name, status, answer, err)
			}
		}
		now, _ := s.memory()
		return now
	}
	first := round()
	if soak() {
		second := round()
		t.Logf("memory after one round %d MB, after two %d MB", first>>20, second>>20)
		if second > first+100<<20 {
			t.Errorf("memory grew from %d MB to %d MB", first>>20, second>>20)
		}
	}
	if _, most := s.memory(); most > 1<<30 {
		t.Errorf("the server held %d MB", most>>20)
	}
	s.stop()
	verify(t, s.home)
}

// TestKilledServer ends a server in the middle of a check and of a body: the next
// start of the program cleans up, and the history tells.
func TestKilledServer(t *testing.T) {
	dir := testdata(t)
	image, video := filepath.Join(dir, "docs", "lfw__Jackie_Chan.jpg"), filepath.Join(dir, "clips", "lfw__Jackie_Chan.mp4")
	s := start(t, t.TempDir())
	data, contentType := body(t, image, video)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	half := "POST /api-gateway/match-faces HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " +
		s.token + "\r\nContent-Type: " + contentType +
		"\r\nContent-Length: 10000000\r\n\r\n" + string(data[:len(data)-1000])
	if _, err := io.WriteString(conn, half); err != nil {
		t.Fatal(err)
	}
	go func() { _, _, _, _ = s.match(context.Background(), http.DefaultClient, data, contentType) }()
	files := func() []string {
		found, err := filepath.Glob(filepath.Join(s.home, "state", "instances", "ins_*", "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for end := time.Now().Add(30 * time.Second); len(files()) < 4 ||
		len(rows(t, s.home)) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no check is under way: %d files", len(files()))
		}
	}
	for _, f := range files() {
		if info, err := os.Stat(f); err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("a part lies with mode %v", info.Mode())
		}
	}
	_ = s.cmd.Process.Kill()
	s.done <- <-s.done
	if code, _, errs := run(t, command(t, s.home, "serve", "token", "list")); code != 0 {
		t.Fatal(errs)
	}
	if left := files(); len(left) > 0 {
		t.Errorf("%d files are left behind", len(left))
	}
	if all := rows(t, s.home); len(all) == 0 || all[0].Outcome != "interrupted" && all[0].Outcome != "pass" {
		t.Errorf("in the history: %+v", all)
	}
	verify(t, s.home)
}

//go:build e2e

// Package e2e runs the built program as a server, with the real engine, and asks
// it as strangers do: the vendor's SDK, curl, the program's own remote mode, many
// desks at once, and whoever means harm. It is part of `make e2e`;
// FACEMATCH_SOAK=1 runs its long forms.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"facematch/app/apptest/need"
)

const root = "../../.."

func soak() bool { return os.Getenv("FACEMATCH_SOAK") != "" }

// testdata is the folder of test pictures.
func testdata(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(root, "..", "shared", "testdata"))
	if err == nil {
		_, err = os.Stat(dir)
	}
	if err != nil {
		need.Missing(t, "the folder of test pictures is not here")
	}
	return dir
}

// command runs the built program with folders of its own, and no keyring.
func command(t *testing.T, home string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := filepath.Abs(filepath.Join(root, "bin", "facematch"))
	if err == nil {
		_, err = os.Stat(program)
	}
	if err != nil {
		t.Fatal("bin/facematch is not built: run make build")
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "FACEMATCH_HOME="+home, "DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR="+home,
		"LANG=C.UTF-8")
	return cmd
}

// run runs one command to its end and gives its exit code and both outputs.
func run(t *testing.T, cmd *exec.Cmd) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// server is the program, serving in a process of its own.
type server struct {
	t     *testing.T
	home  string
	url   string
	token string
	cmd   *exec.Cmd
	errs  *bytes.Buffer
	done  chan error
}

// watcher only asks whether the server is ready.
var watcher = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	DisableKeepAlives: true}}

// start starts a server with one token, and waits until it is ready.
func start(t *testing.T, home string, args ...string) *server {
	t.Helper()
	return startWith(t, home, (&server{t: t, home: home}).addToken("first desk"), args...)
}

// startWith starts a server that knows a token, and waits until it is ready.
func startWith(t *testing.T, home, token string, args ...string) *server {
	t.Helper()
	s := &server{t: t, home: home, token: token, errs: &bytes.Buffer{}, done: make(chan error, 1)}
	s.cmd = command(t, home, append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	pipe, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = s.errs
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(pipe).ReadString('\n')
	go func() { s.done <- s.cmd.Wait() }()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		s.done <- <-s.done
	})
	if _, s.url, _ = strings.Cut(strings.TrimSpace(line), "at "); s.url == "" {
		t.Fatalf("the server says %q and %s", line, s.errs)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		r, err := watcher.Get(s.url + "/readyz")
		if err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return s
			}
		}
		if time.Now().After(end) {
			t.Fatalf("the server does not become ready; make models fetches the models it needs: %v %s", err, s.errs)
		}
	}
}

// addToken makes a token.
func (s *server) addToken(name string) string {
	s.t.Helper()
	code, out, errs := run(s.t, command(s.t, s.home, "serve", "token", "add", name))
	token := strings.TrimSpace(out)
	if code != 0 || strings.ContainsAny(token, " \n") || token == "" {
		s.t.Fatalf("serve token add: exit %d, %q, %s", code, out, errs)
	}
	return token
}

// stop ends the server as a service manager does, which it must take well.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case err := <-s.done:
		s.done <- err
		if err != nil {
			s.t.Errorf("after SIGTERM: %v, %s", err, s.errs)
		}
	case <-time.After(time.Minute):
		s.t.Fatal("the server does not stop")
	}
	// Nothing of any request is left.
	left, _ := filepath.Glob(filepath.Join(s.home, "state", "instances", "ins_*"))
	if len(left) > 0 {
		s.t.Errorf("left behind: %d", len(left))
	}
}

// memory gives what the process holds now and held at most, in bytes.
func (s *server) memory() (now, most int64) {
	s.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			now = kb << 10
		case "VmHWM":
			most = kb << 10
		}
	}
	return now, most
}

// cpu is the time the processor has spent on the process.
func (s *server) cpu() time.Duration {
	s.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), ") ") // the name may hold anything
	fields := strings.Fields(rest)
	ticks := int64(0)
	for _, f := range fields[11:13] { // utime and stime, in hundredths of a second
		n, _ := strconv.ParseInt(f, 10, 64)
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// body makes a request's body of files on the disk; an empty name leaves one out.
func body(t testing.TB, image, video string) (data []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range [][2]string{{"video", video}, {"image", image}} {
		if p[1] == "" {
			continue
		}
		content, err := os.ReadFile(p[1])
		if err != nil {
			t.Fatal(err)
		}
		part, err := w.CreateFormFile(p[0], filepath.Base(p[1]))
		if err == nil {
			_, err = part.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

// match asks for one check.
func (s *server) match(ctx context.Context, client *http.Client, data []byte, contentType string) (status int,
	answer []byte, header http.Header, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/api-gateway/match-faces", bytes.NewReader(data))
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", contentType)
	response, err := client.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, response.Header, err
}

// row is a line of the history.
type row struct {
	Check   string `json:"check"`
	Session string `json:"session"`
	Outcome string `json:"outcome"`
}

func rows(t *testing.T, home string) []row {
	t.Helper()
	code, out, errs := run(t, command(t, home, "history", "list", "--limit", "100000", "--format", "json"))
	var all []row
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != 0 {
		t.Fatalf("history list: exit %d, %v, %s", code, err, errs)
	}
	return all
}

func verify(t *testing.T, home string) {
	t.Helper()
	if code, out, errs := run(t, command(t, home, "history", "verify")); code != 0 {
		t.Errorf("history verify: exit %d, %s%s", code, out, errs)
	}
}

func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		need.Missing(t, "ffmpeg is not installed")
	}
	if out, err := exec.Command(program,
		append([]string{"-nostdin", "-v", "error", "-y"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
}

// twoPeople is a clip of two people side by side.
func twoPeople(t *testing.T, one, two string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "two.mp4")
	ffmpeg(t, "-i", one, "-i", two, "-filter_complex",
		"[0:v]scale=640:480,setsar=1[a];[1:v]scale=640:480,setsar=1[b];[a][b]hstack,format=yuv420p",
		"-c:v", "libx264", "-preset", "ultrafast", file)
	return file
}

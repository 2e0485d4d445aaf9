//go:build e2e

// Package e2e drives the built program as a clerk would: a real window on a
// screen of its own, real keys, a real file dragged onto it. What the screen
// says and what the history holds must agree.
package e2e

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	screenWidth, screenHeight = 1800, 1100 // room for the window and, beside it, a file to drag
	toolTime                  = 30 * time.Second
	root                      = "../.."
)

// desktop is an X server of the test's own, with a window manager.
type desktop struct {
	t    *testing.T
	home string   // the user's home folder on it
	out  string   // screenshots and logs
	env  []string // of every program on it
}

// newDesktop starts a desktop and ends it with the test. Two tests run at once, as each has its
// own and waits much: for the camera's three seconds, for what is painted.
func newDesktop(t *testing.T) *desktop {
	t.Helper()
	for _, tool := range []string{"Xvfb", "openbox", "xdotool", "import", "convert", "tesseract", "ffmpeg"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is missing: run make setup-e2e", tool)
		}
	}
	out, err := filepath.Abs(filepath.Join(root, "build", "e2e"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	d := &desktop{t: t, home: t.TempDir(), out: out}
	d.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + d.home, "LANG=C.UTF-8",
		"LIBGL_ALWAYS_SOFTWARE=1", "FYNE_SCALE=1", "GDK_BACKEND=x11", "NO_AT_BRIDGE=1",
		// One thread for each word that is read: more wait for one another, at full speed, and two
		// tests run at once.
		"OMP_THREAD_LIMIT=1", "MAGICK_THREAD_LIMIT=1",
		// No session bus: nothing here may reach the keyring of the user who runs it.
		"XDG_RUNTIME_DIR=" + d.home, "DBUS_SESSION_BUS_ADDRESS=",
	}

	// Xvfb chooses a free display and says which, so two runs never collide.
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	server := d.command("Xvfb", "-displayfd", "3", "-nolisten", "tcp", "-noreset",
		"-screen", "0", fmt.Sprintf("%dx%dx24", screenWidth, screenHeight))
	server.ExtraFiles = []*os.File{write}
	d.start(server)
	write.Close()
	if err := read.SetReadDeadline(time.Now().Add(toolTime)); err != nil {
		t.Fatal(err)
	}
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb did not start: %v", err)
	}
	d.env = append(d.env, "DISPLAY=:"+strings.TrimSpace(number))

	d.start(d.command("openbox"))
	d.until("the window manager is there", toolTime, func() bool {
		return strings.Contains(d.tool("xprop", "-root", "_NET_SUPPORTING_WM_CHECK"), "window id")
	})
	return d
}

// command prepares a program of this desktop.
func (d *desktop) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = d.env
	// A test that is killed leaves nothing running.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// start starts a program that the test's end stops, and gives a channel that
// closes when it has ended.
func (d *desktop) start(cmd *exec.Cmd) <-chan struct{} {
	d.t.Helper()
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
		close(ended)
	}()
	d.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	})
	return ended
}

// tool runs a short program and gives what it prints. Its failure is the test's.
func (d *desktop) tool(name string, args ...string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), toolTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = d.env
	out, err := cmd.Output()
	if err != nil {
		said := ""
		if exit, ok := err.(*exec.ExitError); ok {
			said = string(exit.Stderr)
		}
		d.t.Fatalf("%s %s: %v %s", name, strings.Join(args, " "), err, said)
	}
	return string(out)
}

// until waits for something to become true.
func (d *desktop) until(what string, limit time.Duration, is func() bool) {
	d.t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(200 * time.Millisecond) {
		late := time.Now().After(end) // before looking, which may take long
		if is() {
			return
		}
		if late {
			d.t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// window waits for the window of this name and gives its id.
func (d *desktop) window(name string) string {
	d.t.Helper()
	ids := strings.Fields(d.tool("xdotool", "search", "--sync", "--onlyvisible", "--name", "^"+name+"$"))
	if len(ids) == 0 {
		d.t.Fatalf("no window is called %q", name)
	}
	d.tool("xdotool", "windowactivate", "--sync", ids[0])
	return ids[0]
}

// resize gives a window this size, near the screen's top left corner.
func (d *desktop) resize(window string, width, height int) {
	d.t.Helper()
	d.tool("xdotool", "windowmove", window, "2", "24", "windowsize", "--sync", window, strconv.Itoa(width),
		strconv.Itoa(height))
}

// key presses keys as on a keyboard, for the window that has the focus.
func (d *desktop) key(keys string) {
	d.t.Helper()
	d.tool("xdotool", "key", "--clearmodifiers", keys)
}

// click clicks on a point of the screen.
func (d *desktop) click(x, y int) {
	d.t.Helper()
	d.tool("xdotool", "mousemove", strconv.Itoa(x), strconv.Itoa(y), "click", "1")
}

// screenshot keeps a picture of the whole screen and gives its path. The file is made
// here: import's own PNG takes ten times as long as taking the picture.
func (d *desktop) screenshot(name string) string {
	d.t.Helper()
	taken := d.tool("import", "-window", "root", "-depth", "8", "ppm:-")
	var width, height, most int
	if _, err := fmt.Sscanf(taken, "P6\n%d %d\n%d\n", &width, &height, &most); err != nil || most != 255 {
		d.t.Fatalf("the picture of the screen: %v, %d shades", err, most)
	}
	points := taken[len(taken)-3*width*height:]
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		copy(picture.Pix[4*i:], points[3*i:3*i+3])
		picture.Pix[4*i+3] = 255
	}
	path := filepath.Join(d.out, name+".png")
	file, err := os.Create(path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer file.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(file, picture); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// drop drags files from the right edge of the screen to a point of the window
// and lets them go there.
func (d *desktop) drop(window string, files ...string) {
	d.t.Helper()
	const half = 30 // of drag.py's square
	left, top, width, height := d.geometry(window)
	fromX, fromY := screenWidth-2*half, screenHeight-2*half
	// The drop zone lies in the right half; the whole window takes files.
	toX, toY := left+width*3/4, top+height*2/5

	cmd := d.command("/usr/bin/python3",
		append([]string{"drag.py", strconv.Itoa(fromX), strconv.Itoa(fromY)}, files...)...)
	cmd.Stderr = os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	// A drag that is never taken must not hang the test.
	guard := time.AfterFunc(2*toolTime, func() { _ = cmd.Process.Kill() })
	defer guard.Stop()
	lines := bufio.NewScanner(said)
	if !lines.Scan() || lines.Text() != "ready" {
		d.t.Fatalf("the file to drag did not appear: %q", lines.Text())
	}
	// The window under the pointer must have answered that it takes the file.
	d.drag(fromX+half, fromY+half, toX, toY, func() { time.Sleep(500 * time.Millisecond) })
	given := false
	for lines.Scan() {
		given = given || lines.Text() == "given"
	}
	if err := cmd.Wait(); err != nil || !given {
		d.screenshot("drop-refused")
		d.t.Fatalf("the window did not take the dragged file (asked for it: %t): %v", given, err)
	}
}

// drag moves the pointer from one point of the screen to another with its button
// held down, and does something before it lets go.
func (d *desktop) drag(fromX, fromY, toX, toY int, before func()) {
	d.t.Helper()
	// A hand moves in many small steps, and only motion begins a drag.
	const steps = 30
	x, y := strconv.Itoa(fromX), strconv.Itoa(fromY)
	drag := []string{"mousemove", x, y, "sleep", "0.2", "mousedown", "1"}
	for i := 1; i <= steps; i++ {
		x, y = strconv.Itoa(fromX+(toX-fromX)*i/steps), strconv.Itoa(fromY+(toY-fromY)*i/steps)
		drag = append(drag, "mousemove", x, y, "sleep", "0.02")
	}
	d.tool("xdotool", drag...)
	before()
	d.tool("xdotool", "mouseup", "1")
}

// geometry says where a window's content lies on the screen.
func (d *desktop) geometry(window string) (left, top, width, height int) {
	d.t.Helper()
	values := map[string]int{}
	for _, line := range strings.Fields(d.tool("xdotool", "getwindowgeometry", "--shell", window)) {
		if name, value, ok := strings.Cut(line, "="); ok {
			values[name], _ = strconv.Atoi(value)
		}
	}
	if values["WIDTH"] == 0 || values["HEIGHT"] == 0 {
		d.t.Fatalf("window %s has no size: %v", window, values)
	}
	return values["X"], values["Y"], values["WIDTH"], values["HEIGHT"]
}

package chooser

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"facematch/app/apptest/need"
)

// TestThePortal asks a portal of its own on a bus of its own.
func TestThePortal(t *testing.T) {
	if os.Getenv("FACEMATCH_TEST_BUS") != "" {
		ask(t)
		return
	}
	if _, err := exec.LookPath("dbus-run-session"); err != nil {
		need.Missing(t, "dbus-run-session is missing (package dbus): no portal can be played")
	}
	self := exec.Command("dbus-run-session", "--", os.Args[0], "-test.run=^TestThePortal$", "-test.v")
	self.Env = append(os.Environ(), "FACEMATCH_TEST_BUS=1")
	if out, err := self.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// portal plays the desktop's.
type portal struct {
	conn   *dbus.Conn
	mu     sync.Mutex // guards the rest; the bus calls on its own goroutine
	answer func() (status uint32, results map[string]dbus.Variant, answers bool)
	title  string
	asked  map[string]dbus.Variant
	closed chan struct{}
}

// OpenFile is part of org.freedesktop.portal.FileChooser.
func (p *portal) OpenFile(
	sender dbus.Sender, _, title string, options map[string]dbus.Variant,
) (dbus.ObjectPath, *dbus.Error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.title, p.asked = title, options
	token, _ := options["handle_token"].Value().(string)
	name := strings.ReplaceAll(strings.TrimPrefix(string(sender), ":"), ".", "_")
	handle := dbus.ObjectPath("/org/freedesktop/portal/desktop/request/" + name + "/" + token)
	_ = p.conn.Export(p, handle, "org.freedesktop.portal.Request")
	if status, results, answers := p.answer(); answers {
		// Another program's answer comes first, and is not ours.
		_ = p.conn.Emit(handle+"x", "org.freedesktop.portal.Request.Response", uint32(0), uris("file:///of/another"))
		_ = p.conn.Emit(handle, "org.freedesktop.portal.Request.Response", status, results)
	}
	return handle, nil
}

// Close is part of org.freedesktop.portal.Request.
func (p *portal) Close() *dbus.Error {
	close(p.closed)
	return nil
}

func uris(all ...string) map[string]dbus.Variant {
	return map[string]dbus.Variant{"uris": dbus.MakeVariant(all)}
}

func ask(t *testing.T) {
	if _, err := Ask(t.Context(), Request{}); !errors.Is(err, ErrNone) {
		t.Fatalf("without a portal: %v", err)
	}
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := &portal{conn: conn, closed: make(chan struct{})}
	if err := conn.Export(p, "/org/freedesktop/portal/desktop", "org.freedesktop.portal.FileChooser"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.RequestName("org.freedesktop.portal.Desktop", 0); err != nil {
		t.Fatal(err)
	}

	answer := func(how func() (uint32, map[string]dbus.Variant, bool)) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.answer = how
	}
	for _, c := range []struct {
		status uint32
		given  []string
		path   string
		fails  bool
	}{
		{0, []string{"file:///home/anna/scan%20+1%20%C3%A9.jpg"}, "/home/anna/scan +1 é.jpg", false},
		{1, nil, "", false}, // the user pressed Cancel
		{2, nil, "", false}, // the desktop closed it
		{0, nil, "", false},
		{0, []string{"https://example.org/a.jpg"}, "", true},
	} {
		answer(func() (uint32, map[string]dbus.Variant, bool) {
			if c.given == nil {
				return c.status, map[string]dbus.Variant{}, true
			}
			return c.status, uris(c.given...), true
		})
		path, err := Ask(t.Context(), Request{
			Title: "Document", Folder: "/home/anna", Name: "Documents", Types: []string{".jpg", ".pdf"},
		})
		if path != c.path || (err != nil) != c.fails || errors.Is(err, ErrNone) {
			t.Errorf("%d %q: %q, %v", c.status, c.given, path, err)
		}
	}
	p.mu.Lock()
	title, asked := p.title, p.asked
	p.mu.Unlock()
	if folder, _ := asked["current_folder"].Value().([]byte); string(folder) != "/home/anna\x00" || title != "Document" {
		t.Errorf("asked for %q in %q", title, folder)
	}
	if filters := asked["filters"].String(); !strings.Contains(filters, `"*.[jJ][pP][gG]"`) {
		t.Errorf("the filters are %s", filters)
	}

	// The program ends while the dialog is open.
	answer(func() (uint32, map[string]dbus.Variant, bool) { return 0, nil, false })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := Ask(ctx, Request{Directory: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	select {
	case <-p.closed:
	case <-time.After(5 * time.Second):
		t.Error("the dialog stays open")
	}
}

// Without a session bus nothing is started, and the answer comes at once.
func TestWithoutABus(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	if _, err := Ask(t.Context(), Request{}); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}

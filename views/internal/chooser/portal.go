// Package chooser asks for a file or folder with the dialog of the desktop, through its
// portal (org.freedesktop.portal.FileChooser). That dialog has thumbnails, bookmarks and
// the folders used last, which Fyne's own has not.
//
// It speaks D-Bus itself: github.com/rymdport/portal, which Fyne brings, makes a space of
// each plus sign in a file's name, takes any request's answer for its own, and falls over
// where a dialog is ended from outside (v0.4.2).
package chooser

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// callLimit is how long the portal may take to take the request. Where its service is
// started for that, it takes a second or two.
const callLimit = 5 * time.Second

// ErrNone means that this desktop has no portal, or one that does not answer.
var ErrNone = errors.New("the desktop has no file dialog of its own")

// Request is what is asked for.
type Request struct {
	Title  string
	Parent string   // the window it belongs to, as the portal writes it; empty: not known
	Folder string   // where to begin; empty: where the desktop likes
	Name   string   // of the kind of files, such as "Documents"
	Types  []string // endings of file names, such as ".jpg"; empty: all files

	Directory bool // a folder is asked for
}

// filter is a kind of files as the portal takes it: a name, and rules of which 0 is a
// pattern for file names.
type filter struct {
	Name  string
	Rules []rule
}

type rule struct {
	Kind    uint32
	Pattern string
}

// Ask shows the dialog and waits for the answer; empty: nothing was chosen. With its
// context's end the dialog is closed.
func Ask(ctx context.Context, r Request) (path string, err error) {
	address := bus()
	if address == "" {
		return "", ErrNone
	}
	conn, err := dbus.Connect(address)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNone, err)
	}
	defer func() { _ = conn.Close() }() // nothing is lost with it

	// The answer is a signal of an object whose path is known before, so none can be missed.
	token := "facematch" + strings.ToLower(rand.Text())
	sender := strings.ReplaceAll(strings.TrimPrefix(conn.Names()[0], ":"), ".", "_")
	handle := dbus.ObjectPath("/org/freedesktop/portal/desktop/request/" + sender + "/" + token)
	if err := conn.AddMatchSignal(
		dbus.WithMatchObjectPath(handle), dbus.WithMatchInterface("org.freedesktop.portal.Request"),
	); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNone, err)
	}
	answers := make(chan *dbus.Signal, 1)
	conn.Signal(answers)

	calling, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	portal := conn.Object("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop")
	if err := portal.CallWithContext(
		calling, "org.freedesktop.portal.FileChooser.OpenFile", 0, r.Parent, r.Title, r.options(token),
	).Err; err != nil {
		return "", fmt.Errorf("%w: %w", ErrNone, err)
	}
	select {
	case answer := <-answers:
		return chosen(answer)
	case <-conn.Context().Done():
		return "", errors.New("the session bus is gone")
	case <-ctx.Done():
		_ = conn.Object("org.freedesktop.portal.Desktop", handle).Call("org.freedesktop.portal.Request.Close", 0).Err
		return "", ctx.Err()
	}
}

func (r Request) options(token string) map[string]dbus.Variant {
	options := map[string]dbus.Variant{
		"handle_token": dbus.MakeVariant(token), "modal": dbus.MakeVariant(true),
		"directory": dbus.MakeVariant(r.Directory),
	}
	if r.Folder != "" {
		options["current_folder"] = dbus.MakeVariant(append([]byte(r.Folder), 0))
	}
	if len(r.Types) > 0 {
		kind := filter{Name: r.Name}
		for _, t := range r.Types {
			kind.Rules = append(kind.Rules, rule{Pattern: "*" + eitherCase(t)})
		}
		options["filters"] = dbus.MakeVariant([]filter{kind})
	}
	return options
}

// eitherCase is a pattern that matches a text in small letters and in capitals.
func eitherCase(text string) string {
	var b strings.Builder
	for _, c := range text {
		if c >= 'a' && c <= 'z' {
			b.WriteString("[" + string(c) + strings.ToUpper(string(c)) + "]")
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// chosen reads the portal's answer.
func chosen(answer *dbus.Signal) (string, error) {
	var status uint32
	var results map[string]dbus.Variant
	if answer == nil {
		return "", errors.New("the session bus is gone")
	}
	if err := dbus.Store(answer.Body, &status, &results); err != nil {
		return "", fmt.Errorf("the portal's answer: %w", err)
	}
	if status != 0 { // the user, or the desktop, closed the dialog
		return "", nil
	}
	uris, _ := results["uris"].Value().([]string)
	if len(uris) == 0 {
		return "", nil
	}
	u, err := url.Parse(uris[0])
	if err != nil || u.Scheme != "file" {
		return "", errors.New("the portal gave something that is not a file")
	}
	return u.Path, nil
}

// bus is the address of the session's bus; empty: there is none. godbus itself would
// start one.
func bus() string {
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
		return address
	}
	socket := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus")
	if info, err := os.Stat(socket); err == nil && info.Mode()&os.ModeSocket != 0 {
		return "unix:path=" + socket
	}
	return ""
}

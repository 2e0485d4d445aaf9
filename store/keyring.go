package store

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"

	"github.com/zalando/go-keyring"
)

// keyringService is under which name the keyring lists our secrets.
const keyringService = "Facematch Desk"

var (
	errNoKeyring = errors.New("there is no keyring here")
	errSilent    = errors.New("the keyring does not answer")
)

// ring is the keyring of the operating system. Its calls may hang.
type ring interface {
	// get gives the secret, or keyring.ErrNotFound.
	get(user string) (string, error)
	set(user, secret string) error
}

type systemRing struct{}

func (systemRing) get(user string) (string, error) {
	if !hasBus() {
		return "", errNoKeyring
	}
	return keyring.Get(keyringService, user)
}

func (systemRing) set(user, secret string) error {
	if !hasBus() {
		return errNoKeyring
	}
	return keyring.Set(keyringService, user, secret)
}

// hasBus reports whether a session bus is there to ask. Without one the D-Bus
// library would start its own, which would outlive this program and hold a
// keyring nobody can open. It looks where the library looks.
func hasBus() bool {
	if runtime.GOOS != "linux" {
		return true
	}
	if a := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); a != "" && a != "autolaunch:" {
		return true
	}
	u, err := user.Current()
	if err != nil {
		return false
	}
	for _, name := range []string{"bus", "dbus-session"} {
		if _, err := os.Stat(filepath.Join("/run/user", u.Uid, name)); err == nil {
			return true
		}
	}
	return false
}

// guarded asks the keyring and turns a panic into an error: the D-Bus client
// reads answers without checking them, and falls where the bus ends meanwhile.
func guarded(ask func() (string, error)) (answer string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("keyring: %v", r)
		}
	}()
	return ask()
}

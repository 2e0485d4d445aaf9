// Package secrets keeps secrets: in the keyring of the operating system, which may be
// missing, hang or fail, and in text that is encrypted under a passphrase.
package secrets

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"time"

	"github.com/zalando/go-keyring"
)

// service is the name under which the keyring lists the program's secrets.
const service = "Facematch Desk"

// Patience is how long a keyring may take to answer. An open keyring answers within
// milliseconds; one that asks for a password may never answer.
const Patience = 4 * time.Second

var (
	// ErrNoKeyring says that there is no keyring to ask.
	ErrNoKeyring = errors.New("there is no keyring here")
	// ErrNotFound says that the keyring holds no such secret.
	ErrNotFound = keyring.ErrNotFound
)

// Get gives the secret kept under a name, or ErrNotFound. Like Set and Delete it may hang,
// and panic where the session bus ends meanwhile: call it through patience.Asker.
func Get(name string) (string, error) {
	if !hasBus() {
		return "", ErrNoKeyring
	}
	return keyring.Get(service, name)
}

// Set keeps a secret under a name.
func Set(name, secret string) error {
	if !hasBus() {
		return ErrNoKeyring
	}
	return keyring.Set(service, name, secret)
}

// Delete deletes a secret; ErrNotFound where there is none.
func Delete(name string) error {
	if !hasBus() {
		return ErrNoKeyring
	}
	return keyring.Delete(service, name)
}

// hasBus reports whether there is a session bus. Without one the D-Bus library would start
// its own, which would outlive this program and hold a keyring that nobody can open. It
// looks where the library looks.
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

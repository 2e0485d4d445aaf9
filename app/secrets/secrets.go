// Package secrets talks to the keyring of the operating system, which may be
// missing, hang or fall over.
package secrets

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"time"

	"github.com/zalando/go-keyring"
)

// service is under which name the keyring lists our secrets.
const service = "Facematch Desk"

// Patience is how long a keyring may take to answer. One that is open answers
// within some milliseconds; one that asks for a password may never.
const Patience = 4 * time.Second

var (
	// ErrNoKeyring says that there is no keyring to ask.
	ErrNoKeyring = errors.New("there is no keyring here")
	// ErrSilent says that the keyring does not answer.
	ErrSilent = errors.New("the keyring does not answer")
	// ErrNotFound says that the keyring holds no such secret.
	ErrNotFound = keyring.ErrNotFound
)

// Get gives the secret kept under a name, or ErrNotFound. It may hang, as Set and
// Delete may; see Asker.
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

// Delete forgets a secret; ErrNotFound where there is none.
func Delete(name string) error {
	if !hasBus() {
		return ErrNoKeyring
	}
	return keyring.Delete(service, name)
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

// Asker asks a keyring and does not wait for it for ever. The zero value is ready.
// Its caller sees to it that one question is asked at a time.
type Asker struct {
	hung chan struct{} // closed when the call that did not answer in time ends
}

// Ask asks in a goroutine of its own and waits for so long. A call that hangs
// cannot be ended; it is left behind, and until it ends nobody else waits for the
// keyring: the error is then ErrSilent.
func (a *Asker) Ask(patience time.Duration, question func() (string, error)) (string, error) {
	if a.hung != nil {
		select {
		case <-a.hung:
			a.hung = nil
		default:
			return "", ErrSilent
		}
	}
	var answer string
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		answer, err = guarded(question)
	}()
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case <-done:
		return answer, err
	case <-wait.C:
		a.hung = done
		return "", ErrSilent
	}
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

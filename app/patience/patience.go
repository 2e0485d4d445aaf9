// Package patience asks what may hang for ever, such as a keyring or a network share, and
// stops waiting after a while.
package patience

import (
	"errors"
	"fmt"
	"time"
)

// ErrSilent says that there was no answer in time, or that an earlier question still
// hangs.
var ErrSilent = errors.New("it does not answer")

// Asker asks one place. The zero value is ready. The caller makes sure that one question
// is asked at a time.
type Asker struct {
	hung chan struct{} // closed when the question that was not answered in time ends
}

// Ask asks in a goroutine and waits this long for the answer. A question that panics is
// answered with an error. A question that hangs cannot
// be interrupted. It is left to end by itself, and until then every further question fails
// at once with ErrSilent.
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

// guarded turns a panic into an error: the D-Bus client reads answers without checking
// them, and panics where the bus ends meanwhile.
func guarded(question func() (string, error)) (answer string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return question()
}

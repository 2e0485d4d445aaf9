package kit

import (
	"errors"
	"math"
	"strings"
	"time"

	"facematch/app"
)

// Wait is how long an operator has to wait after wrong passphrases. Other names do
// not wait.
type Wait struct {
	name  string
	until time.Time // zero: there is no wait
	key   string    // of the problem that asked to wait
}

// Begin takes the seconds a problem asks to wait, if it does.
func (w *Wait) Begin(name string, err error, now time.Time) {
	var p *app.Problem
	if !errors.As(err, &p) {
		return
	}
	if seconds, _ := p.Params["Seconds"].(int); seconds > 0 {
		*w = Wait{name: name, until: now.Add(time.Duration(seconds) * time.Second), key: p.Key}
	}
}

// Left is how many seconds a name still has to wait.
func (w *Wait) Left(name string, now time.Time) int {
	if w.until.IsZero() || !strings.EqualFold(strings.TrimSpace(name), strings.TrimSpace(w.name)) {
		return 0
	}
	return max(0, int(math.Ceil(w.until.Sub(now).Seconds())))
}

// Tick gives the words for the name that stands in the field: what is left of
// its wait, or none when that is over; false where it does not wait.
func (w *Wait) Tick(words Words, name string, now time.Time) (text string, counts bool) {
	if w.until.IsZero() || !strings.EqualFold(strings.TrimSpace(name), strings.TrimSpace(w.name)) {
		return "", false
	}
	left := w.Left(name, now)
	if left == 0 {
		*w = Wait{}
		return "", true
	}
	return words.ProblemText(&app.Problem{Key: w.key, Params: map[string]any{"Seconds": left}}), true
}

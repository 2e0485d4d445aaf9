package operators

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"facematch/app/privatefile"
	"facematch/matcher"
)

// attempts are the wrong attempts of each name since it last signed in: the file
// beside that of the operators.
type attempts struct {
	Version int                 `json:"version"`
	Salt    []byte              `json:"salt"`
	Names   map[string]*attempt `json:"names"` // by attempts.key
}

type attempt struct {
	Failed int       `json:"failed"`
	At     time.Time `json:"at"` // of the newest
}

// readAttempts reads the attempts. A file that is missing or damaged counts as empty. An
// attacker who can damage it can also delete it, and must not be able to lock everybody out
// by that.
func (k *Keeper) readAttempts() *attempts {
	a := &attempts{}
	data, err := readFile(k.attempts)
	if err != nil || json.Unmarshal(data, a) != nil || a.Version != version || len(a.Salt) == 0 {
		a = &attempts{Version: version, Salt: make([]byte, saltBytes)}
		rand.Read(a.Salt)
	}
	if a.Names == nil {
		a.Names = map[string]*attempt{}
	}
	return a
}

// key is the key under which a name's attempts are counted. An unknown name is not stored,
// because people type their passphrase into the wrong field.
func (a *attempts) key(name string, known bool) string {
	if known {
		return "=" + fold(name)
	}
	sum := sha256.Sum256(append(a.Salt[:len(a.Salt):len(a.Salt)], fold(name)...))
	return fmt.Sprintf("?%d", binary.BigEndian.Uint64(sum[:])%unknownNames)
}

// wait is how long after so many wrong attempts the next one is refused.
func wait(failed int) time.Duration {
	if failed <= freeAttempts {
		return 0
	}
	doubled := float64(firstWait) * math.Pow(2, float64(failed-freeAttempts-1))
	return time.Duration(min(doubled, float64(longestWait)))
}

// begin counts an attempt as wrong before it is checked, so that killing the program does not
// reset the delay, and several programs guess no faster than one. It returns how long to wait
// if the attempt is wrong. The error is operators.wait where the attempt comes too early.
func (k *Keeper) begin(ctx context.Context, name string, known bool) (next time.Duration, err error) {
	err = k.count(ctx, func(a *attempts) error {
		key, now := a.key(name, known), k.now().UTC()
		at := a.Names[key]
		if at == nil {
			at = &attempt{At: now}
			a.Names[key] = at
		}
		if now.Before(at.At) {
			// The clock was set back. The wait begins again: it must neither last until
			// the clock is where it was nor be over.
			at.At = now
		}
		if left := wait(at.Failed) - now.Sub(at.At); left > 0 {
			return matcher.NewProblem(KeyWait, nil, "Seconds", seconds(left))
		}
		at.Failed, at.At = max(0, at.Failed)+1, now
		next = wait(at.Failed)
		return nil
	})
	return next, err
}

// seconds are whole ones, as people wait them.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// right forgets the wrong attempts of a name that has just signed in, and gives
// how many there were.
func (k *Keeper) right(ctx context.Context, name string) (failed int, err error) {
	err = k.count(ctx, func(a *attempts) error {
		key := a.key(name, true)
		if at := a.Names[key]; at != nil {
			failed = max(0, at.Failed-1) // begin counted the right one too
		}
		delete(a.Names, key)
		return nil
	})
	return failed, err
}

// count changes the attempts while no other program does; they are written also
// where change gives an error.
func (k *Keeper) count(ctx context.Context, change func(*attempts) error) error {
	return k.locked(ctx, func() error {
		a := k.readAttempts()
		refused := change(a)
		data, err := json.Marshal(a)
		if err == nil {
			err = privatefile.Write(k.attempts, data)
		}
		if err != nil {
			return matcher.NewProblem("operators.unwritable", err)
		}
		return refused
	})
}

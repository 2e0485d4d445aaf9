package secrets

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// WorkFactor is the logarithm of scrypt's cost that age's own tools have: about a
// second for each guess.
const WorkFactor = 18

// ErrPassphrase says that a passphrase is not the one something was wrapped with.
var ErrPassphrase = errors.New("this is not the passphrase")

// Wrap encrypts a secret under a passphrase, in age's armoured form (scrypt), which
// its tools can open.
func Wrap(secret []byte, passphrase string, workFactor int) (string, error) {
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return "", err
	}
	recipient.SetWorkFactor(workFactor)
	var out bytes.Buffer
	armored := armor.NewWriter(&out)
	w, err := age.Encrypt(armored, recipient)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(secret); err != nil {
		return "", err
	}
	if err := errors.Join(w.Close(), armored.Close()); err != nil {
		return "", err
	}
	return out.String(), nil
}

// Unwrap opens what Wrap made; of a secret it gives at most this many bytes. A wrong
// passphrase is ErrPassphrase.
func Unwrap(text, passphrase string, most int64) ([]byte, error) {
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil { // an empty one
		return nil, ErrPassphrase
	}
	r, err := age.Decrypt(armor.NewReader(strings.NewReader(text)), identity)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return nil, ErrPassphrase
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, most))
}

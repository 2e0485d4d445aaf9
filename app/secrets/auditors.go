package secrets

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// Recipients reads age's public keys, one or several with blanks or commas between. They
// come back in their one form.
func Recipients(text string) ([]string, error) {
	var all []string
	for word := range strings.FieldsFuncSeq(text,
		func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' }) {
		r, err := age.ParseX25519Recipient(word)
		if err != nil {
			return nil, fmt.Errorf("%d characters that are not a public key of age", len([]rune(word)))
		}
		all = append(all, r.String())
	}
	return all, nil
}

// WrapFor encrypts a secret so that the private key of any of the recipients opens it.
func WrapFor(secret []byte, recipients []string) ([]byte, error) {
	var to []age.Recipient
	for _, text := range recipients {
		r, err := age.ParseX25519Recipient(text)
		if err != nil {
			return nil, errors.New("a recipient is not a public key of age")
		}
		to = append(to, r)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to...)
	if err == nil {
		_, err = w.Write(secret)
	}
	if err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
}

// Identity opens what was encrypted for the public keys that belong to it.
type Identity struct {
	keys []age.Identity

	// Recipients are its public keys.
	Recipients []string
}

// The problems of an identity's file.
var (
	ErrIdentity = errors.New("this is not a key file of age")
	ErrNotMine  = errors.New("this key is not one of those it was encrypted for")
)

// MaxIdentity is the most bytes of an identity's file.
const MaxIdentity = 64 << 10

// ReadIdentity reads the text of a file that age-keygen made. Where the file is encrypted
// with a passphrase, as age -p does, it asks for that; a wrong one is ErrPassphrase.
func ReadIdentity(data []byte, passphrase func() (string, error)) (*Identity, error) {
	sealed := io.Reader(bytes.NewReader(data))
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(data), []byte(armor.Header)):
		sealed = armor.NewReader(bufio.NewReader(sealed))
	case !bytes.HasPrefix(data, []byte("age-encryption.org/")):
		return parseIdentity(data)
	}
	text, err := passphrase()
	if err != nil {
		return nil, err
	}
	by, err := age.NewScryptIdentity(text)
	if err != nil { // an empty one
		return nil, ErrPassphrase
	}
	r, err := age.Decrypt(sealed, by)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return nil, ErrPassphrase
	}
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(r, MaxIdentity))
	}
	if err != nil {
		return nil, ErrIdentity
	}
	return parseIdentity(data)
}

// parseIdentity reads an identity's text. What age says of a bad line stays out of the
// error: it may quote the key.
func parseIdentity(data []byte) (*Identity, error) {
	keys, err := age.ParseIdentities(bytes.NewReader(data))
	if err != nil {
		return nil, ErrIdentity
	}
	i := &Identity{keys: keys}
	for _, key := range keys {
		if k, ok := key.(*age.X25519Identity); ok {
			i.Recipients = append(i.Recipients, k.Recipient().String())
		}
	}
	if len(i.Recipients) == 0 {
		return nil, ErrIdentity
	}
	return i, nil
}

// Unwrap opens what WrapFor made; of a secret it gives at most this many bytes. What was
// encrypted for other keys is ErrNotMine.
func (i *Identity) Unwrap(wrapped []byte, most int64) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(wrapped), i.keys...)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return nil, ErrNotMine
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, most))
}

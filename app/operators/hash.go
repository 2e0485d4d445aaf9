package operators

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Cost is what one guess costs (argon2id, RFC 9106).
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8
}

// hashed is a passphrase's hash. As text it has the usual form, in which the cost
// stands beside it:
//
//	$argon2id$v=19$m=65536,t=3,p=4$<salt>$<hash>
type hashed struct {
	cost       Cost
	salt, hash []byte
}

var encoding = base64.RawStdEncoding.Strict()

func hash(passphrase string, cost Cost) hashed {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails; see crypto/rand
	return hashed{cost, salt, derive(passphrase, salt, cost, hashBytes)}
}

// derive hashes what a passphrase means, however it was typed: the same letters
// can be coded in several ways (NIST SP 800-63B-4 names NFKC).
func derive(passphrase string, salt []byte, cost Cost, size uint32) []byte {
	return argon2.IDKey(norm.NFKC.Bytes([]byte(passphrase)), salt, cost.Passes, cost.Memory, cost.Lanes, size)
}

func (h hashed) is(passphrase string) bool {
	return subtle.ConstantTimeCompare(derive(passphrase, h.salt, h.cost, uint32(len(h.hash))), h.hash) == 1
}

// MarshalText gives the form above.
func (h hashed) MarshalText() ([]byte, error) {
	return fmt.Appendf(
		nil, "$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.Memory, h.cost.Passes, h.cost.Lanes,
		encoding.EncodeToString(h.salt), encoding.EncodeToString(h.hash),
	), nil
}

// UnmarshalText reads the form above.
func (h *hashed) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return errors.New("no hash of a known form")
	}
	var c Cost
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Lanes); err != nil {
		return errors.New("no cost of a hash")
	}
	salt, err := encoding.DecodeString(parts[4])
	if err != nil {
		return errors.New("no salt of a hash")
	}
	sum, err := encoding.DecodeString(parts[5])
	if err != nil {
		return errors.New("no hash")
	}
	if c.Memory < 8*uint32(c.Lanes) || c.Memory > maxMemory || c.Passes < 1 || c.Passes > maxPasses || c.Lanes < 1 ||
		len(salt) < 8 ||
		len(sum) < saltBytes {
		return errors.New("a hash of no use")
	}
	*h = hashed{c, salt, sum}
	return nil
}

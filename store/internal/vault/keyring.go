package vault

import "facematch/app/secrets"

// Ring is the keyring of the operating system. Its calls may hang.
type Ring interface {
	// Get gives the secret, or secrets.ErrNotFound.
	Get(user string) (string, error)
	Set(user, secret string) error
}

// SystemRing is the keyring of this computer.
type SystemRing struct{}

// Get is Ring's.
func (SystemRing) Get(user string) (string, error) { return secrets.Get(user) }

// Set is Ring's.
func (SystemRing) Set(user, secret string) error { return secrets.Set(user, secret) }

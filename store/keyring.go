package store

import "facematch/app/secrets"

// ring is the keyring of the operating system. Its calls may hang.
type ring interface {
	// get gives the secret, or secrets.ErrNotFound.
	get(user string) (string, error)
	set(user, secret string) error
}

type systemRing struct{}

func (systemRing) get(user string) (string, error) { return secrets.Get(user) }

func (systemRing) set(user, secret string) error { return secrets.Set(user, secret) }

package store

import (
	"context"
	"crypto/ed25519"
	"errors"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/seal"
	"facematch/store/internal/vault"
)

// SigningKey gives the key that exports of this history are signed with. It is derived from
// the master key, so it lies where that does, is had again with it, and is another one in
// every history. The problem is history.KeyNoKey while nothing was sealed yet.
func (s *Store) SigningKey(ctx context.Context) (ed25519.PrivateKey, error) {
	master, err := s.vault.Master(ctx, false)
	if errors.Is(err, vault.ErrNoKey) {
		return nil, matcher.NewProblem(history.KeyNoKey, nil)
	}
	if err != nil {
		return nil, problem(err)
	}
	seed, err := seal.Derive(master, s.id, "signature of exports")
	if err != nil {
		return nil, err
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

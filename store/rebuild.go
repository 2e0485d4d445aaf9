package store

import (
	"context"
	"database/sql"
	"errors"

	"facematch/store/internal/checks"
	"facematch/store/internal/sqlite"
	"facematch/store/internal/vault"
)

// Rebuild makes the tables of lists anew from the records, for a history whose
// records are whole while Verify says that its lists are not. What names are found by
// is made anew with the master key; where that is not to be had it stays as it is,
// and the error says why.
func (s *Store) Rebuild(ctx context.Context) error {
	master, keyErr := s.vault.Master(ctx, false)
	err := sqlite.Transact(ctx, s.writer, func(ctx context.Context, tx *sql.Tx) error {
		if err := checks.Rebuild(ctx, tx); err != nil || keyErr != nil {
			return err
		}
		return s.rebuildTokens(ctx, tx, master)
	})
	if err == nil && !errors.Is(keyErr, vault.ErrNoKey) {
		err = keyErr
	}
	return problem(err)
}

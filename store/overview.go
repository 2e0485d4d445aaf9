package store

import (
	"context"

	"facematch/app/history"
	"facematch/app/history/overview"
)

// Overview gives the numbers of what a filter chooses, however much that is, by periods of
// a unit. Before, After, Sort and Limit do not matter. A search for words in names or for a
// reference needs the key, as List does.
func (s *Store) Overview(ctx context.Context, f history.Filter, unit overview.Unit) (o overview.Overview, err error) {
	err = s.reading(ctx, searches(f), func(r *reading) error {
		o, err = r.Overview(ctx, f, unit, s.now())
		return err
	})
	return o, problem(err)
}

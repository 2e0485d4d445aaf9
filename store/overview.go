package store

import (
	"context"
	"time"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/store/internal/sqlite"
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

// Worked gives the UTC days from a time on at which each desk made a check.
func (s *Store) Worked(ctx context.Context, since time.Time) (map[string][]time.Time, error) {
	rows, err := s.reader.QueryContext(ctx, `SELECT DISTINCT desk, day FROM daily WHERE day >= ? ORDER BY day`,
		since.UTC().Format(time.DateOnly))
	if err != nil {
		return nil, problem(err)
	}
	defer rows.Close()
	worked := map[string][]time.Time{}
	for rows.Next() {
		var desk, day string
		if err := rows.Scan(&desk, &day); err != nil {
			return nil, problem(sqlite.Damaged(err))
		}
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return nil, problem(sqlite.Damaged(err))
		}
		worked[desk] = append(worked[desk], at)
	}
	return worked, problem(rows.Err())
}

package central

import (
	"context"
	"strings"

	"facematch/app/history"
)

// ListSorted is List by the query that finds all checks first.
func (r *Reader) ListSorted(ctx context.Context, f history.Filter) ([]history.Row, error) {
	_, sorted, args, err := queries(f)
	if err != nil {
		return nil, err
	}
	return r.rowsOf(ctx, sorted, args)
}

// ListLate is List where the query in the order of the page takes half a minute.
func (r *Reader) ListLate(ctx context.Context, f history.Filter) ([]history.Row, error) {
	ordered, sorted, args, err := queries(f)
	if err != nil {
		return nil, err
	}
	ordered = strings.Replace(ordered, `FROM facematch.checks`, `FROM (SELECT pg_sleep(30)) late, facematch.checks`, 1)
	return r.sooner(ctx, ordered, sorted, args)
}

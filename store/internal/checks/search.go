package checks

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"facematch/store/internal/nametoken"
	"facematch/store/internal/sqlite"
)

// named gives the started records whose names hold all of the words, ascending. The
// words are those of nametoken.Sought.
func named(ctx context.Context, q sqlite.Querier, h *nametoken.Hasher, words [][][]string) ([]int64, error) {
	var all []int64
	for i, spellings := range words {
		var word []int64
		for _, texts := range spellings {
			var spelling []int64
			for j, text := range texts {
				records, err := numbers(ctx, q, nameQuery, h.Of(text))
				if err != nil {
					return nil, err
				}
				if j == 0 {
					spelling = records
				} else {
					spelling = both(spelling, records)
				}
			}
			word = append(word, spelling...)
		}
		if len(spellings) > 1 {
			slices.Sort(word)
			word = slices.Compact(word)
		}
		if i == 0 {
			all = word
		} else {
			all = both(all, word)
		}
		if len(all) == 0 {
			return []int64{}, nil
		}
	}
	return all, nil
}

// sought gives the started records of the checks that a query finds by the token of what
// was typed, ascending.
func (v *View) sought(
	ctx context.Context, query string, of func(*nametoken.Hasher, string) (int64, bool), typed string,
) ([]int64, error) {
	if v.tokens == nil { // nothing is sealed yet
		return []int64{}, nil
	}
	token, ok := of(v.tokens, typed)
	if !ok {
		return []int64{}, nil
	}
	return numbers(ctx, v.tx, query, token)
}

// These take a token.
const (
	nameQuery      = `SELECT group_concat(record) FROM name_word WHERE token = ?`
	referenceQuery = `SELECT group_concat(record) FROM reference_word WHERE token = ?`

	// A document's number stands with the end of the check.
	numberQuery = `SELECT group_concat(s.seq) FROM number_word w JOIN record f ON f.seq = w.record
		JOIN record s ON s."check" = f."check" AND s.kind = 'started' WHERE w.token = ?`
)

// numbers gives the numbers that a query joins by commas, ascending. A row for
// each would take several times as long.
func numbers(ctx context.Context, q sqlite.Querier, query string, args ...any) ([]int64, error) {
	var list sql.NullString
	if err := q.QueryRowContext(ctx, query, args...).Scan(&list); err != nil {
		return nil, err
	}
	found := make([]int64, 0, 1+strings.Count(list.String, ","))
	for text := range strings.SplitSeq(list.String, ",") {
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, sqlite.Damaged(err)
		}
		found = append(found, n)
	}
	if !slices.IsSorted(found) {
		slices.Sort(found)
	}
	return slices.Compact(found), nil
}

// both gives what two ascending lists have in common.
func both(a, b []int64) []int64 {
	found := []int64{}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			found = append(found, a[i])
			i++
			j++
		}
	}
	return found
}

// Package central is the centre of many desks: tables and functions for PostgreSQL, and how
// desks, administrators and auditors use them. The SQL says what each table is.
//
// A desk pushes the records of its history as they are. PostgreSQL itself computes the chain
// anew and keeps the same tables of lists as a desk, checks and daily. Desks may call five
// functions and touch no table. Verify reads everything and compares it with the records.
package central

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

//go:embed sql/*.sql
var files embed.FS

// Script is the SQL that makes a centre, or brings one of an older form up to date: the
// steps with a greater number than the newest it has. Each is a transaction.
func Script(have int) (string, error) {
	names, err := fs.Glob(files, "sql/*.sql") // sorted by name
	if err != nil {
		return "", err
	}
	var all strings.Builder
	newest := 0
	for _, name := range names {
		if _, err := fmt.Sscanf(name, "sql/%04d_", &newest); err != nil {
			return "", fmt.Errorf("central: %s has no number: %w", name, err)
		}
		if newest <= have {
			continue
		}
		step, err := files.ReadFile(name)
		if err != nil {
			return "", err
		}
		all.WriteString("BEGIN;\n")
		all.Write(step)
		all.WriteString("COMMIT;\n")
	}
	if have < 0 || have > newest {
		return "", fmt.Errorf("central: there is no step %d", have)
	}
	return all.String(), nil
}

// Init makes a centre in the database of a connection, or brings it up to date. It needs a
// superuser, or a role that may make roles and owns the database.
func Init(ctx context.Context, conn *pgx.Conn) error {
	have := 0
	err := conn.QueryRow(ctx, `SELECT max(number) FROM facematch.migration`).Scan(&have)
	if err != nil && !hasCode(err, "42P01", "3F000") { // no such table, no such schema
		return err
	}
	script, err := Script(have)
	if err != nil {
		return err
	}
	_, err = conn.PgConn().Exec(ctx, script).ReadAll()
	return err
}

// hasCode reports whether an error is PostgreSQL's with one of these codes.
func hasCode(err error, codes ...string) bool {
	var p *pgconn.PgError
	if !errors.As(err, &p) {
		return false
	}
	for _, code := range codes {
		if p.Code == code || len(code) == 2 && strings.HasPrefix(p.Code, code) {
			return true
		}
	}
	return false
}

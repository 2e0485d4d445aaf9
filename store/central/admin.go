package central

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"facematch/app/history"
)

// NewDesk is a desk that may push its history from now on.
type NewDesk = history.NewDesk

// AddDesk are the statements that let a desk push. Where its history is known, as that of a
// desk that was restored on another computer, the role before is retired.
func AddDesk(d NewDesk) []string {
	role := pgx.Identifier{d.Role}.Sanitize()
	return []string{
		fmt.Sprintf("CREATE ROLE %s LOGIN IN ROLE facematch_desk CONNECTION LIMIT 4", role),
		fmt.Sprintf("ALTER ROLE %s SET statement_timeout = '60s'", role),
		fmt.Sprintf("ALTER ROLE %s SET idle_in_transaction_session_timeout = '60s'", role),
		fmt.Sprintf("SELECT facematch.enrol(%s, %s, %s, %s)", quote(d.History), quote(d.Role), quote(d.Desk),
			quote(d.Branch)),
	}
}

// Accept is the statement that lets a history go on: with a new epoch from a "restored"
// record on or, where from is 0, with what the centre has.
func Accept(history string, from int64) string {
	number := "NULL"
	if from > 0 {
		number = fmt.Sprint(from)
	}
	return fmt.Sprintf("SELECT facematch.accept(%s, %s)", quote(history), number)
}

// PublishOperators is the statement that puts a signed list of operators in the place of the
// one before, for the branch that stands in it.
func PublishOperators(list history.OperatorList) string {
	encoded := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SELECT facematch.publish_operators(decode('%s', 'base64'), decode('%s', 'base64'))",
		encoded(list.Text), encoded(list.Signature))
}

// AddToken is the statement that lets gateways of a branch, or of all, accept a token; only
// its SHA-256 goes there.
func AddToken(name, branch, sha256 string) string {
	return fmt.Sprintf("SELECT facematch.add_token(%s, %s, %s)", quote(name), quote(branch), quote(sha256))
}

// RevokeToken is the statement that ends a token.
func RevokeToken(name string) string {
	return fmt.Sprintf("SELECT facematch.revoke_token(%s)", quote(name))
}

// Withdraw is the statement that deletes what was encrypted for a public key of the auditors,
// and has nothing taken that is.
func Withdraw(recipient string) string {
	return fmt.Sprintf("SELECT facematch.withdraw(%s)", quote(recipient))
}

// NamedToken is a token with the branch whose gateways accept it.
type NamedToken = history.NamedToken

// Tokens lists the tokens by name. It needs an administrator's role.
func Tokens(ctx context.Context, conn *pgx.Conn) ([]NamedToken, error) {
	rows, err := conn.Query(ctx, `SELECT name, branch, added FROM facematch.gateway_token ORDER BY lower(name)`)
	if err != nil {
		return nil, readProblem(ctx, err)
	}
	tokens, err := pgx.CollectRows(rows, pgx.RowToStructByPos[NamedToken])
	return tokens, readProblem(ctx, err)
}

// Access are the lines of pg_hba.conf that let desks and auditors in, each with a
// certificate whose common name is its role, and refuses all others from elsewhere. The names of
// roles do not have to be those of certificates: see pg_ident.conf.
func Access(database string) []string {
	return []string{
		fmt.Sprintf("hostssl %s +facematch_desk    all cert", database),
		fmt.Sprintf("hostssl %s +facematch_auditor all cert", database),
		fmt.Sprintf("host    %s all                all reject", database),
	}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// Chain is a desk's history as the centre has it.
type Chain = history.CentreDesk

// workedDays is how far back Chains says on which days a desk worked: four weeks before
// yesterday, and a day for other time zones.
const workedDays = 4*7 + 2

// Desks lists the histories that the role sees.
func (r *Reader) Desks(ctx context.Context) ([]Chain, error) {
	conn, err := r.pool.Acquire(ctx)
	if err != nil {
		return nil, readProblem(ctx, err)
	}
	defer conn.Release()
	return Chains(ctx, conn.Conn())
}

// Chains lists the histories the role of the connection sees.
func Chains(ctx context.Context, conn *pgx.Conn) ([]Chain, error) {
	rows, err := conn.Query(ctx, `
		SELECT id, history, desk, branch, epoch, head_seq, head_hash, declared, seen, state,
			extract(epoch FROM clock)::float8, about, behind,
			ARRAY(SELECT DISTINCT day FROM facematch.daily d
				WHERE d.chain = c.id AND d.day BETWEEN now()::date - $1::int AND now()::date + 1 ORDER BY day),
			(SELECT min(f.seq) FROM facematch.fork f WHERE f.chain = c.id AND c.state <> 'ok'
				AND f.arrived = (SELECT max(arrived) FROM facematch.fork g WHERE g.chain = c.id)),
			(SELECT count(*) FROM facematch.erasure e WHERE e.chain = c.id AND e.seq IS NULL)
		FROM facematch.chain c ORDER BY branch, desk, id`, workedDays)
	if err != nil {
		return nil, readProblem(ctx, err)
	}
	chains, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Chain, error) {
		var c Chain
		err := row.Scan(&c.ID, &c.History, &c.Desk, &c.Branch, &c.Epoch, &c.Head, &c.Hash, &c.Declared, &c.Seen, &c.State,
			&c.Clock, &c.About, &c.Behind, &c.Worked, &c.Fork, &c.Wishes)
		return c, err
	})
	return chains, readProblem(ctx, err)
}

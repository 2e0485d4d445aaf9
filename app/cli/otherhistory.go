package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

// shown is what the commands that only look read: our own history, or another
// desk's.
type shown interface {
	List(ctx context.Context, f history.Filter) ([]history.Row, error)
	// Count counts what a filter chooses, on all its pages.
	Count(ctx context.Context, f history.Filter) (history.Counts, error)
	Show(ctx context.Context, check string) (history.Detail, error)
	Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error)
}

// dbFlag adds the flag that names another desk's history.
func (c *commands) dbFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("db", "", c.Words.T("cli.db"))
}

// lookAt opens our own history or, where a file is named, another desk's, for one command
// that only reads. An operator who may read our history may read others. On a computer
// without a history of its own, everybody may.
func (c *commands) lookAt(cmd *cobra.Command, action access.Action, db, format string, do func(shown) error) error {
	if db == "" {
		return c.look(cmd, action, format, func(r Records) error { return do(r) })
	}
	records, err := c.History(cmd.Context())
	switch {
	case err == nil:
		err = errors.Join(c.enter(cmd, records, action), records.Close())
	case matcher.IsProblem(err, history.KeyMissing):
		err = nil
	}
	if err != nil {
		return c.asFormat(err, format)
	}
	return c.asFormat(c.otherHistory(cmd.Context(), db, do), format)
}

func (c *commands) otherHistory(ctx context.Context, db string, do func(shown) error) error {
	other, err := c.OtherHistory(ctx, db)
	if err != nil {
		return app.OtherProblem(err)
	}
	return errors.Join(app.OtherProblem(do(other)), other.Close())
}

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

// source is whose history is read: our own, where nothing is set.
type source struct {
	db      string // another desk's file
	central bool   // the centre of all desks
	at      string // where that is

	identity string // the auditors' key file, which opens names there; empty: they stay sealed
}

// sourceFlags add the flags that say whose history is read.
func (c *commands) sourceFlags(cmd *cobra.Command) *source {
	s := &source{}
	cmd.Flags().StringVar(&s.db, "db", "", c.Words.T("cli.db"))
	cmd.Flags().BoolVar(&s.central, "central", false, c.Words.T("cli.central.flag"))
	cmd.Flags().StringVar(&s.at, "at", "", c.Words.T("cli.central.at"))
	return s
}

// oneSource refuses flags that name two sources, and flags for the centre without --central.
func (c *commands) oneSource(cmd *cobra.Command, from source) error {
	switch {
	case from.central && from.db != "":
		return c.usage(cmd, "cli.central.one_source")
	case from.central:
		return nil
	case cmd.Flags().Changed("at"):
		return c.usage(cmd, "cli.central.at_alone")
	case from.identity != "":
		return c.usage(cmd, "cli.names.central")
	}
	return nil
}

// readCentral opens the centre for one command that only reads. PostgreSQL says who may.
func (c *commands) readCentral(cmd *cobra.Command, at, format string, do func(shown) error) error {
	reader, err := c.Centre.Open(cmd.Context(), at)
	if err == nil {
		err = errors.Join(do(reader), reader.Close())
	}
	return c.asFormat(err, format)
}

// lookAt opens our own history or, where a file is named, another desk's, for one command
// that only reads. An operator who may read our history may read others. On a computer
// without a history of its own, everybody may.
func (c *commands) lookAt(cmd *cobra.Command, action access.Action, from source, format string,
	do func(shown) error) error {
	if err := c.oneSource(cmd, from); err != nil {
		return err
	}
	c.ofDesks = from.central
	if from.identity != "" {
		return c.readNamed(cmd, from, format, do)
	}
	if from.central {
		return c.readCentral(cmd, from.at, format, do)
	}
	db := from.db
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

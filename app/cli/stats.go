package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/matcher"
)

func (c *commands) historyStats() *cobra.Command {
	var by, format string
	cmd := &cobra.Command{
		Use:   "stats",
		Short: c.Words.T("cli.stats.short"),
		Long:  c.Words.T("cli.stats.long", "Least", overview.LeastShown),
		Args:  c.noArguments,
	}
	cmd.Flags().StringVar(&by, "by", "", c.Words.T("cli.stats.by", "Known", known(overview.Units)))
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json, csv"))
	chosen := c.filterFlags(cmd)
	from := c.sourceFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json", "csv"); err != nil {
			return err
		}
		unit := overview.Automatic
		if by != "" {
			units, ok := oneOf([]string{by}, overview.Units)
			if !ok {
				return c.usage(cmd, "cli.filter.bad_value", "Flag", "--by", "Known", known(overview.Units))
			}
			unit = units[0]
		}
		filter, err := chosen.filter(c, cmd)
		if err != nil {
			return err
		}
		if err := c.oneSource(cmd, *from); err != nil {
			return err
		}
		return c.asFormat(c.stats(cmd, *from, filter, unit, format), format)
	}
	return cmd
}

// stats prints the numbers of our own history or, where a file or the centre is named, of
// others. Whether they are shown by operator too is for our own settings and operators to say.
func (c *commands) stats(cmd *cobra.Command, from source, f history.Filter, unit overview.Unit, format string) error {
	ctx := cmd.Context()
	own, staff := from.db == "" && !from.central, false
	c.ofDesks = from.central
	records, err := c.History(ctx)
	switch {
	case err == nil:
		if err = c.enter(cmd, records, access.History); err == nil {
			staff = records.StaffShown(ctx)
			if own {
				err = c.writeStats(ctx, records, f, unit, format, staff)
			}
		}
		err = errors.Join(err, records.Close())
	case !own && matcher.IsProblem(err, history.KeyMissing):
		err = nil
	}
	if err != nil || own {
		return err
	}
	if from.central {
		reader, err := c.Centre.Open(ctx, from.at)
		if err != nil {
			return err
		}
		return errors.Join(c.writeStats(ctx, reader, f, unit, format, staff), reader.Close())
	}
	return c.otherHistory(ctx, from.db, func(r shown) error { return c.writeStats(ctx, r, f, unit, format, staff) })
}

func (c *commands) writeStats(
	ctx context.Context, r shown, f history.Filter, unit overview.Unit, format string, staff bool,
) error {
	source, ok := r.(app.Overviewer)
	if !ok {
		return matcher.NewProblem("overview.not_here", nil)
	}
	o, err := source.Overview(ctx, f, unit)
	if err != nil {
		return err
	}
	if !staff {
		o.Operators = overview.Groups{}
	}
	switch format {
	case "json":
		return c.writeJSON(o)
	case "csv":
		return export.WriteOverview(c.out, o)
	}
	if o.Checks == 0 {
		return c.writeNone(ctx, r, f)
	}
	fmt.Fprintln(c.out, c.Words.T("cli.stats.checks", "Count", o.Checks, "Number", app.FormatNumber(int(o.Checks))))
	for _, t := range export.Tables(o, c.Words) {
		fmt.Fprintln(c.out)
		fmt.Fprintln(c.out, t.Title)
		fmt.Fprintln(c.out, strings.Repeat("-", utf8.RuneCountInString(t.Title)))
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		for _, row := range append([][]string{t.Head}, t.Rows...) {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = printable(cell)
			}
			fmt.Fprintln(w, strings.Join(cells, "\t"))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if t.Note != "" {
			fmt.Fprintln(c.out, t.Note)
		}
	}
	return nil
}

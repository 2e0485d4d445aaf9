package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/matcher"
)

func (c *commands) history() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: c.Words.T("cli.history.short"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return c.usage(cmd, "cli.history.unknown")
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(
		c.historyList(), c.historyStats(), c.historySample(), c.historyShow(), c.historyVerify(), c.historyExport(),
		c.historyRebuild(), c.historyDecide(),
		c.historyErase(), c.historyBackup(), c.historyRestore(), c.historyRecovery(), c.historyRecover(),
		c.historySigner(), c.historySubject(), c.historyHold(),
	)
	return cmd
}

func (c *commands) historyList() *cobra.Command {
	var limit int
	var before int64
	var after string
	var names bool
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: c.Words.T("cli.list.short"),
		Long:  c.Words.T("cli.list.long"),
		Args:  c.noArguments,
	}
	cmd.Flags().IntVar(&limit, "limit", 20, c.Words.T("cli.list.limit"))
	cmd.Flags().StringVar(&after, "after", "", c.Words.T("cli.list.after"))
	cmd.Flags().Int64Var(&before, "before", 0, c.Words.T("cli.list.before"))
	cmd.Flags().BoolVar(&names, "names", false, c.Words.T("cli.list.names"))
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, csv, json"))
	chosen := c.filterFlags(cmd)
	from := c.sourceFlags(cmd)
	c.namesFlag(cmd, from)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "csv", "json"); err != nil {
			return err
		}
		if limit < 1 || limit > mostListed || before < 0 {
			return c.usage(cmd, "cli.list.range")
		}
		filter, err := chosen.filter(c, cmd)
		if err != nil {
			return err
		}
		if before > 0 && (after != "" || filter.Sort != history.Newest) {
			return c.usage(cmd, "cli.list.before_newest")
		}
		filter.Limit, filter.Before = limit, before
		return c.lookAt(cmd, reading(names, format), *from, format, func(r shown) error {
			if after != "" {
				last, err := c.find(cmd, r, after)
				if err != nil {
					return err
				}
				filter.After = &last
			}
			rows, err := r.List(cmd.Context(), filter)
			if err != nil {
				return err
			}
			if !names {
				for i := range rows {
					rows[i].Name = ""
				}
			}
			if len(rows) == 0 && format == "text" {
				return c.writeNone(cmd.Context(), r, filter)
			}
			return c.writeRows(rows, names, format)
		})
	}
	return cmd
}

// mostListed is the length of the longest list. Anything longer is an export, which is
// recorded.
const mostListed = 100_000

// reading is the action of printing a list. With names, in a form for other programs, it
// amounts to an export.
func reading(names bool, format string) access.Action {
	if names && format != "text" {
		return access.Export
	}
	return access.History
}

func (c *commands) writeRows(rows []history.Row, names bool, format string) error {
	switch {
	case format == "json":
		if rows == nil {
			rows = []history.Row{}
		}
		return c.writeJSON(rows)
	case format == "csv":
		return export.WriteRows(c.out, rows, names)
	}
	head := []string{"seq", "time", "mode", "score", "outcome", "decision", "operator", "desk", "check"}
	if names {
		head = append(head, "name")
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(head, "\t")))
	for _, r := range rows {
		cells := []string{
			fmt.Sprint(
				r.Seq,
			), r.At.Local().Format(time.DateTime), string(r.Mode), scoreOf(r), string(r.Outcome), string(r.Decision),
			r.Operator, r.Desk, r.Check,
		}
		if names {
			cells = append(cells, c.nameOf(r))
		}
		for i := range cells {
			cells[i] = printable(cells[i])
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// writeNone says why a list has no rows: there are no checks at all, the filter selects
// none, or none comes after the place where the list was to continue.
func (c *commands) writeNone(ctx context.Context, r shown, filter history.Filter) error {
	all, err := r.Count(ctx, history.Filter{})
	if err != nil {
		return err
	}
	fit, err := r.Count(ctx, filter)
	if err != nil {
		return err
	}
	counted := func(key string, n int64) {
		fmt.Fprintln(c.out, c.Words.T(key, "Count", n, "Number", app.FormatNumber(int(n))))
	}
	switch {
	case all.Total == 0:
		fmt.Fprintln(c.out, c.Words.T("cli.list.empty"))
	case fit.Total == 0:
		counted("cli.list.none", all.Total)
	default:
		counted("cli.list.end", fit.Total)
	}
	return nil
}

func scoreOf(r history.Row) string {
	if r.Score == nil {
		return ""
	}
	return app.FormatScore(*r.Score)
}

// nameOf is the name to show. Where it cannot be shown, it is a word that says why.
func (c *commands) nameOf(r history.Row) string {
	switch {
	case r.Sealed && c.ofDesks:
		return c.Words.T("history.sealed_at", "Desk", r.Desk)
	case r.Sealed:
		return c.Words.T("history.sealed")
	case r.Erased:
		return c.Words.T("report.erased")
	}
	return r.Name
}

// printable replaces characters that would control the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func (c *commands) historyVerify() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: c.Words.T("cli.verify.short"),
		Long:  c.Words.T("cli.verify.long"),
		Args:  c.noArguments,
	}
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	from := c.sourceFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c.verifies = true
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		if from.central && from.db == "" {
			return c.verifyCentral(cmd, from.at, format)
		}
		err := c.lookAt(cmd, access.History, *from, format, func(r shown) error {
			verdict, err := r.Verify(cmd.Context(), nil)
			if err != nil {
				return err
			}
			if !verdict.Intact {
				c.exit = ExitNotCompared
			}
			if format == "json" {
				return c.writeJSON(verdict)
			}
			for _, notice := range append([]matcher.Notice{app.VerdictWords(verdict)}, app.VerdictNotes(verdict)...) {
				fmt.Fprintln(c.out, c.Words.Notice(notice))
			}
			return nil
		})
		// A history that can no longer be opened counts as broken, not as "could not run".
		if matcher.IsProblem(err, history.KeyDamaged, history.KeyGone, app.KeyOtherDamaged) {
			fmt.Fprintln(c.Stderr, "facematch: "+c.problem(err))
			c.exit, err = ExitNotCompared, nil
		}
		return err
	}
	return cmd
}

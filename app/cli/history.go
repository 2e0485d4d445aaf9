package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"facematch/app"
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
	cmd.AddCommand(c.historyList(), c.historyVerify(), c.historyDecide())
	return cmd
}

func (c *commands) historyList() *cobra.Command {
	var limit int
	var before int64
	var names bool
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: c.Words.T("cli.list.short"),
		Long:  c.Words.T("cli.list.long"),
		Args:  c.noArguments,
	}
	cmd.Flags().IntVar(&limit, "limit", 20, c.Words.T("cli.list.limit"))
	cmd.Flags().Int64Var(&before, "before", 0, c.Words.T("cli.list.before"))
	cmd.Flags().BoolVar(&names, "names", false, c.Words.T("cli.list.names"))
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, csv, json"))
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "csv", "json"); err != nil {
			return err
		}
		if limit < 1 || before < 0 {
			return c.usage(cmd, "cli.list.range")
		}
		return c.look(cmd, app.ActionHistory, format, func(r Records) error {
			rows, err := r.List(cmd.Context(), history.Filter{Limit: limit, Before: before})
			if err != nil {
				return err
			}
			if !names {
				for i := range rows {
					rows[i].Name = ""
				}
			}
			return c.writeRows(rows, names, format)
		})
	}
	return cmd
}

func (c *commands) writeRows(rows []history.Row, names bool, format string) error {
	if format == "json" {
		if rows == nil {
			rows = []history.Row{}
		}
		return c.writeJSON(rows)
	}
	head := []string{"seq", "time", "mode", "score", "outcome", "check", "session"}
	if names {
		head = append(head, "name")
	}
	if format == "csv" {
		w := csv.NewWriter(c.out)
		w.UseCRLF = true // RFC 4180
		if err := w.Write(head); err != nil {
			return err
		}
		for _, r := range rows {
			if err := w.Write(c.cells(r, names, time.RFC3339, csvSafe)); err != nil {
				return err
			}
		}
		w.Flush()
		return w.Error()
	}
	if len(rows) == 0 {
		fmt.Fprintln(c.out, c.Words.T("cli.list.empty"))
		return nil
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(head, "\t")))
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(c.cells(r, names, "2006-01-02 15:04:05", func(s string) string { return s }), "\t"))
	}
	return w.Flush()
}

func (c *commands) cells(r history.Row, names bool, layout string, safe func(string) string) []string {
	score := ""
	if r.Score != nil {
		score = app.FormatScore(*r.Score)
	}
	at := r.At.UTC()
	if layout != time.RFC3339 {
		at = r.At.Local()
	}
	cells := []string{fmt.Sprint(r.Seq), at.Format(layout), string(r.Mode), score, string(r.Outcome), r.Check, r.Session}
	if names {
		name := r.Name
		if r.Sealed {
			name = c.Words.T("history.sealed")
		}
		cells = append(cells, safe(name))
	}
	return cells
}

// csvSafe keeps a spreadsheet from taking a name for a formula (OWASP, CSV
// injection).
func csvSafe(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
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
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c.verifies = true // a history that was broken is verified all the more
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		err := c.look(cmd, app.ActionHistory, format, func(r Records) error {
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
			fmt.Fprintln(c.out, c.Words.Notice(app.VerdictWords(verdict)))
			return nil
		})
		// A history that cannot be opened any more is not "could not run".
		var p *matcher.Problem
		if errors.As(err, &p) && (p.Key == "store.damaged" || p.Key == "store.gone") {
			fmt.Fprintln(c.Stderr, "facematch: "+c.problem(err))
			c.exit, err = ExitNotCompared, nil
		}
		return err
	}
	return cmd
}

package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/matcher"
)

func (c *commands) historyHold() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hold",
		Short: c.Words.T("cli.hold.short"),
		Long:  c.Words.T("cli.hold.long"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.usage(cmd, "cli.hold.unknown")
		},
	}
	cmd.AddCommand(c.holdChange("add", true), c.holdChange("lift", false), c.holdList())
	return cmd
}

// holdChange is the command that puts a session on hold, or lifts its hold.
func (c *commands) holdChange(name string, held bool) *cobra.Command {
	var session, why string
	cmd := &cobra.Command{Use: name + " --session S --why -", Short: c.Words.T("cli.hold." + name), Args: c.noArguments}
	cmd.Flags().StringVar(&session, "session", "", c.Words.T("cli.erase.session"))
	cmd.Flags().StringVar(&why, "why", "", c.Words.T("cli.hold.why"))
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case !app.ValidSession(session):
			return c.usage(cmd, "cli.erase.needs_session")
		case why != "-":
			return c.usage(cmd, "cli.hold.needs_why")
		}
		text, err := io.ReadAll(io.LimitReader(c.stdin(), maxNoteBytes))
		if err != nil {
			return matcher.NewProblem("cli.decide.note_unread", err)
		}
		return c.with(cmd.Context(), "text", func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.Erase); err != nil {
				return err
			}
			if err := p.Desk().Hold(cmd.Context(), session, held, string(text)); err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.Words.T("cli.hold.done_"+name))
			return nil
		})
	}
	return cmd
}

func (c *commands) holdList() *cobra.Command {
	var format string
	cmd := &cobra.Command{Use: "list", Short: c.Words.T("cli.hold.list"), Args: c.noArguments}
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		return c.with(cmd.Context(), format, func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.History); err != nil {
				return err
			}
			holds, err := p.Desk().Holds(cmd.Context())
			if err != nil {
				return err
			}
			if format == "json" {
				return c.writeJSON(append([]history.Holding{}, holds...))
			}
			for _, h := range holds {
				fmt.Fprintln(c.out, printable(h.Session+"  "+export.LocalTime(h.At)+"  "+h.Operator))
				if why := c.nameOf(history.Row{Name: h.Note, Sealed: h.NoteSealed}); why != "" {
					fmt.Fprintln(c.out, "  "+printable(why))
				}
			}
			if len(holds) == 0 {
				fmt.Fprintln(c.out, c.Words.T("cli.hold.none"))
			}
			return nil
		})
	}
	return cmd
}

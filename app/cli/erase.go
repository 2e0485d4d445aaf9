package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
)

func (c *commands) historyErase() *cobra.Command {
	var session string
	var yes bool
	cmd := &cobra.Command{
		Use:   "erase --session S",
		Short: c.Words.T("cli.erase.short"),
		Long:  c.Words.T("cli.erase.long"),
		Args:  c.noArguments,
	}
	cmd.Flags().StringVar(&session, "session", "", c.Words.T("cli.erase.session"))
	cmd.Flags().BoolVar(&yes, "yes", false, c.Words.T("cli.erase.yes"))
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case !app.ValidSession(session):
			return c.usage(cmd, "cli.erase.needs_session")
		case !yes && c.Secret == nil:
			return c.usage(cmd, "cli.erase.needs_yes")
		}
		return c.with(cmd.Context(), "text", func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.Erase); err != nil {
				return err
			}
			if !yes && !c.confirmed("cli.erase.ask", "Session", session) {
				fmt.Fprintln(c.Stderr, c.Words.T("cli.erase.not"))
				c.exit = ExitCouldNotRun
				return nil
			}
			if err := p.Desk().Erase(cmd.Context(), session); err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.Words.T("cli.erase.done"))
			return nil
		})
	}
	return cmd
}

// confirmed asks on the terminal; only the whole word is a yes.
func (c *commands) confirmed(key string, params ...any) bool {
	fmt.Fprint(c.Stderr, c.Words.T(key, params...)+" ")
	line, _ := c.readLine() // an unread line does not confirm
	return strings.EqualFold(strings.TrimSpace(line), c.Words.T("cli.erase.word"))
}

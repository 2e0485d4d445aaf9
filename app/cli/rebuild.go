package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"facematch/app/access"
)

func (c *commands) historyRebuild() *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild",
		Short: c.Words.T("cli.rebuild.short"),
		Long:  c.Words.T("cli.rebuild.long"),
		Args:  c.noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), "text", func(p Program) error {
				if err := c.enter(cmd, p.Desk(), access.Backup); err != nil {
					return err
				}
				if err := p.Desk().Rebuild(cmd.Context()); err != nil {
					return err
				}
				fmt.Fprintln(c.out, c.Words.T("cli.rebuild.done"))
				return nil
			})
		},
	}
}

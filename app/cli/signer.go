package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"facematch/app/access"
	"facematch/app/export"
)

func (c *commands) historySigner() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "signer",
		Short: c.Words.T("cli.signer.short"),
		Long:  c.Words.T("cli.signer.long", "Principal", export.SignaturePrincipal, "Namespace", export.SignatureNamespace),
		Args:  c.noArguments,
	}
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		return c.with(cmd.Context(), format, func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.History); err != nil {
				return err
			}
			key, err := p.Desk().SigningKey(cmd.Context())
			if err != nil {
				return err
			}
			if format == "json" {
				return c.writeJSON(key)
			}
			fmt.Fprintln(c.out, key.Line)
			fmt.Fprintln(c.Stderr, c.Words.T("signing.fingerprint", "Fingerprint", key.Fingerprint))
			return nil
		})
	}
	return cmd
}

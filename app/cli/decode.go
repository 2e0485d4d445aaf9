package cli

import "github.com/spf13/cobra"

// decodeClips is for the program itself: a process that reads clips for another,
// told on standard input, and answers on standard output.
func (c *commands) decodeClips() *cobra.Command {
	return &cobra.Command{
		Use:    "decode-clips",
		Short:  c.Words.T("cli.decode.short"),
		Hidden: true,
		Args:   c.noArguments,
		RunE:   func(*cobra.Command, []string) error { return c.DecodeClips(c.Stdin, c.Params.Stdout) },
	}
}

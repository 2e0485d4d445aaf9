package cli

import "github.com/spf13/cobra"

// decodeClips is for the program itself: it starts a process that reads clips. Jobs come on
// standard input, and answers go to standard output.
func (c *commands) decodeClips() *cobra.Command {
	return &cobra.Command{
		Use:    "decode-clips",
		Short:  c.Words.T("cli.decode.short"),
		Hidden: true,
		Args:   c.noArguments,
		RunE:   func(*cobra.Command, []string) error { return c.DecodeClips(c.Stdin, c.Params.Stdout) },
	}
}

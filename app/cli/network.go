package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// Network is a second network to be measured, and how it is shown faces; see
// matcher.Network.
type Network struct {
	File            string // empty: the settings' one
	Mean, Deviation float64
	BGR, Gray       bool
}

func (c *commands) networkFlags(cmd *cobra.Command, n *Network) {
	flags := cmd.Flags()
	flags.StringVar(&n.File, "network", "", c.Words.T("cli.network.file"))
	flags.Float64Var(&n.Mean, "network-mean", 127, c.Words.T("cli.network.mean"))
	flags.Float64Var(&n.Deviation, "network-deviation", 128, c.Words.T("cli.network.deviation"))
	flags.BoolVar(&n.BGR, "network-bgr", false, c.Words.T("cli.network.bgr"))
	flags.BoolVar(&n.Gray, "network-gray", false, c.Words.T("cli.network.gray"))
}

// checkNetwork refuses flags that make no sense.
func (c *commands) checkNetwork(cmd *cobra.Command, n Network) error {
	for _, how := range []string{"network-mean", "network-deviation", "network-bgr", "network-gray"} {
		if n.File == "" && cmd.Flags().Changed(how) {
			return c.usage(cmd, "cli.network.alone")
		}
	}
	// This form of the condition refuses NaN too.
	if !(n.Mean >= 0 && n.Mean <= 255 && n.Deviation > 0 && n.Deviation <= 1e6) {
		return c.usage(cmd, "cli.network.range")
	}
	return nil
}

// opener opens the program with the network to be measured, where there is one.
func (c *commands) opener(n Network) func(context.Context) (Program, error) {
	if n.File == "" {
		return c.Open
	}
	return func(ctx context.Context) (Program, error) { return c.Measure(ctx, n) }
}

// tryNetwork is for the program itself: it runs it in a process of its own, which
// a damaged file ends.
func (c *commands) tryNetwork() *cobra.Command {
	return &cobra.Command{
		Use:    "try-network FILE",
		Short:  c.Words.T("cli.try.short"),
		Hidden: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return c.usage(cmd, "cli.try.needs_file")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return c.TryNetwork(args[0]) },
	}
}

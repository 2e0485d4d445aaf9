package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"facematch/matcher"
)

// Probe looks at one part of the installation. What it found good comes back
// as a notice; what is wrong as an error, a *Problem where a person can help.
type Probe struct {
	Name     string // key of the part's name in the catalogue
	Optional bool   // checks work without it
	Run      func(ctx context.Context) (matcher.Notice, error)
}

// finding is what `doctor --format json` prints for each probe.
type finding struct {
	Part  string `json:"part"`
	State string `json:"state"` // ok, warning, problem
	Text  string `json:"text"`
}

func (c *commands) doctor() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: c.Words.T("cli.doctor.short"),
		Long:  c.Words.T("cli.doctor.long"),
		Args:  c.noArguments,
	}
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		var findings []finding
		for _, probe := range c.Probes {
			f := finding{Part: c.Words.T(probe.Name), State: "ok"}
			notice, err := probe.Run(cmd.Context())
			switch {
			case err == nil:
				f.Text = c.Words.Notice(notice)
			case probe.Optional:
				f.State, f.Text = "warning", c.problem(err)
			default:
				f.State, f.Text = "problem", c.problem(err)
				c.exit = ExitCouldNotRun
			}
			findings = append(findings, f)
			if format == "text" {
				fmt.Fprintf(c.Stdout, "%-9s %-10s %s\n", c.Words.T("cli.doctor."+f.State), f.Part, f.Text)
			}
		}
		if format == "json" {
			return c.writeJSON(findings)
		}
		return nil
	}
	return cmd
}

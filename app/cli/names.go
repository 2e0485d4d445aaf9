package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/matcher"
)

// namesFlag adds the flag that names the auditors' key file.
func (c *commands) namesFlag(cmd *cobra.Command, from *source) {
	cmd.Flags().StringVar(&from.identity, "identity", "", c.Words.T("cli.names.identity"))
}

// openNames opens the names at the centre with the auditors' key file, and asks for its
// passphrase where it has one.
func (c *commands) openNames(cmd *cobra.Command, centre app.OtherHistory, file string) (app.NamedHistory, error) {
	named, ok := centre.(app.NamedHistory)
	if !ok {
		return nil, matcher.NewProblem("central.off", nil)
	}
	err := named.OpenNames(cmd.Context(), file, "")
	if !matcher.IsProblem(err, app.KeyAuditorsPassphrase) {
		return named, err
	}
	passphrase, err := c.secret("cli.names.passphrase")
	if err != nil {
		return nil, err
	}
	if passphrase == "" {
		return nil, matcher.NewProblem(app.KeyAuditorsWrong, nil)
	}
	return named, named.OpenNames(cmd.Context(), file, passphrase)
}

// readNamed opens the centre with its names for one command that only reads. Our own history
// records which names it showed.
func (c *commands) readNamed(cmd *cobra.Command, from source, format string, do func(shown) error) error {
	return c.with(cmd.Context(), format, func(p Program) error {
		if err := c.enter(cmd, p.Desk(), access.Export); err != nil {
			return err
		}
		centre, err := p.Desk().OpenCentre(cmd.Context(), from.at)
		if err != nil {
			return err
		}
		named, err := c.openNames(cmd, centre, from.identity)
		if err == nil {
			if err = do(named); err == nil {
				c.tellNames(named)
			}
		}
		return errors.Join(err, centre.Close())
	})
}

// tellNames says how many names were looked at, and what to think of it where none opened.
func (c *commands) tellNames(named app.NamedHistory) {
	read := named.NamesRead()
	key := "cli.names.read"
	if read.Opened == 0 && read.Sealed > 0 {
		key = "cli.names.none"
	}
	fmt.Fprintln(c.Stderr, c.Words.T(key, "Opened", app.FormatNumber(int(read.Opened)),
		"Sealed", app.FormatNumber(int(read.Sealed)), "Key", named.NamesKey()))
}

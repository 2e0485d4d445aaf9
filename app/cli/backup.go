package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

func (c *commands) historyBackup() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: c.Words.T("cli.backup.short"),
		Long:  c.Words.T("cli.backup.long"),
		Args:  c.oneFile,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.with(cmd.Context(), "text", func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.Backup); err != nil {
				return err
			}
			err := c.showing(func(progress matcher.ProgressFunc) error {
				return p.Desk().Backup(cmd.Context(), args[0], progress)
			})
			if err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.Words.T("cli.backup.done"))
			return nil
		})
	}
	return cmd
}

// oneFile takes the name of one file.
func (c *commands) oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return c.usage(cmd, "cli.backup.one_file")
	}
	return nil
}

// showing does something that takes its time and shows how far it is.
func (c *commands) showing(do func(matcher.ProgressFunc) error) error {
	line := newProgressLine(c.Stderr, func(p matcher.Progress) string {
		return c.Words.T("stage."+string(p.Stage), "Done", p.Done, "Total", p.Total)
	})
	defer line.Clear()
	return do(line.Show)
}

func (c *commands) historyRestore() *cobra.Command {
	var replace, fromCentre bool
	var which string
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: c.Words.T("cli.restore.short"),
		Long:  c.Words.T("cli.restore.long"),
		Args: func(cmd *cobra.Command, args []string) error {
			if fromCentre && len(args) == 0 {
				return nil
			}
			if fromCentre || len(args) == 0 {
				return c.usage(cmd, "cli.restore.one")
			}
			return c.oneFile(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&fromCentre, "from-centre", false, c.Words.T("cli.restore.from_centre"))
	cmd.Flags().StringVar(&which, "history", "", c.Words.T("cli.restore.history"))
	at := c.atFlag(cmd)
	cmd.Flags().BoolVar(&replace, "replace", false, c.Words.T("cli.restore.replace"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		done, err := c.restore(cmd, func(r Restorer, progress matcher.ProgressFunc) (history.Restoration, error) {
			if fromCentre {
				return r.RestoreFromCentre(cmd.Context(), *at, which, replace, progress)
			}
			return r.Restore(cmd.Context(), args[0], replace, progress)
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.Words.T("cli.restore.done", "Count", done.Backup.Seq))
		if done.Replaced != "" {
			fmt.Fprintln(c.out, c.Words.T("cli.restore.replaced", "File", done.Replaced))
		}
		if done.Erased > 0 {
			fmt.Fprintln(c.out, c.Words.T("cli.restore.erased", "Count", done.Erased))
		}
		for _, e := range done.Expired {
			day := func(t time.Time) string { return t.Local().Format(time.DateOnly) }
			fmt.Fprintln(c.Stderr, printable(c.Words.T("cli.restore.expired", "Part", e.Part, "Before", day(e.Before),
				"Days", e.Days, "By", e.By, "Set", day(e.Set), "First", day(e.First), "Last", day(e.Last))))
		}
		if lost := done.Lost; lost.To > 0 {
			fmt.Fprintln(c.Stderr, c.Words.T("cli.restore.lost", "Count", lost.To-lost.From+1, "From", lost.From, "To", lost.To))
		}
		if done.Lost.Another {
			fmt.Fprintln(c.Stderr, c.Words.T("cli.restore.another"))
		}
		return nil
	}
	return cmd
}

// restore lets in who may restore, and does it.
func (c *commands) restore(
	cmd *cobra.Command, do func(Restorer, matcher.ProgressFunc) (history.Restoration, error),
) (done history.Restoration, err error) {
	r, err := c.Restore(cmd.Context())
	if err != nil {
		return done, err
	}
	if err = c.enter(cmd, r, access.Backup); err == nil {
		err = c.showing(func(progress matcher.ProgressFunc) (err error) {
			done, err = do(r, progress)
			return err
		})
	}
	return done, errors.Join(err, r.Close())
}

func (c *commands) historyRecovery() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recovery",
		Short: c.Words.T("cli.recovery.short"),
		Long:  c.Words.T("cli.recovery.long"),
		Args:  c.noArguments,
	}
	out := cmd.Flags().String("out", "", c.Words.T("cli.recovery.out"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return c.with(cmd.Context(), "text", func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.Backup); err != nil {
				return err
			}
			passphrase, err := c.newPassphrase("cli.recovery.passphrase")
			if err != nil {
				return err
			}
			if err := p.Desk().SetRecovery(cmd.Context(), passphrase); err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.Words.T("cli.recovery.done"))
			if *out == "" {
				return nil
			}
			if err := p.Desk().KeepRecovery(cmd.Context(), *out); err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.Words.T("cli.recovery.written", "File", *out))
			return nil
		})
	}
	return cmd
}

func (c *commands) historyRecover() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "recover",
		Short: c.Words.T("cli.recover.short"),
		Long:  c.Words.T("cli.recover.long"),
		Args:  c.noArguments,
	}
	file := cmd.Flags().String("file", "", c.Words.T("cli.recover.file"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return c.with(cmd.Context(), "text", func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.Backup); err != nil {
				return err
			}
			passphrase, err := c.secret("cli.recover.passphrase")
			if err != nil {
				return err
			}
			bring := func() (string, error) { return p.Desk().RecoverKey(cmd.Context(), passphrase) }
			if *file != "" {
				bring = func() (string, error) { return p.Desk().RecoverKeyFrom(cmd.Context(), *file, passphrase) }
			}
			place, err := bring()
			if err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.Words.T("cli.recover.done."+place))
			return nil
		})
	}
	return cmd
}

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"facematch/app/gateway"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/secrets"
	"facematch/app/sshsig"
	"facematch/matcher"
)

// centralOperators are the commands by which the centre's administrator keeps the list of
// operators of all desks, in a file of the form of a desk's own.
func (c *commands) centralOperators() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "operators",
		Short: c.Words.T("cli.central.operators.short"),
		Long:  c.Words.T("cli.central.operators.long"),
		Example: "  facematch central operators add bank.json Ada --role administrator\n" +
			"  facematch central operators publish bank.json --key ~/.ssh/operators --all | psql -d facematch",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.usage(cmd, "cli.central.operators.unknown")
		},
	}
	cmd.AddCommand(c.operatorsAdd(), c.operatorsRemove(), c.operatorsPassphrase(), c.operatorsPublish())
	return cmd
}

// operatorsFile is the keeper of a file, and how it is now.
func operatorsFile(path string) (*operators.Keeper, operators.List, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, operators.List{}, err
	}
	if err := os.MkdirAll(filepath.Dir(whole), 0o700); err != nil {
		return nil, operators.List{}, matcher.NewProblem("operators.unwritable", err)
	}
	k := operators.New(operators.Params{File: whole, Now: time.Now})
	now, err := k.Read()
	return k, now, err
}

// unrecorded records nothing: FILE belongs to no desk, so it has no history.
func unrecorded(operators.List, string) error { return nil }

// fileAndName checks that FILE and NAME were given.
func (c *commands) fileAndName(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return c.usage(cmd, "cli.central.operators.needs_both")
	}
	return nil
}

func (c *commands) operatorsAdd() *cobra.Command {
	var role string
	cmd := &cobra.Command{
		Use: "add FILE NAME --role ROLE", Short: c.Words.T("cli.central.operators.add.short"),
		Long: c.Words.T("cli.central.operators.add.long", "Min", operators.MinPassphrase), Args: c.fileAndName,
	}
	cmd.Flags().StringVar(&role, "role", "", c.Words.T("cli.operator.role", "Known", rolesKnown()))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains(history.Roles, history.Role(role)) {
			return c.usage(cmd, "cli.operator.bad_role", "Known", rolesKnown())
		}
		k, now, err := operatorsFile(args[0])
		if err != nil {
			return err
		}
		passphrase, err := c.newPassphrase("cli.operator.new_passphrase", "Name", args[1], "Min", operators.MinPassphrase)
		if err != nil {
			return err
		}
		added := operators.Operator{Name: args[1], Role: history.Role(role)}
		if err := k.Add(cmd.Context(), added, passphrase, len(now.Operators) == 0, unrecorded); err != nil {
			return err
		}
		fmt.Fprintln(c.out, c.Words.T("cli.central.operators.added", "Name", args[1], "Role", role))
		return nil
	}
	return cmd
}

func (c *commands) operatorsRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove FILE NAME", Short: c.Words.T("cli.central.operators.remove.short"), Args: c.fileAndName,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, _, err := operatorsFile(args[0])
			if err != nil {
				return err
			}
			if err := k.Remove(cmd.Context(), args[1], unrecorded); err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.Words.T("cli.central.operators.removed", "Name", args[1]))
			return nil
		},
	}
}

func (c *commands) operatorsPassphrase() *cobra.Command {
	return &cobra.Command{
		Use: "passphrase FILE NAME", Short: c.Words.T("cli.central.operators.passphrase.short"), Args: c.fileAndName,
		RunE: func(cmd *cobra.Command, args []string) error {
			k, _, err := operatorsFile(args[0])
			if err != nil {
				return err
			}
			passphrase, err := c.newPassphrase("cli.operator.new_passphrase", "Name", args[1], "Min", operators.MinPassphrase)
			if err != nil {
				return err
			}
			if err := k.SetPassphrase(cmd.Context(), args[1], passphrase, unrecorded); err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.Words.T("cli.central.operators.passphrase_set", "Name", args[1]))
			return nil
		},
	}
}

func (c *commands) operatorsPublish() *cobra.Command {
	var key, branch string
	var all bool
	cmd := &cobra.Command{
		Use:   "publish FILE --key KEY (--branch BRANCH | --all)",
		Short: c.Words.T("cli.central.operators.publish.short"), Long: c.Words.T("cli.central.operators.publish.long"),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return c.usage(cmd, "cli.central.operators.needs_file")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&key, "key", "", c.Words.T("cli.central.operators.key"))
	c.branchFlags(cmd, &branch, &all)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		of, err := c.branchOf(cmd, branch, all)
		if err != nil {
			return err
		}
		if key == "" {
			return c.usage(cmd, "cli.central.operators.needs_key")
		}
		private, err := os.ReadFile(key)
		if err != nil {
			return matcher.NewProblem("cli.central.key_unread", err)
		}
		signer, err := sshsig.ParsePrivate(private, func() (string, error) {
			return c.secret("cli.central.operators.key_passphrase")
		})
		if err != nil {
			return matcher.NewProblem("cli.central.key_unread", err)
		}
		_, now, err := operatorsFile(args[0])
		if err != nil {
			return err
		}
		list, err := operators.Publish(signer, now, of, time.Now())
		if err != nil {
			return err
		}
		c.statements([]string{c.Centre.PublishOperators(list)})
		fmt.Fprintln(c.Stderr, c.Words.T("cli.central.operators.published", "Count", len(now.Operators)))
		return nil
	}
	return cmd
}

// branchFlags are the flags that say for which branch something is.
func (c *commands) branchFlags(cmd *cobra.Command, branch *string, all *bool) {
	cmd.Flags().StringVar(branch, "branch", "", c.Words.T("cli.central.branch"))
	cmd.Flags().BoolVar(all, "all", false, c.Words.T("cli.central.all"))
}

func (c *commands) branchOf(cmd *cobra.Command, branch string, all bool) (string, error) {
	if (branch == "") != all || branch == operators.AllBranches {
		return "", c.usage(cmd, "cli.central.needs_branch")
	}
	if all {
		return operators.AllBranches, nil
	}
	return branch, nil
}

// centralToken are the commands for the tokens that gateways accept besides their own.
func (c *commands) centralToken() *cobra.Command {
	cmd := &cobra.Command{
		Use: "token", Short: c.Words.T("cli.central.token.short"), Long: c.Words.T("cli.central.token.long"),
		Example: "  facematch central token add \"Counter 1\" --branch north | psql -d facematch",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.usage(cmd, "cli.central.token.unknown")
		},
	}
	cmd.AddCommand(c.centralTokenAdd(), c.centralTokenList(), &cobra.Command{
		Use: "revoke NAME", Short: c.Words.T("cli.central.token.revoke.short"), Args: c.oneName,
		RunE: func(_ *cobra.Command, args []string) error {
			c.statements([]string{c.Centre.RevokeToken(args[0])})
			return nil
		},
	})
	return cmd
}

func (c *commands) centralTokenAdd() *cobra.Command {
	var branch string
	var all bool
	cmd := &cobra.Command{
		Use:   "add NAME (--branch BRANCH | --all)",
		Short: c.Words.T("cli.central.token.add.short"), Long: c.Words.T("cli.central.token.add.long"), Args: c.oneName,
	}
	c.branchFlags(cmd, &branch, &all)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		of, err := c.branchOf(cmd, branch, all)
		if err != nil {
			return err
		}
		token, stored, err := gateway.MakeToken(args[0], time.Now())
		if err != nil {
			return err
		}
		c.statements([]string{c.Centre.AddToken(stored.Name, of, stored.SHA256)})
		fmt.Fprintln(c.Stderr, token)
		fmt.Fprintln(c.Stderr, c.Words.T("cli.central.token.added"))
		return nil
	}
	return cmd
}

func (c *commands) centralTokenList() *cobra.Command {
	var format string
	cmd := &cobra.Command{Use: "list", Short: c.Words.T("cli.central.token.list.short"), Args: c.noArguments}
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	at := c.atFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		tokens, err := c.Centre.Tokens(cmd.Context(), *at)
		if err != nil {
			return c.asFormat(err, format)
		}
		if format == "json" {
			return c.writeJSON(append([]history.NamedToken{}, tokens...))
		}
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ADDED\tBRANCH\tNAME")
		for _, t := range tokens {
			fmt.Fprintf(w, "%s\t%s\t%s\n", t.Added.Local().Format("2006-01-02 15:04"), printable(t.Branch), printable(t.Name))
		}
		return w.Flush()
	}
	return cmd
}

// centralAuditors are the commands for the auditors' public keys.
func (c *commands) centralAuditors() *cobra.Command {
	cmd := &cobra.Command{
		Use: "auditors", Short: c.Words.T("cli.central.auditors.short"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.usage(cmd, "cli.central.auditors.unknown")
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use: "withdraw RECIPIENT", Short: c.Words.T("cli.central.auditors.withdraw.short"),
		Long:    c.Words.T("cli.central.auditors.withdraw.long"),
		Example: "  facematch central auditors withdraw age1… | psql -v ON_ERROR_STOP=1 -d facematch",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return c.usage(cmd, "cli.central.auditors.needs")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := secrets.Recipients(args[0])
			if err != nil || len(keys) != 1 {
				return c.usage(cmd, "cli.central.auditors.needs")
			}
			c.statements([]string{c.Centre.Withdraw(keys[0])})
			fmt.Fprintln(c.Stderr, c.Words.T("cli.central.auditors.withdraw.reach"))
			return nil
		},
	})
	return cmd
}

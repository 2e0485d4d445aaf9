package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/operators"
)

func (c *commands) operator() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "operator",
		Short: c.Words.T("cli.operator.short"),
		Long:  c.Words.T("cli.operator.long"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.usage(cmd, "cli.operator.unknown")
		},
	}
	cmd.AddCommand(c.operatorAdd(), c.operatorList(), c.operatorRemove(), c.operatorPassphrase())
	return cmd
}

func (c *commands) operatorAdd() *cobra.Command {
	var role string
	cmd := &cobra.Command{
		Use:   "add NAME --role ROLE",
		Short: c.Words.T("cli.operator.add.short"),
		Long:  c.Words.T("cli.operator.add.long", "Min", operators.MinPassphrase),
		Args:  c.oneOperator,
	}
	cmd.Flags().StringVar(&role, "role", "", c.Words.T("cli.operator.role", "Known", rolesKnown()))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains(history.Roles, history.Role(role)) {
			return c.usage(cmd, "cli.operator.bad_role", "Known", rolesKnown())
		}
		return c.with(cmd.Context(), "text", func(p Program) error {
			desk := p.Desk()
			first := desk.SingleUser()
			if err := c.enter(cmd, desk, access.Operators); err != nil {
				return err
			}
			passphrase, err := c.newPassphrase("cli.operator.new_passphrase", "Name", args[0], "Min", operators.MinPassphrase)
			if err != nil {
				return err
			}
			if err := desk.AddOperator(cmd.Context(), args[0], history.Role(role), passphrase); err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.Words.T("cli.operator.added", "Name", args[0], "Role", role))
			if first {
				fmt.Fprintln(c.Stderr, c.Words.T("cli.operator.first"))
			}
			return nil
		})
	}
	return cmd
}

func rolesKnown() string {
	var known []string
	for _, r := range history.Roles {
		known = append(known, string(r))
	}
	return strings.Join(known, ", ")
}

func (c *commands) operatorList() *cobra.Command {
	var format string
	cmd := &cobra.Command{Use: "list", Short: c.Words.T("cli.operator.list.short"), Args: c.noArguments}
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		return c.with(cmd.Context(), format, func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.Operators); err != nil {
				return err
			}
			all, err := p.Desk().Operators()
			switch {
			case err != nil:
				return err
			case format == "json":
				return c.writeJSON(append([]operators.Operator{}, all...))
			case len(all) == 0:
				fmt.Fprintln(c.out, c.Words.T("cli.operator.single_user"))
				return nil
			}
			w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
			for _, o := range all {
				fmt.Fprintf(w, "%s\t%s\n", o.Role, o.Name)
			}
			return w.Flush()
		})
	}
	return cmd
}

func (c *commands) operatorRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: c.Words.T("cli.operator.remove.short"), Args: c.oneOperator,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), "text", func(p Program) error {
				if err := c.enter(cmd, p.Desk(), access.Operators); err != nil {
					return err
				}
				if err := p.Desk().RemoveOperator(cmd.Context(), args[0]); err != nil {
					return err
				}
				fmt.Fprintln(c.out, c.Words.T("cli.operator.removed", "Name", args[0]))
				return nil
			})
		},
	}
}

// operatorPassphrase changes the passphrase of the operator who signs in, or of another one.
func (c *commands) operatorPassphrase() *cobra.Command {
	return &cobra.Command{
		Use: "passphrase [NAME]", Short: c.Words.T("cli.operator.passphrase.short"),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return c.usage(cmd, "cli.operator.needs_name")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), "text", func(p Program) error {
				desk := p.Desk()
				if err := c.enter(cmd, desk, access.History); err != nil { // which every role may do
					return err
				}
				who, _ := desk.Who()
				name := cmp.Or(strings.Join(args, ""), who.Operator)
				passphrase, err := c.newPassphrase("cli.operator.new_passphrase", "Name", name, "Min", operators.MinPassphrase)
				if err != nil {
					return err
				}
				if err := desk.SetPassphrase(cmd.Context(), name, passphrase); err != nil {
					return err
				}
				fmt.Fprintln(c.out, c.Words.T("cli.operator.passphrase_set", "Name", name))
				return nil
			})
		},
	}
}

func (c *commands) oneOperator(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return c.usage(cmd, "cli.operator.needs_name")
	}
	return nil
}

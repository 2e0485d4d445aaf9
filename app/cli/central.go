package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/matcher"
)

// Centre is what administrators and auditors of a centre use. At is a connection string of
// PostgreSQL; empty: its variables say where, as for psql.
type Centre struct {
	// Script is the SQL that makes a centre, after so many steps that were taken before.
	Script  func(have int) (string, error)
	AddDesk func(d history.NewDesk) []string   // SQL
	Accept  func(of string, from int64) string // SQL
	Access  func(database string) []string     // lines of pg_hba.conf

	PublishOperators func(list history.OperatorList) string   // SQL
	AddToken         func(name, branch, sha256 string) string // SQL
	RevokeToken      func(name string) string                 // SQL
	Withdraw         func(recipient string) string            // SQL
	Tokens           func(ctx context.Context, at string) ([]history.NamedToken, error)

	Desks  func(ctx context.Context, at string) ([]history.CentreDesk, error)
	Open   func(ctx context.Context, at string) (CentreReader, error)
	Verify func(ctx context.Context, at string, progress matcher.ProgressFunc) (history.CentreVerdict, error)
}

// CentreReader reads the checks of all desks.
type CentreReader interface {
	shown
	Close() error
}

func (c *commands) central() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "central",
		Short: c.Words.T("cli.central.short"),
		Long:  c.Words.T("cli.central.long"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return c.usage(cmd, "cli.central.unknown")
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(
		c.centralEnrol(), c.centralPush(), c.centralStatus(),
		c.centralInit(), c.centralAddDesk(), c.centralAccept(), c.centralList(), c.centralOperators(), c.centralToken(),
		c.centralAuditors(),
	)
	return cmd
}

// statements prints SQL that an administrator runs.
func (c *commands) statements(lines []string) {
	fmt.Fprintln(c.out, "BEGIN;")
	for _, line := range lines {
		fmt.Fprintln(c.out, line+";")
	}
	fmt.Fprintln(c.out, "COMMIT;")
}

func (c *commands) centralEnrol() *cobra.Command {
	var replace bool
	var format string
	cmd := &cobra.Command{
		Use: "enrol", Short: c.Words.T("cli.central.enrol.short"), Long: c.Words.T("cli.central.enrol.long"),
		Args: c.noArguments,
	}
	cmd.Flags().BoolVar(&replace, "replace", false, c.Words.T("cli.central.enrol.replace"))
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		return c.with(cmd.Context(), format, func(p Program) error {
			if err := c.enterUnless(cmd, p.Desk(), access.Settings, operators.KeyNotYet); err != nil {
				return err
			}
			e, err := p.Desk().Enrol(cmd.Context(), replace)
			if err != nil {
				return err
			}
			if format == "json" {
				return c.writeJSON(e)
			}
			fmt.Fprintln(c.out, c.Words.T("cli.central.enrol.done",
				"Request", e.Request, "Cert", e.Cert, "CA", e.CA, "History", e.History, "Role", e.Role))
			return nil
		})
	}
	return cmd
}

func (c *commands) centralPush() *cobra.Command {
	return c.centralState("push", (*app.Desk).PushToCentre)
}

func (c *commands) centralStatus() *cobra.Command {
	return c.centralState("status", (*app.Desk).CentreStatus)
}

// centralState is a command that says how far the centre is, after it did something or not.
func (c *commands) centralState(
	name string, do func(*app.Desk, context.Context) (history.CentreStatus, error),
) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: name, Short: c.Words.T("cli.central." + name + ".short"), Args: c.noArguments,
	}
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		return c.with(cmd.Context(), format, func(p Program) error {
			if err := c.enterUnless(cmd, p.Desk(), access.History, operators.KeyNotYet, operators.KeyOld); err != nil {
				return err
			}
			status, err := do(p.Desk(), cmd.Context())
			if err != nil {
				return err
			}
			if format == "json" {
				return c.writeJSON(status)
			}
			words, wrong := app.CentreWords(status)
			fmt.Fprintln(c.out, c.Words.Notice(words))
			if wrong {
				c.exit = ExitCouldNotRun
			}
			return nil
		})
	}
	return cmd
}

// enterUnless is enter for commands that bring the list of operators to a desk. They also run
// while no operator can sign in, because no list has come yet or it is too old.
func (c *commands) enterUnless(cmd *cobra.Command, door Door, a access.Action, keys ...string) error {
	if err := c.enter(cmd, door, a); !matcher.IsProblem(err, keys...) {
		return err
	}
	return nil
}

func (c *commands) centralInit() *cobra.Command {
	var have int
	var database string
	cmd := &cobra.Command{
		Use: "init", Short: c.Words.T("cli.central.init.short"), Long: c.Words.T("cli.central.init.long"),
		Args: c.noArguments,
	}
	cmd.Flags().IntVar(&have, "have", 0, c.Words.T("cli.central.init.have"))
	cmd.Flags().StringVar(&database, "database", "facematch", c.Words.T("cli.central.init.database"))
	cmd.RunE = func(_ *cobra.Command, _ []string) error {
		script, err := c.Centre.Script(have)
		if err != nil {
			return matcher.NewProblem("central.have", err)
		}
		fmt.Fprint(c.out, script)
		fmt.Fprintln(c.Stderr, c.Words.T("cli.central.init.access", "Lines", strings.Join(c.Centre.Access(database), "\n")))
		return nil
	}
	return cmd
}

func (c *commands) centralAddDesk() *cobra.Command {
	var d history.NewDesk
	var cn string
	cmd := &cobra.Command{
		Use: "add-desk", Short: c.Words.T("cli.central.add.short"), Long: c.Words.T("cli.central.add.long"),
		Args: c.noArguments,
	}
	cmd.Flags().StringVar(&d.History, "history", "", c.Words.T("cli.central.add.history"))
	cmd.Flags().StringVar(&d.Role, "role", "", c.Words.T("cli.central.add.role"))
	cmd.Flags().StringVar(&d.Desk, "desk", "", c.Words.T("cli.central.add.desk"))
	cmd.Flags().StringVar(&d.Branch, "branch", "", c.Words.T("cli.central.add.branch"))
	cmd.Flags().StringVar(&cn, "cn", "", c.Words.T("cli.central.add.cn"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if d.History == "" || d.Role == "" || d.Desk == "" || d.Branch == "" {
			return c.usage(cmd, "cli.central.add.needs")
		}
		c.statements(c.Centre.AddDesk(d))
		fmt.Fprintln(c.Stderr, c.Words.T("cli.central.add.sign", "Role", d.Role))
		if cn != "" && cn != d.Role {
			fmt.Fprintln(c.Stderr, c.Words.T("cli.central.add.map", "Line", fmt.Sprintf("facematch %q %q", cn, d.Role)))
		}
		return nil
	}
	return cmd
}

func (c *commands) centralAccept() *cobra.Command {
	var of string
	var from int64
	cmd := &cobra.Command{
		Use: "accept", Short: c.Words.T("cli.central.accept.short"), Long: c.Words.T("cli.central.accept.long"),
		Args: c.noArguments,
	}
	cmd.Flags().StringVar(&of, "history", "", c.Words.T("cli.central.add.history"))
	cmd.Flags().Int64Var(&from, "from", 0, c.Words.T("cli.central.accept.from"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if of == "" || from < 0 {
			return c.usage(cmd, "cli.central.accept.needs")
		}
		c.statements([]string{c.Centre.Accept(of, from)})
		return nil
	}
	return cmd
}

// atFlag adds the flag that says where the centre is.
func (c *commands) atFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("at", "", c.Words.T("cli.central.at"))
}

func (c *commands) centralList() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: c.Words.T("cli.central.list.short"), Long: c.Words.T("cli.central.list.long"),
		Args: c.noArguments,
	}
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	at := c.atFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		desks, err := c.Centre.Desks(cmd.Context(), *at)
		if err != nil {
			return c.asFormat(err, format)
		}
		if format == "json" {
			return c.writeJSON(desks)
		}
		return c.writeDesks(desks)
	}
	return cmd
}

func (c *commands) writeDesks(desks []history.CentreDesk) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join([]string{"BRANCH", "DESK", "RECORDS", "LACKS", "SEEN", "STATE", "CLOCK", "PROGRAM",
		"OPERATORS", "CALIBRATION", "DOCTOR", "WISHES", "HISTORY"}, "\t"))
	for _, d := range app.CentreDesks(desks, time.Now()) {
		seen, clock, state := "", "", d.CentreDesk.State
		if state == string(history.CentreOK) && d.State != app.DeskCurrent {
			state = c.Words.Notice(d.Words)
		}
		if d.Seen != nil {
			seen = d.Seen.Local().Format(time.DateTime)
		}
		if d.Clock != nil {
			clock = fmt.Sprintf("%+.0f s", *d.Clock)
		}
		if d.Fork != nil {
			state += fmt.Sprint(" at ", *d.Fork)
		}
		list := d.Said("operators")
		if at, err := time.Parse(time.RFC3339, list); err == nil {
			list = at.Local().Format(time.DateTime)
		}
		cells := []string{
			d.Branch, d.Desk, fmt.Sprint(d.Head), fmt.Sprint(d.Lacks()), seen, state, clock, d.Said("program"), list,
			d.Said(app.AboutCalibration), d.Said(app.AboutDoctor), fmt.Sprint(d.Wishes), d.History,
		}
		for i := range cells {
			cells[i] = printable(cells[i])
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// verifyCentral verifies the centre, as history verify does a history.
func (c *commands) verifyCentral(cmd *cobra.Command, at, format string) error {
	var v history.CentreVerdict
	err := c.showing(func(progress matcher.ProgressFunc) (err error) {
		v, err = c.Centre.Verify(cmd.Context(), at, progress)
		return err
	})
	if err != nil {
		return c.asFormat(err, format)
	}
	if !v.Intact {
		c.exit = ExitNotCompared
	}
	if format == "json" {
		return c.writeJSON(v)
	}
	key := "cli.central.verify.intact"
	if !v.Intact {
		key = "cli.central.verify.broken"
	}
	fmt.Fprintln(c.out, c.Words.T(key, "Records", app.FormatNumber(int(v.Records)), "Chains", v.Chains, "Faults",
		len(v.Faults)))
	for _, f := range v.Faults {
		fmt.Fprintln(c.out, printable(fmt.Sprintf("%s %s: %s %d, epoch %d, %s %s", f.History, f.Desk, f.Table, f.Seq, f.Epoch,
			f.What, f.Which)))
	}
	if v.NotHere > 0 {
		fmt.Fprintln(c.out, c.Words.T("cli.central.verify.not_here", "Number", app.FormatNumber(int(v.NotHere))))
	}
	if v.Lost > 0 {
		fmt.Fprintln(c.out, c.Words.T("cli.central.verify.lost", "Number", app.FormatNumber(int(v.Lost))))
	}
	return nil
}

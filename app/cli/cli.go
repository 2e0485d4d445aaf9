// Package cli is the command line: the other face of app beside the window.
// Results go to stdout, everything else to stderr, and the exit code says how
// it ended.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/gateway"
	"facematch/app/history"
	"facematch/assets/translations"
	"facematch/matcher"
)

// The exit codes. Other tools rely on them.
const (
	ExitOK          = 0
	ExitCouldNotRun = 1
	ExitRefer       = 3
	ExitFail        = 4
	ExitNotCompared = 5 // also: no portrait on the document, a broken history
	ExitUnknown     = 6
	ExitUsage       = 64 // EX_USAGE of BSD's sysexits.h
)

// Program is what the commands work with, once it is open.
type Program interface {
	Desk() *app.Desk
	// Comparer is this computer's engine, for accuracy tests.
	Comparer() matcher.Comparer
	// Gateway is the API as this program serves it.
	Gateway() *gateway.Gateway
	// Models looks at the files of the engine's models.
	Models() []matcher.ModelFile
	// Log writes an error that was not logged before.
	Log(what string, err error)
	Close() error
}

// Records is the history for commands that only read. Nothing is written except, where
// operators are set up, that one of them signed in.
type Records interface {
	Door
	shown
	// StaffShown reports whether the numbers of each operator are for who is signed in.
	StaffShown(ctx context.Context) bool
	Close() error
}

// Restorer puts a backup in the place of a history that no program has open.
type Restorer interface {
	Door
	Restore(ctx context.Context, file string, replace bool, progress matcher.ProgressFunc) (history.Restoration, error)
	// RestoreFromCentre rebuilds a history from what the centre has of it. Which is the id of
	// the history or the name of the desk; empty: this computer's own.
	RestoreFromCentre(
		ctx context.Context, at, which string, replace bool, progress matcher.ProgressFunc,
	) (history.Restoration, error)
	Close() error
}

// Params are the parts the command line is made of; all are needed.
type Params struct {
	Words   *translations.Catalogue
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Version string
	Open    func(ctx context.Context) (Program, error)
	// Measure is Open with another second network, whose scores mean nothing yet.
	Measure func(ctx context.Context, n Network) (Program, error)
	// TryNetwork loads a network's file in this process, which a damaged one ends.
	TryNetwork func(file string) error
	// DecodeClips reads clips for another process of this program, and ends this one.
	DecodeClips func(jobs io.Reader, answers io.Writer) error
	History     func(ctx context.Context) (Records, error)
	// OtherHistory opens another desk's history for reading.
	OtherHistory func(ctx context.Context, path string) (app.Records, error)
	// Restore keeps other programs from the history, to put a backup in its place.
	Restore func(ctx context.Context) (Restorer, error)
	// Secret reads a line from the terminal without showing it; nil where there is
	// no terminal, and lines are taken from Stdin.
	Secret func(prompt string) (string, error)
	// Centre is what administrators and auditors of a centre use.
	Centre Centre
	Window func(ctx context.Context, document string) error // shows the window until it is closed
}

type commands struct {
	Params
	lines *bufio.Reader // of Stdin, for what no terminal asks for
	who   identity
	// verifies says that the command reads the history even if it cannot record the sign-in:
	// a broken history has to be verified all the same.
	verifies bool
	ofDesks  bool    // the checks are those of many desks: what is sealed says at which
	out      *output // in place of Stdout
	exit     int
}

// output remembers a failed write, so that the command fails where stdout could not take
// the result.
type output struct {
	to  io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.to.Write(p)
	if err != nil {
		o.err = matcher.NewProblem("cli.output", err)
	}
	return n, o.err
}

// Run runs the command line and gives its exit code.
func Run(ctx context.Context, args []string, p Params) int {
	c := &commands{Params: p, out: &output{to: p.Stdout}}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(p.Stdin)
	root.SetOut(c.out)
	root.SetErr(p.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = c.out.err
	}
	if err != nil {
		return c.fail(err)
	}
	return c.exit
}

// usageError is wrong usage; it is printed with a pointer to --help.
type usageError struct {
	text    string
	command string
}

func (e *usageError) Error() string { return e.text }

func (c *commands) usage(cmd *cobra.Command, key string, params ...any) error {
	return &usageError{text: c.Words.T(key, params...), command: cmd.CommandPath()}
}

// fail prints the error that ended a command and returns its exit code.
func (c *commands) fail(err error) int {
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(c.Stderr, "facematch: %s\n%s\n", usage.text, c.Words.T("cli.see_help", "Command", usage.command))
		return ExitUsage
	}
	fmt.Fprintln(c.Stderr, "facematch: "+c.problem(err))
	return ExitCouldNotRun
}

// problem gives the words for an error and its hint on one line.
func (c *commands) problem(err error) string {
	if errors.Is(err, context.Canceled) {
		return c.Words.T("cli.cancelled")
	}
	text, hint := c.Words.Problem(err)
	if hint != "" {
		text += " " + hint
	}
	return text
}

// Tree is the tree of commands, from which the manual pages are made. Its commands cannot
// be run.
func Tree(words *translations.Catalogue, version string) *cobra.Command {
	return (&commands{Params: Params{Words: words, Version: version}}).root()
}

func (c *commands) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "facematch [DOCUMENT]",
		Short:         c.Words.T("cli.root.short"),
		Long:          c.Words.T("cli.root.long"),
		Version:       c.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs, // a document; window checks it
		RunE:          c.window,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{text: err.Error(), command: cmd.CommandPath()}
	})
	c.identityFlags(root)
	root.AddCommand(
		c.check(), c.document(), c.history(), c.evaluate(), c.token(), c.operator(), c.serve(), c.doctor(), c.tryNetwork(),
		c.decodeClips(), c.central(),
	)
	return root
}

func (c *commands) window(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return c.usage(cmd, "cli.one_document")
	}
	if c.who != (identity{}) {
		return c.usage(cmd, "cli.signin.window")
	}
	document := ""
	if len(args) == 1 {
		document = args[0]
		if _, err := os.Stat(document); err != nil {
			return c.usage(cmd, "cli.no_such_command")
		}
	}
	return c.Window(cmd.Context(), document)
}

// with opens the program for one command and closes it after. Where the format
// is json, an error is printed as JSON too.
func (c *commands) with(ctx context.Context, format string, do func(Program) error) error {
	return c.opened(ctx, format, c.Open, do)
}

// opened is with where the program is to be opened in another way.
func (c *commands) opened(
	ctx context.Context, format string, open func(context.Context) (Program, error), do func(Program) error,
) error {
	program, err := open(ctx)
	if err == nil {
		if err = do(program); err != nil {
			program.Log("command failed", err)
		}
		// What was done is done and recorded: a close that fails changes nothing of
		// it.
		program.Log("close", program.Close())
	}
	return c.asFormat(err, format)
}

// asFormat prints an error as JSON where that is the format.
func (c *commands) asFormat(err error, format string) error {
	if err != nil && format == "json" && !isUsage(err) {
		return errors.Join(err, c.writeJSON(map[string]string{"error": c.problem(err)}))
	}
	return err
}

// look opens the history for one command that only reads, signs the operator in, and closes
// it afterwards.
func (c *commands) look(cmd *cobra.Command, a access.Action, format string, do func(Records) error) error {
	records, err := c.History(cmd.Context())
	if err == nil {
		if err = c.enter(cmd, records, a); err == nil || c.verifies && c.unrecorded(err) {
			err = do(records)
		}
		err = errors.Join(err, records.Close())
	}
	return c.asFormat(err, format)
}

// noArguments refuses arguments in words of ours.
func (c *commands) noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return c.usage(cmd, "cli.no_arguments")
	}
	return nil
}

// format checks the value of --format.
func (c *commands) format(cmd *cobra.Command, value string, known ...string) error {
	for _, k := range known {
		if value == k {
			return nil
		}
	}
	return c.usage(cmd, "cli.format", "Known", strings.Join(known, ", "))
}

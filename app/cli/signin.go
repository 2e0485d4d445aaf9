package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"facematch/app/access"
	"facematch/app/operators"
	"facematch/matcher"
)

// Door is where people sign in: the desk or, for those who only look, its guard
// alone.
type Door interface {
	SingleUser() bool
	Allow(ctx context.Context, a access.Action) error
	SignIn(ctx context.Context, name, passphrase string) error
}

// maxSecret is the most bytes of a secret file.
const maxSecret = 4096

// identity is the operator and the passphrase file named on the command line.
type identity struct {
	operator   string
	secretFile string
}

func (c *commands) identityFlags(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&c.who.operator, "operator", "", c.Words.T("cli.signin.operator"))
	flags.StringVar(&c.who.secretFile, "secret-file", "", c.Words.T("cli.signin.secret_file"))
}

// enter lets an operator do something. In single-user mode everybody may. Otherwise an
// operator signs in, by --operator and --secret-file or on the terminal, and needs the
// right to do it.
func (c *commands) enter(cmd *cobra.Command, door Door, a access.Action) error {
	ctx := cmd.Context()
	if door.SingleUser() {
		if c.who != (identity{}) {
			return matcher.NewProblem(operators.KeyNone, nil)
		}
		return nil
	}
	if err := door.Allow(ctx, a); !matcher.IsProblem(err, operators.KeySignedOut) {
		return err
	}
	name := c.who.operator
	switch {
	case name == "" && c.Secret == nil:
		return c.usage(cmd, "cli.signin.needs_operator")
	case c.who.secretFile == "" && c.Secret == nil:
		return c.usage(cmd, "cli.signin.needs_secret")
	case name == "":
		var err error
		if name, err = c.line("cli.signin.name"); err != nil {
			return err
		}
	}
	passphrase, err := c.passphrase(c.who.secretFile, "cli.signin.passphrase", "Name", name)
	if err != nil {
		return err
	}
	if err := door.SignIn(ctx, name, passphrase); err != nil {
		return err
	}
	return door.Allow(ctx, a)
}

// unrecorded reports whether the history is in a state in which a sign-in cannot be checked
// or recorded, and prints the problem.
func (c *commands) unrecorded(err error) bool {
	var p *matcher.Problem
	if !errors.As(err, &p) || p.Area() != matcher.AreaHistory {
		return false
	}
	fmt.Fprintln(c.Stderr, "facematch: "+c.problem(err))
	return true
}

// line reads a line that is shown as it is typed; there is a terminal.
func (c *commands) line(key string) (string, error) {
	fmt.Fprint(c.Stderr, c.Words.T(key)+" ")
	return c.readLine()
}

// passphrase reads one from a file or, where none is named, from the terminal.
func (c *commands) passphrase(file, key string, params ...any) (string, error) {
	if file == "" {
		return c.secret(key, params...)
	}
	return readSecret(file)
}

// readSecret reads the first line of a file that only its owner may read.
func readSecret(path string) (string, error) {
	unread := func(cause error) (string, error) { return "", matcher.NewProblem("cli.signin.secret_unread", cause) }
	info, err := os.Stat(path)
	if err != nil {
		return unread(err)
	}
	if !info.Mode().IsRegular() { // a pipe could keep the program waiting
		return unread(errors.New("not a file"))
	}
	f, err := os.Open(path)
	if err != nil {
		return unread(err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return unread(err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", matcher.NewProblem("cli.signin.secret_open", nil)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return unread(err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return unread(errors.New("nothing in it"))
	}
	return line, nil
}

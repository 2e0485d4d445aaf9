package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/token"
	"facematch/matcher"
)

func (c *commands) token() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: c.Words.T("cli.token.short"),
		Long:  c.Words.T("cli.token.long"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.usage(cmd, "cli.token.unknown")
		},
	}
	for name, do := range map[string]func(context.Context, *app.Desk) error{
		"set": c.setToken, "test": c.testToken, "clear": c.clearToken,
	} {
		cmd.AddCommand(&cobra.Command{
			Use:   name,
			Short: c.Words.T("cli.token." + name + ".short"),
			Args:  c.noArguments,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return c.with(cmd.Context(), "text", func(p Program) error {
					if err := c.enter(cmd, p.Desk(), access.Token); err != nil {
						return err
					}
					return do(cmd.Context(), p.Desk())
				})
			},
		})
	}
	return cmd
}

func (c *commands) setToken(_ context.Context, desk *app.Desk) error {
	host := app.Host(desk.Settings().API.Base)
	secret, err := c.secret("cli.token.ask", "Host", host)
	if err != nil {
		return err
	}
	place, err := desk.SetToken(secret, "")
	if matcher.IsProblem(err, token.KeyNeedsPassphrase) {
		var passphrase string
		if passphrase, err = c.newPassphrase("cli.token.new_passphrase"); err != nil {
			return err
		}
		place, err = desk.SetToken(secret, passphrase)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(c.out, c.Words.T("token.kept_in."+string(place), "Host", host))
	return nil
}

func (c *commands) testToken(ctx context.Context, desk *app.Desk) error {
	if err := c.unlock(desk); err != nil {
		return err
	}
	place, err := desk.TokenPlace()
	if err != nil {
		return err
	}
	if err := desk.TestToken(ctx); err != nil {
		return err
	}
	fmt.Fprintln(c.out, c.Words.T("token.good", "Host", app.Host(desk.Settings().API.Base)))
	fmt.Fprintln(c.out, c.Words.T("token.place."+string(place)))
	return nil
}

func (c *commands) clearToken(_ context.Context, desk *app.Desk) error {
	if err := desk.ClearToken(); err != nil {
		return err
	}
	fmt.Fprintln(c.out, c.Words.T("token.cleared", "Host", app.Host(desk.Settings().API.Base)))
	if place, _ := desk.TokenPlace(); place == token.Environment {
		fmt.Fprintln(c.out, c.Words.T("token.place."+string(place)))
	}
	return nil
}

// unlock asks for the passphrase of the token's file, where it is needed and there is a
// terminal.
func (c *commands) unlock(desk *app.Desk) error {
	_, err := desk.TokenPlace()
	if !matcher.IsProblem(err, token.KeyLocked) || c.Secret == nil {
		return err
	}
	passphrase, err := c.secret("cli.token.passphrase")
	if err != nil {
		return err
	}
	return desk.UnlockToken(passphrase)
}

// newPassphrase asks for a passphrase; on a terminal twice, because it is not shown there.
func (c *commands) newPassphrase(key string, params ...any) (string, error) {
	first, err := c.secret(key, params...)
	if err != nil || c.Secret == nil {
		return first, err
	}
	second, err := c.secret("cli.token.repeat_passphrase")
	if err == nil && first != second {
		err = matcher.NewProblem("cli.token.differ", nil)
	}
	return first, err
}

// secret reads one secret: from the terminal, or a line of standard input.
func (c *commands) secret(key string, params ...any) (string, error) {
	if c.Secret == nil {
		return c.readLine()
	}
	text, err := c.Secret(c.Words.T(key, params...) + " ")
	if err != nil {
		return "", matcher.NewProblem("cli.token.unread", err)
	}
	return text, nil
}

// maxStdin is the most bytes read of standard input: a note, a name or some lines.
const maxStdin = 128 << 10

// stdin is standard input, of which lines may have been read already.
func (c *commands) stdin() *bufio.Reader {
	if c.lines == nil {
		c.lines = bufio.NewReader(io.LimitReader(c.Stdin, maxStdin))
	}
	return c.lines
}

// readLine reads a line of standard input.
func (c *commands) readLine() (string, error) {
	line, err := c.stdin().ReadString('\n')
	if err != nil && (!errors.Is(err, io.EOF) || line == "") {
		return "", matcher.NewProblem("cli.token.unread", nil) // the cause could hold a piece of it
	}
	return strings.TrimRight(line, "\r\n"), nil
}

package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

// maxNoteBytes is the most that is read of a note; the desk counts its characters.
const maxNoteBytes = 64 << 10

func (c *commands) historyDecide() *cobra.Command {
	var in app.DecisionInput
	var note, secondFile string
	cmd := &cobra.Command{
		Use:   "decide CHECK approve|reject|identify --reason REASON",
		Short: c.Words.T("cli.decide.short"),
		Long: c.Words.T("cli.decide.long", "Approve", reasonsFor(history.Approve), "Reject", reasonsFor(history.Reject),
			"Identify", reasonsFor(history.Identify)),
		Example: "  facematch history decide chk_0f8b2c1e-7a4d-4f7e-9c39-2b1d5a6e8f01 approve --reason second_document",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 || history.Reasons[history.Choice(args[1])] == nil {
				return c.usage(cmd, "cli.decide.needs")
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&in.Reason, "reason", "", c.Words.T("cli.decide.reason"))
	flags.StringVar(&note, "note", "", c.Words.T("cli.decide.note"))
	flags.StringVar(&in.Second, "second", "", c.Words.T("cli.decide.second"))
	flags.StringVar(&secondFile, "second-secret-file", "", c.Words.T("cli.decide.second_secret_file"))
	flags.SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in.Check, in.Choice = args[0], history.Choice(args[1])
		switch {
		case !slices.Contains(history.Reasons[in.Choice], in.Reason):
			return c.usage(cmd, "cli.decide.bad_reason", "Choice", args[1], "Known", reasonsFor(in.Choice))
		case note != "" && note != "-":
			return c.usage(cmd, "cli.decide.bad_note")
		case in.Choice == history.Identify && note == "":
			return c.usage(cmd, "cli.decide.needs_how")
		case in.Reason == history.ReasonOther && note == "":
			return c.usage(cmd, "cli.decide.needs_note")
		}
		if note == "-" {
			read, err := io.ReadAll(io.LimitReader(c.stdin(), maxNoteBytes))
			if err != nil {
				return matcher.NewProblem("cli.decide.note_unread", err)
			}
			in.Note = string(read)
		}
		return c.with(cmd.Context(), "text", func(p Program) error {
			desk := p.Desk()
			if err := c.enter(cmd, desk, access.Decide); err != nil {
				return err
			}
			if in.Second != "" && !desk.SingleUser() {
				if secondFile == "" && c.Secret == nil {
					return c.usage(cmd, "cli.decide.needs_second_secret")
				}
				var err error
				if in.Passphrase, err = c.passphrase(secondFile, "cli.signin.passphrase", "Name", in.Second); err != nil {
					return err
				}
			}
			if err := desk.Decide(cmd.Context(), in); err != nil {
				return err
			}
			fmt.Fprintln(c.out, c.Words.T("cli.decide.done."+string(in.Choice)))
			return nil
		})
	}
	return cmd
}

func reasonsFor(c history.Choice) string { return strings.Join(history.Reasons[c], ", ") }

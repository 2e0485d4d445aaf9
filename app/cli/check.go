package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
)

var exitOf = map[history.Outcome]int{
	history.Pass:        ExitOK,
	history.Refer:       ExitRefer,
	history.Fail:        ExitFail,
	history.NotCompared: ExitNotCompared,
	history.CouldNotRun: ExitCouldNotRun,
	history.Cancelled:   ExitCouldNotRun,
	history.Unknown:     ExitUnknown,
}

func (c *commands) check() *cobra.Command {
	var document, video, name, reference, session, mode, format string
	var consent, consentName, prefilled, minor bool
	var face int
	cmd := &cobra.Command{
		Use:   "check --document FILE --video FILE --consent",
		Short: c.Words.T("cli.check.short"),
		Long:  c.Words.T("cli.check.long"),
		Example: "  facematch check --document card.jpg --video person.mp4 --consent\n" +
			"  facematch check --document card.jpg --video person.mp4 --consent --name - --format json < name.txt",
		Args: c.noArguments,
	}
	flags := cmd.Flags()
	flags.StringVar(&document, "document", "", c.Words.T("cli.check.document"))
	flags.StringVar(&video, "video", "", c.Words.T("cli.check.video"))
	flags.IntVar(&face, "portrait", 0, c.Words.T("cli.check.portrait"))
	flags.BoolVar(&consent, "consent", false, c.Words.T("cli.check.consent"))
	flags.BoolVar(&consentName, "consent-name", false, c.Words.T("cli.check.consent_name"))
	flags.BoolVar(&minor, "under-18", false, c.Words.T("cli.check.under_18"))
	flags.StringVar(&name, "name", "", c.Words.T("cli.check.name"))
	flags.StringVar(&reference, "reference", "", c.Words.T("cli.check.reference"))
	flags.StringVar(&session, "session", "", c.Words.T("cli.check.session"))
	flags.StringVar(&mode, "mode", "", c.Words.T("cli.check.mode"))
	flags.BoolVar(&prefilled, "prefilled", false, c.Words.T("cli.check.prefilled"))
	flags.StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	flags.SortFlags = false

	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		switch {
		case prefilled && (video != "" || session == ""):
			return c.usage(cmd, "cli.check.bad_prefilled")
		case document == "" || video == "" && !prefilled:
			return c.usage(cmd, "cli.check.needs_files")
		case cmd.Flags().Changed("portrait") && face < 1:
			return c.usage(cmd, "cli.document.bad_portrait")
		case !consent:
			return c.usage(cmd, "cli.check.needs_consent")
		case mode != "" && mode != string(history.Offline) && mode != string(history.Remote):
			return c.usage(cmd, "cli.check.bad_mode")
		case session != "" && !app.ValidSession(session):
			return c.usage(cmd, "cli.check.bad_session")
		}
		if err := c.personal(cmd, &name, &reference); err != nil {
			return c.asFormat(err, format)
		}
		if _, err := app.CleanName(name); err != nil {
			return &usageError{text: c.problem(err), command: cmd.CommandPath()}
		}
		in := app.CheckInput{
			Document: app.OpenFile(document), Face: face, Name: name, Reference: reference,
			Consent: consent, Minor: minor, SendName: consentName, Session: session, Mode: history.Mode(mode),
			Prefilled: prefilled,
		}
		if !prefilled {
			in.Video = app.OpenFile(video)
		}
		return c.runCheck(cmd, in, format)
	}
	return cmd
}

func (c *commands) runCheck(cmd *cobra.Command, in app.CheckInput, format string) error {
	return c.with(cmd.Context(), format, func(p Program) error {
		desk := p.Desk()
		if err := c.enter(cmd, desk, access.Check); err != nil {
			return err
		}
		set := desk.Settings().Matching.Mode
		mode := cmp.Or(in.Mode, set)
		refused := mode != set && set != history.Ask && desk.SettingsFrom().IsLocked("matching.mode") // by Check
		if mode == history.Remote && !refused {
			if err := c.unlock(desk); err != nil {
				return err
			}
		}
		check, err := desk.Check(cmd.Context(), in, nil)
		switch {
		case matcher.IsProblem(err, app.KeyModeAsk, app.KeyPrefilled, app.KeyNoFace, settings.KeyLocked),
			matcher.IsProblem(err, settings.KeyReferenceOff, settings.KeyReferenceForm, settings.KeyReferenceOdd,
				settings.KeyReferenceLong):
			return &usageError{text: c.problem(err), command: cmd.CommandPath()}
		case err != nil:
			return err
		}
		c.exit = exitOf[check.Outcome]
		if check.Warning != nil {
			fmt.Fprintln(c.Stderr, "facematch: "+c.problem(check.Warning))
		}
		if check.Answer == nil {
			return c.noAnswer(check, format)
		}
		if check.Problem != nil { // an answer of the API that decides nothing
			fmt.Fprintln(c.Stderr, "facematch: "+c.problem(check.Problem))
		}
		if format == "json" {
			return c.writeAnswer(check)
		}
		c.writeCheck(check)
		return nil
	})
}

// noAnswer prints why a check that was recorded has no answer.
func (c *commands) noAnswer(check app.Check, format string) error {
	text := c.Words.T("cli.cancelled")
	if check.Problem != nil {
		text = c.problem(check.Problem)
	}
	fmt.Fprintln(c.Stderr, "facematch: "+text)
	if format == "json" {
		return c.writeJSON(map[string]string{"error": text})
	}
	return nil
}

// writeAnswer prints the answer in the API's shape, or as it came from there.
func (c *commands) writeAnswer(check app.Check) error {
	if raw := check.Answer.Raw; raw != nil {
		_, err := c.out.Write(raw)
		return err
	}
	return c.writeJSON(check.Answer.Result)
}

func (c *commands) writeJSON(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false) // conditions read "score >= 80"
	return enc.Encode(v)
}

// writeCheck prints a check for people.
func (c *commands) writeCheck(check app.Check) {
	result := check.Answer.Result
	word := c.Words.T(app.OutcomeKey(check.Outcome))
	switch {
	case result.Data.Code == matcher.CodeOK && !check.Exchange.Has("score"):
		fmt.Fprintln(c.out, word)
	case result.Data.Code == matcher.CodeOK:
		fmt.Fprintln(c.out, c.Words.T("cli.check.scored", "Outcome", word, "Score", percent(result.Data.Score)))
	default:
		fmt.Fprintln(c.out, c.Words.T("cli.check.not_compared", "Outcome", word, "Reason", result.Data.Description))
	}
	engine := check.Answer.Engine
	decided := "cli.check.decided"
	if !engine.Calibrated && check.Exchange == nil {
		decided = "cli.check.decided_uncalibrated"
	}
	fmt.Fprintln(c.out, c.Words.T(decided, "Engine", engine.Engine, "Mode", string(check.Mode),
		"Seconds", strconv.FormatFloat(check.Took.Seconds(), 'f', 2, 64)))

	if rarity, measured := app.RarityWords(check.Answer.Rarity); measured {
		fmt.Fprintln(c.out, c.Words.Notice(rarity))
	}

	line := func(key, value string) { fmt.Fprintf(c.out, "  %-9s %s\n", c.Words.T(key), value) }
	if len(result.Data.Percentages) > 0 {
		var frames []string
		for _, p := range result.Data.Percentages {
			frames = append(frames, percent(p))
		}
		line("cli.check.frames", strings.Join(frames, "  "))
	}
	for _, side := range []struct {
		name string
		code int
		flaw matcher.Flaw
	}{{"anchor", result.Data.Anchor.Code, documentFlaw(check.Answer)},
		{"target", result.Data.Target.Code, check.Answer.Flaw}} {
		if side.code != matcher.CodeOK {
			key := history.WhyKey(side.name, side.code, side.flaw)
			line("cli.check.why", c.Words.T(key))
			line("cli.check.next", c.Words.T(key+".hint"))
		}
	}
	for _, why := range result.Scoring.Failed {
		line("cli.check.failed", why)
	}
	for _, why := range result.Scoring.FailedRefer {
		line("cli.check.refer", why)
	}
	if check.Answer.Portrait != nil {
		for _, w := range check.Answer.Portrait.Warnings {
			line("cli.check.warning", c.Words.Notice(w))
		}
	}
	if e := check.Exchange; e != nil {
		none := c.Words.T("cli.check.absent")
		shown := func(field, value string) string {
			if e.Has(field) {
				return value
			}
			return none
		}
		line("cli.check.verdicts", c.Words.T(
			"cli.check.three", "Code", shown("code", strconv.Itoa(result.Data.Code)),
			"Result", shown("result", strconv.FormatBool(result.Data.Result)), "Status",
			shown("status", string(result.Scoring.Status)),
		))
		line("cli.check.host", e.Host)
		if e.RequestID != "" {
			line("cli.check.request", e.RequestID)
		}
	}
	line("cli.check.id", check.ID)
	line("cli.check.session_id", check.Session)
	fmt.Fprintln(c.out, c.Words.T("cli.check.inspect"))
}

func documentFlaw(a *matcher.Answer) matcher.Flaw {
	if a.Portrait == nil {
		return matcher.FlawNone
	}
	return a.Portrait.Flaw
}

func percent(p float64) string { return strconv.FormatFloat(p, 'f', 2, 64) }

func isUsage(err error) bool {
	var usage *usageError
	return errors.As(err, &usage)
}

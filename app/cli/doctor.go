package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/settings"
	"facematch/matcher"
)

// cameraPatience is how long doctor waits for a first picture. Opening a webcam takes up to
// three seconds; a silent stream ends after two.
const cameraPatience = 6 * time.Second

// probe looks at one part of the installation. What is wrong comes back as an
// error, a *Problem where a person can help.
type probe struct {
	part     string // key of the part's name
	optional bool   // checks from files work without it
	run      func(ctx context.Context, desk *app.Desk) (matcher.Notice, error)
}

var probes = []probe{
	{part: "doctor.engine", run: probeEngine},
	{part: "doctor.operators", run: probeOperators},
	{part: "doctor.history", run: probeHistory},
	{part: "doctor.names", run: probeNames},
	{part: "doctor.signing", run: probeSigning},
	{part: "doctor.auditors", optional: true, run: probeAuditors},
	{part: "doctor.camera", optional: true, run: probeCamera},
	{part: "doctor.api", run: probeAPI},
}

func probeEngine(ctx context.Context, desk *app.Desk) (matcher.Notice, error) {
	d, err := desk.Engine(ctx)
	key := "doctor.engine_ok"
	if !d.Calibrated {
		key = "doctor.engine_uncalibrated"
	}
	return matcher.Notice{Key: key, Params: map[string]any{"Engine": d.Engine}}, err
}

// probeOperators checks whether operators are set up and can sign in. A desk without
// operators is not a fault of the installation.
func probeOperators(ctx context.Context, desk *app.Desk) (matcher.Notice, error) {
	if desk.SingleUser() {
		return matcher.Notice{Key: "doctor.single_user"}, nil
	}
	err := desk.Allow(ctx, access.History)
	if matcher.IsProblem(err, operators.KeySignedOut) {
		err = nil
	}
	from := desk.OperatorsFromCentre()
	if from == nil || err != nil {
		return matcher.Notice{Key: "doctor.operators_ok"}, err
	}
	return matcher.Notice{Key: "doctor.operators_centre", Params: map[string]any{
		"Signed": from.Signed.Local().Format(time.DateTime), "Contact": from.Contact.Local().Format(time.DateTime),
	}}, from.Fresh()
}

func probeHistory(ctx context.Context, desk *app.Desk) (matcher.Notice, error) {
	verdict, err := desk.Verify(ctx, nil)
	switch second := verdict.Second; {
	case err != nil:
	case !verdict.Intact:
		err = matcher.NewProblem("doctor.history_broken", nil)
	case second.Problem != "":
		err = matcher.NewProblem("verify.note.second_unread", nil)
	case verdict.Records > 0 && second.Chosen && !second.Found:
		err = matcher.NewProblem("verify.note.second_unknown", nil)
	}
	return app.VerdictWords(verdict), err
}

func probeNames(ctx context.Context, desk *app.Desk) (matcher.Notice, error) {
	return matcher.Notice{Key: "doctor.key_" + desk.KeyPlace()}, desk.KeyProblem(ctx)
}

// probeSigning names the key that signs exports. The key is made with the first check, so a
// missing key is not a fault.
func probeSigning(ctx context.Context, desk *app.Desk) (matcher.Notice, error) {
	key, err := desk.SigningKey(ctx)
	if matcher.IsProblem(err, history.KeyNoKey) {
		return matcher.Notice{Key: "doctor.signing_none"}, nil
	}
	return matcher.Notice{Key: "doctor.signing_ok", Params: map[string]any{"Fingerprint": key.Fingerprint}}, err
}

// probeAuditors says whether the auditors can read what is sealed in the sessions that begin.
func probeAuditors(ctx context.Context, desk *app.Desk) (matcher.Notice, error) {
	now := desk.Settings()
	switch now.Auditing() {
	case settings.AuditingUnnamed:
		return matcher.Notice{}, matcher.NewProblem("doctor.auditors_unnamed", nil)
	case settings.AuditingUnpushed:
		return matcher.Notice{}, matcher.NewProblem("doctor.auditors_unpushed", nil)
	case settings.AuditingOn:
		if gone, err := desk.WithdrawnAuditors(ctx); err != nil || len(gone) > 0 {
			if err == nil {
				err = matcher.NewProblem("doctor.auditors_withdrawn", nil, "Keys", strings.Join(gone, ", "))
			}
			return matcher.Notice{}, err
		}
		return matcher.Notice{Key: "doctor.auditors_on", Params: map[string]any{
			"Auditors": now.Central.Auditors, "Keys": strings.Join(now.Central.Recipients(), ", "),
		}}, nil
	}
	return matcher.Notice{Key: "doctor.auditors_off"}, nil
}

// probeAPI asks the API about the token, where it may decide; nothing is sent but
// that.
func probeAPI(ctx context.Context, desk *app.Desk) (matcher.Notice, error) {
	chosen := desk.Settings()
	if chosen.Matching.Mode == history.Offline {
		return matcher.Notice{Key: "doctor.api_unused"}, nil
	}
	return matcher.Notice{
		Key: "doctor.api_ok", Params: map[string]any{"Host": app.Host(chosen.API.Base)},
	}, desk.TestToken(ctx)
}

func probeCamera(ctx context.Context, desk *app.Desk) (matcher.Notice, error) {
	ctx, cancel := context.WithTimeout(ctx, cameraPatience)
	defer cancel()
	source := desk.OpenCamera("")
	defer source.Close()
	live, err := source.Next(ctx, 0)
	switch {
	case err != nil:
		return matcher.Notice{}, matcher.NewProblem("doctor.camera_silent", err)
	case live.Problem != nil:
		return matcher.Notice{}, live.Problem
	}
	size := live.Frame.Image.Rect.Size()
	return matcher.Notice{Key: "doctor.camera_ok", Params: map[string]any{"Width": size.X, "Height": size.Y}}, nil
}

// finding is what `doctor --format json` prints for each probe.
type finding struct {
	key   string // of the part's name
	Part  string `json:"part"`
	State string `json:"state"` // ok, warning, problem
	Text  string `json:"text"`
}

func (c *commands) doctor() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: c.Words.T("cli.doctor.short"),
		Long:  c.Words.T("cli.doctor.long"),
		Args:  c.noArguments,
	}
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		var findings []finding
		found := app.DoctorOK
		tell := func(f finding) {
			findings = append(findings, f)
			if f.State == "problem" && found == app.DoctorOK {
				found = f.key
			}
			if format == "text" {
				fmt.Fprintf(c.out, "%-8s %-11s %s\n", c.Words.T("cli.doctor."+f.State), f.Part, f.Text)
			}
		}
		p, err := c.Open(cmd.Context())
		if err != nil {
			// Settings, folders or the history's file: nothing else can be looked at.
			c.exit = ExitCouldNotRun
			tell(finding{Part: c.Words.T("doctor.program"), State: "problem", Text: c.detail(err)})
		} else {
			defer p.Close()
			if c.who != (identity{}) {
				if err := c.enter(cmd, p.Desk(), access.History); err != nil {
					return c.asFormat(err, format)
				}
			}
			tell(finding{Part: c.Words.T("doctor.program"), State: "ok",
				Text: c.Words.T("doctor.program_ok", "Version", c.Version)})
			for _, f := range c.settings(p.Desk().SettingsFrom()) {
				tell(f)
			}
			tell(c.calibration(p.Comparer().Calibration()))
			for _, m := range p.Models() {
				tell(c.model(m))
			}
			for _, pr := range probes {
				tell(c.probe(cmd.Context(), p.Desk(), pr))
			}
			if err := p.Desk().NoteDoctor(found); err != nil {
				p.Desk().Log("doctor's result", err)
			}
		}
		if format == "json" {
			return c.writeJSON(findings)
		}
		return nil
	}
	return cmd
}

// detail gives an error's words and, for the administrator, its cause.
func (c *commands) detail(err error) string { return c.problem(err) + " [" + err.Error() + "]" }

// settings say which file each setting that is not as by default comes from, and what is
// locked.
func (c *commands) settings(from settings.Sources) (all []finding) {
	say := func(state, key string, keys []string) {
		all = append(all, finding{Part: c.Words.T("doctor.settings"), State: state, Text: c.Words.T(
			key, "Keys", strings.Join(keys, ", "), "User", from.User, "Administrator", from.Administrator,
		)})
	}
	if len(from.FromAdministrator) > 0 {
		say("ok", "doctor.settings_administrator", from.FromAdministrator)
	}
	if len(from.Locked) > 0 {
		say("ok", "doctor.settings_locked", from.Locked)
	}
	if len(from.FromUser) > 0 {
		say("ok", "doctor.settings_user", from.FromUser)
	}
	if len(all) == 0 {
		say("ok", "doctor.settings_default", nil)
	}
	if len(from.Overruled) > 0 {
		say("warning", "doctor.settings_overruled", from.Overruled)
	}
	if len(from.Locked) > 0 && from.Changeable() {
		say("warning", "doctor.settings_changeable", nil)
	}
	return all
}

// calibration says what makes scores of distances, and what it stands on.
func (c *commands) calibration(now *matcher.Calibration) finding {
	f := finding{Part: c.Words.T("doctor.calibration"), State: "ok"}
	if !now.Calibrated {
		f.State, f.Text = "warning", c.Words.T("doctor.calibration_unmeasured", "Name", now.Name)
		return f
	}
	lines := []string{c.Words.T("doctor.calibration_measured", "Name", now.Name)}
	if p := now.Pairs; p != nil {
		lines = append(lines, c.Words.T(
			"doctor.calibration_pairs", "Data", p.Data, "Date", p.Date, "Genuine", app.FormatNumber(p.Genuine),
			"Impostor", app.FormatNumber(p.Impostor), "People", app.FormatNumber(p.People),
		))
	}
	if p := now.Checks; p != nil {
		lines = append(lines, c.Words.T("doctor.calibration_checks", "Data", p.Data, "Date", p.Date,
			"Genuine", app.FormatNumber(p.Genuine), "Impostor", app.FormatNumber(p.Impostor)))
	}
	f.Text = strings.Join(lines, " ")
	return f
}

// model says whether a model's file is the right one.
func (c *commands) model(m matcher.ModelFile) finding {
	f := finding{
		key: "doctor.model", Part: c.Words.T("doctor.model"), State: "ok",
		Text: c.Words.T("doctor.model_ok", "Model", m.Name, "SHA256", m.SHA256),
	}
	if m.Problem != nil {
		c.exit = ExitCouldNotRun
		f.State, f.Text = "problem", c.Words.T("doctor.model_wrong", "SHA256", m.SHA256, "Model", m.Name)+" "+c.detail(
			m.Problem,
		)
	}
	return f
}

func (c *commands) probe(ctx context.Context, desk *app.Desk, pr probe) finding {
	f := finding{key: pr.part, Part: c.Words.T(pr.part), State: "ok"}
	notice, err := pr.run(ctx, desk)
	switch {
	case err == nil:
		f.Text = c.Words.Notice(notice)
	case matcher.IsProblem(err, operators.KeySignedOut, operators.KeyMayNot):
		f.State, f.Text = "warning", c.Words.T("doctor.not_looked")
	case pr.optional:
		f.State, f.Text = "warning", c.detail(err)
	default:
		f.State, f.Text = "problem", c.detail(err)
		c.exit = ExitCouldNotRun
	}
	return f
}

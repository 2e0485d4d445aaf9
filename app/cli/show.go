package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/matcher"
)

func (c *commands) historyShow() *cobra.Command {
	var names bool
	var format string
	cmd := &cobra.Command{
		Use:   "show CHECK",
		Short: c.Words.T("cli.show.short"),
		Long:  c.Words.T("cli.show.long"),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || len(args[0]) < history.LeastID {
				return c.usage(cmd, "cli.show.needs_check", "Least", history.LeastID)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&names, "names", false, c.Words.T("cli.show.names"))
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	from := c.sourceFlags(cmd)
	c.namesFlag(cmd, from)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		return c.lookAt(cmd, reading(names, format), *from, format, func(r shown) error {
			row, err := c.find(cmd, r, args[0])
			if err != nil {
				return err
			}
			detail, err := r.Show(cmd.Context(), row.Check)
			if err != nil {
				return err
			}
			if format == "json" {
				return c.writeJSON(export.Whole(detail, names))
			}
			s := &sheet{c: c, to: c.out, names: names}
			s.detail(detail)
			return nil
		})
	}
	return cmd
}

// find finds a check by its id or the beginning of it.
func (c *commands) find(cmd *cobra.Command, r shown, id string) (history.Row, error) {
	rows, err := r.List(cmd.Context(), history.Filter{Check: id, Limit: 2})
	switch {
	case err != nil:
		return history.Row{}, err
	case len(rows) == 0:
		return history.Row{}, matcher.NewProblem("cli.show.unknown", nil)
	case len(rows) > 1 && rows[0].Check != id:
		return history.Row{}, c.usage(cmd, "cli.show.several")
	}
	return rows[0], nil
}

// sheet writes everything about a check for people.
type sheet struct {
	c     *commands
	to    io.Writer
	names bool
	desk  string // of the check
}

func (s *sheet) t(key string, params ...any) string { return s.c.Words.T(key, params...) }

func (s *sheet) known(prefix, value string) string { return export.Known(prefix, value, s.c.Words) }

// line writes a title and its value; nothing where the value is empty.
func (s *sheet) line(key, value string) {
	if value != "" {
		fmt.Fprintf(s.to, "%-20s %s\n", s.t(key), printable(value))
	}
}

func (s *sheet) heading(key string, params ...any) {
	fmt.Fprintf(s.to, "\n%s\n", s.t(key, params...))
}

func (s *sheet) item(format string, values ...any) {
	fmt.Fprintln(s.to, "  "+printable(fmt.Sprintf(format, values...)))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (s *sheet) detail(d history.Detail) {
	s.desk = d.Desk
	word := s.t(app.OutcomeKey(d.Outcome))
	if d.Score != nil {
		word = s.t("cli.check.scored", "Outcome", word, "Score", app.FormatScore(*d.Score))
	}
	fmt.Fprintln(s.to, word)
	s.about(d)
	s.answer(d)
	s.decisions(d)
	s.inspections(d)
	if len(d.Attempts) > 1 {
		s.heading("report.attempts", "Count", len(d.Attempts))
		for _, a := range d.Attempts {
			s.item("%d  %s  %s  %s  %s", a.Seq, export.LocalTime(a.At), s.t(app.OutcomeKey(a.Outcome)), scoreOf(a), a.Check)
		}
	}
	if len(d.Erasures) > 0 {
		s.heading("report.erasures")
		for _, e := range d.Erasures {
			s.item("%s  %s  %v  %s", export.LocalTime(e.At), e.Operator, e.Parts, e.Reason)
		}
	}
	s.raw(d)
	fmt.Fprintln(s.to)
	s.line("report.records", strings.Trim(fmt.Sprint(d.Seqs), "[]"))
	s.line(
		"report.head_name",
		s.t("report.head_of", "Seq", d.Head.Seq, "Hash", d.Head.Hash, "At", export.LocalTime(d.Head.At)),
	)
}

func (s *sheet) about(d history.Detail) {
	if s.names {
		s.line("report.name", s.c.nameOf(d.Row))
		s.line("report.reference", s.sealed(d.Reference, d.ReferenceSealed, d.ReferenceErased))
	}
	s.line("report.started", export.LocalTime(d.At))
	s.line("report.operator", d.Operator+" ("+s.t("report.signed_in_"+yesNo(d.Started.SignedIn))+")")
	s.line("report.desk", d.Desk)
	s.line("report.mode", s.known("report.mode_", string(d.Mode)))
	s.line("report.consent", export.ConsentWords(d.Started.Consent, s.c.Words))
	s.line("report.auditors", export.AuditWords(d.Started.Audit, s.c.Words))
	if d.Started.DocumentFrom != "" {
		s.line("report.document", s.known("report.document_", string(d.Started.DocumentFrom)))
	}
	if c := d.Started.Chosen; c.Number > 0 {
		s.line("report.portrait", s.t("report.chosen", "Number", c.Number, "Of", c.Of))
	}
	if !d.Started.CameraPart.Whole() {
		s.line("report.part", s.t("report.part_of", "Part", d.Started.CameraPart.Percent()))
	}
	if f := d.Finished; f != nil && f.VirtualCamera != "" {
		s.line("report.filmed_by", s.t("report.virtual", "Driver", f.VirtualCamera))
	}
	for _, f := range export.DocumentFacts(d, s.names, s.c.Words, s.sealed) {
		s.line(f.Key, f.Value)
	}
	if d.Minor() {
		s.line("report.age", s.t("report.minor"))
	}
	for _, o := range export.Origins(d.Started, s.c.Words) {
		s.line(o[0], o[1])
	}
	if d.Hold != nil {
		s.line("report.hold", export.HoldWords(*d.Hold, s.c.Words))
	}
	s.line("report.check", d.Check)
	s.line("report.session", d.Session)
	s.line("report.request", d.Request)
	s.line("report.program", d.Started.Program)
	by := d.Started.Description
	if d.Finished != nil && d.Finished.Description.Engine != "" {
		by = d.Finished.Description
	}
	s.line("report.engine_name", by.Engine)
	if by.Calibration != "" {
		s.line("report.calibration", by.Calibration+" ("+s.t("report.calibrated_"+yesNo(by.Calibrated))+")")
	}
	for _, m := range by.Models {
		s.line("report.model", m.SHA256+"  "+m.Name)
	}
}

// answer writes how the check ended.
func (s *sheet) answer(d history.Detail) {
	f := d.Finished
	if d.Mode == history.Remote {
		s.heading("report.conditions_api")
	} else {
		s.heading("report.conditions")
	}
	for _, r := range export.Rulings(d) {
		asked := r.Text
		if r.Pass != "" {
			asked += " " + r.Pass
		}
		if r.Refer != "" {
			asked += s.t("cli.show.refer", "Bound", r.Refer)
		}
		if r.Was != "" {
			asked += s.t("cli.show.was", "Value", r.Was)
		}
		s.item("%s: %s", asked, export.HeldWords(r, s.c.Words))
	}
	if f == nil {
		return
	}
	fmt.Fprintln(s.to)
	s.line("report.took", export.Seconds(f.Took))
	if f.Problem != "" {
		s.line("report.problem", s.t(f.Problem))
	}
	for _, key := range f.Why() {
		s.line("report.why", s.known("", key))
	}
	if f.Code != nil {
		result := s.t("cli.check.absent")
		if f.Result != nil {
			result = strconv.FormatBool(*f.Result)
		}
		s.line("report.answer", s.t("report.answer_of", "Code", *f.Code, "Result", result, "Status", string(f.Status)))
	}
	frames := make([]string, len(f.Percentages))
	for i, p := range f.Percentages {
		frames[i] = app.FormatScore(p)
	}
	s.line("report.each_frame", strings.Join(frames, " "))
	s.quality(f.Quality)
	if e := f.Remote; e != nil {
		s.line("report.api", e.Host)
		s.line("report.call", s.t("report.call_of", "Status", e.Status, "Sent", e.Sent, "Size", e.Size))
		s.line(
			"report.times",
			s.t(
				"report.times_of", "Connect", export.Seconds(e.Connect), "Send", export.Seconds(e.Send),
				"Wait", export.Seconds(e.Wait),
			),
		)
	}
}

func (s *sheet) quality(q *history.Quality) {
	if q == nil {
		return
	}
	measures := func(m *history.Measures) string {
		if m == nil {
			return ""
		}
		return s.t("details.measures", "Total", m.Total, "Size", m.Size, "Sharpness", m.Sharpness, "Exposure", m.Exposure,
			"Contrast", m.Contrast, "Pose", m.Pose, "Tilt", m.Tilt, "Eyes", m.Eyes)
	}
	if q.PortraitPage > 0 {
		s.line("report.portrait", s.t(
			"report.portrait_of_"+yesNo(q.PortraitByHand), "Page", q.PortraitPage, "Warnings", q.PortraitNotes,
		))
	}
	s.line("report.of_document", measures(q.Document))
	s.line("report.of_camera", measures(q.Camera))
	s.line("report.frame_quality", strings.Trim(fmt.Sprint(q.Frames), "[]"))
	if q.CaptureWarning != "" {
		s.line("report.capture", s.t("report.capture_anyway", "Hint", s.t(q.CaptureWarning)))
	}
}

func (s *sheet) decisions(d history.Detail) {
	if d.Decision == history.Undecided {
		s.heading("report.nobody_decided")
	}
	if len(d.Decisions) == 0 {
		return
	}
	s.heading("report.decisions")
	for _, x := range d.Decisions {
		s.item(
			"%d  %s  %s  %s  %s", x.Seq, export.LocalTime(x.At), x.Operator, s.known("report.choice_", string(x.Choice)),
			export.ReasonWords(x, s.c.Words),
		)
		if x.Overrides != "" {
			s.item("    %s: %s", s.t("report.overrides"), s.t(app.OutcomeKey(x.Overrides)))
		}
		if x.Second != "" {
			s.item("    %s: %s (%s)", s.t("report.second"), x.Second, s.t("report.verified_"+yesNo(x.Verified)))
		}
		if note := s.sealed(x.Note, x.NoteSealed, x.NoteErased); s.names && note != "" {
			s.item("    %s: %s", s.t("report.note"), note)
		}
	}
}

// inspections writes what clerks answered about person and document.
func (s *sheet) inspections(d history.Detail) {
	if d.Inspection != "" {
		fmt.Fprintln(s.to)
		s.line("report.inspection", export.InspectionWords(d.Inspection, s.c.Words))
	}
	for _, x := range d.Inspected {
		s.item("%d  %s  %s  %s", x.Seq, export.LocalTime(x.At), x.Operator, export.InspectionWords(x.State, s.c.Words))
		for _, answer := range export.AnswerWords(x, s.c.Words) {
			s.item("    %s", answer)
		}
		if x.Reason != "" {
			s.item("    %s: %s", s.t("report.reason"), export.ObjectionWords(x, s.c.Words))
		}
		if note := s.sealed(x.Note, x.NoteSealed, x.NoteErased); s.names && note != "" {
			s.item("    %s: %s", s.t("report.note"), note)
		}
	}
}

func (s *sheet) sealed(value string, sealed, erased bool) string {
	return s.c.nameOf(history.Row{Name: value, Sealed: sealed, Erased: erased, Desk: s.desk})
}

// raw writes the raw answer, which may hold names.
func (s *sheet) raw(d history.Detail) {
	if raw := s.sealed(string(d.Raw), d.RawSealed, d.RawErased); s.names && raw != "" {
		s.heading("report.raw")
		for line := range strings.Lines(raw) {
			s.item("%s", strings.TrimRight(line, "\r\n"))
		}
	}
}

// Package detail shows everything about one check of the history.
package detail

import (
	"image"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/matcher"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
)

// keptPicture is the height of a kept picture.
const keptPicture = 180

// Shown is everything about a check, with its kept pictures ready to be
// shown.
type Shown struct {
	history.Detail
	DocumentPicture, FramePicture *image.RGBA // nil where none was kept, or it cannot be read

	Sample *Sample // the sample that is shown, where the check is in it
}

// View shows everything about one check. It is made anew for each.
type View struct {
	widget.BaseWidget
	kit.Parts
	Hooks Hooks

	Of      Shown
	Closer  *kit.Button
	Decide  *kit.Button // nil where nothing can be decided here
	Inspect *kit.Button // nil where no inspection is missing, or none can be made here
	Export  *kit.Button // nil where nothing can be exported from here
	Look    *kit.Button // nil where no sample is shown
	Hold    *kit.Button // nil where no hold can be put or lifted here
	Person  *kit.Button // nil where nothing can be gathered here
	Raw     *kit.Button // shows the answer's body
	rawText *widget.Label
	Reader  *kit.Reader
	content fyne.CanvasObject
}

// Hooks are what a check's detail asks of its screen. Decide, Inspect, Export,
// Hold and Person are nil where they cannot be done.
type Hooks struct {
	Close   func()
	Open    func(check string) // another attempt of the same session
	Copy    func(text string)
	Decide  func(row history.Row)
	Inspect func(row history.Row)
	Export  func(row history.Row)
	Hold    func(row history.Row, held bool) // puts the session on legal hold, or lifts it
	Person  func(of history.Detail)          // gathers everything about the person
}

// New shows a check.
func New(p kit.Parts, of Shown, hooks Hooks) *View {
	d := &View{Parts: p, Of: of, Hooks: hooks}
	body := container.NewVBox()
	d.Reader = p.Keys.Reader(body)
	for _, part := range []fyne.CanvasObject{
		d.verdicts(), d.score(), d.reasons(), d.decisions(), d.inspections(), d.attempts(), d.pictures(), d.person(),
		d.keeping(),
		d.quality(), d.engine(),
		d.times(), d.erasures(), d.record(), d.answer(),
	} {
		if part != nil {
			body.Add(part)
		}
	}
	top := container.NewVBox(d.head())
	if of.Hold != nil {
		top.Add(d.held())
	}
	if of.Sample != nil {
		top.Add(d.sample())
	}
	top.Add(widget.NewSeparator())
	d.content = container.NewBorder(top, nil, nil, nil, d.Reader)
	d.ExtendBaseWidget(d)
	return d
}

// CreateRenderer is part of fyne.Widget.
func (d *View) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(d.content) }

// head is who and when, and what can be done.
func (d *View) head() fyne.CanvasObject {
	name := kit.Bold(d.personName())
	name.SizeName = theme.SizeNameSubHeadingText
	name.Truncation = fyne.TextTruncateEllipsis
	buttons := container.NewHBox()
	if d.Hooks.Decide != nil && (decidable(d.Of.Outcome) || app.Unmatched(d.Of.Outcome)) {
		key := "detail.decide"
		if app.Unmatched(d.Of.Outcome) {
			key = "detail.identify"
		}
		if d.Of.Decision == history.Approved || d.Of.Decision == history.Rejected {
			key = "detail.decide_again"
		}
		d.Decide = d.Keys.Button(d.Words.T(key), theme.ConfirmIcon(), func() { d.Hooks.Decide(d.Of.Row) })
		if d.Of.Decision == history.Undecided {
			d.Decide.Importance = widget.HighImportance
		}
		buttons.Add(d.Decide)
	}
	if d.Hooks.Inspect != nil && d.Of.Inspection == history.InspectionOpen {
		d.Inspect = d.Keys.Button(d.Words.T("detail.inspect"), theme.VisibilityIcon(), func() { d.Hooks.Inspect(d.Of.Row) })
		buttons.Add(d.Inspect)
	}
	if d.Hooks.Export != nil {
		d.Export = d.Keys.Button(d.Words.T("detail.export"), theme.DocumentSaveIcon(), func() { d.Hooks.Export(d.Of.Row) })
		buttons.Add(d.Export)
	}
	d.Closer = d.Keys.Button(d.Words.T("detail.back"), theme.NavigateBackIcon(), d.Hooks.Close)
	when := widget.NewLabel(kit.Date(d.Of.At))
	when.Truncation = fyne.TextTruncateEllipsis
	return container.NewBorder(
		nil, nil, d.Closer, buttons, container.NewGridWithColumns(
			2, container.New(kit.Middle{}, name), container.New(kit.Middle{}, when),
		),
	)
}

// decidable says of what a person can decide: of a comparison.
func decidable(o history.Outcome) bool {
	return o == history.Pass || o == history.Refer || o == history.Fail
}

// personName is the name, or why it is missing.
func (d *View) personName() string {
	if d.Of.Name == "" && !d.Of.Sealed && !d.Of.Erased {
		return d.Words.T("detail.no_name")
	}
	return kit.PersonName(d.Words, d.Of.Row)
}

// section is a part of the detail under a title.
func (d *View) section(title string, parts ...fyne.CanvasObject) *fyne.Container {
	return container.NewVBox(append([]fyne.CanvasObject{widget.NewSeparator(), kit.Bold(d.Words.T(title))}, parts...)...)
}

// button is a button that is brought into sight when the keys come to it.
func (d *View) button(label string, icon fyne.Resource, tapped func()) *kit.Button {
	b := d.Keys.Button(label, icon, tapped)
	b.OnFocused = func() { d.Reader.Reveal(b) }
	return b
}

// verdicts shows what the machine found and, beside it in a panel of its own, what a
// person decided.
func (d *View) verdicts() fyne.CanvasObject {
	l := draw.LookOf(d.Of.Outcome)
	slug := strings.TrimPrefix(app.OutcomeKey(d.Of.Outcome), "outcome.")
	machine := draw.Panel(
		d.Words.T("detail.machine"), theme.ComputerIcon(), l, d.Words.T(app.OutcomeKey(d.Of.Outcome)), kit.Wrapped(
			d.Words.T("meaning."+slug),
		),
	)
	switch {
	case d.Of.Decision == history.Undecided:
		return container.NewGridWithColumns(2, machine, draw.Panel(d.Words.T("detail.person"), theme.AccountIcon(),
			draw.LookOpen, d.Words.T("detail.open"), kit.Wrapped(d.Words.T("detail.open_meaning"))))
	case len(d.Of.Decisions) > 0:
		newest := d.Of.Decisions[len(d.Of.Decisions)-1]
		word := "detail.approved"
		switch newest.Choice {
		case history.Reject:
			word = "detail.rejected"
		case history.Identify:
			word = "detail.identified"
		}
		return container.NewGridWithColumns(2, machine, draw.Panel(
			d.Words.T("detail.person"), theme.AccountIcon(), draw.LookOfChoice(newest.Choice), d.Words.T(word),
			kit.Wrapped(decidedByText(d.Words, newest)+"\n"+decisionReasonText(d.Words, newest))))
	}
	return machine
}

// compared says whether there is a score to show.
func (d *View) compared() bool {
	return d.Of.Finished != nil && d.Of.Finished.Score != nil
}

func (d *View) score() fyne.CanvasObject {
	if !d.compared() {
		return nil
	}
	f := d.Of.Finished
	score := float64(*f.Score) / 100
	title, scale := "result.score", draw.ScoreBounds(d.Of.Started.Rules)
	if d.Of.Mode == history.Remote { // the API's bounds are its own
		title, scale = "result.score_remote", draw.ScoreBounds(nil)
	}
	box := d.section(title, draw.NewGauge(score, d.Words.Percent(score), draw.LookOf(d.Of.Outcome).Color, scale,
		func(o history.Outcome) string { return d.Words.T(app.OutcomeKey(o)) }))
	if len(f.Percentages) > 0 {
		percentages := make([]float64, len(f.Percentages))
		for i, p := range f.Percentages {
			percentages[i] = float64(p) / 100
		}
		box.Add(kit.Bold(d.Words.T("result.frames", "Count", len(percentages))))
		box.Add(draw.NewBars(percentages, d.Words.T("result.lowest")))
	}
	return box
}

// reasons say why it ended so: what went wrong, and each condition with what was
// found.
func (d *View) reasons() fyne.CanvasObject {
	box := d.section("result.why")
	add := func(text string) { box.Add(kit.Wrapped(text)) }
	small := func(text string) {
		l := kit.Wrapped(text)
		l.SizeName = theme.SizeNameCaptionText
		box.Add(l)
	}
	f := d.Of.Finished
	if f == nil {
		return nil
	}
	if f.Problem != "" {
		add(recordedProblem(d.Words, f.Problem))
	}
	for _, side := range []struct {
		which string
		code  *int
		flaw  app.Flaw
	}{{"anchor", f.AnchorCode, f.DocumentFlaw}, {"target", f.TargetCode, f.Flaw}} {
		if side.code != nil && *side.code != matcher.CodeOK {
			text, _ := d.Words.Side(side.which, *side.code, side.flaw)
			add(text)
		}
	}
	if d.Of.Mode == history.Remote || d.compared() {
		for _, r := range export.Rulings(d.Of.Detail) {
			if r.Rule != nil {
				box.Add(d.condition(r))
				continue
			}
			add(d.Words.Reason(r.Text))
			small(r.Text)
		}
	}
	if q := f.Quality; q != nil && q.CaptureWarning != "" {
		add(d.Words.T("reason.filmed_anyway", "Hint", d.Words.T(q.CaptureWarning)))
	}
	if len(box.Objects) == 2 {
		return nil
	}
	return box
}

// condition is a condition, its value and whether it was met.
func (d *View) condition(r export.Ruling) fyne.CanvasObject {
	c, how, was := r.Rule, history.Outcome(r.Status), r.Was
	if was == "" {
		was = d.Words.T("number.none")
	}
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	field, op := d.Words.Field(c.Field), d.Words.Operator(c.Op)
	text := d.Words.T("detail.condition", "Field", field, "Was", was, "Op", op, "Pass", number(c.Pass))
	if c.Refer != nil {
		text = d.Words.T(
			"detail.condition_refer", "Field", field, "Was", was, "Op", op, "Pass", number(c.Pass), "Refer", number(*c.Refer),
		)
	}
	l := draw.LookOf(how)
	word := draw.Coloured(d.Words.T(app.OutcomeKey(how)), l.Color, theme.SizeNameText)
	return container.NewBorder(
		nil, nil, container.NewHBox(container.NewCenter(draw.NewShape(l, 18)), word), nil, kit.Wrapped(text),
	)
}

// recordedProblem are the words of a problem of which only the key was recorded.
func recordedProblem(w kit.Words, key string) string {
	if !w.Has(key) {
		return w.T("detail.problem", "Key", key)
	}
	return strings.ReplaceAll(w.T(key), "<no value>", "…") // what it was about is not recorded
}

// decisions are all that was decided, oldest first, where that is more than the
// panel above tells.
func (d *View) decisions() fyne.CanvasObject {
	if len(d.Of.Decisions) == 0 {
		return nil
	}
	box := d.section("detail.decisions")
	for _, decided := range d.Of.Decisions {
		text := []string{decisionText(d.Words, decided), decisionReasonText(d.Words, decided)}
		for _, more := range []string{noteText(d.Words, decided), overrideText(d.Words, decided)} {
			if more != "" {
				text = append(text, more)
			}
		}
		lines := container.NewVBox(kit.Wrapped(strings.Join(text, "\n")))
		if text, importance := secondText(d.Words, decided); text != "" {
			second := kit.Wrapped(text)
			second.Importance = importance
			lines.Add(second)
		}
		box.Add(
			container.NewBorder(
				nil, nil, container.NewVBox(container.NewPadded(draw.NewShape(draw.LookOfChoice(decided.Choice), 22))), nil, lines,
			),
		)
	}
	return box
}

// inspections are what clerks answered about person and document, oldest first.
func (d *View) inspections() fyne.CanvasObject {
	if d.Of.Inspection == "" {
		return nil
	}
	look := draw.LookOfInspection(d.Of.Inspection)
	box := d.section("report.inspection", container.NewHBox(container.NewCenter(draw.NewShape(look, 22)), draw.Coloured(
		export.InspectionWords(d.Of.Inspection, d.Words), look.Color, theme.SizeNameText,
	)))
	for _, x := range d.Of.Inspected {
		text := append(
			[]string{d.Words.T("detail.inspected", "Who", actorText(d.Words, x.Actor), "At", kit.Date(x.At), "Seq", x.Seq)},
			export.AnswerWords(x, d.Words)...,
		)
		if x.Reason != "" {
			text = append(text, d.Words.T("detail.reason", "Reason", export.ObjectionWords(x, d.Words)))
		}
		if note := sealedNote(d.Words, x.Note, x.NoteSealed, x.NoteErased); note != "" {
			text = append(text, note)
		}
		box.Add(kit.Wrapped(strings.Join(text, "\n")))
	}
	return box
}

// actorText is an operator, with the role where one is recorded.
func actorText(w kit.Words, a history.Actor) string {
	if a.Role == "" {
		return a.Operator
	}
	return w.T("detail.who", "Operator", a.Operator, "Role", w.T("detail.role."+string(a.Role)))
}

func decidedByText(w kit.Words, d history.Decided) string {
	return w.T("detail.by", "Who", actorText(w, d.Actor), "At", kit.Date(d.At))
}

// decisionText is a decision in one sentence.
func decisionText(w kit.Words, d history.Decided) string {
	key := "detail.decided_approve"
	switch d.Choice {
	case history.Reject:
		key = "detail.decided_reject"
	case history.Identify:
		key = "detail.decided_identify"
	}
	return w.T(key, "Who", actorText(w, d.Actor), "At", kit.Date(d.At), "Seq", d.Seq)
}

// decisionReasonText is a decision's reason in one line.
func decisionReasonText(w kit.Words, d history.Decided) string {
	reason := kit.DecisionReason(w, d.Choice, d.Reason)
	return w.T("detail.reason", "Reason", reason)
}

func noteText(w kit.Words, d history.Decided) string {
	return sealedNote(w, d.Note, d.NoteSealed, d.NoteErased)
}

// sealedNote is a note, or the reason why it cannot be shown. It is empty for a check without
// a note.
func sealedNote(w kit.Words, note string, sealed, erased bool) string {
	switch {
	case erased:
		return w.T("detail.note_erased")
	case sealed:
		return w.T("detail.note_sealed")
	case note == "":
		return ""
	}
	return w.T("detail.note", "Note", note)
}

func overrideText(w kit.Words, d history.Decided) string {
	switch d.Overrides {
	case "":
		return ""
	case history.Refer:
		return w.T("detail.overrides_decision")
	}
	return w.T("detail.overrides", "Outcome", w.T(app.OutcomeKey(d.Overrides)))
}

// secondText says who the second operator was, and whether that is certain.
func secondText(w kit.Words, d history.Decided) (string, widget.Importance) {
	switch {
	case d.Second == "":
		return "", widget.MediumImportance
	case d.Verified:
		return w.T("detail.second_verified", "Second", d.Second), widget.MediumImportance
	}
	return w.T("detail.second_unverified", "Second", d.Second), widget.WarningImportance
}

// attempts are all checks of the same session.
func (d *View) attempts() fyne.CanvasObject {
	if len(d.Of.Attempts) < 2 {
		return nil
	}
	box := d.section("detail.attempts")
	for i, a := range d.Of.Attempts {
		text := d.Words.T(
			"detail.attempt", "Number", i+1, "At", kit.Date(a.At), "Outcome", d.Words.T(app.OutcomeKey(a.Outcome)), "Score",
			kit.RowScore(d.Words, a),
		)
		if a.Decision != "" {
			text += ", " + kit.DecisionWord(d.Words, a.Decision)
		}
		if a.Check == d.Of.Check {
			box.Add(
				container.NewHBox(
					container.NewCenter(draw.NewShape(draw.LookOf(a.Outcome), 18)), kit.Bold(
						d.Words.T("detail.attempt_this", "Attempt", text),
					),
				),
			)
			continue
		}
		open := d.button(text, theme.NavigateNextIcon(), func() { d.Hooks.Open(a.Check) })
		open.Alignment = widget.ButtonAlignLeading
		box.Add(container.NewBorder(nil, nil, container.NewCenter(draw.NewShape(draw.LookOf(a.Outcome), 18)), nil, open))
	}
	return box
}

func (d *View) pictures() fyne.CanvasObject {
	if d.Of.DocumentPicture == nil && d.Of.FramePicture == nil {
		return nil
	}
	grid := container.NewGridWithColumns(2)
	for _, kept := range []struct {
		picture *image.RGBA
		caption string
	}{{d.Of.DocumentPicture, "result.portrait"}, {d.Of.FramePicture, "result.best"}} {
		if kept.picture == nil {
			continue
		}
		shown := draw.NewPicture(kept.picture)
		shown.SetMinSize(fyne.NewSize(keptPicture, keptPicture))
		grid.Add(
			container.NewBorder(
				nil, widget.NewLabelWithStyle(d.Words.T(kept.caption), fyne.TextAlignCenter, fyne.TextStyle{}), nil, nil, shown,
			),
		)
	}
	return d.section("detail.pictures", grid)
}

// facts are lines of a name and a value.
type facts struct {
	*fyne.Container
	d *View
}

func (d *View) facts() facts { return facts{container.New(layout.NewFormLayout()), d} }

func (f facts) add(key, value string) {
	if value == "" {
		return
	}
	f.Add(widget.NewLabel(f.d.Words.T(key)))
	f.Add(kit.Wrapped(value))
}

// id is a value to be copied, in letters that can be told apart.
func (f facts) id(name, value, shown string) {
	if value == "" {
		return
	}
	text := widget.NewLabel(shown)
	text.TextStyle.Monospace = true
	text.Truncation = fyne.TextTruncateEllipsis
	copies := f.d.button("", theme.ContentCopyIcon(), func() { f.d.Hooks.Copy(value) })
	copies.Importance = widget.LowImportance
	f.Add(widget.NewLabel(name))
	f.Add(container.NewBorder(nil, nil, nil, copies, text))
}

func (d *View) person() fyne.CanvasObject {
	s, f := d.Of.Started, d.facts()
	t := d.Words.T
	f.add("history.name", d.sealedName())
	f.add("report.reference", d.reference())
	for _, of := range export.DocumentFacts(d.Of.Detail, true, d.Words, d.sealedText) {
		f.add(of.Key, kit.Capital(of.Value))
	}
	if d.Of.Minor() {
		f.add("detail.minor", t("detail.yes"))
	}
	consent := t("detail.consent_given", "Wording", s.Consent.Wording)
	switch {
	case !s.Consent.Processing:
		consent = t("detail.consent_refused")
	case s.Consent.SendName:
		consent = t("detail.consent_name", "Wording", s.Consent.Wording)
	}
	f.add("detail.consent", consent)
	f.add("report.auditors", export.AuditWords(s.Audit, d.Words))
	operator := t("detail.operator_system", "Operator", d.Of.Operator)
	if s.SignedIn {
		operator = t("detail.operator_signed_in", "Operator", d.Of.Operator)
	}
	f.add("history.operator", operator)
	f.add("history.desk", d.Of.Desk)
	f.add("history.mode", t("mode.name."+string(d.Of.Mode)))
	if s.Chosen.Number > 0 {
		f.add("detail.chosen", kit.Capital(t("report.chosen", "Number", s.Chosen.Number, "Of", s.Chosen.Of)))
	}
	if !s.CameraPart.Whole() {
		f.add("detail.camera_part", t("report.part_of", "Part", s.CameraPart.Percent()))
	}
	if end := d.Of.Finished; end != nil && end.VirtualCamera != "" {
		f.add("report.filmed_by", kit.Capital(t("report.virtual", "Driver", end.VirtualCamera)))
	}
	switch s.DocumentFrom {
	case history.FromCamera:
		f.add("detail.document", kit.Capital(t("details.from_camera")))
	case history.FromFile:
		page := int64(1)
		if d.Of.Finished != nil && d.Of.Finished.Quality != nil {
			page = max(1, int64(d.Of.Finished.Quality.PortraitPage))
		}
		f.add("detail.document", kit.Capital(t("details.from_file", "Page", page)))
	}
	for _, o := range export.Origins(s, d.Words) {
		f.add(o[0], o[1])
	}
	return d.section("detail.who_where", f.Container)
}

func (d *View) sealedName() string {
	switch {
	case d.Of.Erased:
		return d.Words.T("detail.name_erased")
	case d.Of.Sealed:
		return d.Words.T("detail.name_sealed")
	}
	return d.personName()
}

// reference is the customer's own, or why it cannot be shown; empty where there is none.
func (d *View) reference() string {
	return d.sealedText(d.Of.Reference, d.Of.ReferenceSealed, d.Of.ReferenceErased)
}

// sealedText is a sealed part, or why it cannot be shown.
func (d *View) sealedText(value string, sealed, erased bool) string {
	switch {
	case erased:
		return d.Words.T("detail.name_erased")
	case sealed:
		return d.Words.T("detail.name_sealed")
	}
	return value
}

func (d *View) quality() fyne.CanvasObject {
	if d.Of.Finished == nil || d.Of.Finished.Quality == nil {
		return nil
	}
	q, f := d.Of.Finished.Quality, d.facts()
	for _, side := range []struct {
		key   string
		of    *history.Measures
		total int64
	}{{"detail.portrait", q.Document, q.Portrait}, {"detail.camera", q.Camera, 0}} {
		switch {
		case side.of != nil:
			f.add(side.key, kit.Capital(d.Words.Measures(side.of)))
		case side.total > 0: // recorded before each measure was
			f.add(side.key, d.Words.T("detail.quality_total", "Total", side.total))
		}
	}
	if q.PortraitByHand && d.Of.Started.Chosen.Number == 0 {
		f.add("detail.chosen", kit.Capital(d.Words.T("details.by_hand")))
	}
	if q.PortraitNotes > 0 {
		f.add("detail.warnings", strconv.FormatInt(q.PortraitNotes, 10))
	}
	if len(f.Objects) == 0 {
		return nil
	}
	return d.section("detail.quality", f.Container)
}

func (d *View) engine() fyne.CanvasObject {
	e, f := d.Of.Started.Description, d.facts()
	if d.Of.Finished != nil && d.Of.Finished.Description.Engine != "" {
		e = d.Of.Finished.Description // what decided in the end
	}
	f.add("detail.engine_name", e.Engine)
	if e.Engine != "" && d.Of.Mode != history.Remote {
		calibration := e.Calibration
		if !e.Calibrated {
			calibration = d.Words.T("detail.not_calibrated", "Calibration", e.Calibration)
		}
		f.add("detail.calibration", calibration)
	}
	f.add("detail.program", d.Of.Started.Program)
	for _, m := range e.Models {
		f.id(m.Name, m.SHA256, kit.ShortHash(m.SHA256))
	}
	if len(f.Objects) == 0 {
		return nil
	}
	box := d.section("detail.engine", f.Container)
	if len(e.Models) > 0 {
		note := kit.Wrapped(d.Words.T("detail.models_note"))
		note.SizeName = theme.SizeNameCaptionText
		box.Add(note)
	}
	return box
}

func (d *View) times() fyne.CanvasObject {
	f := d.facts()
	f.add("detail.started", kit.ExactTime(d.Of.At))
	if end := d.Of.Finished; end != nil {
		f.add("detail.took", d.Words.Seconds(end.Took))
		if r := end.Remote; r != nil {
			f.add("detail.host", r.Host)
			f.add(
				"details.times", d.Words.T(
					"details.times_of", "Connect", d.Words.Seconds(r.Connect), "Send", d.Words.Seconds(r.Send), "Wait",
					d.Words.Seconds(r.Wait),
				),
			)
			f.add("details.sent", d.Words.T("details.sent_of", "Sent", r.Sent, "Size", r.Size))
			if r.Status != 0 {
				f.add("detail.http", strconv.Itoa(r.Status))
			}
		}
	}
	return d.section("detail.times", f.Container)
}

func (d *View) erasures() fyne.CanvasObject {
	if len(d.Of.Erasures) == 0 {
		return nil
	}
	box := d.section("detail.erasures")
	for _, e := range d.Of.Erasures {
		parts := kit.Labels(e.Parts, func(p history.Part) string { return d.Words.T("detail.part." + string(p)) })
		why := d.Words.T("detail.erased_other", "Reason", e.Reason)
		switch e.Reason {
		case history.OnRequest:
			why = d.Words.T("detail.erased_request")
		case history.AfterPeriod:
			why = d.Words.T("detail.erased_period")
		}
		box.Add(
			kit.Wrapped(
				d.Words.T(
					"detail.erased", "At", kit.Date(e.At), "Parts", strings.Join(parts, ", "), "Who", actorText(d.Words, e.Actor),
					"Why", why,
				),
			),
		)
	}
	return box
}

// record is where all this stands in the chain.
func (d *View) record() fyne.CanvasObject {
	f := d.facts()
	t := d.Words.T
	f.id(t("detail.check"), d.Of.Check, d.Of.Check)
	f.id(t("detail.session"), d.Of.Session, d.Of.Session)
	f.id(t("detail.request"), d.Of.Request, d.Of.Request)
	seqs := kit.Labels(d.Of.Seqs, func(seq int64) string { return strconv.FormatInt(seq, 10) })
	f.add("detail.records", strings.Join(seqs, ", "))
	if h := d.Of.Head; h.Hash != "" {
		f.id(t("detail.head"), h.Hash, t("detail.head_of", "Seq", h.Seq, "Hash", kit.ShortHash(h.Hash)))
	}
	return d.section("detail.record", f.Container)
}

// answer is what the engine or the API said, in its own words.
func (d *View) answer() fyne.CanvasObject {
	var parts []fyne.CanvasObject
	if f := d.Of.Finished; f != nil && f.Code != nil {
		parts = append(parts, kit.Wrapped(d.Words.T("detail.answer_code", "Code", *f.Code, "Status", string(f.Status))))
	}
	switch {
	case d.Of.RawErased:
		parts = append(parts, kit.Wrapped(d.Words.T("detail.raw_erased")))
	case d.Of.RawSealed:
		parts = append(parts, kit.Wrapped(d.Words.T("detail.raw_sealed")))
	case len(d.Of.Raw) > 0:
		d.rawText = kit.Wrapped(kit.Excerpt(d.Of.Raw))
		d.rawText.TextStyle.Monospace = true
		d.rawText.Hide()
		d.Raw = d.button(d.Words.T("detail.raw_show"), theme.MenuDropDownIcon(), d.foldRaw)
		copies := d.button(d.Words.T("result.copy"), theme.ContentCopyIcon(), func() { d.Hooks.Copy(string(d.Of.Raw)) })
		parts = append(parts, container.NewHBox(d.Raw, copies), d.rawText)
	}
	if len(parts) == 0 {
		return nil
	}
	return d.section("detail.answer", parts...)
}

func (d *View) foldRaw() {
	icon, key := theme.MenuDropDownIcon(), "detail.raw_show"
	if d.rawText.Hidden {
		d.rawText.Show()
		icon, key = theme.MenuDropUpIcon(), "detail.raw_hide"
	} else {
		d.rawText.Hide()
	}
	d.Raw.SetText(d.Words.T(key))
	d.Raw.SetIcon(icon)
	d.Reader.Update()
}

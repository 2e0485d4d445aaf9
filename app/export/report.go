package export

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"facematch/app/export/paper"
	"facematch/app/history"
)

// printCheck prints everything about one check.
func (w *pdfWriter) printCheck(p *paper.Paper, d history.Detail) {
	shape, colour := look(d.Outcome)
	p.Verdict(shape, w.outcome(d.Outcome), colour, w.verdictWords(d)...)
	w.printScore(p, d, colour)
	w.printConditions(p, d)
	p.Heading(w.words.T("report.about"))
	p.Facts(w.facts(d))
	w.printDecisions(p, d)
	w.printInspections(p, d)
	w.printAttempts(p, d)
	w.printQuality(p, d)
	w.printEngine(p, d)
	w.printErasures(p, d)
}

// verdictWords are what belongs to the verdict at once.
func (w *pdfWriter) verdictWords(d history.Detail) []string {
	t := w.words.T
	var said []string
	switch {
	case d.Score != nil:
		said = append(said, t("report.scored", "Score", score(d.Row)))
	case d.Finished != nil && d.Finished.Problem != "":
		said = append(said, t(d.Finished.Problem))
	case d.Outcome == history.NotCompared:
		said = append(said, t("report.not_compared"))
		for _, key := range d.Finished.Why() {
			said = append(said, w.known("", key))
		}
	default:
		said = append(said, t("report.no_score"))
	}
	if l := last(d); l != nil {
		said = append(
			said,
			t(
				"report.decided", "Decision", w.decision(d.Decision), "Who", l.Operator, "At", LocalTime(l.At),
				"Reason", ReasonWords(*l, w.words),
			),
		)
	} else if d.Decision == history.Undecided {
		said = append(said, t("report.nobody_decided"))
	}
	if m := mrz(d); m != nil && m.Expired != nil && *m.Expired {
		said = append(said, t("report.document_expired"))
	}
	if d.Minor() {
		said = append(said, t("report.minor"))
	}
	if d.Inspection != "" {
		said = append(said, t("report.inspection_is", "State", InspectionWords(d.Inspection, w.words)))
	}
	return said
}

// printScore prints the gauge with the bounds that were in force, and a bar for
// each frame.
func (w *pdfWriter) printScore(p *paper.Paper, d history.Detail, colour paper.Colour) {
	if d.Finished == nil || d.Score == nil {
		return
	}
	zones, bounds := w.scale(d.Started)
	p.Heading(w.words.T("report.score"))
	p.Gauge(percent(*d.Score), score(d.Row), colour, zones, bounds)
	if len(d.Finished.Percentages) == 0 {
		return
	}
	p.Heading(w.words.T("report.frames", "Count", len(d.Finished.Percentages)))
	bars := make([]paper.Bar, len(d.Finished.Percentages))
	for i, f := range d.Finished.Percentages {
		bars[i] = paper.Bar{
			Value: percent(f), Label: history.FormatScore(f), Number: strconv.Itoa(i + 1), Colour: zoneOf(zones, percent(f)),
		}
	}
	p.Bars(bars, bounds)
}

func percent(hundredths int64) float64 { return float64(hundredths) / 100 }

// scale gives the stretches of the score, by the first condition that asks for a
// high one. The conditions of an API are its own and not known.
func (w *pdfWriter) scale(s history.Started) (zones []paper.Zone, bounds []paper.Bound) {
	if s.Mode == history.Remote {
		return nil, nil
	}
	for _, c := range s.Rules {
		if c.Field != "score" || c.Op != ">=" && c.Op != ">" {
			continue
		}
		from := 0.0
		zone := func(to float64, o history.Outcome) {
			_, colour := look(o)
			zones = append(zones, paper.Zone{From: from, To: to, Label: w.outcome(o), Colour: colour})
			from = to
		}
		bound := func(at float64, o history.Outcome) {
			_, colour := look(o)
			bounds = append(bounds, paper.Bound{At: at, Label: number(at), Colour: colour})
		}
		if c.Refer != nil {
			zone(*c.Refer, history.Fail)
			bound(*c.Refer, history.Refer)
			zone(c.Pass, history.Refer)
		} else {
			zone(c.Pass, history.Fail)
		}
		bound(c.Pass, history.Pass)
		zone(100, history.Pass)
		return zones, bounds
	}
	return nil, nil
}

func zoneOf(zones []paper.Zone, value float64) paper.Colour {
	for i := len(zones) - 1; i >= 0; i-- {
		if value >= zones[i].From {
			return zones[i].Colour
		}
	}
	return soft
}

// printConditions prints each condition, its value and whether it held.
func (w *pdfWriter) printConditions(p *paper.Paper, d history.Detail) {
	t := w.words.T
	rulings := Rulings(d)
	if len(rulings) == 0 {
		return
	}
	if d.Started.Mode == history.Remote {
		p.Heading(t("report.conditions_api"))
		table := p.Table([]paper.Column{{Title: t("report.condition"), Share: 3}, {Title: t("report.held"), Share: 2}})
		for _, r := range rulings {
			table.Row(r.Text, HeldWords(r, w.words))
		}
		return
	}
	p.Heading(t("report.conditions"))
	table := p.Table([]paper.Column{
		{Title: t("report.condition"), Share: 4}, {Title: t("report.pass"), Share: 2}, {Title: t("report.refer"), Share: 2},
		{Title: t("report.was"), Share: 2}, {Title: t("report.held"), Share: 4},
	})
	for _, r := range rulings {
		table.Row(r.Text, r.Pass, r.Refer, r.Was, HeldWords(r, w.words))
	}
}

// HeldWords says how a condition came out.
func HeldWords(r Ruling, words Words) string {
	if r.Status == "" {
		return words.T("report.condition_unasked")
	}
	return words.T("report.condition_" + string(r.Status))
}

func (w *pdfWriter) facts(d history.Detail) []paper.Fact {
	t := w.words.T
	s := d.Started
	facts := []paper.Fact{
		{Name: t("report.name"), Value: w.name(d.Row)},
	}
	add := func(key, value string) { facts = append(facts, paper.Fact{Name: t(key), Value: value}) }
	if reference := w.sealed(d.Reference, d.ReferenceSealed, d.ReferenceErased); w.about.Names && reference != "" {
		add("report.reference", reference)
	}
	add("report.started", LocalTime(d.At))
	operator := d.Operator + " (" + t("report.signed_in_"+yesNo(s.SignedIn)) + ")"
	add("report.operator", operator)
	add("report.desk", d.Desk)
	add("report.mode", w.known("report.mode_", string(d.Mode)))
	add("report.consent", ConsentWords(s.Consent, w.words))
	if s.Audit != nil {
		add("report.auditors", AuditWords(s.Audit, w.words))
	}
	if s.DocumentFrom != "" {
		add("report.document", w.known("report.document_", string(s.DocumentFrom)))
	}
	for _, f := range DocumentFacts(d, w.about.Names, w.words, w.sealed) {
		add(f.Key, f.Value)
	}
	if s.Chosen.Number > 0 {
		add("report.portrait", t("report.chosen", "Number", s.Chosen.Number, "Of", s.Chosen.Of))
	}
	if !s.CameraPart.Whole() {
		add("report.part", t("report.part_of", "Part", s.CameraPart.Percent()))
	}
	if f := d.Finished; f != nil {
		if f.VirtualCamera != "" {
			add("report.filmed_by", t("report.virtual", "Driver", f.VirtualCamera))
		}
		add("report.took", Seconds(f.Took))
		if f.Code != nil {
			add(
				"report.answer",
				t(
					"report.answer_of", "Code", *f.Code, "Result", optional(f.Result, strconv.FormatBool),
					"Status", string(f.Status),
				),
			)
		}
		if f.Quality != nil && f.Quality.CaptureWarning != "" {
			add("report.capture", t("report.capture_anyway", "Hint", w.known("", f.Quality.CaptureWarning)))
		}
	}
	for _, o := range Origins(s, w.words) {
		add(o[0], o[1])
	}
	if d.Hold != nil {
		add("report.hold", HoldWords(*d.Hold, w.words))
	}
	add("report.check", d.Check)
	add("report.session", d.Session)
	add("report.request", d.Request)
	add("report.records", numbers(d.Seqs))
	return facts
}

// Origins say where a check came from, where it was not simply made at the desk: the key
// of a name and the words beside it.
func Origins(s history.Started, w Words) (origins [][2]string) {
	if s.Kept != "" {
		origins = append(origins, [2]string{"report.kept", s.Kept})
	}
	if s.Prefilled {
		origins = append(origins, [2]string{"report.video", w.T("report.prefilled")})
	}
	if s.Served {
		origins = append(origins, [2]string{"report.asked_by", w.T("report.served")})
	}
	return origins
}

// HoldWords says since when a session is on legal hold, and by whom.
func HoldWords(h history.Holding, words Words) string {
	return words.T("report.held_since", "At", LocalTime(h.At), "Who", h.Operator, "Seq", h.Seq)
}

// ConsentWords says what the person agreed to.
func ConsentWords(c history.Consent, words Words) string {
	if !c.Processing {
		return words.T("report.consent_refused")
	}
	return words.T("report.consent_"+yesNo(c.SendName), "Wording", c.Wording)
}

// Seconds writes how long something took.
func Seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s" }

func numbers(all []int64) string {
	words := make([]string, len(all))
	for i, n := range all {
		words[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(words, ", ")
}

func (w *pdfWriter) printDecisions(p *paper.Paper, d history.Detail) {
	if len(d.Decisions) == 0 {
		return
	}
	t := w.words.T
	p.Heading(t("report.decisions"))
	columns := []paper.Column{
		{
			Title: t("report.record"), Share: 13, Right: true,
		}, {Title: t("report.time"), Share: 24}, {Title: t("report.operator"), Share: 20},
		{Title: t("report.decision"), Share: 17},
		{
			Title: t("report.reason"), Share: 28,
		}, {Title: t("report.overrides"), Share: 18}, {Title: t("report.second"), Share: 22},
	}
	if w.about.Names {
		columns = append(columns, paper.Column{Title: t("report.note"), Share: 46})
	}
	table := p.Table(columns)
	for _, x := range d.Decisions {
		second, overrides := "", ""
		if x.Second != "" {
			second = x.Second + " (" + t("report.verified_"+yesNo(x.Verified)) + ")"
		}
		if x.Overrides != "" {
			overrides = w.outcome(x.Overrides)
		}
		cells := []string{
			strconv.FormatInt(
				x.Seq, 10,
			), LocalTime(x.At), x.Operator, w.known("report.choice_", string(x.Choice)), ReasonWords(x, w.words),
			overrides, second,
		}
		if w.about.Names {
			cells = append(cells, w.sealed(x.Note, x.NoteSealed, x.NoteErased))
		}
		table.Row(cells...)
	}
}

// printInspections prints what clerks answered about person and document.
func (w *pdfWriter) printInspections(p *paper.Paper, d history.Detail) {
	if len(d.Inspected) == 0 {
		return
	}
	t := w.words.T
	p.Heading(t("report.inspections"))
	columns := []paper.Column{
		{Title: t("report.record"), Share: 13, Right: true}, {Title: t("report.time"), Share: 24},
		{Title: t("report.operator"), Share: 20}, {Title: t("report.inspection"), Share: 22},
		{Title: t("report.answers"), Share: 46}, {Title: t("report.reason"), Share: 28},
	}
	if w.about.Names {
		columns = append(columns, paper.Column{Title: t("report.note"), Share: 30})
	}
	table := p.Table(columns)
	for _, x := range d.Inspected {
		cells := []string{
			strconv.FormatInt(x.Seq, 10), LocalTime(x.At), x.Operator, InspectionWords(x.State, w.words),
			strings.Join(AnswerWords(x, w.words), "; "), ObjectionWords(x, w.words),
		}
		if w.about.Names {
			cells = append(cells, w.sealed(x.Note, x.NoteSealed, x.NoteErased))
		}
		table.Row(cells...)
	}
}

// sealed is what is printed in the place of a sealed part.
func (w *pdfWriter) sealed(value string, sealed, erased bool) string {
	switch state(value != "", sealed, erased) {
	case "sealed":
		return w.words.T("history.sealed")
	case "erased":
		return w.words.T("report.erased")
	}
	return value
}

func (w *pdfWriter) printAttempts(p *paper.Paper, d history.Detail) {
	if len(d.Attempts) < 2 {
		return
	}
	t := w.words.T
	p.Heading(t("report.attempts", "Count", len(d.Attempts)))
	table := p.Table([]paper.Column{
		{
			Title: t("report.record"), Share: 13, Right: true,
		}, {Title: t("report.time"), Share: 40}, {Title: t("report.outcome"), Share: 26},
		{Title: t("report.score"), Share: 13, Right: true},
		{
			Title: t("report.decision"), Share: 18,
		}, {Title: t("report.operator"), Share: 22}, {Title: t("report.check"), Share: 50},
	})
	for _, a := range d.Attempts {
		check := a.Check
		if a.Check == d.Check {
			check = t("report.this_check")
		}
		table.Row(
			strconv.FormatInt(a.Seq, 10), LocalTime(a.At), w.outcome(a.Outcome), score(a), w.decision(a.Decision), a.Operator,
			check,
		)
	}
}

func (w *pdfWriter) printQuality(p *paper.Paper, d history.Detail) {
	if d.Finished == nil || d.Finished.Quality == nil {
		return
	}
	t := w.words.T
	q := d.Finished.Quality
	p.Heading(t("report.quality"))
	if q.Document != nil || q.Camera != nil {
		table := p.Table(
			[]paper.Column{
				{Title: t("report.measure"), Share: 3}, {Title: t("report.of_document"), Share: 2, Right: true},
				{Title: t("report.of_camera"), Share: 2, Right: true}, {Share: 3},
			},
		)
		for _, m := range measures {
			table.Row(t(m.key), measured(q.Document, m.of), measured(q.Camera, m.of), "")
		}
		p.Space(1.5)
	}
	facts := []paper.Fact{}
	if q.PortraitPage > 0 {
		facts = append(
			facts,
			paper.Fact{
				Name:  t("report.portrait"),
				Value: t("report.portrait_of_"+yesNo(q.PortraitByHand), "Page", q.PortraitPage, "Warnings", q.PortraitNotes),
			},
		)
	}
	frames := make([]string, len(q.Frames))
	for i, f := range q.Frames {
		frames[i] = fmt.Sprintf("%d: %d", i+1, f)
		if i < len(q.FramesEyes) {
			frames[i] += fmt.Sprintf(" (%d px)", q.FramesEyes[i])
		}
	}
	facts = append(facts, paper.Fact{Name: t("report.frame_quality"), Value: strings.Join(frames, ", ")})
	p.Facts(facts)
}

var measures = []struct {
	key string
	of  func(history.Measures) int64
}{
	{"report.measure_total", func(m history.Measures) int64 { return m.Total }},
	{"report.measure_size", func(m history.Measures) int64 { return m.Size }},
	{"report.measure_sharpness", func(m history.Measures) int64 { return m.Sharpness }},
	{"report.measure_exposure", func(m history.Measures) int64 { return m.Exposure }},
	{"report.measure_contrast", func(m history.Measures) int64 { return m.Contrast }},
	{"report.measure_pose", func(m history.Measures) int64 { return m.Pose }},
	{"report.measure_tilt", func(m history.Measures) int64 { return m.Tilt }},
	{"report.measure_eyes", func(m history.Measures) int64 { return m.Eyes }},
}

func measured(m *history.Measures, of func(history.Measures) int64) string {
	if m == nil {
		return "–"
	}
	return strconv.FormatInt(of(*m), 10)
}

// printEngine prints what decided, so that a result can be made again.
func (w *pdfWriter) printEngine(p *paper.Paper, d history.Detail) {
	t := w.words.T
	p.Heading(t("report.engine"))
	by := description(d)
	facts := []paper.Fact{
		{Name: t("report.program"), Value: d.Started.Program},
		{Name: t("report.engine_name"), Value: by.Engine},
	}
	if by.Calibration != "" {
		facts = append(
			facts,
			paper.Fact{
				Name: t("report.calibration"), Value: by.Calibration + " (" + t("report.calibrated_"+yesNo(by.Calibrated)) + ")",
			},
		)
	}
	if f := d.Finished; f != nil && f.Remote != nil {
		e := f.Remote
		facts = append(
			facts,
			paper.Fact{Name: t("report.api"), Value: e.Host},
			paper.Fact{Name: t("report.call"), Value: t("report.call_of", "Status", e.Status, "Sent", e.Sent, "Size", e.Size)},
			paper.Fact{
				Name:  t("report.times"),
				Value: t("report.times_of", "Connect", Seconds(e.Connect), "Send", Seconds(e.Send), "Wait", Seconds(e.Wait)),
			},
		)
	}
	p.Facts(facts)
	if len(by.Models) == 0 {
		return
	}
	table := p.Table([]paper.Column{{Title: t("report.model"), Share: 3}, {Title: "SHA-256", Share: 5}})
	for _, m := range by.Models {
		table.Row(m.Name, m.SHA256)
	}
}

func (w *pdfWriter) printErasures(p *paper.Paper, d history.Detail) {
	if len(d.Erasures) == 0 {
		return
	}
	t := w.words.T
	p.Heading(t("report.erasures"))
	table := p.Table(
		[]paper.Column{
			{Title: t("report.time"), Share: 2}, {Title: t("report.operator"), Share: 2}, {Title: t("report.parts"), Share: 3},
			{Title: t("report.reason"), Share: 2},
		},
	)
	for _, e := range d.Erasures {
		parts := make([]string, len(e.Parts))
		for i, part := range e.Parts {
			parts[i] = w.known("report.part_", string(part))
		}
		table.Row(LocalTime(e.At), e.Operator, strings.Join(parts, ", "), e.Reason)
	}
}

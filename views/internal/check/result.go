package check

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
	"facematch/views/internal/draw"
	"facematch/views/internal/inspect"
	"facematch/views/internal/kit"
)

const sizeOfShape = 64

// shownCheck is a check that has ended, with what the screen knew about it.
type shownCheck struct {
	app.Check
	unrecorded error           // the end of the check could not be recorded
	rules      []app.Condition // in force when it began
	portrait   app.Portrait    // found before the check
	page       int             // of the document, as the clerk counts; 0: not known
	byCamera   bool            // the document was a photo by the camera
	kept       string          // which kept check was sent, whose pictures are not shown; empty: none
}

// outcome is what is shown: a check whose end is not in the history does not
// count as made.
func (c shownCheck) outcome() history.Outcome {
	if c.unrecorded != nil {
		return history.CouldNotRun
	}
	return c.Outcome
}

// compared says whether there is a score to show.
func (c shownCheck) compared() bool {
	return c.unrecorded == nil && c.Answer != nil && c.Answer.Result.Data.Code == matcher.CodeOK && c.Exchange.Has("score")
}

// badFilm says whether the film alone is why nothing was compared.
func (c shownCheck) badFilm() bool {
	if c.unrecorded != nil || c.Answer == nil || c.kept != "" {
		return false
	}
	data := c.Answer.Result.Data
	return data.Anchor.Code == matcher.CodeOK && data.Target.Code != matcher.CodeOK
}

// doubtedFilm says whether something in the film is why a person has to decide.
func (c shownCheck) doubtedFilm() bool {
	return c.compared() && c.outcome() == history.Refer && c.kept == "" &&
		slices.ContainsFunc(c.Answer.Result.Scoring.FailedRefer, ofFilm)
}

// ofFilm says whether a reason to refer lies in the film.
func ofFilm(reason string) bool {
	return reason != app.ReasonMinor && reason != app.ReasonExpired && app.ReasonKey(reason) != ""
}

// meaning is the key of the sentence beside the word.
func (c shownCheck) meaning() string {
	if c.compared() && c.outcome() == history.Refer {
		scored := func(reason string) bool { return app.ReasonKey(reason) == "" }
		switch reasons := c.Answer.Result.Scoring.FailedRefer; {
		case len(reasons) == 0 || slices.ContainsFunc(reasons, scored):
		case c.doubtedFilm(): // the match is clear enough, here and below
			return "meaning.refer_film"
		case slices.Contains(reasons, app.ReasonMinor):
			return "meaning.refer_minor"
		default:
			return "meaning.refer_expired"
		}
	}
	return "meaning." + strings.ReplaceAll(string(c.outcome()), " ", "_")
}

// together is the frame in which more than one face counts, where that is why
// nothing was compared; nil otherwise.
func (c shownCheck) together() *app.Sight {
	if !c.badFilm() || c.Answer.Result.Data.Target.Code != matcher.CodeTwoFaces {
		return nil
	}
	return c.Answer.Others
}

// resultDesk is what a result needs of the desk.
type resultDesk interface {
	May(a app.Action) bool
	offersDesk
	inspect.Desk
}

// resultView shows how one check ended. It is made anew for each.
type resultView struct {
	widget.BaseWidget
	kit.Parts
	desk resultDesk

	// OnNew asks for the next person, OnAgain for another attempt with this one,
	// OnFilm for one at once.
	OnNew, OnAgain, OnFilm func()
	// OnDecide asks for a decision, with a choice made already or none.
	OnDecide func(chosen history.Choice)
	// OnCopy copies the session's id.
	OnCopy func(text string)

	check      shownCheck
	inspection *inspect.Form // what the clerk sees; nil where nothing is asked
	next       *kit.Button   // the next person
	offers     *offers       // where the API has not taken the check; nil otherwise
	more       *kit.Button   // shows the details
	state      history.DecisionState
	reason     string          // of the newest decision, in words
	deciding   *fyne.Container // what people decide about it
	details    *fyne.Container
	content    fyne.CanvasObject
}

func newResultView(p kit.Parts, desk resultDesk, c shownCheck) *resultView {
	r := &resultView{Parts: p, desk: desk, check: c}
	next := p.Keys.Button(p.Words.T("result.new"), theme.ContentAddIcon(), func() { r.OnNew() })
	next.Importance = widget.HighImportance
	again := p.Keys.Button(p.Words.T("result.again"), theme.ViewRefreshIcon(), func() { r.OnAgain() })

	film := p.Keys.Button(p.Words.T("result.film_again"), theme.MediaRecordIcon(), func() { r.OnFilm() })
	if film.Hide(); c.badFilm() || c.doubtedFilm() {
		// A better one comes to a clear result.
		film.Importance, next.Importance = widget.HighImportance, widget.MediumImportance
		film.Show()
		again.Hide()
	}
	if p := c.Unsent; p != nil {
		r.offers = newOffers(r.Parts, r.desk, p)
		again.Hide() // the offers begin with it
	}
	if c.kept != "" {
		again.Hide()
	}
	if c.outcome() == history.Refer {
		r.state = history.Undecided
	}
	r.next = next
	if r.inspected() {
		r.inspection = inspect.New(p, desk, c.ID)
		r.inspection.OnChanged = r.layDecision
	}
	r.deciding = container.NewVBox()
	r.layDecision()
	body := container.NewGridWithColumns(2, r.comparison(), container.NewVScroll(r.explanation()))
	r.content = container.NewBorder(
		container.NewVBox(r.verdict(container.NewHBox(film, again, next)), widget.NewSeparator()),
		nil, nil, nil, body,
	)
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer is part of fyne.Widget.
func (r *resultView) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(r.content)
}

// inspected says whether the clerk is asked what they see: where there is a verdict about a
// person who stands here.
func (r *resultView) inspected() bool {
	o := r.check.outcome()
	return (o == history.Pass || o == history.Refer || o == history.Fail) && r.check.kept == "" &&
		r.desk.Settings().Inspection.Use != history.InspectionOff && r.desk.May(app.ActionCheck)
}

// waits is the key of why the next person and an approval have to wait; empty: they need not.
func (r *resultView) waits() string {
	if r.inspection == nil {
		return ""
	}
	return r.inspection.Waits()
}

// leave records what the clerk answered so far, and then goes on.
func (r *resultView) leave(next func()) {
	if r.inspection == nil {
		next()
		return
	}
	r.inspection.Leave(next)
}

// verdict is the one thing to be seen from across the desk, and what to do.
func (r *resultView) verdict(buttons fyne.CanvasObject) fyne.CanvasObject {
	outcome := r.check.outcome()
	l := draw.LookOf(outcome)
	word := draw.Coloured(r.Words.T(app.OutcomeKey(outcome)), l.Color, draw.SizeVerdict)
	meaning := kit.Wrapped(r.Words.T(r.check.meaning()))
	return container.NewBorder(nil, nil,
		container.NewHBox(container.NewCenter(draw.NewShape(l, sizeOfShape)), word),
		container.NewCenter(buttons),
		container.New(kit.Middle{}, meaning),
	)
}

// comparison is what was compared: both faces in the same size, the score, each
// frame.
func (r *resultView) comparison() fyne.CanvasObject {
	portrait, best := r.faces()
	none := "result.no_best"
	if r.check.Mode == history.Remote {
		none = "result.no_best_remote"
	}
	var faces fyne.CanvasObject = container.New(
		kit.Middle{}, kit.Centred(r.Words.T("result.kept_sealed", "Kept", r.check.kept)),
	)
	if r.check.kept == "" {
		faces = container.NewGridWithColumns(2,
			r.face(portrait, "result.portrait", "result.no_portrait"),
			r.face(best, "result.best", none),
		)
	}
	if both := r.check.together(); both != nil {
		return r.together(*both)
	}
	if !r.check.compared() {
		return container.NewVBox(faces)
	}
	box := container.NewVBox()
	data := r.check.Answer.Result.Data
	title, bounds := "result.score", draw.ScoreBounds(r.check.rules)
	if r.check.Exchange != nil { // the API's bounds are its own
		title, bounds = "result.score_remote", draw.ScoreBounds(nil)
	}
	box.Add(kit.Bold(r.Words.T(title)))
	box.Add(draw.NewGauge(data.Score, r.Words.Percent(data.Score), draw.LookOf(r.check.Outcome).Color, bounds,
		func(o history.Outcome) string { return r.Words.T(app.OutcomeKey(o)) }))
	if rarity, measured := app.RarityWords(r.check.Answer.Rarity); measured {
		box.Add(kit.Centred(r.Words.Notice(rarity)))
	}
	if len(data.Percentages) > 0 {
		box.Add(kit.Bold(r.Words.T("result.frames", "Count", len(data.Percentages))))
		box.Add(draw.NewBars(data.Percentages, r.Words.T("result.lowest")))
	}
	return container.NewBorder(nil, box, nil, nil, faces)
}

// together shows a frame with the faces that count in it. It is not kept anywhere.
func (r *resultView) together(both app.Sight) fyne.CanvasObject {
	shown := draw.NewPicture(both.Frame.Image)
	shown.SetMinSize(fyne.NewSize(320, 240))
	marks := draw.NewOutlines()
	marks.Alike = true
	marks.Set(both.Faces, both.Frame.Image.Rect.Size(), false, false)
	return container.NewBorder(nil, kit.Centred(r.Words.T("result.together")), nil, nil, container.NewStack(shown, marks))
}

func (r *resultView) faces() (portrait, best *image.RGBA) {
	portrait = r.check.portrait.Image
	if a := r.check.Answer; a != nil {
		if a.Portrait != nil && a.Portrait.Image != nil {
			portrait = a.Portrait.Image
		}
		if a.Best >= 0 && a.Best < len(a.Frames) {
			best = a.Frames[a.Best].Face
		}
	}
	return portrait, best
}

func (r *resultView) face(picture *image.RGBA, caption, none string) fyne.CanvasObject {
	center := fyne.TextAlignCenter
	if picture == nil {
		nothing := kit.Wrapped(r.Words.T(none))
		nothing.Alignment = center
		return container.NewBorder(nil, widget.NewLabelWithStyle(r.Words.T(caption), center, fyne.TextStyle{}), nil, nil,
			container.New(kit.Middle{}, nothing))
	}
	shown := draw.NewPicture(picture)
	least := fyne.NewSize(120, 130) // grows with the window, above gauge and bars
	if !r.check.compared() {
		least.Height = 280
	}
	shown.SetMinSize(least)
	return container.NewBorder(
		nil, widget.NewLabelWithStyle(r.Words.T(caption), center, fyne.TextStyle{}), nil, nil, shown,
	)
}

// explanation is why, what the clerk still has to look at, and what an auditor
// would ask.
func (r *resultView) explanation() fyne.CanvasObject {
	box := container.NewVBox()
	if r.offers != nil {
		box.Add(r.offers.box)
	}
	if r.check.outcome() == history.Refer {
		box.Add(r.deciding)
	}
	if reasons := r.reasons(); len(reasons) > 0 {
		box.Add(kit.Bold(r.Words.T("result.why")))
		for _, o := range reasons {
			box.Add(o)
		}
	}
	if r.inspection != nil {
		box.Add(r.inspection.Content)
	}
	if len(box.Objects) > 0 {
		box.Add(widget.NewSeparator())
	}
	box.Add(kit.Bold(r.Words.T("mode.name." + string(r.check.Mode))))
	box.Add(kit.Wrapped(r.decidedBy()))
	session := widget.NewLabel(r.check.Session)
	session.Truncation = fyne.TextTruncateEllipsis
	session.SizeName = theme.SizeNameCaptionText
	copySession := r.Keys.Button(r.Words.T("result.copy"), theme.ContentCopyIcon(), func() { r.OnCopy(r.check.Session) })
	box.Add(
		container.NewBorder(
			nil, nil, widget.NewLabel(r.Words.T("result.session")), copySession, container.New(kit.Middle{}, session),
		),
	)
	r.details = r.apiDetails()
	r.details.Hide()
	r.more = r.Keys.Button(r.Words.T("result.details"), theme.MenuDropDownIcon(), func() {
		if r.details.Hidden {
			r.details.Show()
			r.more.SetIcon(theme.MenuDropUpIcon())
		} else {
			r.details.Hide()
			r.more.SetIcon(theme.MenuDropDownIcon())
		}
	})
	box.Add(container.NewHBox(r.more, layout.NewSpacer()))
	box.Add(r.details)
	switch o := r.check.outcome(); {
	case o == history.Pass, o == history.Fail, app.Unmatched(o) && r.check.unrecorded == nil:
		box.Add(r.deciding)
	}
	return box
}

// undecided says whether the check was referred and still waits for a decision.
func (r *resultView) undecided() bool { return r.state == history.Undecided }

// row is the check as lists show it.
func (r *resultView) row() history.Row {
	row := history.Row{
		Check: r.check.ID, Session: r.check.Session, At: r.check.At, Mode: r.check.Mode, Outcome: r.check.outcome(),
		Decision: r.state,
	}
	if r.inspection != nil {
		row.Inspection = r.inspection.State()
	}
	if r.check.compared() {
		score := int64(math.Round(r.check.Answer.Result.Data.Score * 100))
		row.Score = &score
	}
	return row
}

// decidedAs shows a decision that was recorded.
func (r *resultView) decidedAs(in app.DecisionInput) {
	r.state = history.Approved
	switch in.Choice {
	case history.Reject:
		r.state = history.Rejected
	case history.Identify:
		r.state = history.Identified
	}
	if r.reason = kit.DecisionReason(r.Words, in.Choice, in.Reason); in.Reason == history.ReasonOther {
		r.reason = in.Note
	}
	r.layDecision()
}

// layDecision shows what people decided, or asks them to. What the role may not
// do has no button.
func (r *resultView) layDecision() {
	r.deciding.RemoveAll()
	kit.Enable(r.next, r.waits() == "")
	ask := func(key string, icon fyne.Resource, chosen history.Choice) *kit.Button {
		return r.Keys.Button(r.Words.T(key), icon, func() { r.OnDecide(chosen) })
	}
	switch r.state {
	case history.Undecided:
		r.deciding.Add(kit.Bold(r.Words.T("deciding.asked")))
		if !r.desk.May(app.ActionDecide) {
			r.deciding.Add(kit.Wrapped(r.Words.T("deciding.others")))
			return
		}
		r.deciding.Add(kit.Wrapped(r.Words.T("deciding.how")))
		approve := ask("deciding.approve", theme.ConfirmIcon(), history.Approve)
		kit.Enable(approve, r.waits() == "")
		r.deciding.Add(container.NewHBox(approve, ask("deciding.reject", theme.CancelIcon(), history.Reject)))
	case history.Approved, history.Rejected, history.Identified:
		choice := map[history.DecisionState]history.Choice{
			history.Approved: history.Approve, history.Rejected: history.Reject, history.Identified: history.Identify,
		}[r.state]
		l := draw.LookOfChoice(choice)
		r.deciding.Add(container.NewHBox(container.NewCenter(draw.NewShape(l, 24)),
			draw.Coloured(r.Words.T("decision."+string(r.state)), l.Color, theme.SizeNameSubHeadingText)))
		r.deciding.Add(kit.Wrapped(r.Words.T("deciding.recorded", "Reason", r.reason)))
	default:
		switch {
		case !r.desk.May(app.ActionOverride):
		case app.Unmatched(r.check.outcome()):
			r.deciding.Add(kit.Wrapped(r.Words.T("identify.how")))
			r.deciding.Add(container.NewHBox(ask("identify.button", theme.AccountIcon(), history.Identify)))
		default: // a pass or fail, which stands unless two people say otherwise
			r.deciding.Add(container.NewHBox(ask("deciding.override_button", theme.DocumentCreateIcon(), "")))
		}
	}
}

// reasons are the sentences that say why it ended so, gravest first.
func (r *resultView) reasons() []fyne.CanvasObject {
	var lines []fyne.CanvasObject
	add := func(text, small string) {
		lines = append(lines, kit.Wrapped(text))
		if small != "" {
			l := kit.Wrapped(small)
			l.SizeName = theme.SizeNameCaptionText
			lines = append(lines, l)
		}
	}
	c := r.check
	if c.unrecorded != nil {
		add(r.Words.ProblemText(c.unrecorded), "")
		add(r.Words.T("reason.unrecorded"), "")
	}
	if c.Problem != nil {
		add(r.Words.ProblemText(c.Problem), "")
	}
	if c.Answer != nil {
		result := c.Answer.Result
		if code := result.Data.Anchor.Code; code != matcher.CodeOK {
			var flaw app.Flaw
			if c.Answer.Portrait != nil {
				flaw = c.Answer.Portrait.Flaw
			}
			text, advice := r.Words.Side("anchor", code, flaw)
			add(kit.Join(text, advice), "")
		}
		if code := result.Data.Target.Code; code != matcher.CodeOK {
			text, advice := r.Words.Side("target", code, c.Answer.Flaw)
			add(kit.Join(text, advice), "")
		}
		if result.Data.Code == matcher.CodeOK {
			for _, text := range append(append([]string{}, result.Scoring.Failed...), result.Scoring.FailedRefer...) {
				add(r.Words.Reason(text), text)
			}
		}
	}
	if hint := c.Filmed.Warning; hint.Key != "" {
		add(r.Words.T("reason.filmed_anyway", "Hint", r.Words.Notice(hint)), "")
	}
	if c.Virtual != "" {
		add(r.Words.T("reason.virtual", "Driver", c.Virtual), "")
	}
	if c.Warning != nil {
		add(r.Words.ProblemText(c.Warning), "")
	}
	return lines
}

// host is whom a check by the API went to.
func (r *resultView) host() string {
	if e := r.check.Exchange; e != nil {
		return e.Host
	}
	return app.Host(r.desk.Settings().API.Base)
}

func (r *resultView) decidedBy() string {
	seconds := r.Words.Seconds(r.check.Took)
	if r.check.Answer == nil {
		return r.Words.T("result.took", "Seconds", seconds)
	}
	if r.check.Exchange != nil {
		return r.Words.T("result.decided_remote", "Host", r.host(), "Seconds", seconds)
	}
	e := r.check.Answer.Engine
	if !e.Calibrated && r.check.compared() { // without a score there is nothing to calibrate
		return r.Words.T("result.decided_uncalibrated", "Engine", e.Engine, "Seconds", seconds)
	}
	return r.Words.T("result.decided", "Engine", e.Engine, "Seconds", seconds)
}

// documentDetail is what the record says of the document.
func (r *resultView) documentDetail() string {
	text := r.Words.T("details.from_file", "Page", max(1, r.check.page))
	if r.check.byCamera {
		text = r.Words.T("details.from_camera")
	}
	if r.check.portrait.ByHand {
		text += ", " + r.Words.T("details.by_hand")
	}
	return text
}

// apiDetails are the answer's own fields, in the words of the interface.
func (r *resultView) apiDetails() *fyne.Container {
	form := container.New(layout.NewFormLayout())
	row := func(key, value string) {
		form.Add(widget.NewLabelWithStyle(r.Words.T(key), fyne.TextAlignLeading, fyne.TextStyle{Monospace: true}))
		l := kit.Wrapped(value)
		l.TextStyle.Monospace = true
		form.Add(l)
	}
	row("details.check", r.check.ID)
	row("details.document", r.documentDetail())
	e := r.check.Exchange
	if e != nil {
		row("details.host", e.Host)
		if e.Status != 0 {
			row("details.http", strconv.Itoa(e.Status))
		}
		if e.RequestID != "" {
			row("details.request", e.RequestID)
		}
		row("details.sent", r.Words.T("details.sent_of", "Sent", e.Sent, "Size", e.Size))
		row(
			"details.times", r.Words.T(
				"details.times_of", "Connect", r.Words.Seconds(e.Connect), "Send", r.Words.Seconds(e.Send), "Wait", r.Words.Seconds(
					e.Wait,
				),
			),
		)
	}
	if q := r.check.Quality; q != nil {
		for _, side := range []struct {
			key string
			of  *history.Measures
		}{{"details.quality_document", q.Document}, {"details.quality_camera", q.Camera}} {
			if side.of != nil {
				row(side.key, r.Words.Measures(side.of))
			}
		}
		if q.CaptureWarning != "" {
			row("details.capture", r.Words.T("details.capture_anyway", "Key", q.CaptureWarning))
		}
	}
	if r.check.Answer == nil {
		return form
	}
	result := r.check.Answer.Result
	orAbsent := func(field, value string) string {
		if e.Has(field) {
			return value
		}
		return r.Words.T("details.absent")
	}
	row("details.code", orAbsent("code", fmt.Sprintf("%d (%s)", result.Data.Code, result.Data.Description)))
	row("details.result", orAbsent("result", strconv.FormatBool(result.Data.Result)))
	row("details.status", orAbsent("status", string(result.Scoring.Status)))
	score := r.Words.T("number.none")
	if (result.Data.Code == matcher.CodeOK || e != nil) && e.Has("score") {
		score = strconv.FormatFloat(result.Data.Score, 'f', 2, 64)
	}
	row("details.score", score)
	if failed := result.Scoring.Failed; len(failed) > 0 {
		row("details.failed", strings.Join(failed, "\n"))
	}
	if refer := result.Scoring.FailedRefer; len(refer) > 0 {
		row("details.refer", strings.Join(refer, "\n"))
	}
	if raw := r.check.Answer.Raw; len(raw) > 0 {
		row("details.raw", kit.Excerpt(raw))
	}
	return form
}

package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/user"
	"sync"
	"time"

	"github.com/google/uuid"

	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
)

// CheckInput is what a check is made of. Either Capture or Video gives the clip.
type CheckInput struct {
	Document matcher.Blob      // the document as it came
	Portrait *matcher.Portrait // found or cropped before, or none where its Code says so; nil: it is looked for on Document
	Video    matcher.Blob      // a clip file
	Capture  CaptureFunc       // or: films when the check has begun; a file it makes is deleted after
	Name     string            // the person's full name; may be empty
	Consent  bool              // the person agreed to the processing; without it nothing runs
	SendName bool              // the person agreed that the name goes to the remote API
	Session  string            // sess_<uuid>; empty: a new one
	Mode     history.Mode      // empty: the settings' mode
	Minor    bool              // the person is under 18: recorded, and referred where the settings say so

	Clip      *matcher.Clip // recorded by an attempt before; deleted after, as a captured one
	Prefilled bool          // remote: the API has the session's video already, so none is recorded or sent; served: Video is the session's

	// Face is the number of the face to take as the portrait, in the order of
	// Portrait.Faces, where no Portrait is given; 0: the one that is found.
	Face int

	CameraPart matcher.Part // of the camera's picture that is used; recorded

	Served string // the desk that asked through the API this program serves; empty: none, the check is made here

	DocumentFrom history.DocumentSource // empty: a file
	DocumentPage int                    // the portrait's, counted as the clerk does, through all files of the document; 0: its number in this one

	kept    string       // id of the kept check this is: its page is sent as it is
	from    string       // id of the attempt before
	chosen  matcher.Pick // of a kept check
	wording string       // of the consent, where it was given before; empty: the one in force
}

// Check is a check that has ended.
type Check struct {
	ID      string // chk_<uuid>
	Session string
	Mode    history.Mode
	Outcome history.Outcome
	Answer  *matcher.Answer  // nil where there is none
	Problem *matcher.Problem // why it could not run; nil otherwise
	Warning *matcher.Problem // the check is recorded, but its anchor is not; nil otherwise
	Filmed  Filmed           // how the picture was when filming began
	Quality *history.Quality // as recorded; nil where nothing was measured
	At      time.Time        // when it started
	Took    time.Duration

	Exchange *matcher.Exchange // what is known of the call to the API; nil where none was made

	// Unsent is what the check was made of, where the API has not taken it. The
	// clip in it is still there: whoever gets this gives it to Desk.Check again, with
	// another mode or not, to Desk.Keep, or to Desk.Drop. Nil otherwise.
	Unsent *CheckInput

	raw []byte // the body that came beside a problem
}

// Check makes one check, from its "started" record to its "finished" one. Where
// it began it always comes back with an outcome and a record, and the error is
// nil, even if the check was cancelled or could not run. The error says that it
// did not begin: no consent, bad input, or no history to write to.
func (d *Desk) Check(ctx context.Context, in CheckInput, progress matcher.ProgressFunc) (Check, error) {
	chosen := d.p.Settings.Get()
	started, err := d.begin(ctx, &in, chosen)
	if err != nil {
		return Check{}, err
	}
	check := Check{ID: started.Check, Session: started.Session, Mode: started.Mode, At: d.p.Now()}

	answer, err := d.run(ctx, &in, started, in.Minor && chosen.Matching.ReferMinors, &check.Filmed, progress)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		// A time-out of a part is a fault of that part: nobody cancelled.
		err = matcher.NewProblem("check.timeout", err)
	}
	check.Took = d.p.Now().Sub(check.At)
	if err == nil {
		check.Answer = &answer
	}
	check.Exchange, check.raw = answer.Exchange, answer.Raw
	check.Outcome, check.Problem = outcome(ctx, answer, err)
	if err != nil && check.Outcome == history.CouldNotRun && answer.Exchange.Untaken() && in.kept == "" {
		check.Unsent = unsent(in, started, answer.Portrait)
	} else if in.Clip != nil {
		d.forget(*in.Clip)
	}

	check.Quality = qualityOf(check.Answer, check.Filmed, in.DocumentPage)
	finished, err := finish(check, started.Description)
	if err != nil {
		// An answer that cannot be written down is none.
		check.Answer, check.Quality = nil, nil
		check.Outcome, check.Problem = outcome(context.Background(), matcher.Answer{}, err)
		if finished, err = finish(check, started.Description); err != nil {
			return check, err
		}
	}
	if check.Answer != nil && mayKeepPictures(chosen, started.Consent.Wording) {
		d.keepPictures(&finished, *check.Answer, in.Clip)
	}
	// A cancelled check is recorded too, so the context's end must not stop this.
	if err := d.p.History.Finish(context.WithoutCancel(ctx), finished); err != nil {
		return check, err
	}
	if err := d.p.History.AnchorProblem(); err != nil {
		check.Warning = matcher.AsProblem(err, "problem.internal")
	}
	if check.Problem != nil {
		d.p.Log.Warn("check could not run", "check", check.ID, "error", check.Problem)
	}
	d.p.Log.Info("check finished", "check", check.ID, "outcome", check.Outcome, "took", check.Took)
	return check, nil
}

// begin checks the input and writes the "started" record. A face chosen by its number
// stands in the input after, as the portrait; a number that no face has is bad input.
func (d *Desk) begin(ctx context.Context, in *CheckInput, chosen settings.Settings) (history.Started, error) {
	who, err := d.enter(ctx, ActionCheck)
	if err != nil {
		return history.Started{}, err
	}
	if !in.Consent {
		return history.Started{}, matcher.NewProblem("check.no_consent", nil)
	}
	name, err := CleanName(in.Name)
	if err != nil {
		return history.Started{}, err
	}
	mode := cmp.Or(in.Mode, chosen.Matching.Mode)
	switch {
	case mode == history.Ask:
		return history.Started{}, matcher.NewProblem("check.mode_ask", nil)
	case mode != history.Offline && mode != history.Remote:
		return history.Started{}, matcher.NewProblem("check.mode", nil, "Mode", string(mode))
	case in.Prefilled && (mode != history.Remote && in.Served == "" || in.Session == ""):
		return history.Started{}, matcher.NewProblem("check.prefilled", nil)
	}
	if mode == history.Remote {
		// Before anybody is filmed for a call that cannot be made.
		if _, _, err := d.p.Tokens.Get(chosen.API.Base, ""); err != nil {
			return history.Started{}, err
		}
	}
	if in.Served != "" {
		in.wording = AssertedConsent
	}
	session := in.Session
	if session == "" {
		session = NewSession()
	} else if !ValidSession(session) {
		return history.Started{}, matcher.NewProblem("check.session", nil)
	}
	if in.Portrait == nil && in.Face > 0 {
		found, err := d.PickPortrait(ctx, in.Document, 0, in.Face)
		if err == nil {
			in.Portrait = &found
		} else if matcher.AsProblem(err, "").Key == NoFace {
			return history.Started{}, err
		} // what else is wrong with the document ends the check, and is recorded
	}
	picked := in.chosen
	if in.Portrait != nil {
		picked = in.Portrait.Chosen
	}
	started := history.Started{
		Check:    "chk_" + uuid.NewString(),
		Session:  session,
		Instance: d.p.Instance,
		Mode:     mode,
		Operator: who.Operator,
		SignedIn: who.SignedIn,
		Desk:     cmp.Or(in.Served, chosen.Desk),
		Served:   in.Served != "",
		Program:  d.p.Version,
		Consent:  history.Consent{Processing: true, SendName: in.SendName, Wording: cmp.Or(in.wording, wordingOf(chosen, mode))},
		Rules:    chosen.Conditions,
		Name:     name,
		Minor:    in.Minor,

		DocumentFrom: cmp.Or(in.DocumentFrom, history.FromFile),
		Kept:         in.kept,
		Prefilled:    in.Prefilled,
		Chosen:       picked,
		CameraPart:   in.CameraPart,
	}
	engine, err := d.engine(mode, chosen.API)
	if err != nil {
		return history.Started{}, err
	}
	// An engine that cannot say what it is will not run either; that is then
	// the check's outcome, and the record says so by an empty description.
	started.Description, _ = engine.Describe(ctx)
	return started, d.p.History.Start(context.WithoutCancel(ctx), started)
}

// run does the work between the two records. A clip that was recorded stands in
// the input after. A minor is one who is not to pass.
func (d *Desk) run(ctx context.Context, in *CheckInput, started history.Started, minor bool, filmed *Filmed, progress matcher.ProgressFunc) (matcher.Answer, error) {
	request := matcher.Request{
		Page:     in.Document,
		Portrait: in.Portrait,
		Video:    in.Video,
		Session:  started.Session,
		Minor:    minor,
		Rules:    started.Rules,

		Prefilled: in.Prefilled,
	}
	if in.SendName {
		request.Person = started.Name
	}
	if request.Portrait == nil && in.kept == "" {
		// Here, once, for whatever engine decides; and before anybody is filmed
		// for a document that cannot be read.
		progress.Report(matcher.StageDocument, 0, 0)
		found, err := d.PickPortrait(ctx, in.Document, 0, in.Face)
		if err != nil {
			return matcher.Answer{}, err
		}
		request.Portrait = &found
	}
	if in.Capture != nil && in.Clip == nil && !in.Prefilled {
		// Where this computer decides, it does so while the film runs, and no file is
		// made. What is left of the film when it has decided is for nothing.
		filming, stop := context.WithCancel(ctx)
		defer stop()
		order := &filmFirst{to: progress}
		captured, err := in.Capture(filming, started.Mode == history.Remote, order.film)
		*filmed, in.Clip = captured.Filmed, captured.Clip
		if err != nil {
			return matcher.Answer{}, err
		}
		if captured.Film != nil {
			request.Film, progress = captured.Film, order.match
		}
	}
	if in.Clip != nil {
		request.Video, request.Own = in.Clip.Video, true
	}
	return d.match(ctx, started, request, progress)
}

// filmFirst passes on how far filming is, and what the engine does meanwhile only
// when it is over: the person has to look at the camera until then, and two things
// that take turns on the screen would tell nothing.
type filmFirst struct {
	to matcher.ProgressFunc

	mu     sync.Mutex
	filmed bool
	newest *matcher.Progress // of the engine, held back
}

// film takes the progress of filming.
func (f *filmFirst) film(p matcher.Progress) {
	if f.to == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.to(p)
	if p.Stage == matcher.StageRecording && p.Total > 0 && p.Done >= p.Total {
		f.filmed = true
		if f.newest != nil {
			f.to(*f.newest)
		}
	}
}

// match takes the progress of the engine.
func (f *filmFirst) match(p matcher.Progress) {
	if f.to == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.filmed {
		f.to(p)
	} else {
		f.newest = &p
	}
}

// forget deletes a recorded clip: it was made for this check only.
func (d *Desk) forget(clip matcher.Clip) {
	if clip.Video.Path == "" {
		return
	}
	if err := os.Remove(clip.Video.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.p.Log.Warn("clip not deleted", "error", matcher.NewProblem("check.clip_kept", err))
	}
}

// outcome names how a check ended.
func outcome(ctx context.Context, answer matcher.Answer, err error) (history.Outcome, *matcher.Problem) {
	result := answer.Result
	switch {
	case err != nil && answer.Exchange.Unanswered():
		return history.Unknown, matcher.AsProblem(err, "problem.internal")
	case err != nil && (ctx.Err() != nil || errors.Is(err, context.Canceled)):
		return history.Cancelled, nil
	case err != nil:
		return history.CouldNotRun, matcher.AsProblem(err, "problem.internal")
	case result.Data.Code != matcher.CodeOK:
		return history.NotCompared, nil
	case !answer.Exchange.Has("status"):
		// None of its other fields stands in for the API's status.
		return history.CouldNotRun, matcher.NewProblem("remote.no_status", nil)
	}
	switch result.Scoring.Status {
	case matcher.Pass:
		return history.Pass, nil
	case matcher.Refer:
		return history.Refer, nil
	case matcher.Fail:
		return history.Fail, nil
	}
	return history.CouldNotRun, matcher.NewProblem("problem.internal", fmt.Errorf("status %q", result.Scoring.Status))
}

// finish makes the "finished" record of a check.
func finish(c Check, described matcher.Description) (history.Finished, error) {
	f := history.Finished{
		Check: c.ID, Session: c.Session, Outcome: c.Outcome, Took: c.Took, Description: described, Quality: c.Quality,
	}
	if c.Problem != nil {
		f.Problem = c.Problem.Key
	}
	f.Remote = c.Exchange
	if c.Answer == nil {
		f.Raw = c.raw
		return f, nil
	}
	a := c.Answer
	data := a.Result.Data
	f.Description = a.Engine
	f.Code, f.AnchorCode, f.TargetCode = &data.Code, &data.Anchor.Code, &data.Target.Code
	f.Result, f.Status = &data.Result, a.Result.Scoring.Status
	for field, value := range map[string]**int{"code": &f.Code, "anchor.code": &f.AnchorCode, "target.code": &f.TargetCode} {
		if !a.Exchange.Has(field) {
			*value = nil
		}
	}
	if !a.Exchange.Has("result") {
		f.Result = nil
	}
	f.Flaw = a.Flaw
	if a.Portrait != nil {
		f.DocumentFlaw = a.Portrait.Flaw
	}
	f.Failed, f.FailedRefer = a.Result.Scoring.Failed, a.Result.Scoring.FailedRefer
	// The API's score is recorded as it was sent, whatever its code.
	if data.Code == matcher.CodeOK || a.Exchange != nil {
		if score := hundredths(data.Score); a.Exchange.Has("score") {
			f.Score = &score
		}
		for _, p := range data.Percentages {
			f.Percentages = append(f.Percentages, hundredths(p))
		}
	}
	f.Raw = a.Raw
	if f.Raw == nil {
		raw, err := json.Marshal(a.Result)
		if err != nil {
			return f, err
		}
		f.Raw = raw
	}
	return f, nil
}

func hundredths(percent float64) int64 { return whole(percent * 100) }

// whole rounds. What the API sends may be of any size; a record holds what 53 bits
// do, as other readers of JSON know no more.
func whole(x float64) int64 { return int64(math.Round(min(max(x, -1<<53), 1<<53))) }

// systemUser is the name the operating system knows the operator by.
func systemUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

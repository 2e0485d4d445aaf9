package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// CheckInput is what a check is made of. Either Capture or Video gives the film.
type CheckInput struct {
	Document matcher.Blob // the document as it came
	// Portrait is what was found or cropped before. It may have a Code that says why there
	// is no usable face. Nil: the check looks for it on Document.
	Portrait *matcher.Portrait
	// where Portrait is nil: the face to take, in the order of Portrait.Faces; 0: the one that is found
	Face    int
	Video   matcher.Blob // a film file
	Capture CaptureFunc  // or: films once the check has begun; a file it makes is deleted afterwards
	Name    string       // the person's full name; may be empty
	// Reference is the customer's own, such as a case number, in the settings' form. It may be
	// empty, and must be where the settings have no such field.
	Reference string
	Consent   bool         // the person agreed to the processing; without it nothing runs
	SendName  bool         // the person agreed that the name goes to the remote API
	Session   string       // sess_<uuid>; empty: a new one
	Mode      history.Mode // empty: the settings' mode
	Minor     bool         // the person is under 18: recorded, and referred where the settings say so

	// Reading is what was read from the document, as the clerk saw it; its zero value says
	// that the document has no machine-readable zone. Where Reading is nil, the check reads the
	// document itself, while it compares.
	Reading *history.Reading

	// Prefilled says that the film of the session is there already. Remote: the API has it,
	// so none is recorded or sent. Served: it is Video.
	Prefilled bool

	CameraPart   matcher.Part           // of the camera's picture that is used; recorded
	DocumentFrom history.DocumentSource // empty: a file
	// the portrait's, counted through all files of the document; 0: its number in this one
	DocumentPage int

	// Inspect says that a clerk sees person and document beside the verdict, and is asked about
	// them as the settings say.
	Inspect bool

	Served string // the desk that asked through the API this program serves; empty: the check is made here
	// Of a served check with an Idempotency-Key:
	ID            string // chk_<uuid>; empty: a new one
	RequestDigest string // as history.Started has it
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
	Virtual string           // the virtual camera's driver, where one filmed, now or for an earlier attempt
	Quality *history.Quality // as recorded; nil where nothing was measured
	At      time.Time        // when it started
	Took    time.Duration

	Exchange *matcher.Exchange // what is known of the call to the API; nil where none was made

	// Unsent is the attempt, where the API has not taken it; nil otherwise. It still owns
	// its film: pass it to Desk.Retry, Desk.Keep or Desk.Drop.
	Unsent *Attempt

	raw []byte // the body that came beside a problem
}

// Recorder records how checks go.
type Recorder interface {
	Start(ctx context.Context, s history.Started) error
	// Sending is on the disk when it returns.
	Sending(ctx context.Context, s history.Sending) error
	Finish(ctx context.Context, f history.Finished) error
	// DocumentRead records that a document was read for another program.
	DocumentRead(ctx context.Context, r history.DocumentRead) error
	// AnchorProblem says why the newest record could not be anchored; nil where it was.
	// The record itself is safe.
	AnchorProblem() error
}

// Check makes one check, from its "started" record to its "finished" one. A check that
// has begun always comes back with an outcome and a record, and a nil error, even if it
// was cancelled or could not run. An error says that it did not begin: no consent, bad
// input, or no history to write to.
func (d *Desk) Check(ctx context.Context, in CheckInput, progress matcher.ProgressFunc) (Check, error) {
	return d.attempt(ctx, &Attempt{Input: in}, progress)
}

// attempt makes the check of an attempt.
func (d *Desk) attempt(ctx context.Context, a *Attempt, progress matcher.ProgressFunc) (Check, error) {
	chosen := d.p.Settings.Get()
	started, err := d.begin(ctx, a, chosen)
	if err != nil {
		return Check{}, err
	}
	check := Check{ID: started.Check, Session: started.Session, Mode: started.Mode, At: d.p.Now()}

	answer, err := d.run(ctx, a, started, a.Input.Minor && chosen.Matching.ReferMinors, &check.Filmed, progress)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		// A time-out of a part is a fault of that part: nobody cancelled.
		err = matcher.NewProblem("check.timeout", err)
	}
	check.Took, check.Virtual = d.p.Now().Sub(check.At), a.virtual
	if err == nil {
		answer = referredBy(a.read, answer, chosen.Matching.ReferExpired, chosen.Matching.ReferMinors)
		check.Answer = &answer
	}
	check.Exchange, check.raw = answer.Exchange, answer.Raw
	check.Outcome, check.Problem = outcome(ctx, answer, err)
	clip := a.clip
	if err != nil && check.Outcome == history.CouldNotRun && answer.Exchange.Untaken() && a.kept == "" {
		check.Unsent = a.unsent(started, answer.Portrait)
	} else {
		d.Drop(a)
	}

	check.Quality = qualityOf(check.Answer, check.Filmed, a.Input.DocumentPage)
	finished, err := finish(check, started.Description)
	if err != nil {
		// If the answer cannot be recorded, report "could not run" instead of showing it.
		check.Answer, check.Quality = nil, nil
		check.Outcome, check.Problem = outcome(context.Background(), matcher.Answer{}, err)
		if finished, err = finish(check, started.Description); err != nil {
			return check, err
		}
	}
	recordReading(&finished, d.kept(a.read))
	if check.Answer != nil && mayKeepPictures(chosen, started.Consent.Wording) {
		d.keepPictures(&finished, *check.Answer, clip)
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
		// No other field of the answer replaces a missing status.
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
		VirtualCamera: c.Virtual,
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
	for field, value := range map[string]**int{"code": &f.Code, "anchor.code": &f.AnchorCode,
		"target.code": &f.TargetCode} {
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

// whole rounds to an integer that fits into 53 bits: other readers of JSON keep no more,
// and the API may send numbers of any size.
func whole(x float64) int64 { return int64(math.Round(min(max(x, -1<<53), 1<<53))) }

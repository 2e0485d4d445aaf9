package app

import (
	"cmp"
	"context"
	"errors"
	"os"
	"sync"

	"github.com/google/uuid"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
)

// Attempt is one try at a check. It owns the film that was recorded for it. A check the
// API has not taken leaves its attempt behind, to be sent again, decided here, kept for
// later or dropped.
type Attempt struct {
	Input CheckInput // with the session and the mode once the attempt has begun

	clip    *matcher.Clip // recorded for this attempt or one before it
	from    string        // id of the check that was made of the attempt before
	wording string        // of the consent, where it was given before; empty: the one in force
	kept    string        // id of the kept check this is: its page is sent as it is
	chosen  matcher.Pick  // the face a person chose, of a kept check
	virtual string        // the virtual camera's driver; empty: a real camera filmed

	read history.Reading // of the document, once the work of the check is done
}

// Retry makes another check with the same person and the same film. Offline, nothing of
// what only the API needs is used. An attempt that could not begin still owns its film.
func (d *Desk) Retry(ctx context.Context, a *Attempt, mode history.Mode, progress matcher.ProgressFunc) (Check, error) {
	again := *a
	if again.Input.Mode = mode; mode == history.Offline {
		again.Input.SendName, again.Input.Prefilled = false, false
	}
	return d.attempt(ctx, &again, progress)
}

// Drop deletes the film of an attempt: it was recorded for this check only.
func (d *Desk) Drop(a *Attempt) {
	if a.clip == nil || a.clip.Video.Path == "" {
		return
	}
	if err := os.Remove(a.clip.Video.Path); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.p.Log.Warn("clip not deleted", "error", matcher.NewProblem("check.clip_kept", err))
	}
}

// unsent is the attempt as it is left behind by a check the API has not taken.
func (a *Attempt) unsent(started history.Started, portrait *matcher.Portrait) *Attempt {
	left := *a
	left.Input.Session, left.Input.Mode, left.Input.Reference = started.Session, started.Mode, started.Reference
	left.from, left.wording = started.Check, started.Consent.Wording
	left.Input.Reading = &left.read
	if left.Input.Portrait == nil {
		left.Input.Portrait = portrait
	}
	return &left
}

// begin checks the input and writes the "started" record. A face chosen by its number
// becomes the portrait of the input; a number that no face has is bad input.
func (d *Desk) begin(ctx context.Context, a *Attempt, chosen settings.Settings) (history.Started, error) {
	who, err := d.Enter(ctx, access.Check)
	if err != nil {
		return history.Started{}, err
	}
	in := &a.Input
	if !in.Consent {
		return history.Started{}, matcher.NewProblem("check.no_consent", nil)
	}
	name, err := CleanName(in.Name)
	if err != nil {
		return history.Started{}, err
	}
	reference := in.Reference
	if a.from == "" && a.kept == "" { // else it was taken before, perhaps in a form of then
		if reference, err = chosen.Reference.Clean(reference); err != nil {
			return history.Started{}, err
		}
	}
	mode, err := d.modeOf(*in, chosen)
	if err != nil {
		return history.Started{}, err
	}
	if in.Served != "" {
		a.wording = AssertedConsent
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
		} else if matcher.IsProblem(err, KeyNoFace) {
			return history.Started{}, err
		} // any other problem of the document ends the check, and is recorded
	}
	picked := a.chosen
	if in.Portrait != nil {
		picked = in.Portrait.Chosen
	}
	started := history.Started{
		Check:    cmp.Or(in.ID, "chk_"+uuid.NewString()),
		Session:  session,
		Instance: d.p.Instance,
		Mode:     mode,
		Operator: who.Operator,
		SignedIn: who.SignedIn,
		Desk:     cmp.Or(in.Served, chosen.Desk),
		Served:   in.Served != "",
		Program:  d.p.Version,
		Consent: history.Consent{
			Processing: true, SendName: in.SendName, Wording: cmp.Or(a.wording, wordingOf(chosen, mode)),
		},
		Rules: chosen.Conditions,
		Name:  name,
		Minor: in.Minor,

		Reference: reference,

		DocumentFrom: cmp.Or(in.DocumentFrom, history.FromFile),
		Kept:         a.kept,
		Prefilled:    in.Prefilled,

		RequestDigest: in.RequestDigest,

		Chosen:     picked,
		CameraPart: in.CameraPart,
		Inspection: inspectionOf(a, chosen),
	}
	started.Audit = auditOf(chosen, started.Consent.Wording)
	engine, err := d.engine(mode, chosen.API)
	if err != nil {
		return history.Started{}, err
	}
	// An engine that cannot describe itself will not run either. That is then the outcome
	// of the check, and the record has an empty description.
	started.Description, _ = engine.Describe(ctx)
	return started, d.p.History.Start(context.WithoutCancel(ctx), started)
}

// modeOf returns the mode of a check. Where it is remote, there is a token: a person must
// not be filmed for a call that cannot be made.
func (d *Desk) modeOf(in CheckInput, chosen settings.Settings) (history.Mode, error) {
	mode := cmp.Or(in.Mode, chosen.Matching.Mode)
	// A check that this program's API was asked for is always decided on this computer.
	if mode != chosen.Matching.Mode && chosen.Matching.Mode != history.Ask && in.Served == "" {
		if err := d.SettingsFrom().Allow("matching.mode"); err != nil {
			return mode, err
		}
	}
	switch {
	case mode == history.Ask:
		return mode, matcher.NewProblem(KeyModeAsk, nil)
	case mode != history.Offline && mode != history.Remote:
		return mode, matcher.NewProblem("check.mode", nil, "Mode", string(mode))
	case in.Prefilled && (mode != history.Remote && in.Served == "" || in.Session == ""):
		return mode, matcher.NewProblem(KeyPrefilled, nil)
	}
	if mode == history.Remote {
		_, _, err := d.p.Tokens.Get(chosen.API.Base, "")
		return mode, err
	}
	return mode, nil
}

// The keys of problems with a check's input that need other words where it comes from a
// command line.
const (
	KeyModeAsk   = "check.mode_ask"  // the settings leave the mode open, and the input names none
	KeyPrefilled = "check.prefilled" // a prefilled film where there can be none
)

// run does the work between the two records. A film that was recorded belongs to the
// attempt then. With minor, the person must not pass.
func (d *Desk) run(
	ctx context.Context, a *Attempt, started history.Started, minor bool, filmed *Filmed, progress matcher.ProgressFunc,
) (matcher.Answer, error) {
	in := a.Input
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
	if request.Portrait == nil && a.kept == "" {
		// Done here once, for every engine; and before the person is filmed, in case the
		// document cannot be read.
		progress.Report(matcher.StageDocument, 0, 0)
		found, err := d.PickPortrait(ctx, in.Document, 0, in.Face)
		if err != nil {
			return matcher.Answer{}, err
		}
		request.Portrait = &found
	}
	defer d.readBeside(ctx, a, request.Portrait)()
	if in.Capture != nil && a.clip == nil && !in.Prefilled {
		// Offline, the engine decides while the film runs, and no file is made. Once it has
		// decided, the rest of the film is not needed, and filming stops.
		filming, stop := context.WithCancel(ctx)
		defer stop()
		order := &filmFirst{to: progress}
		captured, err := in.Capture(filming, started.Mode == history.Remote, order.film)
		*filmed, a.clip, a.virtual = captured.Filmed, captured.Clip, captured.Virtual
		if err != nil {
			return matcher.Answer{}, err
		}
		if captured.Film != nil {
			request.Film, progress = captured.Film, order.match
		}
	}
	if a.clip != nil {
		request.Video, request.Own = a.clip.Video, true
	}
	return d.match(ctx, started, request, progress)
}

// filmFirst reports filming, and what the engine does meanwhile only when the film is
// over: until then the person has to look at the camera, and two messages that alternate
// on the screen would tell them nothing.
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

package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/queue"
	"facematch/matcher"
)

// KeptCheck is a check that waits to be sent.
type KeptCheck = queue.Item

// KeptChecks is what is found where kept checks lie.
type KeptChecks struct {
	Checks  []KeptCheck // oldest first
	Expired int         // deleted just now, because their time was over
	Held    int         // their time is over, but their sessions are on legal hold
	Broken  int         // files that cannot be opened here
}

// SentChecks knows which kept checks need not be sent any more.
type SentChecks interface {
	// Taken reports whether a kept check was sent, or may have been.
	Taken(ctx context.Context, session, kept string) (bool, error)
	// Erased reports whether a session was erased with all that is sealed in it.
	Erased(ctx context.Context, session string) (bool, error)
}

// Keep seals the document and the film of an attempt, to be sent later when the clerk
// says so, and deletes the film. The person must have agreed to that. Where it fails the
// attempt still owns its film.
func (d *Desk) Keep(ctx context.Context, a *Attempt) (KeptCheck, error) {
	if err := d.Allow(ctx, access.Check); err != nil {
		return KeptCheck{}, err
	}
	in := a.Input
	page, picked := in.Document, matcher.Pick{}
	if in.Portrait != nil {
		picked = in.Portrait.Chosen
		var err error
		if page, err = d.p.Portraits.Upright(ctx, in.Document, *in.Portrait); err != nil {
			return KeptCheck{}, err
		}
	}
	video := in.Video
	if a.clip != nil {
		video = a.clip.Video
	}
	if in.Prefilled {
		video = matcher.Blob{}
	}
	item, err := d.p.Queue.Put(ctx, KeptCheck{
		At: d.p.Now().UTC(), Check: a.from, Session: in.Session, Name: in.Name, SendName: in.SendName,
		Reference: in.Reference, VirtualCamera: a.virtual,
		Wording:   a.wording,
		Chosen:    picked,
		Reading:   d.kept(a.read),
		Prefilled: in.Prefilled, Minor: in.Minor, FromPhoto: in.DocumentFrom == history.FromCamera,
	}, withOpen(page), withOpen(video))
	if err != nil {
		return KeptCheck{}, err
	}
	// This is asked after the check is in the queue: an erasure of the session deletes
	// what it finds there, and a later check would not be found.
	if gone, err := d.p.History.Erased(ctx, in.Session); err != nil || gone {
		err = errors.Join(err, d.p.Queue.Remove(item.ID))
		if err == nil {
			err = matcher.NewProblem(history.KeySessionErased, nil)
		}
		return KeptCheck{}, err
	}
	d.Drop(a)
	d.p.Log.Info("check kept", "check", a.from, "kept", item.ID)
	return item, nil
}

// withOpen gives a blob that only has a path the means to open it.
func withOpen(b matcher.Blob) matcher.Blob {
	if b.Open == nil && b.Path != "" {
		b.Open = OpenFile(b.Path).Open
	}
	return b
}

// KeptChecks lists the kept checks. Those whose time is over are deleted or, while their session
// is on legal hold, left where they lie. Those the API has, or may have, already are deleted too:
// they are in the history.
func (d *Desk) KeptChecks(ctx context.Context) (KeptChecks, error) {
	if err := d.Allow(ctx, access.Check); err != nil {
		return KeptChecks{}, err
	}
	if err := d.p.Queue.Sweep(d.p.Now().Add(-sweepAge)); err != nil {
		return KeptChecks{}, err
	}
	items, broken, err := d.p.Queue.List(ctx)
	if err != nil || len(items) == 0 {
		return KeptChecks{Broken: broken}, err
	}
	release, err := d.p.Queue.Lock()
	if err != nil { // another program is sending one: nothing is deleted
		return KeptChecks{Checks: items, Broken: broken}, nil
	}
	defer release()
	held, err := d.heldSessions(ctx)
	if err != nil {
		return KeptChecks{}, err
	}
	kept := KeptChecks{Broken: broken}
	for _, item := range items {
		taken, err := d.p.History.Taken(ctx, item.Session, item.ID)
		if err != nil {
			return KeptChecks{}, err
		}
		erased, err := d.p.History.Erased(ctx, item.Session)
		if err != nil {
			return KeptChecks{}, err
		}
		taken = taken || erased
		expired := d.keptTooLong(item)
		if !taken && !expired {
			kept.Checks = append(kept.Checks, item)
			continue
		}
		if !taken && held[item.Session] {
			kept.Held++
			continue
		}
		if err := d.p.Queue.Remove(item.ID); err != nil {
			return KeptChecks{}, err
		}
		if expired && !taken {
			kept.Expired++
		}
		d.p.Log.Info("kept check deleted", "kept", item.ID, "expired", expired, "taken", taken)
	}
	return kept, nil
}

// keptTooLong reports whether the time of a kept check is over.
func (d *Desk) keptTooLong(k KeptCheck) bool {
	return k.At.Before(d.p.Now().Add(-time.Duration(d.Settings().API.KeepDays) * 24 * time.Hour))
}

// heldSessions are the sessions on legal hold.
func (d *Desk) heldSessions(ctx context.Context) (map[string]bool, error) {
	holds, err := d.p.History.Holds(ctx)
	held := map[string]bool{}
	for _, h := range holds {
		held[h.Session] = true
	}
	return held, err
}

// sweepAge is the age from which half-written files of the queue are deleted as left
// behind: writing one takes seconds.
const sweepAge = time.Hour

// SendKept sends a kept check, as a check of its own in the same session, and deletes it
// when the API has taken it or may have. It is never sent twice: where the history shows
// that it may have been sent, it is deleted unsent, and the error is queue.taken. Where its time is
// over it is left unsent, and the problem is queue.expired: a list may be older than that.
func (d *Desk) SendKept(ctx context.Context, id string, progress matcher.ProgressFunc) (Check, error) {
	if err := d.Allow(ctx, access.Check); err != nil {
		return Check{}, err
	}
	release, err := d.p.Queue.Lock()
	if err != nil {
		return Check{}, err
	}
	defer release()
	item, page, video, err := d.p.Queue.Open(ctx, id)
	if err != nil {
		return Check{}, err
	}
	taken, err := d.p.History.Taken(ctx, item.Session, id)
	if err != nil {
		return Check{}, err
	}
	if taken {
		if err := d.p.Queue.Remove(id); err != nil {
			return Check{}, err
		}
		return Check{}, matcher.NewProblem("queue.taken", nil)
	}
	if d.keptTooLong(item) {
		return Check{}, matcher.NewProblem("queue.expired", nil)
	}
	a := &Attempt{
		Input: CheckInput{
			Document: page, Video: video, Name: item.Name, Consent: true, SendName: item.SendName, Session: item.Session,
			Mode: history.Remote, Prefilled: item.Prefilled, Minor: item.Minor, Reference: item.Reference,
			Reading: &item.Reading,
		},
		kept: id, chosen: item.Chosen, wording: item.Wording, virtual: item.VirtualCamera,
	}
	if item.FromPhoto {
		a.Input.DocumentFrom = history.FromCamera
	}
	check, err := d.attempt(ctx, a, progress)
	if check.ID == "" || check.Exchange == nil || check.Exchange.Untaken() {
		return check, err
	}
	if gone := d.p.Queue.Remove(id); gone != nil {
		// The history knows that it was sent; KeptChecks deletes it the next time.
		d.p.Log.Warn("kept check not deleted", "kept", id, "error", gone)
	}
	return check, err
}

// DropKept deletes a kept check unsent. The problem is store.session_held while its session is
// on legal hold.
func (d *Desk) DropKept(ctx context.Context, id string) error {
	if err := d.Allow(ctx, access.Check); err != nil {
		return err
	}
	release, err := d.p.Queue.Lock()
	if err != nil {
		return err
	}
	defer release()
	held, err := d.heldSessions(ctx)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		items, _, err := d.p.Queue.List(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(items, func(i KeptCheck) bool { return i.ID == id && held[i.Session] }) {
			return matcher.NewProblem(history.KeySessionHeld, nil)
		}
	}
	d.p.Log.Info("kept check deleted", "kept", id, "dropped", true)
	return d.p.Queue.Remove(id)
}

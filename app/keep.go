package app

import (
	"context"
	"errors"
	"time"

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
	Broken  int         // files that cannot be opened here
}

// Keep seals the document and the clip of a check the API has not taken, to be
// sent later on the clerk's word, and deletes the clip. The person must have
// agreed to that. Where it fails the clip is still there.
func (d *Desk) Keep(ctx context.Context, in CheckInput) (KeptCheck, error) {
	if err := d.Allow(ctx, ActionCheck); err != nil {
		return KeptCheck{}, err
	}
	page, picked := in.Document, matcher.Pick{}
	if in.Portrait != nil {
		picked = in.Portrait.Chosen
		var err error
		if page, err = d.p.Portraits.Upright(ctx, in.Document, *in.Portrait); err != nil {
			return KeptCheck{}, err
		}
	}
	video := in.Video
	if in.Clip != nil {
		video = in.Clip.Video
	}
	if in.Prefilled {
		video = matcher.Blob{}
	}
	item, err := d.p.Queue.Put(ctx, KeptCheck{
		At: d.p.Now().UTC(), Check: in.from, Session: in.Session, Name: in.Name, SendName: in.SendName,
		Wording:   in.wording,
		Chosen:    picked,
		Prefilled: in.Prefilled, Minor: in.Minor, FromPhoto: in.DocumentFrom == history.FromCamera,
	}, opened(page), opened(video))
	if err != nil {
		return KeptCheck{}, err
	}
	// Asked after: who erases a session deletes what was kept of it before.
	if gone, err := d.p.History.Erased(ctx, in.Session); err != nil || gone {
		err = errors.Join(err, d.p.Queue.Remove(item.ID))
		if err == nil {
			err = matcher.NewProblem("store.session_erased", nil)
		}
		return KeptCheck{}, err
	}
	d.Drop(in)
	d.p.Log.Info("check kept", "check", in.from, "kept", item.ID)
	return item, nil
}

// opened is a blob that can be opened, also one that only has a path.
func opened(b matcher.Blob) matcher.Blob {
	if b.Open == nil && b.Path != "" {
		b.Open = OpenFile(b.Path).Open
	}
	return b
}

// KeptChecks lists the kept checks. Those whose time is over are deleted, and so
// are those the API has, or may have, already: they are in the history.
func (d *Desk) KeptChecks(ctx context.Context) (KeptChecks, error) {
	if err := d.Allow(ctx, ActionCheck); err != nil {
		return KeptChecks{}, err
	}
	if err := d.p.Queue.Sweep(d.p.Now().Add(-sweepAge)); err != nil {
		return KeptChecks{}, err
	}
	items, broken, err := d.p.Queue.List(ctx)
	if err != nil || len(items) == 0 {
		return KeptChecks{Broken: broken}, err
	}
	release, err := d.p.Queue.Hold()
	if err != nil { // another program sends one just now: nothing is deleted
		return KeptChecks{Checks: items, Broken: broken}, nil
	}
	defer release()
	kept := KeptChecks{Broken: broken}
	oldest := d.p.Now().Add(-time.Duration(d.Settings().API.KeepDays) * 24 * time.Hour)
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
		expired := item.At.Before(oldest)
		if !taken && !expired {
			kept.Checks = append(kept.Checks, item)
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

// sweepAge is how old half-written files of the queue must be to be taken for
// left behind: writing one takes seconds.
const sweepAge = time.Hour

// SendKept sends a kept check, as a check of its own in the same session, and
// deletes it when the API has taken it or may have. It is never sent twice: where
// the history says that it may have been, it is deleted unsent, and the error is
// queue.taken.
func (d *Desk) SendKept(ctx context.Context, id string, progress matcher.ProgressFunc) (Check, error) {
	if err := d.Allow(ctx, ActionCheck); err != nil {
		return Check{}, err
	}
	release, err := d.p.Queue.Hold()
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
	in := CheckInput{
		Document: page, Video: video, Name: item.Name, Consent: true, SendName: item.SendName, Session: item.Session,
		Mode: history.Remote, Prefilled: item.Prefilled, Minor: item.Minor, kept: id, chosen: item.Chosen, wording: item.Wording,
	}
	if item.FromPhoto {
		in.DocumentFrom = history.FromCamera
	}
	check, err := d.Check(ctx, in, progress)
	if check.ID == "" || check.Exchange == nil || check.Exchange.Untaken() {
		return check, err
	}
	if gone := d.p.Queue.Remove(id); gone != nil {
		// The history knows that it was sent; the next list tries again.
		d.p.Log.Warn("kept check not deleted", "kept", id, "error", gone)
	}
	return check, err
}

// DropKept deletes a kept check unsent.
func (d *Desk) DropKept(id string) error {
	if err := d.Allow(context.Background(), ActionCheck); err != nil {
		return err
	}
	release, err := d.p.Queue.Hold()
	if err != nil {
		return err
	}
	defer release()
	d.p.Log.Info("kept check deleted", "kept", id, "dropped", true)
	return d.p.Queue.Remove(id)
}

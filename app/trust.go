package app

import (
	"context"
	"errors"

	"facematch/app/history"
	"facematch/matcher"
)

// Erase destroys for good what is personal in a session: names, notes, answers and
// pictures. Kept checks of the session, which wait to be sent, are deleted too.
// What was decided stays, and a record says who erased. The problems are
// check.session, store.session_unknown, store.session_open and queue.busy, and
// store.erased_traces and store.erasures_unlisted where it is erased, but somebody
// should know more.
func (d *Desk) Erase(ctx context.Context, session string) error {
	who, err := d.enter(ctx, ActionErase)
	if err != nil {
		return err
	}
	if !ValidSession(session) {
		return matcher.NewProblem("check.session", nil)
	}
	// Nobody sends one of them meanwhile.
	release, err := d.p.Queue.Hold()
	if err != nil {
		return err
	}
	defer release()
	err = d.p.History.Erase(context.WithoutCancel(ctx), history.Erasure{
		Session: session, Actor: who, Parts: []history.Part{history.PartKey}, Reason: history.OnRequest,
	})
	if err != nil && !matcher.IsProblem(err, history.KeyErasedTraces, history.KeyErasuresUnlisted) {
		return err
	}
	d.p.Log.Info("session erased")
	return errors.Join(err, d.dropKeptOf(ctx, session))
}

// dropKeptOf deletes the kept checks of a session. The caller holds the queue.
func (d *Desk) dropKeptOf(ctx context.Context, session string) error {
	items, _, err := d.p.Queue.List(ctx)
	if err != nil {
		return err
	}
	for _, item := range items {
		if item.Session != session {
			continue
		}
		if err := d.p.Queue.Remove(item.ID); err != nil {
			return err
		}
		d.p.Log.Info("kept check deleted", "kept", item.ID, "erased", true)
	}
	return nil
}

// Expire erases what is over the settings' periods, in the program's own name; the
// program does so at its start and once a day. It ends early when the context does,
// and the next time goes on.
func (d *Desk) Expire(ctx context.Context) error {
	chosen := d.p.Settings.Get()
	keep := chosen.Retention.Periods()
	if keep == (history.Periods{}) {
		return nil
	}
	n, err := d.p.History.Expire(ctx, history.Actor{
		Operator: history.Program, Instance: d.p.Instance, Desk: chosen.Desk, Program: d.p.Version,
	}, keep)
	if n > 0 {
		d.p.Log.Info("periods kept", "sessions", n)
	}
	return err
}

// Backup copies the history into a new file, which is verified then.
func (d *Desk) Backup(ctx context.Context, file string, progress matcher.ProgressFunc) error {
	if err := d.Allow(ctx, ActionBackup); err != nil {
		return err
	}
	err := d.p.History.Backup(ctx, file, progress)
	if err == nil {
		d.p.Log.Info("backup made")
	}
	return err
}

// SetRecovery sets the passphrase with which the key of sealed parts can be had
// again, and records that it was. It takes about a second.
func (d *Desk) SetRecovery(ctx context.Context, passphrase string) error {
	who, err := d.enter(ctx, ActionBackup)
	if err != nil {
		return err
	}
	d.asked.Lock()
	defer d.asked.Unlock()
	if err := d.p.History.SetRecovery(ctx, passphrase); err != nil {
		return err
	}
	change := d.change(history.RecoveryChanged)
	change.Actor = &who
	return d.p.History.Settings(context.WithoutCancel(ctx), change)
}

// RecoverySet says whether there is a recovery passphrase.
func (d *Desk) RecoverySet(ctx context.Context) (bool, error) {
	if err := d.Allow(ctx, ActionBackup); err != nil {
		return false, err
	}
	return d.p.History.RecoverySet(ctx)
}

// RecoverKey puts the key of sealed parts back onto this computer, with the
// recovery passphrase, and says where: "keyring" or "file".
func (d *Desk) RecoverKey(ctx context.Context, passphrase string) (place string, err error) {
	if err := d.Allow(ctx, ActionBackup); err != nil {
		return "", err
	}
	return d.p.History.RecoverKey(ctx, passphrase)
}

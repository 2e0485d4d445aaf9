package app

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/privatefile"
	"facematch/matcher"
)

// Keeper looks after the history as a whole: erasure, periods, backups, recovery.
type Keeper interface {
	// Erase destroys parts of a session and records it.
	Erase(ctx context.Context, e history.Erasure) error
	// Withdraw deletes what was encrypted for a public key of the auditors and records that, once.
	Withdraw(ctx context.Context, w history.Withdrawn) error
	// Withdrawn reports whether that was done.
	Withdrawn(ctx context.Context, recipient string) (bool, error)
	// Expire does so with what is older than its period, and returns of how many sessions.
	Expire(ctx context.Context, by history.Actor, keep history.Periods) (int, error)
	// Rebuild makes the tables that lists are read from again, from the records.
	Rebuild(ctx context.Context) error
	// Backup copies the history into a new file and verifies it.
	Backup(ctx context.Context, file string, progress matcher.ProgressFunc) error
	// SetRecovery keeps the master key under a passphrase too; RecoverKey gets it back
	// from there and returns where it was put.
	SetRecovery(ctx context.Context, passphrase string) error
	RecoverySet(ctx context.Context) (bool, error)
	RecoverKey(ctx context.Context, passphrase string) (place string, err error)
	// Recovery gives what the passphrase opens, and RecoverKeyFrom takes that.
	Recovery(ctx context.Context) (string, error)
	RecoverKeyFrom(ctx context.Context, text, passphrase string) (place string, err error)
}

// Erase destroys for good what is personal in a session: names, notes, answers and
// pictures. Kept checks of the session, which wait to be sent, are deleted too. The
// decisions stay, and a record says who erased. The problems are check.session,
// store.session_unknown, store.session_open and queue.busy. With store.erased_traces and
// store.erasures_unlisted the session is erased, but the operator should know more.
func (d *Desk) Erase(ctx context.Context, session string) error {
	who, err := d.Enter(ctx, access.Erase)
	if err != nil {
		return err
	}
	return d.erase(ctx, who, session, history.OnRequest)
}

func (d *Desk) erase(ctx context.Context, who history.Actor, session, reason string) error {
	if !ValidSession(session) {
		return matcher.NewProblem("check.session", nil)
	}
	// While the queue is held, no kept check of the session can be sent.
	release, err := d.p.Queue.Lock()
	if err != nil {
		return err
	}
	defer release()
	err = d.p.History.Erase(context.WithoutCancel(ctx), history.Erasure{
		Session: session, Actor: who, Parts: []history.Part{history.PartKey}, Reason: reason,
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

// Expire erases what is older than the settings' periods, in the program's own name. It
// ends early when the context does; the next call then continues.
func (d *Desk) Expire(ctx context.Context) error {
	chosen := d.p.Settings.Get()
	keep := chosen.Retention.Periods()
	if keep == (history.Periods{}) {
		return nil
	}
	n, err := d.p.History.Expire(ctx, d.program(), keep)
	if n > 0 {
		d.p.Log.Info("periods kept", "sessions", n)
	}
	return err
}

const (
	// expireEvery is how often a running program erases what is older than its period.
	expireEvery = 24 * time.Hour

	// expirePatience is how long a program that ends waits for the erasing it began with:
	// a command may be over at once. The next program erases what is left.
	expirePatience = 5 * time.Second
)

// KeepPeriods erases what is older than its period, now and once a day, until the
// returned function is called.
func (d *Desk) KeepPeriods(ctx context.Context) (end func() error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	first, done := make(chan struct{}), make(chan struct{})
	expire := func() {
		if err := d.Expire(ctx); !errors.Is(err, context.Canceled) {
			d.Log("periods", err)
		}
	}
	go func() {
		defer close(done)
		expire()
		close(first)
		for {
			select {
			case <-time.After(expireEvery):
				expire()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() error {
		select {
		case <-first:
		case <-time.After(expirePatience):
		}
		stop()
		<-done
		return nil
	}
}

// Rebuild makes the tables that lists are read from again, where Verify reports that they
// do not match the records. The records stay as they are.
func (d *Desk) Rebuild(ctx context.Context) error {
	if err := d.Allow(ctx, access.Backup); err != nil {
		return err
	}
	err := d.p.History.Rebuild(ctx)
	if err == nil {
		d.p.Log.Info("lists made anew")
	}
	return err
}

// Backup copies the history into a new file, and verifies that file.
func (d *Desk) Backup(ctx context.Context, file string, progress matcher.ProgressFunc) error {
	if err := d.Allow(ctx, access.Backup); err != nil {
		return err
	}
	err := d.p.History.Backup(ctx, file, progress)
	if err == nil {
		d.p.Log.Info("backup made")
	}
	return err
}

// SetRecovery sets the passphrase that recovers the key of sealed parts, and records that
// it was set. It takes about a second.
func (d *Desk) SetRecovery(ctx context.Context, passphrase string) error {
	who, err := d.Enter(ctx, access.Backup)
	if err != nil {
		return err
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.p.History.SetRecovery(ctx, passphrase); err != nil {
		return err
	}
	change := d.settingsChange(history.RecoveryChanged)
	change.Actor = &who
	return d.p.History.Settings(context.WithoutCancel(ctx), change)
}

// RecoverySet reports whether there is a recovery passphrase.
func (d *Desk) RecoverySet(ctx context.Context) (bool, error) {
	if err := d.Allow(ctx, access.Backup); err != nil {
		return false, err
	}
	return d.p.History.RecoverySet(ctx)
}

// RecoverKey puts the key of sealed parts back onto this computer with the recovery
// passphrase, and returns where: history.KeyInKeyring or KeyInFile.
func (d *Desk) RecoverKey(ctx context.Context, passphrase string) (place string, err error) {
	if err := d.Allow(ctx, access.Backup); err != nil {
		return "", err
	}
	return d.p.History.RecoverKey(ctx, passphrase)
}

// maxRecovery is the most bytes of a file that holds what the recovery passphrase opens.
const maxRecovery = 64 << 10

// KeepRecovery writes what the recovery passphrase opens into a new file, to be kept elsewhere
// than the history: with it a history that was rebuilt from the centre opens too.
func (d *Desk) KeepRecovery(ctx context.Context, file string) error {
	if err := d.Allow(ctx, access.Backup); err != nil {
		return err
	}
	text, err := d.p.History.Recovery(ctx)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(file); err == nil {
		return matcher.NewProblem("recovery.unwritten", os.ErrExist)
	}
	if err := privatefile.Write(file, []byte(text)); err != nil {
		return matcher.NewProblem("recovery.unwritten", err)
	}
	return nil
}

// RecoverKeyFrom is RecoverKey with a file that KeepRecovery wrote.
func (d *Desk) RecoverKeyFrom(ctx context.Context, file, passphrase string) (place string, err error) {
	if err := d.Allow(ctx, access.Backup); err != nil {
		return "", err
	}
	f, err := os.Open(file)
	if err != nil {
		return "", matcher.NewProblem("recovery.unread", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRecovery))
	if err != nil || len(text) == 0 {
		return "", matcher.NewProblem("recovery.unread", err)
	}
	return d.p.History.RecoverKeyFrom(ctx, string(text), passphrase)
}

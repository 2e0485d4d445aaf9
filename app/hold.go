package app

import (
	"context"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

// Holder keeps sessions from erasure.
type Holder interface {
	Hold(ctx context.Context, h history.Hold) error
	// Holds gives the sessions that are on hold now.
	Holds(ctx context.Context) ([]history.Holding, error)
}

// Hold keeps a session from erasure and from the periods, or no longer, and records it with
// why. The problems are check.session, hold.why, decide.note_odd, decide.note_long, those of
// the history (store.session_unknown, .session_erased, .session_held, .session_not_held), and
// those of Allow.
func (d *Desk) Hold(ctx context.Context, session string, held bool, why string) error {
	who, err := d.Enter(ctx, access.Erase)
	if err != nil {
		return err
	}
	if !ValidSession(session) {
		return matcher.NewProblem("check.session", nil)
	}
	note, err := cleanNote(why, "")
	if err != nil {
		return err
	}
	if note == "" {
		return matcher.NewProblem("hold.why", nil)
	}
	return d.p.History.Hold(context.WithoutCancel(ctx), history.Hold{Session: session, Actor: who, Held: held, Note: note})
}

// Holds gives the sessions that are on hold now.
func (d *Desk) Holds(ctx context.Context) ([]history.Holding, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return nil, err
	}
	return d.p.History.Holds(ctx)
}

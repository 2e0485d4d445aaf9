package app

import (
	"context"
	"time"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/settings"
)

// SettingsRecorder records changes of the settings and of the list of operators.
type SettingsRecorder interface {
	Settings(ctx context.Context, c history.SettingsChange) error
	LastSettings(ctx context.Context) (history.SettingsChange, bool, error)
	// LastOperators is the newest record of the list of operators, which LastSettings
	// leaves out. It is false where none were ever set up.
	LastOperators(ctx context.Context) (history.SettingsChange, bool, error)
	// ListSigned is when the newest list ever taken from the centre, for a branch and by a key,
	// was signed; the zero time where there was none.
	ListSigned(ctx context.Context, branch, key string) (time.Time, error)
}

// Settings gives the settings in force.
func (d *Desk) Settings() settings.Settings { return d.p.Settings.Get() }

// SettingsFrom says which files the settings in force come from, and what is locked.
func (d *Desk) SettingsFrom() settings.Sources { return d.p.Settings.Sources() }

// SaveSettings checks and writes new settings and records that they changed.
func (d *Desk) SaveSettings(ctx context.Context, s settings.Settings) error {
	who, err := d.Enter(ctx, access.Settings)
	if err != nil {
		return err
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	now, next := d.p.Settings.Get().ConsentWords(), s.ConsentWords()
	if now.Processing != next.Processing || now.SendName != next.SendName {
		s.Consent.Version = now.Version + 1
	}
	if err := d.p.Settings.Save(s); err != nil {
		return err
	}
	change := d.settingsChange(history.ChangedInWindow)
	change.Actor = &who
	return d.p.History.Settings(ctx, change)
}

// settingsChange is the record of the settings in force.
func (d *Desk) settingsChange(how string) history.SettingsChange {
	c := history.SettingsChange{How: how}
	c.Administrator, c.SHA256 = d.p.Settings.SHA256()
	if consent := d.p.Settings.Get().ConsentWords(); consent.Own() {
		c.Consent = &history.ConsentWords{
			Wording: Wording(consent, history.Offline), Processing: consent.Processing, SendName: consent.SendName,
		}
	}
	return c
}

// NoticeSettings compares the settings files and the list of operators with the ones
// recorded last, and records a change made outside the program. It is called once at the
// start; nobody needs to be signed in.
func (d *Desk) NoticeSettings(ctx context.Context) error {
	if err := d.noticeOperators(ctx); err != nil {
		return err
	}
	d.changing.Lock()
	defer d.changing.Unlock()
	last, found, err := d.p.History.LastSettings(ctx)
	if err != nil {
		return err
	}
	now := d.settingsChange(history.ChangedByHand)
	if !found {
		now.How = history.FirstSeen
	}
	if found && last.SHA256 == now.SHA256 && last.Administrator == now.Administrator {
		return nil
	}
	return d.p.History.Settings(ctx, now)
}

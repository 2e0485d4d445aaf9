package app

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
)

// Settings gives the settings in force.
func (d *Desk) Settings() settings.Settings { return d.p.Settings.Get() }

// SaveSettings checks and writes new settings and records that they changed.
func (d *Desk) SaveSettings(ctx context.Context, s settings.Settings) error {
	who, err := d.enter(ctx, ActionSettings)
	if err != nil {
		return err
	}
	d.asked.Lock()
	defer d.asked.Unlock()
	if now := d.p.Settings.Get().Consent; now.Processing != s.Consent.Processing || now.SendName != s.Consent.SendName {
		s.Consent.Version = now.Version + 1
	}
	if err := d.p.Settings.Save(s); err != nil {
		return err
	}
	change := d.change(history.ChangedInWindow)
	change.Actor = &who
	return d.p.History.Settings(ctx, change)
}

// change is what is recorded of the settings in force.
func (d *Desk) change(how string) history.SettingsChange {
	c := history.SettingsChange{How: how, SHA256: d.p.Settings.SHA256()}
	if consent := d.p.Settings.Get().Consent; consent.Own() {
		c.Consent = &history.ConsentWords{
			Wording: Wording(consent, history.Offline), Processing: consent.Processing, SendName: consent.SendName,
		}
	}
	return c
}

// NoticeSettings compares the settings file and the list of operators with the
// last recorded ones and records a change made outside the program. Call it once
// at the start; nobody needs to be signed in.
func (d *Desk) NoticeSettings(ctx context.Context) error {
	if err := d.noticeOperators(ctx); err != nil {
		return err
	}
	d.asked.Lock()
	defer d.asked.Unlock()
	last, found, err := d.p.History.LastSettings(ctx)
	if err != nil {
		return err
	}
	now := d.change(history.ChangedByHand)
	if !found {
		now.How = history.FirstSeen
	}
	if found && last.SHA256 == now.SHA256 {
		return nil
	}
	return d.p.History.Settings(ctx, now)
}

// OpenCamera starts the source the settings name, or the one at the address. It
// never blocks; whether pictures come, Source.Next tells.
func (d *Desk) OpenCamera(address string) Source {
	at := d.Settings().Camera
	if address != "" {
		at.Source = address
	}
	return d.p.OpenSource(at)
}

// Cameras are the cameras that are plugged in, with their names. Listing them
// takes a moment.
func (d *Desk) Cameras() []Camera { return d.p.Cameras() }

// OpenFile makes a blob of a file on disk; nothing is read yet.
func OpenFile(path string) matcher.Blob {
	size := int64(-1)
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	}
	return matcher.Blob{
		Name: filepath.Base(path), Size: size, Path: path,
		Open: func() (io.ReadCloser, error) { return os.Open(path) },
	}
}

// FindPortrait looks for the portrait on a document.
func (d *Desk) FindPortrait(ctx context.Context, document matcher.Blob) (matcher.Portrait, error) {
	return d.p.Portraits.Portrait(ctx, document)
}

// PortraitOnPage looks for the portrait on one page of a document, from 1.
func (d *Desk) PortraitOnPage(ctx context.Context, document matcher.Blob, number int) (matcher.Portrait, error) {
	return d.p.Portraits.OnPage(ctx, document, number)
}

// NoFace is the key of the problem that a page has no face of a number (parameters
// Number and Count).
const NoFace = "document.no_face"

// PickPortrait takes the face of this number on a page as the portrait, in the order
// of matcher.Portrait.Faces; 0: the one that is found. The page counts from 1; 0: the
// one with the best portrait.
func (d *Desk) PickPortrait(ctx context.Context, document matcher.Blob, page, face int) (found matcher.Portrait, err error) {
	if page == 0 {
		found, err = d.FindPortrait(ctx, document)
	} else {
		found, err = d.PortraitOnPage(ctx, document, page)
	}
	if err != nil || face == 0 {
		return found, err
	}
	all, _ := found.Faces()
	if face < 1 || face > len(all) {
		return matcher.Portrait{}, matcher.NewProblem(NoFace, nil, "Number", face, "Count", len(all))
	}
	if all[face-1] == found.Box {
		found.ByHand, found.Chosen = true, found.PickOf(found.Box)
		return found, nil
	}
	return d.ChoosePortrait(ctx, found, matcher.Choice{Area: all[face-1]})
}

// ChoosePortrait looks again at the page of a portrait, as the clerk says.
func (d *Desk) ChoosePortrait(ctx context.Context, p matcher.Portrait, c matcher.Choice) (matcher.Portrait, error) {
	return d.p.Portraits.Choose(ctx, p, c)
}

// UprightPage gives the page of a portrait as an upright JPEG or PNG, as
// another program takes it.
func (d *Desk) UprightPage(ctx context.Context, document matcher.Blob, p matcher.Portrait) (matcher.Blob, error) {
	return d.p.Portraits.Upright(ctx, document, p)
}

// Engine says what decides checks, waiting for its models to load. The error
// is a *Problem where they are missing or damaged.
func (d *Desk) Engine(ctx context.Context) (matcher.Description, error) {
	return d.p.Engine.Describe(ctx)
}

// Checks lists one page of the checks a filter chooses.
func (d *Desk) Checks(ctx context.Context, f history.Filter) ([]history.Row, error) {
	if err := d.Allow(ctx, ActionHistory); err != nil {
		return nil, err
	}
	return d.p.History.List(ctx, f)
}

// Verify verifies the whole history.
func (d *Desk) Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error) {
	if err := d.Allow(ctx, ActionHistory); err != nil {
		return history.Verdict{}, err
	}
	return d.p.History.Verify(ctx, progress)
}

// KeyPlace says where the key of sealed names lies: "keyring" or "file". It may
// wait some seconds for a keyring.
func (d *Desk) KeyPlace() string { return d.p.History.KeyPlace() }

// KeyProblem says why sealed names cannot be read here; nil where they can.
func (d *Desk) KeyProblem(ctx context.Context) error { return d.p.History.KeyProblem(ctx) }

// Version is the program's version.
func (d *Desk) Version() string { return d.p.Version }

// Log writes an error that a person has been shown, once, at the top.
func (d *Desk) Log(what string, err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	d.p.Log.Error(what, "error", err)
}

package kittest

import (
	"context"
	"errors"
	"image"
	"slices"
	"sync"
	"time"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
)

// Checks are a desk's documents and checks made of functions. Those a test does not set
// find a portrait in each document, and fail where a choice or a check was not expected.
type Checks struct {
	Mu         sync.Mutex // guards Kept and Dropped
	OnPortrait func(context.Context, app.Blob) (app.Portrait, error)
	OnPage     func(context.Context, app.Blob, int) (app.Portrait, error)
	OnChoose   func(context.Context, app.Portrait, app.Choice) (app.Portrait, error)
	OnRead     func(context.Context, app.Blob, app.Portrait) (app.Zone, history.Reading, error)
	OnCheck    func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error)
	OnDocument func() app.Source // opens the camera for documents; nil: there is none
	OnKeep     func(app.CheckInput) (app.KeptCheck, error)
	OnSendKept func(id string) (app.Check, error)
	Kept       app.KeptChecks
	Dropped    []*app.Attempt
}

// NewChecks makes a desk's checks.
func NewChecks() *Checks {
	d := &Checks{}
	d.OnPortrait = func(context.Context, app.Blob) (app.Portrait, error) { return Portrait(), nil }
	d.OnPage = func(ctx context.Context, b app.Blob, number int) (app.Portrait, error) {
		p, err := d.OnPortrait(ctx, b)
		p.Number = number
		return p, err
	}
	d.OnChoose = func(context.Context, app.Portrait, app.Choice) (app.Portrait, error) {
		return app.Portrait{}, errors.New("no choice was expected")
	}
	d.OnRead = func(context.Context, app.Blob, app.Portrait) (app.Zone, history.Reading, error) {
		return app.Zone{}, history.Reading{}, nil // the document has no zone
	}
	d.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return app.Check{}, errors.New("no check was expected")
	}
	return d
}

// Portrait is part of the desk.
func (d *Checks) Portrait(ctx context.Context, b app.Blob) (app.Portrait, error) {
	return d.OnPortrait(ctx, b)
}

// Read is part of the desk.
func (d *Checks) Read(ctx context.Context, b app.Blob, p app.Portrait) (app.Zone, history.Reading, error) {
	return d.OnRead(ctx, b, p)
}

// HasDocumentCamera is part of the desk.
func (d *Checks) HasDocumentCamera() bool { return d.OnDocument != nil }

// OpenDocumentCamera is part of the desk.
func (d *Checks) OpenDocumentCamera() app.Source { return d.OnDocument() }

// PortraitOnPage is part of the desk.
func (d *Checks) PortraitOnPage(ctx context.Context, b app.Blob, number int) (app.Portrait, error) {
	return d.OnPage(ctx, b, number)
}

// ChoosePortrait is part of the desk.
func (d *Checks) ChoosePortrait(ctx context.Context, p app.Portrait, c app.Choice) (app.Portrait, error) {
	return d.OnChoose(ctx, p, c)
}

// Check is part of the desk.
func (d *Checks) Check(ctx context.Context, in app.CheckInput, p app.ProgressFunc) (app.Check, error) {
	return d.OnCheck(ctx, in, p)
}

// Retry makes a check of the attempt's input in another mode.
func (d *Checks) Retry(ctx context.Context, a *app.Attempt, mode history.Mode, p app.ProgressFunc) (app.Check, error) {
	in := a.Input
	in.Mode = mode
	return d.OnCheck(ctx, in, p)
}

// Keep is part of the desk.
func (d *Checks) Keep(_ context.Context, a *app.Attempt) (app.KeptCheck, error) {
	return d.OnKeep(a.Input)
}

// KeptChecks is part of the desk.
func (d *Checks) KeptChecks(context.Context) (app.KeptChecks, error) {
	d.Mu.Lock()
	defer d.Mu.Unlock()
	return d.Kept, nil
}

// SendKept is part of the desk.
func (d *Checks) SendKept(_ context.Context, id string, _ app.ProgressFunc) (app.Check, error) {
	return d.OnSendKept(id)
}

// DropKept is part of the desk.
func (d *Checks) DropKept(_ context.Context, id string) error {
	d.Mu.Lock()
	defer d.Mu.Unlock()
	d.Kept.Checks = slices.DeleteFunc(slices.Clone(d.Kept.Checks), func(k app.KeptCheck) bool { return k.ID == id })
	return nil
}

// Drop is part of the desk.
func (d *Checks) Drop(a *app.Attempt) {
	d.Mu.Lock()
	defer d.Mu.Unlock()
	d.Dropped = append(d.Dropped, a)
}

// Deleted is how many clips were deleted so far.
func (d *Checks) Deleted() int {
	d.Mu.Lock()
	defer d.Mu.Unlock()
	return len(d.Dropped)
}

// Portrait is a portrait that was found on a page.
func Portrait() app.Portrait {
	return app.Portrait{
		Image: image.NewRGBA(image.Rect(0, 0, 30, 40)), Page: image.NewRGBA(image.Rect(0, 0, 200, 120)),
		Box: image.Rect(20, 20, 50, 60),
	}
}

// Compared is a check that came to percentages; the outcome is what the test
// says, because judging is not the window's business.
func Compared(outcome history.Outcome, percentages ...float64) app.Check {
	answer := &app.Answer{Portrait: new(Portrait()), Engine: Description(false)}
	sum := 0.0
	for _, p := range percentages {
		answer.Frames = append(answer.Frames, app.MatchedFrame{Face: image.NewRGBA(image.Rect(0, 0, 30, 40)), Percentage: p})
		sum += p
	}
	answer.Result.Data.Percentages = percentages
	answer.Result.Data.Score = sum / float64(len(percentages))
	answer.Result.Data.Description = "Successful check"
	answer.Result.Data.Result = outcome == history.Pass
	answer.Result.Scoring.Status = map[history.Outcome]matcher.Status{
		history.Pass: matcher.Pass, history.Refer: matcher.Refer, history.Fail: matcher.Fail,
	}[outcome]
	return app.Check{
		ID: "chk_1", Session: app.NewSession(), Mode: history.Offline, Outcome: outcome, Answer: answer,
		At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), Took: 4200 * time.Millisecond,
	}
}

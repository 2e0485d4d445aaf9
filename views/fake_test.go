package views

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
	"facematch/views/internal/kit/kittest"
)

// fakeDesk is a Desk made of functions; what a test does not set does what
// goes well.
type fakeDesk struct {
	*kittest.History
	*kittest.Staff
	*kittest.DeskSettings
	*kittest.Token
	*kittest.Backups
	mu     sync.Mutex
	logged []error
	opened []string

	source   func(address string) app.Source
	engine   func(context.Context) (app.Description, error)
	portrait func(context.Context, app.Blob) (app.Portrait, error)
	onPage   func(context.Context, app.Blob, int) (app.Portrait, error)
	choose   func(context.Context, app.Portrait, app.Choice) (app.Portrait, error)
	check    func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error)
	keep     func(app.CheckInput) (app.KeptCheck, error)
	kept     app.KeptChecks
	sendKept func(id string) (app.Check, error)
	dropped  []*app.Attempt

	erased   []string
	eraseErr error
}

func newFakeDesk() *fakeDesk {
	d := &fakeDesk{
		History: kittest.NewHistory(), Staff: &kittest.Staff{}, DeskSettings: kittest.NewDeskSettings(),
		Token: &kittest.Token{}, Backups: &kittest.Backups{},
	}
	d.source = func(string) app.Source { return kittest.NewSource() }
	d.engine = func(context.Context) (app.Description, error) { return kittest.Description(false), nil }
	d.portrait = func(context.Context, app.Blob) (app.Portrait, error) { return somePortrait(), nil }
	d.onPage = func(ctx context.Context, b app.Blob, number int) (app.Portrait, error) {
		p, err := d.portrait(ctx, b)
		p.Number = number
		return p, err
	}
	d.choose = func(context.Context, app.Portrait, app.Choice) (app.Portrait, error) {
		return app.Portrait{}, errors.New("no choice was expected")
	}
	d.check = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		return app.Check{}, errors.New("no check was expected")
	}
	return d
}

func (d *fakeDesk) OpenCamera(address string) app.Source {
	d.mu.Lock()
	d.opened = append(d.opened, d.Settings().Camera.Source)
	d.mu.Unlock()
	return d.source(address)
}

func (d *fakeDesk) Engine(ctx context.Context) (app.Description, error) { return d.engine(ctx) }

func (d *fakeDesk) Portrait(ctx context.Context, b app.Blob) (app.Portrait, error) {
	return d.portrait(ctx, b)
}

func (d *fakeDesk) PortraitOnPage(ctx context.Context, b app.Blob, number int) (app.Portrait, error) {
	return d.onPage(ctx, b, number)
}

func (d *fakeDesk) ChoosePortrait(ctx context.Context, p app.Portrait, c app.Choice) (app.Portrait, error) {
	return d.choose(ctx, p, c)
}

func (d *fakeDesk) Check(ctx context.Context, in app.CheckInput, p app.ProgressFunc) (app.Check, error) {
	return d.check(ctx, in, p)
}

// Retry makes a check of the attempt's input in another mode.
func (d *fakeDesk) Retry(ctx context.Context, a *app.Attempt, mode history.Mode, p app.ProgressFunc) (app.Check, error) {
	in := a.Input
	in.Mode = mode
	return d.check(ctx, in, p)
}

func (d *fakeDesk) Keep(_ context.Context, a *app.Attempt) (app.KeptCheck, error) {
	return d.keep(a.Input)
}

func (d *fakeDesk) KeptChecks(context.Context) (app.KeptChecks, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept, nil
}

func (d *fakeDesk) SendKept(_ context.Context, id string, _ app.ProgressFunc) (app.Check, error) {
	return d.sendKept(id)
}

func (d *fakeDesk) DropKept(id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept.Checks = slices.DeleteFunc(slices.Clone(d.kept.Checks), func(k app.KeptCheck) bool { return k.ID == id })
	return nil
}

func (d *fakeDesk) Drop(a *app.Attempt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropped = append(d.dropped, a)
}

// deleted is how many clips were deleted so far.
func (d *fakeDesk) deleted() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.dropped)
}

func (d *fakeDesk) Log(_ string, err error) {
	if err == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logged = append(d.logged, err)
}

func somePortrait() app.Portrait {
	return app.Portrait{
		Image: image.NewRGBA(image.Rect(0, 0, 30, 40)), Page: image.NewRGBA(image.Rect(0, 0, 200, 120)),
		Box: image.Rect(20, 20, 50, 60),
	}
}

// compared is a check that came to percentages; the outcome is what the test
// says, because judging is not the window's business.
func compared(outcome history.Outcome, percentages ...float64) app.Check {
	answer := &app.Answer{Portrait: new(somePortrait()), Engine: kittest.Description(false)}
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

func (d *fakeDesk) Reread() {}

func (d *fakeDesk) Erase(_ context.Context, session string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erased = append(d.erased, session)
	return d.eraseErr
}

// staffedDesk is a desk with an operator of each role.
func staffedDesk() *fakeDesk {
	d := newFakeDesk()
	d.Staff = kittest.Staffed()
	return d
}

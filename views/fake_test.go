package views

import (
	"context"
	"sync"

	"facematch/app"
	"facematch/app/scans"
	"facematch/views/internal/kit/kittest"
)

// fakeDesk is a Desk made of functions; what a test does not set does what
// goes well.
type fakeDesk struct {
	*kittest.Checks
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
	erased   []string
	eraseErr error
}

func newFakeDesk() *fakeDesk {
	d := &fakeDesk{
		Checks:  kittest.NewChecks(),
		History: kittest.NewHistory(), Staff: &kittest.Staff{}, DeskSettings: kittest.NewDeskSettings(),
		Token: &kittest.Token{}, Backups: &kittest.Backups{},
	}
	d.source = func(string) app.Source { return kittest.NewSource() }
	d.engine = func(context.Context) (app.Description, error) { return kittest.Description(false), nil }
	return d
}

func (d *fakeDesk) OpenCamera(address string) app.Source {
	d.mu.Lock()
	d.opened = append(d.opened, d.Settings().Camera.Source)
	d.mu.Unlock()
	return d.source(address)
}

// WatchScans offers what the test says.
func (d *fakeDesk) WatchScans(ctx context.Context, tell func(scans.News)) error {
	tell(scans.News{Name: "scan.pdf", Path: d.Settings().Folders.Scans + "/scan.pdf"})
	<-ctx.Done()
	return nil
}

func (d *fakeDesk) Engine(ctx context.Context) (app.Description, error) { return d.engine(ctx) }

func (d *fakeDesk) Log(_ string, err error) {
	if err == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logged = append(d.logged, err)
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

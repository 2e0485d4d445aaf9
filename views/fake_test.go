package views

import (
	"context"
	"errors"
	"image"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/settings"
	"facematch/app/token"
)

// fakeDesk is a Desk made of functions; what a test does not set does what
// goes well.
type fakeDesk struct {
	mu       sync.Mutex
	settings settings.Settings
	logged   []error
	opened   []string

	source     func(address string) app.Source
	cameras    func() []app.Camera
	save       func(settings.Settings) error
	engine     func(context.Context) (app.Description, error)
	portrait   func(context.Context, app.Blob) (app.Portrait, error)
	onPage     func(context.Context, app.Blob, int) (app.Portrait, error)
	choose     func(context.Context, app.Portrait, app.Choice) (app.Portrait, error)
	check      func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error)
	checks     func(context.Context, history.Filter) ([]history.Row, error)
	count      func(context.Context, history.Filter) (history.Counts, error)
	choices    history.Choices
	detail     func(context.Context, string) (history.Detail, error)
	export     func(context.Context, app.ExportInput, app.ProgressFunc) (app.Exported, error)
	other      func(path string) (app.OtherHistory, error)
	verify     func(context.Context, app.ProgressFunc) (history.Verdict, error)
	keep       func(app.CheckInput) (app.KeptCheck, error)
	kept       app.KeptChecks
	sendKept   func(id string) (app.Check, error)
	dropped    []app.CheckInput
	token      string
	place      token.Place
	tokenErr   error
	keyPlace   string
	keyProblem error

	// Operators: none are set up where the list is empty.
	operators  []operators.Operator
	secrets    map[string]string // passphrases by name
	signedIn   string
	idle       bool // the idle time has locked
	touched    atomic.Int64
	signIn     func(name string) error // before the passphrase is looked at
	decided    []app.DecisionInput
	decide     func(app.DecisionInput) error
	erased     []string
	eraseErr   error
	backup     func(ctx context.Context, file string, p app.ProgressFunc) error
	noRecovery bool
	recovery   string
}

func newFakeDesk() *fakeDesk {
	d := &fakeDesk{settings: settings.Default(), keyPlace: history.KeyInKeyring}
	d.source = func(string) app.Source { return newFakeSource() }
	d.cameras = func() []app.Camera { return nil }
	d.engine = func(context.Context) (app.Description, error) { return description(false), nil }
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
	d.checks = func(context.Context, history.Filter) ([]history.Row, error) { return nil, nil }
	d.count = func(context.Context, history.Filter) (history.Counts, error) { return history.Counts{}, nil }
	d.detail = func(context.Context, string) (history.Detail, error) {
		return history.Detail{}, &app.Problem{Key: "store.check_unknown"}
	}
	d.export = func(context.Context, app.ExportInput, app.ProgressFunc) (app.Exported, error) {
		return app.Exported{}, errors.New("no export was expected")
	}
	d.other = func(string) (app.OtherHistory, error) { return nil, &app.Problem{Key: "store.foreign"} }
	d.verify = func(context.Context, app.ProgressFunc) (history.Verdict, error) {
		return history.Verdict{Intact: true}, nil
	}
	return d
}

func description(calibrated bool) app.Description {
	d := app.Description{Engine: "go-face", Calibration: "start", Calibrated: calibrated}
	d.Models = append(d.Models, modelOf(d)...)
	return d
}

func (d *fakeDesk) Settings() settings.Settings {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settings
}

func (d *fakeDesk) SaveSettings(_ context.Context, s settings.Settings) error {
	if d.save != nil {
		if err := d.save(s); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settings = s
	return nil
}

func (d *fakeDesk) OpenCamera(address string) app.Source {
	d.mu.Lock()
	d.opened = append(d.opened, d.settings.Camera.Source)
	d.mu.Unlock()
	return d.source(address)
}

func (d *fakeDesk) Cameras() []app.Camera { return d.cameras() }

func (d *fakeDesk) Engine(ctx context.Context) (app.Description, error) { return d.engine(ctx) }

func (d *fakeDesk) FindPortrait(ctx context.Context, b app.Blob) (app.Portrait, error) {
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

func (d *fakeDesk) Checks(ctx context.Context, f history.Filter) ([]history.Row, error) {
	return d.checks(ctx, f)
}

func (d *fakeDesk) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	return d.count(ctx, f)
}

func (d *fakeDesk) Choices(context.Context) (history.Choices, error) { return d.choices, nil }

func (d *fakeDesk) Detail(ctx context.Context, check string) (history.Detail, error) {
	return d.detail(ctx, check)
}

func (d *fakeDesk) Export(ctx context.Context, in app.ExportInput, p app.ProgressFunc) (app.Exported, error) {
	return d.export(ctx, in, p)
}

func (d *fakeDesk) OpenHistory(_ context.Context, path string) (app.OtherHistory, error) {
	return d.other(path)
}

func (d *fakeDesk) Verify(ctx context.Context, p app.ProgressFunc) (history.Verdict, error) {
	return d.verify(ctx, p)
}

func (d *fakeDesk) Keep(_ context.Context, in app.CheckInput) (app.KeptCheck, error) {
	return d.keep(in)
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

func (d *fakeDesk) Drop(in app.CheckInput) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dropped = append(d.dropped, in)
}

// deleted is how many clips were deleted so far.
func (d *fakeDesk) deleted() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.dropped)
}

func (d *fakeDesk) TokenPlace() (token.Place, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.place == token.Locked:
		return d.place, &app.Problem{Key: "token.locked"}
	case d.token == "":
		return token.None, &app.Problem{Key: "token.none"}
	}
	return d.place, nil
}

func (d *fakeDesk) UnlockToken(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.place = token.File
	return d.tokenErr
}

func (d *fakeDesk) SetToken(secret, passphrase string) (token.Place, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tokenErr != nil && passphrase == "" {
		return token.None, d.tokenErr
	}
	d.token, d.place = secret, token.Keyring
	return d.place, nil
}

func (d *fakeDesk) ClearToken() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.token, d.place = "", token.None
	return nil
}

func (d *fakeDesk) TestToken(context.Context) error { return d.tokenErr }

func (d *fakeDesk) KeyPlace() string { return d.keyPlace }

func (d *fakeDesk) KeyProblem(context.Context) error { return d.keyProblem }

func (d *fakeDesk) Version() string { return "0.1.0" }

func (d *fakeDesk) Log(_ string, err error) {
	if err == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.logged = append(d.logged, err)
}

// fakeSource gives what the test puts into it.
type fakeSource struct {
	mu      sync.Mutex
	seq     uint64
	live    app.Live
	advice  app.Advice
	changed chan struct{} // closed at each change
	closed  bool
	waiters int
	fails   int // how many of the next advices are errors

	film func(context.Context, app.ProgressFunc) (app.Film, error)
	part app.Part
}

func newFakeSource() *fakeSource {
	s := &fakeSource{changed: make(chan struct{})}
	s.frame(image.NewRGBA(image.Rect(0, 0, 64, 48)))
	return s
}

func (s *fakeSource) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *fakeSource) frame(picture *image.RGBA) {
	s.change(func() {
		s.seq++
		s.live.Seq = s.seq
		s.live.Problem = nil
		s.live.Frame = app.Frame{Image: picture, Seq: s.live.Seq}
	})
}

func (s *fakeSource) problem(p *app.Problem) {
	s.change(func() {
		s.seq++
		s.live.Seq = s.seq
		s.live.Problem = p
		s.live.Frame = app.Frame{}
	})
}

func (s *fakeSource) advise(a app.Advice) {
	s.change(func() {
		s.seq++
		a.Seq = s.seq
		s.advice = a
	})
}

// wait waits until ready says so, the context ends or the source is closed.
func (s *fakeSource) wait(ctx context.Context, ready func() bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiters++
	defer func() { s.waiters-- }()
	for {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case s.closed:
			return errors.New("closed")
		case ready():
			return nil
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.mu.Lock()
	}
}

func (s *fakeSource) Next(ctx context.Context, after uint64) (live app.Live, err error) {
	err = s.wait(ctx, func() bool { live = s.live; return s.live.Seq > after })
	return live, err
}

func (s *fakeSource) Advise(ctx context.Context, after uint64) (advice app.Advice, err error) {
	err = s.wait(ctx, func() bool { advice = s.advice; return s.fails > 0 || s.advice.Seq > after })
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.fails > 0 {
		s.fails--
		err = errors.New("no faces today")
	}
	return advice, err
}

func (s *fakeSource) Film(ctx context.Context, _ time.Duration, p app.ProgressFunc) (app.Film, error) {
	return s.film(ctx, p)
}

func (s *fakeSource) Record(context.Context, time.Duration, app.ProgressFunc) (app.Clip, error) {
	return app.Clip{}, nil
}

func (s *fakeSource) Part() app.Part { return s.part }

// Whole gives a picture twice as wide as the one it has.
func (s *fakeSource) Whole(ctx context.Context) (*image.RGBA, error) {
	var live app.Live
	if err := s.wait(ctx, func() bool { live = s.live; return s.live.Problem == nil }); err != nil {
		return nil, err
	}
	size := live.Frame.Image.Rect.Size()
	return image.NewRGBA(image.Rect(0, 0, 2*size.X, size.Y)), nil
}

func (s *fakeSource) Close() error {
	s.change(func() { s.closed = true })
	return nil
}

func (s *fakeSource) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
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
	answer := &app.Answer{Portrait: pointer(somePortrait()), Engine: description(false)}
	sum := 0.0
	for _, p := range percentages {
		answer.Frames = append(answer.Frames, app.MatchedFrame{Face: image.NewRGBA(image.Rect(0, 0, 30, 40)), Percentage: p})
		sum += p
	}
	answer.Result.Data.Percentages = percentages
	answer.Result.Data.Score = sum / float64(len(percentages))
	answer.Result.Data.Description = "Successful check"
	answer.Result.Data.Result = outcome == history.Pass
	answer.Result.Scoring.Status = map[history.Outcome]statusOf{history.Pass: "pass", history.Refer: "refer", history.Fail: "fail"}[outcome]
	return app.Check{
		ID: "chk_1", Session: app.NewSession(), Mode: history.Offline, Outcome: outcome, Answer: answer,
		At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), Took: 4200 * time.Millisecond,
	}
}

func pointer[T any](v T) *T { return &v }

// uiQueue stands in for Fyne's goroutine: the test runs what is queued, on its
// own goroutine.
type uiQueue struct {
	mu    sync.Mutex
	queue []func()
	more  chan struct{}
}

func newUIQueue() *uiQueue { return &uiQueue{more: make(chan struct{}, 1)} }

func (q *uiQueue) do(f func()) {
	q.mu.Lock()
	q.queue = append(q.queue, f)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

func (q *uiQueue) run() {
	for {
		q.mu.Lock()
		if len(q.queue) == 0 {
			q.mu.Unlock()
			return
		}
		f := q.queue[0]
		q.queue = q.queue[1:]
		q.mu.Unlock()
		f()
	}
}

// until runs what is queued until the condition holds.
func (q *uiQueue) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		q.run()
		if holds() {
			return
		}
		select {
		case <-q.more:
		case <-time.After(5 * time.Millisecond):
		case <-limit:
			t.Fatalf("never came: %s", what)
		}
	}
}

func (d *fakeDesk) Reread() {}

func (d *fakeDesk) SingleUser() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.operators) == 0
}

func (d *fakeDesk) Who() (history.Actor, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.operators) == 0 {
		return history.Actor{Operator: "anna"}, true
	}
	for _, o := range d.operators {
		if o.Name == d.signedIn {
			return history.Actor{Operator: o.Name, Role: o.Role, SignedIn: true}, !d.idle
		}
	}
	return history.Actor{}, false
}

func (d *fakeDesk) SignIn(_ context.Context, name, passphrase string) error {
	if d.signIn != nil {
		if err := d.signIn(name); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if secret, there := d.secrets[name]; !there || secret != passphrase {
		return &app.Problem{Key: "operators.wrong"}
	}
	d.signedIn, d.idle = name, false
	return nil
}

func (d *fakeDesk) SignOut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.signedIn = ""
}

// may are the roles that may do what not everybody may.
var may = map[app.Action][]history.Role{
	app.ActionCheck:    {history.RoleOperator, history.RoleReviewer, history.RoleAdministrator},
	app.ActionDecide:   {history.RoleOperator, history.RoleReviewer, history.RoleAdministrator},
	app.ActionOverride: {history.RoleOperator, history.RoleReviewer, history.RoleAdministrator},
	app.ActionHistory:  {history.RoleOperator, history.RoleReviewer, history.RoleAuditor, history.RoleAdministrator},
	app.ActionExport:   {history.RoleAuditor, history.RoleAdministrator},
}

func (d *fakeDesk) May(a app.Action) bool {
	actor, in := d.Who()
	return in && (actor.Role == "" || actor.Role == history.RoleAdministrator || slices.Contains(may[a], actor.Role))
}

func (d *fakeDesk) Decide(_ context.Context, in app.DecisionInput) error {
	if d.decide != nil {
		if err := d.decide(in); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.decided = append(d.decided, in)
	return nil
}

// recorded are the decisions so far.
func (d *fakeDesk) recorded() []app.DecisionInput {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.decided)
}

func (d *fakeDesk) NeedsSecond(row history.Row) bool {
	return row.Outcome != history.Refer || row.Decision == history.Approved || row.Decision == history.Rejected
}

func (d *fakeDesk) Operators() ([]operators.Operator, error) { return d.list(), nil }

func (d *fakeDesk) AddOperator(_ context.Context, name string, role history.Role, passphrase string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.operators = append(d.operators, operators.Operator{Name: name, Role: role})
	if d.secrets == nil {
		d.secrets = map[string]string{}
	}
	d.secrets[name] = passphrase
	return nil
}

func (d *fakeDesk) RemoveOperator(_ context.Context, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.operators = slices.DeleteFunc(slices.Clone(d.operators), func(o operators.Operator) bool { return o.Name == name })
	return nil
}

func (d *fakeDesk) SetPassphrase(_ context.Context, name, passphrase string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.secrets[name] = passphrase
	return nil
}

func (d *fakeDesk) Erase(_ context.Context, session string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.erased = append(d.erased, session)
	return d.eraseErr
}

func (d *fakeDesk) Backup(ctx context.Context, file string, p app.ProgressFunc) error {
	return d.backup(ctx, file, p)
}

func (d *fakeDesk) SetRecovery(_ context.Context, passphrase string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.recovery, d.noRecovery = passphrase, false
	return nil
}

func (d *fakeDesk) RecoverySet(context.Context) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.noRecovery, nil
}

func (d *fakeDesk) Touch() { d.touched.Add(1) }

func (d *fakeDesk) Names() []string {
	var names []string
	for _, o := range d.list() {
		names = append(names, o.Name)
	}
	return names
}

func (d *fakeDesk) Seconds() []string {
	actor, _ := d.Who()
	var names []string
	for _, o := range d.list() {
		if o.Name != actor.Operator && (o.Role == history.RoleReviewer || o.Role == history.RoleAdministrator) {
			names = append(names, o.Name)
		}
	}
	return names
}

func (d *fakeDesk) list() []operators.Operator {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.operators)
}

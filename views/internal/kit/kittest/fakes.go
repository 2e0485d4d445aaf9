package kittest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/app/operators"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/matcher"
)

// History is a desk's history made of functions. Those a test does not set
// answer as an empty history does.
type History struct {
	OnChecks func(context.Context, history.Filter) ([]history.Row, error)
	OnCount  func(context.Context, history.Filter) (history.Counts, error)

	Notices    []matcher.Notice // of Attention
	OnOverview func(context.Context, history.Filter, overview.Unit) (overview.Overview, error)

	recorded  sync.Mutex
	Drawn     []history.Sampled // samples that were picked
	held      []history.Holding
	OnSubject func(app.SubjectInput) ([]app.Visit, error)
	OnSample  func(history.Sampling) (history.Sample, error)
	OnSamples func() // is called before the samples are listed

	Offered  history.Choices
	OnDetail func(context.Context, string) (history.Detail, error)
	OnExport func(context.Context, app.ExportInput, app.ProgressFunc) (app.Exported, error)
	OnOpen   func(path string) (app.OtherHistory, error)
	OnVerify func(context.Context, app.ProgressFunc) (history.Verdict, error)
	KeyIn    string
	KeyLost  error
	Centre   history.CentreStatus
}

// NewHistory makes an empty history.
func NewHistory() *History {
	d := &History{KeyIn: history.KeyInKeyring, OnSamples: func() {}}
	d.OnChecks = func(context.Context, history.Filter) ([]history.Row, error) { return nil, nil }
	d.OnCount = func(context.Context, history.Filter) (history.Counts, error) { return history.Counts{}, nil }
	d.OnDetail = func(context.Context, string) (history.Detail, error) {
		return history.Detail{}, &app.Problem{Key: "store.check_unknown"}
	}
	d.OnExport = func(context.Context, app.ExportInput, app.ProgressFunc) (app.Exported, error) {
		return app.Exported{}, errors.New("no export was expected")
	}
	d.OnOpen = func(string) (app.OtherHistory, error) { return nil, &app.Problem{Key: "store.foreign"} }
	d.OnVerify = func(context.Context, app.ProgressFunc) (history.Verdict, error) {
		return history.Verdict{Intact: true}, nil
	}
	return d
}

// List is part of the desk.
func (d *History) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	return d.OnChecks(ctx, f)
}

// Count is part of the desk.
func (d *History) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	return d.OnCount(ctx, f)
}

// Attention is part of the desk.
func (d *History) Attention(context.Context) ([]matcher.Notice, error) { return d.Notices, nil }

// Sample is part of the desk.
func (d *History) Sample(ctx context.Context, s history.Sampling) (history.Sample, error) {
	if d.OnSample == nil {
		return history.Sample{}, errors.New("no sample was expected")
	}
	d.recorded.Lock()
	defer d.recorded.Unlock()
	sample, err := d.OnSample(s)
	if err == nil {
		err = ctx.Err() // what was cut off is not recorded
	}
	if err == nil {
		d.Drawn = append(d.Drawn, history.Sampled{Sample: sample})
	}
	return sample, err
}

// Samples is part of the desk.
func (d *History) Samples(context.Context) ([]history.Sampled, error) {
	d.OnSamples()
	d.recorded.Lock()
	defer d.recorded.Unlock()
	return slices.Clone(d.Drawn), nil
}

// LookedAt is part of the desk.
func (d *History) LookedAt(_ context.Context, sample, check, remark string) error {
	d.recorded.Lock()
	defer d.recorded.Unlock()
	for i := range d.Drawn {
		if s := &d.Drawn[i]; s.Sample.Sample == sample {
			s.Looks = append(slices.Clone(s.Looks), history.Looked{
				Look: history.Look{Sample: sample, Check: check, Actor: history.Actor{Operator: "axel"}}, Text: remark,
			})
			return nil
		}
	}
	return &app.Problem{Key: "sample.unknown"}
}

// Subject is part of the desk.
func (d *History) Subject(_ context.Context, in app.SubjectInput) ([]app.Visit, error) {
	if d.OnSubject == nil {
		return nil, &app.Problem{Key: "subject.nobody"}
	}
	return d.OnSubject(in)
}

// Hold is part of the desk.
func (d *History) Hold(_ context.Context, session string, held bool, why string) error {
	d.recorded.Lock()
	defer d.recorded.Unlock()
	d.held = slices.DeleteFunc(d.held, func(h history.Holding) bool { return h.Session == session })
	if held {
		d.held = append(d.held, history.Holding{Hold: history.Hold{Session: session, Held: true, Note: why}})
	}
	return nil
}

// Holds is part of the desk.
func (d *History) Holds(context.Context) ([]history.Holding, error) {
	d.recorded.Lock()
	defer d.recorded.Unlock()
	return slices.Clone(d.held), nil
}

// Overview is part of the desk.
func (d *History) Overview(
	ctx context.Context, f history.Filter, u overview.Unit,
) (overview.Overview, error) {
	if d.OnOverview == nil {
		return overview.Overview{}, nil
	}
	return d.OnOverview(ctx, f, u)
}

// Choices is part of the desk.
func (d *History) Choices(context.Context) (history.Choices, error) { return d.Offered, nil }

// Show is part of the desk.
func (d *History) Show(ctx context.Context, check string) (history.Detail, error) {
	return d.OnDetail(ctx, check)
}

// Export is part of the desk.
func (d *History) Export(ctx context.Context, in app.ExportInput, p app.ProgressFunc) (app.Exported, error) {
	return d.OnExport(ctx, in, p)
}

// OpenHistory is part of the desk.
func (d *History) OpenHistory(_ context.Context, path string) (app.OtherHistory, error) {
	return d.OnOpen(path)
}

// OpenCentre is part of the desk.
func (d *History) OpenCentre(context.Context, string) (app.OtherHistory, error) { return d.OnOpen("") }

// HasCentre is part of the desk.
func (d *History) HasCentre() bool { return d.Centre.Chosen }

// Verify is part of the desk.
func (d *History) Verify(ctx context.Context, p app.ProgressFunc) (history.Verdict, error) {
	return d.OnVerify(ctx, p)
}

// KeyPlace is part of the desk.
func (d *History) KeyPlace() string { return d.KeyIn }

// KeyProblem is part of the desk.
func (d *History) KeyProblem(context.Context) error { return d.KeyLost }

// CentreStatus is part of the desk.
func (d *History) CentreStatus(context.Context) (history.CentreStatus, error) { return d.Centre, nil }

// Staff are the operators of a desk, who of them is signed in and what they
// decided. None are set up where there are no people.
type Staff struct {
	mu              sync.Mutex
	People          []operators.Operator
	Secrets         map[string]string // passphrases by name
	SignedIn        string
	idle            bool // the idle time has locked
	Touched         atomic.Int64
	OnSignIn        func(name string) error // called before the passphrase is compared; may be nil
	Decided         []app.DecisionInput
	OnDecide        func(app.DecisionInput) error // called before a decision is recorded; may be nil
	Identifications []app.IdentifyInput
	inspected       []app.InspectionInput
	OnInspect       func(app.InspectionInput) error // called before an inspection is recorded; may be nil
	FromCentre      *operators.FromCentre           // where the list comes from the centre
}

// Staffed are operators, one of each role and a second one who may only check. Their
// passphrases are their names.
func Staffed() *Staff {
	d := &Staff{Secrets: map[string]string{}, People: []operators.Operator{
		{Name: "ada", Role: history.RoleAdministrator}, {Name: "olga", Role: history.RoleOperator},
		{Name: "otto", Role: history.RoleOperator}, {Name: "ruth", Role: history.RoleReviewer}, {
			Name: "axel", Role: history.RoleAuditor,
		},
	}}
	for _, o := range d.People {
		d.Secrets[o.Name] = o.Name
	}
	return d
}

// SingleUser is part of the desk.
func (d *Staff) SingleUser() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.People) == 0
}

// Who is part of the desk.
func (d *Staff) Who() (history.Actor, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.People) == 0 {
		return history.Actor{Operator: "anna"}, true
	}
	for _, o := range d.People {
		if o.Name == d.SignedIn {
			return history.Actor{Operator: o.Name, Role: o.Role, SignedIn: true}, !d.idle
		}
	}
	return history.Actor{}, false
}

// SignIn is part of the desk.
func (d *Staff) SignIn(_ context.Context, name, passphrase string) error {
	if d.OnSignIn != nil {
		if err := d.OnSignIn(name); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if secret, there := d.Secrets[name]; !there || secret != passphrase {
		return &app.Problem{Key: "operators.wrong"}
	}
	d.SignedIn, d.idle = name, false
	return nil
}

// LeaveAlone has the idle time lock the desk.
func (d *Staff) LeaveAlone() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = true
}

// SignOut signs out.
func (d *Staff) SignOut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.SignedIn = ""
}

// may are the roles that may do what not everybody may.
var may = map[app.Action][]history.Role{
	app.ActionCheck:    {history.RoleOperator, history.RoleReviewer, history.RoleAdministrator},
	app.ActionDecide:   {history.RoleOperator, history.RoleReviewer, history.RoleAdministrator},
	app.ActionOverride: {history.RoleOperator, history.RoleReviewer, history.RoleAdministrator},
	app.ActionHistory:  {history.RoleOperator, history.RoleReviewer, history.RoleAuditor, history.RoleAdministrator},
	app.ActionExport:   {history.RoleAuditor, history.RoleAdministrator},
}

// May is part of the desk.
func (d *Staff) May(a app.Action) bool {
	actor, in := d.Who()
	return in && (actor.Role == "" || actor.Role == history.RoleAdministrator || slices.Contains(may[a], actor.Role))
}

// Decide is part of the desk.
func (d *Staff) Decide(_ context.Context, in app.DecisionInput) error {
	if d.OnDecide != nil {
		if err := d.OnDecide(in); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Decided = append(d.Decided, in)
	return nil
}

// Recorded are the decisions so far.
func (d *Staff) Recorded() []app.DecisionInput {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.Decided)
}

// Identify is part of the desk.
func (d *Staff) Identify(_ context.Context, in app.IdentifyInput) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Identifications = append(d.Identifications, in)
	return nil
}

// SigningKey is part of the desk.
func (d *Staff) SigningKey(context.Context) (app.SigningKey, error) {
	return app.SigningKey{Fingerprint: "SHA256:abc", Line: "facematch ssh-ed25519 AAAA"}, nil
}

// Inspect is part of the desk.
func (d *Staff) Inspect(_ context.Context, in app.InspectionInput) error {
	if d.OnInspect != nil {
		if err := d.OnInspect(in); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inspected = append(d.inspected, in)
	return nil
}

// Inspected are the inspections so far.
func (d *Staff) Inspected() []app.InspectionInput {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.inspected)
}

// NeedsSecond is part of the desk.
func (d *Staff) NeedsSecond(row history.Row) bool {
	return row.Outcome != history.Refer || row.Decision == history.Approved || row.Decision == history.Rejected
}

// Operators is part of the desk.
func (d *Staff) Operators() ([]operators.Operator, error) { return d.Known(), nil }

// OperatorsFromCentre is part of the desk.
func (d *Staff) OperatorsFromCentre() *operators.FromCentre { return d.FromCentre }

// AddOperator is part of the desk.
func (d *Staff) AddOperator(_ context.Context, name string, role history.Role, passphrase string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.People = append(d.People, operators.Operator{Name: name, Role: role})
	if d.Secrets == nil {
		d.Secrets = map[string]string{}
	}
	d.Secrets[name] = passphrase
	return nil
}

// RemoveOperator is part of the desk.
func (d *Staff) RemoveOperator(_ context.Context, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.People = slices.DeleteFunc(slices.Clone(d.People), func(o operators.Operator) bool { return o.Name == name })
	return nil
}

// SetPassphrase is part of the desk.
func (d *Staff) SetPassphrase(_ context.Context, name, passphrase string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Secrets[name] = passphrase
	return nil
}

// Touch counts.
func (d *Staff) Touch() { d.Touched.Add(1) }

// Names is part of the desk.
func (d *Staff) Names() []string {
	var names []string
	for _, o := range d.Known() {
		names = append(names, o.Name)
	}
	return names
}

// Seconds is part of the desk.
func (d *Staff) Seconds() []string {
	actor, _ := d.Who()
	var names []string
	for _, o := range d.Known() {
		if o.Name != actor.Operator && (o.Role == history.RoleReviewer || o.Role == history.RoleAdministrator) {
			names = append(names, o.Name)
		}
	}
	return names
}

// Known is a copy of the operators.
func (d *Staff) Known() []operators.Operator {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.People)
}

// DeskSettings are a desk's settings and cameras.
type DeskSettings struct {
	mu        sync.Mutex
	Now       settings.Settings
	OnSave    func(settings.Settings) error // called before settings are saved; may be nil
	OnCameras func() []app.Camera           // nil: there are none
	From      settings.Sources

	Strangers, Same func(score float64) matcher.Rate // nil: nothing was measured
}

// SettingsFrom is part of the desk.
func (d *DeskSettings) SettingsFrom() settings.Sources { return d.From }

// Rates is part of the desk.
func (d *DeskSettings) Rates(score float64) (strangers, same matcher.Rate) {
	if d.Strangers == nil {
		return
	}
	return d.Strangers(score), d.Same(score)
}

// NewDeskSettings makes the default settings.
func NewDeskSettings() *DeskSettings { return &DeskSettings{Now: settings.Default()} }

// Settings is part of the desk.
func (d *DeskSettings) Settings() settings.Settings {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Now
}

// SaveSettings is part of the desk.
func (d *DeskSettings) SaveSettings(_ context.Context, s settings.Settings) error {
	if d.OnSave != nil {
		if err := d.OnSave(s); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Now = s
	return nil
}

// Cameras is part of the desk.
func (d *DeskSettings) Cameras() []app.Camera {
	if d.OnCameras == nil {
		return nil
	}
	return d.OnCameras()
}

// Version is part of the desk.
func (d *DeskSettings) Version() string { return "0.1.0" }

// Token is where the API's token lies.
type Token struct {
	mu       sync.Mutex
	Secret   string
	Place    token.Place
	TokenErr error
}

// Lock has the token wait for a passphrase.
func (d *Token) Lock() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Place = token.Locked
}

// TokenPlace is part of the desk.
func (d *Token) TokenPlace() (token.Place, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.Place == token.Locked:
		return d.Place, &app.Problem{Key: "token.locked"}
	case d.Secret == "":
		return token.None, &app.Problem{Key: "token.none"}
	}
	return d.Place, nil
}

// UnlockToken is part of the desk.
func (d *Token) UnlockToken(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Place = token.File
	return d.TokenErr
}

// SetToken is part of the desk.
func (d *Token) SetToken(secret, passphrase string) (token.Place, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.TokenErr != nil && passphrase == "" {
		return token.None, d.TokenErr
	}
	d.Secret, d.Place = secret, token.Keyring
	return d.Place, nil
}

// ClearToken is part of the desk.
func (d *Token) ClearToken() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Secret, d.Place = "", token.None
	return nil
}

// TestToken is part of the desk.
func (d *Token) TestToken(context.Context) error { return d.TokenErr }

// Backups backs up, and knows whether there is a recovery passphrase.
type Backups struct {
	mu         sync.Mutex
	OnBackup   func(ctx context.Context, file string, p app.ProgressFunc) error
	NoRecovery bool
	Recovery   string
}

// Backup is part of the desk.
func (d *Backups) Backup(ctx context.Context, file string, p app.ProgressFunc) error {
	return d.OnBackup(ctx, file, p)
}

// RecoveryPassphrase is the one that was set.
func (d *Backups) RecoveryPassphrase() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Recovery
}

// SetRecovery is part of the desk.
func (d *Backups) SetRecovery(_ context.Context, passphrase string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Recovery, d.NoRecovery = passphrase, false
	return nil
}

// RecoverySet is part of the desk.
func (d *Backups) RecoverySet(context.Context) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.NoRecovery, nil
}

// Models are those of description.
var Models = []matcher.Model{{
	Name: "shape.dat", SHA256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
}}

// Description is an engine's.
func Description(calibrated bool) matcher.Description {
	return matcher.Description{Engine: "go-face", Calibration: "start", Calibrated: calibrated, Models: Models}
}

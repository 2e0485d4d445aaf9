// Package access knows who is signed in and what they may do. It reads the list of
// operators and records sign-ins; it knows nothing of checks.
package access

import (
	"context"
	"os/user"
	"sync"
	"time"

	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/settings"
	"facematch/matcher"
)

// Journal is all that a session writes that only reads the history: that somebody
// signed in, and that records left the program.
type Journal interface {
	SignedIn(ctx context.Context, in history.SignIn) error
	Exported(ctx context.Context, e history.Export) error
}

// Recorded is what the history knows of lists of operators.
type Recorded interface {
	// LastOperators gives the newest record of the list. It is false where there never was one.
	LastOperators(ctx context.Context) (history.SettingsChange, bool, error)
	// ListSigned gives when the newest list ever taken from the centre, for a branch and by a
	// key, was signed; the zero time where there was none.
	ListSigned(ctx context.Context, branch, key string) (time.Time, error)
}

// Params are the parts a Guard is made of; all are needed.
type Params struct {
	Operators *operators.Keeper
	Recorded  Recorded
	Journal   Journal
	Settings  func() settings.Settings
	Instance  string
	Version   string
	Now       func() time.Time
}

// Guard knows who works with the program and what they may do. While no operators are
// set up, everybody may do everything, in the name of the system's user. A Guard may be
// used from several goroutines.
type Guard struct {
	p Params

	signing sync.Mutex // serialises sign-ins: a parallel attempt is booked as failed until it succeeds

	mu        sync.Mutex
	setUp     bool // operators are set up; this never becomes false again, even if the file is removed
	readings  int  // how many readings of the list have begun
	last      *reading
	rereading bool   // the list is being read again in the background
	asked     bool   // the history was asked whether operators were ever set up
	recent    string // SHA-256 of the centre's list that the history knows no later one of
	in        *session
	stays     bool
	renewing  bool // the operator who is signed in is changing their own passphrase
}

// session is an operator who signed in.
type session struct {
	login  operators.Login
	last   time.Time // when they last did something
	locked bool
}

// New makes a guard in which no operator is signed in yet.
func New(p Params) *Guard {
	if p.Operators == nil || p.Recorded == nil || p.Journal == nil || p.Settings == nil || p.Instance == "" ||
		p.Now == nil {
		panic("access: Params are not complete")
	}
	return &Guard{p: p}
}

// reading is the list of operators as it was read.
type reading struct {
	list   operators.List
	err    error
	number int       // the order in which readings began: the highest is the newest
	at     time.Time // when it ended
}

// RereadAfter is the greatest age of the list that May, Who and the like rely on. What
// is done, not only offered, relies on the list as it is now: see Enter.
const RereadAfter = time.Second

// lastList is the list as it was last read. The file lies beside the history, perhaps
// on a slow share, and a window asks for the list many times at once. So only the first
// call waits for the disk. A list that is too old is read again in the background, for
// later calls.
func (g *Guard) lastList() (operators.List, error) {
	g.mu.Lock()
	last := g.last
	old := last != nil && time.Since(last.at) >= RereadAfter && !g.rereading
	g.rereading = g.rereading || old
	g.mu.Unlock()
	if last == nil {
		return g.ReadOperators(context.Background())
	}
	if old {
		go g.Reread()
	}
	return last.list, last.err
}

// Reread reads the list of operators again, for May, Who and the like. It waits for the
// disk.
func (g *Guard) Reread() {
	_, _ = g.ReadOperators(context.Background()) // the error is kept, and Allow returns it
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rereading = false
}

// ReadOperators reads the list of operators; there are none in single-user mode. Removing the file does
// not bring that mode back: the error is then operators.KeyMissing.
func (g *Guard) ReadOperators(ctx context.Context) (operators.List, error) {
	g.mu.Lock()
	g.readings++
	number := g.readings
	g.mu.Unlock()
	list, err := g.readList(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	if ctx.Err() == nil && (g.last == nil || g.last.number < number) {
		g.last = &reading{list, err, number, time.Now()}
	}
	return list, err
}

func (g *Guard) readList(ctx context.Context) (operators.List, error) {
	list, err := g.p.Operators.Read()
	if err == nil {
		err = g.notBefore(ctx, list)
	}
	if err != nil {
		list = operators.List{}
	}
	g.mu.Lock()
	known, asked := g.setUp || err != nil || list.Operators != nil, g.asked
	g.setUp = known
	g.mu.Unlock()
	if err != nil || list.Operators != nil {
		return list, err
	}
	if !known && !asked {
		_, found, err := g.p.Recorded.LastOperators(ctx)
		if err != nil {
			return list, err
		}
		g.mu.Lock()
		g.asked, g.setUp = true, g.setUp || found
		known = g.setUp
		g.mu.Unlock()
	}
	if known {
		return list, matcher.NewProblem(operators.KeyMissing, nil)
	}
	return list, nil
}

// notBefore refuses a list of the centre's where the history knows a later one: an old file was
// put back. The history is asked once for each list.
func (g *Guard) notBefore(ctx context.Context, list operators.List) error {
	g.mu.Lock()
	recent := g.recent
	g.mu.Unlock()
	if list.Centre == nil || list.SHA256 == recent {
		return nil
	}
	err := list.NotBefore(ctx, g.p.Recorded.ListSigned)
	if err == nil {
		g.mu.Lock()
		g.recent = list.SHA256
		g.mu.Unlock()
	}
	return err
}

// SingleUser reports whether the program works without signing in, because no operators are
// set up. It is false where the list of operators cannot be read.
func (g *Guard) SingleUser() bool {
	list, err := g.lastList()
	return err == nil && list.Operators == nil
}

// OperatorsFromCentre says what is known of the list of operators where that comes from the
// centre; nil where the desk keeps its own, or the list cannot be read.
func (g *Guard) OperatorsFromCentre() *operators.FromCentre {
	list, _ := g.lastList() // signing in reports the error
	return list.Centre
}

// actor is an operator as the history records who did something.
func (g *Guard) actor(operator operators.Operator, signedIn bool) history.Actor {
	return history.Actor{
		Operator: operator.Name, Role: operator.Role, SignedIn: signedIn,
		Instance: g.p.Instance, Desk: g.p.Settings().Desk, Program: g.p.Version,
	}
}

// Who returns who is signed in, and true. In single-user mode that is the system's
// user. Where the idle time has locked the program, it returns who was signed in, and
// false.
func (g *Guard) Who() (history.Actor, bool) { return g.who(g.lastList()) }

// WhoNow is Who by the list as it is now.
func (g *Guard) WhoNow(ctx context.Context) (history.Actor, bool) { return g.who(g.ReadOperators(ctx)) }

func (g *Guard) who(list operators.List, err error) (history.Actor, bool) {
	if err != nil {
		return history.Actor{}, false
	}
	if list.Operators == nil {
		return g.actor(operators.Operator{Name: SystemUser()}, false), true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	operator, err := g.present(list)
	if err != nil && g.in != nil {
		operator = g.in.login.Operator
	}
	return g.actor(operator, err == nil), err == nil
}

// present returns the operator who is signed in and not locked out, as the list shows
// them now. The caller holds the mutex.
func (g *Guard) present(list operators.List) (operators.Operator, error) {
	if g.in == nil {
		return operators.Operator{}, matcher.NewProblem(operators.KeySignedOut, nil)
	}
	operator, still := list.Still(g.in.login)
	if !still {
		// The list may have been read before the operator changed it.
		var err error
		if list, err = g.p.Operators.Read(); err != nil {
			return operators.Operator{}, err
		}
		if operator, still = list.Still(g.in.login); !still && g.renewing {
			operator, still = list.Still(list.Renewed(g.in.login))
		}
	}
	if !still {
		g.in = nil
		return operators.Operator{}, matcher.NewProblem(operators.KeySignedOut, nil)
	}
	if err := list.Admits(operator); err != nil {
		if !g.stays { // a server goes on by itself once the centre was reached
			g.in = nil
		}
		return operators.Operator{}, err
	}
	if g.lockIdle(); g.in.locked {
		return operators.Operator{}, matcher.NewProblem(operators.KeyLocked, nil)
	}
	return operator, nil
}

// lockIdle locks the program if its operator has done nothing for too long. The caller
// holds the mutex and has checked that an operator is signed in.
func (g *Guard) lockIdle() {
	limit := time.Duration(g.p.Settings().Operators.LockMinutes) * time.Minute
	if limit <= 0 || g.stays {
		return
	}
	now := g.p.Now()
	// Both clocks count: the monotonic one stands still while a computer sleeps, and the
	// wall clock may be set back.
	if now.Sub(g.in.last) >= limit || now.Round(0).Sub(g.in.last.Round(0)) >= limit {
		g.in.locked = true
	}
}

// Enter returns who does something, as it is recorded, or why they may not, by the list
// as it is now. The problems are those of Allow.
func (g *Guard) Enter(ctx context.Context, a Action) (history.Actor, error) {
	list, err := g.ReadOperators(ctx)
	return g.admit(list, err, a)
}

func (g *Guard) admit(list operators.List, err error, a Action) (history.Actor, error) {
	if err != nil {
		return history.Actor{}, err
	}
	if list.Operators == nil {
		return g.actor(operators.Operator{Name: SystemUser()}, false), nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	operator, err := g.present(list)
	if err != nil {
		return history.Actor{}, err
	}
	if !RoleMay(operator.Role, a) {
		return history.Actor{}, matcher.NewProblem(operators.KeyMayNot, nil)
	}
	return g.actor(operator, true), nil
}

// May reports whether to offer something to the operator who is signed in. Like Who,
// SingleUser, Names and Seconds it relies on the list as it was last read.
func (g *Guard) May(a Action) bool {
	list, err := g.lastList()
	_, err = g.admit(list, err, a)
	return err == nil
}

// Allow returns nil where the operator who is signed in may do something now, by the
// list as it is. Otherwise the problem is operators.signed_out, .locked, .may_not,
// .missing, .damaged, .newer, .unreadable, those of a list of the centre's, or the history's.
func (g *Guard) Allow(ctx context.Context, a Action) error {
	_, err := g.Enter(ctx, a)
	return err
}

// SignIn signs an operator in, in place of who was signed in before, and records it.
// That also ends a lock. It takes some tenths of a second. The problems are
// operators.wrong (parameter Seconds: how long to wait now, may be 0), .wait (likewise),
// .none, .missing, those of operators.Keeper.SignIn, and the history's: a sign-in that
// cannot be recorded is refused.
func (g *Guard) SignIn(ctx context.Context, name, passphrase string) error {
	login, record, err := g.Vouch(ctx, name, passphrase)
	if err != nil {
		return err
	}
	if err := g.p.Journal.SignedIn(context.WithoutCancel(ctx), record); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in = &session{login: login, last: g.p.Now()}
	return nil
}

// Vouch checks that a name and a passphrase belong together, without signing in. It
// returns the record of a sign-in, which the caller writes.
func (g *Guard) Vouch(ctx context.Context, name, passphrase string) (operators.Login, history.SignIn, error) {
	if _, err := g.ReadOperators(ctx); err != nil {
		return operators.Login{}, history.SignIn{}, err
	}
	g.signing.Lock()
	defer g.signing.Unlock()
	login, err := g.p.Operators.SignIn(ctx, name, passphrase)
	return login, history.SignIn{Actor: g.actor(login.Operator, true), Failed: login.Failed}, err
}

// KeepSignedIn runs a change of the passphrase of the operator who is signed in, and
// keeps them signed in. Any other change of a passphrase signs its operator out.
func (g *Guard) KeepSignedIn(change func() error) error {
	set := func(to bool) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.renewing = to
	}
	set(true)
	defer set(false)
	if err := change(); err != nil {
		return err
	}
	list, err := g.ReadOperators(context.Background())
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in != nil {
		g.in.login = list.Renewed(g.in.login)
	}
	return nil
}

// SignOut signs out the operator who is signed in. What runs goes on.
func (g *Guard) SignOut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in = nil
}

// Touch notes that the operator did something, so that the idle time begins again. It
// does not end a lock. It reads no file, so it may be called for each key and each
// movement of the mouse.
func (g *Guard) Touch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in == nil {
		return
	}
	if g.lockIdle(); !g.in.locked {
		g.in.last = g.p.Now()
	}
}

// Stay turns the idle lock off. A server calls it, because its operator does not sit at the
// keyboard.
func (g *Guard) Stay() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stays = true
}

// SystemUser is the name by which the operating system knows the operator.
func SystemUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

package app

import (
	"context"
	"sync"
	"time"

	"facematch/app/history"
	"facematch/app/operators"
	"facematch/app/settings"
	"facematch/matcher"
)

// Journal is all that a session writes that only looks: that somebody signed in,
// and that records left the program.
type Journal interface {
	SignedIn(ctx context.Context, in history.SignIn) error
	Exported(ctx context.Context, e history.Export) error
}

// GuardParams are the parts a Guard is made of; all are needed.
type GuardParams struct {
	Operators *operators.Keeper
	// Recorded gives the newest record of the list of operators; false: there never
	// was one.
	Recorded func(ctx context.Context) (history.SettingsChange, bool, error)
	Journal  Journal
	Settings func() settings.Settings
	Instance string
	Version  string
	Now      func() time.Time
}

// Guard knows who works with the program and what they may do. While no operators
// are set up everybody may do everything, in the name of the system's user. It may
// be used from several goroutines.
type Guard struct {
	g GuardParams

	signing sync.Mutex // one sign-in at a time: one that is right would count another under way as wrong

	mu    sync.Mutex
	setUp bool // operators are set up; that never ends, whatever becomes of the file
	began int  // how many readings of the list began
	last  *reading
	again bool // it is being read anew, beside
	asked bool // the history was asked whether they are
	in    *session
	stays bool
	renew bool // who is signed in changes their own passphrase just now
}

// session is somebody who signed in.
type session struct {
	login  operators.Login
	last   time.Time // when they last did something
	locked bool
}

// NewGuard makes a guard. Nobody is signed in.
func NewGuard(p GuardParams) *Guard {
	if p.Operators == nil || p.Recorded == nil || p.Journal == nil || p.Settings == nil || p.Instance == "" || p.Now == nil {
		panic("app: GuardParams are not complete")
	}
	return &Guard{g: p}
}

// reading is the list of operators as it was read.
type reading struct {
	list   operators.List
	err    error
	number int       // which reading it was: the one that began last is the newest
	at     time.Time // when it ended
}

// rereadAfter is how old the list may be that May, Who and their like go by. What
// is done, and not only offered, goes by the list as it is: see enter.
const rereadAfter = time.Second

// lastList is the list as it was last read. It lies beside the history, perhaps on
// a share that is slow, and a window asks for it many times at once; so only the
// first call waits for the disk. A list that is too old is read anew beside, for
// the calls to come.
func (g *Guard) lastList() (operators.List, error) {
	g.mu.Lock()
	last := g.last
	old := last != nil && time.Since(last.at) >= rereadAfter && !g.again
	g.again = g.again || old
	g.mu.Unlock()
	if last == nil {
		return g.list(context.Background())
	}
	if old {
		go g.Reread()
	}
	return last.list, last.err
}

// Reread reads the list of operators anew, for May, Who and their like. It waits
// for the disk.
func (g *Guard) Reread() {
	_, _ = g.list(context.Background()) // its error is kept, and told by Allow
	g.mu.Lock()
	defer g.mu.Unlock()
	g.again = false
}

// list reads the operators; none in single-user mode. That does not come back by
// removing the file: the error is then operators.missing.
func (g *Guard) list(ctx context.Context) (operators.List, error) {
	g.mu.Lock()
	g.began++
	number := g.began
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
	list, err := g.g.Operators.Read()
	g.mu.Lock()
	known, asked := g.setUp || err != nil || list.Operators != nil, g.asked
	g.setUp = known
	g.mu.Unlock()
	if err != nil || list.Operators != nil {
		return list, err
	}
	if !known && !asked {
		_, found, err := g.g.Recorded(ctx)
		if err != nil {
			return list, err
		}
		g.mu.Lock()
		g.asked, g.setUp = true, g.setUp || found
		known = g.setUp
		g.mu.Unlock()
	}
	if known {
		return list, matcher.NewProblem("operators.missing", nil)
	}
	return list, nil
}

// SingleUser says whether nobody signs in, because no operators are set up. Where
// that cannot be said it is false.
func (g *Guard) SingleUser() bool {
	list, err := g.lastList()
	return err == nil && list.Operators == nil
}

// actorOf is who does something, as it is recorded.
func (g *Guard) actorOf(operator operators.Operator, signedIn bool) history.Actor {
	return history.Actor{
		Operator: operator.Name, Role: operator.Role, SignedIn: signedIn,
		Instance: g.g.Instance, Desk: g.g.Settings().Desk, Program: g.g.Version,
	}
}

// Who says who is signed in; in single-user mode it is the system's user, and
// true. Where the idle time has locked the program it is who was, and false.
func (g *Guard) Who() (history.Actor, bool) { return g.who(g.lastList()) }

func (g *Guard) who(list operators.List, err error) (history.Actor, bool) {
	if err != nil {
		return history.Actor{}, false
	}
	if list.Operators == nil {
		return g.actorOf(operators.Operator{Name: systemUser()}, false), true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	operator, err := g.present(list)
	if err != nil && g.in != nil {
		operator = g.in.login.Operator
	}
	return g.actorOf(operator, err == nil), err == nil
}

// present is who is signed in and not locked out, as they are on the list now. The
// caller holds the mutex.
func (g *Guard) present(list operators.List) (operators.Operator, error) {
	if g.in == nil {
		return operators.Operator{}, matcher.NewProblem(operators.KeySignedOut, nil)
	}
	operator, still := list.Still(g.in.login)
	if !still {
		// The list may have been read before their own hand changed it.
		var err error
		if list, err = g.g.Operators.Read(); err != nil {
			return operators.Operator{}, err
		}
		if operator, still = list.Still(g.in.login); !still && g.renew {
			operator, still = list.Still(list.Renewed(g.in.login))
		}
	}
	if !still {
		g.in = nil
		return operators.Operator{}, matcher.NewProblem(operators.KeySignedOut, nil)
	}
	if g.idle(); g.in.locked {
		return operators.Operator{}, matcher.NewProblem("operators.locked", nil)
	}
	return operator, nil
}

// idle locks where nobody has done anything for too long. The caller holds the
// mutex, and somebody is signed in.
func (g *Guard) idle() {
	limit := time.Duration(g.g.Settings().Operators.LockMinutes) * time.Minute
	if limit <= 0 || g.stays {
		return
	}
	now := g.g.Now()
	// By the clock on the wall too: the other one stands still while a computer
	// sleeps, and this one may be set back.
	if now.Sub(g.in.last) >= limit || now.Round(0).Sub(g.in.last.Round(0)) >= limit {
		g.in.locked = true
	}
}

// enter says who wants to do something, or why they may not, by the list as it is
// now. The problems are operators.signed_out, .locked, .may_not, and those of the list.
func (g *Guard) enter(ctx context.Context, a Action) (history.Actor, error) {
	list, err := g.list(ctx)
	return g.admit(list, err, a)
}

func (g *Guard) admit(list operators.List, err error, a Action) (history.Actor, error) {
	if err != nil {
		return history.Actor{}, err
	}
	if list.Operators == nil {
		return g.actorOf(operators.Operator{Name: systemUser()}, false), nil
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
	return g.actorOf(operator, true), nil
}

// May says whether to offer something to whoever is signed in. Like Who, SingleUser,
// Names and Seconds it goes by the list as it was last read.
func (g *Guard) May(a Action) bool {
	list, err := g.lastList()
	_, err = g.admit(list, err, a)
	return err == nil
}

// Allow says whether whoever is signed in may do something now, by the list as it
// is, or why not: operators.signed_out, .locked, .may_not, .missing,
// .damaged, .newer, .unreadable, or the history's.
func (g *Guard) Allow(ctx context.Context, a Action) error {
	_, err := g.enter(ctx, a)
	return err
}

// SignIn signs somebody in, in place of who was, and records it; that also ends a
// lock. It takes some tenths of a second. The problems are operators.wrong (parameter
// Seconds: how long to wait now, may be 0), .wait (likewise), .none, .missing and
// those of operators.Keeper.SignIn, and the history's: who cannot be recorded does
// not come in.
func (g *Guard) SignIn(ctx context.Context, name, passphrase string) error {
	login, record, err := g.vouch(ctx, name, passphrase)
	if err != nil {
		return err
	}
	if err := g.g.Journal.SignedIn(context.WithoutCancel(ctx), record); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in = &session{login: login, last: g.g.Now()}
	return nil
}

// vouch looks whether name and passphrase belong together, and gives what is to be
// recorded of it.
func (g *Guard) vouch(ctx context.Context, name, passphrase string) (operators.Login, history.SignIn, error) {
	if _, err := g.list(ctx); err != nil {
		return operators.Login{}, history.SignIn{}, err
	}
	g.signing.Lock()
	defer g.signing.Unlock()
	login, err := g.g.Operators.SignIn(ctx, name, passphrase)
	return login, history.SignIn{Actor: g.actorOf(login.Operator, true), Failed: login.Failed}, err
}

// renewing keeps who is signed in so while their passphrase changes by their own
// hand.
func (g *Guard) renewing(change func() error) error {
	set := func(to bool) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.renew = to
	}
	set(true)
	defer set(false)
	if err := change(); err != nil {
		return err
	}
	list, err := g.list(context.Background())
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

// SignOut signs out whoever is signed in. What runs goes on.
func (g *Guard) SignOut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in = nil
}

// Touch says that somebody does something just now, so that the idle time begins
// again; it ends no lock. It reads no file: it may be called for each key and each
// movement of the mouse.
func (g *Guard) Touch() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in == nil {
		return
	}
	if g.idle(); !g.in.locked {
		g.in.last = g.g.Now()
	}
}

// Stay keeps whoever is signed in from being locked out: of a program nobody sits
// at, such as one that serves others.
func (g *Guard) Stay() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stays = true
}

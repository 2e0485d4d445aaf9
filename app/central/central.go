// Package central keeps the centre of all desks up to date with this desk's history: what
// the centre lacks is pushed after each record, and every half minute. A desk without a
// network goes on working, and catches up later, however long that takes.
package central

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"facematch/app/history"
	"facematch/app/settings"
	"facematch/matcher"
)

const (
	// every is how often the centre is asked where nothing is recorded.
	every = 30 * time.Second

	// batch is how many records go in one transaction: some tenths of a second of work for
	// the centre at most.
	batch = 500

	// callPatience is how long the centre may take for a call.
	callPatience = 60 * time.Second

	// endPatience is how long a program that ends waits for the push it is in: a command must
	// not wait for a centre that is away.
	endPatience = time.Second
)

// Outbox is the history, as it is pushed.
type Outbox interface {
	ID() string
	Head(ctx context.Context) (history.Head, error)
	// Parcel gives the records after a number, at most so many.
	Parcel(ctx context.Context, after int64, most int, sends history.Sends) (history.Parcel, error)
	// Hashes gives the hashes of records; nil for one that is not there.
	Hashes(ctx context.Context, seqs []int64) ([][]byte, error)
	// Acknowledge keeps what the centre says it has; Acknowledged gives that back.
	Acknowledge(ctx context.Context, h history.Head) error
	Acknowledged(ctx context.Context) (history.Head, error)
}

// Link is a connection to the centre, which it makes when it is needed. One goroutine uses
// it at a time.
type Link interface {
	// Head asks how far the centre has the history, and for the hashes of some records.
	Head(ctx context.Context, ask []int64) (history.CentreHead, error)
	Push(ctx context.Context, p history.Parcel, about map[string]string) (history.CentreHead, error)
	// Operators asks for the list of operators of this desk's branch. Have is the SHA-256 of
	// the text this desk has; where the centre's is the same, the answer has no text.
	Operators(ctx context.Context, have []byte) (history.OperatorList, error)
	Close() error
}

// Operators is the list of operators where it comes from the centre.
type Operators interface {
	// HeldOperators is the SHA-256 of the list that this desk has, and when that was signed. It
	// is false where the desk keeps its own list.
	HeldOperators() (sum []byte, signed time.Time, fromCentre bool)
	TakeOperators(ctx context.Context, from history.OperatorList) error
}

// Params are the parts a Pusher is made of; all are needed but Erase, Withdraw and Operators.
type Params struct {
	Outbox Outbox
	Link   Link
	Chosen func() bool          // the settings name a centre
	Sends  func() history.Sends // what the settings let leave this desk
	About  func() map[string]string
	// Erase erases a session whose erasure was asked for at the centre. Where it is nil, such
	// requests stay open.
	Erase func(ctx context.Context, session string) error
	// Withdraw deletes what was encrypted for a public key of the auditors that was withdrawn at
	// the centre, and records that, unless it is recorded already. The problem is
	// settings.KeyAuditRecipient where recipient is not a public key.
	Withdraw func(ctx context.Context, recipient string) error
	// Operators takes the list of operators that the centre has, at each contact.
	Operators func() Operators
	Log       *slog.Logger
	Now       func() time.Time
}

// Pusher pushes. It may be used from several goroutines, and several programs may push the
// same history.
type Pusher struct {
	p    Params
	wake chan struct{}

	turn   sync.Mutex      // one push at a time; guards the link and unread
	unread map[string]bool // withdrawn texts of the centre that are not public keys, and were logged

	mu    sync.Mutex // guards what follows
	state history.CentreState
	err   error     // of the last push
	since time.Time // when pushing began to fail
	list  error     // why the list of operators was not taken
}

// New makes a Pusher. Nothing is pushed before Run or Push.
func New(p Params) *Pusher {
	return &Pusher{p: p, wake: make(chan struct{}, 1), unread: map[string]bool{}}
}

// Wake has Run push soon. It never blocks.
func (p *Pusher) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run pushes until the returned function is called, which waits a little for the push that
// is under way.
func (p *Pusher) Run(ctx context.Context) (end func() error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			if err := p.Push(ctx); err != nil && ctx.Err() == nil {
				p.logOnce(err)
			}
			select {
			case <-p.wake:
			case <-time.After(every):
			case <-stop:
				return
			}
		}
	}()
	return func() error {
		close(stop)
		select {
		case <-done:
		case <-time.After(endPatience):
		}
		cancel()
		<-done
		p.turn.Lock()
		defer p.turn.Unlock()
		return p.p.Link.Close()
	}
}

// logOnce logs a failure when it begins, and not again every half minute.
func (p *Pusher) logOnce(err error) {
	p.mu.Lock()
	first := p.p.Now().Sub(p.since) < every/2
	p.mu.Unlock()
	if first {
		p.p.Log.Warn("records not pushed to the centre", "error", err)
	}
}

// Push pushes until the centre has everything. Where no centre is chosen it does nothing.
func (p *Pusher) Push(ctx context.Context) error {
	if !p.p.Chosen() {
		return nil
	}
	p.turn.Lock()
	defer p.turn.Unlock()
	list := p.operators(ctx) // first: who left is out, however many records wait
	state, err := p.push(ctx)
	if err == nil && matcher.IsProblem(list, history.KeyCentreUnreached) {
		list = p.operators(ctx) // the connection was an old one that had broken
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if list != nil && err == nil && (p.list == nil || p.list.Error() != list.Error()) {
		p.p.Log.Warn("list of operators not taken from the centre", "error", list)
	}
	p.list = list
	if state != "" {
		p.state = state
	}
	switch {
	case err == nil:
		p.since = time.Time{}
	case p.err == nil || p.since.IsZero():
		p.since = p.p.Now()
	}
	p.err = err
	return err
}

// operators takes the list of operators from the centre, where it comes from there.
func (p *Pusher) operators(ctx context.Context) error {
	if p.p.Operators == nil {
		return nil
	}
	of := p.p.Operators()
	sum, _, fromCentre := of.HeldOperators()
	if !fromCentre {
		return nil
	}
	asking, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	list, err := p.p.Link.Operators(asking, sum)
	if err != nil {
		return err
	}
	return of.TakeOperators(ctx, list)
}

func (p *Pusher) push(ctx context.Context) (history.CentreState, error) {
	// A parcel without records tells the centre how far this desk is, also where it takes
	// nothing.
	none, err := p.p.Outbox.Parcel(ctx, math.MaxInt64, 1, p.p.Sends())
	if err != nil {
		return "", err
	}
	there, err := p.send(ctx, none)
	if err != nil {
		return "", err
	}
	if err := standing(there); err != nil {
		return there.State, err
	}
	after, err := p.common(ctx, there)
	if err != nil {
		return there.State, err
	}
	// A file that is older than the centre gets no record that the centre has otherwise.
	withdrawErr := p.withdraw(ctx, there.Withdrawn)
	there, err = p.sendAfter(ctx, there, after)
	if err = errors.Join(err, withdrawErr); err != nil || len(there.Wishes) == 0 {
		return there.State, err
	}
	if err := p.grant(ctx, there.Wishes); err != nil {
		return there.State, err
	}
	there, err = p.sendAfter(ctx, there, there.Seq) // the records that say so
	return there.State, err
}

// sendAfter sends all records after a number, and gives what the centre said last.
func (p *Pusher) sendAfter(ctx context.Context, there history.CentreHead, after int64) (history.CentreHead, error) {
	for {
		parcel, err := p.p.Outbox.Parcel(ctx, after, batch, p.p.Sends())
		if err != nil {
			return there, err
		}
		if len(parcel.Records) == 0 {
			return there, p.acknowledge(ctx, there)
		}
		if there, err = p.send(ctx, parcel); err != nil {
			return there, err
		}
		if err := standing(there); err != nil {
			return there, err
		}
		if err := p.acknowledge(ctx, there); err != nil {
			return there, err
		}
		after = max(there.Seq, parcel.Records[len(parcel.Records)-1].Seq)
	}
}

func (p *Pusher) send(ctx context.Context, parcel history.Parcel) (history.CentreHead, error) {
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	return p.p.Link.Push(ctx, parcel, p.p.About())
}

func (p *Pusher) acknowledge(ctx context.Context, there history.CentreHead) error {
	h := there.Head
	h.At = p.p.Now() // when it was acknowledged
	return p.p.Outbox.Acknowledge(ctx, h)
}

// standing says why the centre takes nothing; nil where it does.
func standing(there history.CentreHead) error {
	switch there.State {
	case history.CentreForked:
		return matcher.NewProblem(history.KeyCentreForked, nil)
	case history.CentreRestored:
		return matcher.NewProblem(history.KeyCentreRestored, nil)
	}
	return nil
}

// common gives the number of the newest record that this history and the centre have in
// common. What comes after it is pushed: where the centre knows other records of these
// numbers, it notices that itself.
func (p *Pusher) common(ctx context.Context, there history.CentreHead) (int64, error) {
	if there.Seq == 0 {
		return 0, nil
	}
	mine, err := p.p.Outbox.Hashes(ctx, []int64{there.Seq})
	if err != nil {
		return 0, err
	}
	if hex.EncodeToString(mine[0]) == there.Hash {
		return there.Seq, nil
	}
	here, err := p.p.Outbox.Head(ctx)
	if err != nil {
		return 0, err
	}
	if here.Seq < there.Seq {
		same, err := p.same(ctx, here.Seq)
		if err != nil {
			return 0, err
		}
		if same { // this file is older than the centre
			return 0, matcher.NewProblem(history.KeyCentreBehind, nil, "Count", there.Seq-here.Seq)
		}
	}
	// The newest common record lies in between: halves, until it is found.
	least, most := int64(0), min(here.Seq, there.Seq)-1
	for least < most {
		middle := (least + most + 1) / 2
		same, err := p.same(ctx, middle)
		if err != nil {
			return 0, err
		}
		if same {
			least = middle
		} else {
			most = middle - 1
		}
	}
	return least, nil
}

// same reports whether the centre has the same record of a number.
func (p *Pusher) same(ctx context.Context, seq int64) (bool, error) {
	if seq == 0 {
		return true, nil
	}
	mine, err := p.p.Outbox.Hashes(ctx, []int64{seq})
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	there, err := p.p.Link.Head(ctx, []int64{seq})
	return err == nil && len(there.Hashes) == 1 && mine[0] != nil && bytes.Equal(there.Hashes[0], mine[0]), err
}

// withdraw deletes what was encrypted for public keys that were withdrawn. The records that say
// so are pushed next. A text that is not a public key, such as one that was mistyped at the centre,
// is skipped, and logged once.
func (p *Pusher) withdraw(ctx context.Context, recipients []string) error {
	if p.p.Withdraw == nil {
		return nil
	}
	var errs []error
	for _, recipient := range recipients {
		err := p.p.Withdraw(ctx, recipient)
		switch {
		case matcher.IsProblem(err, settings.KeyAuditRecipient):
			if !p.unread[recipient] {
				p.p.Log.Warn("the centre lists a withdrawn key that is not a public key", "recipient", recipient)
				p.unread[recipient] = true
			}
		case err != nil && !matcher.IsProblem(err, history.KeyErasedTraces):
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// grant erases the sessions whose erasure was asked for at the centre. The records that say
// so are pushed next. A session with an open check, or on legal hold, is erased later.
func (p *Pusher) grant(ctx context.Context, wishes []string) error {
	if p.p.Erase == nil {
		return nil
	}
	var errs []error
	for _, session := range wishes {
		err := p.p.Erase(ctx, session)
		if err != nil && !matcher.IsProblem(
			err, "store.session_open", history.KeySessionHeld, history.KeyErasedTraces, history.KeyErasuresUnlisted,
		) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Status says how far the centre is. It asks only this computer.
func (p *Pusher) Status(ctx context.Context) (history.CentreStatus, error) {
	s := history.CentreStatus{Chosen: p.p.Chosen()}
	if !s.Chosen {
		return s, nil
	}
	here, err := p.p.Outbox.Head(ctx)
	if err != nil {
		return s, err
	}
	there, err := p.p.Outbox.Acknowledged(ctx)
	if err != nil {
		return s, err
	}
	s.Here, s.There, s.At = here.Seq, there.Seq, there.At
	if p.p.Operators != nil {
		_, s.Operators, _ = p.p.Operators().HeldOperators()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.list != nil {
		s.OperatorsProblem = matcher.AsProblem(p.list, history.KeyCentreUnreached).Key
	}
	s.State = p.state
	if p.err != nil {
		s.Problem, s.Since = matcher.AsProblem(p.err, history.KeyCentreUnreached).Key, p.since
	}
	return s, nil
}

// Ask asks the centre how far it has this history, for Verify.
func (p *Pusher) Ask(ctx context.Context) (history.CentreHead, error) {
	p.turn.Lock()
	defer p.turn.Unlock()
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	return p.p.Link.Head(ctx, nil)
}

// Package apptest has a history in memory, for the tests of app and of the packages above
// it.
package apptest

import (
	"context"
	"crypto/ed25519"
	"slices"
	"sync"
	"time"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/matcher"
)

// History keeps what is recorded, and answers from its fields. The zero value is an empty
// history. A test sets the fields before it starts and reads them when nothing runs.
type History struct {
	mu sync.Mutex

	// What was recorded.
	Started   []history.Started
	Sent      []history.Sending
	Finished  []history.Finished
	Documents []history.DocumentRead
	Changes   []history.SettingsChange
	SignIns   []history.SignIn
	Exports   []history.Export
	Decisions []history.Decision
	Inspected []history.Inspection
	OnHold    []history.Hold

	WithdrawnKeys []history.Withdrawn

	Erasures   []history.Erasure
	Expiries   []Expiry
	Rebuilt    bool
	BackedUp   string // the newest backup's file
	Passphrase string // the recovery passphrase that was set
	Recovered  string // the one that was used

	// What it answers.
	Filters    []history.Filter // with which checks were counted or exported
	Rows       []history.Row    // of List and Decidable
	Details    []history.Detail // of Show and Each, which Count counts
	CountOf    func(history.Filter) int64
	NewestHead history.Head
	Verdict    history.Verdict
	Database   string // its id
	Numbers    overview.Overview
	Picked     []history.Picked // of Pick, which says that they are of ten times as many
	Drawn      []history.Sampled

	// What fails.
	Refuse    error // everything that is recorded
	NoSignIn  error // sign-ins
	NoExport  error // exports
	NoAnchor  error
	NoKey     error // signatures
	keyBroken error
}

// Expiry is one call of Expire.
type Expiry struct {
	By   history.Actor
	Keep history.Periods
}

// record appends to what was recorded.
func record[T any](h *History, to *[]T, what T, refuse error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if refuse != nil {
		return refuse
	}
	*to = append(*to, what)
	return nil
}

// Start records the start of a check.
func (h *History) Start(_ context.Context, s history.Started) error {
	return record(h, &h.Started, s, h.Refuse)
}

// Sending records that a check is sent.
func (h *History) Sending(_ context.Context, s history.Sending) error {
	return record(h, &h.Sent, s, h.Refuse)
}

// Finish records the end of a check, also where Refuse is set.
func (h *History) Finish(ctx context.Context, f history.Finished) error {
	_ = record(h, &h.Finished, f, nil)
	return ctx.Err()
}

// DocumentRead records that a document was read.
func (h *History) DocumentRead(_ context.Context, r history.DocumentRead) error {
	return record(h, &h.Documents, r, h.Refuse)
}

// Settings records a change.
func (h *History) Settings(_ context.Context, c history.SettingsChange) error {
	return record(h, &h.Changes, c, h.Refuse)
}

// SignedIn records a sign-in.
func (h *History) SignedIn(_ context.Context, in history.SignIn) error {
	if h.NoSignIn != nil {
		return h.NoSignIn
	}
	return record(h, &h.SignIns, in, h.Refuse)
}

// Exported records an export.
func (h *History) Exported(_ context.Context, e history.Export) error {
	return record(h, &h.Exports, e, h.NoExport)
}

// Decide records a decision.
func (h *History) Decide(_ context.Context, d history.Decision) error {
	return record(h, &h.Decisions, d, h.Refuse)
}

// Inspect records an inspection.
func (h *History) Inspect(_ context.Context, in history.Inspection) error {
	return record(h, &h.Inspected, in, h.Refuse)
}

// SigningKey is always the same, or NoKey.
func (h *History) SigningKey(context.Context) (ed25519.PrivateKey, error) {
	return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), h.NoKey
}

// Hold records a hold.
func (h *History) Hold(_ context.Context, of history.Hold) error {
	return record(h, &h.OnHold, of, h.Refuse)
}

// Holds are those recorded as held; lifting one is not applied.
func (h *History) Holds(context.Context) ([]history.Holding, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []history.Holding
	for _, of := range h.OnHold {
		if of.Held {
			all = append(all, history.Holding{Hold: of})
		}
	}
	return all, nil
}

// Erase records an erasure, also where Refuse is set, which it returns.
func (h *History) Erase(_ context.Context, e history.Erasure) error {
	_ = record(h, &h.Erasures, e, nil)
	return h.Refuse
}

// Withdraw records a public key.
func (h *History) Withdraw(_ context.Context, w history.Withdrawn) error {
	return record(h, &h.WithdrawnKeys, w, h.Refuse)
}

// Withdrawn looks for it.
func (h *History) Withdrawn(_ context.Context, recipient string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.WithdrawnKeys, func(w history.Withdrawn) bool { return w.Recipient == recipient }), nil
}

// Expire records the call, also where Refuse is set, which it returns.
func (h *History) Expire(_ context.Context, by history.Actor, keep history.Periods) (int, error) {
	_ = record(h, &h.Expiries, Expiry{By: by, Keep: keep}, nil)
	return 1, h.Refuse
}

// Taken looks for the kept check among those that were sent and not finished untaken.
func (h *History) Taken(_ context.Context, _, kept string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := false
	for _, s := range h.Sent {
		if s.Kept != kept {
			continue
		}
		taken = true
		for _, f := range h.Finished {
			if f.Check == s.Check && (f.Remote == nil || f.Remote.Untaken()) {
				taken = false
			}
		}
	}
	return taken, nil
}

// Erased is always false.
func (h *History) Erased(context.Context, string) (bool, error) { return false, nil }

// LastSettings is the newest change of the settings.
func (h *History) LastSettings(context.Context) (history.SettingsChange, bool, error) {
	return h.last(func(c history.SettingsChange) bool { return c.How != history.ChangedOperators })
}

// LastOperators is the newest change of the list of operators.
func (h *History) LastOperators(context.Context) (history.SettingsChange, bool, error) {
	return h.last(func(c history.SettingsChange) bool { return c.How == history.ChangedOperators })
}

// ListSigned is when the newest list of the centre's was signed.
func (h *History) ListSigned(_ context.Context, branch, key string) (newest time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.Changes {
		if c.Change == history.OperatorsCentre && c.Branch == branch && c.Key == key && c.Signed.After(newest) {
			newest = c.Signed
		}
	}
	return newest, nil
}

func (h *History) last(of func(history.SettingsChange) bool) (history.SettingsChange, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range slices.Backward(h.Changes) {
		if of(c) {
			return c, true, nil
		}
	}
	return history.SettingsChange{}, false, nil
}

// List gives the rows up to the filter's limit; the filter is not applied.
func (h *History) List(_ context.Context, f history.Filter) ([]history.Row, error) {
	if f.Limit == 0 {
		f.Limit = len(h.Rows)
	}
	return slices.Clone(h.Rows[:min(f.Limit, len(h.Rows))]), nil
}

// Decidable is the row of a check.
func (h *History) Decidable(_ context.Context, check string) (history.Row, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.Rows, func(r history.Row) bool { return r.Check == check })
	if i < 0 {
		return history.Row{}, matcher.NewProblem(history.KeyCheckUnknown, nil)
	}
	return h.Rows[i], nil
}

// Count is CountOf or, where that is nil, the number of details.
func (h *History) Count(_ context.Context, f history.Filter) (history.Counts, error) {
	h.Filters = append(h.Filters, f)
	if h.CountOf != nil {
		return history.Counts{Total: h.CountOf(f)}, nil
	}
	return history.Counts{Total: int64(len(h.Details))}, nil
}

// Overview is Numbers; the filter is not applied.
func (h *History) Overview(_ context.Context, f history.Filter, _ overview.Unit) (overview.Overview, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Filters = append(h.Filters, f)
	return h.Numbers, nil
}

// Pick is Picked, up to the count.
func (h *History) Pick(_ context.Context, s history.Sampling) ([]history.Picked, int64, error) {
	return h.Picked[:min(s.Count, len(h.Picked))], int64(10 * len(h.Picked)), nil
}

// Sampled records a sample.
func (h *History) Sampled(_ context.Context, s history.Sample) error {
	return record(h, &h.Drawn, history.Sampled{Sample: s}, h.Refuse)
}

// Looked records a look.
func (h *History) Looked(_ context.Context, l history.Look) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.Drawn {
		if h.Drawn[i].Sample.Sample == l.Sample && h.Refuse == nil {
			h.Drawn[i].Looks = append(h.Drawn[i].Looks, history.Looked{Look: l, Text: l.Remark})
		}
	}
	return h.Refuse
}

// Samples are those that were recorded.
func (h *History) Samples(context.Context) ([]history.Sampled, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.Drawn), nil
}

// Choices has nothing to choose from.
func (h *History) Choices(context.Context) (history.Choices, error) { return history.Choices{}, nil }

// Show is the detail of a check, or what was recorded of it.
func (h *History) Show(_ context.Context, check string) (history.Detail, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.IndexFunc(h.Details, func(d history.Detail) bool { return d.Check == check }); i >= 0 {
		return h.withHead(h.Details[i]), nil
	}
	i := slices.IndexFunc(h.Started, func(s history.Started) bool { return s.Check == check })
	if i < 0 {
		return history.Detail{}, matcher.NewProblem(history.KeyCheckUnknown, nil)
	}
	st := h.Started[i]
	d := history.Detail{Started: st, Row: history.Row{
		Check: check, Session: st.Session, Mode: st.Mode, Desk: st.Desk, Operator: st.Operator, Outcome: history.Running,
	}}
	if i := slices.IndexFunc(h.Finished, func(f history.Finished) bool { return f.Check == check }); i >= 0 {
		f := h.Finished[i]
		d.Finished, d.Outcome, d.Raw = &f, f.Outcome, f.Raw
	}
	return h.withHead(d), nil
}

// Each goes through all details; the filter is not applied.
func (h *History) Each(_ context.Context, f history.Filter, do func(history.Detail) error) error {
	h.Filters = append(h.Filters, f)
	for _, d := range h.Details {
		if err := do(h.withHead(d)); err != nil {
			return err
		}
	}
	return nil
}

func (h *History) withHead(d history.Detail) history.Detail {
	if h.NewestHead.Seq > 0 {
		d.Head = h.NewestHead
	}
	return d
}

// Head is NewestHead.
func (h *History) Head(context.Context) (history.Head, error) { return h.NewestHead, nil }

// Verify gives the Verdict.
func (h *History) Verify(context.Context, matcher.ProgressFunc) (history.Verdict, error) {
	return h.Verdict, nil
}

// Rebuild notes that it was called.
func (h *History) Rebuild(context.Context) error {
	h.Rebuilt = h.Refuse == nil
	return h.Refuse
}

// Backup notes the file and reports one step.
func (h *History) Backup(_ context.Context, file string, progress matcher.ProgressFunc) error {
	h.BackedUp = file
	progress.Report("copying", 1, 2)
	return h.Refuse
}

// SetRecovery notes the passphrase.
func (h *History) SetRecovery(_ context.Context, passphrase string) error {
	h.Passphrase = passphrase
	return h.Refuse
}

// RecoverySet says whether SetRecovery was called.
func (h *History) RecoverySet(context.Context) (bool, error) { return h.Passphrase != "", h.Refuse }

// Recovery gives the passphrase, which a real history would not.
func (h *History) Recovery(context.Context) (string, error) {
	return "opens with " + h.Recovered, h.Refuse
}

// RecoverKeyFrom notes the passphrase.
func (h *History) RecoverKeyFrom(ctx context.Context, _, passphrase string) (string, error) {
	return h.RecoverKey(ctx, passphrase)
}

// RecoverKey notes the passphrase and puts the key into the keyring.
func (h *History) RecoverKey(_ context.Context, passphrase string) (string, error) {
	h.Recovered = passphrase
	return history.KeyInKeyring, h.Refuse
}

// KeyPlace is always the file.
func (h *History) KeyPlace() string { return history.KeyInFile }

// BreakKey makes err the problem of the key; it may be called while others use the history.
func (h *History) BreakKey(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keyBroken = err
}

// KeyProblem is what BreakKey was called with.
func (h *History) KeyProblem(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.keyBroken
}

// AnchorProblem is NoAnchor.
func (h *History) AnchorProblem() error { return h.NoAnchor }

// ID is Database.
func (h *History) ID() string { return h.Database }

// Close does nothing.
func (h *History) Close() error { return nil }

// Checks are the checks that started and those that ended, so far.
func (h *History) Checks() ([]history.Started, []history.Finished) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.Started), slices.Clone(h.Finished)
}

// Writes counts what was recorded: sign-ins and exports, then all else.
func (h *History) Writes() []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return []int{
		len(h.SignIns), len(h.Exports), len(h.Started), len(h.Sent), len(h.Finished), len(h.Changes), len(h.Decisions),
		len(h.Erasures), len(h.BackedUp), len(h.Passphrase), len(h.Inspected), len(h.OnHold), len(h.Drawn),
		len(h.WithdrawnKeys),
	}
}

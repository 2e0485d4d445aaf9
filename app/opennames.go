package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"facematch/app/access"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/app/secrets"
	"facematch/assets/translations"
	"facematch/matcher"
)

// The problems of an auditors' key file by which others tell what to do.
const (
	KeyAuditorsPassphrase = "auditors.passphrase"       // it needs one
	KeyAuditorsWrong      = "auditors.passphrase_wrong" // it is not the one given
)

// NamedHistory is another history whose names an auditors' key opens: the centre's.
type NamedHistory interface {
	OtherHistory
	// OpenNames opens names with an age key file. They stay open until CloseNames, Close, or
	// until the operator who opened them signs out. A file that needs a passphrase, when none
	// is given, is the problem KeyAuditorsPassphrase. Each name shown, and each search for what
	// is sealed, is recorded in our own history.
	OpenNames(ctx context.Context, file, passphrase string) error
	CloseNames()
	// NamesRead is how many names were looked at since, and NamesKey the public key that opens
	// them; empty: they are sealed.
	NamesRead() history.NamesRead
	NamesKey() string
}

// SealedRecords are records of which an auditors' key opens what is sealed.
type SealedRecords interface {
	Records
	ManyHeads
	// WithKey gives the same records with what a key opens. They are not closed by themselves.
	WithKey(key history.AuditorsKey) OpenedRecords
}

// OpenedRecords are records with what a key opens.
type OpenedRecords interface {
	Records
	NamesRead() history.NamesRead
}

// namedHistory records which names it shows.
type namedHistory struct {
	otherHistory
	sealed SealedRecords

	mu   sync.Mutex
	open *openNames // nil: names are sealed
}

// openNames are names that somebody opened.
type openNames struct {
	otherHistory
	opened OpenedRecords
	key    string // the public one
	by     string // the operator

	recording sync.Mutex
	shown     map[string]bool    // the checks whose names are recorded as shown
	answered  map[string]*search // what was searched for
}

// search is a search for something sealed: its pages and its count answer one question.
type search struct {
	hits   map[string]bool // the checks its pages gave
	counts int64           // how many hits the newest record of it has; -1: there is none
}

// OpenNames is NamedHistory's. Its problems are those of Allow, auditors.unread, .invalid, and
// the two above.
func (n *namedHistory) OpenNames(ctx context.Context, file, passphrase string) error {
	by, err := n.desk.Enter(ctx, access.Export)
	if err != nil {
		return err
	}
	identity, err := readIdentity(file, passphrase)
	if err != nil {
		return err
	}
	opened := n.sealed.WithKey(identity)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open = &openNames{
		otherHistory: otherHistory{n.desk, opened}, opened: opened, key: strings.Join(identity.Recipients, " "),
		by: by.Operator, shown: map[string]bool{}, answered: map[string]*search{},
	}
	return nil
}

// readIdentity reads an auditors' key file. The cause of a problem holds nothing of the file.
func readIdentity(file, passphrase string) (*secrets.Identity, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, matcher.NewProblem("auditors.unread", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, secrets.MaxIdentity))
	if err != nil {
		return nil, matcher.NewProblem("auditors.unread", err)
	}
	identity, err := secrets.ReadIdentity(data, func() (string, error) {
		if passphrase == "" {
			return "", matcher.NewProblem(KeyAuditorsPassphrase, nil)
		}
		return passphrase, nil
	})
	switch {
	case errors.Is(err, secrets.ErrPassphrase):
		return nil, matcher.NewProblem(KeyAuditorsWrong, nil)
	case errors.Is(err, secrets.ErrIdentity):
		return nil, matcher.NewProblem("auditors.invalid", nil)
	}
	return identity, err
}

// CloseNames is NamedHistory's.
func (n *namedHistory) CloseNames() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open = nil
}

// NamesRead is NamedHistory's.
func (n *namedHistory) NamesRead() history.NamesRead {
	if open := n.current(); open != nil {
		return open.opened.NamesRead()
	}
	return history.NamesRead{}
}

// NamesKey is NamedHistory's.
func (n *namedHistory) NamesKey() string {
	if open := n.current(); open != nil {
		return open.key
	}
	return ""
}

func (n *namedHistory) current() *openNames {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

// still gives the open names and the operator who opened them; nil where no names are open. It
// closes the names where that operator has signed out or another one has signed in. A call reads
// with the same key to its end, also where names are opened or closed meanwhile.
func (n *namedHistory) still(ctx context.Context) (*openNames, history.Actor) {
	open := n.current()
	if open == nil {
		return nil, history.Actor{}
	}
	who, err := n.desk.Enter(ctx, access.Export)
	if err == nil && who.Operator == open.by {
		return open, who
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open == open {
		n.open = nil
	}
	return nil, who
}

// record records that something sealed is about to be shown.
func (o *openNames) record(ctx context.Context, who history.Actor, about string, checks int64) error {
	head, err := o.records.Head(ctx)
	if err != nil {
		return err
	}
	return o.desk.p.History.Exported(ctx, history.Export{
		Actor: who, Format: history.OnScreen, Filter: about, Checks: checks, Names: true,
		HeadSeq: head.Seq, Head: head.Hash, Database: o.records.ID(), AuditorsKey: o.key,
	})
}

// show records names that are about to be shown, but for those that were before.
func (o *openNames) show(ctx context.Context, who history.Actor, about string, checks []string) error {
	o.recording.Lock()
	defer o.recording.Unlock()
	fresh := slices.DeleteFunc(slices.Clone(checks), func(check string) bool { return o.shown[check] })
	if len(fresh) == 0 {
		return nil
	}
	if err := o.record(ctx, who, about, int64(len(fresh))); err != nil {
		return err
	}
	for _, check := range fresh {
		o.shown[check] = true
	}
	return nil
}

// answer records a search for something sealed that is about to be answered: with a page of its
// hits, or with how many there are. An answer that tells no more than was recorded is no news.
func (o *openNames) answer(
	ctx context.Context, who history.Actor, f history.Filter, page []history.Row, counts int64,
) error {
	question, err := questionOf(f)
	if err != nil {
		return err
	}
	about, err := inEnglish(f)
	if err != nil {
		return err
	}
	o.recording.Lock()
	defer o.recording.Unlock()
	s := o.answered[question]
	if s == nil {
		s = &search{hits: map[string]bool{}, counts: -1}
		o.answered[question] = s
	}
	for _, row := range page {
		s.hits[row.Check] = true
	}
	if counts = max(counts, int64(len(s.hits))); counts > s.counts {
		if err := o.record(ctx, who, about, counts); err != nil {
			return err
		}
		s.counts = counts
	}
	for _, row := range page {
		if row.Name != "" {
			o.shown[row.Check] = true
		}
	}
	return nil
}

// questionOf is what a filter asks for, without order and page. It stays in memory.
func questionOf(f history.Filter) (string, error) {
	unsealed, err := json.Marshal(f)
	return strings.Join([]string{string(unsealed), f.Words, f.Reference, f.Number}, "\x00"), err
}

// inEnglish describes a filter for a record, without what it searches for and without its page.
func inEnglish(f history.Filter) (string, error) {
	f.Limit = 0
	english, err := translations.New("en")
	if err != nil {
		return "", err
	}
	return export.FilterWords(f, false, english), nil
}

// List is OtherHistory's.
func (n *namedHistory) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	open, who := n.still(ctx)
	if open == nil {
		return n.otherHistory.List(ctx, f)
	}
	rows, err := open.List(ctx, f)
	if err != nil {
		return nil, err
	}
	if f.Sealed() {
		if err := open.answer(ctx, who, f, rows, 0); err != nil {
			return nil, err
		}
		return rows, nil
	}
	about, err := inEnglish(f)
	if err != nil {
		return nil, err
	}
	var named []string
	for _, row := range rows {
		if row.Name != "" {
			named = append(named, row.Check)
		}
	}
	if err := open.show(ctx, who, about, named); err != nil {
		return nil, err
	}
	return rows, nil
}

// Show is OtherHistory's.
func (n *namedHistory) Show(ctx context.Context, check string) (history.Detail, error) {
	open, who := n.still(ctx)
	if open == nil {
		return n.otherHistory.Show(ctx, check)
	}
	d, err := open.Show(ctx, check)
	if err != nil || !holdsSealed(d) {
		return d, err
	}
	english, err := translations.New("en")
	if err != nil {
		return history.Detail{}, err
	}
	// Apart from the name in a list: what a check holds besides is more.
	all := []string{"all of " + d.Check}
	if err := open.show(ctx, who, export.ChosenWords([]string{d.Check}, english), all); err != nil {
		return history.Detail{}, err
	}
	return d, nil
}

// holdsSealed reports whether a detail holds something that was sealed.
func holdsSealed(d history.Detail) bool {
	if d.Name+d.Reference != "" || d.Fields != (history.Fields{}) || len(d.Raw)+len(d.Document)+len(d.Frame) > 0 {
		return true
	}
	for _, m := range d.Decisions {
		if m.Note != "" {
			return true
		}
	}
	for _, m := range d.Inspected {
		if m.Note != "" {
			return true
		}
	}
	return false
}

// Count is OtherHistory's: a search for a name opens all of its period.
func (n *namedHistory) Count(ctx context.Context, f history.Filter) (history.Counts, error) {
	open, who := n.still(ctx)
	if open == nil {
		return n.otherHistory.Count(ctx, f)
	}
	counts, err := open.Count(ctx, f)
	if err == nil && f.Sealed() {
		err = open.answer(ctx, who, f, nil, counts.Total)
	}
	if err != nil {
		return history.Counts{}, err
	}
	return counts, nil
}

// Export is OtherHistory's. The record of it says with which key names were opened.
func (n *namedHistory) Export(ctx context.Context, in ExportInput, progress matcher.ProgressFunc) (Exported, error) {
	open, _ := n.still(ctx)
	if open == nil {
		return n.otherHistory.Export(ctx, in, progress)
	}
	if in.Names || len(in.Checks) == 0 && in.Filter.Sealed() {
		in.auditorsKey = open.key
	}
	return open.Export(ctx, in, progress)
}

// Close is OtherHistory's.
func (n *namedHistory) Close() error {
	n.CloseNames()
	return n.otherHistory.Close()
}

package app

import (
	"context"
	"errors"
	"io"
	"os"
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
	// is given, is the problem KeyAuditorsPassphrase. Each name shown is recorded in our own
	// history.
	OpenNames(ctx context.Context, file, passphrase string) error
	CloseNames()
	// NamesRead is how many names were looked at since, and NamesKey the public key that opens
	// them; empty: they are sealed.
	NamesRead() history.NamesRead
	NamesKey() string
}

// keyedRecords are records of which an auditors' key opens what is sealed.
type keyedRecords interface {
	Records
	UseKey(key history.AuditorsKey)
	NamesRead() history.NamesRead
}

// namedHistory records which names it shows.
type namedHistory struct {
	otherHistory
	keyed keyedRecords

	mu   sync.Mutex
	open *openNames // nil: names are sealed
}

// openNames are names that somebody opened.
type openNames struct {
	key string // the public one
	by  string // the operator

	recording sync.Mutex
	shown     map[string]bool // the checks whose names are recorded as shown
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
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keyed.UseKey(identity)
	n.open = &openNames{key: strings.Join(identity.Recipients, " "), by: by.Operator, shown: map[string]bool{}}
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
	n.keyed.UseKey(nil)
	n.open = nil
}

// NamesRead is NamedHistory's.
func (n *namedHistory) NamesRead() history.NamesRead { return n.keyed.NamesRead() }

// NamesKey is NamedHistory's.
func (n *namedHistory) NamesKey() string {
	if open := n.opened(); open != nil {
		return open.key
	}
	return ""
}

func (n *namedHistory) opened() *openNames {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

// still gives the open names and the operator who opened them; nil where no names are open. It
// closes the names where that operator has signed out or another one has signed in.
func (n *namedHistory) still(ctx context.Context) (*openNames, history.Actor) {
	open := n.opened()
	if open == nil {
		return nil, history.Actor{}
	}
	who, err := n.desk.Enter(ctx, access.Export)
	if err != nil || who.Operator != open.by {
		n.CloseNames()
		return nil, who
	}
	return open, who
}

// note records names that are about to be shown, but for those that were before.
func (n *namedHistory) note(
	ctx context.Context, open *openNames, who history.Actor, about string, checks []string,
) error {
	open.recording.Lock()
	defer open.recording.Unlock()
	var fresh []string
	for _, check := range checks {
		if !open.shown[check] {
			fresh = append(fresh, check)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	head, err := n.records.Head(ctx)
	if err != nil {
		return err
	}
	if err := n.desk.p.History.Exported(ctx, history.Export{
		Actor: who, Format: history.OnScreen, Filter: about, Checks: int64(len(fresh)), Names: true,
		HeadSeq: head.Seq, Head: head.Hash, Database: n.records.ID(), AuditorsKey: open.key,
	}); err != nil {
		return err
	}
	for _, check := range fresh {
		open.shown[check] = true
	}
	return nil
}

// List is OtherHistory's.
func (n *namedHistory) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	open, who := n.still(ctx)
	rows, err := n.otherHistory.List(ctx, f)
	if err != nil || open == nil {
		return rows, err
	}
	var named []string
	for _, row := range rows {
		if row.Name != "" {
			named = append(named, row.Check)
		}
	}
	english, err := translations.New("en")
	if err != nil {
		return nil, err
	}
	if err := n.note(ctx, open, who, export.FilterWords(f, false, english), named); err != nil {
		return nil, err
	}
	return rows, nil
}

// Show is OtherHistory's.
func (n *namedHistory) Show(ctx context.Context, check string) (history.Detail, error) {
	open, who := n.still(ctx)
	d, err := n.otherHistory.Show(ctx, check)
	if err != nil || open == nil {
		return d, err
	}
	var named []string
	if holdsSealed(d) {
		// Apart from the name in a list: what a check holds besides is more.
		named = []string{"all of " + d.Check}
	}
	english, err := translations.New("en")
	if err != nil {
		return d, err
	}
	if err := n.note(ctx, open, who, export.ChosenWords([]string{d.Check}, english), named); err != nil {
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
	n.still(ctx)
	return n.otherHistory.Count(ctx, f)
}

// Export is OtherHistory's. The record of it says with which key names were opened.
func (n *namedHistory) Export(ctx context.Context, in ExportInput, progress matcher.ProgressFunc) (Exported, error) {
	if n.still(ctx); in.Names {
		in.auditorsKey = n.NamesKey()
	}
	return n.otherHistory.Export(ctx, in, progress)
}

// Close is OtherHistory's.
func (n *namedHistory) Close() error {
	n.CloseNames()
	return n.otherHistory.Close()
}

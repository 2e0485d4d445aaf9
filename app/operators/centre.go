package operators

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"time"

	"facematch/app/history"
	"facematch/app/privatefile"
	"facematch/app/sshsig"
	"facematch/matcher"
)

// AllBranches is the branch of a list for the desks of all branches.
const AllBranches = "*"

// namespace says what the signature of a list is for.
const namespace = "facematch-operators"

// Centre says that a desk takes its list of operators from the centre of all desks.
type Centre struct {
	Key    string // public, signs the lists; empty: the desk keeps a list of its own
	Branch string // whose list is taken, and no other; empty: the one for all branches
	Days   int    // without a contact, after which only administrators sign in; 0: never
}

// FromCentre is what a list of the centre's says besides its operators.
type FromCentre struct {
	Signed  time.Time // when it was signed; of two lists for one branch the later one counts
	Branch  string    // AllBranches: of all
	Key     string    // that signed it, as ssh-keygen -l shows it
	Contact time.Time // when this desk last heard from the centre that it counts
	Days    int       // how long it counts for all after that; 0: without end
	Old     bool      // that time is over
}

// published is a list as it is signed.
type published struct {
	Version   int       `json:"version"`
	Signed    time.Time `json:"signed"`
	Branch    string    `json:"branch"`
	Operators []entry   `json:"operators"`
}

// kept is the file with the centre's list. Its time of change is that of the last contact.
type kept struct {
	Version   int    `json:"version"`
	List      []byte `json:"list"`
	Signature []byte `json:"signature"`
}

// Publish signs a list for the desks of a branch, or of AllBranches.
func Publish(key ed25519.PrivateKey, list List, branch string, now time.Time) (history.OperatorList, error) {
	if len(list.entries) == 0 {
		return history.OperatorList{}, matcher.NewProblem(KeyNone, nil)
	}
	text, err := json.Marshal(published{version, now.UTC().Truncate(time.Millisecond), branch, list.entries})
	if err != nil {
		return history.OperatorList{}, err
	}
	if len(text) > maxList {
		return history.OperatorList{}, matcher.NewProblem(KeyListLong, nil)
	}
	signature, err := sshsig.Sign(key, namespace, sha256.Sum256(text))
	return history.OperatorList{Text: text, Signature: signature}, err
}

// open checks a list of the centre's. The problems are operators.list_signature, .list_branch,
// .list_damaged and .newer.
func (c Centre) open(from history.OperatorList) (List, error) {
	key, err := sshsig.ParsePublic(c.Key)
	if err == nil {
		err = sshsig.Verify(key, namespace, from.Text, from.Signature)
	}
	if err != nil {
		return List{}, matcher.NewProblem(KeyListSignature, err)
	}
	var p published
	if err := json.Unmarshal(from.Text, &p); err != nil {
		// The library's text may hold some of it.
		return List{}, matcher.NewProblem(KeyListDamaged, errors.New("no valid form"))
	}
	if p.Version > version {
		return List{}, matcher.NewProblem("operators.newer", nil, "Version", p.Version, "Known", version)
	}
	if err := check(p.Operators); err != nil || p.Signed.IsZero() || p.Version < 1 {
		return List{}, matcher.NewProblem(KeyListDamaged, err)
	}
	if p.Branch != cmp.Or(c.Branch, AllBranches) {
		return List{}, matcher.NewProblem(KeyListBranch, nil)
	}
	list := listOf(p.Operators, from.Text)
	list.Centre = &FromCentre{Signed: p.Signed, Branch: p.Branch, Key: sshsig.Fingerprint(key), Days: c.Days}
	return list, nil
}

// opened is a list of the centre's that was checked, with what it was checked by.
type opened struct {
	data []byte // of the file
	by   Centre
	list List
}

// readCentre reads the list that the centre gave last. The problems are operators.not_yet
// while there is none, .unreadable, .list_damaged and those of open.
func (k *Keeper) readCentre(c Centre) (List, error) {
	list, err := k.openKept(c)
	if err != nil {
		return List{}, err
	}
	info, err := os.Stat(k.fromCentre)
	if err != nil {
		return List{}, matcher.NewProblem("operators.unreadable", err)
	}
	list.Centre.Contact = info.ModTime()
	list.Centre.Old = history.ContactOver(list.Centre.Contact, c.Days, k.contactTime())
	return list, nil
}

// openKept reads and checks the file. Bytes that were checked before are not checked again: a
// list of some thousand operators takes tens of milliseconds, and is read with each action.
func (k *Keeper) openKept(c Centre) (List, error) {
	data, err := k.readFile(k.fromCentre)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return List{}, matcher.NewProblem(KeyNotYet, nil)
	case err != nil:
		return List{}, matcher.NewProblem("operators.unreadable", err)
	}
	last := k.opened.Load()
	if last == nil || last.by != c || !bytes.Equal(last.data, data) {
		var s kept
		if json.Unmarshal(data, &s) != nil || s.Version != version {
			return List{}, matcher.NewProblem(KeyListDamaged, errors.New("no valid form"))
		}
		list, err := c.open(history.OperatorList{Text: s.List, Signature: s.Signature})
		if err != nil {
			return List{}, err
		}
		last = &opened{data, c, list}
		k.opened.Store(last)
	}
	list := last.list
	from := *list.Centre // its own, because the contact differs
	list.Centre = &from
	return list, nil
}

// NotBefore returns the problem operators.list_older where the history ever recorded a list for
// the same branch, by the same key, that was signed later: another branch's, or one of the
// desk's own, may have counted since. Signed gives when the newest of those was signed.
func (l List) NotBefore(
	ctx context.Context, signed func(ctx context.Context, branch, key string) (time.Time, error),
) error {
	if l.Centre == nil {
		return nil
	}
	newest, err := signed(ctx, l.Centre.Branch, l.Centre.Key)
	if err == nil && l.Centre.Signed.Before(newest) {
		err = matcher.NewProblem(KeyListOlder, nil)
	}
	return err
}

// Admits returns nil where an operator of the list may be signed in: only administrators
// may where the list is too old. The problem is operators.old.
func (l List) Admits(o Operator) error {
	if l.Centre == nil || o.Role == history.RoleAdministrator {
		return nil
	}
	return l.Centre.Fresh()
}

// Fresh returns the problem operators.old where the list counts for administrators alone.
func (f FromCentre) Fresh() error {
	if !f.Old {
		return nil
	}
	return matcher.NewProblem(KeyOld, nil, "Days", f.Days, "At", f.Contact.Local().Format("2006-01-02 15:04"))
}

// Take keeps a list that the centre gave, unless it is the one that is kept here. Record
// writes into the history how the list is now; where it fails the list before stays. A list
// without a text says that the centre has the same one. Either way this was a contact. The
// problems are operators.list_signature, .list_branch, .list_damaged, .list_older, .newer,
// .busy, .unwritable, and those of record; then the list before stays.
func (k *Keeper) Take(ctx context.Context, from history.OperatorList, record func(now List) error) error {
	c := k.centre()
	if c.Key == "" {
		return nil
	}
	return k.locked(ctx, func() error {
		before, err := k.readCentre(c)
		held := err == nil
		if from.Text == nil {
			return k.contact(held)
		}
		next, err := c.open(from)
		if err != nil {
			return err
		}
		switch {
		case held && next.SHA256 == before.SHA256:
			return k.contact(true)
		case held && !next.Centre.Signed.After(before.Centre.Signed):
			return matcher.NewProblem(KeyListOlder, nil)
		}
		next.Centre.Contact = k.contactTime()
		return k.replace(from, func() error { return record(next) })
	})
}

// replace writes the centre's list. Where done fails the file before is put back.
func (k *Keeper) replace(from history.OperatorList, done func() error) error {
	back := func() error { return os.Remove(k.fromCentre) }
	if old, err := k.readFile(k.fromCentre); err == nil {
		info, err := os.Stat(k.fromCentre)
		if err != nil {
			return matcher.NewProblem("operators.unreadable", err)
		}
		back = func() error {
			return errors.Join(privatefile.Write(k.fromCentre, old), os.Chtimes(k.fromCentre, info.ModTime(), info.ModTime()))
		}
	}
	data, err := json.Marshal(kept{version, from.Text, from.Signature})
	if err == nil {
		err = privatefile.Write(k.fromCentre, data)
	}
	if err != nil {
		return matcher.NewProblem("operators.unwritable", err)
	}
	if err := done(); err != nil {
		return errors.Join(err, back())
	}
	return k.contact(true)
}

func (k *Keeper) contactTime() time.Time { return history.ContactTime(k.now(), k.latest()) }

// contact notes that the centre was heard from, where there is a list that counts.
func (k *Keeper) contact(held bool) error {
	if !held {
		return nil
	}
	at := k.contactTime()
	if err := os.Chtimes(k.fromCentre, at, at); err != nil {
		return matcher.NewProblem("operators.unwritable", err)
	}
	return nil
}

// Held is the SHA-256 of the centre's list that is kept here, and when that was signed; nil
// where there is none that counts. It is false where this desk keeps a list of its own.
func (k *Keeper) Held() (sum []byte, signed time.Time, fromCentre bool) {
	c := k.centre()
	if c.Key == "" {
		return nil, time.Time{}, false
	}
	list, err := k.readCentre(c)
	if err != nil {
		return nil, time.Time{}, true
	}
	digest := sha256.Sum256(list.raw)
	return bytes.Clone(digest[:]), list.Centre.Signed, true
}

// own returns the problem operators.of_centre where the list is the centre's, which no desk
// changes.
func (k *Keeper) own() error {
	if k.centre().Key != "" {
		return matcher.NewProblem(KeyOfCentre, nil)
	}
	return nil
}

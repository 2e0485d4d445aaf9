// Package operators keeps the list of operators: names, roles and hashes of passphrases in
// one file beside the history. Another file counts the wrong passphrases for each name.
//
//	operators.json           {"version": 1, "operators": [{"name": …, "role": …, "hash": "$argon2id$…"}]}
//	operators-attempts.json  {"version": 1, "salt": …, "names": {"=ada": {"failed": 3, "at": …}}}
//	operators-centre.json    {"version": 1, "list": …, "signature": …}, in base64
//	operators.lock           held while any of them is written
//
// Where the settings name a key, the list is the one that the centre of all desks gave last,
// signed with that key; the desk's own is then not used and not changed.
//
// Several programs may use them at once. A file of operators that cannot be parsed is an
// error and never an empty list. Whether a missing file existed before is recorded in the
// history; the caller asks it.
//
// Roles attribute actions and prevent mistakes. They do not stop the owner of the files.
package operators

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/gofrs/flock"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"facematch/app/history"
	"facematch/app/names"
	"facematch/app/privatefile"
	"facematch/matcher"
)

// Operator is who may work with the program.
type Operator = history.Operator

// Params are the parts a Keeper is made of.
type Params struct {
	File string           // operators.json, beside the history; the folder is there
	Now  func() time.Time // the system's clock
	Cost Cost             // of new hashes; zero: the usual one

	Centre func() Centre    // as the settings say at each moment; nil: the desk keeps its own list
	Latest func() time.Time // the greatest time of all records; nil: that is not known

	// ReadFile reads the file; nil: from the disk. Another in tests, as of a share
	// that is slow.
	ReadFile func(path string) ([]byte, error)
}

// Keeper keeps the operators. It may be used from several goroutines and by several
// processes at once: each call reads the file again. Its errors are *matcher.Problem.
type Keeper struct {
	file, attempts, lock string
	fromCentre           string // file of the centre's list
	now, latest          func() time.Time
	centre               func() Centre
	opened               atomic.Pointer[opened] // the newest list of the centre's that was read
	cost                 Cost
	readFile             func(path string) ([]byte, error)
}

// New makes a keeper. Nothing is read yet. Parts that are missing are a mistake in
// the program and panic.
func New(p Params) *Keeper {
	if p.File == "" || p.Now == nil {
		panic("operators: Params are not complete")
	}
	stem := strings.TrimSuffix(p.File, filepath.Ext(p.File))
	if p.ReadFile == nil {
		p.ReadFile = readFile
	}
	if p.Centre == nil {
		p.Centre = func() Centre { return Centre{} }
	}
	if p.Latest == nil {
		p.Latest = func() time.Time { return time.Time{} }
	}
	return &Keeper{
		readFile: p.ReadFile, file: p.File, attempts: stem + "-attempts.json", lock: stem + ".lock",
		fromCentre: stem + "-centre.json", now: p.Now, latest: p.Latest, centre: p.Centre,
		cost: cmp.Or(p.Cost, usual),
	}
}

// List is who may work with the program at one time.
type List struct {
	Operators []Operator // by name; none where no operators are set up
	SHA256    string     // of the file's bytes, or of the signed text, in hexadecimal; empty where there is none

	Centre *FromCentre // where the list is the centre's; nil: the desk's own

	entries []entry
	raw     []byte
}

type entry struct {
	Operator
	Hash hashed `json:"hash"`
}

type stored struct {
	Version   int     `json:"version"`
	Operators []entry `json:"operators"`
}

// Read reads the list; it is empty where there is no file. The problems are
// operators.unreadable, .damaged and .newer; of a list of the centre's also .not_yet,
// .list_signature, .list_branch and .list_damaged.
func (k *Keeper) Read() (List, error) {
	if c := k.centre(); c.Key != "" {
		return k.readCentre(c)
	}
	data, err := k.readFile(k.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return List{}, nil
	case err != nil:
		return List{}, matcher.NewProblem("operators.unreadable", err)
	}
	var s stored
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&s); err != nil {
		return List{}, matcher.NewProblem(
			"operators.damaged", errors.New("no valid form"),
		) // the library's text may hold some of it
	}
	if s.Version > version {
		return List{}, matcher.NewProblem("operators.newer", nil, "Version", s.Version, "Known", version)
	}
	if _, more := dec.Token(); !errors.Is(more, io.EOF) || s.Version < 1 {
		return List{}, matcher.NewProblem("operators.damaged", errors.New("no valid form"))
	}
	if err := check(s.Operators); err != nil {
		return List{}, matcher.NewProblem("operators.damaged", err)
	}
	return listOf(s.Operators, data), nil
}

func listOf(entries []entry, raw []byte) List {
	sum := sha256.Sum256(raw)
	l := List{SHA256: hex.EncodeToString(sum[:]), entries: entries, raw: raw}
	for _, e := range entries {
		l.Operators = append(l.Operators, e.Operator)
	}
	return l
}

// check says what is wrong with a list: a program that takes what it cannot work
// with locks everybody out, or lets anybody in.
func check(entries []entry) error {
	names := map[string]bool{}
	for _, e := range entries {
		name, err := CleanName(e.Name)
		if err != nil || name != e.Name || names[fold(name)] {
			return errors.New("a name is odd, or there twice")
		}
		names[fold(name)] = true
		if !slices.Contains(history.Roles, e.Role) || len(e.Hash.hash) == 0 {
			return errors.New("a role or a hash is missing")
		}
	}
	if !slices.ContainsFunc(entries, isAdministrator) {
		return errors.New("there is no administrator")
	}
	return nil
}

func isAdministrator(e entry) bool { return e.Role == history.RoleAdministrator }

// readFile reads a file of ours, and nothing that could keep the program waiting.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, errors.New("not a file of this program")
	}
	return os.ReadFile(path)
}

// CleanName trims an operator's name and checks it. The problems are
// operators.no_name, .name (characters that mislead) and .name_long.
func CleanName(name string) (string, error) {
	name, err := names.Clean(strings.Join(strings.Fields(name), " "), maxName)
	switch {
	case errors.Is(err, names.ErrLong):
		return "", matcher.NewProblem("operators.name_long", nil, "Max", maxName)
	case err != nil:
		return "", matcher.NewProblem("operators.name", nil)
	case name == "":
		return "", matcher.NewProblem("operators.no_name", nil)
	}
	return norm.NFC.String(name), nil
}

// Same says whether two names are one: letters count, not their case or coding.
func Same(a, b string) bool { return fold(a) == fold(b) }

func fold(name string) string {
	name = strings.Map(func(r rune) rune { // characters that cannot be seen do not distinguish names
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector) || r == '\u034f' {
			return -1
		}
		return r
	}, name)
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(strings.Join(strings.Fields(name), " "))))
}

// find returns the index of the operator of a name; -1 where there is no such operator.
func find(entries []entry, name string) int {
	return slices.IndexFunc(entries, func(e entry) bool { return Same(e.Name, name) })
}

// Login is an operator who has signed in.
type Login struct {
	Operator
	Failed int // wrong attempts before this right one

	hash hashed // by which it was; another one means that it holds no more
}

// SignIn checks that name and passphrase belong together. An unknown name takes as long, and
// is delayed, like a known one. The problems are operators.wrong (parameter Seconds: how
// long to wait now, may be 0), .wait (likewise; nothing was checked), .none (no operators
// are set up), .old (see Admits), .busy, .unwritable and those of Read.
func (k *Keeper) SignIn(ctx context.Context, name, passphrase string) (Login, error) {
	list, err := k.Read()
	if err != nil {
		return Login{}, err
	}
	if len(list.entries) == 0 {
		return Login{}, matcher.NewProblem(KeyNone, nil)
	}
	file := k.file
	if list.Centre != nil {
		file = k.fromCentre
	}
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
		// A copy restored from a backup may be readable by all. A disk without such rights
		// cannot set them, which must not lock the operators out.
		_ = os.Chmod(file, 0o600)
	}
	i := find(list.entries, name)
	known := i >= 0
	next, err := k.begin(ctx, name, known)
	if err != nil {
		return Login{}, err
	}
	e := list.entries[max(0, i)]
	if right := e.Hash.is(passphrase); !right || !known {
		return Login{}, matcher.NewProblem(KeyWrong, nil, "Seconds", seconds(next))
	}
	failed, err := k.right(ctx, name)
	if err != nil {
		return Login{}, err
	}
	if err := list.Admits(e.Operator); err != nil {
		return Login{}, err
	}
	return Login{Operator: e.Operator, Failed: failed, hash: e.Hash}, nil
}

// Still gives who signed in as they are on the list now; false where they were
// removed, or have another passphrase since.
func (l List) Still(in Login) (Operator, bool) {
	i := find(l.entries, in.Name)
	if i < 0 || !bytes.Equal(l.entries[i].Hash.hash, in.hash.hash) {
		return Operator{}, false
	}
	return l.entries[i].Operator, true
}

// Renewed is a login that holds with the passphrase the list has now.
func (l List) Renewed(in Login) Login {
	if i := find(l.entries, in.Name); i >= 0 {
		in.hash = l.entries[i].Hash
	}
	return in
}

// Record writes into the history how the list is now and whom the change was about.
// Where it fails the list stays as it was.
type Record func(now List, name string) error

// Add adds an operator. The first must be an administrator, and first says that this is
// meant to be the first. The problems are those of CleanName and CheckPassphrase,
// operators.role, .first_admin, .known (there is one of that name), .signed_out (another was
// added before), .of_centre, .busy, .unwritable, and those of Read.
func (k *Keeper) Add(ctx context.Context, o Operator, passphrase string, first bool, record Record) error {
	if err := k.own(); err != nil {
		return err
	}
	name, err := CleanName(o.Name)
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(history.Roles, o.Role):
		return matcher.NewProblem("operators.role", nil)
	case first && o.Role != history.RoleAdministrator:
		return matcher.NewProblem("operators.first_admin", nil)
	}
	if err := CheckPassphrase(name, passphrase); err != nil {
		return err
	}
	added := entry{Operator{Name: name, Role: o.Role}, hash(passphrase, k.cost)}
	return k.change(ctx, record, func(entries []entry) ([]entry, string, error) {
		switch {
		case first && len(entries) > 0:
			return nil, "", matcher.NewProblem(KeySignedOut, nil)
		case find(entries, name) >= 0:
			return nil, "", matcher.NewProblem("operators.known", nil)
		}
		return append(entries, added), name, nil
	})
}

// Remove removes an operator. The problems are operators.unknown, .last_admin,
// .of_centre, .busy, .unwritable and those of Read.
func (k *Keeper) Remove(ctx context.Context, name string, record Record) error {
	if err := k.own(); err != nil {
		return err
	}
	return k.change(ctx, record, func(entries []entry) ([]entry, string, error) {
		i := find(entries, name)
		if i < 0 {
			return nil, "", matcher.NewProblem("operators.unknown", nil)
		}
		name := entries[i].Name
		entries = slices.Delete(entries, i, i+1)
		if !slices.ContainsFunc(entries, isAdministrator) {
			return nil, "", matcher.NewProblem("operators.last_admin", nil)
		}
		return entries, name, nil
	})
}

// SetPassphrase gives an operator another passphrase. The problems are those of
// CheckPassphrase, operators.unknown, .of_centre, .busy, .unwritable, and those of Read.
func (k *Keeper) SetPassphrase(ctx context.Context, name, passphrase string, record Record) error {
	if err := k.own(); err != nil {
		return err
	}
	if err := CheckPassphrase(name, passphrase); err != nil {
		return err
	}
	sum := hash(passphrase, k.cost)
	return k.change(ctx, record, func(entries []entry) ([]entry, string, error) {
		i := find(entries, name)
		if i < 0 {
			return nil, "", matcher.NewProblem("operators.unknown", nil)
		}
		entries[i].Hash = sum
		return entries, entries[i].Name, nil
	})
}

// change rewrites the list while no other program does, and records it. The file is written
// first: if the program ends in between, the next start finds an unrecorded file and records
// it. A record without a file would lock everybody out.
func (k *Keeper) change(ctx context.Context, record Record, edit func([]entry) ([]entry, string, error)) error {
	return k.locked(ctx, func() error {
		before, err := k.Read()
		if err != nil {
			return err
		}
		next, name, err := edit(slices.Clone(before.entries))
		if err != nil {
			return err
		}
		slices.SortFunc(next, func(a, b entry) int { return cmp.Compare(fold(a.Name), fold(b.Name)) })
		if err := check(next); err != nil {
			return fmt.Errorf("operators: %w", err)
		}
		data, err := json.MarshalIndent(stored{version, next}, "", "  ")
		if err == nil {
			err = privatefile.Write(k.file, data)
		}
		if err != nil {
			return matcher.NewProblem("operators.unwritable", err)
		}
		if err := record(listOf(next, data), name); err != nil {
			back := os.Remove
			if before.raw != nil {
				back = func(path string) error { return privatefile.Write(path, before.raw) }
			}
			return errors.Join(err, back(k.file))
		}
		return nil
	})
}

// locked runs a function while no other program, and no other goroutine, does.
func (k *Keeper) locked(ctx context.Context, do func() error) error {
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	lock := flock.New(k.lock, flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(waiting, lockRetry); err != nil {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, context.DeadlineExceeded):
			return matcher.NewProblem("operators.busy", nil)
		}
		return matcher.NewProblem("operators.unwritable", err)
	}
	defer lock.Unlock()
	return do()
}

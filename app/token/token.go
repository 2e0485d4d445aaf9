// Package token keeps the token of the remote API, in the first of these places that
// exists: the keyring of the operating system; a file sealed with a passphrase, where no
// keyring answers; the environment variable FACEMATCH_TOKEN.
//
// A token is bound to the address it was set for and is not given for another. (The
// variable is bound to no address; its user has to see to that.) A token appears in no
// error and no problem. The file is in age's format and can be opened with its tools:
//
//	{"base": "https://api.example.com", "sealed": "-----BEGIN AGE ENCRYPTED FILE-----…"}
//
// Sealed is {"base": …, "token": …}: a file whose address was changed by hand opens for
// neither address.
package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"

	"facematch/app/patience"
	"facematch/app/privatefile"
	"facematch/app/secrets"
	"facematch/matcher"
)

// The keys of problems that ask for the passphrase of the token's file.
const (
	KeyLocked          = "token.locked"
	KeyNeedsPassphrase = "token.needs_passphrase"
)

// Variable is the environment variable of a token.
const Variable = "FACEMATCH_TOKEN"

const (
	// maxLength is the longest accepted token, in bytes: servers accept header lines of
	// about 8 KB.
	maxLength = 4096

	// minPassphrase is the shortest accepted passphrase, in characters. With age's scrypt
	// each guess takes about a second.
	minPassphrase = 8
)

// Place is where a token lies.
type Place string

// The places of a token.
const (
	None        Place = "none"
	Keyring     Place = "keyring"
	File        Place = "file"
	Locked      Place = "locked" // in the file, whose passphrase is not known yet
	Environment Place = "environment"
)

// Keeper keeps the token. It may be used from several goroutines. Its errors are
// *matcher.Problem.
type Keeper struct {
	file       string
	workFactor int

	mu     sync.Mutex
	asker  patience.Asker
	opened []byte // the file as it was when it was opened
	clear  sealed // what was in it
}

// sealed is what the file holds in secret.
type sealed struct {
	Base  string `json:"base"`
	Token string `json:"token"`
}

// stored is the file.
type stored struct {
	Base   string `json:"base"`
	Sealed string `json:"sealed"`
}

// New makes a keeper; file is used where there is no keyring.
func New(file string) *Keeper { return &Keeper{file: file, workFactor: secrets.WorkFactor} }

func nameOf(base string) string { return "API token for " + base }

// Clean trims a token that was typed or pasted, and refuses characters that a header must
// not hold. The problem is token.form.
func Clean(token string) (string, error) {
	token = strings.TrimSpace(token)
	odd := strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
	if token == "" || len(token) > maxLength || odd {
		return "", matcher.NewProblem("token.form", nil)
	}
	return token, nil
}

// Get gives the token for a base address (in the form of matcher.ParseBase) and where it
// was found. The passphrase opens the file; without one the file is used only if it was
// opened before. The problems are token.none, token.locked, token.passphrase (a wrong one),
// token.file and token.form.
func (k *Keeper) Get(base, passphrase string) (string, Place, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	token, err := k.asker.Ask(secrets.Patience, func() (string, error) { return secrets.Get(nameOf(base)) })
	if err == nil {
		token, err = Clean(token)
		return token, Keyring, err
	}
	found, err := k.fromFile(base, passphrase)
	if err == nil && found.Token != "" {
		return found.Token, File, nil
	}
	if variable := os.Getenv(Variable); strings.TrimSpace(variable) != "" && passphrase == "" {
		token, err := Clean(variable)
		return token, Environment, err
	}
	if err != nil {
		return "", Locked, err
	}
	return "", None, matcher.NewProblem("token.none", nil)
}

// fromFile opens the file. The result is empty where there is no file, or none for this
// address.
func (k *Keeper) fromFile(base, passphrase string) (sealed, error) {
	raw, err := os.ReadFile(k.file)
	if errors.Is(err, fs.ErrNotExist) {
		return sealed{}, nil
	}
	var s stored
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	switch {
	case err != nil:
		return sealed{}, matcher.NewProblem("token.file", err)
	case s.Base != base:
		return sealed{}, nil
	case bytes.Equal(raw, k.opened):
		return k.clear, nil
	case passphrase == "":
		return sealed{}, matcher.NewProblem(KeyLocked, nil)
	}
	clear, err := unseal(s.Sealed, passphrase)
	if err != nil {
		return sealed{}, err
	}
	if clear.Base != base {
		return sealed{}, matcher.NewProblem("token.file", errors.New("it was sealed for another address"))
	}
	if clear.Token, err = Clean(clear.Token); err != nil {
		return sealed{}, err
	}
	k.opened, k.clear = raw, clear
	return clear, nil
}

// Set stores a token for a base address, in the keyring or, where none answers, in the
// file under the passphrase. The problems are token.form, token.needs_passphrase
// (no keyring, no passphrase), token.passphrase_short and token.unsaved.
func (k *Keeper) Set(base, token, passphrase string) (Place, error) {
	token, err := Clean(token)
	if err != nil {
		return None, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	back, err := k.asker.Ask(secrets.Patience, func() (string, error) {
		if err := secrets.Set(nameOf(base), token); err != nil {
			return "", err
		}
		return secrets.Get(nameOf(base)) // some keyrings accept a secret and do not store it
	})
	if err == nil && back == token {
		return Keyring, k.removeFile(base)
	}
	switch {
	case passphrase == "":
		return None, matcher.NewProblem(KeyNeedsPassphrase, nil)
	case len([]rune(passphrase)) < minPassphrase:
		return None, matcher.NewProblem("token.passphrase_short", nil, "Min", minPassphrase)
	}
	if err := k.intoFile(sealed{base, token}, passphrase); err != nil {
		return None, matcher.NewProblem("token.unsaved", err)
	}
	return File, nil
}

func (k *Keeper) intoFile(clear sealed, passphrase string) error {
	text, err := json.Marshal(clear)
	if err != nil {
		return err
	}
	wrapped, err := secrets.Wrap(text, passphrase, k.workFactor)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(stored{clear.Base, wrapped})
	if err != nil {
		return err
	}
	if err := privatefile.Write(k.file, raw); err != nil {
		return err
	}
	k.opened, k.clear = raw, clear
	return nil
}

func unseal(text, passphrase string) (sealed, error) {
	var clear sealed
	raw, err := secrets.Unwrap(text, passphrase, 4*maxLength)
	if errors.Is(err, secrets.ErrPassphrase) {
		return sealed{}, matcher.NewProblem("token.passphrase", nil)
	}
	if err == nil && json.Unmarshal(raw, &clear) != nil {
		err = errors.New("it has no valid form") // the library's text may hold some of it
	}
	if err != nil {
		return sealed{}, matcher.NewProblem("token.file", err)
	}
	return clear, nil
}

// Clear deletes the token for a base address, in keyring and file. A token that does not
// exist is not an error. The problem is token.kept.
func (k *Keeper) Clear(base string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, err := k.asker.Ask(secrets.Patience, func() (string, error) { return "", secrets.Delete(nameOf(base)) })
	if errors.Is(err, secrets.ErrNotFound) || errors.Is(err, secrets.ErrNoKeyring) {
		err = nil
	}
	if err != nil {
		err = matcher.NewProblem("token.kept", err)
	}
	return errors.Join(err, k.removeFile(base))
}

// removeFile removes the file where it is for this address, or where its address cannot be
// read.
func (k *Keeper) removeFile(base string) error {
	raw, err := os.ReadFile(k.file)
	var s stored
	if err != nil || json.Unmarshal(raw, &s) == nil && s.Base != base {
		return nil
	}
	k.opened, k.clear = nil, sealed{}
	if err := os.Remove(k.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return matcher.NewProblem("token.kept", err)
	}
	return nil
}

package gateway

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofrs/flock"

	"facematch/app"
	"facematch/app/privatefile"
	"facematch/matcher"
)

// tokenPrefix lets people, and programs that look for leaked secrets, see what a
// token is for.
const tokenPrefix = "fmd_"

// Token is what is stored of a token: its hash, not the token itself. A token is 256 random
// bits, so a plain SHA-256 reveals nothing of it.
type Token struct {
	Name   string    `json:"name"` // the desk's: its checks are recorded under it
	Added  time.Time `json:"added"`
	SHA256 string    `json:"sha256"`
}

// Tokens keeps the tokens of those who may ask, in one file. A running server
// looks at the file with each request, so that another process may add and revoke.
// Its errors are *matcher.Problem: serve.token_file, serve.token_name,
// serve.token_known or serve.token_unknown (parameter Name).
type Tokens struct {
	file string
	now  func() time.Time
}

// NewTokens keeps tokens in this file.
func NewTokens(file string, now func() time.Time) *Tokens { return &Tokens{file: file, now: now} }

// List gives the tokens, oldest first.
func (t *Tokens) List() ([]Token, error) {
	data, err := os.ReadFile(t.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var kept []Token
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	for _, k := range kept {
		if sum, wrong := hex.DecodeString(k.SHA256); err == nil && (wrong != nil || len(sum) != sha256.Size || k.Name == "") {
			err = errors.New("a token without name or hash")
		}
	}
	if err != nil {
		return nil, matcher.NewProblem("serve.token_file", err)
	}
	return kept, nil
}

// MakeToken makes a token for a program of this name, and what is stored of it. The problem is
// serve.token_name.
func MakeToken(name string, now time.Time) (token string, stored Token, err error) {
	clean, err := app.CleanName(name)
	if err != nil || clean == "" || utf8.RuneCountInString(clean) > maxName {
		return "", Token{}, matcher.NewProblem("serve.token_name", nil, "Max", maxName)
	}
	secret := make([]byte, tokenBytes)
	rand.Read(secret) // it never fails
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret)
	return token, Token{Name: clean, Added: now.UTC().Truncate(time.Second), SHA256: hashOf(token)}, nil
}

// Add makes a token and gives it; it cannot be had again.
func (t *Tokens) Add(name string) (token string, err error) {
	token, stored, err := MakeToken(name, t.now())
	if err != nil {
		return "", err
	}
	return token, t.change(func(kept []Token) ([]Token, error) {
		for _, k := range kept {
			if strings.EqualFold(k.Name, stored.Name) { // two names that look alike would be confused in the history
				return nil, matcher.NewProblem("serve.token_known", nil, "Name", k.Name)
			}
		}
		return append(kept, stored), nil
	})
}

// Revoke forgets a token: the next request with it is refused.
func (t *Tokens) Revoke(name string) error {
	return t.change(func(kept []Token) ([]Token, error) {
		for i, k := range kept {
			if k.Name == name {
				return append(kept[:i:i], kept[i+1:]...), nil
			}
		}
		return nil, matcher.NewProblem("serve.token_unknown", nil, "Name", name)
	})
}

// change changes the file, one process at a time.
func (t *Tokens) change(how func([]Token) ([]Token, error)) error {
	lock := flock.New(t.file+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return matcher.NewProblem("serve.token_file", err)
	}
	defer lock.Unlock()
	kept, err := t.List()
	if err != nil {
		return err
	}
	if kept, err = how(kept); err != nil {
		return err
	}
	data, err := json.MarshalIndent(kept, "", "  ")
	if err == nil {
		err = privatefile.Write(t.file, append(data, '\n'))
	}
	if err != nil {
		return matcher.NewProblem("serve.token_file", err)
	}
	return nil
}

// find gives the token this is, of the gateway's own and of the centre's. How long that takes
// says nothing of how much of a wrong one was right.
func (g *Gateway) find(token string) (found Token, known bool, err error) {
	kept, err := g.p.Tokens.List()
	sum := hashOf(token)
	for _, k := range slices.Concat(kept, g.p.Centre.list()) {
		if subtle.ConstantTimeCompare([]byte(k.SHA256), []byte(sum)) == 1 {
			found, known = k, true
		}
	}
	if known {
		return found, true, nil // whatever is wrong with the other list
	}
	return Token{}, false, err
}

func hashOf(token string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(token))) }

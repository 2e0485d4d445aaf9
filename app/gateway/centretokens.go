package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/privatefile"
)

const (
	// askEvery is how often the centre is asked for its tokens, and askPatience how long it may
	// take. Together they are under a minute: within that a revoked token is refused.
	askEvery    = 30 * time.Second
	askPatience = 20 * time.Second
)

// CentreTokensParams are what CentreTokens are made of; all but Every are needed.
type CentreTokensParams struct {
	File   string      // where they are kept for when the centre is away
	Chosen func() bool // this desk pushes to a centre
	// Ask asks the centre. It is called by one goroutine at a time.
	Ask    func(ctx context.Context) ([]history.CentreToken, error)
	Days   func() int       // without a contact, after which they count no more; 0: never
	Latest func() time.Time // the greatest time of all records
	Every  time.Duration    // 0: askEvery
	Log    *slog.Logger
	Now    func() time.Time
}

// CentreTokens are the tokens that the centre says this gateway accepts, besides its own.
type CentreTokens struct {
	p CentreTokensParams

	mu      sync.Mutex
	tokens  []Token
	written bool      // the file holds them
	heard   time.Time // when the centre was heard from last, by the clock; zero: never
	contact time.Time // the same as history.ContactTime; the file's time of change
	failing bool
}

// keptTokens is the file. Its time of change is that of the last contact.
type keptTokens struct {
	Version int     `json:"version"`
	Tokens  []Token `json:"tokens"`
}

// NewCentreTokens makes the tokens of the centre, as they were kept when it was heard from
// last. A file that cannot be used counts as none: the centre is asked at once.
func NewCentreTokens(p CentreTokensParams) *CentreTokens {
	if p.Every == 0 {
		p.Every = askEvery
	}
	c := &CentreTokens{p: p}
	data, err := os.ReadFile(p.File)
	if errors.Is(err, fs.ErrNotExist) {
		return c
	}
	var kept keptTokens
	info, missing := os.Stat(p.File)
	if err = errors.Join(err, missing); err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err == nil && kept.Version != 1 {
		err = errors.New("no valid form")
	}
	err = errors.Join(err, checkTokens(kept.Tokens))
	if err != nil {
		p.Log.Warn("tokens of the centre that were kept cannot be used", "error", err)
		return c
	}
	c.tokens, c.written, c.heard, c.contact = kept.Tokens, true, info.ModTime(), info.ModTime()
	return c
}

// Run asks the centre until the returned function is called.
func (c *CentreTokens) Run(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(c.p.Every)
		defer tick.Stop()
		for {
			c.ask(ctx)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// ask asks once. What was kept stays where the centre does not answer.
func (c *CentreTokens) ask(ctx context.Context) {
	if !c.p.Chosen() {
		return
	}
	asking, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	given, err := c.p.Ask(asking)
	var tokens []Token
	for _, t := range given {
		tokens = append(tokens, Token{Name: t.Name, Added: t.Added.UTC(), SHA256: t.SHA256})
	}
	if err == nil {
		err = checkTokens(tokens)
	}
	if err == nil {
		err = c.keep(tokens)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && !c.failing && ctx.Err() == nil {
		c.p.Log.Warn("tokens not taken from the centre", "error", err)
	}
	c.failing = err != nil
}

// keep makes the tokens count, and keeps them for when the centre is away. They count also
// where they cannot be kept: what was revoked must end. Then the next call tries again.
func (c *CentreTokens) keep(tokens []Token) error {
	now := c.p.Now()
	at := history.ContactTime(now, c.p.Latest())
	c.mu.Lock()
	c.written = c.written && slices.Equal(c.tokens, tokens)
	c.tokens, c.heard, c.contact = tokens, now, at
	written := c.written
	c.mu.Unlock()
	if written {
		if err := os.Chtimes(c.p.File, at, at); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	data, err := json.Marshal(keptTokens{1, tokens})
	if err == nil {
		err = privatefile.Write(c.p.File, append(data, '\n'))
	}
	c.mu.Lock()
	c.written = err == nil
	c.mu.Unlock()
	if err != nil {
		return err
	}
	return os.Chtimes(c.p.File, at, at)
}

// list gives the tokens that count now.
func (c *CentreTokens) list() []Token {
	if c == nil || !c.p.Chosen() {
		return nil
	}
	c.mu.Lock()
	tokens, contact := c.tokens, c.contact
	c.mu.Unlock()
	if len(tokens) == 0 || history.ContactOver(contact, c.p.Days(), history.ContactTime(c.p.Now(), c.p.Latest())) {
		return nil
	}
	return tokens
}

// asks reports whether the centre is asked.
func (c *CentreTokens) asks() bool { return c != nil && c.p.Chosen() }

// Count is how many tokens of the centre count now.
func (c *CentreTokens) Count() float64 {
	if !c.asks() {
		return math.NaN()
	}
	return float64(len(c.list()))
}

// Age is how many seconds ago the centre was heard from.
func (c *CentreTokens) Age() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.p.Chosen() || c.heard.IsZero() {
		return math.NaN()
	}
	return max(0, c.p.Now().Sub(c.heard).Seconds())
}

// checkTokens says what is wrong with tokens that came from elsewhere.
func checkTokens(tokens []Token) error {
	for _, t := range tokens {
		sum, err := hex.DecodeString(t.SHA256)
		name, unclean := app.CleanName(t.Name)
		if err != nil || len(sum) != sha256.Size || strings.ToLower(t.SHA256) != t.SHA256 ||
			unclean != nil || name != t.Name || name == "" || utf8.RuneCountInString(name) > maxName {
			return errors.New("a token without a valid name or hash")
		}
	}
	return nil
}

package gateway

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/store/central"
	"facematch/store/central/centraltest"
)

// answering are the tokens of a centre that answers as a test says.
type answering struct {
	params CentreTokensParams
	log    *lines
	ahead  atomic.Int64 // by how much the clock is ahead
	latest atomic.Int64 // when the latest record was written, in seconds
	days   atomic.Int64
	chosen atomic.Bool
}

func newAnswering(t *testing.T, ask func(context.Context) ([]history.CentreToken, error)) *answering {
	t.Helper()
	a := &answering{log: &lines{}}
	a.days.Store(7)
	a.chosen.Store(true)
	a.params = CentreTokensParams{
		File: filepath.Join(t.TempDir(), "served-tokens-centre.json"), Ask: ask, Every: 20 * time.Millisecond,
		Chosen: a.chosen.Load, Days: func() int { return int(a.days.Load()) },
		Latest: func() time.Time { return time.Unix(a.latest.Load(), 0) },
		Log:    slog.New(slog.NewTextHandler(a.log, nil)),
		Now:    func() time.Time { return time.Now().Add(time.Duration(a.ahead.Load())) },
	}
	return a
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long until %s", what)
		}
	}
}

// A gateway accepts what the centre says, and refuses it soon after it was revoked there. With
// the centre away it goes by what it heard last, also after a new start.
func TestTokensOfTheCentre(t *testing.T) {
	server := centraltest.Start(t, false)
	database, admin := server.Centre(t)
	chain := centraltest.NewChain(1)
	centraltest.Desk(t, admin, chain.History, "gateway_1", "Gateway 1", "north")
	exec := func(statement string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	a := newAnswering(t, server.Link(t, database, "gateway_1", chain.History).Tokens)
	tokens := NewCentreTokens(a.params)
	s := serveAt(t, &fake{}, 1, Place{Address: "127.0.0.1:0"}, func(g *Gateway) { g.p.Centre = tokens })
	own := s.token
	status := func(token string) int {
		t.Helper()
		s.token = token
		return s.do("GET", "/api-projects/public/apikeys", nil).status
	}
	secret, stored, err := MakeToken("Counter of José", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := status(secret); got != 401 {
		t.Errorf("before it was added: %d", got)
	}
	exec(central.AddToken(stored.Name, "north", stored.SHA256))
	until(t, "it was added", func() bool { return tokens.Count() == 1 })
	if central, here := status(secret), status(own); central != 200 || here != 200 {
		t.Errorf("the centre's %d, its own %d", central, here)
	}
	if !s.g.knows(stored.SHA256) || s.g.knows(hashOf("fmd_other")) {
		t.Error("what waits, or has a session, is not known by its token")
	}

	exec(central.RevokeToken(stored.Name))
	until(t, "it was revoked", func() bool { return tokens.Count() == 0 })
	if central, here := status(secret), status(own); central != 401 || here != 200 {
		t.Errorf("revoked: the centre's %d, its own %d", central, here)
	}
	if s.g.knows(stored.SHA256) {
		t.Error("a revoked token's sessions go on")
	}

	exec(central.AddToken(stored.Name, "*", stored.SHA256))
	until(t, "it was added again", func() bool { return tokens.Count() == 1 })
	server.Kill(t)
	until(t, "the centre is away", func() bool { return strings.Contains(a.log.String(), "not taken") })
	if got := status(secret); got != 200 {
		t.Errorf("with the centre away: %d", got)
	}
	again := NewCentreTokens(a.params)
	if again.Count() != 1 {
		t.Error("forgotten with a new start")
	}
	a.ahead.Store(int64(8 * 24 * time.Hour))
	if again.Count() != 0 || status(secret) != 401 || again.Age() < 8*24*3600-60 {
		t.Errorf("after eight days without the centre it counts: %v s", again.Age())
	}
	server.Go(t)
	until(t, "the centre is back", func() bool { return status(secret) == 200 })

	data, err := os.ReadFile(a.params.File)
	info, missing := os.Stat(a.params.File)
	if err := errors.Join(err, missing); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if strings.Contains(string(data)+a.log.String(), secret) || strings.Contains(a.log.String(), "José") {
		t.Errorf("kept: %s, log: %s", data, a.log)
	}
	if n := strings.Count(a.log.String(), "not taken"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, a.log)
	}
}

// How long the centre's tokens count, and which are refused.
func TestTokensOfTheCentreThatDoNotCount(t *testing.T) {
	sum := hashOf("fmd_a")
	good := []history.CentreToken{{Name: "Counter 1", SHA256: sum, Added: time.Now()}}
	for _, c := range []struct {
		name   string
		given  []history.CentreToken
		change func(*answering)
		want   float64
	}{
		{"good", good, func(*answering) {}, 1},
		{"no hash", []history.CentreToken{{Name: "Counter 1", SHA256: "fmd_a"}}, func(*answering) {}, 0},
		{"no name", []history.CentreToken{{SHA256: sum}}, func(*answering) {}, 0},
		{"odd name", []history.CentreToken{{Name: "Counter\x1b", SHA256: sum}}, func(*answering) {}, 0},
		{"old", good, func(a *answering) { a.ahead.Store(int64(8 * 24 * time.Hour)) }, 0},
		{"old, without end", good, func(a *answering) {
			a.ahead.Store(int64(8 * 24 * time.Hour))
			a.days.Store(0)
		}, 1},
		{"clock set back", good, func(a *answering) { a.ahead.Store(-int64(90 * 24 * time.Hour)) }, 1},
		{"clock set back, and old", good, func(a *answering) { a.latest.Store(time.Now().Add(8 * 24 * time.Hour).Unix()) }, 0},
		{"no centre", good, func(a *answering) { a.chosen.Store(false) }, math.NaN()},
	} {
		a := newAnswering(t, func(context.Context) ([]history.CentreToken, error) { return c.given, nil })
		tokens := NewCentreTokens(a.params)
		tokens.ask(t.Context())
		c.change(a)
		for _, of := range []*CentreTokens{tokens, NewCentreTokens(a.params)} {
			if got := of.Count(); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
	// A file that cannot be used counts as none.
	a := newAnswering(t, func(context.Context) ([]history.CentreToken, error) { return good, nil })
	for _, text := range []string{"", "[]", `{"version": 2}`, `{"version": 1, "tokens": [{"name": "a", "sha256": "b"}]}`} {
		if err := os.WriteFile(a.params.File, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		tokens := NewCentreTokens(a.params)
		if tokens.Count() != 0 {
			t.Errorf("%q counts", text)
		}
		if tokens.ask(t.Context()); tokens.Count() != 1 {
			t.Errorf("%q holds up the centre's", text)
		}
	}
}

// What was revoked stays revoked where it could not be kept at first, or the file is gone.
func TestTokensOfTheCentreThatWereNotKept(t *testing.T) {
	var given []history.CentreToken
	a := newAnswering(t, func(context.Context) ([]history.CentreToken, error) { return given, nil })
	given = []history.CentreToken{{Name: "Counter", SHA256: hashOf("fmd_a")}}
	tokens := NewCentreTokens(a.params)
	tokens.ask(t.Context())
	// A file in the place of the folder lets no write succeed.
	folder := filepath.Dir(a.params.File)
	away := folder + "-away"
	if err := os.Rename(folder, away); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	given = nil
	if tokens.ask(t.Context()); tokens.Count() != 0 || !strings.Contains(a.log.String(), "not taken") {
		t.Errorf("revoked: %v, log: %s", tokens.Count(), a.log)
	}
	if err := errors.Join(os.Remove(folder), os.Rename(away, folder)); err != nil {
		t.Fatal(err)
	}
	if NewCentreTokens(a.params).Count() != 1 {
		t.Fatal("the file is not the old one: nothing is tested")
	}
	tokens.ask(t.Context())
	if NewCentreTokens(a.params).Count() != 0 {
		t.Error("after the disk is back, a new start brings back what was revoked")
	}

	given = []history.CentreToken{{Name: "Counter", SHA256: hashOf("fmd_a")}}
	tokens.ask(t.Context())
	if err := os.Remove(a.params.File); err != nil {
		t.Fatal(err)
	}
	tokens.ask(t.Context())
	if NewCentreTokens(a.params).Count() != 1 {
		t.Error("a file that is gone is not written again")
	}
}

// A clock that was ahead when something was recorded makes no contact of today old, and its age
// is that by the clock.
func TestTokensOfTheCentreAfterAClockAhead(t *testing.T) {
	a := newAnswering(t, func(context.Context) ([]history.CentreToken, error) {
		return []history.CentreToken{{Name: "Counter", SHA256: hashOf("fmd_a")}}, nil
	})
	a.latest.Store(time.Now().Add(30 * 24 * time.Hour).Unix())
	tokens := NewCentreTokens(a.params)
	tokens.ask(t.Context())
	if tokens.Count() != 1 || NewCentreTokens(a.params).Count() != 1 {
		t.Error("refused, though the centre answers")
	}
	a.ahead.Store(int64(time.Hour))
	if age := tokens.Age(); age < 3600 {
		t.Errorf("age %v", age)
	}
	a.ahead.Store(int64(38 * 24 * time.Hour))
	if tokens.Count() != 0 {
		t.Error("they count without end")
	}
}

// Requests are answered while the tokens change.
func TestTokensOfTheCentreAtOnce(t *testing.T) {
	var calls atomic.Int64
	a := newAnswering(t, func(context.Context) ([]history.CentreToken, error) {
		if calls.Add(1)%3 == 0 {
			return nil, errors.New("away")
		}
		return []history.CentreToken{{Name: "Counter", SHA256: hashOf("fmd_a"), Added: time.Unix(calls.Load(), 0)}}, nil
	})
	a.params.Every = time.Millisecond
	tokens := NewCentreTokens(a.params)
	tokens.ask(t.Context())
	end := tokens.Run(t.Context())
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			for range 200 {
				if len(tokens.list()) != 1 || math.IsNaN(tokens.Age()) {
					t.Error("lost while it changed")
				}
			}
		})
	}
	done.Wait()
	until(t, "it was asked often", func() bool { return calls.Load() > 10 })
	end()
	after := calls.Load()
	time.Sleep(10 * time.Millisecond)
	if calls.Load() != after {
		t.Error("it asks after its end")
	}
}

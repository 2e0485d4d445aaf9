package gateway

import (
	"net/netip"
	"sync"
	"time"
)

// guesses slows down those who try tokens. A good token is never asked how many
// bad ones came from the same place.
type guesses struct {
	now func() time.Time

	mu      sync.Mutex
	from    map[netip.Prefix]guesser
	delayed int // wrong tokens whose answer waits
}

type guesser struct {
	wrong int
	last  time.Time
}

// wrong notes a wrong token. It says how long its answer is to wait, or that too
// many wait already; done is called after the wait.
func (g *guesses) wrong(address string) (delay time.Duration, count int, done func(), ok bool) {
	network := networkOf(address)
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	one := g.from[network]
	if now.Sub(one.last) > forgetGuesses {
		one.wrong = 0
	}
	one.wrong, one.last = one.wrong+1, now
	if g.from == nil {
		g.from = map[netip.Prefix]guesser{}
	}
	if _, known := g.from[network]; !known && len(g.from) >= maxGuessers {
		g.forget(now)
	}
	g.from[network] = one
	if over := one.wrong - freeGuesses; over > 0 {
		delay = min(guessDelay<<min(over-1, 10), longestDelay)
	}
	if delay > 0 && g.delayed >= maxDelayed {
		return longestDelay, one.wrong, nil, false
	}
	g.delayed++
	return delay, one.wrong, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.delayed--
	}, true
}

// forget makes room: those whose time is over go, or else the one longest silent.
func (g *guesses) forget(now time.Time) {
	var oldest netip.Prefix
	for network, one := range g.from {
		if now.Sub(one.last) > forgetGuesses {
			delete(g.from, network)
		} else if first, known := g.from[oldest]; !known || one.last.Before(first.last) {
			oldest = network
		}
	}
	if len(g.from) >= maxGuessers {
		delete(g.from, oldest)
	}
}

// networkOf is the network one person controls: an IPv4 address, or the /64 of an IPv6
// address.
func networkOf(address string) netip.Prefix {
	ip, known := addressOf(address)
	if !known {
		return netip.Prefix{}
	}
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	network, _ := ip.Prefix(bits) // never fails: bits is at most the length of ip
	return network
}

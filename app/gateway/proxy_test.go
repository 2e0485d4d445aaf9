package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"facematch/matcher"
)

func TestClientsBehindAProxy(t *testing.T) {
	p, err := parseProxies([]string{"10.0.0.0/24", "192.168.7.1", "2001:db8::/64"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, connection string
		forwarded        []string
		want             string
	}{
		{"nobody is forwarded", "10.0.0.1:5000", nil, "10.0.0.1:5000"},
		{"by the proxy", "10.0.0.1:5000", []string{"203.0.113.9"}, "203.0.113.9"},
		{"by one who is no proxy", "10.0.1.1:5000", []string{"203.0.113.9"}, "10.0.1.1:5000"},
		{"what the client says of itself stands before", "10.0.0.1:5000", []string{"198.51.100.1, 203.0.113.9"},
			"203.0.113.9"},
		{"and so in lines of their own", "10.0.0.1:5000", []string{"198.51.100.1", "10.0.0.7", "203.0.113.9"}, "203.0.113.9"},
		{"through two proxies", "10.0.0.1:5000", []string{"203.0.113.9, 192.168.7.1"}, "203.0.113.9"},
		{"from a proxy itself", "10.0.0.1:5000", []string{"10.0.0.2"}, "10.0.0.2"},
		{"with a port", "10.0.0.1:5000", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"IPv6", "[2001:db8::1]:5000", []string{"2001:db8:1::9"}, "2001:db8:1::9"},
		{"IPv6 with a port", "[2001:db8::1]:5000", []string{"[2001:db8:1::9]:4711"}, "2001:db8:1::9"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:5000", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"noise", "10.0.0.1:5000", []string{"203.0.113.9, unknown"}, "10.0.0.1:5000"},
		{"nothing", "10.0.0.1:5000", []string{""}, "10.0.0.1:5000"},
	} {
		r := &http.Request{RemoteAddr: c.connection, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := p.client(r); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	if got := (proxies{}).client(&http.Request{RemoteAddr: "127.0.0.1:1",
		Header: http.Header{"X-Forwarded-For": {"203.0.113.9"}}}); got != "127.0.0.1:1" {
		t.Errorf("without proxies: %s", got)
	}
	for _, wrong := range []string{"", "proxy.example", "10.0.0.0/33", "10.0.0.1:80"} {
		if _, err := parseProxies([]string{wrong}); !matcher.IsProblem(err, KeyProxy) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// TestGuessersBehindAProxy has somebody behind the balancer guess, and somebody who only says
// to be: wrong tokens are counted for the address that can be believed.
func TestGuessersBehindAProxy(t *testing.T) {
	guess := func(s *served, header ...string) {
		t.Helper()
		s.token = "wrong"
		if a := s.do("GET", "/api-projects/public/apikeys", nil, header...); a.status != 401 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	wrong := func(s *served) map[string]int {
		s.g.guesses.mu.Lock()
		defer s.g.guesses.mu.Unlock()
		all := map[string]int{}
		for network, one := range s.g.guesses.from {
			all[network.Addr().String()] = one.wrong
		}
		return all
	}
	s := serveAt(t, &fake{}, 1, Place{Address: "127.0.0.1:0", Proxies: []string{"127.0.0.0/8"}})
	guess(s, "X-Forwarded-For", "203.0.113.9")
	guess(s, "X-Forwarded-For", "198.51.100.1, 203.0.113.9")
	guess(s, "X-Forwarded-For", "203.0.113.10")
	if got := wrong(s); len(got) != 2 || got["203.0.113.9"] != 2 || got["203.0.113.10"] != 1 {
		t.Errorf("%v", got)
	}
	s = serve(t, &fake{}, 1)
	for _, spoofed := range []string{"203.0.113.9", "203.0.113.10", "203.0.113.11"} {
		guess(s, "X-Forwarded-For", spoofed)
	}
	if got := wrong(s); len(got) != 1 || got["127.0.0.1"] != 3 {
		t.Errorf("%v", got)
	}
}

// A balancer asks without a host name, or under its own.
func TestHealthUnderAnyHost(t *testing.T) {
	s := serve(t, &fake{}, 1)
	for _, c := range []struct{ send, want string }{
		{"GET /healthz HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
		{"GET /readyz HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
		{"GET /readyz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
		{"GET /readyz HTTP/1.0\r\n\r\n", "HTTP/1.0 200 "},
		{"GET /nothing HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 421 "},
		{"GET /api-projects/public/apikeys HTTP/1.1\r\nHost: rebound.example\r\nAuthorization: Bearer " +
			s.token + "\r\nConnection: close\r\n\r\n", "HTTP/1.1 421 "},
	} {
		if got := s.raw(c.send, time.Second); !strings.HasPrefix(got, c.want) {
			t.Errorf("%q: %.60q", c.send, got)
		}
	}
}

func TestTheSessionStandsInTheHeader(t *testing.T) {
	s := serve(t, &fake{}, 1)
	a := s.do("POST", "/api-gateway/sessions/start", nil)
	if id := a.header.Get("X-Session-ID"); id == "" || !strings.Contains(a.body, `"data":"`+id+`"`) {
		t.Errorf("%q in the header, %s", id, a.body)
	}
}

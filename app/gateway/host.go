package gateway

import (
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"facematch/matcher"
)

// hosts are the names this server is reached under. A page in a clerk's browser
// may have its own name point here (DNS rebinding); then it asks for that name.
type hosts struct {
	names       []string
	certificate *certificate // nil without TLS
}

// allowed reports whether a Host header names this server. An IP address always does: it
// cannot be made to point elsewhere.
func (h hosts) allowed(host string) bool {
	name := host
	if n, _, err := net.SplitHostPort(host); err == nil {
		name = n
	}
	name = strings.TrimSuffix(strings.Trim(strings.ToLower(name), "[]"), ".")
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	if name == "localhost" || slices.Contains(h.names, name) {
		return true
	}
	return name != "" && h.certificate != nil && h.certificate.names(name)
}

// certificate is the one in a pair of PEM files, read again when they have changed:
// those that are renewed by themselves last for weeks, the server may run for
// months.
type certificate struct {
	cert, key string

	mu      sync.Mutex
	current *tls.Certificate
	changed [2]time.Time // of the files it was read from
}

// load reads the files where they have changed. The problem is serve.certificate.
func (c *certificate) load() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var changed [2]time.Time
	for i, file := range []string{c.cert, c.key} {
		info, err := os.Stat(file)
		if err != nil {
			return c.current, matcher.NewProblem("serve.certificate", err)
		}
		changed[i] = info.ModTime()
	}
	if c.current != nil && changed == c.changed {
		return c.current, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return c.current, matcher.NewProblem("serve.certificate", err)
	}
	c.current, c.changed = &pair, changed
	return c.current, nil
}

// config is TLS with the newest certificate that can be read: half of a renewal is
// none.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			pair, err := c.load()
			if pair != nil {
				return pair, nil
			}
			return nil, err
		},
	}
}

func (c *certificate) names(host string) bool {
	pair, _ := c.load()
	return pair != nil && pair.Leaf != nil && pair.Leaf.VerifyHostname(host) == nil
}

package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"golang.org/x/net/http/httpproxy"

	"facematch/matcher"
)

var (
	errProxy   = errors.New("the proxy did not let the call through")
	errStalled = errors.New("no byte went out for too long")
)

// newTransport makes what carries one call. Each has a connection of its own and
// HTTP/1.1: on a kept one, or with HTTP/2, the library may send a request twice.
func newTransport(p Params) (*http.Transport, error) {
	roots, err := authorities(p.CAFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: p.Connect}
	proxy := httpproxy.FromEnvironment().ProxyFunc()
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			u, err := proxy(r.URL)
			if err != nil {
				return nil, errProxy // the library's text holds the proxy's password
			}
			return u, nil
		},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &patient{Conn: conn, limit: p.Answer}, nil
		},
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode != http.StatusOK {
				return errProxy
			}
			return nil
		},
		TLSClientConfig:       &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   p.TLS,
		TLSNextProto:          map[string]func(string, *tls.Conn) http.RoundTripper{},
		DisableKeepAlives:     true,
		DisableCompression:    true, // the body is kept as it came, and bounded
		ResponseHeaderTimeout: p.Answer,
		WriteBufferSize:       writeSize,
	}, nil
}

// patient is a connection that gives up when nothing can be sent for a while.
type patient struct {
	net.Conn
	limit time.Duration
}

func (c *patient) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errStalled
	}
	return n, err
}

// authorities are those of the system, and of the file where one is named.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil // the system's
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, matcher.NewProblem("remote.ca_file", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, matcher.NewProblem("remote.ca_file", errors.New("it holds no certificate"))
	}
	return roots, nil
}

package gateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair writes a certificate for a host and gives the authorities that trust it.
func pair(t *testing.T, cert, key, host string) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{host},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der},
		key: {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return pool
}

func TestTLS(t *testing.T) {
	g, _, _ := newGateway(t, &fake{}, 1)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	first := pair(t, cert, key, "desk.example.org")
	s, err := g.Open(context.Background(), Place{Address: "0.0.0.0:0", Cert: cert, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	_, port, _ := net.SplitHostPort(s.ln.Addr().String())
	at := net.JoinHostPort("127.0.0.1", port)
	ask := func(pool *x509.CertPool, host string) (int, string, error) {
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		r, _ := http.NewRequest("GET", "https://"+at+"/api-projects/public/apikeys", nil)
		r.Host = host
		response, err := (&http.Client{Transport: transport}).Do(r)
		if err != nil {
			return 0, "", err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		return response.StatusCode, response.Proto + " " + string(text), err
	}
	for host, want := range map[string]int{"desk.example.org": 401, "": 401, "evil.example.org": 421} {
		if status, text, err := ask(first, host); err != nil || status != want || !strings.HasPrefix(text, "HTTP/1.1 ") {
			t.Errorf("%q: %d %s, %v", host, status, text, err)
		}
	}

	// A request over HTTP is answered with what is wrong.
	plain, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	_, _ = io.WriteString(plain, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if got, _ := io.ReadAll(plain); !strings.HasPrefix(string(got), "HTTP/1.0 400 ") ||
		!strings.Contains(string(got), "HTTPS") {
		t.Errorf("got %q", got)
	}

	// A renewed certificate is taken at once; half of one is not taken.
	if err := os.WriteFile(key, []byte("not yet"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, err := ask(first, ""); err != nil || status != 401 {
		t.Errorf("with half of a renewal: %d, %v", status, err)
	}
	second := pair(t, cert, key, "desk.example.org")
	later := time.Now().Add(time.Minute)
	_ = os.Chtimes(cert, later, later)
	if status, _, err := ask(second, ""); err != nil || status != 401 {
		t.Errorf("after a renewal: %d, %v", status, err)
	}
}

// Package standin is a strict stand-in for the match-faces API, for tests: a
// real server on 127.0.0.1, with TLS where wanted. It reads each request byte by
// byte and complains of whatever is not exactly as it must be; then it answers,
// or fails, as the test says.
package standin

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Sample is the answer the vendor's page shows.
const Sample = `{"data": {"anchor": {"code": 0, "description": "Successful check"},
          "code": 0, "description": "Successful check",
          "percentages": [87.49, 84.12, 83.35, 81.35, 81.43, 84.94, 83.79, 82.17],
          "result": true, "score": 83.58,
          "target": {"code": 0, "description": "Successful check"}},
 "scoring_result": {"failed_conditions": [], "failed_refer_conditions": [], "status": "pass"},
 "score": 83.58, "message": "faces match result is here"}
`

// Want is what a request must be.
type Want struct {
	Token     string
	Agent     string
	Name      string // empty: the header must not be there
	Session   string // empty: any session
	Prefilled bool   // no video, and the header for it

	Image     []byte
	ImageType string // image/jpeg where empty
	Video     []byte
}

// Reply is how the stand-in answers one request. The zero value answers the
// Sample.
type Reply struct {
	Status int    // 200 where 0
	Head   string // more header lines, each with \r\n
	Body   string // Sample where empty and Status is 200
	Chunks int    // Body is sent this many times, without Content-Length

	Delay     time.Duration // before the first byte of the answer, or until the stand-in is closed
	Early     bool          // answers after the request's header, without its body
	CutAfter  int64         // closes when this many bytes of the request came; 0: not
	CutAnswer int           // closes after this many bytes of the answer; 0: not
	Hang      bool          // accepts and then reads nothing

	At   int64  // when this many bytes of the request came,
	Then func() // this is called; nil: nothing
}

// Post is a request that came.
type Post struct {
	Session string
	Bytes   int64 // read of it, header included
	Whole   bool
}

// Server is a running stand-in.
type Server struct {
	URL    string
	CAFile string // PEM of its own authority, with TLS

	t     testing.TB
	ln    net.Listener
	done  sync.WaitGroup
	reply func(n int) Reply

	mu     sync.Mutex
	want   Want
	posts  []Post
	tests  int // calls that only test the token
	open   map[net.Conn]bool
	closed bool
	ending chan struct{} // closed by Close
}

// New starts a stand-in. The function says how the n-th request, from 0, is
// answered; nil: as the Sample.
func New(t testing.TB, withTLS bool, want Want, reply func(n int) Reply) *Server {
	t.Helper()
	host := ""
	if withTLS {
		host = "127.0.0.1"
	}
	return start(t, host, want, reply)
}

// Named starts a stand-in with a certificate for another host's name, which is
// reached through a proxy.
func Named(t testing.TB, host string, want Want) *Server {
	t.Helper()
	s := start(t, host, want, nil)
	s.URL = "https://" + host
	return s
}

// Address is where the stand-in listens, as host:port.
func (s *Server) Address() string { return s.ln.Addr().String() }

func start(t testing.TB, host string, want Want, reply func(n int) Reply) *Server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, want: want, reply: reply, URL: "http://" + ln.Addr().String(), open: map[net.Conn]bool{},
		ending: make(chan struct{})}
	if reply == nil {
		s.reply = func(int) Reply { return Reply{} }
	}
	if host != "" {
		certificate, authority := certificate(t, host)
		s.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(s.CAFile, authority, 0o600); err != nil {
			t.Fatal(err)
		}
		s.URL = "https://" + ln.Addr().String()
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	s.ln = ln
	s.done.Add(1)
	go s.accept()
	t.Cleanup(s.Close)
	return s
}

// Close ends the stand-in.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		close(s.ending)
	}
	s.closed = true
	_ = s.ln.Close()
	for c := range s.open {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.done.Wait()
}

// Expect changes what requests must be.
func (s *Server) Expect(w Want) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.want = w
}

// Posts are the requests of which at least a byte came.
func (s *Server) Posts() []Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

// Tests says how often a token was tested.
func (s *Server) Tests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tests
}

func (s *Server) accept() {
	defer s.done.Done()
	for n := 0; ; n++ {
		conn, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open[conn] = true
		if s.closed {
			_ = conn.Close()
		}
		s.mu.Unlock()
		s.done.Add(1)
		go func() {
			defer s.done.Done()
			s.serve(conn, s.reply(n))
			s.mu.Lock()
			delete(s.open, conn)
			s.mu.Unlock()
			_ = conn.Close()
		}()
	}
}

// limited counts what is read and ends after a number of bytes.
type limited struct {
	from  io.Reader
	count int64
	most  int64 // 0: no limit
	at    int64
	then  func() // called once, at so many bytes
}

func (l *limited) Read(p []byte) (int, error) {
	if l.most > 0 {
		if l.count >= l.most {
			return 0, errCut
		}
		p = p[:min(int64(len(p)), l.most-l.count)]
	}
	n, err := l.from.Read(p)
	l.count += int64(n)
	if l.then != nil && l.count >= l.at {
		l.then()
		l.then = nil
	}
	return n, err
}

var errCut = fmt.Errorf("cut here")

func (s *Server) serve(conn net.Conn, r Reply) {
	if r.Hang {
		s.pause(r.Delay)
		return
	}
	from := &limited{from: conn, most: r.CutAfter, at: r.At, then: r.Then}
	in := bufio.NewReaderSize(from, 16)
	head, err := readHead(in)
	post := Post{Session: head.value("X-Session-ID")}
	get := strings.HasPrefix(head.first, "GET ")
	if err == nil {
		want := s.wanted()
		switch {
		case get:
			s.checkTest(head, want)
		default:
			length := s.checkHead(head, want)
			if !r.Early {
				err = s.checkBody(in, head, want, length)
				post.Whole = err == nil
			}
		}
	}
	post.Bytes = from.count
	s.mu.Lock()
	switch {
	case get:
		s.tests++
	case from.count > 0:
		s.posts = append(s.posts, post)
	}
	s.mu.Unlock()
	if err != nil {
		return
	}
	s.pause(r.Delay)
	out := io.Writer(conn)
	if r.CutAnswer > 0 {
		out = &cutWriter{conn, r.CutAnswer}
	}
	answer(out, r)
	if r.Early {
		// As a well-behaved server: the answer is not lost to a reset.
		_, _ = io.Copy(io.Discard, in)
	}
}

func (s *Server) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.ending:
	}
}

func (s *Server) wanted() Want {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.want
}

type cutWriter struct {
	to   io.Writer
	left int
}

func (c *cutWriter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p[:min(len(p), c.left)])
	if c.left -= n; err == nil && c.left == 0 {
		err = errCut
	}
	return n, err
}

func answer(out io.Writer, r Reply) {
	status := max(r.Status, 200)
	if r.Status == 0 {
		status = 200
	}
	body := r.Body
	if body == "" && status == 200 {
		body = Sample
	}
	head := fmt.Sprintf("HTTP/1.1 %d Whatever\r\n%s", status, r.Head)
	if r.Chunks == 0 && status != 204 {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(body))
	}
	if _, err := io.WriteString(out, head+"Connection: close\r\n\r\n"); err != nil {
		return
	}
	for range max(1, r.Chunks) {
		if _, err := io.WriteString(out, body); err != nil {
			return
		}
	}
}

// heading is a request's header, line by line as it came.
type heading struct {
	first string
	lines []string // without the line's end
}

func readHead(in *bufio.Reader) (heading, error) {
	var h heading
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return h, err
		}
		line = strings.TrimSuffix(line, "\r\n")
		switch {
		case h.first == "":
			h.first = line
		case line == "":
			return h, nil
		default:
			h.lines = append(h.lines, line)
		}
	}
}

func (h heading) value(name string) string {
	for _, l := range h.lines {
		if n, v, ok := strings.Cut(l, ": "); ok && strings.EqualFold(n, name) {
			return v
		}
	}
	return ""
}

func (s *Server) compare(got, want []string) {
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("stand-in: the header is\n  %s\nand must be\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (s *Server) checkTest(h heading, want Want) {
	if h.first != "GET /api-projects/public/apikeys HTTP/1.1" {
		s.t.Errorf("stand-in: %q", h.first)
	}
	s.compare(h.lines, []string{
		"Host: " + strings.TrimPrefix(strings.TrimPrefix(s.URL, "https://"), "http://"), "Accept: application/json",
		"Authorization: Bearer " + want.Token, "User-Agent: " + want.Agent, "Connection: close",
	})
}

var (
	contentType = regexp.MustCompile(`^multipart/form-data; boundary=([0-9a-f]{60})$`)
	sessionForm = regexp.MustCompile(`^sess_[0-9a-f-]{36}$`)
)

// checkHead checks a request's header, all of it, and gives its Content-Length.
func (s *Server) checkHead(h heading, want Want) int64 {
	if h.first != "POST /api-gateway/match-faces HTTP/1.1" {
		s.t.Errorf("stand-in: %q", h.first)
	}
	length, err := strconv.ParseInt(h.value("Content-Length"), 10, 64)
	if err != nil {
		s.t.Errorf("stand-in: no Content-Length")
	}
	if !contentType.MatchString(h.value("Content-Type")) {
		s.t.Errorf("stand-in: Content-Type %q", h.value("Content-Type"))
	}
	session := want.Session
	if session == "" {
		if session = h.value("X-Session-ID"); !sessionForm.MatchString(session) {
			s.t.Errorf("stand-in: X-Session-ID %q", session)
		}
	}
	lines := []string{
		"Host: " + strings.TrimPrefix(strings.TrimPrefix(s.URL, "https://"), "http://"),
		"Accept: application/json", "Authorization: Bearer " + want.Token, "User-Agent: " + want.Agent,
		"Connection: close", "X-Session-Id: " + session,
		"Content-Type: " + h.value("Content-Type"), "Content-Length: " + strconv.FormatInt(length, 10),
	}
	if want.Name != "" {
		lines = append(lines, "X-User-Fullname: "+want.Name)
	}
	if want.Prefilled {
		lines = append(lines, "X-Use-Prefilled-Video: true")
	}
	s.compare(h.lines, lines)
	return length
}

// checkBody compares the body with the only one that is right, while it comes.
func (s *Server) checkBody(in io.Reader, h heading, want Want, length int64) error {
	m := contentType.FindStringSubmatch(h.value("Content-Type"))
	if m == nil {
		return errCut
	}
	imageType, name := want.ImageType, "document.jpg"
	if imageType == "" {
		imageType = "image/jpeg"
	}
	if imageType == "image/png" {
		name = "document.png"
	}
	files := []struct {
		field, name, mediaType string
		data                   []byte
	}{{"image", name, imageType, want.Image}, {"video", "clip.mp4", "video/mp4", want.Video}}
	if want.Prefilled {
		files = files[:1]
	}
	var right []io.Reader
	size := int64(0)
	add := func(b []byte) {
		right = append(right, bytes.NewReader(b))
		size += int64(len(b))
	}
	for i, f := range files {
		line := ""
		if i > 0 {
			line = "\r\n"
		}
		add([]byte(line + "--" + m[1] + "\r\nContent-Disposition: form-data; name=\"" + f.field + "\"; filename=\"" + f.name +
			"\"\r\nContent-Type: " + f.mediaType + "\r\n\r\n"))
		add(f.data)
	}
	add([]byte("\r\n--" + m[1] + "--\r\n"))
	if size != length {
		s.t.Errorf("stand-in: Content-Length is %d and must be %d", length, size)
	}
	expected := bufio.NewReader(io.MultiReader(right...))
	got, block := make([]byte, 32<<10), make([]byte, 32<<10)
	for at := int64(0); at < length; {
		n, err := in.Read(got[:min(int64(len(got)), length-at)])
		if _, e := io.ReadFull(expected, block[:n]); e != nil || !bytes.Equal(got[:n], block[:n]) {
			s.t.Errorf("stand-in: the body differs between bytes %d and %d", at, at+int64(n))
			return errCut
		}
		if at += int64(n); err != nil {
			return err
		}
	}
	return nil
}

// certificate makes an authority and a certificate for a host.
func certificate(t testing.TB, host string) (tls.Certificate, []byte) {
	t.Helper()
	fail := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fail(err)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stand-in authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	fail(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fail(err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(host); ip != nil {
		leaf.IPAddresses = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	fail(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
}

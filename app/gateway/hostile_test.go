package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// impatient shortens what a gateway waits for.
func impatient(s *served) {
	s.g.patience.grace, s.g.patience.linger = 300*time.Millisecond, 200*time.Millisecond
}

// TestHostileConnections sends what no library sends. Each gets a refusal, in the API's
// form where it became a request, and the next good request is answered.
func TestHostileConnections(t *testing.T) {
	before := usual
	usual.head = 500 * time.Millisecond // it is taken when the server starts
	s := serve(t, &fake{}, 1)
	usual = before
	impatient(s)
	body, contentType := form(both...)
	head := func(length any, more string) string {
		return fmt.Sprintf("POST /api-gateway/match-faces HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %v\r\n%s\r\n",
			s.addr, s.token, contentType, length, more)
	}
	chunked := strings.Replace(head("", ""), "Content-Length: \r\n", "Transfer-Encoding: chunked\r\n", 1)
	for name, c := range map[string]struct {
		send   string
		drip   bool // the rest of it comes byte by byte, endlessly
		half   bool // ends the sending
		status int  // 0: the connection is closed without an answer
		plain  bool // the refusal is net/http's own
	}{
		"noise":                    {send: "\x16\x03\x01\x00\xff\r\n\r\n", status: 400, plain: true},
		"half a request line":      {send: "POST /api-gate", drip: true, status: 400, plain: true},
		"a header that never ends": {send: "GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ", drip: true},
		"a header of 1 MB": {send: "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: " +
			strings.Repeat("a", 1<<20) + "\r\n\r\n", status: 431, plain: true},
		"100,000 header lines": {send: "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" +
			strings.Repeat("A: b\r\n", 100_000) + "\r\n", status: 431, plain: true},
		"no Host": {send: "GET /healthz HTTP/1.1\r\n\r\n", status: 400, plain: true},
		"two Hosts": {send: "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
			status: 400, plain: true},
		"HTTP/2":   {send: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 421, plain: true},
		"HTTP/1.0": {send: "GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n", status: 200},
		// the address decides, as RFC 9112 has it
		"a whole address as path": {send: "GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", status: 200},
		"CONNECT":                 {send: "CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n", status: 404},
		"OPTIONS *":               {send: "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", status: 404},
		"an unknown Expect": {send: "GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: wonders\r\n\r\n",
			status: 417, plain: true},
		"an unknown transfer encoding": {send: "POST /api-gateway/match-faces HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", status: 501, plain: true},
		"a negative length":            {send: head(-1, ""), status: 400, plain: true},
		"a length that is none":        {send: head("12abc", ""), status: 400, plain: true},
		"two lengths":                  {send: head(10, "Content-Length: 11\r\n"), status: 400, plain: true},
		"a length of 10 GB":            {send: head(10<<30, ""), status: 413},
		"a length too long, then end":  {send: head(len(body)+10, "") + string(body), half: true, status: 400},
		"a length too short":           {send: head(len(body)-10, "") + string(body), status: 400},
		"a body that never comes":      {send: head(len(body), ""), status: 408},
		"a body that drips":            {send: head(len(body), "") + string(body[:100]), drip: true, status: 408},
		"a chunk of no length":         {send: chunked + "zz\r\n", status: 400},
		"a chunk that never ends":      {send: chunked + "7fffffff\r\n", drip: true, status: 408},
		"a good body in chunks":        {send: chunked + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body), status: 200},
		"a preamble without end":       {send: head(1<<20, "") + strings.Repeat("x\r\n", 1<<18), status: 400},
		"an epilogue without end": {send: head(len(body)+1<<20, "") + string(body) + strings.Repeat("x", 1<<20),
			status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			go func() {
				_, err := io.WriteString(conn, c.send)
				if c.half {
					_ = conn.(*net.TCPConn).CloseWrite()
				}
				for c.drip && err == nil {
					_, err = io.WriteString(conn, "z")
					time.Sleep(20 * time.Millisecond)
				}
			}()
			_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
			got := make([]byte, 64<<10)
			n := 0
			for n < len(got) {
				more, err := conn.Read(got[n:])
				n += more
				if err != nil || strings.HasSuffix(string(got[:n]), "}\n") {
					break
				}
			}
			if c.status == 0 {
				if n > 0 {
					t.Errorf("got %q", got[:n])
				}
				return
			}
			first, rest, _ := strings.Cut(string(got[:n]), "\r\n")
			header, text, _ := strings.Cut(rest, "\r\n\r\n")
			if !strings.HasPrefix(first, fmt.Sprintf("HTTP/1.1 %d ", c.status)) &&
				!strings.HasPrefix(first, fmt.Sprintf("HTTP/1.0 %d ", c.status)) {
				t.Fatalf("got %q %q", first, text)
			}
			if c.plain {
				return
			}
			if !strings.Contains(header, "X-Request-Id: ") || !strings.Contains(header, "Content-Type: application/json") {
				t.Errorf("header %s", header)
			}
			if !json.Valid([]byte(text)) || c.status >= 400 && !strings.HasPrefix(text, `{"error":"`) {
				t.Errorf("body %q", text)
			}
			t.Logf("%s %s", first, text)
		})
	}
	t.Run("the next good request", func(t *testing.T) {
		t.Parallel()
		if a := s.match(both); a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

// TestSilentConnections opens more connections than may be, and says nothing on them: they
// are closed, and then others are answered.
func TestSilentConnections(t *testing.T) {
	before := usual
	usual.head = 500 * time.Millisecond // it is taken when the server starts
	s := serve(t, &fake{}, 1)
	usual = before
	for range maxConnections + 50 {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Skipf("this system does not give %d connections: %v", maxConnections+50, err)
		}
		defer c.Close()
	}
	if a := s.match(both); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestEndlessBody sends 50 MB and more, endlessly: it is refused with the rest
// unread.
func TestEndlessBody(t *testing.T) {
	s := serve(t, &fake{}, 1)
	impatient(s)
	head, _, _ := strings.Cut(string(first(form(both[0]))), "page")
	sent := int64(0)
	r, w := io.Pipe()
	go func() {
		_, err := io.WriteString(w, head)
		for block := strings.Repeat("x", 1<<20); err == nil; sent += 1 << 20 {
			_, err = io.WriteString(w, block)
		}
	}()
	boundary := strings.TrimPrefix(strings.SplitN(head, "\r\n", 2)[0], "--")
	request, _ := http.NewRequest("POST", s.url+"/api-gateway/match-faces", r)
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	_ = r.Close()
	if response.StatusCode != 413 || string(text) != `{"error":"the part image is larger than 50 MB"}`+"\n" {
		t.Errorf("%d %s", response.StatusCode, text)
	}
}

func first(body []byte, _ string) []byte { return body }

// TestGuessing tries tokens from one place: answers come later and later, and
// then are turned away, while a good token from the same place is answered at once.
func TestGuessing(t *testing.T) {
	s := serve(t, &fake{}, 1)
	ask := func(token string) (int, time.Duration) {
		r, _ := http.NewRequest("GET", s.url+"/api-projects/public/apikeys", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		began := time.Now()
		response, err := s.client.Do(r)
		if err != nil {
			t.Error(err)
			return 0, 0
		}
		defer response.Body.Close()
		_, _ = io.Copy(io.Discard, response.Body)
		return response.StatusCode, time.Since(began)
	}
	for range freeGuesses {
		if status, took := ask("wrong"); status != 401 || took > guessDelay {
			t.Logf("%d after %v", status, took) // another program may have the cores
		}
	}
	for i, want := range []time.Duration{guessDelay, 2 * guessDelay, 4 * guessDelay} {
		if status, took := ask(fmt.Sprint("wrong", i)); status != 401 || took < want {
			t.Errorf("guess %d: %d after %v, want %v", i, status, took, want)
		}
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for i := range 2 * maxDelayed {
		group.Go(func() {
			status, _ := ask(fmt.Sprint("guess", i))
			mu.Lock()
			defer mu.Unlock()
			statuses[status]++
		})
	}
	for s.g.waiting() < maxDelayed {
		time.Sleep(time.Millisecond)
	}
	if status, took := ask(s.token); status != 200 || took > longestDelay/2 {
		t.Errorf("a good token: %d after %v", status, took)
	}
	group.Wait()
	if statuses[429] == 0 || statuses[401] < maxDelayed || len(statuses) != 2 {
		t.Errorf("statuses %v", statuses)
	}
	if strings.Contains(s.log.String(), "wrong0") || strings.Contains(s.log.String(), "guess1") {
		t.Error("a guessed token is in the log")
	}
	// They are forgotten after a while.
	s.clock.forward(forgetGuesses + time.Second)
	if _, count, done, _ := s.g.guesses.wrong("127.0.0.1:1"); count != 1 {
		t.Errorf("%d wrong tokens are remembered", count)
	} else {
		done()
	}
}

func (g *Gateway) waiting() int {
	g.guesses.mu.Lock()
	defer g.guesses.mu.Unlock()
	return g.guesses.delayed
}

func TestGuessersAreBounded(t *testing.T) {
	g := guesses{now: time.Now}
	for i := range maxGuessers + 100 {
		if _, _, done, ok := g.wrong(fmt.Sprintf("10.%d.%d.1:99", i/256, i%256)); ok {
			done()
		}
	}
	if len(g.from) > maxGuessers {
		t.Errorf("%d networks are remembered", len(g.from))
	}
	if networkOf("[2001:db8:1:2::7]:1") != networkOf("[2001:db8:1:2:9::1]:2") ||
		networkOf("[2001:db8:1:2::7]:1") == networkOf("[2001:db8:1:3::7]:1") ||
		networkOf("[::ffff:10.0.0.1]:1") != networkOf("10.0.0.1:2") || networkOf("10.0.0.1:1") == networkOf("10.0.0.2:1") {
		t.Error("networks are told apart wrongly")
	}
}

package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A client that ends its sending is gone as far as anybody can tell. It must not
// get a 200 without an answer.
func TestHalfClosedClientGetsNoEmptyAnswer(t *testing.T) {
	s := serve(t, &fake{hold: make(chan struct{})}, 1)
	body, contentType := form(both...)
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /api-gateway/match-faces HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		s.token, contentType, len(body), body)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(c); strings.Contains(string(got), " 200 ") {
		t.Errorf("the answer is %q", got)
	}
}

// Who takes consent back takes the video back.
func TestRefusedConsentDropsTheVideo(t *testing.T) {
	s := serve(t, &fake{}, 1)
	var session struct{ Data string }
	if err := json.Unmarshal([]byte(s.do("POST", "/api-gateway/sessions/start", nil).body), &session); err != nil {
		t.Fatal(err)
	}
	body, contentType := form(piece{"video", "a.mp4", "video/mp4", aClip})
	if got := s.do("POST", "/api-gateway/process-video", body, "Content-Type", contentType, "X-Session-ID",
		session.Data); got.status != 200 {
		t.Fatalf("storing the video: %d", got.status)
	}
	consent := func(given bool) {
		t.Helper()
		text := fmt.Sprintf(`{"is_consent_given":%v,"user_fullname":"X Y"}`, given)
		if got := s.do("POST", "/api-consent/consent", []byte(text), "X-Session-ID", session.Data); got.status != 200 {
			t.Fatalf("consent %v: %d", given, got.status)
		}
	}
	consent(false)
	s.g.sessions.mu.Lock()
	stored := s.g.sessions.stored
	s.g.sessions.mu.Unlock()
	if stored != 0 {
		t.Errorf("%d bytes are stored after the refusal", stored)
	}
	consent(true)
	if got := s.match(both[:1], "X-Session-ID", session.Data, "X-Use-Prefilled-Video", "true"); got.status != 400 {
		t.Errorf("prefilled after it: %d", got.status)
	}
}

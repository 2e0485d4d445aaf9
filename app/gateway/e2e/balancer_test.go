//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"facematch/app/apptest/need"
)

// freeAddress is an address of this computer on which no program listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// shareTokens gives a second home the tokens of the first.
func shareTokens(t *testing.T, from, to string) {
	t.Helper()
	const file = "served-tokens.json"
	found, err := filepath.Glob(filepath.Join(from, "*", file))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d files of tokens, %v", len(found), err)
	}
	data, err := os.ReadFile(found[0])
	if err == nil {
		dir := filepath.Join(to, filepath.Base(filepath.Dir(found[0])))
		if err = os.MkdirAll(dir, 0o700); err == nil {
			err = os.WriteFile(filepath.Join(dir, file), data, 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// balance starts HAProxy with the configuration that is shipped, in front of nodes on this
// computer without TLS. It gives the address.
func balance(t *testing.T, nodes ...string) (url string) {
	t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		if _, err = os.Stat("/usr/sbin/haproxy"); err != nil {
			need.Missing(t, "haproxy is not installed; make setup-e2e does that")
		}
		program = "/usr/sbin/haproxy"
	}
	shipped, err := os.ReadFile(filepath.Join("..", "balancer", "haproxy.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	at, text := freeAddress(t), string(shipped)
	replace := func(pattern, by string) {
		t.Helper()
		r := regexp.MustCompile("(?m)" + pattern)
		if !r.MatchString(text) {
			t.Fatalf("haproxy.cfg has no %s", pattern)
		}
		text = r.ReplaceAllString(text, by)
	}
	replace(`^\t(log|user|group|option httplog).*\n`, "")
	replace(`^\tbind .*$`, "\tbind "+at)
	replace(` ssl verify required .*$`, "")
	for i, node := range nodes {
		replace(fmt.Sprintf(`^\tserver node%d .*$`, i+1),
			fmt.Sprintf("\tserver node%d %s", i+1, strings.TrimPrefix(node, "http://")))
	}
	if len(nodes) == 1 {
		replace(`^\tserver node2 .*\n`, "")
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(program, "-db", "-f", file)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	url = "http://" + at
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if r, err := watcher.Get(url + "/readyz"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return url
			}
		}
		if time.Now().After(end) {
			t.Fatalf("nothing is ready behind HAProxy: %s", said.String())
		}
	}
}

// asked is a client of the API behind the balancer.
type asked struct {
	url, token string
	client     *http.Client
}

// do makes one call; the status is 0 where there was no whole answer.
func (a asked) do(method, path string, data []byte, header ...string) (status int, text []byte, got http.Header) {
	r, err := http.NewRequestWithContext(context.Background(), method, a.url+path, bytes.NewReader(data))
	if err != nil {
		return 0, nil, nil
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := a.client.Do(r)
	if err != nil {
		return 0, nil, nil
	}
	defer response.Body.Close()
	if text, err = io.ReadAll(response.Body); err != nil {
		return 0, nil, nil
	}
	return response.StatusCode, text, response.Header
}

// checkID is the id of the first check under a key, as app/gateway makes it.
func checkID(token, key string) string {
	mac := hmac.New(sha256.New, fmt.Appendf(nil, "%x", sha256.Sum256([]byte(token))))
	fmt.Fprintf(mac, "%s 0", key)
	id := mac.Sum(nil)[:16]
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return fmt.Sprintf("chk_%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

// TestBehindHAProxy has two nodes behind Debian's HAProxy: sessions stay together, a node is
// killed in the middle, and no check is made twice.
func TestBehindHAProxy(t *testing.T) {
	dir := testdata(t)
	image, video := filepath.Join(dir, "docs", "lfw__Jackie_Chan.jpg"), filepath.Join(dir, "clips", "lfw__Jackie_Chan.mp4")
	homes := []string{t.TempDir(), t.TempDir()}
	one := start(t, homes[0], "--trusted-proxy", "127.0.0.1")
	shareTokens(t, homes[0], homes[1])
	two := startWith(t, homes[1], one.token, "--trusted-proxy", "127.0.0.1")
	a := asked{balance(t, one.url, two.url), one.token, &http.Client{Timeout: 2 * time.Minute}}

	whole, wholeType := body(t, image, video)
	page, pageType := body(t, image, "")
	film, filmType := body(t, "", video)
	// session goes through one visit, and gives the check's id.
	session := func(n int) (check string) {
		t.Helper()
		status, text, header := a.do("POST", "/api-gateway/sessions/start", nil)
		id := header.Get("X-Session-ID")
		if status != 200 || id == "" {
			t.Fatalf("session %d: %d %s", n, status, text)
		}
		for _, step := range []struct {
			path string
			data []byte
			more []string
		}{
			{"/api-gateway/process-video", film, []string{"Content-Type", filmType, "X-Session-ID", id}},
			{"/api-gateway/match-faces", page,
				[]string{"Content-Type", pageType, "X-Session-ID", id, "X-Use-Prefilled-Video", "true"}},
			{"/api-gateway/sessions/end/" + id, nil, nil},
		} {
			status, text, header := a.do("POST", step.path, step.data, step.more...)
			if status != 200 {
				t.Errorf("session %d, %s: %d %s", n, step.path, status, text)
			}
			if strings.HasSuffix(step.path, "match-faces") {
				check = header.Get("X-Request-Id")
			}
		}
		return check
	}
	checks := map[string]bool{}
	for n := range 12 {
		checks[session(n)] = true
	}
	at := [2]int{len(rows(t, homes[0])), len(rows(t, homes[1]))}
	t.Logf("12 sessions: %d checks at node 1, %d at node 2", at[0], at[1])
	if len(checks) != 12 || at[0]+at[1] != 12 || at[0] == 0 || at[1] == 0 {
		t.Errorf("%d checks", len(checks))
	}

	// The same key, from whatever connection, is the same check.
	const key = "8e03978e-40d5-43e8-bc93-6894a57f9324"
	status, first, header := a.do("POST", "/api-gateway/match-faces", whole, "Content-Type", wholeType, "Idempotency-Key",
		`"`+key+`"`)
	if status != 200 || header.Get("X-Request-Id") != checkID(a.token, key) {
		t.Fatalf("%d %s %v", status, first, header)
	}
	for range 4 {
		a.client.CloseIdleConnections()
		if status, again, _ := a.do("POST", "/api-gateway/match-faces", whole, "Content-Type", wholeType, "Idempotency-Key",
			key); status != 200 || !bytes.Equal(first, again) {
			t.Errorf("%d %s", status, again)
		}
	}
	for _, id := range []string{key, checkID(a.token, key)} {
		if status, text, _ := a.do("GET", "/api-gateway/requests/"+id, nil); status != 200 ||
			!bytes.Contains(text, []byte(`"outcome":"pass"`)) {
			t.Errorf("%s: %d %s", id, status, text)
		}
	}

	// Four desks ask, each request under a key, and again under the same where it failed. One
	// node is killed meanwhile.
	var mu sync.Mutex
	var failures []string
	answers := map[string]string{}
	const desks, each = 4, 5
	var group sync.WaitGroup
	for desk := range desks {
		group.Go(func() {
			for n := range each {
				key := fmt.Sprintf("desk-%d-request-%d", desk, n)
				for try := 0; ; try++ {
					status, text, header := a.do("POST", "/api-gateway/match-faces", whole, "Content-Type", wholeType,
						"Idempotency-Key", key)
					if status == 200 {
						mu.Lock()
						answers[key] = header.Get("X-Request-Id")
						mu.Unlock()
						break
					}
					var said struct{ Error string }
					mu.Lock()
					if json.Unmarshal(text, &said) != nil || said.Error == "" {
						t.Errorf("%s fails without words: %d %q", key, status, text)
					}
					failures = append(failures, fmt.Sprintf("%s: %d %s", key, status, said.Error))
					mu.Unlock()
					if try == 60 {
						t.Errorf("%s has no answer", key)
						break
					}
					time.Sleep(500 * time.Millisecond)
				}
			}
		})
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		mu.Lock()
		n := len(answers)
		mu.Unlock()
		if n >= 3 {
			break
		}
	}
	_ = one.cmd.Process.Signal(syscall.SIGKILL)
	killed := time.Now()
	one.done <- <-one.done
	check := session(100)
	t.Logf("a new session ended %v after node 1 was killed: %s", time.Since(killed).Round(time.Millisecond), check)
	group.Wait()
	for _, f := range failures {
		t.Logf("failed: %s", f)
	}
	if len(answers) != desks*each {
		t.Errorf("%d answers for %d requests", len(answers), desks*each)
	}

	// Node 1 comes back at the same address, and tells what became of what it had.
	back := startWith(t, homes[0], one.token, "--trusted-proxy", "127.0.0.1", "--listen",
		strings.TrimPrefix(one.url, "http://"))
	ended := map[string][]string{}
	interrupted := 0
	for _, home := range homes {
		for _, r := range rows(t, home) {
			if r.Outcome == "interrupted" {
				interrupted++
				status, text, _ := asked{back.url, one.token, a.client}.do("GET", "/api-gateway/requests/"+r.Check, nil)
				if status != 200 || !bytes.Contains(text, []byte(`"outcome":"interrupted"`)) ||
					!bytes.Contains(text, []byte(`"error"`)) {
					t.Errorf("%s: %d %s", r.Check, status, text)
				}
				continue
			}
			ended[r.Check] = append(ended[r.Check], r.Outcome)
		}
	}
	t.Logf("%d requests failed, %d checks were interrupted", len(failures), interrupted)
	if interrupted == 0 || len(failures) < interrupted {
		t.Error("a request that was cut has failed without a word, or none was cut")
	}
	for key, id := range answers {
		if id != checkID(one.token, key) || len(ended[id]) != 1 {
			t.Errorf("%s: check %s ended %d times: %v", key, id, len(ended[id]), ended[id])
		}
	}
	if len(ended) != 12+1+1+desks*each {
		t.Errorf("%d checks ended, for %d requests", len(ended), 12+1+1+desks*each)
	}
	back.stop()
	two.stop()
	verify(t, homes[0])
	verify(t, homes[1])
}

// TestTwoNodesBesideOne measures answers a second behind HAProxy: two nodes on one machine
// share its cores, and must not lose over 5 % to one. It takes minutes on a quiet machine, so
// only FACEMATCH_SOAK runs it.
func TestTwoNodesBesideOne(t *testing.T) {
	if !soak() {
		t.Skip("FACEMATCH_SOAK=1 runs it")
	}
	image, video := sample(t)
	homes := []string{t.TempDir(), t.TempDir()}
	one := start(t, homes[0], "--trusted-proxy", "127.0.0.1")
	shareTokens(t, homes[0], homes[1])
	two := startWith(t, homes[1], one.token, "--trusted-proxy", "127.0.0.1")
	data, contentType := body(t, image, video)
	ways := map[string]asked{
		"one node":  {balance(t, one.url), one.token, &http.Client{}},
		"two nodes": {balance(t, one.url, two.url), one.token, &http.Client{}},
	}
	const rounds, loops = 3, 8
	sum := map[string]float64{}
	for range rounds { // in turns, as other programs come and go
		for _, way := range []string{"one node", "two nodes"} {
			rate := perSecond(loops, 30*time.Second, func() bool {
				status, text, _ := ways[way].do("POST", "/api-gateway/match-faces", data, "Content-Type", contentType)
				if status != 200 {
					t.Errorf("%s: %d %s", way, status, text)
				}
				return status == 200
			})
			t.Logf("%s: %.2f answers a second", way, rate)
			sum[way] += rate
		}
	}
	if share := sum["two nodes"] / sum["one node"]; share < 0.95 {
		t.Errorf("two nodes answer %.2f of what one does", share)
	}
}

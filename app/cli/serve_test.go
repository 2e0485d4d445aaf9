package cli

import (
	"strings"
	"testing"
)

func TestTokensOfThoseServed(t *testing.T) {
	p := &parts{home: t.TempDir()}
	code, out, errs := run(t, p, "", "serve", "token", "add", "Counter 1")
	token, rest, _ := strings.Cut(out, "\n")
	if code != ExitOK || !strings.HasPrefix(token, "fmd_") || rest != "" ||
		!strings.Contains(errs, "cannot be shown again") || strings.Contains(errs, token) {
		t.Errorf("add: exit %d, %q, %q", code, out, errs)
	}
	if code, out, errs = run(t, p, "", "serve", "token", "add", "COUNTER 1"); code != ExitCouldNotRun || out != "" ||
		!strings.Contains(errs, "There is a token Counter 1 already.") {
		t.Errorf("add again: exit %d, %q, %q", code, out, errs)
	}
	if code, out, _ = run(t, p, "", "serve", "token", "list"); code != ExitOK ||
		!strings.HasSuffix(out, "  Counter 1\n") || strings.Contains(out, token) {
		t.Errorf("list: exit %d, %q", code, out)
	}
	if code, out, errs = run(t, p, "", "serve", "token", "revoke", "Counter 1"); code != ExitOK || out != "" ||
		!strings.Contains(errs, "Counter 1 is refused from now on") {
		t.Errorf("revoke: exit %d, %q, %q", code, out, errs)
	}
	if code, out, errs = run(t, p, "", "serve", "token", "list"); code != ExitOK || out != "" ||
		!strings.Contains(errs, "There is no token yet") {
		t.Errorf("list: exit %d, %q, %q", code, out, errs)
	}
	if code, _, errs = run(t, p, "", "serve", "token", "revoke", "Counter 1"); code != ExitCouldNotRun ||
		!strings.Contains(errs, "There is no token Counter 1.") {
		t.Errorf("revoke again: exit %d, %q", code, errs)
	}
}

func TestServeRefusesWhatIsNotSafe(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--listen", "0.0.0.0:0"}, "without TLS everybody on the way could read"},
		{[]string{"--listen", ":8480"}, "without TLS everybody on the way could read"},
		{[]string{"--listen", "8480"}, "This is no address to listen at."},
		{[]string{"--tls-cert", "a.pem"}, "--tls-cert and --tls-key belong together"},
		{[]string{"--tls-cert", "a.pem", "--tls-key", "b.pem", "--insecure"}, "--insecure is for a server without TLS"},
		{[]string{"--trusted-proxy", "10.0.0.0/8,proxy.example"}, "proxy.example is neither an address nor a network."},
		{[]string{"--metrics", "0.0.0.0:9100"}, "The metrics are for this computer only."},
		{[]string{"--metrics", "9100"}, "The metrics are for this computer only."},
		{[]string{"token"}, "serve token knows add, list and revoke"},
		{[]string{"token", "add"}, "one NAME is needed"},
		{[]string{"token", "add", "Counter", "1"}, "one NAME is needed"},
		{[]string{"now"}, "this command takes flags only"},
	} {
		code, out, errs := run(t, &parts{}, "", append([]string{"serve"}, c.args...)...)
		if code != ExitUsage || out != "" || !strings.Contains(errs, c.says) || !strings.Contains(errs, "--help") {
			t.Errorf("%v: exit %d, %q, %q", c.args, code, out, errs)
		}
	}
	// Files that are not there are no wrong usage.
	if code, _, errs := run(t, &parts{}, "", "serve", "--tls-cert", "/none/a.pem", "--tls-key",
		"/none/b.pem"); code != ExitCouldNotRun || !strings.Contains(errs, "The certificate or its key cannot be used.") {
		t.Errorf("exit %d, %q", code, errs)
	}
}

func TestServeNeedsASignIn(t *testing.T) {
	for _, tt := range []struct {
		args []string
		may  string
		code int // of those who may
	}{
		{[]string{"serve", "--tls-cert", "/none/a.pem", "--tls-key", "/none/b.pem"}, "Ada Ben Cleo", ExitCouldNotRun},
		{[]string{"serve", "token", "list"}, "Ada", ExitOK},
		{[]string{"serve", "token", "add", "Counter 1"}, "Ada", ExitOK},
	} {
		p, files := staffed(t)
		if code, out, errs := run(t, p, "", tt.args...); code != ExitUsage || out != "" ||
			!strings.Contains(errs, "--operator NAME") {
			t.Errorf("%q: exit %d, %s%s", tt.args, code, out, errs)
		}
		for who, file := range files {
			code, _, errs := run(t, p, "", append(tt.args, "--operator", who, "--secret-file", file)...)
			if refused := strings.Contains(errs, "Your role does not allow this"); refused == strings.Contains(tt.may, who) ||
				!refused && code != tt.code {
				t.Errorf("%q by %s: exit %d, %s", tt.args, who, code, errs)
			}
		}
	}
}

package app

import "testing"

func TestCleanName(t *testing.T) {
	for _, good := range []string{"", "Ada Lovelace", "Zoë Müller-Ørsted", "王秀英", "محمد علي", "O'Brien",
		"Nguyễn Thị Minh Khai", "X Æ A-12", "רות"} {
		if got, err := CleanName("  " + good + "\n"); err != nil || got != good {
			t.Errorf("%q: got %q, %v", good, got, err)
		}
	}
	for _, bad := range []string{
		"a\nb", "a\rb", "a\x00b", "a\x1b[31mb", "a\u2028b", "a\u2029b", "a\u202eb", "a\u2066b", "\u200b", "\ufeff", "---",
		"a\xffb",
	} {
		if got, err := CleanName(bad); err == nil {
			t.Errorf("%q was taken as %q", bad, got)
		}
	}
}

func TestSessions(t *testing.T) {
	if id := NewSession(); !ValidSession(id) || id == NewSession() {
		t.Errorf("a new session is called %q", id)
	}
	for _, bad := range []string{"", "sess_", "sess_1", "0f8b2c1e-7a4d-4f7e-9c39-2b1d5a6e8f01",
		"sess_0f8b2c1e-7a4d-4f7e-9c39-2b1d5a6e8f01x"} {
		if ValidSession(bad) {
			t.Errorf("%q is taken for a session", bad)
		}
	}
}

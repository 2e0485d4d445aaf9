package locale

import "testing"

func TestLanguage(t *testing.T) {
	for _, tt := range []struct{ all, messages, lang, want string }{
		{"", "", "", "en"},
		{"", "", "de_CH.UTF-8", "de-CH"},
		{"", "fr_FR", "de_CH.UTF-8", "fr-FR"},
		{"C.UTF-8", "fr_FR", "de_CH.UTF-8", "C"},
		{"", "", "sr_RS.UTF-8@latin", "sr-RS"},
	} {
		t.Setenv("LC_ALL", tt.all)
		t.Setenv("LC_MESSAGES", tt.messages)
		t.Setenv("LANG", tt.lang)
		if got := Language(); got != tt.want {
			t.Errorf("%+v: got %s", tt, got)
		}
	}
}

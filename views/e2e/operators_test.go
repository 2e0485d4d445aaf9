//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/settings"
)

// TestADeskWithOperators sets operators up on the command line. The window then
// asks who is there before anything else; a referral is decided with the keys
// alone, and the history says by whom.
func TestADeskWithOperators(t *testing.T) {
	t.Parallel()
	const name, passphrase = "Ada Lovelace", "four words for the desk"
	d := newDesktop(t)
	home := d.settled(func(s *settings.Settings) { s.Camera.Source = clip(t, photo(t, manLive)) })
	add := d.command(d.binary(), "operator", "add", name, "--role", "administrator")
	add.Env = append(add.Env, "FACEMATCH_HOME="+home)
	add.Stdin = strings.NewReader(passphrase + "\n")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("operator add: %v\n%s", err, out)
	}

	p := d.openIn(home, "operators", "light")
	d.resize(p.window, sizes[0][0], sizes[0][1])
	signIn := func(as string) {
		d.tool("xdotool", "type", "--delay", "12", as)
		d.key("Return")
	}
	time.Sleep(time.Second) // painted
	d.screenshot(p.name + "-signin")
	d.key("ctrl+n") // which has no effect before signing in
	signIn(name)    // Return leads on to the passphrase
	signIn("not the passphrase")
	time.Sleep(time.Second)
	d.screenshot(p.name + "-wrong")
	signIn(passphrase)
	var who history.SignIn
	d.until("somebody signed in", startTime, func() bool { p.alive(); return p.next(history.KindSignedIn, &who) })
	if who.Operator != name || who.Role != history.RoleAdministrator || who.Failed != 1 {
		t.Errorf("signed in: %+v", who)
	}

	d.key("ctrl+m") // under 18: referred, whatever the score
	p.check("refer", photo(t, sameMan), history.Refer)
	d.resize(p.window, sizes[0][0], sizes[0][1])
	d.key("ctrl+n") // asks for the decision first
	for _, key := range []string{
		"Return",                                // decide now
		"Return",                                // approve
		"Tab", "Tab", "space", "Down", "Return", // the first reason
		"Tab", "Tab", "Tab", // over the note and Cancel
	} {
		d.key(key)
		time.Sleep(200 * time.Millisecond) // dialogs and lists open
	}
	d.screenshot(p.name + "-decision")
	d.key("Return")
	var decided history.Decision
	d.until("the decision is recorded", toolTime, func() bool { p.alive(); return p.next(history.KindDecided, &decided) })
	if decided.Operator != name || !decided.SignedIn || decided.Choice != history.Approve ||
		decided.Reason != history.Reasons[history.Approve][0] || decided.Overrides != "" || decided.Check == "" {
		t.Errorf("decided: %+v", decided)
	}
	time.Sleep(time.Second)
	d.screenshot(p.name + "-decided")
	p.close()
}

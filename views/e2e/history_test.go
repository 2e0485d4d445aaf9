//go:build e2e

package e2e

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/settings"
	"facematch/store/storetest"
)

// historyRecords is how large the history is that is looked at; the one person in
// its middle stands in no other check.
const (
	historyRecords = 5000
	rareName       = "Xaverine Quodlibet"
)

// TestHistoryScreen looks for a person as an auditor does, by the keyboard alone:
// the beginnings of her names, the check, a report of it. What the screen says,
// the file and the history agree.
func TestHistoryScreen(t *testing.T) {
	t.Parallel()
	home := storetest.Home(t, historyRecords)
	d := newDesktop(t)
	d.settle(home, func(*settings.Settings) {})
	p := d.openIn(home, "history", "light")
	wide := func() { d.resize(p.window, sizes[1][0], sizes[1][1]) }
	wide()
	d.key("ctrl+2")
	p.shows("the list", top, "pass,", "(11 open)", "Operator")
	p.shots("list")

	wide()
	d.key("ctrl+f")
	d.tool("xdotool", "type", "--delay", "30", "xav quod")
	p.shows("the one check", top, "1 check: ", rareName)
	d.key("Return") // from the name to the list
	d.key("Return") // opens the check
	p.shows("the check, whoever it was", top, "Back "+rareName)
	p.shots("detail")

	wide()
	d.key("ctrl+s")
	p.shows("how to export", middle, "This check", "With the persons' names")
	d.key("Return")
	var report string
	d.until("the report is there", paintTime, func() bool {
		found, _ := filepath.Glob(filepath.Join(d.home, "facematch-*.pdf"))
		if len(found) == 1 {
			report = found[0]
		}
		return report != ""
	})
	bytes, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(bytes), "%PDF-") {
		t.Errorf("the report begins with %q", bytes[:min(len(bytes), 8)])
	}
	sum := sha256.Sum256(bytes)
	digest := hex.EncodeToString(sum[:])
	exported := p.exported()
	if exported.SHA256 != digest || exported.Format != "pdf" || exported.Checks != 1 || exported.Names {
		t.Errorf("the file's SHA-256 is %s, the history says %+v", digest, exported)
	}
	p.shows("that it is done", middle, "one check was written", "SHA-256 of the file")
	d.screenshot(p.name + "-exported")
	d.key("Escape") // the form
	d.key("Escape") // the detail
	d.key("ctrl+g")
	p.shows("the referrals nobody has decided", top, "11 checks: 11 refer (11 open)")
	p.close()
}

// Parts of the window of 1600x1000, which lies at 2, 24.
const (
	top    = "1600x330+2+24"
	middle = "720x660+440+180"
)

// shows waits until all these words can be read on a part of the screen.
func (p *program) shows(what, part string, words ...string) {
	p.t.Helper()
	seen, missing := "", ""
	for end := time.Now().Add(lookTime); ; {
		p.alive()
		late := time.Now().After(end) // of the picture, not of reading it
		seen, missing = p.d.prose(p.d.screenshot(p.name+"-now"), part), ""
		for _, w := range words {
			if !strings.Contains(plain(seen), plain(w)) {
				missing = w
			}
		}
		if missing == "" {
			return
		}
		if late {
			p.t.Fatalf("%s: %q is not on the screen, which says: %s", what, missing, seen)
		}
	}
}

// plain is a text without what is often misread.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(text))
}

// exported is the newest export in the history.
func (p *program) exported() history.Export {
	p.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+p.history+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close()
	var payload string
	if err := db.QueryRow(`SELECT payload FROM record WHERE payload ->> '$.kind' = ? ORDER BY seq DESC LIMIT 1`,
		string(history.KindExported)).Scan(&payload); err != nil {
		p.t.Fatalf("no export is in the history: %v", err)
	}
	var e history.Export
	if err := json.Unmarshal([]byte(payload), &e); err != nil {
		p.t.Fatal(err)
	}
	return e
}

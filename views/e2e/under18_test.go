//go:build e2e

package e2e

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"facematch/app/history"
	"facematch/app/settings"
)

// TestUnder18 ticks that the person is under 18: the man, who passes otherwise, is
// referred, and the record says why. The calibration is one with counts, so that
// the screen has a rarity to tell.
func TestUnder18(t *testing.T) { t.Parallel(); under18(t, "light") }

func TestUnder18InTheDark(t *testing.T) {
	if os.Getenv("FACEMATCH_SOAK") == "" {
		t.Skip("the dark screens are photographed by make soak")
	}
	under18(t, "dark")
}

func under18(t *testing.T, theme string) {
	d := newDesktop(t)
	p := d.open("under18", theme, func(s *settings.Settings) {
		s.Camera.Source = clip(t, photo(t, manLive))
		s.Matching.Network, s.Matching.Calibration = settings.NoNetwork, counted(t)
	})
	d.key("ctrl+m")
	p.shots("ticked")
	p.check("refer", photo(t, sameMan), history.Refer)
	if p.minors() != 1 {
		t.Error("the record does not say that the person is under 18")
	}
	d.key("ctrl+n")
	p.shots("undecided")
	d.key("shift+Tab") // leave it open
	d.key("Return")
	p.check("next-person", photo(t, sameMan), history.Pass)
	if p.minors() != 1 {
		t.Error("the next person is recorded as under 18, too")
	}
	p.close()
}

// minors is how many checks of people under 18 the history has.
func (p *program) minors() (n int) {
	p.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+p.history+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`SELECT count(*) FROM record WHERE payload ->> '$.kind' = 'started' AND payload ->> '$.minor'`).Scan(&n); err != nil {
		p.t.Fatal(err)
	}
	return n
}

// counted is go-face's own calibration with counts of strangers' whole checks.
func counted(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "assets", "calibration-goface.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	c["calibrated"] = true
	c["checks"] = map[string]any{"data": "an example", "impostor": 30450,
		"strangers": []map[string]any{{"score": 70, "count": 4}}}
	if data, err = json.Marshal(c); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "calibration.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// module is the import path of the program.
const module = "facematch"

// layers says which packages of the program each part may import, by path below the
// module. A path stands for itself and for all below it, unless it ends in "$": then it
// stands for itself alone. The first entry that matches a package counts.
var layers = []struct {
	of  string
	may []string
}{
	{"$", []string{""}}, // main wires the parts and may import all
	{"assets/translations", []string{"matcher$"}},
	{"assets", nil},

	{"matcher/internal", []string{"matcher$", "matcher/internal"}},
	{"matcher/quality", []string{"matcher/internal"}},
	{"matcher/accuracy", nil},
	{"matcher/document", []string{"matcher$", "matcher/quality", "matcher/internal", "matcher/document"}},
	{"matcher/offline", []string{"matcher$", "matcher/quality", "matcher/internal", "matcher/offline"}},
	{"matcher/remote", []string{"matcher$", "matcher/quality", "matcher/internal", "matcher/remote"}},
	{"matcher$", []string{"matcher/quality"}},

	{"camera", []string{"matcher$", "matcher/quality", "camera"}},
	{"store/central/centraltest", append([]string{"matcher$", "store/central", "app/apptest/need"}, shared...)},
	{"store", append([]string{"matcher$", "store"}, shared...)},

	// What store and the screens share with app: plain data and small helpers.
	{"app/history/overview", []string{"app/history$"}},
	{"app/history", []string{"matcher$"}},
	{"app/names", nil},
	{"app/patience", nil},
	{"app/privatefile", nil},
	{"app/secrets", nil},
	{"app/sshsig", nil},

	{"app/evaluate", append([]string{"matcher$", "matcher/quality", "matcher/accuracy", "app/evaluate"}, shared...)},
	{"app/export", append([]string{"matcher$", "app/sshsig", "app/export", "assets"}, shared...)},
	{"app/instance", []string{"matcher$"}},
	{"app/scans", append([]string{"matcher$"}, shared...)},
	{"app/queue", append([]string{"matcher$"}, shared...)},
	{"app/settings", append([]string{"matcher$", "app/sshsig"}, shared...)},
	{"app/token", append([]string{"matcher$"}, shared...)},
	{"app/operators", append([]string{"matcher$", "app/sshsig"}, shared...)},
	{"app/access", append([]string{"matcher$", "app/operators", "app/settings"}, shared...)},
	{"app/central", append([]string{"matcher$", "app/settings"}, shared...)},
	{"app/apptest", append([]string{"matcher$"}, shared...)},
	{"app/cli", []string{"matcher$", "matcher/quality", "app", "assets"}},
	{"app/gateway", append([]string{"matcher$", "app$", "app/access", "app/settings"}, shared...)},
	{"app$", append([]string{
		"matcher$", "matcher/quality", "assets/translations",
		"app/access", "app/central", "app/export", "app/operators", "app/queue", "app/scans", "app/settings", "app/token",
	}, shared...)},

	// The screens do not import each other. document, inspect and live are parts of a screen: they
	// import no screen.
	{"views/internal/draw", append([]string{"matcher$", "app$", "assets"}, shared...)},
	{"views/internal/kit", append([]string{"views/internal/draw", "views/internal/kit"}, screens...)},
	{"views/internal/charts", []string{"views/internal/draw"}},
	{"views/internal/chooser", nil},
	{"views/internal/live", append([]string{"views/internal/live"}, screens...)},
	{"views/internal/document", append([]string{"views/internal/document"}, screens...)},
	{"views/internal/check", append([]string{
		"views/internal/check", "views/internal/document", "views/internal/inspect", "views/internal/live",
	}, screens...)},
	{"views/internal/welcome", append([]string{"views/internal/welcome", "views/internal/live"}, screens...)},
	{"views/internal/records", append([]string{"views/internal/records", "views/internal/charts"}, screens...)},
	{"views/internal/inspect", append([]string{"views/internal/inspect"}, screens...)},
	{"views/internal/decide", append([]string{"views/internal/decide"}, screens...)},
	{"views/internal/preferences", append([]string{"views/internal/preferences"}, screens...)},
	{"views", append([]string{"views"}, screens...)},
}

var (
	shared  = []string{"app/history", "app/names", "app/patience", "app/privatefile", "app/secrets"}
	screens = append([]string{
		"matcher$", "app$", "app/access", "app/export", "app/operators", "app/scans", "app/settings", "app/token", "assets",
		"views/internal/kit", "views/internal/draw",
	}, shared...)
)

// libraries says which packages alone may import a library, and all below it.
var libraries = map[string][]string{
	"gocv.io/x/gocv":                     {"camera", "matcher/offline"},
	"github.com/Kagami/go-face":          {"matcher/offline"},
	"fyne.io/fyne/v2/app":                {"$"},
	"fyne.io/fyne/v2":                    {"$", "views"},
	"github.com/mattn/go-sqlite3":        {"store"},
	"github.com/jackc/pgx/v5":            {"store/central"},
	"github.com/VictoriaMetrics/metrics": {"app/gateway"},
	"github.com/spf13/cobra":             {"app/cli"},
	"github.com/zalando/go-keyring":      {"app/secrets"},
	"github.com/godbus/dbus/v5":          {"views/internal/chooser"},
	"github.com/tetratelabs/wazero":      {"matcher/document/pages"},
	"codeberg.org/go-pdf/fpdf":           {"app/export/paper"},
	"github.com/nicksnyder/go-i18n/v2":   {"assets/translations"},
}

// within reports whether a path below the module is that of a pattern.
func within(path, pattern string) bool {
	if exact, found := strings.CutSuffix(pattern, "$"); found {
		return path == exact
	}
	return pattern == "" || path == pattern || strings.HasPrefix(path, pattern+"/")
}

func anyOf(path string, patterns []string) bool {
	for _, p := range patterns {
		if within(path, p) {
			return true
		}
	}
	return false
}

// TestLayers keeps the arrows of the architecture: a package that imports what its layer
// may not is named here, with the import.
func TestLayers(t *testing.T) {
	list := exec.Command("go", "list", "-json=ImportPath,Imports", module+"/...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := 0
	for d := json.NewDecoder(bytes.NewReader(out)); ; packages++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		found := false
		for _, layer := range layers {
			if found = within(path, layer.of); !found {
				continue
			}
			for _, i := range p.Imports {
				if own, ours := strings.CutPrefix(i, module+"/"); ours && !anyOf(own, layer.may) {
					t.Errorf("%s imports %s", p.ImportPath, i)
				}
			}
			break
		}
		if !found {
			t.Errorf("%s has no layer: add it to the table above", p.ImportPath)
		}
		for _, i := range p.Imports {
			for library, users := range libraries {
				if (i == library || strings.HasPrefix(i, library+"/")) && !anyOf(path, users) {
					t.Errorf("%s imports %s, which is for %v alone", p.ImportPath, i, users)
				}
			}
		}
	}
	if packages < 40 {
		t.Errorf("only %d packages were looked at", packages)
	}
}

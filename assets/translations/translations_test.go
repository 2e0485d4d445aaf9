package translations

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"facematch/app/history"
	"facematch/matcher"
)

func catalogue(t *testing.T) (*Catalogue, map[string]bool) {
	t.Helper()
	c, err := New("en")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	names, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range names {
		raw, err := files.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]any
		if err := json.Unmarshal(raw, &words); err != nil {
			t.Fatalf("%s: %v", f.Name(), err)
		}
		for key := range words {
			if known[key] {
				t.Errorf("%s: %s is there twice", f.Name(), key)
			}
			known[key] = true
		}
	}
	return c, known
}

// keysInCode finds the keys that the program's code names: the first argument
// of T, NewProblem and the like, the Key field of notices, and constants.
func keysInCode(t *testing.T) map[string]token.Position {
	t.Helper()
	found := map[string]token.Position{}
	set := token.NewFileSet()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		note := func(e ast.Expr) {
			if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if key, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(key, ".") &&
					!strings.HasSuffix(key, ".") {
					found[key] = set.Position(lit.Pos())
				}
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.SelectorExpr:
					name = f.Sel.Name
				case *ast.Ident:
					name = f.Name
				}
				switch name {
				case "T", "NewProblem", "notice":
					if len(n.Args) > 0 {
						note(n.Args[0])
					}
				case "AsProblem", "usage":
					if len(n.Args) > 1 {
						note(n.Args[1])
					}
				}
			case *ast.ValueSpec: // a key that is compared has a constant, and so has each hint of the coach
				for i, name := range n.Names {
					named := strings.HasPrefix(name.Name, "Key") || strings.HasPrefix(name.Name, "hint")
					if named && i < len(n.Values) {
						note(n.Values[i])
					}
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Key" {
					note(n.Value)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEveryKeyInTheCodeHasWords(t *testing.T) {
	_, known := catalogue(t)
	keys := keysInCode(t)
	if len(keys) < 50 {
		t.Fatalf("only %d keys found in the code: the search is broken", len(keys))
	}
	for key, at := range keys {
		if !known[key] {
			t.Errorf("%s: no words for %q: write them into a file *.en.json of assets/translations", at, key)
		}
	}
}

func TestEveryHintBelongsToWords(t *testing.T) {
	_, known := catalogue(t)
	for key := range known {
		if base, ok := strings.CutSuffix(key, ".hint"); ok && !known[base] {
			t.Errorf("%s has no text it belongs to", key)
		}
	}
}

// Each flaw is told in a whole sentence, with what to do next, of the clip and of
// the document.
func TestEveryFlawHasWords(t *testing.T) {
	c, _ := catalogue(t)
	both := []matcher.Flaw{
		matcher.FlawNobody, matcher.FlawDark, matcher.FlawBright, matcher.FlawSmall, matcher.FlawBlurred, matcher.FlawLying,
		matcher.FlawPoor, matcher.FlawCutOff, matcher.FlawTwo,
	}
	for side, flaws := range map[string][]matcher.Flaw{
		"anchor": both, "target": append([]matcher.Flaw{matcher.FlawShort, matcher.FlawPicture}, both...),
	} {
		for _, flaw := range flaws {
			for _, key := range []string{history.WhyKey(side, flaw.Code(), flaw),
				history.WhyKey(side, flaw.Code(), flaw) + ".hint"} {
				if words := c.T(key); words == key || !strings.HasSuffix(words, ".") || strings.Contains(words, "<no value>") {
					t.Errorf("%s: %q", key, words)
				}
			}
		}
		for code := range 5 {
			if key := history.WhyKey(side, code, matcher.FlawNone); c.T(key) == key {
				t.Errorf("%s has no words", key)
			}
		}
	}
}

func TestWords(t *testing.T) {
	c, _ := catalogue(t)
	if got := c.T("check.name_long", "Max", 200); got != "The name is longer than 200 characters." {
		t.Errorf("got %q", got)
	}
	if got := c.T("no.such.key"); got != "no.such.key" {
		t.Errorf("got %q", got)
	}
	one, many := c.T("verify.intact", "Count", 1), c.T("verify.intact", "Count", 12)
	if !strings.HasPrefix(one, "The one record") || !strings.HasPrefix(many, "All 12 records") {
		t.Errorf("got %q and %q", one, many)
	}
	text, hint := c.Problem(matcher.NewProblem("settings.newer", nil, "Version", 3, "Known", 1))
	if !strings.Contains(text, "(3; this one knows 1)") || hint == "" {
		t.Errorf("got %q, %q", text, hint)
	}
	if _, hint = c.Problem(matcher.NewProblem("check.clip_kept", nil)); hint != "" {
		t.Errorf("a hint nobody wrote: %q", hint)
	}
	if text, _ = c.Problem(fs.ErrNotExist); strings.Contains(text, "exist") {
		t.Errorf("an internal error is shown: %q", text)
	}
	other, err := New("xx-XX")
	if err != nil || other.T("outcome.pass") != "PASS" {
		t.Errorf("no English for an unknown language: %v", err)
	}
}

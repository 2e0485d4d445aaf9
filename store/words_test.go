package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"facematch/app/history"
)

// TestNamesAreFound looks for names as people type them.
func TestNamesAreFound(t *testing.T) {
	names := []string{"Łucja O'Neil", "Jürgen Großmann-Weiß", "Søren Åkesson", "Zoë D’Angelo", "Дмитрий Алёхин", "Γιώργος Παπαδόπουλος",
		"مُحَمَّد الأحمد", "王小明", "王大文 David", "フランシスコ・サトウ", "김철수", "สมชาย ใจดี", "अनिता शर्मा", "İpek Yılmaz", "Nguyễn Thị Ánh",
		"Ｆｕｌｌ Ｗｉｄｔｈ", "Wolfeschlegelsteinhausenbergerdorff", "x'y"}
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	for i, name := range names {
		if err := s.Start(context.Background(), started(fmt.Sprint(i), name)); err != nil {
			t.Fatal(err)
		}
	}
	find := func(typed string) []string {
		var found []string
		for _, r := range mustList(t, s, history.Filter{Words: typed, Sort: history.Oldest}) {
			found = append(found, r.Name)
		}
		return found
	}
	for typed, want := range map[string][]int{
		"lucja": {0}, "ŁUC": {0}, "o'neil": {0}, "oneil": {0}, "neil luc": {0}, "O’N": {0},
		"jurgen": {1}, "Jürgen": {1}, "juergen": {1}, "grossmann": {1}, "großm": {1}, "weiss-gro": {1}, "weiß": {1},
		"soren": {2}, "søren": {2}, "soeren": {2}, "akesson": {2}, "aakesson": {2},
		"zoe": {3}, "dangelo": {3}, "angelo": {3}, "d'angelo": {3},
		"дмит": {4}, "алехин": {4}, "АЛЁХИН": {4}, "γιωργος": {5}, "ΠΑΠ": {5},
		"محمد": {6}, "王": {7, 8}, "小明": {7}, "王小明": {7}, "明小": nil, "王明": nil, "王 david": {8},
		"サトウ": {9}, "ｻﾄｳ": {9}, "シスコ": {9}, "철수": {10}, "김철": {10}, "สมช": {11}, "สมชา ใจ": {11}, "अनि": {12},
		"ipek": {13}, "yilmaz": {13}, "nguyen": {14}, "anh thi": {14}, "full width": {15},
		"Wolfeschlegelsteinhausenbergerdorff": {16}, "wolfeschlegelsteinha": {16}, "Wolfeschlegelsteinhausen": {16},
		"y": {13, 17}, "xy": {17}, "ucja": nil, "mann": nil, "lucja soren": nil,
	} {
		var names2 []string
		for _, i := range want {
			names2 = append(names2, names[i])
		}
		if got := find(typed); !slices.Equal(got, names2) {
			t.Errorf("%q finds %q, want %q", typed, got, names2)
		}
	}
	if got := find(" - '"); len(got) != len(names) {
		t.Errorf("no words find %d names, want all", len(got))
	}
}

// TestTokensSayNothing looks whether tokens are made with the key of the history
// and whether they go with the name they are of.
func TestTokensSayNothing(t *testing.T) {
	a, err := newTokens([]byte(strings.Repeat("k", keySize)), "one")
	b, err2 := newTokens([]byte(strings.Repeat("k", keySize)), "two")
	c, err3 := newTokens([]byte(strings.Repeat("l", keySize)), "one")
	if err != nil || err2 != nil || err3 != nil {
		t.Fatal(err, err2, err3)
	}
	if a.of("maria") != a.of("maria") || a.of("maria") == b.of("maria") || a.of("maria") == c.of("maria") || a.of("maria") == a.of("mari") {
		t.Error("tokens are not what they must be")
	}
	if n := a.of("maria"); n < 0 || n >= 1<<(8*tokenBytes) {
		t.Errorf("a token is %x", n)
	}
	s := mustOpen(t, testParams(t.TempDir()), noRing{})
	record(t, s, "a", "Maria Muster")
	record(t, s, "b", "Maria Mann")
	count := func(table string) (n int) {
		t.Helper()
		if err := s.reader.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// m, ma, mar, mari, maria; mu to muster; man, mann.
	if n := count("name_word"); n != 10+7 {
		t.Errorf("there are %d tokens", n)
	}
	if _, err := s.writer.Exec(`DELETE FROM name_token WHERE session = 'sess_a'`); err != nil {
		t.Fatal(err)
	}
	if names, words := count("name_token"), count("name_word"); names != 1 || words != 7 {
		t.Errorf("%d names and %d tokens are left", names, words)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"Łucja O'Neil", "王小明David", "''", "a\u0301'", "İ", "\xff", "フー"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		found := beginnings(name)
		// A name is found by itself.
		for _, spellings := range sought(name) {
			for _, texts := range spellings {
				for _, text := range texts {
					if _, ok := slices.BinarySearch(found, text); !ok {
						t.Fatalf("%q is not found by %q of itself, only by %q", name, text, found)
					}
				}
			}
		}
	})
}

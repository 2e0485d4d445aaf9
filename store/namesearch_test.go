package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"facematch/app/history"
	"facematch/store/internal/nametoken"
	"facematch/store/internal/seal"
)

// TestNamesAreFound looks for names as people type them.
func TestNamesAreFound(t *testing.T) {
	names := []string{"Łucja O'Neil", "Jürgen Großmann-Weiß", "Søren Åkesson", "Zoë D’Angelo", "Дмитрий Алёхин",
		"Γιώργος Παπαδόπουλος",
		"مُحَمَّد الأحمد", "王小明", "王大文 David", "フランシスコ・サトウ", "김철수", "สมชาย ใจดี", "अनिता शर्मा", "İpek Yılmaz",
		"Nguyễn Thị Ánh",
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

// A name is found with the particle before it, joined to it or not, and without it,
// whichever way it was recorded; and by nothing else.
func TestNamesBehindParticles(t *testing.T) {
	for _, tt := range []struct {
		name      string
		by, notBy string // what is typed, apart by semicolons
	}{
		// The Arabic article and its forms before some letters, in Latin letters.
		{"al-ʿAbbās", "abbas; Abbās; ʿabbas; al-abbas; al abbas; alabbas; al-ʿAbbās; AL'ABBAS; alab", "bbas; lab; elabbas"},
		{"Al ʾAmīn", "amin; al-amin; alamin; ʾamīn", "min; lamin"},
		{"Alabbas", "alabbas; al-abbas; al abbas", "abbas; bas"},
		{"AlAbbas Karim", "abbas; alabbas; al-abbas karim; karim", "bas"},
		{"El-Sayed", "sayed; elsayed; el sayed; el-sa", "alsayed; ayed"},
		{"Nour ad-Dīn", "din; addin; ad-din; nour din; nour addin", "in; nouraddin"},
		{"aṣ-Ṣiddīq", "siddiq; assiddiq; as-siddiq", "iddiq"},
		{"Zia ul-Haq", "haq; ulhaq; ul haq; zia", "aq"},
		{"ʿAbd al-Raḥmān Saʿīd", "rahman; abd al-rahman; abdalrahman; alrahman; said; sa'id; abd said", "ahman; bdal"},
		{"Abdul Rahman", "abdulrahman; abdul rahman; rahman", "ulrahman"},
		{"Abdulrahman", "abdulrahman; abdul rahman", "rahman"},
		{"Ibn Sīnā", "sina; ibnsina; ibn sina", "bnsina"},
		{"Abou Bakr", "bakr; aboubakr; abou-bakr", "oubakr"},
		// Irish, Scottish, Welsh.
		{"O'Connor", "connor; o'connor; oconnor; o connor; O’CONNOR; Oʼconnor; o`connor; o´connor; o′c", "onnor; mcconnor"},
		{"O’Connor", "connor; oconnor; o'connor", "nnor"},
		{"Oʻahu Kaʻiulani", "ahu; oahu; kaiulani; iulani", "hu"},
		{"O´Neill", "neill; o'neill; oneill", "eill"},
		{"O Brien", "brien; o'brien; obrien; o brien", "rien"},
		{"OConnor", "connor; oconnor; o'connor; o connor", "onnor"},
		{"OCONNOR", "oconnor; o'connor", "connor"},
		{"Oconnor", "oconnor; o'connor; o connor", "connor"},
		{"McDonald", "donald; mcdonald; mc donald; mc", "macdonald; onald"},
		{"MCDONALD", "donald; mcdonald; mc donald", "onald"},
		{"Mcgregor", "gregor; mcgregor; mc gregor", "regor"},
		{"Mc Donald", "donald; mcdonald; mc donald", "nald"},
		{"MacGregor", "gregor; macgregor; mac gregor", "regor"},
		{"Macron", "macron; mac ron", "ron; cron"},
		{"Ní Dhomhnaill", "dhomhnaill; nidhomhnaill; ni dhomhnaill", "omhnaill"},
		{"FitzGerald", "gerald; fitzgerald; fitz gerald", "erald"},
		// French, Italian, Spanish, Portuguese.
		{"Jeanne d'Arc", "arc; d'arc; darc; d arc; jeanne arc; D’ARC", "jeannearc; rc"},
		{"Gabriele D´Annunzio", "annunzio; d'annunzio; dannunzio", "nunzio"},
		{"DAngelo", "angelo; dangelo; d'angelo", "gelo"},
		{"Dell'Aquila", "aquila; dellaquila; dell'aquila", "quila"},
		{"L'Écuyer", "ecuyer; l'ecuyer; lecuyer; écuyer", "cuyer"},
		{"Charles de Gaulle", "gaulle; degaulle; de gaulle; charles gaulle", "egaulle; charlesde"},
		{"de la Cruz", "cruz; delacruz; lacruz; de la cruz; la cruz; dela cruz; de cruz", "ruz; elacruz; la de juan"},
		{"Dela Cruz", "cruz; delacruz; dela cruz; de la cruz", "lacruz"},
		{"DelaCruz", "delacruz; cruz; de la cruz", "ruz"},
		{"DeLuca", "luca; deluca; de luca", "uca"},
		{"Maria dos Santos", "santos; dossantos; dos santos; maria santos", "antos"},
		{"N'Diaye", "diaye; ndiaye; n'diaye", "iaye"},
		// Dutch, German.
		{"van der Berg", "berg; vanderberg; van der berg; derberg; van berg; der berg", "erg; vanberg; anderberg"},
		{"Vandenberg", "vandenberg; van den berg; vanden", "berg; den"},
		{"van 't Hoff", "hoff; van't hoff; vanthoff; van 't hoff; thoff", "off"},
		{"Müller von der Größe", "groesse; vondergroesse; von der größe; mueller; vondergr", "roesse; rösse"},
		{"zu Guttenberg", "guttenberg; zuguttenberg", "tenberg"},
		// Arabic letters, with and without marks.
		{"العباس", "عباس; العباس; الْعَبَّاس; ٱلعباس; عبا", "باس; لعباس"},
		{"الْعَبَّاس", "عباس; العباس", "باس"},
		{"عباس", "عباس", "العباس"},
		{"عبد الرحمن", "رحمن; الرحمن; عبدالرحمن; عبد الرحمن", "حمن"},
		{"عبدالرحمن", "عبدالرحمن; عبد الرحمن", "رحمن"},
		{"أبو بكر", "بكر; ابوبكر; أبو بكر", "وبكر"},
		{"إلياس", "الياس; إلياس", "ياس"},
		{"الله", "الله", "له"},
		// Hebrew, Cyrillic, Greek, Armenian, Devanagari.
		{"בן־גוריון", "גוריון; בן גוריון; בן-גוריון; בןגוריון", "וריון"},
		{"אל-סייד", "סייד; אלסייד; אל סייד", "ייד"},
		{"ז׳בוטינסקי", "זבוטינסקי; ז'בוטינסקי; בוטינסקי", "וטינסקי"},
		{"д’Артаньян", "артаньян; дартаньян; д'артаньян", "ртаньян"},
		{"О'Коннор", "коннор; оконнор; о’коннор", "оннор"},
		{"фон дер Лайен", "лайен; фондерлайен; фон дер лайен; дерлайен", "айен"},
		{"аль-Аббас", "аббас; альаббас; аль аббас", "ббас"},
		{"Мак-Грегор", "грегор; макгрегор; мак грегор", "регор"},
		{"Лук'янов", "лукянов; лук’янов; лукʼянов", "укянов"},
		{"Ο'Κόνορ", "κονορ; οκονορ; ο’κόνορ", "ονορ"},
		{"Τζον ντε Λούκα", "λουκα; ντελουκα; ντε λούκα", "ουκα"},
		{"Դ՚Արտանյան", "արտանյան; դարտանյան", "րտանյան"},
		{"डी'सूज़ा", "सूज़ा; डीसूज़ा; डी’सूज़ा", "ज़ा"},
		// Scripts without spaces: with the space or without.
		{"王 小明", "王小明; 小明; 王 小明; 王", "明王; 王明"},
		{"김 철수", "김철수; 철수", "수김"},
		{"アル・アッバース", "アッバース; アルアッバース; ｱﾙ･ｱｯﾊﾞｰｽ", "ルース"},
		{"デ・ラ・クルス", "クルス; デラクルス; ラ・クルス", "クス"},
	} {
		s := mustOpen(t, testParams(t.TempDir()), noRing{})
		must(t, s.Start(t.Context(), started("1", tt.name)))
		must(t, s.Start(t.Context(), started("2", "Qqqq Zzzz")))
		for typed, want := range map[string]bool{tt.by: true, tt.notBy: false} {
			for _, one := range strings.Split(typed, "; ") {
				rows := mustList(t, s, history.Filter{Words: one})
				if found := len(rows) == 1 && rows[0].Name == tt.name; found != want || len(rows) > 1 {
					t.Errorf("%q finds %q: %v, want %v (%d rows)", one, tt.name, found, want, len(rows))
				}
			}
		}
	}
}

// Whatever a name is, it has no more tokens than this, and erasing its session
// leaves none of them.
func TestTokensOfLongNames(t *testing.T) {
	const most = 200 // letters of a name
	hasher, err := nametoken.New(make([]byte, seal.KeySize), "")
	must(t, err)
	for _, unit := range []string{
		"de ", "van der Wolfeschlegelsteinhausen ", "al-", "O'", "Mc", "DeLa", "ä", "Größe de la Größe ", "王", "王 ", "العباس ",
	} {
		s := mustOpen(t, testParams(t.TempDir()), noRing{})
		name := strings.Repeat(unit, most/len([]rune(unit)))
		found := hasher.OfName(name)
		if len(found) > 4*most {
			t.Errorf("%q has %d tokens", unit, len(found))
		}
		record(t, s, "long", name)
		record(t, s, "other", "Maria Muster")
		if len(mustList(t, s, history.Filter{Words: name[:strings.LastIndex(name, unit)]})) != 1 {
			t.Errorf("%q is not found by itself", unit)
		}
		must(t, s.Erase(t.Context(), history.Erasure{
			Session: "sess_long", Parts: []history.Part{history.PartKey}, Reason: history.OnRequest,
		}))
		var left, of int
		must(t, s.reader.QueryRow(`SELECT count(*), count(DISTINCT record) FROM name_word`).Scan(&left, &of))
		if left != len(hasher.OfName("Maria Muster")) || of != 1 {
			t.Errorf("%q: %d tokens of %d names are left", unit, left, of)
		}
		if v := mustVerify(t, s); !v.Intact {
			t.Errorf("%q: verdict is %+v", unit, v)
		}
	}
}

// TestTokensGoWithTheirName counts the tokens of a name, and deletes them with it.
func TestTokensGoWithTheirName(t *testing.T) {
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

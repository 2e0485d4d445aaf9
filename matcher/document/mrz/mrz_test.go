package mrz

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"facematch/app/apptest/need"
	"facematch/matcher"
)

var today = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// The examples of ICAO 9303, parts 4 to 7, and forms that it describes.
var (
	td3   = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
	td2   = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
	td1   = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
	mrvA  = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<"
	mrvB  = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<"
	long1 = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"
	long2 = "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8"
)

// parse parses the lines of a text.
func parse(t *testing.T, text string) matcher.Zone {
	t.Helper()
	z, err := Parse(glyphs(text), today)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func glyphs(text string) (lines [][]Glyph) {
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, Line(line))
	}
	return lines
}

func TestKinds(t *testing.T) {
	for _, c := range []struct {
		text, kind, number, birth, expiry, surname, given, optional string
		proven                                                      bool
	}{
		{td3, "TD3", "L898902C3", "1974-08-12", "2012-04-15", "ERIKSSON", "ANNA MARIA", "ZE184226B", true},
		{td2, "TD2", "D23145890", "1974-08-12", "2012-04-15", "ERIKSSON", "ANNA MARIA", "", true},
		{td1, "TD1", "D23145890", "1974-08-12", "2012-04-15", "ERIKSSON", "ANNA MARIA", "", true},
		{mrvA, "MRV-A", "L8988901C", "1940-09-07", "1996-12-10", "ERIKSSON", "ANNA MARIA", "6ZE184226B", true},
		{mrvB, "MRV-B", "L8988901C", "1940-09-07", "1996-12-10", "ERIKSSON", "ANNA MARIA", "", true},
		{long1, "TD1", "D23145890734", "1934-07-12", "1995-07-12", "STEVENSON", "PETER JOHN", "", true},
		{long2, "TD2", "D23145890734", "1934-07-12", "1995-07-12", "STEVENSON", "PETER JOHN", "", true},
	} {
		z := parse(t, c.text)
		got := []string{z.Kind, z.Number.Value, z.Birth.Value, z.Expiry.Value, z.Surname.Value, z.GivenNames.Value,
			z.Optional.Value}
		want := []string{c.kind, c.number, c.birth, c.expiry, c.surname, c.given, c.optional}
		if !slices.Equal(got, want) || !z.DigitsHold || z.Corrected {
			t.Errorf("%s: %q, want %q; %+v", c.kind, got, want, z)
		}
		if z.Number.Proven != c.proven || z.Birth.Proven != c.proven || z.Expiry.Proven != c.proven {
			t.Errorf("%s: number, birth, expiry proven: %v %v %v", c.kind, z.Number.Proven, z.Birth.Proven, z.Expiry.Proven)
		}
		if z.Surname.Proven || z.Nationality.Proven || z.Issuer.Proven || z.Sex.Proven || z.Code.Proven {
			t.Errorf("%s: a field without a digit is proven", c.kind)
		}
		if strings.Join(z.Lines, "\n") != c.text {
			t.Errorf("%s: the lines are %q", c.kind, z.Lines)
		}
	}
}

func TestOtherForms(t *testing.T) {
	german := "IDD<<T220001293<<<<<<<<<<<<<<<\n6408125<2010315D<<<<<<<<<<<<<4\nMUSTERMANN<<ERIKA<<<<<<<<<<<<<"
	z := parse(t, german)
	if z.Issuer.Value != "D" || z.Nationality.Value != "D" || z.Sex.Value != "X" || !z.DigitsHold {
		t.Errorf("Germany: %+v", z)
	}
	// The optional field's digit may be a filler where that field is empty.
	head := "AB1234567"
	body := head + string(Digit(head)) + "D<<" + "640812" + string(Digit("640812")) + "F" + "270228" +
		string(Digit("270228")) + strings.Repeat("<", 15)
	composite := Digit(body[:10] + body[13:20] + body[21:43])
	z = parse(t, "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<\n"+body+string(composite))
	if !z.DigitsHold || z.Optional.Value != "" || z.Optional.Proven || !z.Number.Proven {
		t.Errorf("a filler for a digit: %+v", z)
	}
	// Unknown days and months are no proof of a date.
	for unknown, want := range map[string]string{"64<<<<": "1964", "6408<<": "1964-08", "641332": "", "640000": "1964"} {
		line := head + string(Digit(head)) + "D<<" + unknown + string(Digit(unknown)) + body[20:43]
		z = parse(t, "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<\n"+line+string(Digit(line[:10]+line[13:20]+line[21:43])))
		if z.Birth.Value != want || z.Birth.Proven || !z.DigitsHold {
			t.Errorf("%s: %+v, holds %v", unknown, z.Birth, z.DigitsHold)
		}
	}
	// A letter read into the fillers behind the names is dropped.
	z = parse(t, strings.Replace(td3, "MARIA<<<<<<", "MARIA<<<K<<", 1))
	if z.GivenNames.Value != "ANNA MARIA" {
		t.Errorf("names %q", z.GivenNames.Value)
	}
	// Nor is a filler within a number one that is known to belong there.
	number := "AB<234567"
	line := number + string(Digit(number)) + body[10:43]
	if z = parse(t, "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<\n"+
		line+string(Digit(line[:10]+line[13:20]+line[21:43]))); z.Number.Proven || !z.DigitsHold {
		t.Errorf("a filler in a number: %+v", z.Number)
	}
}

func TestStates(t *testing.T) {
	// A code is taken where the letters are not a code and hardly likelier.
	lines := glyphs(strings.Replace(td3, "6UTO", "6UTQ", 1))
	g := &lines[1][12]
	if z, _ := Parse(lines, today); z.Nationality.Value != "UTQ" {
		t.Errorf("a letter read for certain became %s", z.Nationality.Value)
	}
	g[index('O')] = -1
	if z, _ := Parse(lines, today); z.Nationality.Value != "UTO" {
		t.Errorf("a doubtful letter gave %s", z.Nationality.Value)
	}
}

func TestNoZone(t *testing.T) {
	for _, text := range []string{"", "P<UTO", td3 + "\n", strings.Split(td1, "\n")[0], td3[:44] + "\n" + td2[:36]} {
		if _, err := Parse(glyphs(text), today); !errors.Is(err, ErrNoZone) {
			t.Errorf("%q: %v", text, err)
		}
	}
	// As many characters as may be are out of place, then one more.
	odd := []byte(td3)
	for i := range mostOdd {
		odd[10+i] = '0'
	}
	if _, err := Parse(glyphs(string(odd)), today); err != nil {
		t.Error(err)
	}
	odd[10+mostOdd] = '0'
	if _, err := Parse(glyphs(string(odd)), today); !errors.Is(err, ErrNoZone) {
		t.Error(err)
	}
	if _, err := Parse(nil, today); !errors.Is(err, ErrNoZone) {
		t.Error(err)
	}
}

// TestSpecimens parses the true lines of the specimens.
func TestSpecimens(t *testing.T) {
	file, err := os.Open(filepath.FromSlash("../../../../shared/testdata/documents/mrz.tsv"))
	if err != nil {
		need.Missing(t, "the shared documents are not here")
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = '\t', -1, true
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 29 {
		t.Fatal(len(rows), err)
	}
	for _, row := range rows[1:] {
		z := parse(t, strings.TrimSpace(strings.Join(row[3:], "\n")))
		if z.Kind != row[1] || z.DigitsHold != (row[2] == "yes") || z.Corrected && row[2] == "yes" {
			t.Errorf("%s: %+v", row[0], z)
		}
		if row[2] == "yes" && (!z.Birth.Proven || !z.Expiry.Proven || z.Surname.Value == "") {
			t.Errorf("%s: %+v", row[0], z)
		}
		if row[2] != "yes" && (z.Number.Proven || z.Birth.Proven || z.Expiry.Proven) {
			t.Errorf("%s: proven though its digits do not hold", row[0])
		}
	}
}

// proven is what is proven in a zone, by field.
func proven(z matcher.Zone) map[string]string {
	all := map[string]string{}
	for name, f := range map[string]matcher.ZoneField{
		"number": z.Number, "birth": z.Birth.ZoneField, "expiry": z.Expiry.ZoneField, "optional": z.Optional,
		"names": z.Surname, "nationality": z.Nationality,
	} {
		if f.Proven {
			all[name] = f.Value
		}
	}
	return all
}

// TestOneMistake puts each other character into each place: whatever comes of it, no wrong
// value is proven, unless a twin was read for certain, which the digits do not show.
func TestOneMistake(t *testing.T) {
	for _, text := range []string{td3, mrvB, long1} {
		right := proven(parse(t, text))
		for at := range text {
			for _, c := range Alphabet {
				if text[at] == '\n' || twins(byte(c), text[at]) {
					continue
				}
				wrong := text[:at] + string(c) + text[at+1:]
				for _, lines := range [][][]Glyph{glyphs(wrong), doubtful(wrong)} {
					z, err := Parse(lines, today)
					if err != nil {
						t.Fatal(err)
					}
					for name, value := range proven(z) {
						if value != right[name] {
							t.Errorf("%q at %d of %q: %s is proven as %q", c, at, text, name, value)
						}
					}
				}
			}
		}
	}
}

// TestTwins reads one character nearly as likely as its twin: its field is not proven.
func TestTwins(t *testing.T) {
	for _, c := range []struct {
		at    int // in the second line of td3
		other byte
		field string
	}{
		{0, '1', "number"}, {1, 'S', "number"}, {5, 'U', "number"}, {7, '2', "number"}, {28, '5', "optional"},
		{37, 'K', "optional"},
	} {
		lines := glyphs(td3)
		g := &lines[1][c.at]
		if !twins(c.other, td3[45+c.at]) {
			t.Fatalf("%c and %c are no twins", c.other, td3[45+c.at])
		}
		g[index(c.other)] = -TwinMargin - 0.01
		if z, _ := Parse(lines, today); proven(z)[c.field] == "" {
			t.Errorf("%s is not proven by a margin that is enough", c.field)
		}
		g[index(c.other)] = -TwinMargin + 0.01
		z, _ := Parse(lines, today)
		if got := proven(z); got[c.field] != "" || got["birth"] == "" || !z.DigitsHold {
			t.Errorf("%c for %c: proven %v", c.other, td3[45+c.at], got)
		}
	}
	// A place for digits that looks like a letter: S is no twin of 5, but G is one of 6.
	for other, want := range map[byte]bool{'C': true, 'G': false} {
		birth := "760812" + string(Digit("760812"))
		lines := glyphs(strings.ReplaceAll(td3, "7408122F", birth+"F"))
		composite := Digit("L898902C36" + birth + "1204159ZE184226B<<<<<1")
		lines[1][43] = Line(string(composite))[0]
		lines[1][14][index('6')], lines[1][14][index(other)] = -1, 0
		z, _ := Parse(lines, today)
		if z.Birth.Value != "1976-08-12" || z.Birth.Proven != want || !z.DigitsHold {
			t.Errorf("%c: %+v holds %v", other, z.Birth, z.DigitsHold)
		}
	}
	// Every other character needs a margin too.
	lines := glyphs(td3)
	lines[1][13][index('1')] = -OtherMargin + 0.01
	if z, _ := Parse(lines, today); z.Birth.Proven || !z.DigitsHold || !z.Expiry.Proven {
		t.Errorf("a birth date without a margin: %+v", z.Birth)
	}
}

// doubtful is a text of which each character may also be one of its look-alikes.
func doubtful(text string) [][]Glyph {
	lines := glyphs(text)
	for i, line := range strings.Split(text, "\n") {
		for at := range line {
			for _, pair := range lookAlikes {
				if here := strings.IndexByte(pair, line[at]); here >= 0 {
					lines[i][at][index(pair[1-here])] = -changeMargin + 1
				}
			}
		}
	}
	return lines
}

// TestOdd reads a zone whose digits hold, but with more characters out of place than few.
func TestOdd(t *testing.T) {
	for count := range fewOdd + 2 {
		odd := []byte(td3)
		for i := range count {
			odd[5+i] = '0'
		}
		z := parse(t, string(odd))
		if !z.DigitsHold || z.Birth.Proven != (count <= fewOdd) {
			t.Errorf("%d odd ones: holds %v, proven %v", count, z.DigitsHold, z.Birth.Proven)
		}
	}
}

func TestCorrections(t *testing.T) {
	second := func(at int, c byte) string { return td3[:45+at] + string(c) + td3[46+at:] }
	for _, c := range []struct {
		at    int
		read  byte
		truth byte
	}{{1, 'B', '8'}, {5, 'O', '0'}, {7, 'G', 'C'}, {15, 'D', '0'}, {36, '8', 'B'}, {18, 'Z', '2'}} {
		lines := glyphs(second(c.at, c.read))
		lines[1][c.at][index(c.truth)] = -changeMargin + 1
		z, _ := Parse(lines, today)
		if strings.Join(z.Lines, "\n") != td3 || !z.DigitsHold {
			t.Errorf("%c for %c: %q", c.read, c.truth, z.Lines)
		}
		lines[1][c.at][index(c.truth)] = -changeMargin - 1
		dates := c.at >= 13 && c.at < 28 // where a letter may not stand, what it looks like does not count
		if z, _ = Parse(lines, today); z.Corrected || z.DigitsHold != dates {
			t.Errorf("%c for %c, read for certain: %+v", c.read, c.truth, z)
		}
	}
	lines := glyphs(second(5, 'O'))
	lines[1][5][index('0')] = -1
	z, _ := Parse(lines, today)
	if z.Number.Value != "L898902C3" || !z.Number.Corrected || z.Number.Proven || !z.Corrected {
		t.Errorf("a corrected number: %+v", z.Number)
	}
	if !z.Birth.Proven || z.Birth.Corrected {
		t.Error("the birth date is not proven because the number was corrected")
	}
	// Where several look-alikes make the digits hold, none is taken.
	if z, _ = Parse(doubtful(second(5, 'O')), today); z.Corrected || z.DigitsHold {
		t.Errorf("one of several ways was taken: %+v", z)
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		text, birth string
		either      bool
		expiry      string
	}{
		{"640812", "1964-08-12", false, "2064-08-12"},
		{"261129", "2026-11-29", true, "2026-11-29"},
		{"261130", "1926-11-30", false, "2026-11-30"},
		{"250101", "2025-01-01", true, "2025-01-01"},
		{"210101", "2021-01-01", true, "2021-01-01"},
		{"200101", "2020-01-01", false, "2020-01-01"},
		{"991231", "1999-12-31", false, "1999-12-31"},
		{"000229", "2000-02-29", false, "2000-02-29"},
		{"010229", "", false, ""},
		{"751231", "1975-12-31", false, "2075-12-31"},
		{"771231", "1977-12-31", false, "1977-12-31"},
		{"<<<<<<", "", false, ""},
		{"+10101", "", false, ""},
	} {
		birth, either := birthDate(c.text, today)
		if expiry := expiryDate(c.text, today); birth != c.birth || either != c.either || expiry != c.expiry {
			t.Errorf("%s: born %s %v, expires %s", c.text, birth, either, expiry)
		}
	}
}

// FuzzParse parses any text, cut into lines of any length.
func FuzzParse(f *testing.F) {
	for _, text := range []string{td3, td2, td1, mrvA, mrvB, long1, long2} {
		f.Add(text)
		f.Add(strings.ToLower(text))
		f.Add(strings.ReplaceAll(text, "<", "K"))
	}
	f.Add("P\n\n")
	f.Add(strings.Repeat("<", 44) + "\n" + strings.Repeat("<", 44))
	f.Add(strings.Repeat("<", 30) + "\n" + strings.Repeat("0", 30) + "\n" + strings.Repeat("A", 30))
	f.Fuzz(func(t *testing.T, text string) {
		z, err := Parse(glyphs(text), today)
		if err != nil {
			return
		}
		for name, f := range map[string]matcher.ZoneField{
			"number": z.Number, "birth": z.Birth.ZoneField, "expiry": z.Expiry.ZoneField, "optional": z.Optional,
		} {
			if f.Proven && (!z.DigitsHold || f.Corrected || f.Value == "") {
				t.Errorf("%s is proven: %+v", name, z)
			}
		}
		again, err := Parse(glyphs(strings.Join(z.Lines, "\n")), today)
		if err != nil || again.DigitsHold != z.DigitsHold || again.Number.Value != z.Number.Value {
			t.Errorf("%q becomes %q: %v", z.Lines, again.Lines, err)
		}
	})
}

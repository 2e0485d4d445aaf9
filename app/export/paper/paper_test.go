package paper

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func blank() *Paper {
	return New(Params{Title: "t", Program: "p", Language: "en", At: time.Unix(1e9, 0), Footer: []string{"footer"},
		Number: func(int, string) string { return "1" }})
}

// Nothing that may stand in a record, another desk's too, stops a report, and each
// character of it is there, as a letter or as its number.
func FuzzText(f *testing.F) {
	for _, s := range []string{
		"Ada", "محمد بن موسى", "王小明", "e\u0301", "\u202eAda", "😀", "\U00020000", "\U00010140", "a\u200db", "\ufeff", "\x00",
		"\u0600\u0605", "ᬅ", "\u1100\u1161", "पं ",
		"a\tb\nc", "\u2028", strings.Repeat("W", 500), strings.Repeat("م", 300), "א1ב", "\u0e33", "\uffff", "\U0010ffff",
		"\ud7ff",
	} {
		f.Add(s)
	}
	// A document takes many texts, because its fonts take long to be read.
	const texts = 50
	var d *Paper
	n := 0
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 {
			return
		}
		if n%texts == 0 {
			d = blank()
		}
		n++
		d.Text(s, Style{})
		table := d.Table([]Column{{Title: "a", Share: 1}, {Title: "b", Share: 9, Right: true}})
		table.Row(s, s)
		d.Facts([]Fact{{Name: s, Value: s}})
		if n%texts == 0 {
			if err := d.Output(io.Discard); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.pdf.Error(); err != nil {
			t.Fatal(err)
		}
		said := d.set.honest(strings.ToValidUTF8(s, "\uFFFD"), Style{})
		shown := 0
		for _, l := range d.lines(s, Style{}, Width) {
			for _, r := range l.text {
				if !unicode.IsSpace(r) {
					shown++
				}
			}
			for _, run := range l.shaped {
				for _, r := range l.source[run.Runes.Offset : run.Runes.Offset+run.Runes.Count] {
					if !unicode.IsSpace(r) {
						shown++
					}
				}
			}
		}
		want := 0
		for _, r := range said {
			if !unicode.IsSpace(r) {
				want++
			}
		}
		if shown != want {
			t.Errorf("%q: %d of %d characters are there", s, shown, want)
		}
	})
}

// Every character is printed, beyond the first plane of Unicode too, where some
// fonts have letters and the PDF library has none.
func TestEveryCharacter(t *testing.T) {
	// Of the tens of thousands of Chinese and Korean ones, which take long, the first.
	for _, from := range []rune{0, 0x800, 0x1000, 0x1800, 0x2000, 0x2800, 0x3000, 0x4e00, 0xac00, 0xf800, 0x10000, 0x11000,
		0x20000} {
		d := blank()
		var text []rune
		for r := from; r < from+0x800; r++ {
			if utf8.ValidRune(r) {
				text = append(text, r)
			}
		}
		d.Text(string(text), Style{})
		if err := d.Output(io.Discard); err != nil {
			t.Errorf("from %U: %v", from, err)
		}
	}
}

func TestWrap(t *testing.T) {
	d := blank()
	for _, text := range []string{strings.Repeat("word ", 100), strings.Repeat("W", 300), strings.Repeat("字", 300),
		"short"} {
		for _, l := range d.lines(text, Style{}, 40) {
			width := d.width(l.text, Style{})
			if l.shaped != nil {
				width = 0
				for _, run := range l.shaped {
					width += advance(run, bodySize) / pointsPerMM
				}
			}
			if width > 41 { // a blank at the end may stand out
				t.Errorf("%q: a line is %.1f mm wide", text[:5], width)
			}
		}
	}
}

// A chart prints values at and beyond the ends of its scale.
func TestCharts(t *testing.T) {
	d := blank()
	red := Colour{R: 200}
	for _, v := range []float64{-1, 0, 59.99, 60, 80, 100, 101} {
		d.Gauge(v, "v", red, []Zone{{0, 60, "FAIL", red}, {60, 80, "A LONG WORD THAT DOES NOT FIT", red},
			{80, 100, "PASS", red}}, []Bound{{60, "60", red}, {80, "80", red}})
		d.Bars([]Bar{{Value: v, Label: "l", Number: "1", Colour: red}}, []Bound{{60, "60", red}})
	}
	d.Bars(nil, nil)
	for s := Tick; s <= Dots; s++ {
		d.Verdict(s, "WORD", red, "below")
	}
	var b bytes.Buffer
	if err := d.Output(&b); err != nil || !bytes.HasPrefix(b.Bytes(), []byte("%PDF-")) {
		t.Error(err)
	}
}

package paper

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/bidi"

	"facematch/assets/fonts"
)

// Colour is a colour of letters and shapes.
type Colour struct{ R, G, B uint8 }

// Style is how a text is set.
type Style struct {
	Size   float64 // of the letters in points; 0: as in running text
	Bold   bool
	Colour Colour
}

func (s Style) size() float64 {
	if s.Size == 0 {
		return bodySize
	}
	return s.Size
}

// height is that of a line.
func (s Style) height() float64 { return s.size() / pointsPerMM * lineSpacing }

// line is one line of a text, laid out: plain text that the PDF library can set,
// or shaped glyphs in the order they are seen.
type line struct {
	text   string
	shaped []shaping.Output
	source []rune // what the shaped runs were made of
}

// runText is the text of a run in the order it is seen from left to right, as
// programs that read PDFs expect it. The PDF library has no characters beyond
// the first plane of Unicode; they can be seen, but not searched for.
func (l line) runText(run shaping.Output) string {
	text := slices.Clone(l.source[run.Runes.Offset : run.Runes.Offset+run.Runes.Count])
	for i, r := range text {
		if r > 0xffff {
			text[i] = unicode.ReplacementChar
		}
	}
	if run.Direction == di.DirectionRTL {
		slices.Reverse(text)
	}
	return string(text)
}

// typesetter lays out text in any script the fonts hold. The PDF library sets
// one character after the other, which is right for Latin, Greek and Cyrillic
// letters; all else is shaped and ordered first (HarfBuzz, bidi) and then drawn
// as outlines, with the text itself, unseen, over it to be searched and copied.
type typesetter struct {
	regular, bold *font.Face
	others        []*font.Face // parsed when first needed
	shaper        shaping.HarfbuzzShaper
	segmenter     shaping.Segmenter
	wrapper       shaping.LineWrapper
	missing       bool // a character had no glyph
}

func newTypesetter() *typesetter {
	return &typesetter{regular: parse(fonts.Regular), bold: parse(fonts.Bold)}
}

// parse panics where a font cannot be used: it is part of the program.
func parse(data []byte) *font.Face {
	face, err := font.ParseTTF(bytes.NewReader(data))
	if err != nil {
		panic("paper: " + err.Error())
	}
	return face
}

// fallbacks are the fonts of other scripts.
func (t *typesetter) fallbacks() []*font.Face {
	if t.others == nil {
		for _, data := range fonts.Others {
			t.others = append(t.others, parse(data))
		}
	}
	return t.others
}

func (t *typesetter) main(s Style) *font.Face {
	if s.Bold {
		return t.bold
	}
	return t.regular
}

// faceFor finds the font with a glyph for a character; nil where none has one.
func (t *typesetter) faceFor(r rune, s Style) *font.Face {
	if _, ok := t.main(s).NominalGlyph(r); ok {
		return t.main(s)
	}
	for _, f := range t.fallbacks() {
		if _, ok := f.NominalGlyph(r); ok {
			return f
		}
	}
	return nil
}

// joiner characters say how their neighbours join, and are not seen themselves.
func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// honest writes what cannot be shown as its number, so that nothing is left out:
// characters without a glyph, and those that are not seen but change what is.
func (t *typesetter) honest(text string, s Style) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || joiner(r):
			b.WriteRune(r)
		case r == '\t' || r == ' ' || unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || t.faceFor(r, s) == nil:
			t.missing = true
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// simple says whether the PDF library sets a text right: letters that stand
// beside each other from left to right and have glyphs in the main font.
func (t *typesetter) simple(text string, s Style) bool {
	for _, r := range text {
		switch {
		case r >= ' ' && r <= '~':
		case r < 0x0300, r >= 0x0370 && r < 0x0530, r >= 0x1e00 && r < 0x2000, r >= 0x2010 && r < 0x2028,
			r >= 0x2030 && r < 0x205f, r >= 0x20a0 && r < 0x20c0:
			if _, ok := t.main(s).NominalGlyph(r); !ok || unicode.IsControl(r) || unicode.IsMark(r) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// fontmap chooses the font of each character; marks stay with their letter.
type fontmap struct {
	t     *typesetter
	style Style
	last  *font.Face
}

func (m *fontmap) ResolveFace(r rune) *font.Face {
	if m.last != nil && (unicode.IsMark(r) || joiner(r) || r == ' ') {
		if _, ok := m.last.NominalGlyph(r); ok {
			return m.last
		}
	}
	if m.last = m.t.faceFor(r, m.style); m.last == nil {
		m.last = m.t.main(m.style)
	}
	return m.last
}

// direction is that of the first letter that has one.
func direction(text []rune) di.Direction {
	for _, r := range text {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.L:
			return di.DirectionLTR
		case bidi.R, bidi.AL:
			return di.DirectionRTL
		}
	}
	return di.DirectionLTR
}

// shape lays out one paragraph in lines of at most this width in points.
func (t *typesetter) shape(paragraph string, s Style, width float64) []line {
	text := []rune(paragraph)
	input := shaping.Input{
		Text: text, RunStart: 0, RunEnd: len(text), Direction: direction(text), Size: fixed.I(em),
	}
	var runs []shaping.Output
	for _, run := range t.segmenter.Split(input, &fontmap{t: t, style: s}) {
		runs = append(runs, t.shaper.Shape(run))
	}
	wrapped, _ := t.wrapper.WrapParagraph(
		shaping.WrapConfig{Direction: input.Direction}, int(width/s.size()*em), text, shaping.NewSliceIterator(runs),
	)
	var lines []line
	for _, w := range wrapped {
		shaped := slices.Clone(w) // the wrapper uses its lines again
		slices.SortStableFunc(shaped, func(a, b shaping.Output) int { return int(a.VisualIndex - b.VisualIndex) })
		lines = append(lines, line{shaped: shaped, source: text})
	}
	return lines
}

// em is the size text is shaped in; widths are rounded to whole numbers of it.
const em = 1000

// advance is the width of a run in letters of this size, in the size's unit.
func advance(run shaping.Output, size float64) float64 {
	return float64(run.Advance) / 64 / em * size
}

// outline draws the glyphs of a run in letters of this size in points; the pen
// takes page coordinates in points, y downwards. It says whether there was
// anything to draw.
func outline(run shaping.Output, x, y, size float64, pen pen) (drawn bool) {
	unit := size / em / 64 // of the shaper's fixed-point numbers
	scale := size / float64(run.Face.Upem())
	for _, g := range run.Glyphs {
		glyph, _ := run.Face.GlyphData(g.GlyphID).(font.GlyphOutline)
		at := func(p opentype.SegmentPoint) (float64, float64) {
			return x + float64(g.XOffset)*unit + float64(p.X)*scale, y - float64(g.YOffset)*unit - float64(p.Y)*scale
		}
		trace(glyph, at, pen)
		drawn = drawn || len(glyph.Segments) > 0
		x += float64(g.Advance) * unit
	}
	return drawn
}

// trace draws one glyph.
func trace(glyph font.GlyphOutline, at func(opentype.SegmentPoint) (x, y float64), pen pen) {
	var lastX, lastY float64
	for i, seg := range glyph.Segments {
		switch seg.Op {
		case opentype.SegmentOpMoveTo:
			if i > 0 {
				pen.close()
			}
			lastX, lastY = at(seg.Args[0])
			pen.move(lastX, lastY)
		case opentype.SegmentOpLineTo:
			lastX, lastY = at(seg.Args[0])
			pen.line(lastX, lastY)
		case opentype.SegmentOpQuadTo:
			// A quadratic curve as a cubic one.
			cx, cy := at(seg.Args[0])
			toX, toY := at(seg.Args[1])
			pen.curve(lastX+(cx-lastX)*2/3, lastY+(cy-lastY)*2/3, toX+(cx-toX)*2/3, toY+(cy-toY)*2/3, toX, toY)
			lastX, lastY = toX, toY
		case opentype.SegmentOpCubeTo:
			ax, ay := at(seg.Args[0])
			bx, by := at(seg.Args[1])
			lastX, lastY = at(seg.Args[2])
			pen.curve(ax, ay, bx, by, lastX, lastY)
		}
	}
	if len(glyph.Segments) > 0 {
		pen.close()
	}
}

// pen draws a path; in points.
type pen interface {
	move(x, y float64)
	line(x, y float64)
	curve(ax, ay, bx, by, x, y float64)
	close()
}

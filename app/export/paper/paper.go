// Package paper makes A4 pages as PDF: text in any script the fonts hold,
// tables, bars, a gauge. It knows nothing of what it prints.
package paper

import (
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"facematch/assets/fonts"
)

// Params say what is the same on every page.
type Params struct {
	Title   string // of the document, for programs that list it; no name may be in it
	Program string
	// Language of the words, as a BCP 47 tag, for programs that read them aloud.
	Language string
	At       time.Time // when it was made
	Footer   []string  // lines at the bottom of each page
	// Number says which page it is; the number of all pages is put in for its last
	// word, PagesMark.
	Number func(page int, of string) string
}

// pagesMark stands for the number of all pages until it is known.
const pagesMark = "{pages}"

const family = "Noto"

// Paper is a document being made. Errors are kept and returned by Output.
type Paper struct {
	pdf *fpdf.Fpdf
	set *typesetter
	p   Params
	y   float64
}

// New begins a document with its first page.
func New(p Params) *Paper {
	d := &Paper{pdf: fpdf.New("P", "mm", "A4", ""), set: newTypesetter(), p: p}
	d.pdf.SetMargins(margin, margin, margin)
	d.pdf.SetAutoPageBreak(false, 0)
	d.pdf.SetCatalogSort(true)
	d.pdf.SetCreationDate(p.At)
	d.pdf.SetModificationDate(p.At)
	d.pdf.SetTitle(p.Title, true)
	d.pdf.SetProducer(p.Program, true)
	d.pdf.SetLang(p.Language)
	d.pdf.AliasNbPages(pagesMark)
	d.pdf.AddUTF8FontFromBytes(family, "", fonts.Regular)
	d.pdf.AddUTF8FontFromBytes(family, "B", fonts.Bold)
	d.pdf.SetFooterFunc(d.footer)
	d.page()
	return d
}

// Output writes the document.
func (d *Paper) Output(to io.Writer) error { return d.pdf.Output(to) }

// Incomplete says whether a character so far had no glyph, and is printed as its
// number.
func (d *Paper) Incomplete() bool { return d.set.missing }

func (d *Paper) page() {
	d.pdf.AddPage()
	d.y = margin
}

func (d *Paper) footer() {
	grey := Style{Size: smallSize, Colour: Colour{0x55, 0x5d, 0x69}}
	y := pageHeight - margin - footerHeight + 5
	d.rule(y-1.5, Colour{0xc4, 0xc9, 0xd1})
	number := d.p.Number(d.pdf.PageNo(), pagesMark)
	width := d.width(strings.ReplaceAll(number, pagesMark, "000"), grey)
	d.put(pageWidth-margin-width, y, number, grey)
	for _, text := range d.p.Footer {
		for _, l := range d.lines(text, grey, Width-width-6) {
			d.draw(l, margin, y, grey)
			y += grey.height()
		}
	}
}

// Space leaves some room.
func (d *Paper) Space(mm float64) { d.y += mm }

// Need begins a new page where less than this is left.
func (d *Paper) Need(mm float64) {
	if d.y+mm > bottom {
		d.page()
	}
}

// Text prints a paragraph over the whole width.
func (d *Paper) Text(text string, s Style) {
	for _, l := range d.lines(text, s, Width) {
		d.Need(s.height())
		d.draw(l, margin, d.y, s)
		d.y += s.height()
	}
}

// Heading begins a section, never at the end of a page.
func (d *Paper) Heading(text string) {
	d.Space(4)
	d.Need(22)
	d.Text(text, Style{Size: 11, Bold: true, Colour: Colour{0x1c, 0x1f, 0x24}})
	d.Space(1)
}

// lines lays a text out in lines of at most this width in mm.
func (d *Paper) lines(text string, s Style, width float64) []line {
	text = d.set.honest(strings.ToValidUTF8(text, "\uFFFD"), s)
	var lines []line
	for paragraph := range strings.SplitSeq(text, "\n") {
		if d.set.simple(paragraph, s) {
			for _, l := range d.split(paragraph, s, width) {
				lines = append(lines, line{text: l})
			}
		} else {
			lines = append(lines, d.set.shape(paragraph, s, width*pointsPerMM)...)
		}
	}
	return lines
}

// split breaks a simple text at blanks and, where a word is too long for a line,
// in the word.
func (d *Paper) split(text string, s Style, width float64) []string {
	if d.width(text, s) <= width {
		return []string{text}
	}
	var lines []string
	current := ""
	for word := range strings.SplitSeq(text, " ") {
		joined := word
		if current != "" {
			joined = current + " " + word
		}
		if d.width(joined, s) <= width {
			current = joined
			continue
		}
		if current != "" {
			lines = append(lines, current)
		}
		current = word
		for d.width(current, s) > width {
			head := d.fitting(current, s, width)
			lines = append(lines, current[:head])
			current = current[head:]
		}
	}
	return append(lines, current)
}

// fitting is how many bytes of a word fit into a line; at least one character.
func (d *Paper) fitting(word string, s Style, width float64) int {
	fits := 0
	for i, r := range word {
		end := i + len(string(r))
		if fits > 0 && d.width(word[:end], s) > width {
			break
		}
		fits = end
	}
	return fits
}

// width is that of a simple text in mm.
func (d *Paper) width(text string, s Style) float64 {
	d.use(s)
	return d.pdf.GetStringWidth(text)
}

func (d *Paper) use(s Style) {
	bold := ""
	if s.Bold {
		bold = "B"
	}
	d.pdf.SetFont(family, bold, s.size())
	d.pdf.SetTextColor(int(s.Colour.R), int(s.Colour.G), int(s.Colour.B))
}

// draw prints a line with its upper edge at y.
func (d *Paper) draw(l line, x, y float64, s Style) {
	base := y + s.size()/pointsPerMM
	if l.shaped == nil {
		d.use(s)
		d.pdf.Text(x, base, l.text)
		return
	}
	d.pdf.SetFillColor(int(s.Colour.R), int(s.Colour.G), int(s.Colour.B))
	for _, run := range l.shaped {
		if outline(run, x*pointsPerMM, base*pointsPerMM, s.size(), path{d.pdf}) {
			d.pdf.DrawPath("f")
		}
		d.use(s)
		d.pdf.SetTextRenderingMode(invisible)
		d.pdf.Text(x, base, l.runText(run))
		d.pdf.SetTextRenderingMode(visible)
		x += advance(run, s.size()) / pointsPerMM
	}
}

// How a PDF shows text.
const (
	visible   = 0
	invisible = 3
)

// put prints a simple text.
func (d *Paper) put(x, y float64, text string, s Style) { d.draw(line{text: text}, x, y, s) }

// path draws outlines into the PDF.
type path struct{ pdf *fpdf.Fpdf }

func (p path) move(x, y float64) { p.pdf.MoveTo(x/pointsPerMM, y/pointsPerMM) }
func (p path) line(x, y float64) { p.pdf.LineTo(x/pointsPerMM, y/pointsPerMM) }
func (p path) close()            { p.pdf.ClosePath() }
func (p path) curve(ax, ay, bx, by, x, y float64) {
	p.pdf.CurveBezierCubicTo(ax/pointsPerMM, ay/pointsPerMM, bx/pointsPerMM, by/pointsPerMM, x/pointsPerMM, y/pointsPerMM)
}

func (d *Paper) rule(y float64, c Colour) {
	d.pdf.SetDrawColor(int(c.R), int(c.G), int(c.B))
	d.pdf.SetLineWidth(0.2)
	d.pdf.Line(margin, y, pageWidth-margin, y)
}

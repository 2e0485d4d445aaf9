//go:build e2e

package e2e

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// verdicts are the words a check can end with, in capitals and alone: prose
// that says "pass" does not count.
var verdicts = regexp.MustCompile(`\b(PASS|REFER|FAIL|NOT\s+COMPARED|COULD\s+NOT\s+RUN|CANCELLED)\b`)

// read gives the large words on a picture. It is made smaller first: the verdict
// then has the size that reads best, and small print can no longer be read, which
// must not count. It is read in several ways, since no one of them keeps every
// colour: in grey, and by the strongest channel, in which red on black stands out.
func (d *desktop) read(picture string) string {
	d.t.Helper()
	page := filepath.Join(d.t.TempDir(), "page.pgm")
	var text strings.Builder
	for _, way := range [][]string{
		{"-colorspace", "Gray", "-resize", "50%"},
		{"-colorspace", "HSB", "-channel", "B", "-separate", "-resize", "50%"},
		{"-colorspace", "HSB", "-channel", "B", "-separate", "-resize", "67%"},
	} {
		d.tool("convert", slices.Concat([]string{picture}, way, []string{page})...)
		text.WriteString(d.tool("tesseract", page, "stdout", "--psm", "11", "-l", "eng"))
	}
	return text.String()
}

// prose gives the small print on a part of a picture (such as 800x600+10+20) as
// one line. It is made larger first.
func (d *desktop) prose(picture, part string) string {
	d.t.Helper()
	page := filepath.Join(d.t.TempDir(), "page.pgm")
	d.tool("convert", picture, "-crop", part, "+repage", "-colorspace", "Gray", "-resize", "200%", "-normalize", page)
	return strings.Join(strings.Fields(d.tool("tesseract", page, "stdout", "--psm", "6", "-l", "eng")), " ")
}

// verdictIn gives the one verdict word on a picture, in lower case as the
// history has it; empty where there is none or more than one.
func (d *desktop) verdictIn(picture string) string {
	d.t.Helper()
	var found []string
	for _, word := range verdicts.FindAllString(d.read(picture), -1) {
		found = append(found, strings.ToLower(strings.Join(strings.Fields(word), " ")))
	}
	slices.Sort(found)
	if found = slices.Compact(found); len(found) != 1 {
		return ""
	}
	return found[0]
}

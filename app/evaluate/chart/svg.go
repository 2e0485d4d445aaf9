package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// style follows the light or dark mode of the screen. Its names have a prefix because in an
// HTML page they apply to the whole page. The first two colours differ for colour-blind
// eyes too (Okabe and Ito, 2008), and the second line is dashed.
const style = `.fm-chart{color:#202124}
.fm-chart text{font:13px "Liberation Sans",Arial,sans-serif;fill:currentColor}
.fm-chart polyline{fill:none;stroke:currentColor;stroke-width:1;stroke-linejoin:round}
.fm-chart polygon{stroke:none;fill-opacity:.16}
.fm-chart .fm-grid{stroke:#dee0e4}
.fm-chart .fm-mark{stroke-dasharray:3 3}
.fm-chart .fm-first{stroke:#005ea2;stroke-width:2}
.fm-chart .fm-second{stroke:#c44e00;stroke-width:2;stroke-dasharray:7 7}
.fm-chart polygon.fm-first{fill:#005ea2}
.fm-chart polygon.fm-second{fill:#c44e00}
@media screen and (prefers-color-scheme:dark){.fm-chart{color:#e8eaed}
.fm-chart .fm-grid{stroke:#44474c}
.fm-chart .fm-first{stroke:#7ab8f5}.fm-chart polygon.fm-first{fill:#7ab8f5}
.fm-chart .fm-second{stroke:#f5a262}.fm-chart polygon.fm-second{fill:#f5a262}}`

// SVG draws the chart as SVG without a background, to stand alone or in a page.
func (c Chart) SVG() []byte {
	s := &svg{}
	fmt.Fprintf(
		s,
		`<svg xmlns="http://www.w3.org/2000/svg" class="fm-chart" `+
			`viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" aria-label="%s">`,
		width,
		height,
		escape(c.Title),
	)
	fmt.Fprintf(s, "\n<title>%s</title>\n<style>%s</style>\n", escape(c.Title), style)
	c.draw(s)
	s.WriteString("</svg>\n")
	return s.Bytes()
}

type svg struct{ bytes.Buffer }

func (s *svg) line(points []point, class string) { s.shape("polyline", points, class) }
func (s *svg) area(points []point, class string) { s.shape("polygon", points, class) }

func (s *svg) shape(kind string, points []point, class string) {
	places := make([]string, len(points))
	for i, at := range points {
		places[i] = fmt.Sprintf("%.1f,%.1f", at.x, at.y)
	}
	fmt.Fprintf(s, "<%s class=\"fm-%s\" points=\"%s\"/>\n", kind, class, strings.Join(places, " "))
}

func (s *svg) text(at point, a align, words string) {
	fmt.Fprintf(s, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
		at.x, at.y, [...]string{"start", "middle", "end"}[a], escape(words))
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // writing to a strings.Builder cannot fail
	return b.String()
}

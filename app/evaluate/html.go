package evaluate

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"slices"

	"facematch/app/evaluate/chart"
)

//go:embed report.html
var page string

// HTML is the report as one page that needs no other file.
func (r *Report) HTML(w Words) ([]byte, error) {
	view := htmlView{Report: r, words: words{w, r}}
	t, err := template.New("report").Funcs(template.FuncMap{
		"t": w.T, "notice": w.Notice, "number": number, "share": share, "rate": rate, "bounds": bounds, "people": people,
		"power": power, "oneIn": oneIn, "times": times, "terms": func() []string { return terms },
		"decimal2": func(p *float64) string { return decimal2(*p) },
	}).Parse(page)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, view); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return b.Bytes(), nil
}

// htmlView is what the page asks of a report.
type htmlView struct {
	*Report
	words words
}

func (v htmlView) Threshold(x float64) string          { return v.threshold(x) }
func (v htmlView) Reason(r Reason) string              { return v.words.reason(r) }
func (v htmlView) Unsupported(t Target) string         { return v.words.unsupported(t) }
func (v htmlView) Calibration() string                 { return v.words.calibration() }
func (v htmlView) Conditions() []string                { return v.words.conditions() }
func (v htmlView) Shares() []keyed[Measure]            { return v.words.decisions() }
func (v htmlView) Acquisitions() []keyed[*Acquisition] { return v.words.acquisitions() }
func (v htmlView) RarityOf(r Rarity) string            { return v.words.rarity(r) }
func (v htmlView) Summaries() []keyed[*Summary]        { return v.words.summaries() }
func (v htmlView) HasDET() bool                        { return len(v.words.detPoints()) > 1 }
func (v htmlView) DETChart() template.HTML             { return inline(v.words.detChart()) }
func (v htmlView) ScoreChart() template.HTML           { return inline(v.words.scoreChart()) }

// inline is a chart as part of a page. Its words are escaped by the chart.
func inline(c chart.Chart) template.HTML { return template.HTML(c.SVG()) }

// detChart is the detection error trade-off curve, on powers of ten both ways.
func (w words) detChart() chart.Chart {
	c := chart.Chart{
		Title: w.T("evaluate.det_title", "Data", w.Data),
		X: chart.Axis{
			Label: w.T("evaluate.fmr_axis"), Min: floorPower(1 / float64(max(w.Impostor, 10))), Max: 1, Log: true,
			Format: percentTick,
		},
		Y: chart.Axis{
			Label: w.T("evaluate.fnmr_axis"), Min: floorPower(1 / float64(max(w.Genuine, 10))), Max: 1, Log: true,
			Format: percentTick,
		},
	}
	c.Curves = []chart.Curve{{Points: w.detPoints()}}
	return c
}

// detPoints are the points of the curve, FMR rising. One without a false
// non-match has no place on an axis of powers.
func (w words) detPoints() (points [][2]float64) {
	for _, p := range slices.Backward(w.DET) {
		if p.FNMR > 0 {
			points = append(points, [2]float64{p.FMR, p.FNMR})
		}
	}
	return points
}

// scoreChart is the histogram of both kinds, each as shares of its own: there
// are a thousand times as many impostor pairs.
func (w words) scoreChart() chart.Chart {
	genuine := chart.Curve{
		Label: w.T("evaluate.genuine_curve", "Count", w.Genuine, "Number", number(w.Genuine)), Filled: true,
	}
	impostor := chart.Curve{
		Label: w.T("evaluate.impostor_curve", "Count", w.Impostor, "Number", number(w.Impostor)), Filled: true,
		Second: true,
	}
	most := 0.0
	add := func(c *chart.Curve, b Bin, n, of int) {
		y := float64(n) / float64(max(of, 1))
		c.Points = append(c.Points, [2]float64{b.From, y}, [2]float64{b.To, y})
		most = math.Max(most, y)
	}
	for _, b := range w.Histogram {
		add(&genuine, b, b.Genuine, w.Genuine)
		add(&impostor, b, b.Impostor, w.Impostor)
	}
	c := chart.Chart{
		Title: w.T("evaluate.scores_title", "Data", w.Data),
		X: chart.Axis{
			Label: w.T("evaluate.axis_" + w.Unit), Min: w.Histogram[0].From, Max: w.Histogram[len(w.Histogram)-1].To,
			Format: short2,
		},
		Y:     chart.Axis{Label: w.T("evaluate.share_axis"), Min: 0, Max: most * 1.05, Format: percentTick},
		Marks: w.marks(),
	}
	if w.Genuine > 0 {
		c.Curves = append(c.Curves, genuine)
	}
	if w.Impostor > 0 {
		c.Curves = append(c.Curves, impostor)
	}
	return c
}

// floorPower is the power of ten at or below x.
func floorPower(x float64) float64 { return math.Pow(10, math.Floor(math.Log10(x)+1e-9)) }

func percentTick(x float64) string { return short2(100*x) + " %" }

// short2 is a tick's value without the dust of binary fractions.
func short2(x float64) string { return short(math.Round(x*1e6) / 1e6) }

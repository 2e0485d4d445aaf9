package evaluate

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// textWidth is that of a terminal.
const textWidth = 80

// Text is the report for a terminal, 80 columns wide.
func (r *Report) Text(w Words) []byte {
	t := &text{words: words{w, r}}
	t.head()
	t.acquisition()
	if r.Decisions != nil {
		t.tellDecisions()
	}
	t.rates()
	t.tellAnchors()
	t.groups()
	t.scores()
	t.paragraphs()
	return t.Bytes()
}

type text struct {
	bytes.Buffer
	words
}

// line writes a line without blanks at its end.
func (t *text) line(format string, args ...any) {
	t.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (t *text) title(key string, params ...any) { t.line("\n%s", t.T(key, params...)) }

func (t *text) fact(key, value string) { t.wrap(fmt.Sprintf("  %-16s ", t.T(key)), value) }

// wrap writes words behind a lead, and under each other where they are too long.
func (t *text) wrap(lead, words string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(lead))
	line, bare := lead, true
	for _, word := range strings.Fields(words) {
		if !bare && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > textWidth {
			t.line("%s", line)
			line, bare = indent, true
		}
		if !bare {
			line += " "
		}
		line, bare = line+word, false
	}
	t.line("%s", line)
}

func (t *text) head() {
	t.wrap("", t.T("evaluate.title", "Data", t.Data))
	t.fact("evaluate.kind", t.T("evaluate.kind_"+string(t.Kind)))
	if t.Part != "" {
		t.fact("evaluate.part", t.Part)
	}
	t.fact("evaluate.made", t.Made.Format("2006-01-02 15:04 MST"))
	t.fact("evaluate.program", t.Program)
	t.fact("evaluate.engine", t.Engine.Engine)
	t.fact("evaluate.calibration", t.calibration())
	for _, m := range t.Engine.Models {
		t.line("  %-16s %s\n    %s", t.T("evaluate.model"), m.Name, m.SHA256)
	}
	if t.People > 0 {
		t.fact("evaluate.people", number(t.People))
	}
	t.fact("evaluate.pairs", t.T("evaluate.counts", "Genuine", number(t.Genuine), "Impostor", number(t.Impostor)))
	if n := t.NotCompared; n.Genuine+n.Impostor > 0 {
		t.fact("evaluate.not_compared", t.T("evaluate.counts", "Genuine", number(n.Genuine), "Impostor", number(n.Impostor)))
	}
	if t.EER != nil {
		t.fact("evaluate.eer", share(t.EER.Rate)+" %, "+t.T("evaluate.at_"+t.Unit, "Threshold", t.threshold(t.EER.Threshold)))
	}
}

func (t *text) acquisition() {
	t.title("evaluate.acquisition")
	for _, of := range t.acquisitions() {
		a := of.Value
		t.fact(of.Key, t.T("evaluate.acquired", "Files", number(a.Files), "Acquired", number(a.Acquired)))
		for _, reasons := range [][]Reason{a.Failed, a.Unreadable} {
			for _, r := range reasons {
				t.wrap(fmt.Sprintf("%19s%s  ", "", number(r.Count)), t.reason(r))
			}
		}
		t.wrap(strings.Repeat(" ", 19), t.T("evaluate.fta")+" "+t.cell(a.FTA))
	}
}

// cell is a share with its bounds and the number of errors.
func (t *text) cell(m Measure) string {
	if m.Rate == nil {
		return rate(m)
	}
	return fmt.Sprintf("%s (%s), %s", rate(m), bounds(m), number(m.Errors))
}

func (t *text) tellDecisions() {
	t.title("evaluate.decisions")
	for _, c := range t.conditions() {
		t.wrap("  ", c)
	}
	t.line(
		"  %-12s %8s %8s %8s %14s", "", t.T("evaluate.pass"), t.T("evaluate.refer"), t.T("evaluate.fail"),
		t.T("evaluate.not_compared_column"),
	)
	for _, o := range []struct {
		key string
		Outcomes
	}{{"evaluate.genuine", t.Decisions.Genuine}, {"evaluate.impostor", t.Decisions.Impostor}} {
		t.line("  %-12s %8s %8s %8s %14s", t.T(o.key), number(o.Pass), number(o.Refer), number(o.Fail), number(o.NotCompared))
	}
	t.line("  %-34s %-30s %s", "", t.T("evaluate.share_column"), t.T("evaluate.people_column"))
	for _, d := range t.decisions() {
		t.line("  %-34s %-30s %s", t.T(d.Key), t.cell(d.Value), people(d.Value))
	}
	if len(t.Rarity) > 0 {
		t.title("evaluate.rarity")
		for _, r := range t.Rarity {
			t.line("  %-6s %s", short(r.Score), t.rarity(r))
		}
	}
}

func (t *text) rates() {
	t.title("evaluate.rates")
	t.rateHead("evaluate.target")
	for _, target := range t.Targets {
		if !target.Supported {
			t.line("  %-4s  %s", power(target.Target), t.unsupported(target))
			continue
		}
		t.rate(power(target.Target), target)
	}
}

func (t *text) tellAnchors() {
	if len(t.Anchors) == 0 {
		return
	}
	t.title("evaluate.anchors")
	t.rateHead("evaluate.percentage")
	for _, a := range t.Anchors {
		t.rate(short(a.Target), a)
	}
}

func (t *text) rateHead(first string) {
	t.row(
		t.T(first), t.T("evaluate.unit_"+t.Unit), t.T("evaluate.percentage_column"), t.T("evaluate.fmr_column"),
		t.T("evaluate.fnmr_column"),
	)
}

func (t *text) rate(name string, a Target) {
	percentage := ""
	if a.Percentage != nil {
		percentage = decimal2(*a.Percentage)
	}
	t.row(name, t.threshold(*a.Threshold), percentage, t.cell(*a.FMR), t.cell(*a.FNMR))
}

// row writes a row of rates; a score has no percentage beside it.
func (t *text) row(name, threshold, percentage, fmr, fnmr string) {
	if t.Unit == (percentages{}).name() {
		t.line("  %-4s %8s  %-31s %s", name, threshold, fmr, fnmr)
		return
	}
	t.line("  %-4s %8s %6s  %-30s %s", name, threshold, percentage, fmr, fnmr)
}

func (t *text) groups() {
	if len(t.Groups) == 0 {
		return
	}
	t.title("evaluate.groups")
	t.groupTable(t.Groups)
	t.wrap("  ", t.T("evaluate.groups_explained"))
	if t.Alone == nil {
		return
	}
	t.title("evaluate.alone")
	t.line(
		"    %-5s %-8s %-31s%s", t.T("evaluate.target"), t.T("evaluate.unit_distance"), t.T("evaluate.fmr_column"),
		t.T("evaluate.fnmr_column"),
	)
	t.wrap("  ", t.T("evaluate.whole"))
	for _, a := range t.Alone.Targets {
		if !a.Supported {
			t.line("    %-5s %s", power(a.Target), t.unsupported(a))
			continue
		}
		t.line("    %-5s %-8s %-31s%s", power(a.Target), t.threshold(*a.Threshold), t.cell(*a.FMR), t.cell(*a.FNMR))
	}
	t.groupTable(t.Alone.Groups)
	t.wrap("  ", t.T("evaluate.alone_explained"))
}

func (t *text) groupTable(groups []Group) {
	t.line(
		"    %-5s %-31s%-7s %s", t.T("evaluate.target"), t.T("evaluate.fmr_column"), t.T("evaluate.ratio"),
		t.T("evaluate.fnmr_column"),
	)
	for _, g := range groups {
		t.wrap("  ", t.T("evaluate.group", "Name", g.Name, "Genuine", number(g.Genuine), "Impostor", number(g.Impostor)))
		for _, at := range g.At {
			t.line("    %-5s %-31s%-7s %s", power(at.Target), t.cell(at.FMR), times(at), t.cell(at.FNMR))
		}
		if g.Direction {
			t.wrap("    ", t.T("evaluate.direction"))
		}
	}
}

func (t *text) scores() {
	t.title("evaluate.scores_" + t.Unit)
	t.line(
		"  %-10s %9s %9s %9s %9s %9s %9s", "", t.T("evaluate.lowest"), "5 %", t.T("evaluate.median"), "95 %",
		t.T("evaluate.highest"), t.T("evaluate.mean"),
	)
	for _, of := range t.summaries() {
		line, s := fmt.Sprintf("  %-10s", t.T(of.Key)), of.Value
		for _, x := range []float64{s.Min, s.P5, s.Median, s.P95, s.Max, s.Mean} {
			line += fmt.Sprintf(" %9s", t.threshold(x))
		}
		t.line("%s", line)
	}
}

func (t *text) paragraphs() {
	t.title("evaluate.notes")
	for _, n := range t.Notes {
		t.wrap("  - ", t.Notice(n))
	}
	t.title("evaluate.terms")
	for _, term := range terms {
		t.wrap(fmt.Sprintf("  %-9s ", t.T(term)), t.T(term+"_means"))
	}
}

// CalibrationText says what the calibration that was asked for promises.
func (r *Report) CalibrationText(w Words) []byte {
	t := &text{words: words{w, r}}
	if p := r.Calibration.Pairs; r.Kind == PeopleTest {
		t.wrap("", t.T("evaluate.calibrated_pairs", "Genuine", number(p.Genuine), "Impostor", number(p.Impostor)))
		t.line(
			"  %-6s %9s  %-24s %s", t.T("evaluate.percentage"), t.T("evaluate.unit_distance"), t.T("evaluate.mark_fmr"),
			t.T("evaluate.mark_fnmr"),
		)
		for _, m := range p.Marks {
			t.line("  %-6s %9.4f  %-24s %s", short(m.Percentage), m.Distance, mark(m.FMR, m.FMRHigh), mark(m.FNMR, m.FNMRHigh))
		}
		if noBand(p) {
			t.wrap("  ", t.T("evaluate.no_band"))
		}
	} else {
		c := r.Calibration.Checks
		t.wrap("", t.T("evaluate.calibrated_checks", "Genuine", number(c.Genuine), "Impostor", number(c.Impostor)))
	}
	return t.Bytes()
}

// mark is a share and what it is at most.
func mark(rate, high float64) string { return share(rate) + " % (" + share(high) + " %)" }

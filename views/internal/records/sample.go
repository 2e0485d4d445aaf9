package records

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/records/detail"
	"facematch/views/internal/records/exporting"
)

const (
	usualSample   = 25  // checks of a sample, unless another number is typed
	earlierHeight = 190 // of the list of earlier samples
)

// picked are the checks of a sample as a history of their own: in the order in which they were
// drawn, whatever filter and order are asked for.
type picked struct {
	Reader
	checks []history.Picked
}

// List is part of Reader.
func (p *picked) List(ctx context.Context, f history.Filter) ([]history.Row, error) {
	at := 0
	if f.After != nil {
		at = 1 + slices.IndexFunc(p.checks, func(c history.Picked) bool { return c.Check == f.After.Check })
	}
	var rows []history.Row
	for ; at < len(p.checks) && (f.Limit == 0 || len(rows) < f.Limit); at++ {
		found, err := p.Reader.List(ctx, history.Filter{Check: p.checks[at].Check, Limit: 1})
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, nil
}

// Count is part of Reader.
func (p *picked) Count(ctx context.Context, _ history.Filter) (history.Counts, error) {
	all := history.Counts{ByOutcome: map[history.Outcome]int64{}}
	for _, c := range p.checks {
		one, err := p.Reader.Count(ctx, history.Filter{Check: c.Check})
		if err != nil {
			return history.Counts{}, err
		}
		all.Total += one.Total
		all.Undecided += one.Undecided
		all.Identified += one.Identified
		for outcome, n := range one.ByOutcome {
			all.ByOutcome[outcome] += n
		}
	}
	return all, nil
}

// sampleBar says in the filters' place which sample is shown, and how far it was looked at.
type sampleBar struct {
	of    history.Sampled // what is shown, where the bar is
	far   *widget.Label
	about *widget.Label
	back  *kit.Button
	box   *fyne.Container
}

func newSampleBar(p kit.Parts, back func()) *sampleBar {
	b := &sampleBar{far: kit.Bold(""), about: kit.Small("")}
	b.far.SizeName = theme.SizeNameSubHeadingText
	b.far.Wrapping = fyne.TextWrapWord
	b.back = p.Keys.Button(p.Words.T("sample.back"), theme.NavigateBackIcon(), back)
	b.box = container.NewStack(draw.NewFrame(theme.ColorNamePrimary), container.NewPadded(container.NewBorder(
		nil, nil, nil, container.NewVBox(b.back), container.NewVBox(b.far, b.about),
	)))
	b.box.Hide()
	return b
}

func (b *sampleBar) set(w kit.Words, of history.Sampled) {
	b.of = of
	again := "sample.again"
	if len(of.Heads) > 0 {
		again = "sample.again_centre"
	}
	b.far.SetText(w.T("sample.far", "Looked", len(of.Looks), "Count", len(of.Checks)))
	b.about.SetText(w.T("sample.about", "Count", len(of.Checks), "Of", app.FormatNumber(int(of.Of)),
		"Operator", of.Operator, "At", kit.Date(of.At), "Filter", export.FilterWords(of.Filter, false, w.Catalogue)) +
		"\n" + w.T(again, "Seed", of.Seed, "Head", of.Head, "Records", app.FormatNumber(int(of.Head)),
		"Count", len(of.Heads)))
}

// PickSample asks how many checks of those that are shown are to be picked at random, or for the
// file of a sample that is to be picked again, and offers the samples that were picked before.
func (s *Screen) PickSample() {
	f := kit.NewFormDialog(s.Parts, "sample.pick", theme.ViewRefreshIcon())
	from, filter := s.base(), s.filtered
	count := f.Field("sample.how_many")
	count.SetText(strconv.Itoa(usualSample))
	number := func() int {
		n, _ := strconv.Atoi(strings.TrimSpace(count.Text))
		return n
	}
	file := f.Entry()
	file.SetPlaceHolder(s.Words.T("sample.of_another"))
	f.Add("sample.of_file", container.NewBorder(nil, nil, nil, s.Keys.Button(
		s.Words.T("sample.browse"), theme.FolderOpenIcon(), func() { s.hooks.ChooseSample(file.SetText) },
	), file))
	path := func() string { return strings.TrimSpace(file.Text) }
	shown := s.counted.Total
	f.Stops = true // of ten million checks it takes a while
	s.endSample = f.Stop
	f.Missing = func() string {
		kit.Enable(count, path() == "")
		switch n := number(); {
		case path() != "":
			return ""
		case s.sample == nil && shown == 0:
			return "sample.none"
		case n < 1 || n > app.MaxSample:
			return "sample.number"
		}
		return ""
	}
	var sample history.Sample
	f.Begin = func() func(context.Context) error {
		asked, file := history.Sampling{Filter: filter, Count: number()}, path()
		return func(ctx context.Context) (err error) {
			if file != "" {
				sample, err = pickAgain(ctx, from, file)
			} else {
				sample, err = from.Sample(ctx, asked)
			}
			return err
		}
	}
	f.Done = func() {
		if from == s.base() {
			s.showSample(history.Sampled{At: s.now(), Sample: sample})
		}
	}
	earlier := container.NewVBox(kit.Wrapped(s.Words.T("form.wait")))
	scroll := container.NewVScroll(earlier)
	scroll.SetMinSize(fyne.NewSize(0, earlierHeight))
	f.Add("sample.earlier", scroll)
	about := s.Words.T("sample.what", "Count", shown, "Number", app.FormatNumber(int(shown)))
	if s.sample != nil {
		about = s.Words.T("sample.what_again")
	}
	f.Show("sample.title", about, s.Words.T("sample.recorded"))
	s.Work.Start(func(ctx context.Context) {
		samples, err := from.Samples(ctx)
		if from == Reader(s.desk) { // those of other histories are offered there
			samples = slices.DeleteFunc(samples, func(one history.Sampled) bool { return one.Database != "" })
		}
		s.Work.Do(func() {
			earlier.RemoveAll()
			switch {
			case err != nil:
				if ctx.Err() == nil {
					s.Log("samples", err)
				}
				earlier.Add(kit.Wrapped(s.Words.ProblemText(err)))
			case len(samples) == 0:
				earlier.Add(kit.Wrapped(s.Words.T("sample.none_earlier")))
			}
			for _, one := range slices.Backward(samples) {
				text := s.Words.T("sample.line", "At", kit.Date(one.At), "Operator", one.Operator, "Looked", len(one.Looks),
					"Count", len(one.Checks))
				open := s.Keys.Button(text, theme.FolderOpenIcon(), func() {
					f.Close()
					if from == s.base() {
						s.showSample(one)
					}
				})
				open.Alignment = widget.ButtonAlignLeading
				earlier.Add(open)
				earlier.Add(kit.Small(export.FilterWords(one.Filter, false, s.Words.Catalogue)))
			}
			scroll.Refresh()
		})
	})
}

// pickAgain picks the checks of a sample in a file again.
func pickAgain(ctx context.Context, from Reader, file string) (history.Sample, error) {
	before, err := app.ReadSampleFile(file)
	if err != nil {
		return history.Sample{}, err
	}
	again, err := from.Sample(ctx, before.Sampling)
	if err == nil {
		err = app.SameChecks(before, again)
	}
	return again, err
}

// showSample shows the checks of a sample in the place of those of the filters.
func (s *Screen) showSample(of history.Sampled) {
	s.closeDetail()
	s.sample = &picked{Reader: s.base(), checks: of.Checks}
	s.sampled.set(s.Words, of)
	s.showSampled(true)
	s.ask()
}

// closeSample goes back to the filters.
func (s *Screen) closeSample() {
	if s.sample == nil {
		return
	}
	s.leaveSample()
	s.ask()
}

func (s *Screen) leaveSample() {
	if s.sample == nil {
		return
	}
	s.closeDetail()
	s.sample = nil
	s.sampled.of = history.Sampled{}
	s.showSampled(false)
}

// showSampled shows what a sample needs, and hides what belongs to the filters.
func (s *Screen) showSampled(on bool) {
	kit.SetVisible(s.sampled.box, on)
	kit.SetVisible(s.filter.box, !on)
	kit.SetVisible(s.order, !on)
	kit.SetVisible(s.showOverview, !on)
	kit.Enable(s.byTime, !on)
	kit.Enable(s.byScore, !on)
	s.showSort()
	if on {
		s.openOverview(false)
	}
	s.rows, s.complete = nil, true
	s.list.at = 0
	s.area.Refresh()
}

// mark is how a check stands in the sample that is shown; nil: none is shown.
func (s *Screen) mark(check string) fyne.Resource {
	if s.sample == nil {
		return nil
	}
	if _, looked := s.sampled.of.Look(check); looked {
		return theme.CheckButtonCheckedIcon()
	}
	return theme.CheckButtonIcon()
}

// inSample says what the detail of a check shows of the sample; nil: none is shown.
func (s *Screen) inSample(row history.Row) *detail.Sample {
	if s.sample == nil {
		return nil
	}
	of := s.sampled.of
	at := slices.IndexFunc(of.Checks, func(p history.Picked) bool { return p.Check == row.Check })
	if at < 0 { // another attempt of the same session
		return nil
	}
	in := &detail.Sample{Number: at + 1, Of: len(of.Checks), Look: func() { s.look(row) }}
	if look, looked := of.Look(row.Check); looked {
		in.Looked = &look
	}
	for i := range of.Checks {
		next := of.Checks[(at+1+i)%len(of.Checks)].Check
		if _, looked := of.Look(next); !looked && next != row.Check {
			in.Next = func() { s.open(next) }
			break
		}
	}
	return in
}

// MarkLooked asks for the remark about the check that is open, where it is in a sample.
func (s *Screen) MarkLooked() {
	if s.detail != nil && s.detail.Of.Sample != nil {
		s.detail.Of.Sample.Look()
	}
}

// look marks a check of the sample as looked at, with a remark.
func (s *Screen) look(row history.Row) {
	f := kit.NewFormDialog(s.Parts, "sample.mark", theme.ConfirmIcon())
	sample, from := s.sampled.of.Sample.Sample, s.base()
	remark := s.Keys.Note(3, func(string) { f.Update() })
	if look, looked := s.sampled.of.Look(row.Check); looked {
		remark.SetText(look.Text)
	}
	f.Add("sample.remark", remark)
	var now history.Sampled
	f.Begin = func() func(context.Context) error {
		text := remark.Text
		return func(ctx context.Context) error {
			if err := s.desk.LookedAt(ctx, sample, row.Check, text); err != nil {
				return err
			}
			samples, err := from.Samples(ctx)
			if i := slices.IndexFunc(samples, func(one history.Sampled) bool { return one.Sample.Sample == sample }); i >= 0 {
				now = samples[i]
			}
			return err
		}
	}
	f.Done = func() {
		if s.sample == nil || s.sampled.of.Sample.Sample != sample || now.Sample.Sample != sample {
			return
		}
		s.sampled.set(s.Words, now)
		s.list.Refresh()
		if s.sought == row.Check {
			s.open(row.Check)
		}
	}
	f.Show("sample.mark_title", s.Words.T("sample.mark_what"))
}

// exported is what can be exported of what is shown; check: the one that is open, or none.
func (s *Screen) exported(check string) exporting.Query {
	q := exporting.Query{Check: check, Filter: s.filtered, Count: s.counted.Total, From: s.Other}
	if s.sample != nil {
		q.Sample = s.sampled.of.Sample.Sample
		for _, c := range s.sampled.of.Checks {
			q.Checks = append(q.Checks, c.Check)
		}
	}
	return q
}

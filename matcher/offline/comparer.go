package offline

import (
	"context"
	"errors"
	"slices"

	"facematch/matcher"
)

var _ matcher.Comparer = (*Matcher)(nil)

// template is what is kept of a picture: its descriptor.
type template descriptor

// Document looks at a document; see matcher.Comparer. Its problems are those of
// Load and of the portrait finder.
func (m *Matcher) Document(ctx context.Context, file matcher.Blob) (matcher.Template, matcher.Side, error) {
	return m.template(ctx, matcher.Request{Page: file})
}

// Photograph looks at a photograph; see matcher.Comparer.
func (m *Matcher) Photograph(ctx context.Context, file matcher.Blob) (matcher.Template, matcher.Side, error) {
	p, err := m.params.Portraits.Portrait(ctx, file)
	if err == nil && p.Page == nil {
		err = matcher.NewProblem("problem.internal", errors.New("a photograph without a page"))
	}
	if err != nil {
		return nil, matcher.Side{}, err
	}
	all, err := m.params.Engine.find(ctx, p.Page)
	if err != nil {
		return nil, matcher.Side{}, err
	}
	if len(all) > 0 {
		f := nearest(all, middle(p.Page.Rect.Min, p.Page.Rect.Max))
		if p.Code != matcher.CodeOK || !middle(f.Box.Min, f.Box.Max).In(p.Box) {
			p.Code, p.Image, p.Box, p.Eyes = matcher.CodeOK, matcher.CropFace(p.Page, f.Face), f.Box, f.Eyes
		}
	}
	return m.template(ctx, matcher.Request{Portrait: &p})
}

func (m *Matcher) template(ctx context.Context, req matcher.Request) (matcher.Template, matcher.Side, error) {
	end, err := m.params.Engine.begin(ctx)
	if err != nil {
		return nil, matcher.Side{}, err
	}
	defer end()
	portrait, d, err := m.portrait(ctx, req)
	if err != nil {
		return nil, matcher.Side{}, err
	}
	side := matcher.Anchor(portrait.Code, portrait.Flaw)
	if portrait.Code != matcher.CodeOK {
		return nil, side, nil
	}
	return template(d), side, nil
}

// Clip looks at a clip; see matcher.Comparer. Its problems are those of Match
// that concern the clip.
func (m *Matcher) Clip(ctx context.Context, file matcher.Blob) (matcher.Template, matcher.Side, error) {
	p, flaw, err := m.probe(ctx, matcher.Request{Video: file}, nil)
	side := matcher.Target(flaw)
	if err != nil || flaw != matcher.FlawNone {
		return nil, side, err
	}
	for i := range p.chosen { // thousands of clips are kept, and their pictures are not looked at again
		p.chosen[i].frame, p.chosen[i].crop = nil, nil
	}
	return p, side, nil
}

// Calibration is the one in force.
func (m *Matcher) Calibration() *matcher.Calibration { return m.params.Calibration }

// Parts are what the networks say of the probe's faces and the reference's; see
// matcher.Comparer. Both must be templates of this package.
func (m *Matcher) Parts(reference, probe matcher.Template) []matcher.Parts {
	anchor, faces := descriptor(reference.(template)), descriptorsOf(probe)
	all := make([]matcher.Parts, len(faces))
	for i, d := range faces {
		all[i] = parts(anchor, d)
	}
	return all
}

func descriptorsOf(t matcher.Template) []descriptor {
	if p, ok := t.(probe); ok {
		return p.descriptors
	}
	return []descriptor{descriptor(t.(template))}
}

// Distances are those of the probe's faces to the reference's; see
// matcher.Comparer.
func (m *Matcher) Distances(reference, probe matcher.Template) []float64 {
	all := make([]float64, 0, stretches)
	for _, p := range m.Parts(reference, probe) {
		all = append(all, m.params.Calibration.Distance(p))
	}
	return all
}

// Percentage is the calibrated percentage of a distance.
func (m *Matcher) Percentage(distance float64) float64 {
	return m.params.Calibration.Percentage(distance)
}

// Result is the answer of a whole check; see matcher.Comparer. The probe is a
// clip's template.
func (m *Matcher) Result(reference, clip matcher.Template, rules []matcher.Condition) (matcher.Result, error) {
	result, _, err := m.result(descriptor(reference.(template)), clip.(probe), rules)
	return result, err
}

// alike is the second network's cosine of the portrait and half of the chosen frames,
// or more.
func alike(anchor descriptor, p probe) float64 {
	cosines := make([]float64, len(p.descriptors))
	for i, d := range p.descriptors {
		cosines[i] = parts(anchor, d).Cosine
	}
	slices.Sort(cosines)
	return cosines[len(cosines)/2]
}

// result is the answer of a whole check, and the distances it was made from.
func (m *Matcher) result(anchor descriptor, p probe, rules []matcher.Condition) (matcher.Result, []float64, error) {
	distances := m.Distances(template(anchor), p)
	doubts := p.doubts
	if m.params.Calibration.Network != nil && alike(anchor, p) > documentAlike {
		doubts = append(slices.Clone(doubts), matcher.ReasonDocument)
	}
	percentages := make([]float64, len(distances))
	for i, apart := range distances {
		percentages[i] = m.Percentage(apart)
	}
	result, err := matcher.Compared(percentages, m.params.Calibration.ResultFrom, rules)
	if err != nil {
		return matcher.Result{}, nil, err
	}
	for _, doubt := range doubts {
		result.Scoring = result.Scoring.ReferFor(doubt)
	}
	return result, distances, nil
}

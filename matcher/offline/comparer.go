package offline

import (
	"context"
	"errors"

	"facematch/matcher"
)

var _ matcher.Comparer = (*Matcher)(nil)

// template is what is kept of a picture or clip: one descriptor of a picture,
// one of each chosen frame of a clip.
type template struct {
	descriptors []descriptor
	apart       float64 // largest distance between two of them
}

// Document looks at a document; see matcher.Comparer. Its problems are those of
// Load and of the portrait finder.
func (m *Matcher) Document(ctx context.Context, file matcher.Blob) (matcher.Template, int, error) {
	return m.template(ctx, matcher.Request{Page: file})
}

// Photograph looks at a photograph; see matcher.Comparer.
func (m *Matcher) Photograph(ctx context.Context, file matcher.Blob) (matcher.Template, int, error) {
	p, err := m.params.Portraits.Portrait(ctx, file)
	if err == nil && p.Page == nil {
		err = matcher.NewProblem("problem.internal", errors.New("a photograph without a page"))
	}
	if err != nil {
		return nil, 0, err
	}
	all, err := m.params.Engine.find(ctx, p.Page)
	if err != nil {
		return nil, 0, err
	}
	if len(all) > 0 {
		f := nearest(all, middle(p.Page.Rect.Min, p.Page.Rect.Max))
		if p.Code != matcher.CodeOK || !middle(f.Box.Min, f.Box.Max).In(p.Box) {
			p.Code, p.Image, p.Box, p.Eyes = matcher.CodeOK, matcher.CropFace(p.Page, f.Face), f.Box, f.Eyes
		}
	}
	return m.template(ctx, matcher.Request{Portrait: &p})
}

func (m *Matcher) template(ctx context.Context, req matcher.Request) (matcher.Template, int, error) {
	if err := m.params.Engine.Load(ctx); err != nil {
		return nil, 0, err
	}
	portrait, d, err := m.portrait(ctx, req)
	if err != nil {
		return nil, 0, err
	}
	if portrait.Code != matcher.CodeOK {
		return nil, portrait.Code, nil
	}
	return template{descriptors: []descriptor{d}}, matcher.CodeOK, nil
}

// Clip looks at a clip; see matcher.Comparer. Its problems are those of Match
// that concern the clip.
func (m *Matcher) Clip(ctx context.Context, file matcher.Blob) (matcher.Template, int, error) {
	_, t, code, err := m.lookAtClip(ctx, matcher.Request{Video: file}, nil)
	if err != nil || code != matcher.CodeOK {
		return nil, code, err
	}
	return t, matcher.CodeOK, nil
}

// Calibration is the one in force.
func (m *Matcher) Calibration() *matcher.Calibration { return m.params.Calibration }

// Parts are what the networks say of the probe's faces and the reference's first;
// see matcher.Comparer. Both must be templates of this package.
func (m *Matcher) Parts(reference, probe matcher.Template) []matcher.Parts {
	anchor, faces := reference.(template).descriptors[0], probe.(template).descriptors
	all := make([]matcher.Parts, len(faces))
	for i, d := range faces {
		all[i] = parts(anchor, d)
	}
	return all
}

// Distances are those of the probe's faces to the reference's first; see
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

// Result is the answer of a whole check; see matcher.Comparer. Two faces of the
// probe that differ too much are two people, and never pass.
func (m *Matcher) Result(reference, probe matcher.Template, rules []matcher.Condition) (matcher.Result, error) {
	var percentages []float64
	for _, apart := range m.Distances(reference, probe) {
		percentages = append(percentages, m.Percentage(apart))
	}
	result, err := matcher.Compared(percentages, m.params.Calibration.ResultFrom, rules)
	if err != nil {
		return matcher.Result{}, err
	}
	if probe.(template).apart > m.params.Calibration.SamePerson {
		result.Scoring = result.Scoring.ReferFor(matcher.ReasonAnotherPerson)
	}
	return result, nil
}

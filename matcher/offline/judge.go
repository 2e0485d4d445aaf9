package offline

import (
	"context"
	"slices"

	face "github.com/Kagami/go-face"

	"facematch/matcher"
	"facematch/matcher/quality"
)

// probe is what is kept of a clip: the chosen frames with their descriptors, and
// for what reasons its person does not pass by themselves.
type probe struct {
	chosen      []seen
	descriptors []descriptor // of the chosen frames
	doubts      []string     // matcher.Reason...
	others      *matcher.Sight
}

// judge chooses the frames of a film that decide, describes them, and holds every
// frame against the others. The flaw says why it cannot.
func (m *Matcher) judge(ctx context.Context, w watched, progress matcher.ProgressFunc) (probe, matcher.Flaw, error) {
	p := probe{others: w.others}
	two, still := w.twoPeople(), w.still()
	switch {
	case float64(two) > twoFaces*float64(len(w.seen)):
		return p, matcher.FlawTwo, nil
	case still && w.anotherMoves():
		p.others = w.picture()
		return p, matcher.FlawPicture, nil
	}
	var flaw matcher.Flaw
	var err error
	if p.chosen, p.descriptors, flaw, err = m.describeBest(ctx, w, progress); err != nil || flaw != matcher.FlawNone {
		return p, flaw, err
	}
	another, err := m.anotherPerson(ctx, w)
	if err != nil {
		return p, matcher.FlawNone, err
	}
	for _, d := range []struct {
		holds  bool
		reason string
	}{
		{two > 0, matcher.ReasonSecondPerson},
		{another || m.farthest(p.descriptors) > m.params.Calibration.SamePerson, matcher.ReasonAnotherPerson},
		{float64(w.unclear()) > unclear*float64(len(w.seen)), matcher.ReasonUnclear},
		{still, matcher.ReasonStill},
		{w.unsampled > 0, matcher.ReasonJumps},
	} {
		if d.holds {
			p.doubts = append(p.doubts, d.reason)
		}
	}
	return p, matcher.FlawNone, nil
}

// twoPeople is in how many frames more than one person is.
func (w watched) twoPeople() (n int) {
	for _, s := range w.seen {
		if s.count > 1 {
			n++
		}
	}
	return n
}

// unclear is in how many frames somebody is of whom the networks make too little to
// tell who it is.
func (w watched) unclear() (n int) {
	for _, s := range w.seen {
		if s.count > 0 && !s.known {
			n++
		}
	}
	return n
}

// describeBest takes the best frame of each stretch of the film and has go-face
// describe it. Where go-face sees no face the next best of the stretch takes its
// place. The flaw says why too few are left: the commonest one.
func (m *Matcher) describeBest(ctx context.Context, w watched, progress matcher.ProgressFunc) ([]seen, []descriptor,
	matcher.Flaw, error) {
	for {
		chosen := quality.Spread(len(w.seen), stretches, func(i int) float64 {
			if s := w.seen[i]; s.flaw == matcher.FlawNone && s.frame != nil {
				return s.quality.Total
			}
			return -1
		})
		if len(chosen) < minUsable {
			return nil, nil, w.commonest(), nil
		}
		var frames []seen
		var all []descriptor
		for done, i := range chosen {
			progress.Report(matcher.StageComparing, done, len(chosen))
			d, ok, err := m.goFace(ctx, &w.seen[i])
			if err != nil {
				return nil, nil, matcher.FlawNone, err
			}
			if !ok {
				w.seen[i].flaw = matcher.FlawPoor
				break
			}
			frames, all = append(frames, w.seen[i]), append(all, descriptor{goFace: d, imprint: w.seen[i].imprint})
		}
		if len(all) == len(chosen) {
			progress.Report(matcher.StageComparing, len(chosen), len(chosen))
			return frames, all, matcher.FlawNone, nil
		}
	}
}

// goFace is what go-face makes of the largest face of a frame; false where it sees
// none. It is asked once a frame.
func (m *Matcher) goFace(ctx context.Context, s *seen) (face.Descriptor, bool, error) {
	if s.goFace == nil {
		d, ok, err := m.params.Engine.goFace(ctx, s.crop, quick)
		if err != nil {
			return d, false, err
		}
		s.goFace = &goFaceAnswer{d, ok}
	}
	return s.goFace.descriptor, s.goFace.ok, nil
}

// commonest is the flaw that most frames have; of equals the one a clerk can put
// right most easily. A film with hardly any frames is too short.
func (w watched) commonest() matcher.Flaw {
	if len(w.seen) < minUsable {
		return matcher.FlawShort
	}
	count := map[matcher.Flaw]int{}
	for _, s := range w.seen {
		count[s.flaw]++
	}
	return slices.MaxFunc([]matcher.Flaw{
		matcher.FlawTwo, matcher.FlawCutOff, matcher.FlawLying, matcher.FlawDark, matcher.FlawBright,
		matcher.FlawSmall, matcher.FlawBlurred, matcher.FlawPoor, matcher.FlawNobody,
	}, func(a, b matcher.Flaw) int { return count[a] - count[b] })
}

// anotherPerson says whether any frame shows another person than the rest. The
// second network holds each frame against the one that is most like all others (the
// medoid); go-face has its say of each that differs. Where go-face is alone it
// describes every frame.
func (m *Matcher) anotherPerson(ctx context.Context, w watched) (bool, error) {
	all := make([]descriptor, 0, len(w.seen))
	var from []int
	alone := m.params.Calibration.Network == nil
	for i := range w.seen {
		s := &w.seen[i]
		if s.count == 0 || !s.known || s.crop == nil {
			continue
		}
		d := descriptor{imprint: s.imprint}
		if alone {
			var ok bool
			var err error
			if d.goFace, ok, err = m.goFace(ctx, s); err != nil {
				return false, err
			}
			if !ok {
				continue
			}
		}
		all, from = append(all, d), append(from, i)
	}
	if len(all) < 2 {
		return false, nil
	}
	apart := func(a, b descriptor) float64 {
		if alone {
			return distance(a.goFace, b.goFace)
		}
		return 1 - parts(a, b).Cosine
	}
	medoid := medoidOf(all, apart)
	if alone {
		return slices.ContainsFunc(all, func(d descriptor) bool {
			return apart(d, all[medoid]) > m.params.Calibration.SamePerson
		}), nil
	}
	for i, d := range all {
		if i == medoid || apart(d, all[medoid]) <= frameApart {
			continue
		}
		differs, err := m.differs(ctx, &w.seen[from[i]], &w.seen[from[medoid]])
		if err != nil || differs {
			return differs, err
		}
	}
	return false, nil
}

// differs says whether two frames show two people, as both networks see it. Where
// go-face does not see a face in one of them, the second network's word stands.
func (m *Matcher) differs(ctx context.Context, one, other *seen) (bool, error) {
	var both [2]descriptor
	for i, s := range []*seen{one, other} {
		d, ok, err := m.goFace(ctx, s)
		if err != nil || !ok {
			return err == nil, err
		}
		both[i] = descriptor{goFace: d, imprint: s.imprint}
	}
	return m.distance(both[0], both[1]) > m.params.Calibration.SamePerson, nil
}

// medoidOf is the one that is nearest to all others together.
func medoidOf(all []descriptor, apart func(a, b descriptor) float64) int {
	sums := make([]float64, len(all))
	for i := range all {
		for j := range i {
			d := apart(all[i], all[j])
			sums[i] += d
			sums[j] += d
		}
	}
	best := 0
	for i, s := range sums {
		if s < sums[best] {
			best = i
		}
	}
	return best
}

// farthest is the largest distance between any two.
func (m *Matcher) farthest(descriptors []descriptor) float64 {
	most := 0.0
	for i, a := range descriptors {
		for _, b := range descriptors[:i] {
			most = max(most, m.distance(a, b))
		}
	}
	return most
}

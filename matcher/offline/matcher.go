package offline

import (
	"cmp"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
	"facematch/matcher/quality"
)

// MatcherParams are what a Matcher is made of; all are needed.
type MatcherParams struct {
	Engine      *Engine
	Portraits   matcher.PortraitFinder
	Calibration *matcher.Calibration
	Temp        string // a private folder, for clips that are only in memory
}

// Matcher compares a portrait with a clip on this computer. It may be used from
// several goroutines; closing the Engine ends it.
type Matcher struct {
	params   MatcherParams
	openFilm filmOpener
}

var _ matcher.Matcher = (*Matcher)(nil)

// NewMatcher makes a matcher and returns at once.
func NewMatcher(p MatcherParams) *Matcher {
	return &Matcher{params: p, openFilm: p.Engine.decoders.film}
}

// Describe names engine, models and calibration, once the models are loaded.
func (m *Matcher) Describe(ctx context.Context) (matcher.Description, error) {
	if err := m.params.Engine.Load(ctx); err != nil {
		return matcher.Description{}, err
	}
	return m.description(), nil
}

func (m *Matcher) description() matcher.Description {
	c := m.params.Calibration
	return matcher.Description{Engine: c.Engine, Models: sorted(c.Models), Calibration: c.Name, Calibrated: c.Calibrated}
}

// Match answers one request; see matcher.Matcher. Besides those of Load and of
// the portrait finder its problems are clip.missing, .directory, .denied,
// .unreadable, .unsupported (parameter Format), .empty, .too_large,
// .size_changes, .too_long (parameter Minutes), .temp, .too_slow and .reader_broke.
// The document is looked at first; a clip is
// looked at even where the document has no face, so that the answer tells all
// that must be put right.
func (m *Matcher) Match(ctx context.Context, req matcher.Request, progress matcher.ProgressFunc) (matcher.Answer, error) {
	if err := matcher.CheckConditions(req.Rules); err != nil { // none at all would let everybody pass
		return matcher.Answer{}, matcher.NewProblem("problem.internal", err)
	}
	progress.Report(matcher.StageLoading, 0, 0)
	if req.Film == nil {
		m.params.Engine.decoders.warm() // while the models are loaded
	}
	if err := m.params.Engine.Load(ctx); err != nil {
		return matcher.Answer{}, err
	}
	answer := matcher.Answer{Best: -1, Engine: m.description()}

	// Document and clip are looked at side by side: reading files leaves a core idle.
	inClip, stop := context.WithCancel(ctx)
	defer stop()
	type clip struct {
		chosen []seen
		faces  template
		code   int
		err    error
	}
	looked := make(chan clip, 1)
	progress.Report(matcher.StageDocument, 0, 0)
	go func() {
		var c clip
		c.chosen, c.faces, c.code, c.err = m.lookAtClip(inClip, req, progress)
		looked <- c
	}()
	portrait, anchor, err := m.portrait(ctx, req)
	if err != nil {
		stop()
	}
	c := <-looked
	if err == nil {
		err = c.err
	}
	if err != nil {
		return matcher.Answer{}, err
	}
	answer.Portrait = portrait
	if portrait.Code != matcher.CodeOK || c.code != matcher.CodeOK {
		answer.Result, err = matcher.NotCompared(matcher.Anchor(portrait.Code, portrait.Flaw), matcher.Target(flawOf(c.code)), req.Rules)
		return answer, err
	}
	answer, err = m.compare(answer, anchor, c.chosen, c.faces, req.Rules)
	if err == nil && req.Minor {
		answer.Result.Scoring = answer.Result.Scoring.ReferFor(matcher.ReasonMinor)
	}
	return answer, err
}

// lookAtClip chooses and describes the best frames of the request's clip; the code
// says why where there are too few.
func (m *Matcher) lookAtClip(ctx context.Context, req matcher.Request, progress matcher.ProgressFunc) ([]seen, template, int, error) {
	film, end, err := m.film(ctx, req, progress)
	if err != nil {
		return nil, template{}, 0, err
	}
	defer end()
	frames, err := allOf(ctx, film)
	if err != nil {
		return nil, template{}, 0, err
	}
	looked, err := m.lookAt(ctx, frames, progress)
	if err != nil {
		return nil, template{}, 0, err
	}
	return m.describeBest(ctx, looked, progress)
}

// lookAt looks for faces in the frames, as many at a time as there are workers.
func (m *Matcher) lookAt(ctx context.Context, frames []matcher.Frame, progress matcher.ProgressFunc) ([]seen, error) {
	looked := make([]seen, len(frames))
	var mu sync.Mutex // progress must not run backwards
	done := 0
	progress.Report(matcher.StageFaces, 0, len(frames))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(m.params.Engine.workers)
	for i, frame := range frames {
		group.Go(func() error {
			all, err := m.params.Engine.glance(ctx, frame.Image)
			if err != nil {
				return err
			}
			looked[i] = look(frame, all)
			mu.Lock()
			defer mu.Unlock()
			done++
			progress.Report(matcher.StageFaces, done, len(frames))
			return nil
		})
	}
	return looked, group.Wait()
}

// describeBest describes the faces of the best frames, as many at a time as there
// are workers. A face that go-face does not see was none: the next best frame of
// its stretch takes its place. The code says why where too few are left.
func (m *Matcher) describeBest(ctx context.Context, looked []seen, progress matcher.ProgressFunc) ([]seen, template, int, error) {
	described := make([]*descriptor, len(looked))
	var mu sync.Mutex // guards looked, described and done
	done := 0
	for {
		chosen, code := choose(looked)
		if code != matcher.CodeOK {
			return nil, template{}, code, nil
		}
		progress.Report(matcher.StageComparing, done, len(chosen))
		missing := slices.DeleteFunc(slices.Clone(chosen), func(i int) bool { return described[i] != nil })
		if len(missing) == 0 {
			var frames []seen
			var t template
			for _, i := range chosen {
				frames, t.descriptors = append(frames, looked[i]), append(t.descriptors, *described[i])
			}
			t.apart = m.farthest(t.descriptors)
			return frames, t, matcher.CodeOK, nil
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(m.params.Engine.workers)
		for _, i := range missing {
			s := looked[i]
			group.Go(func() error {
				d, ok, err := m.params.Engine.describe(ctx, view{img: s.frame.Image, face: s.face})
				if err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				if ok {
					described[i] = &d
					done++
					progress.Report(matcher.StageComparing, done, len(chosen))
				} else {
					looked[i].code = matcher.CodeNoFace
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return nil, template{}, 0, err
		}
	}
}

// compare measures each chosen frame against the portrait.
func (m *Matcher) compare(answer matcher.Answer, anchor descriptor, chosen []seen, faces template, rules []matcher.Condition) (matcher.Answer, error) {
	for i, s := range chosen {
		apart := m.distance(anchor, faces.descriptors[i])
		answer.Frames = append(answer.Frames, matcher.MatchedFrame{
			Face:       matcher.CropFace(s.frame.Image, s.face.Face),
			At:         s.frame.At,
			Distance:   apart,
			Percentage: m.Percentage(apart),
			Quality:    s.quality,
		})
		if answer.Best < 0 || answer.Frames[i].Percentage > answer.Frames[answer.Best].Percentage {
			answer.Best = i
		}
	}
	var err error
	if answer.Result, err = m.Result(template{descriptors: []descriptor{anchor}}, faces, rules); err != nil {
		return matcher.Answer{}, err
	}
	answer.Rarity = m.params.Calibration.Rarity(answer.Result.Score)
	return answer, nil
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

func (m *Matcher) distance(a, b descriptor) float64 {
	return m.params.Calibration.Distance(parts(a, b))
}

// portrait is the request's, or the one found on its page, with its descriptor.
// Its code is not 0 where there is nothing to compare.
func (m *Matcher) portrait(ctx context.Context, req matcher.Request) (*matcher.Portrait, descriptor, error) {
	if req.Portrait == nil {
		p, err := m.params.Portraits.Portrait(ctx, req.Page)
		if err != nil {
			return nil, descriptor{}, err
		}
		req.Portrait = &p
	}
	p := *req.Portrait
	if p.Code != matcher.CodeOK {
		return &p, descriptor{}, nil
	}
	if p.Image == nil {
		return nil, descriptor{}, matcher.NewProblem("problem.internal", errors.New("a portrait without a picture"))
	}
	d, ok, err := m.describePortrait(ctx, p)
	if err != nil {
		return nil, descriptor{}, err
	}
	if !ok { // a crop by hand may show no face at all
		p.Code, p.Image = matcher.CodeNoFace, nil
	}
	return &p, d, nil
}

// describePortrait describes the largest face of a portrait's crop; false where
// there is none. A crop by hand may end at the very edge of the face, where the
// detector sees nothing: it then gets a margin. At last the thorough detector is
// asked, as the document's finder does for a portrait that is partly hidden.
func (m *Matcher) describePortrait(ctx context.Context, p matcher.Portrait) (descriptor, bool, error) {
	crop := p.Image
	all, err := m.params.Engine.find(ctx, crop)
	if err == nil && len(all) == 0 {
		crop = withMargin(crop)
		all, err = m.params.Engine.find(ctx, crop)
	}
	if err == nil && len(all) == 0 {
		all, err = m.params.Engine.findHidden(ctx, crop)
	}
	if err != nil || len(all) == 0 {
		return descriptor{}, false, err
	}
	v := view{img: crop, mirror: true, face: slices.MaxFunc(all, func(a, b found) int {
		return cmp.Compare(quality.InterEye(a.Eyes), quality.InterEye(b.Eyes))
	})}
	// Each copy of a small face blurs it: the second network is shown the page
	// itself, where the crop was cut from there and shows the same face.
	if p.Page != nil && crop == p.Image && inMiddle(v.face.Eyes, crop.Rect) && quality.InterEye(p.Eyes) >= 1 {
		v.best, v.at = p.Page, matcher.Face{Box: p.Box, Eyes: p.Eyes}
	}
	return m.params.Engine.describe(ctx, v)
}

// inMiddle says whether eyes stand where matcher.CropFace puts them.
func inMiddle(eyes [2]image.Point, crop image.Rectangle) bool {
	interEye := float64(crop.Dx()) / matcher.CropMargin
	at := middle(eyes[0], eyes[1]).Sub(middle(crop.Min, crop.Max))
	return math.Abs(quality.InterEye(eyes)-interEye) < cropSame*interEye &&
		math.Hypot(float64(at.X), float64(at.Y)) < cropSame*2*interEye
}

// withMargin is the picture with a third of its size of grey on each side.
func withMargin(img *image.RGBA) *image.RGBA {
	size := img.Bounds().Size()
	edge := size.Div(3)
	out := picture.Solid(size.Add(edge.Mul(2)), color.Gray{Y: 128})
	draw.Draw(out, image.Rectangle{Min: edge, Max: edge.Add(size)}, img, img.Bounds().Min, draw.Src)
	return out
}

// flawOf is the flaw that a code speaks of.
func flawOf(code int) matcher.Flaw {
	switch code {
	case matcher.CodeOK:
		return matcher.FlawNone
	case matcher.CodeTwoFaces:
		return matcher.FlawTwo
	case matcher.CodeCutOff:
		return matcher.FlawCutOff
	}
	return matcher.FlawNobody
}

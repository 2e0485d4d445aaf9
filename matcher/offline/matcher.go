package offline

import (
	"cmp"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

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
	readClip clipReader
}

var _ matcher.Matcher = (*Matcher)(nil)

// NewMatcher makes a matcher and returns at once.
func NewMatcher(p MatcherParams) *Matcher {
	return &Matcher{params: p, readClip: readClip}
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
	models := slices.Clone(c.Models)
	slices.SortFunc(models, func(a, b matcher.Model) int { return strings.Compare(a.Name, b.Name) })
	return matcher.Description{Engine: c.Engine, Models: models, Calibration: c.Name, Calibrated: c.Calibrated}
}

// Match answers one request; see matcher.Matcher. Besides those of Load and of
// the portrait finder its problems are clip.missing, .directory, .denied,
// .unreadable, .unsupported (parameter Format), .empty, .too_large,
// .size_changes, .too_long (parameter Minutes) and .temp. The document is looked at first; a clip is
// looked at even where the document has no face, so that the answer tells all
// that must be put right.
func (m *Matcher) Match(ctx context.Context, req matcher.Request, progress matcher.ProgressFunc) (matcher.Answer, error) {
	if err := matcher.CheckConditions(req.Rules); err != nil { // none at all would let everybody pass
		return matcher.Answer{}, matcher.NewProblem("problem.internal", err)
	}
	progress.Report(matcher.StageLoading, 0, 0)
	if err := m.params.Engine.Load(ctx); err != nil {
		return matcher.Answer{}, err
	}
	answer := matcher.Answer{Best: -1, Engine: m.description()}

	progress.Report(matcher.StageDocument, 0, 0)
	portrait, anchor, err := m.portrait(ctx, req)
	if err != nil {
		return matcher.Answer{}, err
	}
	answer.Portrait = portrait

	frames, err := m.frames(ctx, req, progress)
	if err != nil {
		return matcher.Answer{}, err
	}
	looked, err := m.lookAt(ctx, frames, progress)
	if err != nil {
		return matcher.Answer{}, err
	}
	chosen, faces, target, err := m.describeBest(ctx, looked, progress)
	if err != nil {
		return matcher.Answer{}, err
	}
	if portrait.Code != matcher.CodeOK || target != matcher.CodeOK {
		answer.Result, err = matcher.NotCompared(portrait.Code, target, req.Rules)
		return answer, err
	}
	return m.compare(answer, anchor, chosen, faces, req.Rules)
}

// lookAt looks for faces in the frames, as many at a time as there are workers.
func (m *Matcher) lookAt(ctx context.Context, frames []matcher.Frame, progress matcher.ProgressFunc) ([]seen, error) {
	looked := make([]seen, len(frames))
	var done atomic.Int64
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
			progress.Report(matcher.StageFaces, int(done.Add(1)), len(frames))
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
	var mu sync.Mutex // guards looked and described
	var done atomic.Int64
	for {
		chosen, code := choose(looked)
		if code != matcher.CodeOK {
			return nil, template{}, code, nil
		}
		progress.Report(matcher.StageComparing, int(done.Load()), len(chosen))
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
				d, ok, err := m.params.Engine.describe(ctx, s.frame.Image, s.face, false)
				if err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				if ok {
					described[i] = &d
					progress.Report(matcher.StageComparing, int(done.Add(1)), len(chosen))
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
	answer.Swapped = faces.apart > m.params.Calibration.SamePerson
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
	d, ok, err := m.describePortrait(ctx, p.Image)
	if err != nil {
		return nil, descriptor{}, err
	}
	if !ok { // a crop by hand may show no face at all
		p.Code, p.Image = matcher.CodeNoFace, nil
	}
	return &p, d, nil
}

// describePortrait describes the largest face of a crop; false where there is
// none. A crop by hand may end at the very edge of the face, where the detector
// sees nothing: it then gets a margin. At last the thorough detector is asked,
// as the document's finder does for a portrait that is partly hidden.
func (m *Matcher) describePortrait(ctx context.Context, crop *image.RGBA) (descriptor, bool, error) {
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
	largest := slices.MaxFunc(all, func(a, b found) int {
		return cmp.Compare(quality.InterEye(a.Eyes), quality.InterEye(b.Eyes))
	})
	return m.params.Engine.describe(ctx, crop, largest, true)
}

// withMargin is the picture with a third of its size of grey on each side.
func withMargin(img *image.RGBA) *image.RGBA {
	size := img.Bounds().Size()
	edge := size.Div(3)
	out := picture.Solid(size.Add(edge.Mul(2)), color.Gray{Y: 128})
	draw.Draw(out, image.Rectangle{Min: edge, Max: edge.Add(size)}, img, img.Bounds().Min, draw.Src)
	return out
}

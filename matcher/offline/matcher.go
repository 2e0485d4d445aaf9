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
func (m *Matcher) Match(ctx context.Context, req matcher.Request,
	progress matcher.ProgressFunc) (matcher.Answer, error) {
	if err := matcher.CheckConditions(req.Rules); err != nil { // none at all would let everybody pass
		return matcher.Answer{}, matcher.NewProblem("problem.internal", err)
	}
	progress.Report(matcher.StageLoading, 0, 0)
	if req.Film == nil {
		m.params.Engine.decoders.warm() // while the models are loaded
	}
	end, err := m.params.Engine.begin(ctx)
	if err != nil {
		return matcher.Answer{}, err
	}
	defer end()
	answer := matcher.Answer{Best: -1, Engine: m.description()}

	// Document and clip are looked at side by side: reading files leaves a core idle.
	inClip, stop := context.WithCancel(ctx)
	defer stop()
	type clip struct {
		probe
		flaw matcher.Flaw
		err  error
	}
	looked := make(chan clip, 1)
	progress.Report(matcher.StageDocument, 0, 0)
	go func() {
		var c clip
		c.probe, c.flaw, c.err = m.probe(inClip, req, progress)
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
	answer.Portrait, answer.Flaw, answer.Others = portrait, c.flaw, c.others
	if portrait.Code != matcher.CodeOK || c.flaw != matcher.FlawNone {
		answer.Result, err = matcher.NotCompared(
			matcher.Anchor(portrait.Code, portrait.Flaw), matcher.Target(c.flaw), req.Rules)
		return answer, err
	}
	if err := m.compare(&answer, anchor, c.probe, req.Rules); err != nil {
		return matcher.Answer{}, err
	}
	if req.Minor {
		answer.Result.Scoring = answer.Result.Scoring.ReferFor(matcher.ReasonMinor)
	}
	return answer, nil
}

// probe watches the request's clip and describes the person in it; the flaw says
// why it cannot.
func (m *Matcher) probe(ctx context.Context, req matcher.Request, progress matcher.ProgressFunc) (probe,
	matcher.Flaw, error) {
	film, end, err := m.film(ctx, req, progress)
	if err != nil {
		return probe{}, matcher.FlawNone, err
	}
	defer end()
	w, err := m.watch(ctx, film, progress)
	if err != nil {
		return probe{}, matcher.FlawNone, err
	}
	return m.judge(ctx, w, progress)
}

// compare measures each chosen frame against the portrait.
func (m *Matcher) compare(answer *matcher.Answer, anchor descriptor, p probe, rules []matcher.Condition) error {
	result, distances, err := m.result(anchor, p, rules)
	if err != nil {
		return err
	}
	answer.Result = result
	for i, s := range p.chosen {
		answer.Frames = append(answer.Frames, matcher.MatchedFrame{
			Face:       matcher.CropFace(s.frame.Image, s.faces[0].Face),
			At:         s.at,
			Distance:   distances[i],
			Percentage: result.Data.Percentages[i],
			Quality:    s.quality,
		})
		if answer.Best < 0 || answer.Frames[i].Percentage > answer.Frames[answer.Best].Percentage {
			answer.Best = i
		}
	}
	answer.Rarity = m.params.Calibration.Rarity(result.Score)
	return nil
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
		p.Code, p.Flaw, p.Image = matcher.CodeNoFace, matcher.FlawPoor, nil
	}
	return &p, d, nil
}

// describePortrait describes the face that a portrait's crop was cut around, or the
// largest one of a crop by hand; false where there is none. A crop by hand may end at
// the very edge of the face, where the detector sees nothing: it then gets a margin.
func (m *Matcher) describePortrait(ctx context.Context, p matcher.Portrait) (descriptor, bool, error) {
	crop := p.Image
	all, err := m.params.Engine.find(ctx, crop)
	if err == nil && len(all) == 0 {
		crop = withMargin(crop)
		all, err = m.params.Engine.find(ctx, crop)
	}
	if err != nil || len(all) == 0 {
		return descriptor{}, false, err
	}
	f := slices.MaxFunc(all, func(a, b found) int { return cmp.Compare(a.Size(), b.Size()) })
	if p.Page != nil && crop == p.Image {
		if at := nearest(all, middle(crop.Rect.Min, crop.Rect.Max)); inMiddle(at.Eyes, crop.Rect) {
			f = at
		}
	}
	// Each copy of a small face blurs it: the networks are shown the page itself,
	// where the crop was cut from there and shows the same face.
	if p.Page != nil && crop == p.Image && inMiddle(f.Eyes, crop.Rect) && quality.InterEye(p.Eyes) >= 1 {
		onPage := onto(f, p)
		return m.params.Engine.describePortrait(ctx, p.Page, onPage)
	}
	return m.params.Engine.describePortrait(ctx, crop, f)
}

// onto is a face found in a portrait's crop, on the page the crop was cut from.
func onto(f found, p matcher.Portrait) found {
	left, right, down := matcher.CropEyes(p.Image.Rect.Dx())
	back := fit([]spot{{left, down}, {right, down}}, []spot{spotOf(p.Eyes[0]), spotOf(p.Eyes[1])})
	scale := back.scale()
	middle := back.of(spot{(f.box.minX + f.box.maxX) / 2, (f.box.minY + f.box.maxY) / 2})
	w, h := scale*f.box.width()/2, scale*f.box.height()/2
	there := found{box: box{minX: middle.x - w, maxX: middle.x + w, minY: middle.y - h, maxY: middle.y + h,
		score: f.box.score}}
	for _, q := range f.points {
		there.points = append(there.points, back.of(q))
	}
	there.Face = there.face()
	return there
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

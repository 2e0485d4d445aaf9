// Package document finds the portrait on a scan or photo of an ID document: a
// JPEG or PNG in, one upright portrait out. It is pure Go; what a face is, the
// FaceFinder says.
package document

import (
	"cmp"
	"context"
	"errors"
	"image"
	"slices"

	"facematch/matcher"
	"facematch/matcher/internal/background"
	"facematch/matcher/internal/picture"
	"facematch/matcher/quality"
)

// Params are what a Finder is made of.
type Params struct {
	Faces matcher.FaceFinder
}

// Finder finds portraits. It may be used from several goroutines.
type Finder struct {
	faces    matcher.FaceFinder
	decoding background.Group
}

var _ matcher.PortraitFinder = (*Finder)(nil)

// New makes a finder.
func New(p Params) *Finder { return &Finder{faces: p.Faces} }

// Close waits for a picture still being decoded for a caller who left. It may be
// called again.
func (f *Finder) Close() error {
	f.decoding.Close()
	return nil
}

// Portrait reads a document and finds the holder's portrait; see
// matcher.PortraitFinder. Its problems are document.missing, .directory,
// .denied, .unreadable, .empty, .too_many_bytes (parameter Megabytes),
// .too_many_pixels (Megapixels), .unsupported (Format), .unknown, .rare
// (Format), .damaged, and the FaceFinder's.
//
// Where no portrait is found on the page as it is, the page is turned to each
// side. Of several faces the largest counts, not one both faded and smaller; a
// second one nearly as large makes code 2.
func (f *Finder) Portrait(ctx context.Context, document matcher.Blob) (matcher.Portrait, error) {
	p, err := await(ctx, f, func() (page, error) { return load(ctx, document) })
	if err != nil {
		return matcher.Portrait{}, err
	}
	best, err := f.look(ctx, p.picture, 0)
	if err != nil {
		return matcher.Portrait{}, err
	}
	if best.code == matcher.CodeNoFace || best.doubtful {
		for _, degrees := range []int{90, 270, 180} {
			v, err := f.look(ctx, p.picture, degrees)
			if err != nil {
				return matcher.Portrait{}, err
			}
			if v.better(best) {
				best = v
			}
		}
	}
	return await(ctx, f, func() (matcher.Portrait, error) { return best.portrait(p), nil })
}

// OnPage finds the portrait on one page; see matcher.PortraitFinder.
func (f *Finder) OnPage(ctx context.Context, document matcher.Blob, _ int) (matcher.Portrait, error) {
	return f.Portrait(ctx, document)
}

// Choose looks again at a page; see matcher.PortraitFinder.
func (f *Finder) Choose(ctx context.Context, p matcher.Portrait, c matcher.Choice) (matcher.Portrait, error) {
	turned := page{picture: picture.Turn(p.Page, c.Turn), turned: p.Rotation + c.Turn}
	v, err := f.look(ctx, turned.picture, 0)
	if err != nil {
		return matcher.Portrait{}, err
	}
	return await(ctx, f, func() (matcher.Portrait, error) { return v.portrait(turned), nil })
}

// Upright gives the page for another program; see matcher.PortraitFinder.
func (f *Finder) Upright(ctx context.Context, document matcher.Blob, p matcher.Portrait) (matcher.Blob, error) {
	return document, ctx.Err()
}

// await does work of the finder's own that may take long.
func await[T any](ctx context.Context, f *Finder, work func() (T, error)) (T, error) {
	value, err := background.Run(ctx, &f.decoding, work)
	if errors.Is(err, background.ErrClosed) {
		err = matcher.NewProblem("engine.closed", err)
	}
	return value, err
}

// view is what the page shows when it is turned by so many degrees.
type view struct {
	degrees int
	code    int
	face    matcher.Face // in pixels of the turned page; of no use where code is 1
	several bool         // other faces, apart from a mere ghost picture
	quality quality.Measures

	doubtful bool // the face may be upside down
}

// better says whether a turned page shows a better portrait than another view.
// A face with a flaw tells a clerk more than none.
func (v view) better(than view) bool {
	for _, is := range []func(view) bool{
		func(v view) bool { return v.code != matcher.CodeNoFace },
		func(v view) bool { return !v.doubtful },
		func(v view) bool { return v.code == matcher.CodeOK },
	} {
		if is(v) != is(than) {
			return is(v)
		}
	}
	return v.quality.Total > than.quality.Total
}

// look looks for the portrait on the page turned by so many degrees.
func (f *Finder) look(ctx context.Context, img *image.RGBA, degrees int) (view, error) {
	size := picture.FitSize(img.Rect.Size(), searchSide)
	if max(size.X, size.Y) < smallSide {
		size = size.Mul(enlargeBy)
	}
	copied, err := await(ctx, f, func() (*image.RGBA, error) {
		if size == img.Rect.Size() {
			return picture.Turn(img, degrees), nil
		}
		return picture.Turn(picture.Resize(img, size), degrees), nil
	})
	if err != nil {
		return view{}, err
	}
	faces, err := f.faceLike(ctx, copied)
	if err != nil {
		return view{}, err
	}
	v := choose(copied, faces, float64(img.Rect.Dx())/float64(size.X))
	v.degrees = degrees
	return v, nil
}

// choose takes the portrait among the faces on a copy of the page, which has
// one pixel for each scale pixels of the page.
func choose(img *image.RGBA, faces []candidate, scale float64) view {
	if len(faces) == 0 {
		return view{code: matcher.CodeNoFace}
	}
	strongest := slices.MaxFunc(faces, func(a, b candidate) int { return cmp.Compare(a.contrast, b.contrast) })
	// The second picture many cards carry is no news to a clerk; any other is.
	several := slices.ContainsFunc(faces, func(c candidate) bool {
		return c.Face != strongest.Face && !(c.contrast < faint*strongest.contrast && c.interEye < rival*strongest.interEye)
	})
	faces = slices.DeleteFunc(slices.Clone(faces), func(c candidate) bool {
		return c.contrast < ghost*strongest.contrast && c.interEye < strongest.interEye
	})
	// The largest comes first, but what can be used, and stands upright, before it.
	slices.SortStableFunc(faces, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(truth(a.doubtful), truth(b.doubtful)),
			cmp.Compare(truth(a.unusable(img.Rect, scale) != 0), truth(b.unusable(img.Rect, scale) != 0)),
			cmp.Compare(b.interEye, a.interEye))
	})
	first := faces[0]
	v := view{
		code:    first.unusable(img.Rect, scale),
		face:    times(first.Face, scale),
		several: several,
		quality: quality.Measure(img, first.Box, first.Eyes, first.Nose),

		doubtful: first.doubtful,
	}
	if v.code == matcher.CodeOK && slices.ContainsFunc(faces[1:], func(c candidate) bool { return c.interEye > rival*first.interEye }) {
		v.code = matcher.CodeTwoFaces
	}
	return v
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// unusable says why the face cannot be the portrait; 0 where it can.
func (c candidate) unusable(bounds image.Rectangle, scale float64) int {
	if c.interEye*scale < minInterEye {
		return matcher.CodeNoFace
	}
	inside := c.Box.Intersect(bounds)
	if float64(inside.Dx()*inside.Dy()) < minInside*float64(c.Box.Dx()*c.Box.Dy()) {
		return matcher.CodeCutOff
	}
	return matcher.CodeOK
}

// times is the face in a picture with so many times the pixels a side.
func times(f matcher.Face, scale float64) matcher.Face {
	at := func(p image.Point) image.Point {
		return image.Pt(int(float64(p.X)*scale+.5), int(float64(p.Y)*scale+.5))
	}
	return matcher.Face{
		Box:  image.Rectangle{Min: at(f.Box.Min), Max: at(f.Box.Max)},
		Eyes: [2]image.Point{at(f.Eyes[0]), at(f.Eyes[1])},
		Nose: at(f.Nose),
	}
}

// portrait cuts the portrait out of the page.
func (v view) portrait(p page) matcher.Portrait {
	out := matcher.Portrait{
		Code: v.code, Page: picture.Turn(p.picture, v.degrees), Number: 1, Pages: 1,
		Rotation: (p.turned + v.degrees) % 360,
	}
	if v.code != matcher.CodeOK {
		return out
	}
	out.Image = matcher.CropFace(out.Page, v.face)
	out.Box, out.Eyes = v.face.Box, v.face.Eyes
	out.Quality = quality.Measure(out.Page, v.face.Box, v.face.Eyes, v.face.Nose)
	light := quality.LightOf(out.Page, v.face.Box)
	for _, w := range []struct {
		key  string
		when bool
	}{
		{"document.warn_several", v.several},
		{"document.warn_small", out.Quality.InterEye < warnInterEye},
		{"document.warn_blurred", out.Quality.Sharpness < warnSharpness},
		{"document.warn_dark", light.Mean < warnDark},
		{"document.warn_bright", light.Mean > warnBright},
	} {
		if w.when {
			out.Warnings = append(out.Warnings, matcher.Notice{Key: w.key})
		}
	}
	return out
}

// Package zone finds the machine-readable zone on a page and reads it.
//
//	page ─ find: lines of print, at several sizes ─ comb: spaced evenly? ─ cut: laid straight ─┐
//	                                                                                           │ Lines: a network
//	matcher.Zone ◀─ package mrz ◀─ glyphs that several looks vote for ◀─ decode: 30, 36 or 44 characters
//
// A look by the network takes longer than all that goes before, and most pages have no
// zone. So a line is looked at only where its print is spaced as evenly as a typewriter's;
// that one transform also tells how wide a character is.
//
// It is pure Go but for the network, which the Lines hide.
package zone

import (
	"context"
	"errors"
	"image"
	"math"
	"slices"
	"time"

	"facematch/matcher"
	"facematch/matcher/document/mrz"
	"facematch/matcher/internal/picture"
)

// Lines is the network: what it makes of the picture of a line, Width x Height pixels.
// The answer has a number for each class and column, class by class, the higher the
// likelier.
type Lines interface {
	Line(ctx context.Context, line *image.Gray) ([]float32, error)
}

// Reader reads zones. It may be used from several goroutines.
type Reader struct{ lines Lines }

// New makes a reader.
func New(lines Lines) *Reader { return &Reader{lines} }

// Reading is a zone and what each of its characters looked like.
type Reading struct {
	matcher.Zone
	Glyphs [][]mrz.Glyph
}

// Zone reads the zone on a page that may lie on any side; ok is false where there is
// none. The page is not changed. The error is the context's or a *matcher.Problem.
func (r *Reader) Zone(ctx context.Context, page *image.RGBA, today time.Time) (z matcher.Zone, ok bool, err error) {
	read, ok, err := r.Read(ctx, page, today)
	return read.Zone, ok, err
}

// Read is Zone for those who want to know how surely it was read.
func (r *Reader) Read(ctx context.Context, page *image.RGBA, today time.Time) (z Reading, ok bool, err error) {
	if page == nil || min(page.Rect.Dx(), page.Rect.Dy()) < leastSide {
		return z, false, ctx.Err()
	}
	// Some print makes sense upside down too, so the first turn is taken at once only where
	// the check digits hold.
	whole := greyOf(picture.Fit(page, mostSide))
	likeliest := leastZone
	for _, axis := range []int{0, 90} {
		grey := turned(whole, axis)
		found := lines(grey)
		even := spaced(grey, found)
		for _, turn := range []int{0, 180} {
			if turn > 0 {
				grey = turned(grey, turn)
				found, even = upsideDown(found, grey.Rect.Size()), upsideDown(even, grey.Rect.Size())
			}
			least := leastSeed
			if ok {
				least = max(least, likeliest-closeBy)
			}
			seen, score, err := r.upright(ctx, grey, found, even[:min(len(even), mostGuesses)], least, today)
			if err != nil {
				return Reading{}, false, err
			}
			if seen.DigitsHold || score > likeliest {
				z, ok, likeliest = seen, true, score
				z.Turn = axis + turn
			}
			if seen.DigitsHold {
				return z, ok, nil
			}
		}
	}
	return z, ok, nil
}

// row is a line of the zone as it was read.
type row struct {
	track track
	decoded
}

// upright reads the likeliest zone of a page that stands upright, of which lines were
// found, some of them spaced evenly; the score is that of the zone's lines. It begins with
// each of the latter whose own score is at least that given.
func (r *Reader) upright(
	ctx context.Context, page *image.Gray, found, even []line, least float64, today time.Time,
) (top Reading, best float64, err error) {
	best = math.Inf(-1)
	var known []row
	for _, l := range even {
		if slices.ContainsFunc(known, l.is) {
			continue
		}
		seed, err := r.seed(ctx, page, l)
		if err != nil {
			return top, best, err
		}
		if seed.score < least {
			continue
		}
		rows, err := r.companions(ctx, page, seed, found)
		if err != nil {
			return top, best, err
		}
		known = append(known, rows...)
		score := 0.0
		for _, row := range rows {
			score += row.score / float64(len(rows))
		}
		if rows == nil || score < best {
			continue
		}
		var glyphs [][]mrz.Glyph
		for _, row := range rows {
			voted, err := r.vote(ctx, page, row)
			if err != nil {
				return top, best, err
			}
			glyphs = append(glyphs, voted)
		}
		seen, err := mrz.Parse(glyphs, today)
		if err != nil {
			continue // it looks like something else
		}
		top = Reading{Zone: seen, Glyphs: glyphs}
		if best = score; top.DigitsHold || score > surelyZone {
			break
		}
	}
	return top, best, nil
}

// answer is the network's for one cut of a line.
func (r *Reader) answer(ctx context.Context, page *image.Gray, t track, how cutting) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	raw, err := r.lines.Line(ctx, cut(page, t, how))
	if err != nil {
		return answer{}, err
	}
	if len(raw) != Classes*Columns {
		return answer{}, matcher.NewProblem("engine.failed",
			errors.New("the network for lines gives another number of values"))
	}
	return answerOf(raw), nil
}

// look reads one cut of a line.
func (r *Reader) look(ctx context.Context, page *image.Gray, t track, how cutting, count int) (decoded, error) {
	a, err := r.answer(ctx, page, t, how)
	if err != nil {
		return decoded{}, err
	}
	return decode(&a, count), nil
}

var plain = cutting{wider: 1, taller: 1}

// read reads a line of a known length, and once more where its characters turn out to
// stand otherwise.
func (r *Reader) read(ctx context.Context, page *image.Gray, t track, count int) (row, error) {
	d, err := r.look(ctx, page, t, plain, count)
	if err != nil {
		return row{t, d}, err
	}
	return r.again(ctx, page, row{t, d})
}

// again reads a line once more, where its characters turned out to stand.
func (r *Reader) again(ctx context.Context, page *image.Gray, of row) (row, error) {
	if of.score < leastGuess {
		return of, nil
	}
	next := of.track.moved(of.decoded)
	d, err := r.look(ctx, page, next, plain, len(of.glyphs))
	if d.score > of.score {
		return row{next, d}, err
	}
	return of, err
}

// moved is the track after characters were found in a cut of it.
func (t track) moved(d decoded) track {
	first, step, bend := d.fitted()
	at := (first - start) / pitch
	step, bend = step/pitch, bend/pitch
	return track{
		x0:    t.x(at),
		step:  step * (t.step + 2*at*t.bend),
		bend:  bend*t.step + step*step*t.bend,
		curve: t.curve,
	}
}

// seed reads a line that is spaced evenly as one of the length that fits best.
func (r *Reader) seed(ctx context.Context, page *image.Gray, l line) (row, error) {
	top := row{decoded: decoded{score: math.Inf(-1)}}
	// Its middle comes into the middle of the cut, so that all of a line that has been found
	// too long is in it.
	step := (l.to - l.from) / l.characters
	t := track{x0: (l.from+l.to)/2 - (Width/2-start)/pitch*step, step: step, curve: l.curve}
	a, err := r.answer(ctx, page, t, plain)
	if err != nil {
		return top, err
	}
	for _, count := range []int{44, 36, 30} {
		if d := decode(&a, count); d.score > top.score {
			top = row{t, d}
		}
	}
	return r.again(ctx, page, top)
}

// companions reads the other lines of a zone of which one is known; nil where there are
// none.
func (r *Reader) companions(ctx context.Context, page *image.Gray, seed row, found []line) ([]row, error) {
	want := 2
	if len(seed.glyphs) == 30 {
		want = 3
	}
	rows := []row{seed}
	var next [2]*row // above and below, as far as they are known
	for len(rows) < want {
		for i, of := range []row{rows[0], rows[len(rows)-1]} {
			if next[i] != nil {
				continue
			}
			read, err := r.beside(ctx, page, of, 2*i-1, found)
			if err != nil {
				return nil, err
			}
			next[i] = &read
		}
		switch above, below := next[0], next[1]; {
		case max(above.score, below.score) < leastCompanion:
			return nil, nil
		case above.score > below.score:
			rows, next[0] = slices.Insert(rows, 0, *above), nil
		default:
			rows, next[1] = append(rows, *below), nil
		}
	}
	return rows, nil
}

// beside reads the line above (-1) or below (1) another one: where a line was found, or
// at the usual distance.
func (r *Reader) beside(ctx context.Context, page *image.Gray, of row, side int, found []line) (row, error) {
	top := row{decoded: decoded{score: math.Inf(-1)}}
	middle := of.track.x(float64(len(of.glyphs)) / 2)
	var tracks []track
	for _, l := range found {
		if middle < l.from || middle > l.to {
			continue
		}
		down := (l.curve.at(middle) - of.track.curve.at(middle)) / of.track.step
		if s := float64(side); s*down < nearestLine || s*down > farthestLine {
			continue
		}
		t := of.track.shifted(down)
		t.curve = l.curve
		if tracks = append(tracks, t); len(tracks) == mostTracks {
			break
		}
	}
	if len(tracks) == 0 {
		tracks = append(tracks, of.track.shifted(usualLine*float64(side)))
	}
	for _, t := range tracks {
		read, err := r.read(ctx, page, t, len(of.glyphs))
		if err != nil {
			return top, err
		}
		if read.score > top.score {
			top = read
		}
	}
	return top, nil
}

// looks are the cuts of a line that vote on its characters besides the first.
var looks = []cutting{
	{wider: 1.05, taller: 1.12, lower: 0.7},
	{wider: 0.95, taller: 0.9, lower: -0.7},
	{wider: 1, taller: 1, lower: 1.2},
	{wider: 1, taller: 1.05, lower: -1.2},
}

// vote looks at a line in several ways. The logarithms are averaged; a look that finds
// the characters elsewhere has no vote.
func (r *Reader) vote(ctx context.Context, page *image.Gray, of row) ([]mrz.Glyph, error) {
	sum := append([]mrz.Glyph(nil), of.glyphs...)
	votes := float32(1)
	for _, how := range looks {
		d, err := r.look(ctx, page, of.track, how, len(of.glyphs))
		if err != nil {
			return nil, err
		}
		if d.score < of.score-farOff || d.elsewhere(of.decoded, how.wider) {
			continue
		}
		votes++
		for i := range sum {
			for c := range sum[i] {
				sum[i][c] += d.glyphs[i][c]
			}
		}
	}
	for i := range sum {
		for c := range sum[i] {
			sum[i][c] /= votes
		}
	}
	return sum, nil
}

// elsewhere reports whether characters were found at other places than in another look.
func (d decoded) elsewhere(than decoded, wider float64) bool {
	for i := range d.middle {
		if math.Abs((d.middle[i]-start)/wider-(than.middle[i]-start)) > pitch/2 {
			return true
		}
	}
	return false
}

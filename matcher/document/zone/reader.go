// Package zone finds the machine-readable zone on a page and reads it.
//
//	page ─ find: lines of print, at several sizes ─ cut: each laid straight ─┐
//	                                                                          │ Lines: a network
//	matcher.Zone ◀─ package mrz ◀─ glyphs that several looks vote for ◀─ decode: exactly 30, 36 or 44 characters
//
// It is pure Go but for the network, which the Lines hide.
package zone

import (
	"context"
	"errors"
	"image"
	"math"
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

// Zone reads the zone on a page that may lie on any side; ok is false where there is
// none. The page is not changed. The error is the context's or a *matcher.Problem.
func (r *Reader) Zone(ctx context.Context, page *image.RGBA, today time.Time) (z matcher.Zone, ok bool, err error) {
	if page == nil || min(page.Rect.Dx(), page.Rect.Dy()) < leastSide {
		return z, false, ctx.Err()
	}
	// Some print makes sense upside down too, so the first turn is taken at once only where
	// the check digits hold.
	page = picture.Fit(page, mostSide)
	likeliest := leastZone
	for _, turn := range []int{0, 180, 90, 270} {
		seen, score, err := r.upright(ctx, picture.Turn(page, turn), today)
		if err != nil {
			return matcher.Zone{}, false, err
		}
		if seen.DigitsHold || score > likeliest {
			z, ok, likeliest = seen, true, score
			z.Turn = turn
		}
		if seen.DigitsHold {
			break
		}
	}
	return z, ok, nil
}

// row is a line of the zone as it was read.
type row struct {
	track track
	decoded
}

// upright reads the likeliest zone of a page that stands upright; the score is that of
// its lines.
func (r *Reader) upright(ctx context.Context, page *image.RGBA, today time.Time) (top matcher.Zone, best float64, err error) {
	best = math.Inf(-1)
	found := lines(page)
	for _, l := range found[:min(len(found), mostLines)] {
		seed, err := r.seed(ctx, page, l)
		if err != nil {
			return top, best, err
		}
		if seed.score < leastSeed {
			continue
		}
		rows, err := r.companions(ctx, page, seed, found)
		if err != nil {
			return top, best, err
		}
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
		top = seen
		if best = score; top.DigitsHold || score > surelyZone {
			break
		}
	}
	return top, best, nil
}

// look reads one cut of a line.
func (r *Reader) look(ctx context.Context, page *image.RGBA, t track, how cutting, count int) (decoded, error) {
	if err := ctx.Err(); err != nil {
		return decoded{}, err
	}
	raw, err := r.lines.Line(ctx, cut(page, t, how))
	if err != nil {
		return decoded{}, err
	}
	if len(raw) != Classes*Columns {
		return decoded{}, matcher.NewProblem("engine.failed", errors.New("the network for lines gives another number of values"))
	}
	a := answerOf(raw)
	return decode(&a, count), nil
}

var plain = cutting{wider: 1, taller: 1}

// read reads a line, and once more where its characters turn out to stand otherwise.
func (r *Reader) read(ctx context.Context, page *image.RGBA, t track, count int) (row, error) {
	d, err := r.look(ctx, page, t, plain, count)
	if err != nil || d.score < leastGuess {
		return row{t, d}, err
	}
	next := t.moved(d)
	again, err := r.look(ctx, page, next, plain, count)
	if again.score > d.score {
		return row{next, again}, err
	}
	return row{t, d}, err
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

// seed reads a line as one of each length, and gives the best.
func (r *Reader) seed(ctx context.Context, page *image.RGBA, l line) (row, error) {
	top := row{decoded: decoded{score: math.Inf(-1)}}
	for _, count := range []int{44, 36, 30} {
		step := (l.to - l.from) / (float64(count) + 0.3)
		read, err := r.read(ctx, page, track{x0: l.from + 0.6*step, step: step, curve: l.curve}, count)
		if err != nil {
			return top, err
		}
		if read.score > top.score {
			top = read
		}
		if top.score > surelyLine {
			break
		}
	}
	return top, nil
}

// companions reads the other lines of a zone of which one is known; nil where there are
// none.
func (r *Reader) companions(ctx context.Context, page *image.RGBA, seed row, found []line) ([]row, error) {
	want := 2
	if len(seed.glyphs) == 30 {
		want = 3
	}
	rows := []row{seed}
	open := map[int]bool{-1: true, 1: true} // above and below
	for len(rows) < want && len(open) > 0 {
		var top row
		side := 0
		top.score = math.Inf(-1)
		for s := range open {
			from := rows[0]
			if s > 0 {
				from = rows[len(rows)-1]
			}
			next, err := r.beside(ctx, page, from, s, found)
			if err != nil {
				return nil, err
			}
			if next.score > top.score {
				top, side = next, s
			}
		}
		if top.score < leastCompanion {
			return nil, nil
		}
		if side < 0 {
			rows = append([]row{top}, rows...)
		} else {
			rows = append(rows, top)
		}
	}
	return rows, nil
}

// beside reads the line above (-1) or below (1) another one: where a line was found, or
// at the usual distance.
func (r *Reader) beside(ctx context.Context, page *image.RGBA, of row, side int, found []line) (row, error) {
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
		tracks = append(tracks, t)
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
func (r *Reader) vote(ctx context.Context, page *image.RGBA, of row) ([]mrz.Glyph, error) {
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

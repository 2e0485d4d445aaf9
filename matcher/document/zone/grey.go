package zone

import (
	"image"

	"facematch/matcher/internal/picture"
)

// greyOf is the lightness of a page.
func greyOf(page *image.RGBA) *image.Gray {
	size := page.Rect.Size()
	out := image.NewGray(image.Rectangle{Max: size})
	for y := range size.Y {
		row := page.Pix[y*page.Stride : y*page.Stride+4*size.X]
		to := out.Pix[y*out.Stride : y*out.Stride+size.X]
		for x := range to {
			p := row[4*x : 4*x+3 : 4*x+3]
			to[x] = uint8((77*uint32(p[0]) + 150*uint32(p[1]) + 29*uint32(p[2]) + 128) >> 8)
		}
	}
	return out
}

// turned is a grey picture turned clockwise by 0, 90 or 180 degrees.
func turned(img *image.Gray, degrees int) *image.Gray {
	size := img.Rect.Size()
	switch degrees {
	case 180:
		out := image.NewGray(img.Rect)
		for at, v := range img.Pix {
			out.Pix[len(out.Pix)-1-at] = v
		}
		return out
	case 90:
		out := image.NewGray(image.Rect(0, 0, size.Y, size.X))
		for y := range size.Y {
			for x, v := range img.Pix[y*img.Stride : y*img.Stride+size.X] {
				out.Pix[x*out.Stride+size.Y-1-y] = v
			}
		}
		return out
	}
	return img
}

// fitted is a grey picture whose longer side has at most so many pixels, each the mean of
// those it stands for.
func fitted(img *image.Gray, side int) *image.Gray {
	from := img.Rect.Size()
	to := picture.FitSize(from, side)
	if to == from {
		return img
	}
	out := image.NewGray(image.Rectangle{Max: to})
	columns, rows := shares(from.X, to.X), shares(from.Y, to.Y)
	sums := make([]float32, from.X)
	for y, r := range rows {
		clear(sums)
		for i, share := range r.of {
			for x, v := range img.Pix[(r.from+i)*img.Stride : (r.from+i)*img.Stride+from.X] {
				sums[x] += share * float32(v)
			}
		}
		line := out.Pix[y*out.Stride : y*out.Stride+to.X]
		for x, c := range columns {
			sum := float32(0.5)
			for i, share := range c.of {
				sum += share * sums[c.from+i]
			}
			line[x] = uint8(sum)
		}
	}
	return out
}

// share says of which pixels, and to what parts, one of a smaller picture is made.
type share struct {
	from int
	of   []float32
}

func shares(from, to int) []share {
	all := make([]share, to)
	for i := range all {
		begin, end := i*from, (i+1)*from // in parts of a pixel, to of them
		s := share{from: begin / to}
		for at := s.from; at*to < end; at++ {
			s.of = append(s.of, float32(min(end, (at+1)*to)-max(begin, at*to))/float32(from))
		}
		all[i] = s
	}
	return all
}

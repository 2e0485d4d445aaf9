package draw

import (
	"bytes"
	"image"
	"image/jpeg"

	"fyne.io/fyne/v2/canvas"
	"golang.org/x/image/draw"
)

// ToImage returns a true nil for a nil picture: a nil *image.RGBA stored in an
// image.Image is not nil.
func ToImage(picture *image.RGBA) image.Image {
	if picture == nil {
		return nil
	}
	return picture
}

// NewPicture shows a picture that stays.
func NewPicture(picture *image.RGBA) *canvas.Image {
	return &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest, Image: ToImage(picture)}
}

// ForScreen is a page no larger than a screen can show.
func ForScreen(page *image.RGBA) *image.RGBA {
	if page == nil || page.Rect.Dx() <= PageWidth {
		return page
	}
	width, height := page.Rect.Dx(), page.Rect.Dy()
	small := image.NewRGBA(image.Rect(0, 0, PageWidth, max(1, height*PageWidth/width)))
	draw.ApproxBiLinear.Scale(small, small.Rect, page, page.Rect, draw.Src, nil)
	return small
}

// DecodeJPEG decodes a kept picture; nil where it is missing or damaged.
func DecodeJPEG(file []byte) *image.RGBA {
	decoded, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil
	}
	rgba := image.NewRGBA(image.Rectangle{Max: decoded.Bounds().Size()})
	draw.Draw(rgba, rgba.Bounds(), decoded, decoded.Bounds().Min, draw.Src)
	return rgba
}

// CopyFrame copies a frame, mirrored on request, at no more than liveWidth
// pixels a line; every second or third pixel only where its place on the screen is
// not wider than that: more would cost an upload and not be seen. It uses dst where
// that fits.
func CopyFrame(dst, frame *image.RGBA, place int, mirror bool) *image.RGBA {
	step := (frame.Rect.Dx() + LiveWidth - 1) / LiveWidth
	if place > 0 {
		step = max(step, frame.Rect.Dx()/place)
	}
	size := image.Pt(frame.Rect.Dx()/step, frame.Rect.Dy()/step)
	if dst == nil || dst.Rect.Size() != size {
		dst = image.NewRGBA(image.Rectangle{Max: size})
	}
	for y := range size.Y {
		from := frame.Pix[y*step*frame.Stride:]
		to := dst.Pix[y*dst.Stride : y*dst.Stride+4*size.X]
		if step == 1 && !mirror {
			copy(to, from)
			continue
		}
		at, move := 0, 4*step
		if mirror {
			at, move = 4*step*(size.X-1), -4*step
		}
		for x := 0; x < len(to); x += 4 {
			copy(to[x:x+4], from[at:at+4])
			at += move
		}
	}
	return dst
}

package camera

import (
	"fmt"
	"image"
	"image/draw"
	"runtime"

	"gocv.io/x/gocv"
)

// lend gives OpenCV a picture's own bytes as a Mat for the time of one call, so
// that nothing is copied on the way in or out. They are pinned, because C++
// keeps their address.
func lend(picture *image.RGBA, use func(mat gocv.Mat)) error {
	var pin runtime.Pinner
	defer pin.Unpin()
	size := picture.Rect.Size()
	if size.X <= 0 || size.Y <= 0 {
		return fmt.Errorf("a picture of %d x %d", size.X, size.Y)
	}
	pin.Pin(&picture.Pix[0])
	mat, err := gocv.NewMatFromBytes(size.Y, size.X, gocv.MatTypeCV8UC4, picture.Pix)
	if err != nil {
		return err
	}
	defer mat.Close()
	use(mat)
	return nil
}

// toRGBA makes a fresh picture of a Mat as captures give it. The conversion
// writes straight into the picture's bytes: OpenCV keeps a target that already
// has the right size and type.
func toRGBA(mat gocv.Mat) (*image.RGBA, error) {
	var code gocv.ColorConversionCode
	switch mat.Type() {
	case gocv.MatTypeCV8UC3:
		code = gocv.ColorBGRToRGBA
	case gocv.MatTypeCV8UC1:
		code = gocv.ColorGrayToBGRA // grey has no order of colours
	default: // OpenCV would end the program
		return nil, fmt.Errorf("pictures of type %d are not known", mat.Type())
	}
	if mat.Empty() {
		return nil, fmt.Errorf("an empty picture")
	}
	picture := image.NewRGBA(image.Rect(0, 0, mat.Cols(), mat.Rows()))
	err := lend(picture, func(target gocv.Mat) { gocv.CvtColor(mat, &target, code) })
	return picture, err
}

// frameSize is the size a picture of this one has in clips and films:
// its longer side is at most longestSide, its shape stays.
func frameSize(size image.Point) image.Point {
	longer := max(size.X, size.Y)
	if longer <= longestSide {
		return size
	}
	return image.Pt(max(1, size.X*longestSide/longer), max(1, size.Y*longestSide/longer))
}

// cut is a part of a picture, as a picture of its own.
func cut(picture *image.RGBA, part image.Rectangle) *image.RGBA {
	if part == picture.Rect {
		return picture
	}
	own := image.NewRGBA(image.Rectangle{Max: part.Size()})
	draw.Draw(own, own.Rect, picture, part.Min, draw.Src)
	return own
}

// shrink makes a smaller copy of this size.
func shrink(picture *image.RGBA, size image.Point) (*image.RGBA, error) {
	copied := image.NewRGBA(image.Rectangle{Max: size})
	var inner error
	err := lend(picture, func(from gocv.Mat) {
		inner = lend(copied, func(to gocv.Mat) { gocv.Resize(from, &to, size, 0, 0, gocv.InterpolationArea) })
	})
	if err == nil {
		err = inner
	}
	return copied, err
}

package offline

import (
	"context"
	"errors"
	"image"
	"math"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher"
	"facematch/matcher/internal/picture"
)

// clipReader reads frames spread evenly over a clip file. It reports how many
// frames of the file it has read, and stops within a few frames of the context's
// end.
type clipReader func(ctx context.Context, path string, report func(read int)) ([]matcher.Frame, error)

var _, _ clipReader = readClip, (*decoders)(nil).read

// What can be wrong with a clip. It is all that a decoder can say of one.
var (
	faultUnopened = matcher.NewProblem("clip.unreadable", errors.New("FFmpeg cannot open it"))
	faultPackets  = matcher.NewProblem("clip.unreadable", errors.New("more frames than packets"))
	faultKind     = matcher.NewProblem("clip.unreadable", errors.New("unexpected kind of frame"))
	faultEmpty    = matcher.NewProblem("clip.empty", nil)
	faultLarge    = matcher.NewProblem("clip.too_large", nil)
	faultLong     = matcher.NewProblem("clip.too_long", nil, "Minutes", int(maxLength.Minutes()))
	faultResized  = matcher.NewProblem("clip.size_changes", nil)
)

// paper is what frames are copied onto: at most maxKept at a time, each no larger
// than frameSide.
type paper interface {
	sheet(size image.Point) *image.RGBA
	back(*image.RGBA) // it is not needed any more
}

// heap is paper in Go's own memory.
type heap struct{}

func (heap) sheet(size image.Point) *image.RGBA { return image.NewRGBA(image.Rectangle{Max: size}) }

func (heap) back(*image.RGBA) {}

// readClip is a clipReader in this process.
func readClip(ctx context.Context, path string, report func(read int)) ([]matcher.Frame, error) {
	return readOnto(ctx, heap{}, path, report)
}

// readOnto reads with FFmpeg: the one place, with steadySize, where a foreign clip
// meets C code. Only a decoder calls it. It asks for the number of frames, which
// containers get wrong, only to refuse at once what is far too long. The number of
// packets, counted before, says which frames to keep: where there are more frames
// than that, every second of them goes, so that 24 to 47 are left whenever the clip
// ends, of which it returns 24. A damaged file gives the frames before the damage.
// FFmpeg turns the frames of a clip held upright as its rotation flag says.
func readOnto(ctx context.Context, p paper, path string, report func(read int)) ([]matcher.Frame, error) {
	// FFmpeg by name: others would take "%02d" in a path for a row of pictures.
	capture, err := gocv.VideoCaptureFileWithAPI(path, gocv.VideoCaptureFFmpeg)
	if capture != nil {
		defer capture.Close()
	}
	if err != nil { // its text names the file
		return nil, faultUnopened
	}
	if capture.Get(gocv.VideoCaptureFrameWidth)*capture.Get(gocv.VideoCaptureFrameHeight) > maxPixels {
		return nil, faultLarge
	}
	stated := capture.Get(gocv.VideoCaptureFrameCount) / capture.Get(gocv.VideoCaptureFPS)
	if stated > maxLength.Seconds() && stated < maxStated.Seconds() {
		return nil, faultLong
	}
	packets, err := steadySize(ctx, path)
	if err != nil {
		return nil, err
	}

	stride := max(1, packets/sampleFrames)
	frames, err := readEvery(ctx, capture, p, stride, packets, report)
	if err == nil && len(frames) < sampleFrames/2 && stride > 1 {
		// Not every packet was a frame: once more, without counting on it.
		capture.Set(gocv.VideoCapturePosFrames, 0)
		for _, f := range frames {
			p.back(f.Image)
		}
		frames, err = readEvery(ctx, capture, p, 1, packets, report)
	}
	if err != nil {
		return nil, err
	}
	if len(frames) == 0 {
		return nil, faultEmpty
	}
	return evenly(frames, sampleFrames), nil
}

// readEvery reads one frame of each stride, and every second of those once there
// are twice as many as wanted.
func readEvery(ctx context.Context, capture *gocv.VideoCapture, p paper, stride, packets int, report func(read int)) ([]matcher.Frame, error) {
	mat := gocv.NewMat()
	defer mat.Close()
	var frames []matcher.Frame
	var at time.Duration
	for read := 0; ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if skip := min(len(frames)*stride-read, grabAtOnce); skip > 0 {
			capture.Grab(skip) // does not tell the end of the clip; Read does
			read += skip
			report(read)
			continue
		}
		if !capture.Read(&mat) || mat.Empty() {
			break
		}
		read++
		at = later(at, capture.Get(gocv.VideoCapturePosMsec))
		if at > maxLength || read > maxFrames {
			return nil, faultLong
		}
		if int(capture.Get(gocv.VideoCapturePosFrames)) > packets { // some that steadySize has not seen
			return nil, faultPackets
		}
		img, err := frameRGBA(p, mat)
		if err != nil {
			return nil, faultKind
		}
		frames = append(frames, matcher.Frame{Image: img, At: at, Seq: uint64(read)})
		if len(frames) == maxKept {
			for i := 1; i < len(frames); i += 2 {
				p.back(frames[i].Image)
			}
			frames = everySecond(frames)
			stride *= 2
		}
		report(read)
	}
	return frames, nil
}

// later is a frame's time, which must not fall behind the one before: broken
// containers give 0, negative values or NaN.
func later(before time.Duration, milliseconds float64) time.Duration {
	if math.IsNaN(milliseconds) || math.Abs(milliseconds) > math.MaxInt32 {
		return before
	}
	return max(before, time.Duration(milliseconds*float64(time.Millisecond)))
}

// everySecond keeps the frames 0, 2, 4 ... and lets go of the others.
func everySecond(frames []matcher.Frame) []matcher.Frame {
	for i := range len(frames) / 2 {
		frames[i] = frames[2*i]
	}
	clear(frames[len(frames)/2:])
	return frames[:len(frames)/2]
}

// evenly chooses n frames spread over all of them.
func evenly(frames []matcher.Frame, n int) []matcher.Frame {
	if len(frames) <= n {
		return frames
	}
	chosen := make([]matcher.Frame, n)
	for i := range chosen {
		chosen[i] = frames[i*len(frames)/n]
	}
	return chosen
}

// frameRGBA copies a BGR frame onto paper, scaled down where it is large.
func frameRGBA(p paper, mat gocv.Mat) (*image.RGBA, error) {
	size := image.Pt(mat.Cols(), mat.Rows())
	if mat.Channels() != 3 || size.X*size.Y > maxPixels {
		return nil, errors.New("unexpected kind of frame")
	}
	fitted := picture.FitSize(size, frameSide)
	img := p.sheet(fitted)
	if fitted == size {
		return img, copyRGBA(img, mat, gocv.ColorBGRToRGBA)
	}
	small := gocv.NewMat()
	defer small.Close()
	gocv.Resize(mat, &small, fitted, 0, 0, gocv.InterpolationArea)
	return img, copyRGBA(img, small, gocv.ColorBGRToRGBA)
}

// toRGBA copies three channels into Go's memory; order tells theirs.
func toRGBA(mat gocv.Mat, order gocv.ColorConversionCode) (*image.RGBA, error) {
	img := image.NewRGBA(image.Rect(0, 0, mat.Cols(), mat.Rows()))
	return img, copyRGBA(img, mat, order)
}

// copyRGBA copies three channels to a picture of the same size.
func copyRGBA(img *image.RGBA, mat gocv.Mat, order gocv.ColorConversionCode) error {
	rgba, err := gocv.NewMatFromBytes(mat.Rows(), mat.Cols(), gocv.MatTypeCV8UC4, img.Pix)
	if err != nil {
		return err
	}
	defer rgba.Close()
	gocv.CvtColor(mat, &rgba, order) // into the picture's own memory
	return nil
}

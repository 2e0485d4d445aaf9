package offline

import (
	"context"
	"errors"
	"image"
	"math"
	"os"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher"
	"facematch/matcher/internal/container"
	"facematch/matcher/internal/picture"
	"facematch/matcher/quality"
)

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

// paper is what frames are copied onto: sheets no larger than frameSide a side.
type paper interface {
	sheet(size image.Point) *image.RGBA // waits for one that is not needed any more
}

// heap is paper in Go's own memory.
type heap struct{}

func (heap) sheet(size image.Point) *image.RGBA { return image.NewRGBA(image.Rectangle{Max: size}) }

// readOnto reads with FFmpeg: the one place, with steadySize, where a foreign clip
// meets C code. Only a decoder calls it. It hands over sampled frames one after the
// other, and says how many jumps of the picture were not sampled; which frames
// those are, quality.Sampler decides, which sees all. It reports how many frames it
// has read, and stops within a few frames of the context's end.
//
// A job may ask for every frame instead. Of a damaged clip the frames that can be decoded are read.
// Pictures are laid, and made as wide, as every player shows them. Times count from the first frame.
func readOnto(ctx context.Context, p paper, j job, report func(read int),
	hand func(matcher.Frame) error) (unsampled int, err error) {
	path := j.path
	// FFmpeg by name: others would take "%02d" in a path for a row of pictures.
	capture, err := gocv.VideoCaptureFileWithAPI(path, gocv.VideoCaptureFFmpeg)
	if capture != nil {
		defer capture.Close()
	}
	if err != nil { // its text names the file
		return 0, faultUnopened
	}
	if capture.Get(gocv.VideoCaptureFrameWidth)*capture.Get(gocv.VideoCaptureFrameHeight) > maxPixels {
		return 0, faultLarge
	}
	film := container.Film{}
	if file, err := os.Open(path); err == nil {
		if info, err := file.Stat(); err == nil {
			film = container.Read(file, info.Size())
		}
		file.Close()
	}
	if film.Length > maxLength {
		return 0, faultLong
	}
	packets, err := steadySize(ctx, path)
	if err != nil {
		return 0, err
	}
	r := reading{
		capture: capture, paper: p, packets: packets, every: j.every, hand: hand, report: report,
		step: frameTime(capture), shape: shapeOf(capture, film),
	}
	if film.Length == 0 { // its frames have no times of their own
		film.Length = time.Duration(packets-1) * r.step
	}
	r.sampler = quality.NewSampler(film.Length)
	return r.all(ctx)
}

// frameTime is how long a frame is shown where the frames themselves do not tell.
func frameTime(capture *gocv.VideoCapture) time.Duration {
	const slow, fast = 1, 240
	perSecond := capture.Get(gocv.VideoCaptureFPS)
	if !(perSecond >= slow && perSecond <= fast) {
		perSecond = 25
	}
	return time.Duration(float64(time.Second) / perSecond)
}

// reading is what readOnto knows while it reads.
type reading struct {
	capture *gocv.VideoCapture
	paper   paper
	sampler *quality.Sampler
	packets int
	every   bool // not only sampled frames
	step    time.Duration
	shape   shape
	hand    func(matcher.Frame) error
	report  func(int)
}

// rawFrame is a frame as FFmpeg gives it.
type rawFrame struct {
	mat gocv.Mat
	at  time.Duration
	seq uint64
}

// all reads all frames. It keeps the one before, for the two sides of a jump.
func (r *reading) all(ctx context.Context) (unsampled int, err error) {
	now, before := rawFrame{mat: gocv.NewMat()}, rawFrame{mat: gocv.NewMat()}
	defer func() {
		now.mat.Close()
		before.mat.Close()
	}()
	clock := clock{step: r.step}
	// A damaged packet is no more than a miss; at the end there are only those.
	for misses, read := 0, uint64(0); misses < mostMisses; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if !r.capture.Read(&now.mat) || now.mat.Empty() {
			misses++
			continue
		}
		misses = 0
		read++
		now.at, now.seq = clock.tell(r.capture.Get(gocv.VideoCapturePosMsec)), read
		if now.at > maxLength || read > maxFrames {
			return 0, faultLong
		}
		if int(r.capture.Get(gocv.VideoCapturePosFrames)) > r.packets { // some that steadySize has not seen
			return 0, faultPackets
		}
		thumbnail, err := thumbnailOf(now.mat)
		if err != nil {
			return 0, faultKind
		}
		older, this := r.sampler.Add(now.at, thumbnail)
		if r.every {
			older, this = false, true
		}
		if older {
			err = r.give(before)
		}
		if this && err == nil {
			err = r.give(now)
		}
		if err != nil {
			return 0, err
		}
		now, before = before, now
		r.report(int(read))
	}
	if before.seq == 0 {
		return 0, faultEmpty
	}
	return r.sampler.Unsampled(), nil
}

// give hands a frame over, as it is shown.
func (r *reading) give(d rawFrame) error {
	img, err := r.shape.copy(r.paper, d.mat)
	if err != nil {
		return faultKind
	}
	return r.hand(matcher.Frame{Image: img, At: d.at, Seq: d.seq})
}

// thumbnailOf is a small copy of a frame in blue, green and red.
func thumbnailOf(mat gocv.Mat) (quality.Thumbnail, error) {
	pix, err := mat.DataPtrUint8()
	if err != nil || mat.Channels() != 3 || len(pix) < 3*mat.Cols()*mat.Rows() || mat.Cols()*mat.Rows() > maxPixels {
		return quality.Thumbnail{}, errors.New("unexpected kind of frame")
	}
	return quality.ThumbnailOf(pix, mat.Cols(), mat.Rows(), 3), nil
}

// clock tells a frame's time from the first frame on, later than the one before:
// broken containers give 0, negative values or NaN.
type clock struct {
	step    time.Duration // to a frame that has no such time
	started bool
	first   float64 // milliseconds
	last    time.Duration
}

func (c *clock) tell(milliseconds float64) time.Duration {
	valid := !math.IsNaN(milliseconds) && math.Abs(milliseconds) <= math.MaxInt32
	switch {
	case !c.started:
		c.started = true
		if valid {
			c.first = milliseconds
		}
	default:
		at := time.Duration((milliseconds - c.first) * float64(time.Millisecond))
		if !valid || at <= c.last {
			at = c.last + c.step
		}
		c.last = at
	}
	return c.last
}

// shape is how the pictures of a clip are shown.
type shape struct {
	aspect float64 // of a pixel, its width to its height
	lay    container.Lay
}

// mostAspect is the longest pixel that is believed: cameras have 1:2 to 2:1.
const mostAspect = 4

// shapeOf asks FFmpeg for the aspect, which stands in container or stream, and has
// the pictures given as they are stored.
func shapeOf(capture *gocv.VideoCapture, film container.Film) shape {
	s := shape{aspect: capture.Get(gocv.VideoCaptureSarNumerator) / capture.Get(gocv.VideoCaptureSarDenominator),
		lay: film.Lay}
	if !(s.aspect >= 1.0/mostAspect && s.aspect <= mostAspect) {
		s.aspect = 1
	}
	capture.Set(orientationAuto, 0)
	return s
}

// orientationAuto, which has no name in gocv, is whether OpenCV turns pictures. It
// turns them the wrong way (4.6 beside FFmpeg 5), and mirrored ones upside down.
const orientationAuto gocv.VideoCaptureProperties = 49

// shown is the size of a stored picture as it is shown, but for turning: no row or
// column of pixels is left out, and it is no larger than frameSide.
func (s shape) shown(size image.Point) image.Point {
	if s.aspect > 1 {
		size.X = int(math.Round(float64(size.X) * s.aspect))
	} else {
		size.Y = int(math.Round(float64(size.Y) / s.aspect))
	}
	return picture.FitSize(size, frameSide)
}

// copy copies a BGR frame onto paper, laid and as wide as it is shown, scaled down
// where it is large.
func (s shape) copy(p paper, mat gocv.Mat) (*image.RGBA, error) {
	size := image.Pt(mat.Cols(), mat.Rows())
	if mat.Channels() != 3 || size.X*size.Y > maxPixels {
		return nil, errors.New("unexpected kind of frame")
	}
	if fitted := s.shown(size); fitted != size {
		scaled := gocv.NewMat()
		defer scaled.Close()
		way := gocv.InterpolationArea
		if fitted.X > size.X || fitted.Y > size.Y {
			way = gocv.InterpolationLinear
		}
		gocv.Resize(mat, &scaled, fitted, 0, 0, way)
		mat = scaled
	}
	if s.lay.Transpose {
		turned := gocv.NewMat()
		defer turned.Close()
		gocv.Transpose(mat, &turned)
		mat = turned
	}
	if s.lay.MirrorX || s.lay.MirrorY {
		code := 1 // left to right
		switch {
		case s.lay.MirrorX && s.lay.MirrorY:
			code = -1
		case s.lay.MirrorY:
			code = 0
		}
		mirrored := gocv.NewMat()
		defer mirrored.Close()
		gocv.Flip(mat, &mirrored, code)
		mat = mirrored
	}
	img := p.sheet(image.Pt(mat.Cols(), mat.Rows()))
	return img, copyRGBA(img, mat, gocv.ColorBGRToRGBA)
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

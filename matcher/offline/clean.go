package offline

import (
	"bufio"
	"context"
	"errors"
	"image"
	"io"
	"math"
	"os"

	"gocv.io/x/gocv"

	"facematch/matcher"
	"facematch/matcher/internal/blob"
	"facematch/matcher/internal/container"
)

var _ matcher.ClipCleaner = (*Matcher)(nil)

// Clean gives a clip as it may leave this computer; see matcher.ClipCleaner. The
// pictures of MP4 and MOV are copied as they are. Others are decoded as for a check
// and encoded anew, cleanRate a second, no larger than frameSide. Its problems are
// those that clips have in Match.
func (m *Matcher) Clean(ctx context.Context, clip matcher.Blob) (clean matcher.Blob, how matcher.Cleaning,
	remove func(), err error) {
	path, done, err := m.clipFile(ctx, clip)
	if err != nil {
		return matcher.Blob{}, "", nil, err
	}
	defer done()
	file, err := os.CreateTemp(m.params.Temp, "clip-*.mp4") // 0600
	if err != nil {
		return matcher.Blob{}, "", nil, matcher.NewProblem(matcher.KeyNoTemp, err)
	}
	name := file.Name()
	remove = func() { _ = os.Remove(name) }
	how = matcher.ClipRewritten
	err = copyPictures(ctx, file, path)
	if errors.Is(err, container.ErrOther) {
		how = matcher.ClipEncoded
		err = m.encode(ctx, name, clip)
	}
	err = errors.Join(err, file.Close())
	info, statErr := os.Stat(name)
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case err == nil && statErr == nil:
		return matcher.Blob{Name: "clip.mp4", Size: info.Size(), Path: name}, how, remove, nil
	default:
		err = matcher.AsProblem(errors.Join(err, statErr), matcher.KeyNoTemp)
	}
	remove()
	return matcher.Blob{}, "", nil, err
}

// copyPictures copies the picture track. The error is container.ErrOther where that
// cannot be copied.
func copyPictures(ctx context.Context, to io.Writer, path string) error {
	from, err := blob.Open(matcher.Blob{Path: path}, "clip")
	if err != nil {
		return err
	}
	defer from.Close()
	file, ok := from.(*os.File)
	if !ok {
		return container.ErrOther
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(untilWriter{ctx, to})
	if err := container.Strip(buffered, file, info.Size()); err != nil {
		return err
	}
	return buffered.Flush()
}

// untilWriter writes on until the context ends.
type untilWriter struct {
	ctx context.Context
	w   io.Writer
}

func (u untilWriter) Write(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.w.Write(p)
}

// cleanRate is how many frames a second an encoded clip has.
const cleanRate = 30

// encode decodes all pictures of a clip and encodes them anew.
func (m *Matcher) encode(ctx context.Context, path string, clip matcher.Blob) error {
	done := make(chan error, 1)
	err := m.params.Engine.native.Go(func() {
		film, end, err := m.begin(ctx, clip, true, func(int) {})
		if err != nil {
			done <- err
			return
		}
		defer end()
		e := encoding{path: path}
		err = e.all(ctx, film)
		done <- errors.Join(err, e.close())
	})
	if err != nil {
		return closed(err)
	}
	return <-done // which leaves as soon as the context ends
}

// encoding writes a clip of a constant frame rate.
type encoding struct {
	path    string
	writer  *gocv.VideoWriter
	size    image.Point
	written int
	before  *image.RGBA
}

// all shows each frame until the time of the next, the last one once.
func (e *encoding) all(ctx context.Context, film matcher.Film) error {
	for {
		f, err := film.Next(ctx)
		if errors.Is(err, io.EOF) {
			return e.show(e.written + 1)
		}
		if err == nil {
			err = e.show(int(math.Round(f.At.Seconds() * cleanRate)))
		}
		if err != nil {
			return err
		}
		e.before = f.Image
	}
}

// show writes the frame before until a time.
func (e *encoding) show(until int) error {
	for ; e.before != nil && e.written < until; e.written++ {
		if err := e.write(e.before); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoding) close() error {
	if e.writer == nil {
		return nil
	}
	return e.writer.Close()
}

func (e *encoding) write(img *image.RGBA) error {
	if e.writer == nil {
		e.size = image.Pt(max(2, img.Rect.Dx()&^1), max(2, img.Rect.Dy()&^1)) // H.264 halves them for colour
		w, err := gocv.VideoWriterFile(e.path, "avc1", cleanRate, e.size.X, e.size.Y, true)
		if err != nil {
			return errors.New("no encoder")
		}
		if e.writer = w; !w.IsOpened() {
			return errors.New("no encoder")
		}
	}
	return writePicture(e.writer, img, e.size)
}

func writePicture(w *gocv.VideoWriter, img *image.RGBA, size image.Point) error {
	if img.Rect.Dx() < size.X || img.Rect.Dy() < size.Y {
		return errors.New("a smaller picture")
	}
	rgba, err := gocv.NewMatFromBytes(img.Rect.Dy(), img.Rect.Dx(), gocv.MatTypeCV8UC4, img.Pix)
	if err != nil {
		return err
	}
	defer rgba.Close()
	bgr := gocv.NewMat()
	defer bgr.Close()
	gocv.CvtColor(rgba, &bgr, gocv.ColorRGBAToBGR)
	part := bgr.Region(image.Rectangle{Max: size})
	defer part.Close()
	whole := part.Clone()
	defer whole.Close()
	return w.Write(whole)
}

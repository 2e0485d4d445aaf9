package offline

import (
	"context"
	"errors"
	"image"
	"math"

	"gocv.io/x/gocv"

	"facematch/matcher"
	"facematch/matcher/internal/background"
)

// Lines reads lines of machine-readable zones with the network of mrznet. It may be used
// from several goroutines; each line waits for its turn.
type Lines struct {
	native background.Group
	free   chan *gocv.Net
}

// NewLines reads the network, which must be one of this program's own: OpenCV ends the
// program on some damaged ones.
func NewLines(network []byte) (*Lines, error) {
	net, err := gocv.ReadNetFromONNXBytes(network)
	if err != nil {
		return nil, matcher.NewProblem("engine.failed", err)
	}
	if net.Empty() {
		return nil, matcher.NewProblem("engine.failed", errors.New("the network for lines is empty"))
	}
	l := &Lines{free: make(chan *gocv.Net, 1)}
	l.free <- &net
	return l, nil
}

// Line gives what the network makes of the picture of one line; see package zone. A
// caller who leaves does not wait.
func (l *Lines) Line(ctx context.Context, line *image.Gray) ([]float32, error) {
	pixels := evened(line)
	out, err := background.Run(ctx, &l.native, func() ([]float32, error) {
		select {
		case net := <-l.free:
			defer func() { l.free <- net }()
			return readLine(net, pixels, line.Rect.Size())
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, background.ErrClosed):
		return nil, closed(err)
	}
	return nil, matcher.AsProblem(err, "engine.failed")
}

// Close waits for a line that is being read and frees the network. It may be called again.
func (l *Lines) Close() error {
	l.native.Close()
	select {
	case net := <-l.free:
		return net.Close()
	default:
		return nil
	}
}

func readLine(net *gocv.Net, pixels []float32, size image.Point) ([]float32, error) {
	blob := gocv.NewMatWithSizes([]int{1, 1, size.Y, size.X}, gocv.MatTypeCV32F)
	defer blob.Close()
	into, err := blob.DataPtrFloat32()
	if err != nil {
		return nil, err
	}
	copy(into, pixels)
	return forward(net, blob, 0)
}

// evened gives a picture's pixels with mean 0 and deviation 1, as the network was trained.
func evened(img *image.Gray) []float32 {
	size := img.Rect.Size()
	out := make([]float32, 0, size.X*size.Y)
	sum, squares := 0.0, 0.0
	for y := range size.Y {
		for _, v := range img.Pix[y*img.Stride : y*img.Stride+size.X] {
			out = append(out, float32(v))
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
	}
	n := float64(len(out))
	mean := sum / n
	deviation := max(math.Sqrt(max(0, squares/n-mean*mean)), leastDeviation)
	for i := range out {
		out[i] = float32((float64(out[i]) - mean) / deviation)
	}
	return out
}

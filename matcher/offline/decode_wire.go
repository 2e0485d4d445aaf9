package offline

import (
	"encoding/binary"
	"errors"
	"image"
	"io"
	"time"

	"facematch/matcher"
)

// What a decoder and its parent say to each other. Both are the same file, so
// nothing here need suit another version; but the decoder may be in the hands of
// whoever made the clip, so the parent believes nothing it has not checked.
//
//	parent: a job for each clip: the length of a path, and the path; no path where
//	        the clip lies in the file both share
//	decoder: ready · (read)* · (frame, its pixels)* · done
//	         or, in place of frames and done, fault
//
// Pixels lie in another file both share, or follow the frame where there is none.
const (
	sayReady = iota + 1
	sayRead  // Number frames of the clip have been read
	sayFrame // Number of the frame, At, Width x Height; its pixels are on Sheet
	sayDone  // all Number frames have been sent
	sayFault // there are none, because of faults[Number]
)

// said is all a decoder can say, pixels apart.
type said struct {
	What, Sheet   uint8
	Width, Height uint16
	Number        uint32
	At            time.Duration
}

// faults can be told by a decoder.
var faults = []*matcher.Problem{faultUnopened, faultPackets, faultKind, faultEmpty, faultLarge, faultLong, faultResized}

// errLied is a decoder that says what none of ours would.
var errLied = errors.New("it said what it must not say")

const saidSize = 1 + 1 + 2 + 2 + 4 + 8

func (s said) write(w io.Writer) error {
	return binary.Write(w, binary.LittleEndian, s)
}

func readSaid(r io.Reader) (s said, err error) {
	var b [saidSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return said{}, err
	}
	_, err = binary.Decode(b[:], binary.LittleEndian, &s)
	return s, err
}

// sayFrames sends what came of a clip, on these sheets.
func sayFrames(w io.Writer, frames []matcher.Frame, on *sheets) error {
	for _, f := range frames {
		size := f.Image.Rect.Size()
		err := said{What: sayFrame, Sheet: on.number(f.Image), Width: uint16(size.X), Height: uint16(size.Y), Number: uint32(f.Seq), At: f.At}.write(w)
		if err == nil && !on.shared() {
			_, err = w.Write(f.Image.Pix)
		}
		if err != nil {
			return err
		}
	}
	return said{What: sayDone, Number: uint32(len(frames))}.write(w)
}

// hear takes what a decoder says of one clip: at most sampleFrames frames, each no
// larger than frameSide and later in the clip than the one before. Their pixels lie
// in shared, where that is not nil.
func hear(r io.Reader, shared io.ReaderAt, report func(read int)) ([]matcher.Frame, error) {
	var frames []matcher.Frame
	last := matcher.Frame{}
	for {
		s, err := readSaid(r)
		if err != nil {
			return nil, err
		}
		switch {
		case s.What == sayRead && len(frames) == 0 && s.Number <= maxFrames+grabAtOnce:
			report(int(s.Number))
		case s.What == sayFrame && len(frames) < sampleFrames && s.sensible() && uint64(s.Number) > last.Seq && s.At >= last.At:
			img := image.NewRGBA(image.Rect(0, 0, int(s.Width), int(s.Height)))
			pixels := r
			if shared != nil {
				pixels = io.NewSectionReader(shared, int64(s.Sheet)*sheetSize, sheetSize)
			}
			if _, err := io.ReadFull(pixels, img.Pix); err != nil {
				return nil, err
			}
			last = matcher.Frame{Image: img, At: s.At, Seq: uint64(s.Number)}
			frames = append(frames, last)
		case s.What == sayDone && len(frames) > 0 && int(s.Number) == len(frames):
			return frames, nil
		case s.What == sayFault && len(frames) == 0 && int(s.Number) < len(faults):
			return nil, faults[s.Number]
		default:
			return nil, errLied
		}
	}
}

// sensible says whether there can be such a frame.
func (s said) sensible() bool {
	return s.Sheet < maxKept && s.Width >= 1 && s.Width <= frameSide && s.Height >= 1 && s.Height <= frameSide &&
		s.Number <= maxFrames && s.At >= 0 && s.At <= maxLength
}

// sheets are paper that a decoder and its parent share, numbered from 0.
type sheets struct {
	memory []byte // of all; nil where nothing is shared
	free   []uint8
	out    map[*image.RGBA]uint8
}

func newSheets(memory []byte) *sheets {
	s := &sheets{memory: memory, out: map[*image.RGBA]uint8{}}
	for i := range uint8(maxKept) {
		s.free = append(s.free, maxKept-1-i)
	}
	return s
}

func (s *sheets) shared() bool { return s.memory != nil }

func (s *sheets) number(img *image.RGBA) uint8 { return s.out[img] }

func (s *sheets) sheet(size image.Point) *image.RGBA {
	if !s.shared() {
		return heap{}.sheet(size)
	}
	last := len(s.free) - 1
	i := s.free[last]
	s.free = s.free[:last]
	from, n := int(i)*sheetSize, 4*size.X*size.Y
	img := &image.RGBA{Pix: s.memory[from : from+n : from+n], Stride: 4 * size.X, Rect: image.Rectangle{Max: size}}
	s.out[img] = i
	return img
}

func (s *sheets) back(img *image.RGBA) {
	if i, ok := s.out[img]; ok {
		delete(s.out, img)
		s.free = append(s.free, i)
	}
}

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
// nothing here need suit another version; but a crafted clip may
// control the decoder, so the parent checks all that it is sent.
//
//	parent: a job for each clip: a path, none where the clip lies in the file both
//	        share, and whether every frame is wanted
//	        (a sheet that it has copied)*
//	decoder: ready · (read | frame, its pixels)* · jumps · done
//	         or fault in place of jumps and done
//
// Pixels lie on a sheet of another file both share, or follow the frame where no
// file is shared. A decoder without a free sheet waits until its parent gives one back, so
// it is ahead of the parent by a few frames at most.
const (
	sayReady = iota + 1
	sayRead  // Number frames of the clip have been read
	sayFrame // Number of the frame, At, Width x Height; its pixels are on Sheet
	sayJumps // Number jumps of the picture were not sampled
	sayDone  // all Number frames have been sent
	sayFault // it goes no further, because of faults[Number]
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

// sendFrame sends a frame that lies on one of these sheets.
func sendFrame(w io.Writer, f matcher.Frame, on *sheets) error {
	size := f.Image.Rect.Size()
	err := said{What: sayFrame, Sheet: on.number(f.Image), Width: uint16(size.X), Height: uint16(size.Y),
		Number: uint32(f.Seq), At: f.At}.write(w)
	if err == nil && !on.shared() {
		_, err = w.Write(f.Image.Pix)
	}
	return err
}

// hearing takes what a decoder says of one clip: at most so many frames, each no
// larger than frameSide and later in the clip than the one before.
type hearing struct {
	from   io.Reader
	shared io.ReaderAt             // where the pixels lie; nil where they follow the frame
	back   func(sheet uint8) error // gives a sheet back
	report func(read int)
	most   int // frames

	frames    int
	last      matcher.Frame // without its picture
	largest   int           // bytes of a picture
	jumps     bool          // it has told of them
	unsampled int
}

// next is the next frame, copied into this process's own memory, or io.EOF after
// the last one. No error is better than another: the decoder has broken off, lied,
// or told what is wrong with the clip.
func (h *hearing) next() (matcher.Frame, error) {
	for {
		s, err := readSaid(h.from)
		if errors.Is(err, io.EOF) { // it is no end that it told
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return matcher.Frame{}, err
		}
		switch {
		case s.What == sayRead && !h.jumps && s.Number <= maxFrames:
			h.report(int(s.Number))
		case s.What == sayFrame && !h.jumps && h.frames < h.most && s.sensible() && uint64(s.Number) > h.last.Seq &&
			s.At >= h.last.At:
			return h.frame(s)
		case s.What == sayJumps && !h.jumps && s.Number <= maxFrames:
			h.jumps, h.unsampled = true, int(s.Number)
		case s.What == sayDone && h.jumps && h.frames > 0 && int64(s.Number) == int64(h.frames):
			return matcher.Frame{}, io.EOF
		case s.What == sayFault && !h.jumps && int64(s.Number) < int64(len(faults)):
			return matcher.Frame{}, faults[s.Number]
		default:
			return matcher.Frame{}, errLied
		}
	}
}

func (h *hearing) frame(s said) (matcher.Frame, error) {
	img := image.NewRGBA(image.Rect(0, 0, int(s.Width), int(s.Height)))
	pixels := h.from
	if h.shared != nil {
		pixels = io.NewSectionReader(h.shared, int64(s.Sheet)*sheetSize, sheetSize)
	}
	if _, err := io.ReadFull(pixels, img.Pix); err != nil {
		return matcher.Frame{}, io.ErrUnexpectedEOF
	}
	if err := h.back(s.Sheet); err != nil {
		return matcher.Frame{}, err
	}
	h.frames++
	h.largest = max(h.largest, len(img.Pix))
	h.last = matcher.Frame{At: s.At, Seq: uint64(s.Number)}
	return matcher.Frame{Image: img, At: s.At, Seq: uint64(s.Number)}, nil
}

// sensible says whether there can be such a frame.
func (s said) sensible() bool {
	return s.Sheet < sheetCount && s.Width >= 1 && s.Width <= frameSide && s.Height >= 1 && s.Height <= frameSide &&
		s.Number <= maxFrames && s.At >= 0 && s.At <= maxLength
}

// sheets are paper that a decoder and its parent share, numbered from 0.
type sheets struct {
	memory []byte // of all; nil where nothing is shared
	free   chan uint8
	out    map[*image.RGBA]uint8
}

func newSheets(memory []byte) *sheets {
	s := &sheets{memory: memory, free: make(chan uint8, sheetCount), out: map[*image.RGBA]uint8{}}
	for i := range uint8(sheetCount) {
		s.free <- i
	}
	return s
}

func (s *sheets) shared() bool { return s.memory != nil }

// number of the sheet a picture lies on, which this forgets.
func (s *sheets) number(img *image.RGBA) uint8 {
	i := s.out[img]
	delete(s.out, img)
	return i
}

func (s *sheets) sheet(size image.Point) *image.RGBA {
	if !s.shared() {
		return heap{}.sheet(size)
	}
	i := <-s.free
	from, n := int(i)*sheetSize, 4*size.X*size.Y
	img := &image.RGBA{Pix: s.memory[from : from+n : from+n], Stride: 4 * size.X, Rect: image.Rectangle{Max: size}}
	s.out[img] = i
	return img
}

// back takes a sheet that the parent has copied.
func (s *sheets) back(i uint8) {
	select {
	case s.free <- i:
	default: // nobody gave so many out
	}
}

package offline

import (
	"bytes"
	"context"

	"gocv.io/x/gocv"
)

// steadySize refuses a clip whose pictures change their size on the way, and
// says how many packets it has. OpenCV hides such a change: it goes on with the
// size at opening, and shows the last picture before the change, or a part of
// each later one, for the rest of the clip. A second person could hide there.
//
// It reads the packets without decoding them. What tells the size must be, byte
// for byte, what it was in the first packet that has it. Codecs which tell it in
// the container only (Theora, FFV1) cannot change it; a new size between two key
// frames, which VP9 and AV1 allow, is not seen.
func steadySize(ctx context.Context, path string) (packets int, err error) {
	capture, err := gocv.VideoCaptureFileWithAPI(path, gocv.VideoCaptureFFmpeg)
	if capture != nil {
		defer capture.Close()
	}
	if err != nil { // its text names the file
		return 0, faultUnopened
	}
	capture.Set(gocv.VideoCaptureFormat, -1) // packets as they are

	mat := gocv.NewMat()
	defer mat.Close()
	var first []byte
	// A damaged packet is no more than a miss; at the end there are only those.
	for misses := 0; misses < mostMisses && packets <= maxFrames; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if !capture.Read(&mat) || mat.Empty() {
			misses++
			continue
		}
		misses = 0
		packets++
		packet, err := mat.DataPtrUint8()
		if err != nil {
			return 0, faultKind
		}
		switch mark := sizeMark(packet); {
		case mark == nil:
		case first == nil:
			first = bytes.Clone(mark)
		case !bytes.Equal(mark, first):
			return 0, faultResized
		}
	}
	return packets, nil
}

// sizeMark is the part of a packet that fixes the size of the pictures from
// here on, nil where it has none. The kind of codec shows in the bytes, while
// the names for it differ between containers.
func sizeMark(p []byte) []byte {
	switch {
	case len(p) < 10:
		return nil
	case p[0] == 0xff && p[1] == 0xd8:
		return jpegSize(p)
	case p[0]&1 == 0 && string(p[3:6]) == "\x9d\x01\x2a": // a key frame of VP8
		return p[6:10]
	case p[0]>>6 == 2 && string(p[1:4]) == "\x49\x83\x42": // of VP9: colours, then width and height
		return append(bytes.Clone(p[4:8]), p[8]&0xf0)
	case p[0] == 0 && p[1] == 0 && (p[2] == 1 || p[2] == 0 && p[3] == 1):
		return parameterSet(p)
	}
	return av1Sequence(p)
}

// jpegSize is height and width of a JPEG picture.
func jpegSize(p []byte) []byte {
	for p = p[2:]; len(p) >= 9 && p[0] == 0xff; {
		switch marker := p[1]; {
		case marker == 0xff: // a fill byte
			p = p[1:]
			continue
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			return p[5:9]
		case marker == 0xda:
			return nil
		}
		p = p[min(len(p), 2+int(p[2])<<8+int(p[3])):]
	}
	return nil
}

// parameterSet is the first sequence parameter set of H.264 or H.265, or the
// video object layer of MPEG-4, in a row of units behind 00 00 01 each.
func parameterSet(p []byte) []byte {
	start := []byte{0, 0, 1}
	object := false // MPEG-4: an object without content comes before its layer
	for {
		_, unit, found := bytes.Cut(p, start)
		if !found || len(unit) < 2 {
			return nil
		}
		p = unit
		if next := bytes.Index(unit, start); next >= 0 {
			unit = unit[:next]
		}
		unit = bytes.TrimRight(unit, "\x00")
		switch {
		case len(unit) == 0 || len(unit) == 1 && unit[0] < 0x20:
			object = true
			continue
		case object && unit[0]>>4 == 2, unit[0]&0x9f == 7, unit[0] == 0x42 && unit[1] == 1:
			return unit
		}
		object = false
	}
}

// av1Sequence is the sequence header of AV1.
func av1Sequence(p []byte) []byte {
	for len(p) >= 2 && p[0]&0x83 == 2 { // a unit that tells its length
		kind, at := p[0]>>3, 1+int(p[0]>>2&1)
		length, shift := 0, 0
		for ; at < len(p) && shift < 28; shift += 7 {
			b := p[at]
			at++
			length |= int(b&0x7f) << shift
			if b < 0x80 {
				break
			}
		}
		if length > len(p)-at {
			return nil
		}
		if kind == 1 {
			return p[at : at+length]
		}
		p = p[at+length:]
	}
	return nil
}

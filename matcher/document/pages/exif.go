package pages

import (
	"bytes"
	"encoding/binary"
	"image"

	"facematch/matcher/internal/picture"
)

// upright is the orientation of a picture that needs no turning.
const upright = 1

// exifPrefix stands before EXIF data where other things may stand as well.
const exifPrefix = "Exif\x00\x00"

// exifOrientation reads how a camera was held from EXIF data, which is a TIFF
// structure: the entry 0x0112 in its first directory, 1 (upright) to 8, and 1
// where nothing readable says otherwise.
func exifOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	start := uint64(order.Uint32(tiff[4:]))
	if start+2 > uint64(len(tiff)) {
		return upright
	}
	directory := tiff[start:]
	entries := int(order.Uint16(directory))
	for i := range entries {
		at := 2 + 12*i // tag, type, count, value
		if at+12 > len(directory) {
			return upright
		}
		if order.Uint16(directory[at:]) != 0x0112 {
			continue
		}
		const short = 3
		value := int(order.Uint16(directory[at+8:]))
		if order.Uint16(directory[at+2:]) == short && value >= 1 && value <= 8 {
			return value
		}
		return upright
	}
	return upright
}

// turned undoes an orientation: a mirrored picture is mirrored back, then it is
// turned.
func turned(img *image.RGBA, orientation int) Page {
	p := Page{Picture: img, Turned: [9]int{0, 0, 0, 180, 180, 270, 90, 90, 270}[orientation]}
	switch orientation {
	case 2, 4, 5, 7:
		p.Picture, p.Mirrored = picture.Mirror(img), true
	}
	p.Picture = picture.Turn(p.Picture, p.Turned)
	return p
}

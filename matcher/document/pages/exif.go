package pages

import (
	"bytes"
	"encoding/binary"
	"image"

	"facematch/matcher/internal/picture"
)

// orientation reads how a camera was held from a JPEG's EXIF data: 1 (upright)
// to 8, and 1 where nothing readable says otherwise.
func orientation(jpeg []byte) int {
	for marker, content := range segments(jpeg) {
		if exif, ok := bytes.CutPrefix(content, []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiffOrientation(exif)
		}
	}
	return 1
}

// tiffOrientation finds the entry 0x0112 in the first directory of a TIFF
// structure.
func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	start := uint64(order.Uint32(tiff[4:]))
	if start+2 > uint64(len(tiff)) {
		return 1
	}
	directory := tiff[start:]
	entries := int(order.Uint16(directory))
	for i := range entries {
		at := 2 + 12*i // tag, type, count, value
		if at+12 > len(directory) {
			return 1
		}
		if order.Uint16(directory[at:]) != 0x0112 {
			continue
		}
		const short = 3
		value := int(order.Uint16(directory[at+8:]))
		if order.Uint16(directory[at+2:]) == short && value >= 1 && value <= 8 {
			return value
		}
		return 1
	}
	return 1
}

// upright undoes an EXIF orientation: a mirrored picture is mirrored back, then
// it is turned.
func upright(img *image.RGBA, orientation int) Page {
	p := Page{Picture: img, Turned: [9]int{0, 0, 0, 180, 180, 270, 90, 90, 270}[orientation]}
	switch orientation {
	case 2, 4, 5, 7:
		p.Picture, p.Mirrored = picture.Mirror(img), true
	}
	p.Picture = picture.Turn(p.Picture, p.Turned)
	return p
}

package camera

import (
	"fmt"
	"syscall"
	"testing"
	"unsafe"
)

// The sizes and places of linux/videodev2.h, as a C compiler gives them on every
// 64 and 32 bit system alike. The size also stands in the call's own number.
func TestLayoutOfV4L2(t *testing.T) {
	var (
		c v4l2Capability
		f v4l2Format
		s v4l2FrameSize
		i v4l2FrameInterval
	)
	for name, got := range map[string][2]uintptr{
		"capability":             {unsafe.Sizeof(c), 104},
		"its card":               {unsafe.Offsetof(c.card), 16},
		"its capabilities":       {unsafe.Offsetof(c.capabilities), 84},
		"its device's own":       {unsafe.Offsetof(c.deviceCaps), 88},
		"format":                 {unsafe.Sizeof(f), 64},
		"its pixels":             {unsafe.Offsetof(f.pixelFormat), 44},
		"frame size":             {unsafe.Sizeof(s), 44},
		"its sizes":              {unsafe.Offsetof(s.sizes), 12},
		"frame interval":         {unsafe.Sizeof(i), 52},
		"its times":              {unsafe.Offsetof(i.times), 20},
		"number of a capability": {queryCapability >> 16 & 0x3fff, unsafe.Sizeof(c)},
		"number of a format":     {enumFormat >> 16 & 0x3fff, unsafe.Sizeof(f)},
		"number of a size":       {enumFrameSizes >> 16 & 0x3fff, unsafe.Sizeof(s)},
		"number of an interval":  {enumFrameIntervals >> 16 & 0x3fff, unsafe.Sizeof(i)},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %d, want %d", name, got[0], got[1])
		}
	}
}

// driver answers as a webcam's does.
type driver struct {
	caps, deviceCaps uint32
	formats          []uint32
	sizes            []v4l2FrameSize
	intervals        [][2]uint32 // seconds as a fraction
	ranges           bool        // sizes and intervals are ranges
	fails            error
}

func (d driver) answer(call uintptr, filled unsafe.Pointer) error {
	end := syscall.EINVAL
	switch call {
	case queryCapability:
		if d.fails != nil {
			return d.fails
		}
		c := (*v4l2Capability)(filled)
		c.capabilities, c.deviceCaps = d.caps, d.deviceCaps
		copy(c.card[:], "Webcam")
		copy(c.driver[:], "uvcvideo")
	case enumFormat:
		f := (*v4l2Format)(filled)
		if f.kind != bufCapture || int(f.index) >= len(d.formats) {
			return end
		}
		f.pixelFormat = d.formats[f.index]
	case enumFrameSizes:
		s := (*v4l2FrameSize)(filled)
		if int(s.index) >= len(d.sizes) {
			return end
		}
		s.kind, s.sizes = d.sizes[s.index].kind, d.sizes[s.index].sizes
	case enumFrameIntervals:
		v := (*v4l2FrameInterval)(filled)
		if int(v.index) >= len(d.intervals) {
			return end
		}
		v.kind = discrete
		if d.ranges {
			v.kind = 3
		}
		v.times[0], v.times[1] = d.intervals[v.index][0], d.intervals[v.index][1]
	}
	return nil
}

func TestAskingADriver(t *testing.T) {
	single := func(w, h uint32) v4l2FrameSize { return v4l2FrameSize{kind: discrete, sizes: [6]uint32{w, h}} }
	for name, c := range map[string]struct {
		driver driver
		want   string
	}{
		"webcam": {driver{caps: capCapture, formats: []uint32{motionJPEG},
			sizes:     []v4l2FrameSize{single(640, 480), single(1280, 720)},
			intervals: [][2]uint32{{1, 5}, {1, 60}, {1, 30}}}, "true [640x480@30 1280x720@30]"},
		"slow": {driver{caps: capCapture, formats: []uint32{1}, sizes: []v4l2FrameSize{single(1280, 720)},
			intervals: [][2]uint32{{1, 5}, {1, 10}}}, "true [1280x720@10]"},
		"silent about its rates": {driver{caps: capCapture, formats: []uint32{1}, sizes: []v4l2FrameSize{single(320, 240)}},
			"true [320x240@30]"},
		"any size": {driver{caps: capCapture, formats: []uint32{1}, ranges: true,
			sizes: []v4l2FrameSize{{kind: 3, sizes: [6]uint32{16, 1920, 16, 16, 1080, 16}}}, intervals: [][2]uint32{{1, 50}}},
			"true [1280x720@30]"},
		"any size but small": {driver{caps: capCapture, formats: []uint32{1},
			sizes: []v4l2FrameSize{{kind: 2, sizes: [6]uint32{16, 800, 16, 16, 600, 16}}}}, "true [800x600@30]"},
		"a device for metadata": {driver{caps: capCapture | capDeviceCaps, deviceCaps: 0x00800000}, "false []"},
		"the camera's picture":  {driver{caps: capDeviceCaps, deviceCaps: capCapture}, "true []"},
		"a list without end": {driver{caps: capCapture, formats: []uint32{1}, sizes: make([]v4l2FrameSize, 1000)},
			"true []"},
	} {
		can, err := ask(c.driver.answer)
		var modes []string
		for _, m := range can.modes {
			modes = append(modes, fmt.Sprintf("%dx%d@%g", m.width, m.height, m.rate))
		}
		if got := fmt.Sprintf("%t %v", can.captures, modes); err != nil || got != c.want || can.name != "Webcam" ||
			can.driver != "uvcvideo" {
			t.Errorf("%s: %s, %q, %v; want %s", name, got, can.name, err, c.want)
		}
	}
	if _, err := ask(driver{fails: syscall.EBUSY}.answer); err != syscall.EBUSY {
		t.Errorf("a busy driver: %v", err)
	}
}

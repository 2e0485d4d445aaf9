package camera

import (
	"os"
	"syscall"
	"unsafe"

	"gocv.io/x/gocv"
)

func thisSystem() system { return system{ask: askV4L2, open: openV4L2} }

// openV4L2 opens a device. OpenCV asks the driver for each of the properties, and
// a driver that cannot gives the nearest.
func openV4L2(path string, m mode) (*gocv.VideoCapture, error) {
	capture, err := gocv.VideoCaptureFileWithAPI(path, gocv.VideoCaptureV4L2)
	if err != nil {
		return capture, err
	}
	capture.Set(gocv.VideoCaptureFOURCC, float64(m.format))
	capture.Set(gocv.VideoCaptureFrameWidth, float64(m.width))
	capture.Set(gocv.VideoCaptureFrameHeight, float64(m.height))
	capture.Set(gocv.VideoCaptureFPS, m.rate)
	return capture, nil
}

// The kernel's interface for cameras, linux/videodev2.h: numbers of its calls and
// the layout of what they fill in. A test holds the sizes against the header's.
const (
	queryCapability    = 0x80685600
	enumFormat         = 0xc0405602
	enumFrameSizes     = 0xc02c564a
	enumFrameIntervals = 0xc034564b

	capCapture, capCapturePlanes = 0x1, 0x1000
	capDeviceCaps                = 0x80000000 // each device of a camera says what it can itself

	bufCapture, bufCapturePlanes = 1, 9

	discrete = 1 // a size or interval by itself, not a range
)

type v4l2Capability struct {
	driver       [16]byte
	card         [32]byte
	bus          [32]byte
	version      uint32
	capabilities uint32
	deviceCaps   uint32
	reserved     [3]uint32
}

type v4l2Format struct {
	index       uint32
	kind        uint32
	flags       uint32
	description [32]byte
	pixelFormat uint32
	mbusCode    uint32
	reserved    [3]uint32
}

type v4l2FrameSize struct {
	index       uint32
	pixelFormat uint32
	kind        uint32
	// discrete: width and height; a range: least, most and step of the width, then of the height
	sizes    [6]uint32
	reserved [2]uint32
}

type v4l2FrameInterval struct {
	index         uint32
	pixelFormat   uint32
	width, height uint32
	kind          uint32
	// discrete: seconds as a fraction; a range: least, most and step as fractions
	times    [6]uint32
	reserved [2]uint32
}

// askV4L2 asks a device what it can do.
func askV4L2(path string) (ability, error) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ability{}, err
	}
	defer f.Close()
	return ask(func(call uintptr, filled unsafe.Pointer) error {
		for {
			_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), call, uintptr(filled))
			switch {
			case errno == 0:
				return nil
			case errno != syscall.EINTR:
				return errno
			}
		}
	})
}

// ask puts the questions to a driver.
func ask(driver func(call uintptr, filled unsafe.Pointer) error) (ability, error) {
	var c v4l2Capability
	if err := driver(queryCapability, unsafe.Pointer(&c)); err != nil {
		return ability{}, err
	}
	caps := c.capabilities
	if caps&capDeviceCaps != 0 {
		caps = c.deviceCaps
	}
	can := ability{captures: caps&(capCapture|capCapturePlanes) != 0, name: cString(c.card[:]),
		driver: cString(c.driver[:])}
	kind := uint32(bufCapture)
	if caps&capCapture == 0 {
		kind = bufCapturePlanes
	}
	for i := uint32(0); can.captures && i < mostModes; i++ {
		f := v4l2Format{index: i, kind: kind}
		if driver(enumFormat, unsafe.Pointer(&f)) != nil { // the end of the list
			break
		}
		can.modes = append(can.modes, modesOf(driver, f.pixelFormat)...)
	}
	return can, nil
}

func modesOf(driver func(uintptr, unsafe.Pointer) error, format uint32) (modes []mode) {
	for i := uint32(0); i < mostModes; i++ {
		s := v4l2FrameSize{index: i, pixelFormat: format}
		if driver(enumFrameSizes, unsafe.Pointer(&s)) != nil {
			break
		}
		m := mode{format: format, width: int(s.sizes[0]), height: int(s.sizes[1])}
		if s.kind != discrete { // a range, which comes alone
			m.width = min(max(preferredWidth, int(s.sizes[0])), int(s.sizes[1]))
			m.height = min(max(preferredHeight, int(s.sizes[3])), int(s.sizes[4]))
		}
		if m.width > 0 && m.height > 0 {
			m.rate = fastest(driver, m)
			modes = append(modes, m)
		}
		if s.kind != discrete {
			break
		}
	}
	return modes
}

// fastest is the frame rate nearest to the preferred one from above, else the
// highest; the preferred one where the driver does not say.
func fastest(driver func(uintptr, unsafe.Pointer) error, m mode) float64 {
	best := 0.0
	for i := uint32(0); i < mostModes; i++ {
		v := v4l2FrameInterval{index: i, pixelFormat: m.format, width: uint32(m.width), height: uint32(m.height)}
		if driver(enumFrameIntervals, unsafe.Pointer(&v)) != nil {
			break
		}
		if v.times[0] == 0 {
			continue
		}
		rate := float64(v.times[1]) / float64(v.times[0])
		if v.kind != discrete { // its least interval is its highest rate
			return min(rate, preferredRate)
		}
		if best < preferredRate && rate > best || rate >= preferredRate && rate < best {
			best = rate
		}
	}
	if best == 0 {
		return preferredRate
	}
	return best
}

func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

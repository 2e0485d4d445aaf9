package camera

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

// kind is what an address leads to.
type kind int

const (
	file kind = iota
	device
	stream
)

// String names the kind for the log, which must not hold the address.
func (k kind) String() string { return [...]string{"file", "device", "stream"}[k] }

// address is where the pictures come from.
type address struct {
	kind kind
	name string // as the native capture takes it; never logged
}

func parseAddress(text string) address {
	text = strings.TrimSpace(text)
	lower := strings.ToLower(text)
	for _, scheme := range []string{"http://", "https://", "rtsp://", "rtsps://"} {
		if strings.HasPrefix(lower, scheme) {
			return address{stream, text}
		}
	}
	if text != "" && strings.Trim(text, "0123456789") == "" {
		return address{device, "/dev/video" + text}
	}
	if strings.HasPrefix(text, "/dev/") {
		return address{device, text}
	}
	// An absolute path cannot be taken for one of FFmpeg's own protocols.
	if path, err := filepath.Abs(text); err == nil && text != "" {
		text = path
	}
	return address{file, text}
}

// check looks at a device or file before native code does, which could only say
// that it did not work. A stream is not looked at.
func (a address) check() *matcher.Problem {
	switch a.kind {
	case device:
		return checkDevice(a.name)
	case file:
		return checkFile(a.name)
	}
	return nil
}

// open opens the capture; whoever gets it closes it. OpenCV's own error holds
// the address, so it is not passed on.
func (a address) open() (*gocv.VideoCapture, *matcher.Problem) {
	api := gocv.VideoCaptureFFmpeg // named, so that no other one tries the address and prints it
	if a.kind == device {
		api = gocv.VideoCaptureV4L2
	}
	capture, err := gocv.VideoCaptureFileWithAPI(a.name, api)
	if err != nil {
		capture.Close()
		return nil, a.failed(errors.New("it does not open"))
	}
	return capture, nil
}

// failed is what the clerk is told when a source that looked right gives no
// picture, or no more.
func (a address) failed(cause error) *matcher.Problem {
	switch a.kind {
	case device:
		// It may have been pulled out; else the driver only refuses while another
		// program has it.
		if problem := checkDevice(a.name); problem != nil {
			return problem
		}
		return matcher.NewProblem("camera.busy", cause)
	case stream:
		return matcher.NewProblem("camera.stream", cause)
	}
	return matcher.NewProblem("camera.file", cause)
}

func checkDevice(path string) *matcher.Problem {
	info, err := os.Stat(path)
	if err != nil {
		return matcher.NewProblem(deviceKey(err), err)
	}
	if info.Mode()&os.ModeCharDevice == 0 {
		return matcher.NewProblem("camera.none", errors.New("not a character device"))
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return matcher.NewProblem(deviceKey(err), err)
	}
	if err := f.Close(); err != nil {
		return matcher.NewProblem("camera.busy", err)
	}
	return nil
}

// deviceKey finds the words for why a device does not open. A device that is
// gone, or never had a driver behind it, is one that is not there.
func deviceKey(err error) string {
	switch {
	case errors.Is(err, os.ErrPermission):
		return "camera.denied"
	case errors.Is(err, syscall.EBUSY):
		return "camera.busy"
	}
	return "camera.none"
}

// checkFile refuses what is no video before FFmpeg guesses: it would show text
// as a picture, follow a playlist to other files, and wait at a pipe.
func checkFile(path string) *matcher.Problem {
	bad := func(cause error) *matcher.Problem { return matcher.NewProblem("camera.file", cause) }
	info, err := os.Stat(path)
	if err != nil {
		return bad(err)
	}
	if !info.Mode().IsRegular() {
		return bad(errors.New("not a regular file"))
	}
	f, err := os.Open(path)
	if err != nil {
		return bad(err)
	}
	defer f.Close()
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return bad(err)
	}
	if strings.HasPrefix(http.DetectContentType(head[:n]), "text/") {
		return bad(errors.New("text"))
	}
	return nil
}

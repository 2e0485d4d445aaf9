package camera

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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

// number is which of the computer's cameras is meant, for an address that is a
// number; false for others.
func number(text string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	return n, err == nil && n >= 0
}

// openFile opens a file or stream; the caller closes the capture. OpenCV's
// own error holds the address, so it is not passed on.
func openFile(name string) (*gocv.VideoCapture, error) {
	// FFmpeg by name, so that no other one tries the address and prints it.
	capture, err := gocv.VideoCaptureFileWithAPI(name, gocv.VideoCaptureFFmpeg)
	if err != nil {
		capture.Close()
		return nil, errors.New("it does not open")
	}
	return capture, nil
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

//go:build !linux

package kit

import (
	"errors"
	"time"
)

// drawingTime is not known here. Windows and macOS draw with the graphics card.
func drawingTime() (time.Duration, error) { return 0, errors.ErrUnsupported }

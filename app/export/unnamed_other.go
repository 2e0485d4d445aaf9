//go:build !linux

package export

import (
	"errors"
	"os"
)

// unnamed makes a file without a name, which only Linux can.
func unnamed(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func link(*os.File, string) error { return errors.ErrUnsupported }

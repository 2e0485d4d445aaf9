//go:build !linux

package offline

import (
	"errors"
	"os"
	"os/exec"
)

// On these systems a decoder is a process of its own, ended when it hangs, breaks
// or is not needed any more. They have no limits that are set here, and it is given
// the clip's path.

const sharedClip = ""

func newSharedClip() (*os.File, error) { return nil, nil }

func ownProgram() (string, error) { return os.Executable() }

func rootFolder() string { return "" }

func widen(*os.File) {}

func apart(*exec.Cmd) {}

func untilEnded(p *os.Process) { p.Wait() }

func killAll(p *os.Process) { p.Kill() }

func limitDecoder(int) error { return nil }

func limitTime() error { return nil }

func memoryOf(int) int { return 0 }

// confineStarts and confineDecoder say that there is no such thing.
func confineStarts() error { return errors.ErrUnsupported }

func confineDecoder() error { return nil }

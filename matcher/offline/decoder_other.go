//go:build !linux

package offline

import (
	"errors"
	"os"
	"os/exec"
	"time"
)

// On these systems a decoder is a process of its own, ended when it hangs, breaks
// or is not needed any more. No limits are set here, it is given the clip's path,
// and sends the pixels.

const sharedClip = ""

func sharedFiles() (clip, sheets *os.File, err error) { return nil, nil, nil }

func empty(*os.File) {}

func mapSheets() ([]byte, error) { return nil, nil }

func ownProgram() (string, error) { return os.Executable() }

func rootFolder() string { return "" }

func apart(*exec.Cmd) {}

func untilEnded(p *os.Process) { p.Wait() }

func killAll(p *os.Process) { p.Kill() }

func limitDecoder(int) error { return nil }

func limitTime(time.Duration) error { return nil }

func memoryOf(int) int { return 0 }

// confineStarts and confineDecoder say that there is no such thing.
func confineStarts(string) error { return errors.ErrUnsupported }

func confineDecoder() error { return nil }

// nameless leaves the file its name on these systems.
func nameless(file *os.File) (path string, remove func(), err error) {
	return file.Name(), func() { file.Close(); os.Remove(file.Name()) }, nil
}

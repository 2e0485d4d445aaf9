package offline

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"

	"facematch/matcher"
)

// DecodeCommand is the command of the program that calls DecodeHere.
const DecodeCommand = "decode-clips"

// longestPath is the most bytes a job's path may have.
const longestPath = 1 << 16

// DecodeHere reads clips for the process that started this one, as it asks on
// jobs, and answers on answers, until jobs ends; then it ends this process,
// whatever else runs in it. It is for a process of its own, which it limits for
// good and which a clip may crash. The error is a *matcher.Problem, engine.failed.
func DecodeHere(jobs io.Reader, answers io.Writer) error {
	if err := confineDecoder(); err != nil {
		return matcher.NewProblem("engine.failed", err)
	}
	memory, err := mapSheets()
	if err != nil {
		return matcher.NewProblem("engine.failed", err)
	}
	on, asks := newSheets(memory), make(chan job)
	go func() {
		for {
			a, err := readAsked(jobs)
			switch {
			case err != nil:
				os.Exit(0) // the parent has gone or wants no more, also in the middle of a clip
			case a.job != nil:
				asks <- *a.job
			default:
				on.back(a.sheet)
			}
		}
	}()
	err = said{What: sayReady}.write(answers)
	for err == nil {
		err = decode(<-asks, on, answers)
	}
	return matcher.NewProblem("engine.failed", err)
}

// decode reads one clip and sends what comes of it. The error is one of sending.
func decode(j job, on *sheets, answers io.Writer) error {
	if j.path == "" {
		j.path = sharedClip
	}
	if err := limitTime(clipTime); err != nil {
		return err
	}
	frames := uint32(0)
	unsampled, err := readOnto(context.Background(), on, j, func(read int) {
		// Where the answer cannot be written, the parent has ended, and this process ends too.
		_ = said{What: sayRead, Number: uint32(read)}.write(answers)
	}, func(f matcher.Frame) error {
		frames++
		return sendFrame(answers, f, on)
	})
	if err == nil {
		err = said{What: sayJumps, Number: uint32(unsampled)}.write(answers)
		if err == nil {
			err = said{What: sayDone, Number: frames}.write(answers)
		}
		return err
	}
	fault := slices.IndexFunc(faults, func(f *matcher.Problem) bool { return errors.Is(err, f) })
	if fault < 0 {
		return err
	}
	return said{What: sayFault, Number: uint32(fault)}.write(answers)
}

// job is a clip to be read.
type job struct {
	path  string
	every bool // frame is asked for, not only sampled ones
}

// asked is what a parent says: a job, or a sheet that it has copied.
type asked struct {
	job   *job
	sheet uint8
}

// A job begins with the length of its path, to which everyFrame may be added.
// sheetBack stands in its place for a sheet.
const (
	everyFrame = 1 << 30
	sheetBack  = 1 << 31
)

func (j job) write(w io.Writer) error {
	length := uint32(len(j.path))
	if j.every {
		length |= everyFrame
	}
	_, err := w.Write(append(binary.LittleEndian.AppendUint32(nil, length), j.path...))
	return err
}

func writeBack(w io.Writer, sheet uint8) error {
	_, err := w.Write(binary.LittleEndian.AppendUint32(nil, sheetBack|uint32(sheet)))
	return err
}

func readAsked(r io.Reader) (asked, error) {
	var word [4]byte
	if _, err := io.ReadFull(r, word[:]); err != nil {
		return asked{}, err
	}
	n := binary.LittleEndian.Uint32(word[:])
	if n >= sheetBack {
		return asked{sheet: uint8(n)}, nil
	}
	j := job{every: n&everyFrame != 0}
	if n &^= everyFrame; n > longestPath {
		return asked{}, errors.New("no job of ours")
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	j.path = string(b)
	return asked{job: &j}, err
}

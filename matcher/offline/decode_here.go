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
	on, paths := newSheets(memory), make(chan string)
	go func() {
		for {
			a, err := readAsked(jobs)
			switch {
			case err != nil:
				os.Exit(0) // the parent has gone or wants no more, also in the middle of a clip
			case a.job:
				paths <- a.path
			default:
				on.back(a.sheet)
			}
		}
	}()
	err = said{What: sayReady}.write(answers)
	for err == nil {
		err = decode(<-paths, on, answers)
	}
	return matcher.NewProblem("engine.failed", err)
}

// decode reads one clip and sends what comes of it. The error is one of sending.
func decode(path string, on *sheets, answers io.Writer) error {
	if path == "" {
		path = sharedClip
	}
	if err := limitTime(clipTime); err != nil {
		return err
	}
	frames := uint32(0)
	unsampled, err := readOnto(context.Background(), on, path, func(read int) {
		// Whoever cannot hear it has gone, which ends this process anyway.
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

// asked is what a parent says: a job, or a sheet that it has copied.
type asked struct {
	job   bool
	path  string
	sheet uint8
}

// sheetBack stands where a job has the length of its path.
const sheetBack = 1 << 31

func writeJob(w io.Writer, path string) error {
	job := binary.LittleEndian.AppendUint32(nil, uint32(len(path)))
	_, err := w.Write(append(job, path...))
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
	if n > longestPath {
		return asked{}, errors.New("no job of ours")
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return asked{job: true, path: string(b)}, err
}

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
	paths := make(chan string)
	go func() {
		for {
			path, err := readJob(jobs)
			if err != nil {
				os.Exit(0) // the parent has gone or wants no more, also in the middle of a clip
			}
			paths <- path
		}
	}()
	err = said{What: sayReady}.write(answers)
	for err == nil {
		err = decode(<-paths, newSheets(memory), answers)
	}
	return matcher.NewProblem("engine.failed", err)
}

// decode reads one clip and sends what came of it. The error is one of sending.
func decode(path string, on *sheets, answers io.Writer) error {
	if path == "" {
		path = sharedClip
	}
	if err := limitTime(clipTime); err != nil {
		return err
	}
	frames, err := readOnto(context.Background(), on, path, func(read int) {
		// Whoever cannot hear it has gone, which ends this process anyway.
		_ = said{What: sayRead, Number: uint32(read)}.write(answers)
	})
	if err == nil {
		return sayFrames(answers, frames, on)
	}
	fault := slices.IndexFunc(faults, func(f *matcher.Problem) bool { return errors.Is(err, f) })
	if fault < 0 {
		return err
	}
	return said{What: sayFault, Number: uint32(fault)}.write(answers)
}

func writeJob(w io.Writer, path string) error {
	job := binary.LittleEndian.AppendUint32(nil, uint32(len(path)))
	_, err := w.Write(append(job, path...))
	return err
}

func readJob(r io.Reader) (path string, err error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return "", err
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n > longestPath {
		return "", errors.New("no job of ours")
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return string(b), err
}

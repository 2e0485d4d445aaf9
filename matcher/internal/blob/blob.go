// Package blob opens a document or clip as it came and tells by its content
// what it is.
package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"facematch/matcher"
)

// Open opens a blob for reading. What a person can put right is a *Problem
// whose key starts with the area ("document", "clip"): .missing, .directory,
// .denied, .unreadable.
func Open(b matcher.Blob, area string) (io.ReadCloser, error) {
	if b.Path != "" {
		// Looked at before it is opened: opening a named pipe waits for its writer.
		info, err := os.Stat(b.Path)
		switch {
		case err != nil:
			return nil, problem(area, err)
		case info.IsDir():
			return nil, matcher.NewProblem(area+".directory", nil)
		case !info.Mode().IsRegular():
			return nil, matcher.NewProblem(area+".unreadable", errors.New("not a regular file"))
		}
		file, err := os.Open(b.Path)
		if err != nil {
			return nil, problem(area, err)
		}
		return file, nil
	}
	if b.Open == nil {
		return nil, matcher.NewProblem(area+".missing", errors.New("no file was given"))
	}
	r, err := b.Open()
	if err != nil {
		return nil, problem(area, err)
	}
	return r, nil
}

func problem(area string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return matcher.NewProblem(area+".missing", err)
	case errors.Is(err, fs.ErrPermission):
		return matcher.NewProblem(area+".denied", err)
	}
	return matcher.NewProblem(area+".unreadable", err)
}

// Until reads on until the context ends.
func Until(ctx context.Context, r io.Reader) io.Reader { return untilReader{ctx, r} }

// untilReader has no ReadByte, so that decoders read through it in blocks.
type untilReader struct {
	ctx context.Context
	r   io.Reader
}

func (u untilReader) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

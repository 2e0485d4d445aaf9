package offline

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"facematch/matcher"
	"facematch/matcher/internal/background"
	"facematch/matcher/internal/blob"
)

// film is the request's own, or that of its clip. The end lets go of it.
func (m *Matcher) film(ctx context.Context, req matcher.Request, progress matcher.ProgressFunc) (film matcher.Film, end func(), err error) {
	if req.Film != nil {
		return req.Film, func() {}, nil
	}
	progress.Report(matcher.StageClip, 0, 0)
	frames, err := background.Run(ctx, &m.params.Engine.native, func() ([]matcher.Frame, error) {
		path, remove, err := m.clipFile(ctx, req.Video)
		if err != nil {
			return nil, err
		}
		defer remove()
		return m.readClip(ctx, path, func(read int) { progress.Report(matcher.StageClip, read, 0) })
	})
	if errors.Is(err, background.ErrClosed) {
		return nil, nil, closed(err)
	}
	return matcher.FilmOf(frames), func() {}, err
}

// clipFile gives a file to read the clip from, checked by its content: the
// clip's own, or a private copy of one in memory. The copy goes with remove.
func (m *Matcher) clipFile(ctx context.Context, clip matcher.Blob) (path string, remove func(), err error) {
	r, err := blob.Open(clip, "clip")
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	head := make([]byte, blob.HeadSize)
	n, err := io.ReadFull(r, head)
	switch {
	case errors.Is(err, io.EOF):
		return "", nil, matcher.NewProblem("clip.empty", errors.New("no bytes"))
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return "", nil, matcher.NewProblem("clip.unreadable", err)
	}
	head = head[:n]
	switch format := blob.Sniff(head); format {
	case blob.MP4, blob.MOV, blob.AVI, blob.MKV:
	case blob.Unknown:
		return "", nil, matcher.NewProblem("clip.unreadable", errors.New("unknown kind of file"))
	default:
		return "", nil, matcher.NewProblem("clip.unsupported", nil, "Format", string(format))
	}
	if clip.Path != "" {
		// FFmpeg takes what stands before a colon in a path for a protocol, but not
		// behind a slash.
		path, err := filepath.Abs(clip.Path)
		if err != nil {
			return "", nil, matcher.NewProblem("clip.unreadable", err)
		}
		return path, func() {}, nil
	}
	return m.spill(ctx, head, r)
}

// spill writes a clip that is only in memory to a private file.
func (m *Matcher) spill(ctx context.Context, head []byte, rest io.Reader) (path string, remove func(), err error) {
	file, err := os.CreateTemp(m.params.Temp, "clip-*") // 0600
	if err != nil {
		return "", nil, matcher.NewProblem("clip.temp", err)
	}
	path, remove, err = nameless(file)
	if err != nil {
		return "", nil, matcher.NewProblem("clip.temp", err)
	}
	drop := remove
	defer func() {
		if err != nil {
			drop()
		}
	}()
	if _, err := file.Write(head); err != nil {
		return "", nil, matcher.NewProblem("clip.temp", err)
	}
	n, err := io.Copy(file, io.LimitReader(blob.Until(ctx, rest), maxSpill))
	switch {
	case ctx.Err() != nil:
		return "", nil, ctx.Err()
	case err != nil:
		return "", nil, matcher.NewProblem("clip.temp", err)
	case n == maxSpill:
		return "", nil, matcher.NewProblem("clip.too_large", nil)
	}
	return path, remove, nil
}

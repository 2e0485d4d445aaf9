package offline

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"facematch/matcher"
	"facematch/matcher/internal/blob"
	"facematch/matcher/internal/container"
)

// openedFilm is a film that must be ended: wherever it stands, once its context has
// ended or nobody waits for a frame. It may be ended again.
type openedFilm interface {
	matcher.Film
	end()
}

// filmOpener begins to read a clip file. It reports how many frames of it have been
// read. The film ends with the context.
type filmOpener func(ctx context.Context, j job, report func(read int)) (openedFilm, error)

// film gives the sampled frames of the request's own film, or of its clip. The clip
// is read on while the engine works on the frames it has, a few frames ahead. It
// ends with the context, and with end, which must be called in any case and waits
// for no frame; the engine's Close waits for it. After an error of Next the clip
// cannot be judged at all: the frames before may come from a decoder that has
// broken.
func (m *Matcher) film(ctx context.Context, req matcher.Request, progress matcher.ProgressFunc) (film matcher.Film,
	end func(), err error) {
	if req.Film != nil {
		return req.Film, func() {}, nil
	}
	progress.Report(matcher.StageClip, 0, 0)
	return m.begin(ctx, req.Video, false, func(read int) { progress.Report(matcher.StageClip, read, 0) })
}

// begin begins to read a clip.
func (m *Matcher) begin(ctx context.Context, clip matcher.Blob, every bool, report func(read int)) (film matcher.Film,
	end func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	type result struct {
		film openedFilm
		err  error
	}
	opened, ended := make(chan result, 1), make(chan struct{})
	err = m.params.Engine.native.Go(func() {
		defer close(ended)
		path, remove, err := m.clipFile(ctx, clip)
		if err != nil {
			opened <- result{err: err}
			return
		}
		defer remove()
		film, err := m.openFilm(ctx, job{path, every}, report)
		opened <- result{film, err}
		if err == nil {
			<-ctx.Done()
			film.end()
		}
	})
	if err != nil {
		cancel()
		return nil, nil, closed(err)
	}
	select {
	case r := <-opened:
		if r.err != nil {
			cancel()
			return nil, nil, r.err
		}
		return r.film, func() { cancel(); <-ended }, nil
	case <-ctx.Done(): // who opens it ends it
		defer cancel()
		return nil, nil, ctx.Err()
	}
}

// clipFile gives a file to read the clip from, checked by its content: the clip's
// own, or a private copy of one in memory, or of one whose first picture track is
// not the one that players show. The copy goes with remove.
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
	switch format := blob.Sniff(head); {
	case format == blob.MP4, format == blob.MOV, format == blob.AVI, format == blob.MKV:
	case format == blob.Unknown:
		return "", nil, matcher.NewProblem("clip.unreadable", errors.New("unknown kind of file"))
	case format.OtherFilm():
		return "", nil, matcher.NewProblem("clip.other_kind", nil, "Format", string(format))
	default:
		return "", nil, matcher.NewProblem("clip.unsupported", nil, "Format", string(format))
	}
	if file, ok := r.(*os.File); ok && clip.Path != "" {
		info, err := file.Stat()
		if err != nil {
			return "", nil, matcher.NewProblem("clip.unreadable", err)
		}
		if len(container.Read(file, info.Size()).Hidden) == 0 {
			// FFmpeg takes what stands before a colon in a path for a protocol, but not
			// behind a slash.
			path, err := filepath.Abs(clip.Path)
			if err != nil {
				return "", nil, matcher.NewProblem("clip.unreadable", err)
			}
			return path, func() {}, nil
		}
	}
	return m.spill(ctx, head, r)
}

// spill writes a clip to a private file, in which FFmpeg takes the track that players
// show.
func (m *Matcher) spill(ctx context.Context, head []byte, rest io.Reader) (path string, remove func(), err error) {
	file, err := os.CreateTemp(m.params.Temp, "clip-*") // 0600
	if err != nil {
		return "", nil, matcher.NewProblem(matcher.KeyNoTemp, err)
	}
	path, remove, err = nameless(file)
	if err != nil {
		return "", nil, matcher.NewProblem(matcher.KeyNoTemp, err)
	}
	drop := remove
	defer func() {
		if err != nil {
			drop()
		}
	}()
	if _, err := file.Write(head); err != nil {
		return "", nil, matcher.NewProblem(matcher.KeyNoTemp, err)
	}
	n, err := io.Copy(file, io.LimitReader(blob.Until(ctx, rest), maxSpill))
	switch {
	case ctx.Err() != nil:
		return "", nil, ctx.Err()
	case err != nil:
		return "", nil, matcher.NewProblem(matcher.KeyNoTemp, err)
	case n == maxSpill:
		return "", nil, matcher.NewProblem("clip.too_large", nil)
	}
	for _, p := range container.Read(file, int64(len(head))+n).Hidden {
		if _, err := file.WriteAt(p.Bytes, p.At); err != nil {
			return "", nil, matcher.NewProblem(matcher.KeyNoTemp, err)
		}
	}
	return path, remove, nil
}

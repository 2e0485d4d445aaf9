package evaluate

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"facematch/matcher"
)

// look is what the engine made of one file.
type look struct {
	template matcher.Template
	side     matcher.Side
	problem  *matcher.Problem // the file cannot be read
	content  [sha256.Size]byte
}

func (l look) usable() bool { return l.problem == nil && l.side.Code == matcher.CodeOK }

// lookAtFiles has the engine look at each file once.
func (r *run) lookAtFiles(ctx context.Context) error {
	r.looks = make([]look, len(r.test.files))
	var done atomic.Int64
	r.progress.Report(StageFiles, 0, len(r.looks))
	for _, clips := range []bool{false, true} {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(min(runtime.NumCPU(), picturesAtOnce))
		at := r.Engine.Photograph
		if r.test.Kind == ChecksTest {
			at = r.Engine.Document
		}
		if clips {
			group.SetLimit(min(runtime.NumCPU(), clipsAtOnce))
			at = r.Engine.Clip
		}
		for i, f := range r.test.files {
			if f.clip != clips {
				continue
			}
			group.Go(func() error {
				l, err := lookAt(ctx, f, at)
				if err != nil {
					return err
				}
				r.looks[i] = l
				r.progress.Report(StageFiles, int(done.Add(1)), len(r.looks))
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// lookAt looks at one file. Only the file's own faults become part of the look.
func lookAt(
	ctx context.Context, f file, at func(context.Context, matcher.Blob) (matcher.Template, matcher.Side, error),
) (look, error) {
	if err := ctx.Err(); err != nil {
		return look{}, err
	}
	var l look
	var err error
	l.template, l.side, err = at(ctx, matcher.Blob{
		Name: filepath.Base(f.path), Size: -1, Path: f.path,
		Open: func() (io.ReadCloser, error) { return os.Open(f.path) },
	})
	if err == nil {
		l.content, err = fingerprint(f)
	}
	var p *matcher.Problem
	if errors.As(err, &p) && (p.Area() == matcher.AreaDocument || p.Area() == matcher.AreaClip) {
		return look{problem: p}, ctx.Err()
	}
	return l, err
}

// fingerprint is the SHA-256 of a file, by which the same picture is known under
// another name.
func fingerprint(f file) (sum [sha256.Size]byte, err error) {
	key := "document.unreadable"
	if f.clip {
		key = "clip.unreadable"
	}
	r, err := os.Open(f.path)
	if err != nil {
		return sum, matcher.NewProblem(key, err)
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return sum, matcher.NewProblem(key, err)
	}
	h.Sum(sum[:0])
	return sum, nil
}

func (r *run) usable() int {
	n := 0
	for _, l := range r.looks {
		if l.usable() {
			n++
		}
	}
	return n
}

// countFiles counts what the engine could take in, and what not.
func (r *run) countFiles(report *Report) {
	report.Pictures = &Acquisition{}
	if r.test.Kind == ChecksTest {
		report.Clips = &Acquisition{}
	}
	for i, l := range r.looks {
		f, a := r.test.files[i], report.Pictures
		if f.clip {
			a = report.Clips
		}
		a.Files++
		switch {
		case l.problem != nil:
			a.Unreadable = count(a.Unreadable, Reason{Key: l.problem.Key, Params: l.problem.Params})
			r.detail(Detail{File: f.name, What: matcher.Notice{Key: l.problem.Key, Params: l.problem.Params}})
		case l.side.Code != matcher.CodeOK:
			a.Failed = count(a.Failed, Reason{Code: l.side.Code, Text: l.side.Description})
			r.detail(Detail{File: f.name, What: notice("evaluate.detail_failed", "Reason", l.side.Description)})
		default:
			a.Acquired++
		}
	}
	for _, a := range []*Acquisition{report.Pictures, report.Clips} {
		if a != nil {
			a.finish()
		}
	}
}

// count adds one to the reason of this code and key.
func count(reasons []Reason, r Reason) []Reason {
	for i := range reasons {
		if reasons[i].Code == r.Code && reasons[i].Key == r.Key {
			reasons[i].Count++
			return reasons
		}
	}
	r.Count = 1
	return append(reasons, r)
}

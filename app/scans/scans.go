// Package scans watches the folder that a scanner writes into, and says which file is new
// there. It takes none.
//
// It looks at the folder again and again: the kernel tells nothing of what another computer
// writes into a share, and that is where most scanners write.
package scans

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"facematch/app/patience"
	"facematch/matcher"
)

const (
	// lookEvery is the time between two looks.
	lookEvery = time.Second

	// rests is how long a file must not have changed before it counts as whole. Scanners
	// write page by page.
	rests = 3 * time.Second

	// offered is how long a file is offered. Later it is hardly the document of the person who
	// stands there.
	offered = 10 * time.Minute

	// answers is how long a share may take to answer.
	answers = 5 * time.Second
)

// KeyUnreadable is the key of the problem that the folder cannot be read.
const KeyUnreadable = "scans.unreadable"

// DocumentTypes are the endings of files that may be documents, in small letters. What a
// file really is, its content tells.
var DocumentTypes = []string{
	".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".pdf", ".tif", ".tiff", ".heic", ".heif", ".hif", ".webp", ".bmp", ".dib",
}

// News is what there is to say of the folder.
type News struct {
	Name    string           // of the file that is offered; may be personal; empty: none is
	Path    string           // of that file
	Problem *matcher.Problem // why the folder cannot be read; nil where it can
}

// Watch looks at a folder until the context ends and tells what there is to say, each time
// that changes. A file is offered once, when it has not changed for a while: the newest of
// those that came or changed after the first look. The offer ends after ten minutes, and
// where the file changes or goes.
func Watch(ctx context.Context, folder string, tell func(News)) {
	w := watcher{folder: folder, tell: tell}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		w.look(time.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// mark tells a file from another of its name, and from itself as it was before.
type mark struct {
	size    int64
	written time.Time
}

// seen is a file and since when it has been as it is.
type seen struct {
	mark
	since time.Time
}

type watcher struct {
	folder string
	tell   func(News)
	asker  patience.Asker

	files map[string]seen // at the last look; nil before the first that succeeded
	done  map[string]mark // files that are not offered, or not any more
	told  News
	since time.Time // of the offer that was told
}

func (w *watcher) look(now time.Time) {
	found, err := w.read()
	if err != nil {
		w.say(News{Problem: matcher.NewProblem(KeyUnreadable, err)})
		return
	}
	if w.files == nil { // what lay there before is nobody's
		w.done = found
	}
	files := make(map[string]seen, len(found))
	for name, m := range found {
		files[name] = seen{m, now}
		if before, known := w.files[name]; known && before.mark == m {
			files[name] = before
		}
	}
	w.files = files
	next := News{}
	if name := w.newest(now); name != "" {
		next = News{Name: name, Path: filepath.Join(w.folder, name)}
		w.since = now
		for other, s := range files { // those before it are passed over
			if !s.written.After(files[name].written) {
				w.done[other] = s.mark
			}
		}
	} else if s, there := files[w.told.Name]; there && s.mark == w.done[w.told.Name] && now.Sub(w.since) < offered {
		next = w.told
	}
	w.say(next)
}

// newest is the name of the newest file that is whole and was not offered yet; empty where
// there is none.
func (w *watcher) newest(now time.Time) string {
	best := ""
	for name, s := range w.files {
		if w.done[name] == s.mark || s.size == 0 || now.Sub(s.since) < rests {
			continue
		}
		if best == "" || s.written.After(w.files[best].written) || s.written.Equal(w.files[best].written) && name > best {
			best = name
		}
	}
	return best
}

func (w *watcher) say(n News) {
	same := n == w.told || n.Problem != nil && w.told.Problem != nil
	w.told = n
	if !same {
		w.tell(n)
	}
}

// read gives the files of the folder that may be documents.
func (w *watcher) read() (map[string]mark, error) {
	found := map[string]mark{} // of this question alone: one that hangs may write into its own later
	_, err := w.asker.Ask(answers, func() (string, error) {
		entries, err := os.ReadDir(w.folder)
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			name := e.Name()
			if strings.HasPrefix(name, ".") || !slices.Contains(DocumentTypes, strings.ToLower(filepath.Ext(name))) {
				continue
			}
			// No link is followed, and what is gone meanwhile is left out.
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
				found[name] = mark{info.Size(), info.ModTime()}
			}
		}
		return "", nil
	})
	return found, err
}

// Package queue keeps checks that could not be sent, sealed on the disk, until the clerk
// sends them or their time is over.
//
// Each is one file, <id>.age, in age's format. Its passphrase is the queue's key in
// hexadecimal. It holds the length of the Item's JSON (4 bytes, big-endian), that JSON, the
// document's page and the clip. They are decrypted while they are sent, and never written
// to the disk in the clear.
package queue

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
	"github.com/google/uuid"

	"facematch/app/history"
	"facematch/matcher"
)

const (
	prefix = "kept_"
	suffix = ".age"

	// workFactor is scrypt's least: the passphrase is a key of 256 random bits and
	// needs no slowing down.
	workFactor = 1

	// maxHead is the longest JSON of an item, in bytes.
	maxHead = 64 << 10
)

// Item is a kept check without its pictures.
type Item struct {
	ID      string    `json:"id"` // kept_<uuid>
	At      time.Time `json:"at"` // when it was kept
	Check   string    `json:"check"`
	Session string    `json:"session"`
	Name    string    `json:"name"`

	Reference     string `json:"reference,omitempty"`      // the customer's own
	VirtualCamera string `json:"virtual_camera,omitempty"` // the driver of the camera that filmed, where it is no device

	SendName  bool   `json:"send_name"` // the person agreed that the name is sent
	Wording   string `json:"wording"`   // of what the person agreed to
	Prefilled bool   `json:"prefilled"`
	Minor     bool   `json:"minor"`
	FromPhoto bool   `json:"from_photo"` // the document was a photo by the camera

	Chosen matcher.Pick `json:"chosen,omitzero"` // which face on the page a person chose as the portrait

	Reading history.Reading `json:"reading,omitzero"` // what the document said

	PageType  string `json:"page_type"` // image/jpeg or image/png
	PageSize  int64  `json:"page_size"`
	VideoSize int64  `json:"video_size"` // 0: none
}

// Queue is the kept checks of one folder. It may be used from several goroutines
// and processes. Its errors are *matcher.Problem or the context's.
type Queue struct {
	dir string
	key func(ctx context.Context) ([]byte, error)
}

// New makes a queue on a folder, which is made when first needed. The key is asked
// for each time; its error is a *Problem.
func New(dir string, key func(ctx context.Context) ([]byte, error)) *Queue {
	return &Queue{dir: dir, key: key}
}

func (q *Queue) passphrase(ctx context.Context) (string, error) {
	key, err := q.key(ctx)
	return hex.EncodeToString(key), err
}

var idForm = regexp.MustCompile(`^kept_[0-9a-f-]{36}$`)

func (q *Queue) path(id string) (string, error) {
	if !idForm.MatchString(id) {
		return "", matcher.NewProblem("queue.gone", errors.New("no id"))
	}
	return filepath.Join(q.dir, id+suffix), nil
}

// Put keeps a check and gives its item with its new id. Either the whole of it is
// on the disk or nothing. The video may be the zero Blob. The problem is
// queue.unwritable, or that of a file that cannot be read.
func (q *Queue) Put(ctx context.Context, item Item, page, video matcher.Blob) (Item, error) {
	passphrase, err := q.passphrase(ctx)
	if err != nil {
		return Item{}, err
	}
	item.ID, item.PageType = prefix+uuid.NewString(), page.MediaType
	files := []matcher.Blob{page}
	sizes := []*int64{&item.PageSize, &item.VideoSize}
	if video.Open != nil {
		files = append(files, video)
	}
	for i, f := range files {
		if *sizes[i], err = measure(ctx, f); err != nil {
			return Item{}, err
		}
	}
	if err := q.write(ctx, item, passphrase, files); err != nil {
		if ctx.Err() != nil {
			return Item{}, ctx.Err()
		}
		return Item{}, matcher.NewProblem("queue.unwritable", err)
	}
	return item, nil
}

func (q *Queue) write(ctx context.Context, item Item, passphrase string, files []matcher.Blob) error {
	if err := os.MkdirAll(q.dir, 0o700); err != nil {
		return err
	}
	path, err := q.path(item.ID)
	if err != nil {
		return err
	}
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(q.dir), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return err
	}
	recipient.SetWorkFactor(workFactor)
	w, err := age.Encrypt(f, recipient)
	if err != nil {
		return err
	}
	head, err := json.Marshal(item)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head...)); err != nil {
		return err
	}
	for i, b := range files {
		want := item.PageSize
		if i == 1 {
			want = item.VideoSize
		}
		n, err := pass(ctx, w, b)
		if err != nil {
			return err
		}
		if n != want {
			return errors.New("a file changed while it was kept")
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return err
	}
	d, err := os.Open(q.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// pass copies a blob until the context ends.
func pass(ctx context.Context, w io.Writer, b matcher.Blob) (int64, error) {
	r, err := b.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return io.Copy(w, reading(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	}))
}

type reading func([]byte) (int, error)

func (r reading) Read(p []byte) (int, error) { return r(p) }

func measure(ctx context.Context, b matcher.Blob) (int64, error) {
	n, err := pass(ctx, io.Discard, b)
	if err != nil && ctx.Err() == nil {
		err = matcher.NewProblem("queue.unreadable", err)
	}
	return n, err
}

// List gives the kept checks, oldest first. Files that cannot be opened are
// counted as broken.
func (q *Queue) List(ctx context.Context) (items []Item, broken int, err error) {
	names, err := filepath.Glob(filepath.Join(q.dir, prefix+"*"+suffix))
	if err != nil || len(names) == 0 {
		return nil, 0, err
	}
	passphrase, err := q.passphrase(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		item, r, err := open(name, passphrase)
		switch {
		case errors.Is(err, fs.ErrNotExist): // sent meanwhile
			continue
		case err != nil || item.ID+suffix != filepath.Base(name):
			broken++
		default:
			items = append(items, item)
		}
		if r != nil {
			_ = r.Close() // it was read only
		}
	}
	slices.SortFunc(items, func(a, b Item) int { return a.At.Compare(b.At) })
	return items, broken, nil
}

// unsealed reads what stands in a file behind the item.
type unsealed struct {
	io.Reader
	io.Closer
}

// open opens a file and reads its item.
func open(path, passphrase string) (Item, *unsealed, error) {
	f, err := os.Open(path)
	if err != nil {
		return Item{}, nil, err
	}
	item, r, err := head(f, passphrase)
	if err != nil {
		return Item{}, nil, errors.Join(err, f.Close())
	}
	return item, &unsealed{r, f}, nil
}

func head(f io.Reader, passphrase string) (Item, io.Reader, error) {
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return Item{}, nil, err
	}
	identity.SetMaxWorkFactor(workFactor)
	r, err := age.Decrypt(f, identity)
	if err != nil {
		return Item{}, nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return Item{}, nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxHead {
		return Item{}, nil, fmt.Errorf("an item of %d bytes", n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return Item{}, nil, err
	}
	var item Item
	if json.Unmarshal(text, &item) != nil {
		return Item{}, nil, errors.New("the item has no valid form")
	}
	return item, r, nil
}

// Open gives a kept check with its files, which are unsealed while they are read.
// The problem is queue.gone or queue.broken.
func (q *Queue) Open(ctx context.Context, id string) (item Item, page, video matcher.Blob, err error) {
	passphrase, err := q.passphrase(ctx)
	if err != nil {
		return item, page, video, err
	}
	path, err := q.path(id)
	if err != nil {
		return item, page, video, err
	}
	item, r, err := open(path, passphrase)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return item, page, video, matcher.NewProblem("queue.gone", err)
	case err != nil:
		return item, page, video, matcher.NewProblem("queue.broken", err)
	}
	// Whole, and the one that was asked for, before any of it is sent.
	if n, err := io.Copy(io.Discard, r); err != nil || n != item.PageSize+item.VideoSize || item.ID != id {
		return item, page, video, matcher.NewProblem("queue.broken", errors.Join(err, r.Close()))
	}
	if err := r.Close(); err != nil {
		return item, page, video, matcher.NewProblem("queue.broken", err)
	}
	part := func(name, mediaType string, from, size int64) matcher.Blob {
		return matcher.Blob{Name: name, MediaType: mediaType, Size: size, Open: func() (io.ReadCloser, error) {
			_, r, err := open(path, passphrase)
			if err != nil {
				return nil, err
			}
			if _, err := io.CopyN(io.Discard, r, from); err != nil {
				return nil, errors.Join(err, r.Close())
			}
			return &unsealed{io.LimitReader(r, size), r}, nil
		}}
	}
	page = part("document", item.PageType, 0, item.PageSize)
	if item.VideoSize > 0 {
		video = part("clip.mp4", "", item.PageSize, item.VideoSize)
	}
	return item, page, video, nil
}

// Remove deletes a kept check; a check that is already gone is not an error.
func (q *Queue) Remove(id string) error {
	path, err := q.path(id)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return matcher.NewProblem("queue.undeleted", err)
	}
	return nil
}

// Lock keeps everybody else, other programs too, from sending a kept check until
// it is let go. The problem is queue.busy.
func (q *Queue) Lock() (release func(), err error) {
	if err := os.MkdirAll(q.dir, 0o700); err != nil {
		return nil, matcher.NewProblem("queue.unwritable", err)
	}
	lock := flock.New(filepath.Join(q.dir, "sending.lock"), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, matcher.NewProblem("queue.unwritable", err)
	}
	if !locked {
		return nil, matcher.NewProblem("queue.busy", nil)
	}
	return func() { _ = lock.Unlock() }, nil // it ends with the process at the latest
}

// Sweep removes what a program that ended in the middle of Put left behind, if it
// is older than this.
func (q *Queue) Sweep(older time.Time) error {
	entries, err := os.ReadDir(q.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return matcher.NewProblem("queue.undeleted", err)
	}
	var errs []error
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !strings.HasPrefix(e.Name(), "."+prefix) || info.ModTime().After(older) {
			continue
		}
		errs = append(errs, os.Remove(filepath.Join(q.dir, e.Name())))
	}
	if err := errors.Join(errs...); err != nil {
		return matcher.NewProblem("queue.undeleted", err)
	}
	return nil
}

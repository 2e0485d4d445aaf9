package export

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"facematch/app/history"
	"facematch/matcher"
)

// DigestEnding ends the name of the file with an export's digest.
const DigestEnding = ".sha256"

// KeyExists is the key of the problem that there is a file of that name.
const KeyExists = "export.exists"

// tempName is what files are called that have no name of their own yet.
const tempName = ".facematch-export-*"

// File is an export that is being written. It lies in its folder from the start, has mode
// 0600, and gets its name when it is complete, so that a file with that name is never
// partial. Its SHA-256 is computed while it is written.
//
//	CreateFile ─▶ Write… ─▶ Close ─▶ (the caller records it) ─▶ Publish
//	      └──────────┴────────┴── Abort, at any time before Publish: nothing is left
type File struct {
	path      string
	overwrite bool
	link      func(t *temp, to string) error // (*temp).link; another in tests, as a disk without links
	temp      temp
	sum       hash.Hash
	digest    string // after Close
	signature []byte // after Sign; nil: it is not signed
}

// temp is a file before it gets its name. Where the disk can, it has none at all
// until then.
type temp struct {
	*os.File
	named bool
}

func newTemp(dir string) (temp, error) {
	if f, err := unnamed(dir); err == nil {
		return temp{File: f}, nil
	}
	f, err := os.CreateTemp(dir, tempName) // with mode 0600
	if err != nil {
		return temp{}, unwritten(err)
	}
	return temp{f, true}, nil
}

// drop closes the file and leaves nothing of it, unless it has got its name.
func (t temp) drop() {
	_ = t.Close()
	if t.named {
		_ = os.Remove(t.Name())
	}
}

// CreateFile begins a file. A file that is there already is refused unless it is
// to be written over: then it stays as it is until Publish.
func CreateFile(path string, overwrite bool) (*File, error) {
	if path == "" {
		return nil, unwritten(fs.ErrInvalid)
	}
	for _, p := range []string{path, path + DigestEnding, path + SignatureEnding} {
		if err := free(p, overwrite); err != nil {
			return nil, err
		}
	}
	t, err := newTemp(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return &File{path: path, overwrite: overwrite, link: (*temp).link, temp: t, sum: sha256.New()}, nil
}

// Spool begins a file without a name, for an export that goes elsewhere once it
// is recorded: see CopyTo.
func Spool() (*File, error) {
	t, err := newTemp(os.TempDir())
	if err != nil {
		return nil, err
	}
	return &File{temp: t, sum: sha256.New()}, nil
}

// free refuses a name that is taken.
func free(path string, overwrite bool) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return unwritten(err)
	case !overwrite:
		return matcher.NewProblem(KeyExists, fs.ErrExist)
	case !info.Mode().IsRegular():
		return matcher.NewProblem("export.not_a_file", nil)
	}
	return nil
}

// Write adds to the file and to its digest.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.temp.Write(p)
	f.sum.Write(p[:n])
	if err != nil {
		err = unwritten(err)
	}
	return n, err
}

// Close brings the file to the disk and gives its SHA-256 in lower-case
// hexadecimal. It has no name of its own yet.
func (f *File) Close() (string, error) {
	if err := f.temp.Sync(); err != nil {
		return "", unwritten(err)
	}
	f.digest = hex.EncodeToString(f.sum.Sum(nil))
	return f.digest, nil
}

// Sign has a signature of the file written beside it.
func (f *File) Sign(signature []byte) { f.signature = signature }

// Publish gives the file its name, and writes its signature and its digest beside it, that
// in the form of sha256sum, with the head of the chain as a comment. A file that came to be
// there meanwhile is not written over unless that was asked for.
func (f *File) Publish(head history.Head, checks int64) error {
	defer f.Abort()
	digest := fmt.Appendf(nil, "# facematch export: %d checks; head of the chain: record %d, %s\n%s\n",
		checks, head.Seq, head.Hash, sumLine(f.digest, filepath.Base(f.path)))
	// These come first: an export never lies there without them.
	if err := f.beside(DigestEnding, digest); err != nil {
		return err
	}
	err := f.signed()
	if err == nil {
		err = f.name(&f.temp, f.path)
	}
	if err != nil {
		if !f.overwrite {
			_ = os.Remove(f.path + DigestEnding)
			_ = os.Remove(f.path + SignatureEnding)
		}
		return err
	}
	// The names last once the folder is on the disk. Some disks cannot be asked
	// for that; the export is whole there too.
	if dir, err := os.Open(filepath.Dir(f.path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// signed writes the signature beside the file. One of a file that is written over goes.
func (f *File) signed() error {
	if f.signature != nil {
		return f.beside(SignatureEnding, f.signature)
	}
	if err := os.Remove(f.path + SignatureEnding); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unwritten(err)
	}
	return nil
}

// beside writes a file that has the export's name and an ending.
func (f *File) beside(ending string, text []byte) error {
	t, err := newTemp(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	defer func() { t.drop() }() // as it is then: it may have got its name
	_, err = t.Write(text)
	if err = errors.Join(err, t.Sync()); err != nil {
		return unwritten(err)
	}
	return f.name(&t, f.path+ending)
}

// sumLine is a line as sha256sum writes and reads it.
func sumLine(digest, name string) string {
	escaped := strings.NewReplacer("\\", `\\`, "\n", `\n`, "\r", `\r`).Replace(name)
	if escaped != name {
		digest = `\` + digest
	}
	return digest + "  " + escaped
}

// name gives a file its final name. A link never takes the place of another
// file, however close the race.
func (f *File) name(t *temp, to string) error {
	if !f.overwrite {
		err := f.link(t, to)
		if err == nil {
			return nil
		}
		if taken := free(to, false); taken != nil {
			return taken
		}
		if !t.named {
			return unwritten(err)
		}
		// The disk has no links: it was looked, and is moved.
	} else if err := free(to, true); err != nil {
		return err
	}
	from, err := t.placed(filepath.Dir(to))
	if err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		_ = os.Remove(from)
		return unwritten(err)
	}
	t.named = false // nothing is left to be removed
	return nil
}

func (t *temp) link(to string) error {
	if t.named {
		return os.Link(t.Name(), to) // drop removes the other name
	}
	return link(t.File, to)
}

// placed gives the file's name, and one of the moment where it has none.
func (t *temp) placed(dir string) (string, error) {
	if t.named {
		return t.Name(), nil
	}
	// A free name: that of a file which is made and removed again.
	f, err := os.CreateTemp(dir, tempName)
	if err != nil {
		return "", unwritten(err)
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	if err := link(t.File, f.Name()); err != nil {
		return "", unwritten(err)
	}
	return f.Name(), nil
}

// CopyTo writes the closed file to somewhere else.
func (f *File) CopyTo(to io.Writer) error {
	defer f.Abort()
	if _, err := f.temp.Seek(0, io.SeekStart); err != nil {
		return unwritten(err)
	}
	_, err := io.Copy(to, f.temp)
	return err
}

// Abort leaves nothing behind. After Publish it does nothing.
func (f *File) Abort() { f.temp.drop() }

// unwritten is the problem of a file that cannot be written. A full disk has its own
// problem, because the user can do something about it.
func unwritten(err error) error {
	var p *matcher.Problem
	switch {
	case errors.As(err, &p):
		return p
	case diskFull(err):
		return matcher.NewProblem("export.full", err)
	}
	return matcher.NewProblem("export.unwritten", err)
}

// diskFull also knows disks whose files have a largest size, such as FAT.
func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

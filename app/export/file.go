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

// File is an export on its way to the disk. It is written beside its final name
// under one of its own (mode 0600) and gets that name when it is whole, so that
// whoever finds the name finds all of it. Its SHA-256 is taken as it is written.
//
//	CreateFile ─▶ Write… ─▶ Close ─▶ (the caller records it) ─▶ Publish
//	      └──────────┴────────┴── Abort, at any time before Publish: nothing is left
type File struct {
	path      string
	overwrite bool
	f         *os.File
	sum       hash.Hash
	digest    string // after Close
}

// CreateFile begins a file. A file that is there already is refused unless it is
// to be written over: then it stays as it is until Publish.
func CreateFile(path string, overwrite bool) (*File, error) {
	if path == "" {
		return nil, unwritten(fs.ErrInvalid)
	}
	for _, p := range []string{path, path + DigestEnding} {
		if err := free(p, overwrite); err != nil {
			return nil, err
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".facematch-export-*") // with mode 0600
	if err != nil {
		return nil, unwritten(err)
	}
	return &File{path: path, overwrite: overwrite, f: f, sum: sha256.New()}, nil
}

// Spool begins a file without a name, for an export that goes elsewhere once it
// is recorded: see CopyTo. Nothing of it is left when the program ends, however
// it does.
func Spool() (*File, error) {
	f, err := os.CreateTemp("", ".facematch-export-*")
	if err != nil {
		return nil, unwritten(err)
	}
	// Where a file that is open cannot be removed, Abort does.
	_ = os.Remove(f.Name())
	return &File{f: f, sum: sha256.New()}, nil
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
		return matcher.NewProblem("export.exists", fs.ErrExist)
	case !info.Mode().IsRegular():
		return matcher.NewProblem("export.not_a_file", nil)
	}
	return nil
}

// Write adds to the file and to its digest.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.f.Write(p)
	f.sum.Write(p[:n])
	if err != nil {
		err = unwritten(err)
	}
	return n, err
}

// Close brings the file to the disk and gives its SHA-256 in lower-case
// hexadecimal. It has no name of its own yet.
func (f *File) Close() (string, error) {
	if err := f.f.Sync(); err != nil {
		return "", unwritten(err)
	}
	f.digest = hex.EncodeToString(f.sum.Sum(nil))
	return f.digest, nil
}

// Publish gives the file its name, and writes its digest beside it in the form
// of sha256sum, with the head of the chain as a comment. A file that came to be
// there meanwhile is not written over unless that was asked for.
func (f *File) Publish(head history.Head, checks int64) (err error) {
	defer f.Abort()
	if err := f.f.Close(); err != nil {
		return unwritten(err)
	}
	digest, err := f.writeDigest(head, checks)
	if err != nil {
		return err
	}
	defer os.Remove(digest)
	// The digest first: who finds an export finds its digest.
	if err := f.name(digest, f.path+DigestEnding); err != nil {
		return err
	}
	if err := f.name(f.f.Name(), f.path); err != nil {
		if !f.overwrite {
			os.Remove(f.path + DigestEnding)
		}
		return err
	}
	// The names last once the folder is on the disk. Some disks cannot be asked
	// for that; the export is whole there too.
	if dir, err := os.Open(filepath.Dir(f.path)); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
	return nil
}

// writeDigest writes the file beside, under a name of its own.
func (f *File) writeDigest(head history.Head, checks int64) (string, error) {
	d, err := os.CreateTemp(filepath.Dir(f.path), ".facematch-export-*")
	if err != nil {
		return "", unwritten(err)
	}
	_, err = fmt.Fprintf(d, "# facematch export: %d checks; head of the chain: record %d, %s\n%s\n",
		checks, head.Seq, head.Hash, sumLine(f.digest, filepath.Base(f.path)))
	if err = errors.Join(err, d.Sync(), d.Close()); err != nil {
		os.Remove(d.Name())
		return "", unwritten(err)
	}
	return d.Name(), nil
}

// sumLine is a line as sha256sum writes and reads it.
func sumLine(digest, name string) string {
	escaped := strings.NewReplacer("\\", `\\`, "\n", `\n`, "\r", `\r`).Replace(name)
	if escaped != name {
		digest = `\` + digest
	}
	return digest + "  " + escaped
}

// name moves a file to its final name.
func (f *File) name(from, to string) error {
	if f.overwrite {
		if err := free(to, true); err != nil {
			return err
		}
		return named(os.Rename(from, to))
	}
	// A link never takes the place of a file, however close the race. Where the
	// disk has none (FAT, some shares) it is looked and then moved.
	err := os.Link(from, to)
	if err == nil {
		return nil // Abort removes the other name
	}
	if taken := free(to, false); taken != nil {
		return taken
	}
	return named(os.Rename(from, to))
}

func named(err error) error {
	if err != nil {
		return unwritten(err)
	}
	return nil
}

// CopyTo writes the closed file to somewhere else.
func (f *File) CopyTo(to io.Writer) error {
	defer f.Abort()
	if _, err := f.f.Seek(0, io.SeekStart); err != nil {
		return unwritten(err)
	}
	_, err := io.Copy(to, f.f)
	return err
}

// Abort leaves nothing behind. After Publish it does nothing.
func (f *File) Abort() {
	f.f.Close()
	os.Remove(f.f.Name())
}

// unwritten says that the file cannot be written; the disk being full is told
// apart, because it is the user's to mend.
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

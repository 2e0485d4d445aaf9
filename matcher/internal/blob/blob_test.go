package blob

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"facematch/matcher"
)

func TestSniff(t *testing.T) {
	for name, c := range map[string]struct {
		head string
		want Format
	}{
		"jpeg":                {"\xff\xd8\xff\xe0\x00\x10JFIF", JPEG},
		"png":                 {"\x89PNG\r\n\x1a\n\x00", PNG},
		"gif":                 {"GIF89a\x01", GIF},
		"bmp":                 {"BM\x10\x00\x00\x00\x00\x00\x00\x00\x36", BMP},
		"text starting BM":    {"BMW drivers, a study", Text},
		"tiff, little endian": {"II*\x00\x08", TIFF},
		"tiff, big endian":    {"MM\x00*\x00", TIFF},
		"webp":                {"RIFF\x00\x00\x00\x00WEBPVP8 ", WebP},
		"avi":                 {"RIFF\x00\x00\x00\x00AVI LIST", AVI},
		"wav":                 {"RIFF\x00\x00\x00\x00WAVEfmt ", Unknown},
		"heic":                {"\x00\x00\x00\x18ftypheic", HEIC},
		"heic, as mif1":       {"\x00\x00\x00\x18ftypmif1", HEIC},
		"avif, as mif1":       {"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avif", AVIF},
		"heic beside avif":    {"\x00\x00\x00\x14ftypmif1\x00\x00\x00\x00heicavif", HEIC},
		"big tiff":            {"II+\x00\x08\x00\x00\x00", TIFF},
		"jpeg xl":             {"\xff\x0a\xfa", JPEGXL},
		"jpeg xl in a box":    {"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a", JPEGXL},
		"jpeg 2000":           {"\x00\x00\x00\x0cjP  \x0d\x0a\x87\x0a", JPEG2K},
		"jpeg 2000, bare":     {"\xff\x4f\xff\x51\x00", JPEG2K},
		"svg":                 {"<?xml version=\"1.0\"?>\n<svg xmlns=", SVG},
		"photoshop":           {"8BPS\x00\x01", PSD},
		"djvu":                {"AT&TFORM\x00\x00", DjVu},
		"postscript":          {"%!PS-Adobe-3.0", EPS},
		"rtf":                 {"{\\rtf1\\ansi", RTF},
		"old word":            {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", Office},
		"raw, canon":          {"II*\x00\x10\x00\x00\x00CR\x02\x00", Raw},
		"raw, canon, newer":   {"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01", Raw},
		"raw, canon, older":   {"II\x1a\x00\x00\x00HEAPCCDR\x02", Raw},
		"raw, panasonic":      {"IIU\x00\x18\x00", Raw},
		"raw, olympus":        {"IIRO\x08\x00", Raw},
		"raw, olympus, newer": {"IIRS\x08\x00", Raw},
		"raw, fujifilm":       {"FUJIFILMCCD-RAW 0201", Raw},
		"raw, minolta":        {"\x00MRM\x00\x00", Raw},
		"raw, sigma":          {"FOVb\x00\x00\x02\x00", Raw},
		"raw, phase one":      {"MM\x00*\x00\x00\x00\x10MMMMRawT", Raw},
		"tiff, pixels alike":  {"II*\x00\x10\x00\x00\x00IIIIIIII", TIFF},
		"avif":                {"\x00\x00\x00\x18ftypavif", AVIF},
		"mp4":                 {"\x00\x00\x00\x18ftypisom", MP4},
		"mov":                 {"\x00\x00\x00\x14ftypqt  ", MOV},
		"old mov":             {"\x00\x00\x00\x08wide\x00\x00", MOV},
		"text with free":      {"feelfree to come", Text},
		"mkv":                 {"\x1a\x45\xdf\xa3\x9f", MKV},
		"pdf":                 {"%PDF-1.7\n%\xe2", PDF},
		"pdf after a blank":   {"\r\n%PDF-1.7\n%\xe2", PDF},
		"zip":                 {"PK\x03\x04", ZIP},
		"text":                {"Just a letter.\r\n", Text},
		"text, cut in a rune": {"caf\xc3", Text},
		"latin-1":             {"caf\xe9 noir", Unknown},
		"noise":               {"\x01\x02\x03\x04", Unknown},
		"ftyp without brand":  {"\x00\x00\x00\x18ftyp", MP4},
		"short":               {"\xff", Unknown},
		"camcorder":           {strings.Repeat("G"+strings.Repeat("\x00", 187), 5), MTS},
		"camcorder, blu-ray":  {strings.Repeat("\x00\x01\x02\x03G"+strings.Repeat("\x00", 187), 5), MTS},
		"text of G":           {strings.Repeat("G", 300), Text},
		"dvd":                 {"\x00\x00\x01\xba\x44\x00", MPEG},
		"windows media":       {"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9", WMV},
		"flash":               {"FLV\x01\x05\x00\x00\x00\x09", FLV},
		"ogg":                 {"OggS\x00\x02\x00", Ogg},
	} {
		if got := Sniff([]byte(c.head)); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "Jane Doe.jpg")
	if err := os.WriteFile(file, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	memory := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("content")), nil }
	for name, c := range map[string]struct {
		blob matcher.Blob
		want string // a problem's key, or nothing
	}{
		"file":      {matcher.Blob{Path: file}, ""},
		"memory":    {matcher.Blob{Open: memory}, ""},
		"missing":   {matcher.Blob{Path: filepath.Join(dir, "Jane Roe.jpg")}, "clip.missing"},
		"none":      {matcher.Blob{}, "clip.missing"},
		"directory": {matcher.Blob{Path: dir}, "clip.directory"},
		"pipe":      {matcher.Blob{Path: pipe}, "clip.unreadable"},
		"denied":    {matcher.Blob{Open: func() (io.ReadCloser, error) { return nil, os.ErrPermission }}, "clip.denied"},
		"broken": {matcher.Blob{Open: func() (io.ReadCloser, error) { return nil, errors.New("i/o error") }},
			"clip.unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Open(c.blob, "clip")
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, []byte("content")) {
					t.Errorf("read %q, %v", got, err)
				}
				return
			}
			var p *matcher.Problem
			if !errors.As(err, &p) || p.Key != c.want {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if strings.Contains(err.Error(), "Jane") {
				t.Errorf("the error names the file: %v", err)
			}
		})
	}
}

func TestOpenDeniedFile(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, nil, 0); err != nil {
		t.Fatal(err)
	}
	var p *matcher.Problem
	if _, err := Open(matcher.Blob{Path: file}, "document"); !errors.As(err, &p) || p.Key != "document.denied" {
		t.Errorf("got %v, want document.denied", err)
	}
}

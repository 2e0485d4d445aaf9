package document

import (
	"context"
	"os"
	"regexp"

	"fyne.io/fyne/v2"

	"facematch/app"
)

// The problems of what was dropped or chosen and cannot be a document.
const (
	keyNotAFile = "drop.not_a_file"
	keyFolder   = "drop.folder"
)

// Item is one item of a document: a file, a photo by the camera, or something that
// cannot be a document.
type Item struct {
	camera bool
	// open makes a blob of it, or says why it cannot. It may take its time, as
	// disks and cameras do.
	open func(context.Context) (app.Blob, error)
}

// Types are the file name endings that a file dialog offers. What a file really is, its
// content tells.
var Types = []string{
	".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".pdf", ".tif", ".tiff", ".heic", ".heif", ".hif", ".webp", ".bmp", ".dib",
}

// File is the file at a path.
func File(path string) Item {
	return Item{open: func(context.Context) (app.Blob, error) {
		info, err := os.Stat(path)
		if err != nil {
			if m := fileScheme.FindStringSubmatch(path); m != nil {
				path = m[1]
				info, err = os.Stat(path)
			}
		}
		switch {
		case err != nil && webAddress.MatchString(path):
			return app.Blob{}, &app.Problem{Key: keyNotAFile}
		case err == nil && info.IsDir():
			return app.Blob{}, &app.Problem{Key: keyFolder}
		}
		return app.OpenFile(path), nil // what else is wrong, its reader says best
	}}
}

// Fyne takes all that is dropped for paths. A dropped address that does not begin with
// file://, such as that of a picture in a web page, becomes a path below the program's
// own folder. webAddress finds such a path. fileScheme finds one that was written
// file:/home/..., with which some programs do mean a file.
var (
	webAddress = regexp.MustCompile(`/(https?:|ftp:|data:image)/`)
	fileScheme = regexp.MustCompile(`/file:(/.*)`)
)

// Dropped keeps every dropped item, also those that are not files, so that each
// can be reported. A path may hold any bytes.
func Dropped(uris []fyne.URI) []Item {
	items := make([]Item, len(uris))
	for i, u := range uris {
		if u.Scheme() == "file" {
			items[i] = File(u.Path())
		} else {
			items[i] = Item{open: func(context.Context) (app.Blob, error) {
				return app.Blob{}, &app.Problem{Key: keyNotAFile}
			}}
		}
	}
	return items
}

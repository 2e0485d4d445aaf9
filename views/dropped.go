package views

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

// given is one item of a document: a file, a photo by the camera, or something that
// cannot be a document.
type given struct {
	camera bool
	// open makes a blob of it, or says why it cannot. It may take its time, as
	// disks and cameras do.
	open func(context.Context) (app.Blob, error)
}

func givenFile(path string) given {
	return given{open: func(context.Context) (app.Blob, error) {
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

func givenFiles(paths []string) []given {
	things := make([]given, len(paths))
	for i, path := range paths {
		things[i] = givenFile(path)
	}
	return things
}

// webAddress and fileScheme find what Fyne makes of a dropped address that does
// not begin with file://, such as a picture's out of a web page: it takes all
// that is dropped for paths, and these for ones below the program's own folder.
// Some programs do mean a file when they write file:/home/...
var (
	webAddress = regexp.MustCompile(`/(https?:|ftp:|data:image)/`)
	fileScheme = regexp.MustCompile(`/file:(/.*)`)
)

// givenDropped keeps every dropped item, also those that are not files, so that each
// can be reported. A path may hold any bytes.
func givenDropped(uris []fyne.URI) []given {
	things := make([]given, len(uris))
	for i, u := range uris {
		if u.Scheme() == "file" {
			things[i] = givenFile(u.Path())
		} else {
			things[i] = given{open: func(context.Context) (app.Blob, error) {
				return app.Blob{}, &app.Problem{Key: keyNotAFile}
			}}
		}
	}
	return things
}

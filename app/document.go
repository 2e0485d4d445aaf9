package app

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"facematch/matcher"
)

// OpenFile makes a blob of a file on disk; nothing is read yet.
func OpenFile(path string) matcher.Blob {
	size := int64(-1)
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	}
	return matcher.Blob{
		Name: filepath.Base(path), Size: size, Path: path,
		Open: func() (io.ReadCloser, error) { return os.Open(path) },
	}
}

// Portrait finds the portrait on a document.
func (d *Desk) Portrait(ctx context.Context, document matcher.Blob) (matcher.Portrait, error) {
	return d.p.Portraits.Portrait(ctx, document)
}

// PortraitOnPage finds the portrait on one page of a document; pages count from 1.
func (d *Desk) PortraitOnPage(ctx context.Context, document matcher.Blob, number int) (matcher.Portrait, error) {
	return d.p.Portraits.OnPage(ctx, document, number)
}

// Zones reads the machine-readable zone of a document whose portrait was looked for. It is
// false where no zone was found.
type Zones interface {
	Zone(ctx context.Context, document matcher.Blob, p matcher.Portrait, today time.Time) (z matcher.Zone, ok bool,
		err error)
}

// zoneTime is how long a zone is looked for. It is read for the clerk's convenience, and
// nothing waits for it.
const zoneTime = 8 * time.Second

// Zone reads the machine-readable zone of a document whose portrait was looked for. ok is
// false where none was found in time.
func (d *Desk) Zone(ctx context.Context, document matcher.Blob, p matcher.Portrait) (z matcher.Zone, ok bool,
	err error) {
	inTime, cancel := context.WithTimeout(ctx, zoneTime)
	defer cancel()
	z, ok, err = d.p.Zones.Zone(inTime, document, p, d.p.Now())
	if ctx.Err() == nil && inTime.Err() != nil && errors.Is(err, inTime.Err()) {
		return matcher.Zone{}, false, nil
	}
	return z, ok, err
}

// KeyNoFace is the key of the problem that a page has no face of that number (parameters
// Number and Count).
const KeyNoFace = "document.no_face"

// PickPortrait takes the face of this number on a page as the portrait, in the order of
// matcher.Portrait.Faces; 0 takes the one that is found. Pages count from 1; page 0 is
// the one with the best portrait.
func (d *Desk) PickPortrait(
	ctx context.Context, document matcher.Blob, page, face int,
) (found matcher.Portrait, err error) {
	if page == 0 {
		found, err = d.Portrait(ctx, document)
	} else {
		found, err = d.PortraitOnPage(ctx, document, page)
	}
	if err != nil || face == 0 {
		return found, err
	}
	all, _ := found.Faces()
	if face < 1 || face > len(all) {
		return matcher.Portrait{}, matcher.NewProblem(KeyNoFace, nil, "Number", face, "Count", len(all))
	}
	if all[face-1] == found.Box {
		found.ByHand, found.Chosen = true, found.PickOf(found.Box)
		return found, nil
	}
	return d.ChoosePortrait(ctx, found, matcher.Choice{Area: all[face-1]})
}

// ChoosePortrait looks again at the page of a portrait, for the turn or the area that the
// clerk chose.
func (d *Desk) ChoosePortrait(ctx context.Context, p matcher.Portrait, c matcher.Choice) (matcher.Portrait, error) {
	return d.p.Portraits.Choose(ctx, p, c)
}

// UprightPage gives the page of a portrait as an upright JPEG or PNG, in the form that
// other programs take.
func (d *Desk) UprightPage(ctx context.Context, document matcher.Blob, p matcher.Portrait) (matcher.Blob, error) {
	return d.p.Portraits.Upright(ctx, document, p)
}

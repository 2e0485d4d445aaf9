package app

import (
	"context"
	"image"
	"time"

	"facematch/app/access"
	"facematch/app/scans"
	"facematch/app/settings"
	"facematch/matcher"
)

// Source is a live camera, a stream or a looped file.
type Source interface {
	// Next waits for news after the Live.Seq it is passed, and returns the newest. It
	// skips the frames in between. The error is the context's, or says that the source
	// was closed.
	Next(ctx context.Context, after uint64) (matcher.Live, error)
	// Advise waits for a frame after the Live.Seq it is passed and says what that frame
	// needs. The source limits how often it looks, so several callers may ask as fast as
	// they like.
	Advise(ctx context.Context, after uint64) (matcher.Advice, error)
	// Film films for about this length and returns with the first frame; the rest comes
	// through the film. If the source stops giving frames, the film ends with a *Problem.
	// Progress is StageRecording.
	Film(ctx context.Context, length time.Duration, progress matcher.ProgressFunc) (matcher.Film, error)
	// Record films into a file, and returns when the file is complete.
	Record(ctx context.Context, length time.Duration, progress matcher.ProgressFunc) (matcher.Clip, error)
	// Virtual is the driver of a virtual camera, whose pictures another program makes. It is
	// empty for devices, streams and files.
	Virtual() string
	// Part is the part of the camera's picture that is used. Nothing outside it is looked
	// at, shown, recorded, kept or sent.
	Part() matcher.Part
	// Whole waits for the next picture before the part is cut out, for the screen on which
	// the part is chosen.
	Whole(ctx context.Context) (*image.RGBA, error)
	// Close ends the source and waits for its goroutine, but not for a driver that hangs.
	Close() error
}

// Camera is a camera of this computer.
type Camera struct {
	Name    string           // as its maker calls it
	Address string           // what the settings hold where it is chosen
	Problem *matcher.Problem // why it cannot be used now; nil otherwise
	Virtual string           // a virtual camera's driver; empty: a real device
}

// OpenCamera starts the source the settings name, or the one at the address. It never
// blocks; Source.Next reports whether pictures come.
func (d *Desk) OpenCamera(address string) Source {
	at := d.Settings().Camera
	if address != "" {
		at.Source = address
	}
	return d.p.OpenSource(at)
}

// HasDocumentCamera reports whether photos of documents are taken by another camera than
// the person's.
func (d *Desk) HasDocumentCamera() bool {
	at := d.Settings().Camera
	return at.Document != "" && at.Document != at.Source // a device has one owner
}

// OpenDocumentCamera starts that camera, like OpenCamera.
func (d *Desk) OpenDocumentCamera() Source {
	return d.p.OpenSource(settings.Camera{Source: d.Settings().Camera.Document})
}

// WatchScans tells what is new in the folder that the settings have a scanner write into,
// until the context ends; at once where they have none. The problem is that of Allow.
func (d *Desk) WatchScans(ctx context.Context, tell func(scans.News)) error {
	if err := d.Allow(ctx, access.Check); err != nil {
		return err
	}
	if folder := d.Settings().Folders.Scans; folder != "" {
		scans.Watch(ctx, folder, tell)
	}
	return nil
}

// Cameras lists the cameras that are plugged in, with their names. That takes a moment.
func (d *Desk) Cameras() []Camera { return d.p.Cameras() }

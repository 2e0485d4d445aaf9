package app

import (
	"bytes"
	"image"
	"image/jpeg"

	"golang.org/x/image/draw"

	"facematch/app/history"
	"facematch/matcher"
)

const (
	// keptSide is the longest side of a kept picture, in pixels: enough to see who it
	// is, and some tens of kilobytes.
	keptSide = 640

	// keptQuality is a kept picture's JPEG quality, 1 to 100.
	keptQuality = 85
)

// keepPictures adds the two pictures that were compared, for the history to seal: the
// portrait, and the frame that scored highest. Where another program decided and returned no
// frame, a frame from the middle of the film is used.
func (d *Desk) keepPictures(f *history.Finished, a matcher.Answer, clip *matcher.Clip) {
	var portrait, person *image.RGBA
	if a.Portrait != nil {
		portrait = a.Portrait.Image
	}
	switch {
	case a.Best >= 0 && a.Best < len(a.Frames):
		person = a.Frames[a.Best].Face
	case clip != nil:
		person = clip.Picture
	}
	for to, picture := range map[*[]byte]*image.RGBA{&f.Document: portrait, &f.Frame: person} {
		if picture == nil {
			continue
		}
		data, err := keptPicture(picture)
		if err != nil {
			// The check is valid without it.
			d.p.Log.Warn("picture not kept", "check", f.Check, "error", err)
			continue
		}
		*to = data
	}
}

func keptPicture(from *image.RGBA) ([]byte, error) {
	var picture image.Image = from
	if w, h := from.Bounds().Dx(), from.Bounds().Dy(); max(w, h) > keptSide {
		scale := float64(keptSide) / float64(max(w, h))
		to := image.NewRGBA(image.Rect(0, 0, max(1, int(float64(w)*scale+0.5)), max(1, int(float64(h)*scale+0.5))))
		draw.CatmullRom.Scale(to, to.Bounds(), from, from.Bounds(), draw.Src, nil)
		picture = to
	}
	var out bytes.Buffer
	err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: keptQuality})
	return out.Bytes(), err
}

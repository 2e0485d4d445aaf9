package app

import (
	"cmp"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/matcher/quality"
)

// qualityOf is the quality block of a check; nil where nothing was measured. The
// page is the clerk's count; 0: the portrait's own.
func qualityOf(a *matcher.Answer, filmed Filmed, page int) *history.Quality {
	q := history.Quality{CaptureWarning: filmed.Warning.Key, Camera: rounded(filmed.Quality)}
	if a != nil {
		for _, f := range a.Frames {
			q.Frames = append(q.Frames, whole(f.Quality.Total))
			q.FramesEyes = append(q.FramesEyes, whole(f.Quality.InterEye))
		}
		if len(a.Frames) > 0 {
			q.Camera = rounded(meanOf(a.Frames))
		}
		if p := a.Portrait; p != nil {
			q.Portrait = whole(p.Quality.Total)
			q.PortraitEyes = whole(p.Quality.InterEye)
			q.PortraitNotes = int64(len(p.Warnings))
			q.PortraitPage = cmp.Or(page, p.Number)
			q.PortraitByHand = p.ByHand
			q.Document = rounded(p.Quality)
		}
	}
	if q.CaptureWarning == "" && q.Camera == nil && (a == nil || a.Portrait == nil) {
		return nil
	}
	return &q
}

// rounded are measures as they are recorded; nil where nothing was measured.
func rounded(m quality.Measures) *history.Measures {
	if m == (quality.Measures{}) {
		return nil
	}
	return &history.Measures{
		Eyes: whole(m.InterEye), Size: whole(m.Size), Sharpness: whole(m.Sharpness), Exposure: whole(m.Exposure),
		Contrast: whole(m.Contrast), Pose: whole(m.Pose), Tilt: whole(m.Tilt), Total: whole(m.Total),
	}
}

// meanOf is the mean of each measure over the frames.
func meanOf(frames []matcher.MatchedFrame) quality.Measures {
	var mean quality.Measures
	n := float64(len(frames))
	for _, f := range frames {
		q := f.Quality
		for _, m := range []struct{ mean, of *float64 }{
			{&mean.InterEye, &q.InterEye}, {&mean.Size, &q.Size}, {&mean.Sharpness, &q.Sharpness}, {&mean.Exposure, &q.Exposure},
			{&mean.Contrast, &q.Contrast}, {&mean.Pose, &q.Pose}, {&mean.Tilt, &q.Tilt}, {&mean.Total, &q.Total},
		} {
			*m.mean += *m.of / n
		}
	}
	return mean
}

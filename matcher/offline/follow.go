package offline

import (
	"context"
	"image"
	"sync"

	"facematch/matcher"
)

// Follow gives a finder for one live picture, frame after frame. What it finds is
// what Find finds, but a face that the full search saw a moment ago is followed by
// glances, at a fifth of the cost: a glance is believed where it sees that one face
// near its last place, and the full search has its say again after followLooks of
// them, and whenever a glance sees several faces, none, or one elsewhere.
func (e *Engine) Follow() matcher.FaceFinder { return &follower{engine: e} }

type follower struct {
	engine *Engine

	mu    sync.Mutex // one frame at a time
	last  matcher.Face
	size  image.Point // of the picture the face was in
	looks int         // glances left until the next full search; 0: nobody is followed
}

func (f *follower) Find(ctx context.Context, img *image.RGBA) ([]matcher.Face, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.looks > 0 && f.size == img.Rect.Size() {
		seen, ok, err := f.engine.glanceOnce(ctx, img, f.last.Eyes)
		if err != nil {
			return nil, err
		}
		if ok && near(seen.Box, f.last.Box) {
			f.looks--
			f.last = seen
			return []matcher.Face{seen}, nil
		}
	}
	f.looks = 0
	all, err := f.engine.find(ctx, img)
	if err != nil || len(all) != 1 || f.engine.params.Calibration.Network == nil {
		return placesOf(all), err
	}
	// The same points from the same network in each frame, or the measures made of
	// them would jump with the search that saw the face.
	face, err := f.engine.landmarked(ctx, img, all[0].Face)
	if err != nil {
		return nil, err
	}
	f.looks, f.last, f.size = followLooks, face, img.Rect.Size()
	return []matcher.Face{face}, nil
}

// near says whether two boxes can be those of one face from one look to the next.
func near(a, b image.Rectangle) bool {
	both := a.Intersect(b)
	shared := both.Dx() * both.Dy()
	return shared > 0 && float64(shared) >= followShare*float64(min(a.Dx()*a.Dy(), b.Dx()*b.Dy()))
}

package matcher

import (
	"image"
	"testing"
)

// The square holds eyes, nose and mouth and no forehead, also of a head that lies.
func TestSquare(t *testing.T) {
	upright := Face{Box: image.Rect(100, 100, 172, 200)}
	if got, want := upright.Square(), image.Rect(97, 118, 175, 196); got != want {
		t.Errorf("upright: %v, want %v", got, want)
	}
	lying := Face{Box: image.Rect(100, 100, 200, 172)}
	if got := lying.Square(); got.Dx() != got.Dy() || got.Dx() != 78 {
		t.Errorf("lying: %v", got)
	}
}

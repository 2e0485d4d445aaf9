package detail

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2/test"

	"facematch/app/apptest"
	"facematch/app/history"
	"facematch/views/internal/kit/kittest"
)

// Every field of a check's records is shown in the detail, but for these.
func TestTheDetailShowsEveryField(t *testing.T) {
	w := kittest.Open(t)
	unshown := apptest.Unshown(func(d history.Detail) string {
		detail := New(w.Parts, Shown{Detail: d}, Hooks{})
		if detail.Raw != nil {
			test.Tap(detail.Raw)
		}
		return kittest.Readable(detail)
	})
	if want := []string{
		"Started.Instance", "Started.Inspection", "Started.Audit.SHA256", "Started.RequestDigest", "Finished.Check",
		"Finished.Session",
		"Finished.Result", "Finished.Quality.Portrait", "Finished.Quality.PortraitEyes",
		"Finished.Quality.Frames", "Finished.Quality.FramesEyes",
		"Finished.Remote.Reached", "Finished.Remote.Answered", "Finished.Remote.Refused", "Finished.Remote.Clip",
		"Finished.Remote.Absent", "Finished.Document", "Finished.Frame",
	}; !slices.Equal(unshown, want) {
		t.Errorf("not in the detail:\n%q\nexpected:\n%q", unshown, want)
	}
}

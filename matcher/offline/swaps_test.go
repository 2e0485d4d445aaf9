package offline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"facematch/matcher"
)

// Another person for a single frame is sampled, with the frame before, at any frame
// rate: as a whole picture, with the background of the first, and as a small face in
// a picture that stands still otherwise. Two pairs of people are enough for everyday;
// FACEMATCH_SOAK takes ten.
func TestSwapsAreSampled(t *testing.T) {
	clips, err := filepath.Glob(testdata(t, "clips") + "/*.mp4")
	if err != nil || len(clips) < 12 {
		t.Fatalf("%d clips, %v", len(clips), err)
	}
	pairs := 2
	if os.Getenv("FACEMATCH_SOAK") != "" {
		pairs = 10
	}
	for name, filter := range map[string]string{
		"whole picture": "[0:v]fps=%d,scale=320:240,setsar=1[l];[1:v]fps=%d,scale=320:240,setsar=1[o];[l][o]overlay=0:0:enable='%s'",
		// The face of somebody at a desk is half as high as the picture, at 25 % of it the
		// coach asks to come nearer.
		"face alone": "[0:v]fps=%d,scale=320:240,setsar=1[l];[1:v]fps=%d,scale=320:240,crop=112:144,setsar=1[o];[l][o]overlay=104:48:enable='%s'",
		"small face, still": "[0:v]fps=%d,select=eq(n\\,0),loop=-1:1,setpts=N/FRAME_RATE/TB,scale=160:120,pad=320:240:80:60:gray,setsar=1[l];" +
			"[1:v]fps=%d,scale=160:120,crop=48:60,setsar=1[o];[l][o]overlay=136:90:enable='%s'",
	} {
		seen, all, taken := 0, 0, 0
		for i := range pairs {
			for _, perSecond := range []int{10, 25, 30, 60} {
				first := perSecond + 1 // a frame that is not sampled anyway where there are many
				path := made(t, "swap.mp4", "-i", clips[i], "-i", clips[i+5], "-filter_complex",
					fmt.Sprintf(filter, perSecond, perSecond, fmt.Sprintf("eq(n,%d)", first)),
					"-t", "2.5", "-r", fmt.Sprint(perSecond), "-c:v", "libx264", "-preset", "ultrafast", "-crf", "19", "-pix_fmt",
					"yuv420p")
				frames, err := readClip(context.Background(), path, quiet)
				if err != nil {
					t.Fatal(err)
				}
				has := func(seq int) bool {
					return slices.ContainsFunc(frames, func(f matcher.Frame) bool { return int(f.Seq) == seq })
				}
				all++
				taken += len(frames)
				if has(first) && has(first+1) {
					seen++
				} else {
					t.Logf("%s at %d a second: %s, %s not sampled", name, perSecond, filepath.Base(clips[i]),
						filepath.Base(clips[i+5]))
				}
			}
		}
		t.Logf("%-18s %d of %d swaps of one frame sampled on both sides; %.1f frames a film", name, seen, all,
			float64(taken)/float64(all))
		if seen < all-all/20 {
			t.Errorf("%s: %d of %d", name, seen, all)
		}
	}
}

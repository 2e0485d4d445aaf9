package camera

import (
	"time"

	"facematch/matcher/quality"
)

const (
	// captureOptions go to FFmpeg with every opening, as OpenCV's own notation of
	// name;value|name;value. Without the time-out (microseconds) a silent server
	// blocks an opening or a read for 30 s; with it, 2.1 s were measured for HTTP
	// and RTSP. Setting anything here makes OpenCV forget its own choice of TCP
	// for RTSP, so that is said again: UDP seldom passes a firewall.
	captureOptions    = "rtsp_transport;tcp|timeout;2000000"
	captureOptionsEnv = "OPENCV_FFMPEG_CAPTURE_OPTIONS"

	// frozenAfter is how long a picture may stand still before the clerk is told.
	frozenAfter = 2 * time.Second

	// A moving picture that then does not change in a single byte for stillAfter
	// and stillLeast pictures has probably changed its size (see stillness). The
	// time alone would take a hiccup of the machine for it, the number alone two
	// frames of a fast file.
	stillAfter = time.Second
	stillLeast = 8

	// A source that failed is tried again after retryFirst, then twice as long
	// each time up to retryLast: a camera that was plugged in again shows up at
	// once, and one that stays away costs next to nothing.
	retryFirst = 500 * time.Millisecond
	retryLast  = 5 * time.Second

	// closeWait is how long Close waits for native code to come back. A read of a
	// working camera returns within a frame's time; one that does not will only
	// return after its own time-out, and the window must not wait for that.
	closeWait = 800 * time.Millisecond

	// The owner of a stream that has been in one native call for stuckAfter is left
	// behind, which is looked for every guardEvery: FFmpeg's own time-out would have
	// ended it after two seconds, so bytes come, but no picture. Each that is left
	// holds a connection and a thread, so there are at most mostLeftBehind.
	stuckAfter     = 4 * time.Second
	guardEvery     = 500 * time.Millisecond
	mostLeftBehind = 4

	// fileLook is how often a file that is played is looked after.
	fileLook = time.Second

	// What a camera is asked for. 720p is what faces at a counter need and nearly
	// every camera has; below enoughRate a picture looks like a row of stills.
	preferredWidth, preferredHeight = 1280, 720
	preferredRate                   = 30
	enoughRate                      = 20

	// mostModes ends the lists of a driver that never does.
	mostModes = 64

	// sniffBytes is what http.DetectContentType looks at.
	sniffBytes = 512

	// A video file that names no frame rate, or an absurd one, plays at the rate
	// most of them have.
	usualRate   = 25.0
	highestRate = 240.0

	// playLate is how far a file may fall behind its own clock and still catch up
	// by playing faster; beyond that it goes on from where it is.
	playLate = 250 * time.Millisecond
)

// How often the coach looks.
const (
	// adviceEvery is the time from one look to the next at least: seven a second
	// follow a moving face. Where a face is seen at once a look costs about 25 ms of a
	// core. While nobody is seen it is closer and costs 70 ms, and three a second are
	// enough for somebody who comes: idleEvery.
	adviceEvery = 140 * time.Millisecond
	idleEvery   = 330 * time.Millisecond

	// adviceFresh is how old an advice may be for somebody who did not wait for it.
	adviceFresh = 500 * time.Millisecond

	// adviceForgotten is the gap between two looks after which the coach begins
	// anew: somebody else may stand there.
	adviceForgotten = 2 * time.Second

	// A hint is shown once it has been right for hintHolds, and then for hintStays
	// at least, which is what a glance takes.
	hintHolds = 350 * time.Millisecond
	hintStays = 800 * time.Millisecond

	// asLarge is the share of the largest face from which on another one may be whom
	// the check is about: two who stand side by side are told apart by their place.
	asLarge = 0.8

	// focusLooks is over how many looks the median of the focus is taken: where the
	// detector's box jumps, so does the focus.
	focusLooks = 5

	// A person's rest is the median of the last restLooks looks, about four seconds,
	// and known after restLeast of them. Of 104 studio photos none lay outside
	// leastRest to mostRest.
	restLooks = 28
	restLeast = 7
	leastRest = 0.54
	mostRest  = 0.87
)

// The limits of a good capture. Where a range of vendors is given it is theirs
// for a live picture: Baidu's defaults (yaw 18, pitch and roll 20 degrees,
// brightness 40 to 220) and Yoti's (brightness 40 to 215, eyes 120 pixels apart).
// What is said of frames was measured on 486 of the 16 test clips and 11 films of
// talking heads, and on 104 studio portraits; light and sharpness on the face's
// square (matcher.Face.Square).
var (
	// darkLight and brightLight bound the mean brightness of the face, 0 to 255.
	// Faces of people with dark skin measured 50 and more in the frames, 64 and more
	// in the studio, so the lower bound must not be higher.
	darkLight   = limit{40, 44}
	brightLight = limit{215, 209}

	// burntOut is the share of the face that is white. No frame or portrait had more
	// than 0.02; OFIQ's score for over-exposure, 1/(share+0.01), is 14 of 100 at the
	// limit.
	burntOut = limit{0.06, 0.05}

	// washedOut is the brightness that the darkest 2 % of a face do not exceed:
	// brows and nostrils. It was 77 at most in frames and portraits, 122 and more with
	// 115 added to the brightness of the clips.
	washedOut = limit{105, 95}

	// nearEnough is the distance between the eyes in a film's pixels (frameSize). The
	// recognizer looks at a face 150 pixels wide in which the eyes are about 51
	// pixels apart; a smaller face would only be blown up. (Yoti's 120 pixels would
	// ask for a face as wide as half a 640 pixel camera's picture.)
	nearEnough = limit{50, 54}

	// farEnough is the share of the picture's width or height that a face fills, from
	// the hair to the chin. In 108 of the frames it was 0.76 at most; a face that fills
	// more than this leaves the picture at a nod.
	farEnough = limit{0.88, 0.83}

	// A face is in the centre while its middle is at most this share of the
	// picture's width or height away from the picture's middle. In the same 108 it was
	// 0.11 and 0.15 at most; the engine takes up to 0.38.
	centreX = limit{0.25, 0.22}
	centreY = limit{0.25, 0.22}

	// turned, nodding and leaning are degrees. The base of the nose tells a nod too
	// poorly for the vendors' 20 degrees (see quality.Angles).
	turned  = limit{18, 15}
	nodding = limit{25, 21}
	leaning = limit{20, 17}

	// sharpEnough is quality.Focus, as the median of focusLooks. The softest film had
	// 4.6; of the same ones blurred by a Gaussian of 3 pixels 93 % had under 4.0, and
	// 95 % of those whose eyes are under 110 pixels apart, where so little is a blur.
	sharpEnough = limit{4.0, 4.4}

	// blurredPicture is the sharpness of the picture's middle by its contrast, where
	// no face is found in it. Of the test clips it was 0.42 and more; where a blur of
	// 5 or 8 pixels kept the face from being found, 0.14 at most.
	blurredPicture = limit{0.18, 0.22}
)

// plainContrast is the contrast (standard deviation of the brightness) below
// which a picture is a plain wall rather than a blurred one.
const plainContrast = 25.0

const (
	// encoderQueue is how many frames may wait for the encoder. A third of a second
	// covers a hiccup of the machine; what does not fit is dropped, unless it is
	// sampled, and its neighbour stands longer in the clip.
	encoderQueue = 8

	// mostSampled is how many frames of a clip are sampled at most: evenly, with one
	// at each end, and beside jumps.
	mostSampled = 2*quality.SampledMost + 2

	// clipCodec is H.264 as MP4 names it.
	clipCodec = "avc1"

	// longestSide is the longer side, in pixels, of a clip and a film's frames at
	// most: the engine looks at no more, and larger ones take long to encode and to
	// send. The frames of a film by a 4K camera would be a gigabyte.
	longestSide = 1280

	// leastSide is the shorter side of a source's pictures at least, once they are
	// scaled down to longestSide. There is no face to see in less, and encoding
	// pictures a few pixels wide writes past the end of OpenCV's memory (seen at 2).
	leastSide = 64

	// The clip's frame rate is measured over at most rateFrames arrivals, at least
	// rateLeast of them, or however many came in ratePatience.
	rateFrames   = 32
	rateLeast    = 8
	ratePatience = time.Second

	// Clips have a whole number of frames a second between these: players and
	// the API take nothing odder.
	lowestClipRate  = 1
	highestClipRate = 60

	// shortestClip stands in for a length of nothing.
	shortestClip = 100 * time.Millisecond
)

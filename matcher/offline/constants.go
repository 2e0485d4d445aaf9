package offline

import (
	"time"

	"facematch/matcher/quality"
)

// The detector sees the whole picture, or a tile of it, at one size only.
const (
	detectWidth, detectHeight = 320, 240
	// detectScore is how sure it must be of a face. On 610 frames of 17 films with one
	// person it saw no second face of half the size by more than 0.3, but in one film,
	// with leaves behind, by up to 0.95: see certainScore.
	detectScore = 0.5
	// lyingScore is how sure it must be of a face that lies on its side: it is shown
	// the picture turned, and then takes some other things for faces. Of a face it
	// sees both ways it must be surer by lyingMore to believe that it lies.
	lyingScore = 0.8
	lyingMore  = 0.1
	// A face of which it is less sure than certainScore, and each one that lies, is
	// looked at once more, in a square of sureReach times its size. It is doubted
	// unless the detector is sure by sureScore then, and the second network gives a
	// vector of faceStrength at least. In scenes with a second person, leaning by up to
	// 35 degrees, at the edge or narrow, that one had a score of 1.00 and 3.2 or more;
	// folds, hands and leaves had up to 0.96, and up to 2.1 where they were half as
	// large as the face.
	certainScore = 0.97
	sureScore    = 0.7
	sureReach    = 3.0
	faceStrength = 2.2
	// oneFace is the overlap of two boxes, as a share of both together, from which
	// they are one face's; oneFaceCut the share of a box that a tile's edge cuts.
	oneFace    = 0.3
	oneFaceCut = 0.5
	// closeFrom is the size, in the network's pixels, of a largest face for which no
	// closer look is taken, and seenFrom that of the smallest face it sees surely.
	closeFrom = 32.0
	seenFrom  = 16.0
	// leastFace is the size in the picture's pixels of the smallest face that can be
	// compared: that of minInterEye between the eyes.
	leastFace = 60.0
	// tileOverlap is the share of a tile's side that the next one shows too: more
	// than a face of closeFrom.
	tileOverlap = 0.25
	// edgeShare is how near to an edge, as a share of the longer side, a box reaches
	// to it.
	edgeShare = 0.01
	// edgeMargin is how far, as a share of its longer side, the picture is mirrored
	// beyond its edges. With it the detector saw each of 19 faces of which the edge left
	// 0.4 to 0.8 of the width; without it 4 of those cut at 0.4. A box whose middle is
	// farther outside than beyondEdge of its width is a mirror image.
	edgeMargin = 0.125
	beyondEdge = 0.15
)

// How a page is searched that may lie on any side.
const (
	// proposedScore is how sure the detector must be of what is looked at closely, and
	// proposedFrom the size, in its pixels, from which it is so of a face.
	proposedScore = 0.3
	proposedFrom  = 20.0
	// leastOnPage is the size in pixels of the smallest face worth finding: eyes 10
	// pixels apart.
	leastOnPage = 24.0
	quickLevel  = 1
	// mostPlaces is how many proposals of a level are looked at closely, the surest.
	mostPlaces = 12
	blankRange = 12 // of 255: the least difference in brightness of what shows anything
	// A proposal is looked at nearSide pixels large, or nearSideLarge where a part of it
	// may be hidden, then nearSideLess and nearSideNext. At a wrong turn few faces look
	// like one when they are shown so small: on 50 documents none of them had a better
	// score. A turn whose score is less by lessNear than the best one's is wrong, and so
	// is one where the page's own look has lessSeen less.
	nearSide      = 28.0
	nearSideLarge = 56.0
	nearSideLess  = 20.0
	nearSideNext  = 36.0
	// nearReach is the side of the square around a proposal, in the proposal's sizes.
	nearReach = 2.8
	lessNear  = 0.2
	lessSeen  = 0.4
	// strengthWeight brings the strength of the second network's answer to the score's
	// scale, and leastWeight is what both together have of a face. Portraits have 1.7
	// and more, drawn faces and patterns up to 1.45. surelyStrong stands for the
	// strength where it is not asked for.
	strengthWeight = 3.0
	leastWeight    = 1.6
	surelyStrong   = 0.8
)

// pageLevels are the levels of the search: how long the page's longer side is, in heights
// of the detector's picture, and how many pixels of a tile the next one shows too. A
// larger face is seen in the level before.
var pageLevels = [...]struct {
	longer  float64
	overlap int
}{{1, 0}, {3, 48}, {4.4, 32}}

// jpegQuality of the pictures handed to go-face, which takes JPEG only. Any
// encoding moves a descriptor by 0.07 to 0.11, measured from quality 80 to 98
// alike: that much is the net's noise.
const jpegQuality = 95

// The net looks at faces whose eyes are 50 pixels apart. A face found with
// fewer, in a picture that was scaled down, is described once more from a crop
// of the original. That has cropInterEye between the eyes and cropReach times as
// much a side: enough for the net and the detector, which would only take longer
// for more.
const (
	netInterEye  = 50.0
	cropInterEye = 60.0
	cropReach    = 4.0
	eyeLine      = 0.42 // how far down it the eyes stand
	widthPerEye  = 2.5  // of the detector's box in inter-eye distances
	// cropSame is by how many inter-eye distances the eyes found in a portrait's
	// crop may differ from those it was cut out by, twice that for their place.
	cropSame = 0.2
)

// The second network sees faces of featureSide pixels a side (template112).
const featureSide = 112

// template112 is where the second network has the middles of the eyes, the tip of
// the nose and the corners of the mouth, left ones first: the usual places of
// ArcFace's networks, as the package of this one gives them.
var template112 = [...]spot{{38.295, 51.696}, {73.532, 51.501}, {56.025, 71.737}, {41.549, 92.366}, {70.730, 92.204}}

// The landmark network looks at a square around the middle of the detector's box.
// Its points are right, the lean within 10 degrees, on 52 of 53 photographs of heads
// that lean 45 degrees from how it is told that they do, and on 47 of 51 at 60.
const (
	landmarkCount = 68
	noseBase      = 33  // of the 68
	landmarkSide  = 64  // pixels
	landmarkReach = 1.1 // its side in sides of a square with the box's area
	landmarkDrop  = 0.05
	// landmarkLooks is how often it looks at a face at most, and landmarkAgrees from
	// what difference of the lean, in radians, on it does not look again.
	landmarkLooks  = 3
	landmarkAgrees = 0.07
)

// alignStep is what the points that a face is laid straight by are rounded to, in the
// picture's pixels. On another processor the network's points differ by up to 0.0001.
// Laid by those, some pixels of the face differ by a level or two, and go-face, which
// has dlib round the eyes' corners and the nose to whole pixels, gives a descriptor that
// differs by 0.03 to 0.08. Rounded points are the same on both, and so is the face, but
// where one lies near to the middle of a step.
const alignStep = 1. / 128

// outside is the brightness of what lies outside a picture, and shrinkFrom the
// scale from which a smaller copy is made before a face is laid onto its square.
const (
	outside    = 128
	shrinkFrom = 0.75
)

// What makes a face usable.
const (
	// minInterEye in pixels: the detector's smallest face has about 34; below,
	// there is nothing left to compare.
	minInterEye = 28.0
	// minInside is the share of the face's box that must lie in the picture.
	minInside = 0.85
	// offCentre is how near to the picture's edge the middle of the face may
	// come, as a share of the picture's side.
	offCentre = 0.12
	// mostLean is how many degrees a head may lean to be compared.
	mostLean = 60.0
	// From these limits on the light, or the want of detail, is named as the reason
	// why the networks make too little of a face. They are measures of quality.Light
	// and quality.Measures.
	tooDark    = 40.0
	tooBright  = 220.0
	tooBurnt   = 0.3
	tooBlurred = 20.0
)

// The rules of a result.
const (
	stretches = 8 // frames that give the percentages, the best of each stretch of the clip
	// partFrames is how many frames a stretch of a film with the fewest frames has.
	partFrames = quality.SampledLeast / stretches
	// mostKept is how many whole frames stay in memory to choose those from: two or
	// more for each.
	mostKept = 4 * stretches
	// turnedEvery is of how many frames one is looked at on both sides as well, for
	// a head that lies.
	turnedEvery = 4
	// minUsable is the fewest chosen frames that decide. They are counted after
	// the choice, one a stretch: ten usable frames in two stretches count as two.
	minUsable = 3
	twoFaces  = 0.20 // share of frames with two faces from which the clip shows two people
	unclear   = 0.20 // share of frames with a face too poor to describe, from which nobody passes
)

// What is read of a clip.
const (
	// frameSide is the longer side of a sampled frame: a face of a quarter of it
	// has all the pixels the net looks at.
	frameSide = 1280
	// mostFrames of a clip are sampled.
	mostFrames = 2 * quality.SampledMost
	// maxPixels of a frame: beyond 8K there is no camera, only a broken header.
	maxPixels = 36_000_000
	// maxLength of a clip; a check takes a few seconds of it.
	maxLength = 5 * time.Minute
	// maxFrames bounds what a clip without times can cost: 5 minutes at 60 a second.
	maxFrames = 5 * 60 * 60
	// maxSpill is the most bytes of a clip in memory that are written to a file.
	maxSpill = 512 << 20
)

// mostMisses is how many attempts in a row that give no picture are the end of a
// clip. OpenCV gives up after 512 packets of sound, of which 6 hours follow at most.
const mostMisses = 2048

// How a network of the operator's own is tried in a process of its own.
const (
	tryPatience = 30 * time.Second
	// tryMemory is the most memory that process may reserve, in bytes: the program
	// with its libraries reserves 1.5 GB before it reads anything.
	tryMemory = 4 << 30
	// exitUnfit is its exit code for a network of another kind. A crash has others.
	exitUnfit = 1
	// A vector that describes a face has so many values: networks in use have 128
	// to 512.
	leastFeatures = 32
	mostFeatures  = 8192
)

// How clips are read in processes of their own, the decoders.
const (
	decoderEnv = "FACEMATCH_DECODER" // set in them
	// programEnv names the program that they run, for tests where /proc/self/exe is not
	// this one: in a chroot without /proc, or in an emulator.
	programEnv = "FACEMATCH_PROGRAM"
	// startPatience is how long one may take to start: 0.2 s on a machine with
	// nothing else to do.
	startPatience = 30 * time.Second
	// clipPatience is the longest that may be waited for a clip's frames in all, and
	// clipSilence the longest without a word of how far it is. Time that the engine
	// takes between two frames does not count. The longest clip allowed, 5 minutes at
	// 1920 x 1080, takes a third of it on two cores.
	clipPatience = 3 * time.Minute
	clipSilence  = 30 * time.Second
	// clipTime is the time of all processors together for one clip.
	clipTime = 10 * time.Minute
	// maxClip is the most bytes of a clip: they lie in memory while it is read.
	maxClip = maxSpill
	// decoderRoom is the memory a decoder may reserve for clips, in bytes, beyond
	// what the program with its libraries reserves: 2 GB, of which a clip of 8K took
	// a tenth, and for each core FFmpeg's thread there with frames of 4K.
	decoderRoom        = 2 << 30
	decoderRoomPerCore = 64 << 20
	// A decoder that has read decoderClips, for decoderBusy, or has grown to
	// decoderGrown bytes, is replaced: what nobody noticed in it ends there.
	decoderClips = 50
	decoderBusy  = 5 * time.Minute
	decoderGrown = 600 << 20
	// decoderFiles is how many files it may have open: 8, with those of Go, were
	// counted.
	decoderFiles = 32
	// idleFor is how long more than one stays though none has anything to do.
	idleFor = time.Minute
	// sheetSize is the memory a decoder has for a frame, in bytes, and sheetCount how
	// many it has: 52 MB in all, so far may it be ahead of the engine. The sheets of
	// frames of up to keptSheet stay for the next clip.
	sheetSize  = 4 * frameSide * frameSide
	sheetCount = 8
	keptSheet  = 4 * 640 * 480
	exitTime   = 3 // exit code of a decoder whose time is up
)

// frameApart is the cosine distance (1 - cosine) of the second network's vectors
// from the medoid's, from which go-face is asked whether a frame shows another
// person. On eleven clips of talking people, of up to 20 s, the farthest frame had
// 0.37; two people have 0.9 and more as a rule.
const frameApart = 0.45

// documentAlike is the cosine from which a face is more alike to the portrait than
// honest pictures of two days are: it may be the document itself. Of 56 honest checks
// the most alike, two photographs of one studio session, had 0.956; of 58 cards held
// before the camera the least alike had 0.969.
const documentAlike = 0.965

// When a face is a picture that stands still.
const (
	stillFor = 2 * time.Second // a shorter film is not judged
	smoothed = 3               // frames in a row whose mean is taken
	// stillMotion is the motion under which a face is a picture. Photographs that a
	// camera with much noise films have up to 0.012; of real people over two seconds
	// the least mover had 0.020. Both in inter-eye distances.
	stillMotion = 0.016
	// livingMotion is that from which a smaller face, whose points are less sure, is a
	// living person's.
	livingMotion = 0.03
)

// leastDeviation is that of the pixels of a line, in grey levels, below which it is not
// evened further: there is nothing but noise on it.
const leastDeviation = 4.0

package offline

import (
	"time"

	"facematch/matcher/quality"
)

// The detector finds faces from 80 pixels wide on, and its time grows with the
// pixels it is given.
const (
	// quickSide is the longer side of the picture the first search sees: about
	// 30 ms, and a face that fills an eighth of it is found.
	quickSide = 640
	// closeSide is that of the second search, made only where the first found
	// nothing: about 110 ms, for a portrait on a page.
	closeSide = 1280
	// smallSide is the longer side up to which a picture is enlarged for the
	// second search, and enlargeBy how much. Crops are often exactly so large.
	smallSide = 400
	enlargeBy = 2
	// hiddenSide is the largest side of what the thorough detector sees.
	hiddenSide = 256
)

// What a glance at a frame goes by, measured on 216 frames of 27 clips with one
// person: the cascade proposed each face that go-face's detector found, with
// scores from 5 on, and other places with scores of up to 6.2. The bound for a
// second place is as low as for the first: it only costs a full search.
const (
	glanceSide  = 320 // longer side of the copy the cascade sees
	glanceScore = 4.0 // from here a place may be a face
	// The box of go-face's detector is boxPerWindow of the cascade's window wide, its
	// middle boxBelow of its width lower.
	boxPerWindow = 0.82
	boxBelow     = 0.13
)

// A live face is followed by followLooks glances between two full searches, one
// second of the coach's looks, while its box keeps followShare of its area in place.
const (
	followLooks = 6
	followShare = 0.5
)

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
	widthPerEye  = 2.5  // of go-face's box in inter-eye distances; 2.1 to 3.0 on 2,680 photographs
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

// The landmark network looks at a square around the face. It was measured where it
// agrees best with the eyes go-face finds: at 1.0 to 1.2 times the side of
// go-face's box, its middle up to a tenth of that lower. The middles of the eyes
// then differ by 0.03 inter-eye distances in the mean.
const (
	landmarkCount = 68
	noseBase      = 33  // of the 68
	landmarkSide  = 64  // pixels
	landmarkReach = 1.1 // its side in sides of the box
	landmarkDrop  = 0.05
)

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
	// bystander is the size, against the largest face, under which another one
	// belongs to somebody far behind. Beyond twice the distance to the camera
	// nobody takes part in a check.
	bystander = 0.5
)

// The rules of a result.
const (
	stretches = 8 // chosen frames
	// minUsable is the fewest chosen frames that decide. They are counted after
	// the choice, one a stretch: ten usable frames in two stretches count as two.
	minUsable = 3
	twoFaces  = 0.20 // share of frames with two faces from which the clip shows two people
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

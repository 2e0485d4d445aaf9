package quality

// The score for the size is OFIQ's sigmoid (ISO/IEC 29794-5, inter-eye
// distance): 50 at 70 px, 73 at 90 px, 92 at 120 px.
const (
	sizeMiddle = 70.0 // px
	sizeWidth  = 20.0 // px
)

// noseReach is how far the base of the nose stands out before the plane of the
// eyes, in inter-eye distances: about 25 mm to 63 mm in adults. It turns the
// nose's shift between the eyes into an angle.
const noseReach = 0.4

// UsualRest is how far the base of the nose stands below the eyes of a person
// who looks straight ahead, in inter-eye distances. Measured on 104 studio photos of 52 people (the London set): mean
// 0.708, standard deviation 0.062.
const UsualRest = 0.71

// faceSide is the side, in pixels, to which a face is scaled before its
// sharpness is measured, so that near and far faces are judged alike. It is the
// size of the picture the engine sees.
const faceSide = 150

// sharpMiddle is the variance of the Laplacian (brightness 0 to 255) that
// scores 50. Measured on the test pictures: faces in talking clips have 30 to
// 480, portraits on cards 10 to 630.
const sharpMiddle = 120.0

// Brightness between these, as the mean over a face, is full exposure; it falls
// evenly to nothing at the outer bounds. Common limits for a usable photo are 40
// and 220, which score about 50 here.
const (
	blackout = 10.0
	dark     = 70.0
	bright   = 195.0
	whiteout = 250.0
)

// Pixels at or beyond these hold no detail any more. Each percent of them, over
// what hair and pupils or a shine on the nose make anyway, costs exposure.
const (
	crushed  = 12
	burnt    = 250
	harmless = 0.10 // share of the face
)

// white is where OFIQ (ISO/IEC 29794-5, over-exposure) begins to count a pixel
// as burnt out.
const white = 247

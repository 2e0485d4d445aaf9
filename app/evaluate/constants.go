package evaluate

import "facematch/matcher"

// What is measured.
const (
	// rareFrom is the number of impostor pairs from which a group's error rate is
	// called a rate: the rule of three then bounds an FMR without an error by 1e-3.
	rareFrom = 3000
	// detPerDecade is how many points of the DET curve lie in each power of ten.
	detPerDecade = 20
	// histogramBins make a bar 12 units wide in the chart: fine enough to show two
	// humps, coarse enough for a few hundred pairs.
	histogramBins = 50
)

// targets are the false match rates at which the false non-match rate is reported.
var targets = []float64{1e-2, 1e-3, 1e-4, 1e-5, 1e-6}

// groupTargets are those at whose thresholds the groups are compared: the bounds
// of refer and pass.
var groupTargets = []float64{1e-3, 1e-4}

// anchors are the percentages every calibration gives a meaning to: pass, true
// and fail.
var anchors = []float64{matcher.PassFrom, matcher.ResultTrue, matcher.FailUnder}

// rareScores are the scores of whole checks whose rarity the text report names.
var rareScores = []float64{matcher.FailUnder, matcher.ResultTrue, matcher.PassFrom, 90}

// What a curve is drawn by.
const (
	// The promises of the anchors.
	fmrOfPass   = 1e-4
	fmrOfResult = 1e-3
	fnmrOfFail  = 1e-2
	// Further points where impostor pairs begin to be frequent, and half of them are.
	fmrOf40 = 0.1
	fmrOf20 = 0.5
	// wellBelow is a share of the bound of pass. The median of genuine pairs is a point of
	// the curve only below it; nearer to the bound, the curve would fall steeply from 90 to 80.
	wellBelow = 0.8
	// The fewest pairs on which fmrOfPass and fnmrOfFail can be measured.
	leastGenuine  = 100
	leastImpostor = 10_000
)

// The pairs a fusion is fitted on, and how.
const (
	// hardImpostors is how many impostor pairs are used: those of highest cosine.
	hardImpostors = 20_000
	// mostGenuine bounds the genuine pairs used, at 60 bytes of memory each.
	mostGenuine = 500_000
	// fusionPenalty is the L2 penalty: half of it times the squared standardised weights is
	// added to the mean loss.
	fusionPenalty = 1e-3
	// weakest and strongest bound the strength of a face that counts. On LFW fewer than 1 % of
	// the faces are weaker and 5 % stronger.
	weakest   = 2.6
	strongest = 3.8
)

// Which scores of impostor checks a calibration keeps.
const (
	// leastStrangers is the fewest impostor checks: by the rule of three, 100 without an error
	// support "fewer than 1 in 33".
	leastStrangers = 100
	// While fewer than everyBelow scores lie at or above a score, each score is kept. Then a
	// score is kept only where the last kept one has at most thinning times its count.
	everyBelow = 20
	thinning   = 0.9
)

// Thresholds are rounded to what is printed: distances to four decimals, scores to two.
const (
	distanceSteps = 1e4
	scoreSteps    = 1e2
)

// How many files are read at the same time. A scan may take a gigabyte while it is decoded,
// the kept frames of a clip 180 MB.
const (
	picturesAtOnce = 4
	clipsAtOnce    = 2
)

// Bounds of memory.
const (
	// maxPairs bounds the pairs of a folder of people: 14,000 pictures. A pair takes 4 bytes, and
	// 4 more in a group.
	maxPairs = 100_000_000
	// maxRows bounds the rows of a list, at about 100 bytes each.
	maxRows = 2_000_000
	// maxDetails is how many rows or files a report remembers by name, for the
	// terminal.
	maxDetails = 20
)

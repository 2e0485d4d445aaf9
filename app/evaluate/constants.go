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
	// What fmrOfPass and fnmrOfFail can be measured on at all.
	leastGenuine  = 100
	leastImpostor = 10_000
)

// What a fusion is fitted on.
const (
	// hardImpostors are the impostor pairs of highest cosine.
	hardImpostors = 20_000
	// mostGenuine pairs bound the memory, at 60 bytes each.
	mostGenuine = 500_000
	// fusionPenalty on the standardised weights, half of it, beside the mean loss.
	fusionPenalty = 1e-3
	// Beyond these lie under 1 % of the faces at the weak end and 5 % at the strong
	// (measured on LFW).
	weakest   = 2.6
	strongest = 3.8
)

// What is kept of the scores of strangers' whole checks.
const (
	// leastStrangers support "fewer than 1 in 33" by the rule of three.
	leastStrangers = 100
	// everyBelow this count each score is kept; above, the next one down is kept
	// once its count exceeds the last one's by a tenth of itself.
	everyBelow = 20
	thinning   = 0.9
)

// Thresholds are used as they are printed: distances to four decimals, scores to
// two.
const (
	distanceSteps = 1e4
	scoreSteps    = 1e2
)

// What is looked at at once. A scan may take a gigabyte while it is decoded, the
// frames kept of a clip 180 MB.
const (
	picturesAtOnce = 4
	clipsAtOnce    = 2
)

// Bounds of memory.
const (
	// maxPairs of people: 4 bytes each, and as much again for a group. That is
	// 14,000 pictures.
	maxPairs = 100_000_000
	// maxRows of a list, about 100 bytes each.
	maxRows = 2_000_000
	// maxDetails is how many rows or files a report remembers by name, for the
	// terminal.
	maxDetails = 20
)

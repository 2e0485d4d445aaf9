package evaluate

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

// targets are the false match rates at which the false non-match rate is told.
var targets = []float64{1e-2, 1e-3, 1e-4, 1e-5, 1e-6}

// groupTargets are those at whose thresholds the groups are compared: the bounds
// of refer and pass.
var groupTargets = []float64{1e-3, 1e-4}

// anchors are the percentages every calibration gives a meaning to: pass, true
// and fail.
var anchors = []float64{80, 70, 60}

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

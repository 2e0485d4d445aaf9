package quality

// Spread chooses among n frames in time order: it cuts them into k equal
// stretches and takes the best of each, so that the choice covers the whole
// time. A frame with a score below 0, or NaN, cannot be chosen; a stretch of
// such frames gives none. The indices come in time order; of equals the first
// is taken. Each score is asked for once.
func Spread(n, k int, score func(i int) float64) []int {
	var chosen []int
	k = min(k, n)
	for stretch := range k {
		best, bestScore := -1, -1.0
		for i := stretch * n / k; i < (stretch+1)*n/k; i++ {
			if s := score(i); s >= 0 && s > bestScore {
				best, bestScore = i, s
			}
		}
		if best >= 0 {
			chosen = append(chosen, best)
		}
	}
	return chosen
}

package overview

import (
	"cmp"
	"slices"
)

const (
	// worseBy is by how much the pictures of a desk must be worse, in hundredths, to be named. In
	// a period the mean of many pictures moves by a point or two, and a lamp that fails costs
	// twenty.
	worseBy = 1000

	// leastPictures is from how many pictures on the mean of a period counts.
	leastPictures = 10
)

// Worse is a desk whose camera's pictures became worse.
type Worse struct {
	Desk     string
	Was, Now int64 // the means of its best period and of its newest one, in hundredths
}

// WorsePictures names the desks whose camera's pictures are worse in the newest period than they
// were at their best, by ten points or more of 100: the worst first.
func (o Overview) WorsePictures() []Worse {
	byDesk := map[string]*Worse{}
	for _, q := range o.Quality { // by period
		if q.Pictures < leastPictures {
			continue
		}
		w := byDesk[q.Desk]
		if w == nil {
			w = &Worse{Desk: q.Desk}
			byDesk[q.Desk] = w
		}
		w.Was, w.Now = max(w.Was, q.Picture), q.Picture
	}
	var all []Worse
	for _, w := range byDesk {
		if w.Was-w.Now >= worseBy {
			all = append(all, *w)
		}
	}
	slices.SortFunc(all, func(a, b Worse) int {
		return cmp.Or(cmp.Compare(b.Was-b.Now, a.Was-a.Now), cmp.Compare(a.Desk, b.Desk))
	})
	return all
}

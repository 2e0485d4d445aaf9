package evaluate

import (
	"facematch/matcher"
	"facematch/matcher/accuracy"
)

// identities are the people in a list of checks. The documents and clips that rows link as
// showing one person, directly or through other rows, are one person. Every other file is a
// person of its own.
type identities struct {
	person         []int // of each file
	people         int
	contradictions int // rows that call two files of one person two people
	ended          map[pairing]*Outcomes
}

// pairing is the two people of a check, in order; the same person twice in a genuine one.
type pairing struct {
	a, b int
	same bool // as the row says
}

// identities finds the people. Rows that could not be compared count too, because they say
// who is who all the same.
func (t *Test) identities() *identities {
	root := indices(len(t.files)) // each file's way to the one that stands for its person
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for _, p := range t.pairs {
		if p.same {
			root[find(p.a)] = find(p.b)
		}
	}
	all := &identities{person: make([]int, len(t.files)), ended: map[pairing]*Outcomes{}}
	number := map[int]int{}
	for i := range t.files {
		at, known := number[find(i)]
		if !known {
			at = len(number)
			number[find(i)] = at
		}
		all.person[i] = at
	}
	all.people = len(number)
	for _, p := range t.pairs {
		if !p.same && all.person[p.a] == all.person[p.b] {
			all.contradictions++
		}
	}
	return all
}

func (t *identities) add(p pair, status matcher.Status) {
	a, b := t.person[p.a], t.person[p.b]
	key := pairing{min(a, b), max(a, b), p.same}
	if t.ended[key] == nil {
		t.ended[key] = &Outcomes{}
	}
	t.ended[key].add(status)
}

// bound gives the shares of compared checks their bounds by people.
func (t *identities) bound(d *Decisions) {
	for _, of := range []struct {
		share  *Measure
		same   bool
		errors func(*Outcomes) int
	}{
		{&d.ImpostorsPassed, false, func(o *Outcomes) int { return o.Pass }},
		{&d.ImpostorsReferred, false, func(o *Outcomes) int { return o.Refer }},
		{&d.GenuineReferred, true, func(o *Outcomes) int { return o.Refer }},
		{&d.GenuineFailed, true, func(o *Outcomes) int { return o.Fail }},
	} {
		var tallies []accuracy.Tally
		for key, o := range t.ended {
			if key.same == of.same {
				tallies = append(tallies, accuracy.Tally{
					A: key.a, B: key.b, Rate: accuracy.Rate{Errors: of.errors(o), Trials: o.Pass + o.Refer + o.Fail},
				})
			}
		}
		if low, high, ok := accuracy.Bootstrap(t.people, tallies); ok {
			of.share.People = &Bounds{Low: low, High: high}
		}
	}
}

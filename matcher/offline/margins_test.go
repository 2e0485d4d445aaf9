package offline

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"facematch/matcher"
	"facematch/matcher/document/mrz"
	"facematch/matcher/document/zone"
	"facematch/matcher/document/zone/zonetest"
)

// mistake is a character that was read wrongly in a field that can be proven.
type mistake struct {
	document int
	read, is byte
	margin   float32 // by how much likelier it seemed than what is there
}

// twins reports whether no check digit tells the two from each other.
func (m mistake) twins() bool { return mrz.Digit(string(m.read)) == mrz.Digit(string(m.is)) }

// provablePlaces are those of the fields of a zone that can be proven, with their digits:
// the line, and from where to where.
func provablePlaces(kind string) [][3]int {
	switch kind {
	case "TD1":
		return [][3]int{{0, 5, 15}, {1, 0, 7}, {1, 8, 15}}
	case "TD3":
		return [][3]int{{1, 0, 10}, {1, 13, 20}, {1, 21, 43}}
	}
	return [][3]int{{1, 0, 10}, {1, 13, 20}, {1, 21, 28}}
}

// mistakes are those in the fields that can be proven of a zone that was read.
func mistakes(document int, read zone.Reading, truth matcher.Zone) (all []mistake) {
	if read.Kind != truth.Kind {
		return nil
	}
	for _, s := range provablePlaces(read.Kind) {
		for at := s[1]; at < s[2]; at++ {
			was, is, g := read.Lines[s[0]][at], truth.Lines[s[0]][at], read.Glyphs[s[0]][at]
			if was != is {
				all = append(all, mistake{document, was, is, g[indexOf(was)] - g[indexOf(is)]})
			}
		}
	}
	return all
}

func indexOf(c byte) int { return strings.IndexByte(mrz.Alphabet, c) }

// sound reports whether a field of a zone may be proven where its characters are sure:
// all digits hold, and hardly any character looked more like another one.
func sound(read zone.Reading) bool {
	odd := 0
	for l, line := range read.Glyphs {
		for at, g := range line {
			if g[indexOf(read.Lines[l][at])] < slices.Max(g[:]) {
				odd++
			}
		}
	}
	return read.DigitsHold && odd <= 3 // two that may not stand there, and one corrected
}

// marginFactor is by how much the margins of package mrz are to be larger than that of any
// mistake seen here.
const marginFactor = 1.5

// TestZonesMargins is where mrz.TwinMargin and mrz.OtherMargin come from. It renders
// documents that neither the network nor the other tests have seen, harder ones than
// these: print is down to three pixels a character, and numbers are made of nothing but
// twins. Of all zones in which a field might be proven it takes the mistake that seemed
// surest. make soak renders 500.
func TestZonesMargins(t *testing.T) {
	skipRaced(t)
	documents := 15
	if os.Getenv("FACEMATCH_SOAK") != "" {
		documents = 500
	}
	r := zone.New(newLines(t))
	found, hold, proven, wrong := 0, 0, 0, 0
	surest := map[bool]mistake{}
	for n := range documents {
		made := rand.New(rand.NewPCG(19, uint64(n)))
		text := zonetest.ZoneOfTwins(made, zonetest.Kinds[n%len(zonetest.Kinds)])
		page := zonetest.Worn(made, zonetest.Page(made, text, 5+7*made.Float64()))
		read, ok, err := r.Read(context.Background(), page, zoneDay)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		found++
		if sound(read) {
			hold++
		}
		if read.Number.Proven {
			proven++
		}
		for _, m := range mistakes(n, read, parsed(t, text)) {
			wrong++
			if testing.Verbose() {
				t.Logf("document %d: %c is read as %c by %.2f; twins %v, sound %v, number proven %v",
					n, m.is, m.read, m.margin, m.twins(), sound(read), read.Number.Proven)
			}
			if sound(read) && m.margin > surest[m.twins()].margin {
				surest[m.twins()] = m
			}
		}
	}
	t.Logf("%d documents, %d zones, %d of them sound, %d numbers proven; %d characters wrong", documents, found, hold,
		proven, wrong)
	for twins, margin := range map[bool]float32{true: mrz.TwinMargin, false: mrz.OtherMargin} {
		m, ok := surest[twins]
		if !ok {
			t.Logf("no mistake in a sound zone, twins %v", twins)
			continue
		}
		t.Logf("surest mistake in a sound zone, twins %v: %c read as %c by %.2f, document %d; the margin is %.2f", twins,
			m.is, m.read, m.margin, m.document, margin)
		if marginFactor*m.margin > margin {
			t.Errorf("%.2f times %.2f is more than the margin of %.2f", marginFactor, m.margin, margin)
		}
	}
	if found < documents/3 || proven == 0 {
		t.Error("too few documents are read to tell")
	}
}

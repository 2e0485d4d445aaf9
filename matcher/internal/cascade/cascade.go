// Package cascade proposes places in a picture where a face may be, at any turn
// and in a few thousandths of a second. What a face is, others say.
package cascade

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Cascade is a quick face detector that looks at brightness only: pico, by
// Markuš and others (arxiv.org/abs/1305.4537). A window is asked a chain of small
// decision trees. Each node compares two pixels, each leaf adds to the window's
// score, and a window whose score falls behind is dropped. So most windows cost
// a handful of comparisons, and turned faces cost no more than upright ones: the
// places that are compared are turned, not the picture.
//
// It is never changed once read, so several goroutines may use it.
type Cascade struct {
	depth  int // levels of each tree
	trees  []tree
	points sync.Pool // of *[][2]int32, for probes: a quarter of a megabyte each
}

type tree struct {
	nodes     [][4]int8 // row and column of two points, in 256ths of the window's side from its middle; node 0 is the root
	leaves    []float32
	threshold float32
}

// Parse reads pico's format: 8 bytes that do not matter, the trees' depth
// and number, then the trees, all little-endian. What is damaged is an error.
func Parse(data []byte) (*Cascade, error) {
	const head = 16
	if len(data) < head {
		return nil, errors.New("cascade: too short")
	}
	depth, count := binary.LittleEndian.Uint32(data[8:]), binary.LittleEndian.Uint32(data[12:])
	if depth < 1 || depth > 10 || count < 1 || count > 10_000 {
		return nil, errors.New("cascade: not a cascade")
	}
	nodes, leaves := 1<<depth-1, 1<<depth
	size := 4*nodes + 4*leaves + 4
	if len(data) != head+int(count)*size {
		return nil, errors.New("cascade: wrong size")
	}
	c := &Cascade{depth: int(depth), trees: make([]tree, count)}
	float := func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	for i := range c.trees {
		raw := data[head+i*size:]
		t := tree{nodes: make([][4]int8, nodes), leaves: make([]float32, leaves)}
		for n := range t.nodes {
			for j := range 4 {
				t.nodes[n][j] = int8(raw[4*n+j])
			}
		}
		for l := range t.leaves {
			t.leaves[l] = float(raw[4*nodes+4*l:])
		}
		t.threshold = float(raw[4*nodes+4*leaves:])
		if !finite(t.threshold) || slices.ContainsFunc(t.leaves, func(l float32) bool { return !finite(l) }) {
			return nil, errors.New("cascade: a number in it is none")
		}
		c.trees[i] = t
	}
	return c, nil
}

// Start is the cascade cut off after so many trees. It takes more for a face and
// asks about less.
func (c *Cascade) Start(trees int) *Cascade {
	return &Cascade{depth: c.depth, trees: c.trees[:min(trees, len(c.trees))]}
}

func finite(x float32) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }

// Gray is a picture's brightness.
type Gray struct {
	Pix           []uint8 // row by row, without gaps
	Width, Height int
}

// Proposal is a place where a face may be.
type Proposal struct {
	X, Y, Size float64 // middle and side of a square around the face, in pixels
	Turn       float64 // degrees clockwise by which the picture must be turned for the face to be upright
	Score      float64 // of all windows that saw it; grows with likeness, from 0
}

// Propose looks for faces of at least these many pixels a side, at each of the
// turns. The strongest come first. The error is the context's.
func (c *Cascade) Propose(ctx context.Context, g Gray, least, most float64, turns ...float64) ([]Proposal, error) {
	type round struct{ size, turn float64 }
	var rounds []round
	most = min(most, float64(min(g.Width, g.Height))) // no window fits beyond
	for size := least; size <= most; size *= Growth {
		for _, turn := range turns {
			rounds = append(rounds, round{size, turn})
		}
	}
	seen := make([][]Proposal, len(rounds))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, r := range rounds {
		group.Go(func() error {
			seen[i] = c.scan(ctx, g, r.size, r.turn)
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var all []Proposal
	for _, turn := range turns {
		var windows []Proposal
		for i, r := range rounds {
			if r.turn == turn {
				windows = append(windows, seen[i]...)
			}
		}
		all = append(all, cluster(windows)...)
	}
	slices.SortFunc(all, func(a, b Proposal) int { return cmp.Compare(b.Score, a.Score) })
	return all, nil
}

// scan asks the trees about windows of one size, all over the picture or until
// the context ends.
func (c *Cascade) scan(ctx context.Context, g Gray, size, turn float64) (seen []Proposal) {
	sin, cos := math.Sincos(turn * math.Pi / 180)
	points, ok := c.points.Get().(*[][2]int32)
	if !ok {
		points = new([][2]int32)
	}
	p := probe{Cascade: c, size: size, sin: sin, cos: cos, stride: g.Width, points: (*points)[:0]}
	defer func() {
		*points = p.points
		c.points.Put(points)
	}()
	// A turned window reaches as far as its corners do; points lie at most 128
	// 256ths from the middle, and rounding may add a pixel.
	edge := int(math.Ceil(size/2*(math.Abs(sin)+math.Abs(cos)))) + 1
	step := max(1, int(size*windowStep))
	for y := edge; y < g.Height-edge && ctx.Err() == nil; y += step {
		p.row = p.row[:0]
		for x := edge; x < g.Width-edge; x += step {
			p.row = append(p.row, window{middle: int32(y*g.Width + x)})
		}
		for _, w := range p.ask(g.Pix) {
			seen = append(seen, Proposal{float64(int(w.middle) % g.Width), float64(y), size, turn, float64(w.score)})
		}
	}
	return seen
}

// window is a place that is asked about.
type window struct {
	middle int32 // which pixel
	score  float32
}

// probe is the cascade for windows of one size and turn: each point as the
// distance between its pixel and the middle's. Trees are made ready when a
// window gets so far, because most never do.
type probe struct {
	*Cascade
	size, sin, cos float64
	stride         int
	points         [][2]int32 // of the trees that are ready, node by node
	row            []window
}

// ask leaves of the row the windows that show a face, with their scores. It goes
// tree by tree, not window by window, and without branches: a processor then
// works on several windows at once, which takes a third of the time.
//
// All it shares with other goroutines is never written, so the race detector has
// nothing to find here, and would take ten times as long.
//
//go:norace
func (p *probe) ask(pix []uint8) []window {
	nodes := 1<<p.depth - 1
	row := p.row
	for i := range p.trees {
		t := &p.trees[i]
		if len(p.points) == i*nodes {
			p.ready(t)
		}
		points := p.points[i*nodes : (i+1)*nodes]
		kept := 0
		for _, w := range row {
			at := 0
			for range p.depth {
				n := points[at]
				right := 0
				if pix[w.middle+n[0]] <= pix[w.middle+n[1]] {
					right = 1
				}
				at = 2*at + 1 + right
			}
			w.score += t.leaves[at-nodes]
			row[kept] = w
			if w.score > t.threshold {
				kept++
			}
		}
		if row = row[:kept]; kept == 0 {
			return nil
		}
	}
	for i := range row {
		row[i].score -= p.trees[len(p.trees)-1].threshold
	}
	return row
}

func (p *probe) ready(t *tree) {
	// In 65536ths of a pixel: the table takes a quarter of all time.
	cos, sin := int32(p.cos*p.size*256), int32(p.sin*p.size*256)
	const half = 1 << 15
	// Where a point of the upright face lies in the picture, which would have to
	// be turned clockwise for it.
	place := func(row, column int8) int32 {
		r, c := int32(row), int32(column)
		return (r*cos-c*sin+half)>>16*int32(p.stride) + (c*cos+r*sin+half)>>16
	}
	for _, n := range t.nodes {
		p.points = append(p.points, [2]int32{place(n[0], n[1]), place(n[2], n[3])})
	}
}

// cluster makes one proposal of all windows that overlap with a stronger one: at
// the mean of their places, with the sum of their scores. On a sheet with
// thousands of faces only the strongest maxClusters are told apart.
func cluster(windows []Proposal) (all []Proposal) {
	slices.SortFunc(windows, func(a, b Proposal) int { return cmp.Compare(b.Score, a.Score) })
	taken := make([]bool, len(windows))
	for i, first := range windows {
		if len(all) == maxClusters {
			break
		}
		if taken[i] {
			continue
		}
		sum := Proposal{Turn: first.Turn}
		for j, w := range windows[i:] {
			if taken[i+j] || Overlap(first, w) < SameFace {
				continue
			}
			taken[i+j] = true
			sum.X += w.Score * w.X
			sum.Y += w.Score * w.Y
			sum.Size += w.Score * w.Size
			sum.Score += w.Score
		}
		sum.X, sum.Y, sum.Size = sum.X/sum.Score, sum.Y/sum.Score, sum.Size/sum.Score
		all = append(all, sum)
	}
	return all
}

// Overlap is what two squares share, as a part of what they cover together.
func Overlap(a, b Proposal) float64 {
	along := func(a, b, sizeA, sizeB float64) float64 {
		return max(0, min(a+sizeA/2, b+sizeB/2)-max(a-sizeA/2, b-sizeB/2))
	}
	both := along(a.X, b.X, a.Size, b.Size) * along(a.Y, b.Y, a.Size, b.Size)
	return both / (a.Size*a.Size + b.Size*b.Size - both)
}

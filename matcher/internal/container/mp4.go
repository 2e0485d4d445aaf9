package container

import (
	"encoding/binary"
	"time"
)

// box is a part of an MP4 or MOV file.
type box struct {
	kind       string
	at         int64 // where it begins
	begin, end int64 // its content
}

// boxes calls each for the boxes between two places, until it says no.
func (r *reader) boxes(from, to int64, each func(box) bool) {
	for at := from; at < to && r.more(at); {
		b := r.bytes(at, 16)
		if len(b) < 8 {
			return
		}
		size, head := int64(binary.BigEndian.Uint32(b)), int64(8)
		switch {
		case size == 0: // to the end
			size = to - at
		case size == 1 && len(b) == 16:
			size, head = int64(binary.BigEndian.Uint64(b[8:])), 16
		}
		if size < head || size > to-at && to < r.size {
			return
		}
		found := box{kind: string(b[4:8]), at: at, begin: at + head, end: min(to, at+size)}
		if size > to-at { // cut off
			found.end = to
		}
		if !each(found) || size > to-at {
			return
		}
		at += size
	}
}

// table calls each for the entries of a table that begins after its version, flags
// and number of entries.
func (r *reader) table(b box, entry int, each func([]byte)) {
	head := r.bytes(b.begin, 8)
	if len(head) < 8 {
		return
	}
	n := int64(binary.BigEndian.Uint32(head[4:]))
	for i := int64(0); i < n && r.more(b.begin); i++ {
		at := b.begin + 8 + i*int64(entry)
		e := r.bytes(at, entry)
		if at+int64(entry) > b.end || len(e) < entry {
			return
		}
		each(e)
	}
}

// trak is a track of MP4 or MOV.
type trak struct {
	box
	id      uint32
	video   bool
	enabled bool
	matrix  matrix
	scale   uint32 // ticks a second
	ticks   int64  // from the first picture to the last, by the table
	edited  float64
	usual   uint32 // ticks of a picture in fragments
	times   span   // of pictures in fragments
	next    int64
}

// matrix is the part of a display matrix that turns and mirrors, as it is stored:
// x and y of a picture become ax+cy and bx+dy.
type matrix struct{ a, b, c, d float64 }

func (m matrix) times(n matrix) matrix {
	return matrix{m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d, m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d}
}

// lay is the nearest of the eight ways to lay a picture.
func (m matrix) lay() Lay {
	if abs(m.a)+abs(m.d) >= abs(m.b)+abs(m.c) {
		return Lay{MirrorX: m.a < 0, MirrorY: m.d < 0}
	}
	return Lay{Transpose: true, MirrorX: m.c < 0, MirrorY: m.b < 0}
}

func abs(x float64) float64 { return max(x, -x) }

// readMatrix reads the four numbers of a stored matrix.
func (r *reader) readMatrix(at int64) matrix {
	b := r.bytes(at, 20)
	if len(b) < 20 {
		return matrix{a: 1, d: 1}
	}
	n := func(i int) float64 { return float64(int32(binary.BigEndian.Uint32(b[i:]))) / (1 << 16) }
	return matrix{n(0), n(4), n(12), n(16)}
}

// kept are the boxes before the shown track that hold no pictures of their own:
// others, such as a cover, would be taken for the film.
var kept = map[string]bool{
	"ftyp": true, "styp": true, "moov": true, "moof": true, "mdat": true, "free": true, "skip": true, "wide": true,
	"sidx": true, "mvhd": true, "mvex": true, "iods": true, "pnot": true,
}

func readMP4(r *reader) Film {
	var movie box
	var before []box
	r.boxes(0, r.size, func(b box) bool {
		if !kept[b.kind] {
			before = append(before, b)
		}
		movie = b
		return b.kind != "moov" && len(before) < mostTracks
	})
	if movie.kind != "moov" {
		return Film{}
	}
	var tracks []trak
	whole, scale := matrix{a: 1, d: 1}, uint32(1)
	var inside []box
	usual := map[uint32]uint32{}
	r.boxes(movie.begin, movie.end, func(b box) bool {
		switch b.kind {
		case "mvhd":
			long := r.version(b)
			whole, scale = r.readMatrix(b.begin+36+12*long), r.uint32(b.begin+12+8*long)
		case "mvex":
			r.boxes(b.begin, b.end, func(b box) bool {
				if b.kind == "trex" && len(usual) < mostTracks {
					usual[r.uint32(b.begin+4)] = r.uint32(b.begin + 12)
				}
				return true
			})
		case "trak":
			tracks = append(tracks, r.readTrak(b))
		}
		if !kept[b.kind] {
			inside = append(inside, b)
		}
		return len(inside) < mostTracks
	})
	shown := -1
	for i, t := range tracks {
		if t.video && (shown < 0 || t.enabled && !tracks[shown].enabled) {
			shown = i
		}
	}
	if shown < 0 {
		return Film{}
	}
	t := &tracks[shown]
	t.usual = usual[t.id]
	f := Film{Lay: t.matrix.times(whole).lay()}
	r.readFragments(t, movie.end)
	f.Length = t.length(scale)
	for _, b := range append(before, inside...) {
		if b.at == t.at {
			break
		}
		f.Hidden = append(f.Hidden, Patch{b.at + 4, []byte("free")})
	}
	return f
}

// length is from the first picture to the last that is shown.
func (t *trak) length(movieScale uint32) time.Duration {
	if t.scale == 0 {
		return 0
	}
	table := span{last: t.ticks, some: t.ticks > 0}
	length := max(table.length(float64(t.scale)), t.times.length(float64(t.scale)))
	// What an edit list leaves out is not shown.
	if edited := t.edited / float64(max(1, movieScale)); edited > 0 && edited < length.Seconds() && !t.times.some {
		length = time.Duration(edited * float64(time.Second))
	}
	return length
}

// readTrak reads a track, but not the pictures of fragments.
func (r *reader) readTrak(b box) trak {
	t := trak{box: b, matrix: matrix{a: 1, d: 1}}
	var walk func(b box) bool
	depth := 0
	walk = func(b box) bool {
		switch b.kind {
		case "mdia", "minf", "stbl", "edts":
			if depth < 3 { // one in the other without end is no film
				depth++
				r.boxes(b.begin, b.end, walk)
				depth--
			}
		case "tkhd":
			long := r.version(b)
			t.enabled = r.uint32(b.begin)&1 != 0
			t.id, t.matrix = r.uint32(b.begin+12+8*long), r.readMatrix(b.begin+40+12*long)
		case "mdhd":
			t.scale = r.uint32(b.begin + 12 + 8*r.version(b))
		case "hdlr":
			// Another one, in minf of old films, tells how the data is reached.
			t.video = t.video || string(r.bytes(b.begin+8, 4)) == "vide"
		case "elst":
			long := r.version(b)
			r.table(b, int(12+8*long), func(e []byte) {
				duration, from := float64(binary.BigEndian.Uint32(e)), int64(int32(binary.BigEndian.Uint32(e[4:])))
				if long == 1 {
					duration, from = float64(binary.BigEndian.Uint64(e)), int64(binary.BigEndian.Uint64(e[8:]))
				}
				if from >= 0 { // otherwise nothing is shown
					t.edited += duration
				}
			})
		case "stts":
			last := int64(0)
			r.table(b, 8, func(e []byte) {
				last = int64(binary.BigEndian.Uint32(e[4:]))
				t.ticks = bounded(t.ticks + int64(binary.BigEndian.Uint32(e))*last)
			})
			t.ticks = max(0, t.ticks-last)
		}
		return true
	}
	r.boxes(b.begin, b.end, walk)
	return t
}

// bounded keeps a sum of times from running over.
func bounded(t int64) int64 { return min(max(t, 0), 1<<50) }

// readFragments reads the times of a track's pictures that lie in fragments.
func (r *reader) readFragments(t *trak, from int64) {
	r.boxes(from, r.size, func(b box) bool {
		if b.kind != "moof" {
			return true
		}
		r.boxes(b.begin, b.end, func(b box) bool {
			if b.kind == "traf" {
				r.readFragment(t, b)
			}
			return true
		})
		return true
	})
}

func (r *reader) readFragment(t *trak, traf box) {
	usual, mine := t.usual, false
	r.boxes(traf.begin, traf.end, func(b box) bool {
		switch b.kind {
		case "tfhd":
			flags := r.uint32(b.begin)
			mine = r.uint32(b.begin+4) == t.id
			at := b.begin + 8
			if flags&1 != 0 {
				at += 8
			}
			if flags&2 != 0 {
				at += 4
			}
			if flags&8 != 0 {
				usual = r.uint32(at)
			}
		case "tfdt":
			if mine {
				if t.next = int64(r.uint32(b.begin + 4)); r.version(b) == 1 {
					t.next = bounded(t.next<<32 | int64(r.uint32(b.begin+8)))
				}
			}
		case "trun":
			if mine {
				r.readRun(t, b, usual)
			}
		}
		return true
	})
}

func (r *reader) readRun(t *trak, b box, usual uint32) {
	flags := r.uint32(b.begin)
	at, entry := b.begin+8, int64(0)
	for _, bit := range []uint32{1, 4} {
		if flags&bit != 0 {
			at += 4
		}
	}
	for _, bit := range []uint32{0x100, 0x200, 0x400, 0x800} {
		if flags&bit != 0 {
			entry += 4
		}
	}
	for i := int64(0); i < int64(r.uint32(b.begin+4)) && r.more(b.begin); i++ {
		if entry > 0 && at+(i+1)*entry > b.end {
			return
		}
		t.times.add(t.next)
		took := usual
		if flags&0x100 != 0 {
			took = r.uint32(at + i*entry)
		}
		t.next = bounded(t.next + int64(took))
	}
}

// version of a box, 0 or 1.
func (r *reader) version(b box) int64 {
	if v := r.bytes(b.begin, 1); len(v) == 1 && v[0] == 1 {
		return 1
	}
	return 0
}

func (r *reader) uint32(at int64) uint32 {
	if b := r.bytes(at, 4); len(b) == 4 {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

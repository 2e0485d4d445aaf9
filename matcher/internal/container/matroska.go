package container

import "math/bits"

// The elements of WebM and MKV that are looked at.
const (
	ebmlSegment    = 0x18538067
	ebmlInfo       = 0x1549a966
	ebmlTick       = 0x2ad7b1 // nanoseconds
	ebmlTracks     = 0x1654ae6b
	ebmlTrack      = 0xae
	ebmlNumber     = 0xd7
	ebmlType       = 0x83
	ebmlDefault    = 0x88
	ebmlEnabled    = 0xb9
	ebmlCluster    = 0x1f43b675
	ebmlTime       = 0xe7
	ebmlSimple     = 0xa3
	ebmlBlockGroup = 0xa0
	ebmlBlock      = 0xa1
)

const (
	typeVideo    = 1
	typeSubtitle = 0x11
)

// track is one of WebM or MKV.
type track struct {
	number   uint64
	video    bool
	typeByte int64 // where its type stands, the last byte of it
	byItself bool  // marked as the default, or not marked at all
	enabled  bool
	times    span
}

// readMatroska walks over all elements in the order of the file. Those that hold
// others are walked into, whatever size they state: live films state none.
func readMatroska(r *reader) Film {
	var tracks []track
	tick, cluster := int64(1_000_000), int64(0)
	for at := int64(0); r.more(at); {
		id, size, begin := r.element(at)
		if id == 0 {
			break
		}
		at = begin
		switch id {
		case ebmlSegment, ebmlInfo, ebmlTracks, ebmlCluster, ebmlBlockGroup:
			continue
		case ebmlTrack:
			if len(tracks) < mostTracks {
				tracks = append(tracks, track{byItself: true, enabled: true})
			}
			continue
		case ebmlTick:
			tick = int64(r.number(begin, size))
		case ebmlTime:
			cluster = int64(r.number(begin, size))
		case ebmlSimple, ebmlBlock:
			b := r.bytes(begin, 12)
			number, n := vint(b)
			for i := range tracks {
				if t := &tracks[i]; n > 0 && t.number == number && len(b) >= n+2 {
					t.times.add(cluster + int64(int16(uint16(b[n])<<8|uint16(b[n+1]))))
				}
			}
		}
		if len(tracks) > 0 {
			t := &tracks[len(tracks)-1]
			switch id {
			case ebmlNumber:
				t.number = r.number(begin, size)
			case ebmlType:
				t.video, t.typeByte = r.number(begin, size) == typeVideo, begin+size-1
			case ebmlDefault:
				t.byItself = r.number(begin, size) != 0
			case ebmlEnabled:
				t.enabled = r.number(begin, size) != 0
			}
		}
		at += size
	}
	var shown *track
	for i := range tracks {
		if t := &tracks[i]; t.video && (shown == nil || t.rank() > shown.rank()) {
			shown = t
		}
	}
	if shown == nil {
		return Film{}
	}
	f := Film{Length: shown.times.length(1e9 / float64(tick))}
	for i := range tracks {
		t := &tracks[i]
		if t == shown {
			break
		}
		if t.video {
			f.Hidden = append(f.Hidden, Patch{t.typeByte, []byte{typeSubtitle}})
		}
	}
	return f
}

// mostTracks of a file are looked at.
const mostTracks = 64

// rank is higher for a track that players rather show.
func (t *track) rank() int {
	switch {
	case t.enabled && t.byItself:
		return 2
	case t.enabled:
		return 1
	}
	return 0
}

// element is the id, the size of the content and where that begins; no id at the
// end, or where there is no such thing.
func (r *reader) element(at int64) (id uint64, size, begin int64) {
	b := r.bytes(at, 12)
	n := 0
	if len(b) > 0 {
		n = bits.LeadingZeros8(b[0]) + 1
	}
	if n == 0 || n > 4 || len(b) <= n {
		return 0, 0, 0
	}
	for _, c := range b[:n] {
		id = id<<8 | uint64(c)
	}
	stated, m := vint(b[n:])
	if m == 0 || stated > 1<<50 && !unknown(stated, m) {
		return 0, 0, 0
	}
	if unknown(stated, m) {
		stated = 0 // only elements that are walked into may leave it open
	}
	return id, int64(stated), at + int64(n+m)
}

// vint is a number in EBML's own form, and how many bytes it takes; 0 where it is
// none.
func vint(b []byte) (v uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	n = bits.LeadingZeros8(b[0]) + 1
	if n > 8 || len(b) < n {
		return 0, 0
	}
	v = uint64(b[0]) & (1<<(8-n) - 1)
	for _, c := range b[1:n] {
		v = v<<8 | uint64(c)
	}
	return v, n
}

// unknown says that a size of n bytes is left open.
func unknown(size uint64, n int) bool { return size == 1<<(7*n)-1 }

// number is an unsigned number of so many bytes.
func (r *reader) number(at, size int64) (v uint64) {
	if size < 1 || size > 8 {
		return 0
	}
	for _, c := range r.bytes(at, int(size)) {
		v = v<<8 | uint64(c)
	}
	return v
}

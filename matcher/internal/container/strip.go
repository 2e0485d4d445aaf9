package container

import (
	"encoding/binary"
	"errors"
	"io"
)

// ErrOther is a film whose streams cannot be copied here.
var ErrOther = errors.New("not a plain MP4 or MOV film")

// mostTables is the most bytes of a film's tables that are held in memory.
const mostTables = 64 << 20

// Strip writes an MP4 or MOV film anew with the picture track that players show, bit
// for bit, and nothing else: no sound, other tracks, places, names, dates or words.
// Turn, mirror, aspect and what an edit list leaves out stay as they are. It copies
// what it knows instead of leaving out what it knows.
func Strip(w io.Writer, file io.ReaderAt, size int64) error {
	r := &reader{file: file, size: size}
	var kind, movie box
	r.boxes(0, size, func(b box) bool {
		switch b.kind {
		case "ftyp":
			kind = b
		case "moov":
			movie = b
		case "moof": // its pictures are not in the tables
			movie = box{}
			return false
		}
		return true
	})
	if movie.kind == "" {
		return ErrOther
	}
	var head box
	var shown trak
	r.boxes(movie.begin, movie.end, func(b box) bool {
		switch b.kind {
		case "mvhd":
			head = b
		case "trak":
			if t := r.readTrak(b); t.video && (shown.kind == "" || t.enabled && !shown.enabled) {
				shown = t
			}
		}
		return true
	})
	s := &strip{reader: r}
	moov := s.movie(head, shown)
	if s.err != nil {
		return s.err
	}
	var brand []byte
	if kind.kind != "" {
		brand = wrap("ftyp", s.copy(kind, 8, 4<<10))
	}
	first := int64(len(brand) + len(moov) + 8)
	total := int64(0)
	for i, c := range s.chunks {
		binary.BigEndian.PutUint32(moov[s.offsets+4*i:], uint32(first+total))
		total += c.size
	}
	if total > size || first+total > 1<<32-1 { // no chunk twice
		return ErrOther
	}
	data := binary.BigEndian.AppendUint32(nil, uint32(total+8))
	for _, b := range [][]byte{brand, moov, append(data, "mdat"...)} {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	for _, c := range s.chunks {
		n, err := io.Copy(w, io.NewSectionReader(file, c.at, c.size))
		if err != nil {
			return err
		}
		if n != c.size {
			return ErrOther
		}
	}
	return nil
}

// strip makes the tables anew.
type strip struct {
	*reader
	err     error
	used    int64
	chunks  []chunk
	offsets int // of the first chunk's place in the new moov
}

// chunk is pictures that lie in a row.
type chunk struct{ at, size int64 }

// copy is a box's content, from least to most bytes of it.
func (s *strip) copy(b box, least, most int64) []byte {
	n := b.end - b.begin
	s.used += n
	if b.kind == "" || n < least || n > most || s.used > mostTables {
		s.err = ErrOther
		return make([]byte, least)
	}
	content := make([]byte, n)
	if got, _ := s.file.ReadAt(content, b.begin); int64(got) < n {
		s.err = ErrOther
	}
	return content
}

// wrap makes a box of some content.
func wrap(kind string, parts ...[]byte) []byte {
	b := append(make([]byte, 4), kind...)
	for _, p := range parts {
		b = append(b, p...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// undated takes the times of making and changing from a header, whose version says
// how long they are.
func undated(content []byte) []byte {
	n := 8
	if content[0] == 1 {
		n = 16
	}
	clear(content[4 : 4+n])
	return content
}

// parts of a track that are looked for.
type parts map[string]box

func (s *strip) parts(b box) parts {
	found := parts{}
	depth := 0
	var walk func(b box) bool
	walk = func(b box) bool {
		if _, twice := found[b.kind]; !twice && len(found) < mostTracks {
			found[b.kind] = b
		}
		switch b.kind {
		case "mdia", "minf", "stbl", "edts", "dinf":
			if depth < 3 {
				depth++
				s.boxes(b.begin, b.end, walk)
				depth--
			}
		}
		return true
	}
	s.boxes(b.begin, b.end, walk)
	return found
}

func (s *strip) movie(head box, shown trak) []byte {
	if shown.kind == "" || head.kind == "" {
		s.err = ErrOther
		return nil
	}
	p := s.parts(shown.box)
	// The pictures lie in this file.
	if self := s.bytes(p["dref"].begin+16, 4); len(self) < 4 || self[3]&1 == 0 || s.uint32(p["dref"].begin+4) != 1 {
		s.err = ErrOther
		return nil
	}
	tkhd := undated(s.copy(p["tkhd"], 84, 128))
	tkhd[3] |= 1
	mdhd := undated(s.copy(p["mdhd"], 24, 64))
	language := 20
	if mdhd[0] == 1 {
		language = 32
	}
	if len(mdhd) < language+4 {
		s.err = ErrOther
		return nil
	}
	copy(mdhd[language:], "\x55\xc4\x00\x00") // not told
	var edit []byte
	if e, ok := p["elst"]; ok {
		edit = wrap("edts", wrap("elst", s.copy(e, 8, 1<<20)))
	}
	tables := [][]byte{s.sampleKinds(p["stsd"])}
	for _, kind := range []string{"stts", "ctts", "cslg", "stss", "stsc", "stsz"} {
		if b, ok := p[kind]; ok {
			tables = append(tables, wrap(kind, s.copy(b, 8, mostTables)))
		}
	}
	s.readChunks(p)
	if s.err != nil {
		return nil
	}
	places := make([]byte, 8+4*len(s.chunks))
	binary.BigEndian.PutUint32(places[4:], uint32(len(s.chunks)))
	tables = append(tables, wrap("stco", places)) // the last one of all: see offsets
	whole := undated(s.copy(head, 100, 256))
	if whole[0] == 0 && tkhd[0] == 0 { // sound may have been longer
		copy(whole[16:20], tkhd[20:24])
	}
	handler := append(append(make([]byte, 8), "vide"...), make([]byte, 13)...)
	moov := wrap("moov", wrap("mvhd", whole), wrap("trak", wrap("tkhd", tkhd), edit,
		wrap("mdia", wrap("mdhd", mdhd), wrap("hdlr", handler),
			wrap("minf", wrap("vmhd", []byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}),
				wrap("dinf", wrap("dref", []byte{0, 0, 0, 0, 0, 0, 0, 1}, wrap("url ", []byte{0, 0, 0, 1}))),
				wrap("stbl", tables...)))))
	s.offsets = len(moov) - 4*len(s.chunks)
	return moov
}

// described are the boxes of a sample's kind that tell how to decode and show it.
var described = map[string]bool{
	"avcC": true, "hvcC": true, "lhvC": true, "av1C": true, "vpcC": true, "esds": true, "d263": true, "glbl": true,
	"SMI ": true,
	"pasp": true, "colr": true, "clap": true, "fiel": true, "gama": true, "mdcv": true, "clli": true, "SmDm": true,
	"CoLL": true,
	"dvcC": true, "dvvC": true,
}

// sampleKinds is stsd without names.
func (s *strip) sampleKinds(stsd box) []byte {
	head := s.copy(stsd, 8, 1<<20)
	entries := [][]byte{append([]byte(nil), head[:8]...)}
	const fixed = 78 // up to the boxes
	s.boxes(stsd.begin+8, stsd.end, func(b box) bool {
		if b.end-b.begin < fixed {
			s.err = ErrOther
			return false
		}
		entry := s.copy(box{kind: b.kind, begin: b.begin, end: b.begin + fixed}, fixed, fixed)
		clear(entry[8+4 : 8+8])   // who made the encoder
		clear(entry[8+34 : 8+66]) // its name
		for at := b.begin + fixed; at+8 <= b.end; {
			size := int64(s.uint32(at))
			if size < 8 || size > b.end-at {
				break // four zeros at the end of old ones
			}
			if kind := string(s.bytes(at+4, 4)); described[kind] {
				entry = append(entry, wrap(kind, s.copy(box{kind: kind, begin: at + 8, end: at + size}, 0, 1<<20))...)
			}
			at += size
		}
		entries = append(entries, wrap(b.kind, entry))
		return true
	})
	return wrap("stsd", entries...)
}

// readChunks finds out where the pictures lie.
func (s *strip) readChunks(p parts) {
	places, wide := p["stco"], 4
	if places.kind == "" {
		places, wide = p["co64"], 8
	}
	sizes := p["stsz"]
	if sizes.kind == "" || p["stsc"].kind == "" || places.kind == "" {
		s.err = ErrOther
		return
	}
	same, left := int64(s.uint32(sizes.begin+4)), int64(s.uint32(sizes.begin+8))
	at := sizes.begin + 12
	if left > mostParts || same == 0 && at+4*left > sizes.end {
		s.err = ErrOther
		return
	}
	type run struct{ from, each uint32 }
	var runs []run
	s.table(p["stsc"], 12, func(e []byte) {
		runs = append(runs, run{binary.BigEndian.Uint32(e), binary.BigEndian.Uint32(e[4:])})
	})
	var starts []int64
	s.table(places, wide, func(e []byte) {
		if wide == 8 {
			starts = append(starts, int64(binary.BigEndian.Uint64(e)))
		} else {
			starts = append(starts, int64(binary.BigEndian.Uint32(e)))
		}
	})
	each := uint32(0)
	for i, start := range starts {
		for len(runs) > 0 && uint32(i+1) >= runs[0].from {
			each, runs = runs[0].each, runs[1:]
		}
		c := chunk{at: start}
		for range min(int64(each), left) {
			size := same
			if same == 0 {
				size = int64(s.uint32(at))
				at += 4
			}
			c.size += size
			left--
		}
		if c.at < 0 || c.size > s.size || c.at > s.size-c.size {
			s.err = ErrOther
			return
		}
		s.chunks = append(s.chunks, c)
	}
	if left != 0 || len(s.chunks) == 0 {
		s.err = ErrOther
	}
}

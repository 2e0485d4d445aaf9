package pages

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"facematch/matcher/internal/picture"
)

// box is one of an ISO media file.
func box(kind string, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(content))), kind...), content...)
}

// gridHEIC is a HEIC of this size as phones store it: a grid of tiles, each of
// which is the small HEIC's only picture here. It is turned counterclockwise by so
// many quarters.
func gridHEIC(t testing.TB, tile []byte, tileSize, size image.Point, quarters byte) []byte {
	t.Helper()
	find := func(kind string) []byte {
		at := bytes.Index(tile, []byte(kind)) - 4
		if at < 0 {
			t.Fatalf("no %s", kind)
		}
		return tile[at:][:binary.BigEndian.Uint32(tile[at:])]
	}
	short := func(v int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(v)) }
	long := func(v int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }
	picture := find("mdat")[8:]
	across, down := (size.X+tileSize.X-1)/tileSize.X, (size.Y+tileSize.Y-1)/tileSize.Y
	tiles := across * down
	gridID := tiles + 1
	grid := bytes.Join([][]byte{{0, 0, byte(down - 1), byte(across - 1)}, short(size.X), short(size.Y)}, nil)
	entry := func(id int, kind string) []byte {
		return box("infe", []byte{2, 0, 0, 0}, short(id), short(0), []byte(kind), []byte{0})
	}
	refs := append(short(gridID), short(tiles)...)
	entries, looks := short(tiles+1), long(tiles+1) // what there is, and with what properties
	for id := 1; id <= tiles; id++ {
		refs = append(refs, short(id)...)
		entries = append(entries, entry(id, "hvc1")...)
		looks = append(append(looks, short(id)...), 2, 0x81, 2)
	}
	entries = append(entries, entry(gridID, "grid")...)
	looks = append(append(looks, short(gridID)...), 2, 3, 0x84)
	spe := func(p image.Point) []byte { return box("ispe", long(0), long(p.X), long(p.Y)) }
	head := box("ftyp", []byte("heic\x00\x00\x00\x00mif1heic"))
	place := 0
	meta := func() []byte {
		extent := func(id, at, length int) []byte {
			return bytes.Join([][]byte{short(id), short(0), short(1), long(at), long(length)}, nil)
		}
		places := short(tiles + 1)
		for id := 1; id <= tiles; id++ {
			places = append(places, extent(id, place, len(picture))...)
		}
		places = append(places, extent(gridID, place+len(picture), len(grid))...)
		return box("meta", long(0), find("hdlr"), box("pitm", long(0), short(gridID)),
			box("iloc", long(0), []byte{0x44, 0}, places), box("iinf", long(0), entries),
			box("iref", long(0), box("dimg", refs)),
			box("iprp", box("ipco", find("hvcC"), spe(tileSize), spe(size), box("irot", []byte{quarters})),
				box("ipma", long(0), looks)))
	}
	place = len(head) + len(meta()) + 8
	return bytes.Join([][]byte{head, meta(), box("mdat", picture, grid)}, nil)
}

// tileSize is that of tile.heic, which shows the card's four fields.
var tileSize = image.Pt(672, 504)

// memoryOf opens a file and its first page in a process of its own and says how
// much memory that took at most, in megabytes.
func memoryOf(t *testing.T, data []byte) int {
	t.Helper()
	file := filepath.Join(t.TempDir(), "document")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestOpenForMemory$", "-test.count=1")
	cmd.Env = append(os.Environ(), memoryFile+"="+file)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	found := regexp.MustCompile(`at most (\d+) kB`).FindSubmatch(out)
	if found == nil {
		t.Fatalf("no memory is told: %s", out)
	}
	kilobytes, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes >> 10
}

const memoryFile = "FACEMATCH_TEST_MEMORY_FILE"

func TestOpenForMemory(t *testing.T) {
	file := os.Getenv(memoryFile)
	if file == "" {
		t.Skip("only as a process of its own, for other tests")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	open(t, data)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("at most %s kB\n", regexp.MustCompile(`VmHWM:\s*(\d+)`).FindSubmatch(status)[1])
}

// Phones make pictures of 48 and 50 megapixels; those are taken as JPEGs too.
func TestLargeHEIC(t *testing.T) {
	tile := testdata(t, "tile.heic")
	for _, c := range []struct {
		size, want image.Point
		quarters   byte
	}{
		{image.Pt(8064, 6048), image.Pt(3000, 4000), 3},
		{image.Pt(8160, 6120), image.Pt(4000, 3000), 0},
	} {
		_, p := open(t, gridHEIC(t, tile, tileSize, c.size, c.quarters))
		if p.Picture.Rect.Max != c.want {
			t.Errorf("%v became %v", c.size, p.Picture.Rect.Max)
		}
		// The first tile is stored in the corner that the turn brings elsewhere.
		upright := picture.Turn(p.Picture, int(c.quarters)*90)
		corner := picture.Resize(upright.SubImage(image.Rect(0, 0, 4000*tileSize.X/c.size.X, 3000*tileSize.Y/c.size.Y)),
			cardSize)
		showsFields(t, corner)
	}
	for want, size := range map[string]image.Point{"document.too_many_pixels": {8200, 6120}, "": {2400, 1800}} {
		if got := refused(t, gridHEIC(t, tile, tileSize, size, 0)); got != want {
			t.Errorf("%v: %q, want %q", size, got, want)
		}
	}
}

// The search needs 300 MB beside, and all together have a gigabyte.
func TestMemoryOfLargeHEIC(t *testing.T) {
	if raced {
		t.Skip("the race detector takes memory of its own")
	}
	const most = 600
	if got := memoryOf(t, gridHEIC(t, testdata(t, "tile.heic"), tileSize, image.Pt(8064, 6048), 1)); got > most {
		t.Errorf("%d MB", got)
	} else {
		t.Logf("%d MB", got)
	}
}

package offline

import (
	"cmp"
	"errors"
	"image"
	"math"
	"path/filepath"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

// networks are the networks behind OpenCV: one finds faces, one finds 68 points of
// a face, and one, where the calibration has it, describes the face that those
// points lay straight. One goroutine at a time may use them.
type networks struct {
	detector, landmarks gocv.Net
	features            *gocv.Net // nil where go-face decides alone
	input               matcher.Network
}

// loadNetworks reads them: the finder's from the folder, the other from there too
// or from a file of its own. OpenCV ends the program on a damaged file, so their
// SHA-256 must have been checked, or the file tried in a process of its own.
func loadNetworks(folder, own string, c *matcher.Calibration) (*networks, error) {
	n := &networks{
		detector:  gocv.ReadNet(filepath.Join(folder, c.Finder.Detector), ""),
		landmarks: gocv.ReadNet(filepath.Join(folder, c.Finder.Landmarks), ""),
	}
	empty := n.detector.Empty() || n.landmarks.Empty()
	if c.Network != nil {
		features := gocv.ReadNet(cmp.Or(own, filepath.Join(folder, c.Network.Features)), "")
		n.features, n.input = &features, *c.Network
		empty = empty || features.Empty()
	}
	if empty {
		n.close()
		return nil, matcher.NewProblem("engine.failed", errors.New("a network is empty"))
	}
	return n, nil
}

func (n *networks) close() {
	n.detector.Close()
	n.landmarks.Close()
	if n.features != nil {
		n.features.Close()
	}
}

// imprint is what the second network makes of a face.
type imprint struct {
	vector   []float32 // of length 1
	strength float64   // of the network's answer: poor pictures give a weak one
}

// describe describes a face, together with its mirror image where that is wanted:
// their mean is steadier than either.
func (n *networks) describe(img *image.RGBA, f found, mirror bool) (imprint, error) {
	face := warped(img, fit(alignOn(f.points), template112[:]), featureSide)
	defer face.Close()
	if n.input.Gray {
		gray := gocv.NewMat()
		defer gray.Close()
		gocv.CvtColor(face, &gray, gocv.ColorRGBToGray)
		gocv.CvtColor(gray, &face, gocv.ColorGrayToBGR)
	}
	faces := []gocv.Mat{face}
	if mirror {
		other := gocv.NewMat()
		defer other.Close()
		gocv.Flip(face, &other, 1)
		faces = append(faces, other)
	}
	return n.imprint(faces)
}

// locate finds the 68 points of the face in a box, whose head is expected to lean
// so many radians clockwise. The points say how it really leans; the network is
// shown the face turned back by that until both agree, or for so many looks.
func (n *networks) locate(img *image.RGBA, b box, lean float64, looks int) (found, error) {
	f := found{box: b}
	for range looks {
		points, err := n.points(img, around(b, lean))
		if err != nil {
			return f, err
		}
		f.points = points
		eyes := alignOn(points)
		leans := math.Atan2(eyes[1].y-eyes[0].y, eyes[1].x-eyes[0].x)
		off := math.Abs(math.Remainder(leans-lean, 2*math.Pi))
		lean = leans
		if off < landmarkAgrees {
			break
		}
	}
	f.Face = f.face()
	return f, nil
}

// face is what the box and the points say, in whole pixels.
func (f found) face() matcher.Face {
	b, at := f.box, alignOn(f.points)
	return matcher.Face{
		Box:  image.Rect(int(math.Round(b.minX)), int(math.Round(b.minY)), int(math.Round(b.maxX)), int(math.Round(b.maxY))),
		Eyes: [2]image.Point{at[0].pixel(), at[1].pixel()}, Nose: f.points[noseBase].pixel(), Score: b.score,
	}
}

// around lays the middle of a box onto the landmark network's square, turned back
// by how the head leans.
func around(b box, lean float64) similarity {
	scale := landmarkSide / landmarkReach / max(1, math.Sqrt(b.width()*b.height()))
	s := similarity{a: scale * math.Cos(lean), b: -scale * math.Sin(lean)}
	middle := s.of(spot{(b.minX + b.maxX) / 2, (b.minY + b.maxY) / 2})
	s.dx = landmarkSide/2 - middle.x
	s.dy = landmarkSide/2 - middle.y - landmarkDrop*landmarkSide/landmarkReach
	return s
}

// points are the 68 landmarks, by the scheme of iBUG 300-W, of the face that the
// similarity lays onto the network's square. They are in the picture's pixels.
func (n *networks) points(img *image.RGBA, onto similarity) ([]spot, error) {
	face := warped(img, onto, landmarkSide)
	defer face.Close()
	gray := gocv.NewMat()
	defer gray.Close()
	gocv.CvtColor(face, &gray, gocv.ColorRGBToGray)
	blob := gocv.BlobFromImage(gray, 1./256, image.Pt(landmarkSide, landmarkSide), gocv.NewScalar(0, 0, 0, 0),
		false, false)
	defer blob.Close()
	out, err := forward(&n.landmarks, blob, 2*landmarkCount)
	if err != nil {
		return nil, err
	}
	back := onto.inverse()
	if n := length(out); math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, matcher.NewProblem("engine.failed", errors.New("a network gives values that are no numbers"))
	}
	points := make([]spot, landmarkCount)
	for i := range points { // they come as shares of the square's side
		points[i] = back.of(spot{landmarkSide * float64(out[2*i]), landmarkSide * float64(out[2*i+1])})
	}
	return points, nil
}

// alignOn are the five points the second network knows faces by: the middles of
// the eyes, the tip of the nose, the corners of the mouth. They are rounded to alignStep.
func alignOn(p []spot) []spot {
	middle := func(of ...int) (m spot) {
		for _, i := range of {
			m.x, m.y = m.x+p[i].x/float64(len(of)), m.y+p[i].y/float64(len(of))
		}
		return spot{alignStep * math.Round(m.x/alignStep), alignStep * math.Round(m.y/alignStep)}
	}
	return []spot{middle(37, 38, 40, 41), middle(43, 44, 46, 47), middle(30), middle(48, 60), middle(54, 64)}
}

// imprint is what the second network makes of aligned pictures of one face.
func (n *networks) imprint(faces []gocv.Mat) (imprint, error) {
	blob := gocv.NewMat()
	defer blob.Close()
	in := n.input
	gocv.BlobFromImages(faces, &blob, 1/in.Deviation, image.Pt(featureSide, featureSide),
		gocv.NewScalar(in.Mean, in.Mean, in.Mean, 0), in.BGR, false, gocv.MatTypeCV32F)
	out, err := forward(n.features, blob, 0)
	if err != nil {
		return imprint{}, err
	}
	size := len(out) / len(faces)
	p := imprint{vector: make([]float32, size)}
	for i := range faces {
		one := out[i*size : (i+1)*size]
		norm := length(one)
		if norm == 0 || math.IsNaN(norm) || math.IsInf(norm, 0) {
			return imprint{}, matcher.NewProblem("engine.failed", errors.New("a network says nothing"))
		}
		for j, x := range one {
			p.vector[j] += x / float32(norm)
		}
		p.strength += norm / float64(len(faces))
	}
	whole := float32(length(p.vector))
	if whole == 0 {
		return imprint{}, matcher.NewProblem("engine.failed",
			errors.New("a network takes a face for the opposite of its mirror image"))
	}
	for i := range p.vector {
		p.vector[i] /= whole
	}
	return p, nil
}

func length(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// forward runs a network; count is how many numbers must come, 0 for any even
// number.
func forward(net *gocv.Net, blob gocv.Mat, count int) ([]float32, error) {
	net.SetInput(blob, "")
	out := net.Forward("")
	defer out.Close()
	values, err := out.DataPtrFloat32()
	if err != nil {
		return nil, matcher.NewProblem("engine.failed", err)
	}
	if len(values) == 0 || len(values)%2 != 0 || count > 0 && len(values) != count {
		return nil, matcher.NewProblem("engine.failed", errors.New("a network gives another number of values"))
	}
	return append([]float32(nil), values...), nil
}

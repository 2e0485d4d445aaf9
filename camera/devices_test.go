package camera

import (
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"gocv.io/x/gocv"
)

// bench is a made-up computer, into which cameras can be plugged.
type bench struct {
	t     *testing.T
	root  string
	video string // what every camera sees

	mu     sync.Mutex
	plugs  map[string]plug // by device path
	opened []mode
}

// plug is one device of a camera.
type plug struct {
	ability
	sysName string
	index   string
	byID    string // its link in /dev/v4l/by-id; empty: none
	folder  string // where it lies in /sys/devices; empty: the kernel's list has no link
	err     error  // what asking it ends with
}

func newBench(t *testing.T) *bench {
	return &bench{t: t, root: t.TempDir(), video: video(t, image.Pt(320, 240), 25, 5), plugs: map[string]plug{}}
}

func (b *bench) system() system {
	return system{
		root: b.root,
		ask: func(path string) (ability, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			p, there := b.plugs[b.resolved(path)]
			if !there {
				return ability{}, &os.PathError{Op: "open", Path: path, Err: syscall.ENODEV}
			}
			return p.ability, p.err
		},
		open: func(path string, m mode) (*gocv.VideoCapture, error) {
			b.mu.Lock()
			b.opened = append(b.opened, m)
			b.mu.Unlock()
			return gocv.VideoCaptureFileWithAPI(b.video, gocv.VideoCaptureFFmpeg)
		},
	}
}

// resolved follows a link of the made-up /dev.
func (b *bench) resolved(path string) string {
	if to, err := os.Readlink(b.root + path); err == nil {
		return "/dev/" + filepath.Base(to)
	}
	return path
}

func (b *bench) write(path, text string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.root+path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.root+path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) plugIn(node string, p plug) {
	b.t.Helper()
	b.mu.Lock()
	b.plugs["/dev/"+node] = p
	b.mu.Unlock()
	if p.folder != "" {
		list, place := b.root+"/sys/class/video4linux", b.root+"/sys/devices/"+p.folder+"/video4linux/"+node
		if err := errors.Join(os.MkdirAll(list, 0o755), os.MkdirAll(place, 0o755),
			os.Symlink(place, list+"/"+node)); err != nil {
			b.t.Fatal(err)
		}
	}
	b.write("/sys/class/video4linux/"+node+"/name", p.sysName+"\n")
	b.write("/sys/class/video4linux/"+node+"/index", p.index+"\n")
	b.write("/dev/"+node, "")
	if p.byID != "" {
		link := b.root + "/dev/v4l/by-id/" + p.byID
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			b.t.Fatal(err)
		}
		_ = os.Remove(link)
		if err := os.Symlink("../../"+node, link); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) pullOut(node string) {
	b.t.Helper()
	b.mu.Lock()
	delete(b.plugs, "/dev/"+node)
	b.mu.Unlock()
	if err := errors.Join(os.RemoveAll(b.root+"/sys/class/video4linux/"+node),
		os.Remove(b.root+"/dev/"+node)); err != nil {
		b.t.Fatal(err)
	}
}

var picture = ability{captures: true}

func TestDevices(t *testing.T) {
	denied := &os.PathError{Op: "open", Path: "/dev/video0", Err: syscall.EACCES}
	for name, c := range map[string]struct {
		plugs map[string]plug
		want  []string // name, address, problem
	}{
		"none": {nil, nil},
		"one": {map[string]plug{"video0": {ability: picture, sysName: "HD Pro Webcam C920", index: "0"}},
			[]string{"HD Pro Webcam C920|/dev/video0|"}},
		"its second device gives no pictures": {map[string]plug{
			"video0": {ability: picture, sysName: "Integrated Camera: Integrated C", index: "0"},
			"video1": {sysName: "Integrated Camera: Integrated C", index: "1"},
		}, []string{"Integrated Camera|/dev/video0|"}},
		"in the order of their numbers": {map[string]plug{
			"video10": {ability: picture, sysName: "Ten", index: "0"}, "video2": {ability: picture, sysName: "Two", index: "0"},
		}, []string{"Two|/dev/video2|", "Ten|/dev/video10|"}},
		"two of a kind": {map[string]plug{
			"video0": {ability: picture, sysName: "Cam", index: "0"}, "video2": {ability: picture, sysName: "Cam", index: "0"},
		}, []string{"Cam|/dev/video0|", "Cam (2)|/dev/video2|"}},
		"a name that stays": {map[string]plug{"video4": {ability: picture, sysName: "Cam", index: "0",
			byID: "usb-046d_C920_1234-video-index0"}},
			[]string{"Cam|/dev/v4l/by-id/usb-046d_C920_1234-video-index0|"}},
		"refused": {map[string]plug{
			"video0": {sysName: "Cam", index: "0", err: denied}, "video1": {sysName: "Cam", index: "1", err: denied},
		}, []string{"Cam|/dev/video0|camera.denied"}},
		"busy": {map[string]plug{"video0": {sysName: "Cam", index: "0", err: syscall.EBUSY}},
			[]string{"Cam|/dev/video0|camera.busy"}},
		"being pulled out": {map[string]plug{"video0": {sysName: "Cam", index: "0", err: syscall.ENODEV},
			"video1": {sysName: "Cam", index: "0", err: syscall.ENXIO}}, nil},
		"a radio": {map[string]plug{"radio0": {ability: picture, sysName: "FM", index: "0"}}, nil},
		"no name in sysfs": {map[string]plug{"video0": {ability: ability{captures: true, name: "Card"}, index: "0"}},
			[]string{"Card|/dev/video0|"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			for node, p := range c.plugs {
				b.plugIn(node, p)
			}
			var got []string
			for _, d := range b.system().devices() {
				problem := ""
				if d.Problem != nil {
					problem = d.Problem.Key
				}
				got = append(got, d.Name+"|"+d.Address+"|"+problem)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// A virtual camera is told by its driver or by its folder, not by its name, which any user
// can choose.
func TestVirtualCameras(t *testing.T) {
	by := func(driver string) ability { return ability{captures: true, driver: driver} }
	const usb = "pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0"
	for name, c := range map[string]struct {
		plug plug
		want string
	}{
		"a webcam":          {plug{ability: by("uvcvideo"), folder: usb}, ""},
		"a webcam's link":   {plug{ability: by("uvcvideo"), folder: usb, byID: "usb-046d_C920-video-index0"}, ""},
		"a module's camera": {plug{ability: by("unicam"), folder: "platform/soc/fe801000.csi"}, ""},
		"called virtual":    {plug{ability: by("uvcvideo"), sysName: "OBS Virtual Camera", folder: usb}, ""},
		"v4l2loopback": {plug{ability: by("v4l2 loopback"), sysName: "HD Pro Webcam C920", folder: "virtual"},
			"v4l2 loopback"},
		"akvcam":             {plug{ability: by("akvcam"), folder: "virtual"}, "akvcam"},
		"a test driver":      {plug{ability: by("vivid"), folder: "platform/vivid.0"}, "vivid"},
		"an unknown one":     {plug{ability: by("new-loop"), folder: "virtual"}, "new-loop"},
		"one that is silent": {plug{sysName: "Dummy", folder: "virtual", index: "0", err: syscall.EBUSY}, "Dummy"},
		"no folders":         {plug{ability: by("v4l2 loopback")}, "v4l2 loopback"},
	} {
		b := newBench(t)
		b.plugIn("video3", c.plug)
		if all := b.system().devices(); len(all) != 1 || all[0].Virtual != c.want {
			t.Errorf("%s: %+v, want %q", name, all, c.want)
		}
	}
}

// A source says of the camera that gives its pictures now whether it is virtual.
func TestVirtualSource(t *testing.T) {
	b := newBench(t)
	b.plugIn("video0", plug{ability: ability{captures: true, driver: "v4l2 loopback"}, sysName: "Cam", index: "0"})
	s := openOn(params(t, "0"), b.system())
	defer s.Close()
	live := frameAfter(t, s, 0)
	if got := s.Virtual(); got != "v4l2 loopback" {
		t.Errorf("a virtual camera is %q", got)
	}
	b.pullOut("video0")
	live = problemAfter(t, s, live.Seq)
	b.plugIn("video1", plug{ability: ability{captures: true, driver: "uvcvideo"}, sysName: "Cam", index: "0"})
	frameAfter(t, s, live.Seq)
	if got := s.Virtual(); got != "" {
		t.Errorf("a webcam is %q", got)
	}
	played := Open(params(t, b.video))
	defer played.Close()
	frameAfter(t, played, 0)
	if got := played.Virtual(); got != "" {
		t.Errorf("a file is %q", got)
	}
}

// A number counts cameras, not devices; a device that is named is that one.
func TestNumbersCountCameras(t *testing.T) {
	b := newBench(t)
	b.plugIn("video0", plug{sysName: "Metadata", index: "0"})
	b.plugIn("video2", plug{ability: picture, sysName: "Cam", index: "0"})
	for n, want := range []string{"/dev/video2", "/dev/video1", "/dev/video2"} {
		if got := b.system().nth(n); got != want {
			t.Errorf("camera %d is %s, want %s", n, got, want)
		}
	}
	if _, ok := number("/dev/video0"); ok {
		t.Error("a path is taken for a number")
	}
}

func TestDeviceProblems(t *testing.T) {
	for name, c := range map[string]struct {
		err error
		key string
	}{
		"refused":  {&os.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, "camera.denied"},
		"not ours": {syscall.EPERM, "camera.denied"},
		"in use":   {syscall.EBUSY, "camera.busy"},
		"gone":     {syscall.ENODEV, "camera.none"},
		"no bus":   {syscall.EIO, "camera.none"},
	} {
		b := newBench(t)
		b.plugIn("video0", plug{sysName: "Cam", index: "0", err: c.err})
		p := params(t, "/dev/video0")
		s := openOn(p, b.system())
		live := problemAfter(t, s, 0)
		s.Close()
		if live.Problem.Key != c.key {
			t.Errorf("%s: %v, want %s", name, live.Problem, c.key)
		}
	}
}

// A camera that is pulled out and plugged in again, under another number.
func TestHotPlug(t *testing.T) {
	b := newBench(t)
	s := openOn(params(t, "0"), b.system())
	defer s.Close()
	live := problemAfter(t, s, 0)
	if live.Problem.Key != "camera.none" {
		t.Fatalf("without a camera: %v", live.Problem)
	}
	cam := plug{ability: picture, sysName: "Cam", index: "0"}
	cam.modes = []mode{{motionJPEG, 1920, 1080, 30}, {motionJPEG, 1280, 720, 30}, {motionJPEG, 640, 480, 30}}
	b.plugIn("video0", cam)
	live = frameAfter(t, s, live.Seq)
	for range 2 {
		b.pullOut("video0")
		live = problemAfter(t, s, live.Seq)
		for live.Problem.Key == "camera.busy" { // the film that stands in for the camera ended just before
			live = problemAfter(t, s, live.Seq)
		}
		if live.Problem.Key != "camera.unplugged" {
			t.Fatalf("pulled out: %v", live.Problem)
		}
		b.plugIn("video3", cam)
		start := time.Now()
		live = frameAfter(t, s, live.Seq)
		t.Logf("the picture is back after %v", time.Since(start).Round(10*time.Millisecond))
		b.plugIn("video0", cam)
		b.pullOut("video3")
		live = frameAfter(t, s, live.Seq)
	}
	if m := b.opened[0]; m.width != 1280 || m.height != 720 {
		t.Errorf("asked for %+v", m)
	}
}

func TestChoose(t *testing.T) {
	const yuyv = uint32('Y') | 'U'<<8 | 'Y'<<16 | 'V'<<24
	for name, c := range map[string]struct {
		modes []mode
		want  mode
	}{
		"nothing known": {nil, usualMode},
		"720p compressed is quick, uncompressed is not": {[]mode{{yuyv, 640, 480, 30}, {yuyv, 1280, 720, 10},
			{motionJPEG, 1280, 720, 30}, {motionJPEG, 1920, 1080, 30}},
			mode{motionJPEG, 1280, 720, 30}},
		"uncompressed where as good": {[]mode{{motionJPEG, 1280, 720, 30}, {yuyv, 1280, 720, 30}},
			mode{yuyv, 1280, 720, 30}},
		"not more pictures than shown": {[]mode{{yuyv, 1280, 720, 60}, {yuyv, 1280, 720, 30}}, mode{yuyv, 1280, 720, 30}},
		"quick before large":           {[]mode{{yuyv, 1280, 720, 5}, {yuyv, 640, 480, 30}}, mode{yuyv, 640, 480, 30}},
		"25 are enough":                {[]mode{{yuyv, 1280, 720, 25}, {yuyv, 640, 480, 30}}, mode{yuyv, 1280, 720, 25}},
		"larger where there is no 720": {[]mode{{yuyv, 640, 480, 30}, {yuyv, 1920, 1080, 30}}, mode{yuyv, 1920, 1080, 30}},
		"not 4K where VGA will do":     {[]mode{{yuyv, 800, 600, 30}, {yuyv, 4096, 2160, 30}}, mode{yuyv, 800, 600, 30}},
		"the usual shape":              {[]mode{{yuyv, 960, 960, 30}, {yuyv, 1280, 720, 30}}, mode{yuyv, 1280, 720, 30}},
		"slow is better than nothing":  {[]mode{{yuyv, 320, 240, 7.5}, {yuyv, 640, 480, 7.5}}, mode{yuyv, 640, 480, 7.5}},
	} {
		if got := choose(c.modes); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

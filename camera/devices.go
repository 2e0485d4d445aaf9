package camera

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

// Device is a camera of this computer.
type Device struct {
	Name string // as its maker calls it, such as "HD Pro Webcam C920"
	// for Params.Address; stays the same when the camera is plugged in elsewhere, where the system can tell
	Address string
	Problem *matcher.Problem // why it cannot be used now, such as camera.denied; nil otherwise
	Virtual string           // a virtual camera's driver, as system.virtual has it; empty: a real device

	path string // its device file
}

// Devices are the cameras that are plugged in, in the system's order. It opens
// each for a moment, which disturbs nobody.
func Devices() []Device { return thisSystem().devices() }

// system is where devices are found and asked. Tests have one of their own.
type system struct {
	root string // what stands before /sys and /dev: empty but in tests

	blind bool // devices are known by their numbers alone: nothing can be listed or looked at

	// ask asks what a device can do. The error is the system's own.
	ask func(path string) (ability, error)

	// open opens a device, to give pictures of this kind where it can. The caller
	// closes the capture, on an error as well.
	open func(path string, m mode) (*gocv.VideoCapture, error)
}

// ability is what a device can do.
type ability struct {
	captures bool   // it gives pictures: one camera may have further devices for other things
	name     string // may be empty
	driver   string // the kernel's module for it
	modes    []mode // the kinds of pictures it gives; empty where it does not say
}

// devices lists the cameras that the kernel knows.
func (s system) devices() []Device {
	nodes, err := os.ReadDir(s.root + "/sys/class/video4linux")
	if err != nil {
		return nil // a kernel without video has no such folder
	}
	stable := s.stableNames()
	var found []Device
	for _, n := range nodes {
		node := n.Name()
		if _, err := nodeNumber(node); err != nil { // radio, vbi, subdevices
			continue
		}
		path := "/dev/" + node
		can, err := s.ask(path)
		switch {
		case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO):
			continue // it is just being pulled out
		case err == nil && !can.captures:
			continue
		case err != nil && s.attribute(node, "index") != "0":
			continue // who cannot be asked and is not the first of its camera is hardly the picture
		}
		d := Device{
			Name:    tidyName(cmp.Or(s.attribute(node, "name"), can.name, node)),
			Address: cmp.Or(stable[node], path), Virtual: s.virtual(path, can.driver), path: path,
		}
		if err != nil {
			d.Problem = matcher.NewProblem(deviceKey(err), err)
		}
		found = append(found, d)
	}
	slices.SortFunc(found, func(a, b Device) int {
		one, _ := nodeNumber(filepath.Base(a.path))
		other, _ := nodeNumber(filepath.Base(b.path))
		return cmp.Compare(one, other)
	})
	return numbered(found)
}

// numbered tells cameras of the same name apart.
func numbered(all []Device) []Device {
	count := map[string]int{}
	for i := range all {
		name := all[i].Name
		if count[name]++; count[name] > 1 {
			all[i].Name = fmt.Sprintf("%s (%d)", name, count[name])
		}
	}
	return all
}

// stableNames are the links udev makes for each device, by the device's maker and
// serial number: /dev/v4l/by-id.
func (s system) stableNames() map[string]string {
	const folder = "/dev/v4l/by-id"
	names := map[string]string{}
	links, err := os.ReadDir(s.root + folder)
	if err != nil {
		return names
	}
	for _, l := range links {
		if to, err := os.Readlink(filepath.Join(s.root+folder, l.Name())); err == nil {
			names[filepath.Base(to)] = folder + "/" + l.Name()
		}
	}
	return names
}

// attribute is what sysfs says of a device; empty where it says nothing.
func (s system) attribute(node, name string) string {
	text, err := os.ReadFile(filepath.Join(s.root, "/sys/class/video4linux", node, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// madeUp are the drivers whose pictures come from another program or are drawn, though the
// kernel keeps them among devices.
var madeUp = []string{"v4l2 loopback", "akvcam", "vivid", "vimc"}

// virtual gives the driver of a camera that is no device: another program gives it its
// pictures, be it a loop of a film, an effect or a relay of a real camera. It is empty for
// others. The kernel keeps devices without hardware in a folder of their own, whatever
// their driver is called.
func (s system) virtual(path, driver string) string {
	node := filepath.Base(path)
	if to, err := os.Readlink(s.root + path); err == nil { // one of stableNames
		node = filepath.Base(to)
	}
	place, err := filepath.EvalSymlinks(filepath.Join(s.root, "/sys/class/video4linux", node))
	if slices.Contains(madeUp, driver) || err == nil && strings.Contains(place, "/devices/virtual/") {
		return cmp.Or(driver, s.attribute(node, "name"), node)
	}
	return ""
}

// check says why a device cannot be used; nil where nothing speaks against it.
func (s system) check(path string) *matcher.Problem {
	if s.blind {
		return nil
	}
	info, err := os.Stat(s.root + path)
	if err != nil {
		return matcher.NewProblem(deviceKey(err), err)
	}
	if info.Mode()&os.ModeCharDevice == 0 && s.root == "" {
		return matcher.NewProblem("camera.none", errors.New("not a character device"))
	}
	// What is no camera at all does not know the question; opening it will fail.
	if _, err := s.ask(path); err != nil && !errors.Is(err, syscall.ENOTTY) {
		return matcher.NewProblem(deviceKey(err), err)
	}
	return nil
}

// nth is the device file of the camera with this number, counted from 0 as the
// settings do: cameras may have several devices, and their numbers gaps. Where
// there are fewer cameras it is the device of this number.
func (s system) nth(n int) string {
	if all := s.devices(); n < len(all) {
		return all[n].path
	}
	return "/dev/video" + strconv.Itoa(n)
}

// deviceKey finds the words for why a device does not open. A device that is
// gone, or never had a driver behind it, is one that is not there.
func deviceKey(err error) string {
	switch {
	case errors.Is(err, os.ErrPermission):
		return "camera.denied"
	case errors.Is(err, syscall.EBUSY):
		return "camera.busy"
	}
	return "camera.none"
}

// nodeNumber is the number of a device: 12 for video12.
func nodeNumber(node string) (int, error) {
	digits, ok := strings.CutPrefix(node, "video")
	if !ok {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(digits)
}

// tidyName takes away what drivers say twice: "Integrated Camera: Integrated C".
func tidyName(name string) string {
	if first, again, ok := strings.Cut(name, ":"); ok && strings.HasPrefix(first, strings.TrimSpace(again)) {
		return first
	}
	return name
}

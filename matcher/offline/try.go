package offline

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gocv.io/x/gocv"

	"facematch/matcher"
)

// TryCommand is the command of the program, followed by a file, that calls
// TryHere.
const TryCommand = "try-network"

// Why a network cannot be used: the parameter Reason of engine.network_unusable.
const (
	netMissing = "missing"
	netNoFile  = "no file" // a folder or device
	netDenied  = "denied"
	netEmpty   = "empty"
	netNotONNX = "not onnx"
	netCrashed = "crashed" // it ended the process that read it
	netUnfit   = "unfit"   // it gives something else than one vector a face
	netSlow    = "slow"
)

// TryNetwork finds out whether a file holds a network that can describe faces. A
// damaged file ends the process that reads it, so another one reads it: the
// program with TryCommand, this one itself where program is empty. The error is
// the context's, or a *matcher.Problem: engine.network_unusable (parameter
// Reason), or engine.failed where there is no process to be had.
func TryNetwork(ctx context.Context, program, file string) error {
	return tryNetwork(ctx, program, file, tryPatience)
}

func tryNetwork(ctx context.Context, program, file string, patience time.Duration) error {
	if err := networkFile(file); err != nil {
		return err
	}
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			return matcher.NewProblem("engine.failed", err)
		}
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// Nothing of what it prints is read: the library's own words name the file.
	cmd := exec.CommandContext(limited, program, TryCommand, "--", file)
	// One thread each: the memory threads reserve, not use, would reach the limit
	// where there are many cores.
	cmd.Env = append(os.Environ(), "OPENCV_FOR_THREADS_NUM=1", "OPENBLAS_NUM_THREADS=1", "MALLOC_ARENA_MAX=2")
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return badNetwork(netSlow, err)
	case !errors.As(err, &exit):
		return matcher.NewProblem("engine.failed", err)
	case exit.ExitCode() == exitUnfit:
		return badNetwork(netUnfit, err)
	}
	return badNetwork(netCrashed, err)
}

func badNetwork(reason string, err error) error {
	return matcher.NewProblem(matcher.KeyNetworkUnusable, err, "Reason", reason)
}

// networkFile says what is wrong with a file before anybody reads it.
func networkFile(file string) error {
	info, err := os.Stat(file)
	if err == nil && info.Mode().IsRegular() {
		var f *os.File
		if f, err = os.Open(file); err == nil {
			err = f.Close()
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return badNetwork(netMissing, err)
	case err != nil:
		return badNetwork(netDenied, err)
	case !info.Mode().IsRegular():
		return badNetwork(netNoFile, nil)
	case info.Size() == 0:
		return badNetwork(netEmpty, nil)
	case !strings.EqualFold(filepath.Ext(file), ".onnx"): // OpenCV goes by the name
		return badNetwork(netNotONNX, nil)
	}
	return nil
}

// TryHere loads the network and shows it two pictures. It is for a process of
// its own, which it limits for good, and which a damaged file ends. A network of
// another kind is the problem engine.network_unusable; such a process must then
// end with the exit code 1.
func TryHere(file string) error {
	if err := networkFile(file); err != nil {
		return err
	}
	if err := limitProcess(); err != nil {
		return matcher.NewProblem("engine.failed", err)
	}
	net := gocv.ReadNet(file, "")
	defer net.Close()
	if net.Empty() {
		return badNetwork(netUnfit, errors.New("it is empty"))
	}
	blob := twoPictures()
	defer blob.Close()
	values, err := forward(&net, blob, 0)
	if err != nil {
		return badNetwork(netUnfit, err)
	}
	return sensible(values)
}

// twoPictures are two different patterns, as a network is shown a face and its
// mirror image.
func twoPictures() gocv.Mat {
	blob := gocv.NewMatWithSizes([]int{2, 3, featureSide, featureSide}, gocv.MatTypeCV32F)
	values, err := blob.DataPtrFloat32()
	if err != nil {
		panic(err) // it was just made of them
	}
	for i := range values {
		values[i] = float32(math.Sin(float64(i*i%9973) / 1586))
	}
	return blob
}

// sensible says whether the values can be two vectors that describe two faces.
func sensible(values []float32) error {
	half := len(values) / 2
	switch {
	case len(values)%2 != 0 || half < leastFeatures || half > mostFeatures:
		return badNetwork(netUnfit, errors.New("another number of values"))
	case slices.ContainsFunc(values, func(x float32) bool { return math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) }):
		return badNetwork(netUnfit, errors.New("values that are no numbers"))
	case slices.Equal(values[:half], values[half:]):
		return badNetwork(netUnfit, errors.New("the same for different pictures"))
	}
	return nil
}

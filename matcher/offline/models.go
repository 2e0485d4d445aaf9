package offline

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"facematch/matcher"
)

// modelFolder chooses the first folder that holds all the models, and checks
// each against its SHA-256: go-face ends the program on some damaged files. A
// damaged model is reported even where a later folder has a good one, so that
// the program never silently takes other models than it was given.
func modelFolder(folders []string, models []matcher.Model) (string, error) {
	chosen, missing := fullest(folders, models)
	if missing != "" {
		return "", matcher.NewProblem(matcher.KeyModelMissing, fs.ErrNotExist, "Model", missing)
	}
	for _, m := range models {
		if err := checkModel(chosen, m); err != nil {
			return "", err
		}
	}
	return chosen, nil
}

// fullest is the first of the folders that hold most of the models, and the first
// model it lacks; empty where it lacks none.
func fullest(folders []string, models []matcher.Model) (folder, missing string) {
	most := -1
	for _, f := range folders {
		present, absent := 0, ""
		for _, m := range models {
			info, err := os.Stat(filepath.Join(f, m.Name))
			switch {
			case err == nil && info.Mode().IsRegular():
				present++
			case absent == "":
				absent = m.Name
			}
		}
		if present > most {
			most, folder, missing = present, f, absent
		}
	}
	if most < 0 {
		missing = models[0].Name
	}
	return folder, missing
}

func checkModel(folder string, m matcher.Model) error {
	sum, err := fileSHA256(filepath.Join(folder, m.Name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return matcher.NewProblem(matcher.KeyModelMissing, fs.ErrNotExist, "Model", m.Name)
	case err == nil && sum != m.SHA256:
		err = errors.New("SHA-256 differs")
	}
	if err != nil {
		return matcher.NewProblem(matcher.KeyModelDamaged, hidden(err), "Model", m.Name)
	}
	return nil
}

// known checks the file of a network of the operator's own against what the
// calibration knows.
func known(file string, c *matcher.Calibration) error {
	sum, err := SHA256(file)
	if err != nil {
		return err
	}
	if c.Network == nil || !slices.Contains(c.Models, matcher.Model{Name: c.Network.Features, SHA256: sum}) {
		return matcher.NewProblem(matcher.KeyNetworkUnknown, errors.New("SHA-256 differs"))
	}
	return nil
}

// SHA256 is the digest of a network's file, in hexadecimal. The error is a
// *matcher.Problem: engine.network_unusable.
func SHA256(file string) (string, error) {
	if err := networkFile(file); err != nil {
		return "", err
	}
	sum, err := fileSHA256(file)
	if err != nil {
		return "", badNetwork(netDenied, hidden(err))
	}
	return sum, nil
}

// Models looks at the file of every model, for doctor.
// Nothing is loaded.
func (e *Engine) Models() []matcher.ModelFile {
	var files []matcher.ModelFile
	folder, _ := fullest(e.params.Folders, e.shared())
	for _, m := range sorted(e.params.Calibration.Models) {
		file := matcher.ModelFile{Model: m}
		var err error
		if slices.Contains(e.shared(), m) {
			err = checkModel(folder, m)
		} else {
			err = known(e.params.Network, e.params.Calibration)
		}
		if err != nil {
			file.Problem = matcher.AsProblem(err, "engine.failed")
		}
		files = append(files, file)
	}
	return files
}

func sorted(models []matcher.Model) []matcher.Model {
	return slices.SortedFunc(slices.Values(models),
		func(a, b matcher.Model) int { return strings.Compare(a.Name, b.Name) })
}

// hidden is the error without the path, which may name a person and would stand
// in the log.
func hidden(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

func fileSHA256(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", fmt.Errorf("read: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

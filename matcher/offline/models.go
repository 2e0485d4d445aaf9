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

	"facematch/matcher"
)

// modelFolder chooses the first folder that holds all the models, and checks
// each against its SHA-256: go-face ends the program on some damaged files. A
// damaged model is reported even where a later folder has a good one, so that
// the program never silently takes other models than it was given.
func modelFolder(folders []string, models []matcher.Model) (string, error) {
	chosen := ""
	missing := models[0].Name
	best := -1
	for _, folder := range folders {
		present, absent := 0, ""
		for _, m := range models {
			info, err := os.Stat(filepath.Join(folder, m.Name))
			switch {
			case err == nil && info.Mode().IsRegular():
				present++
			case absent == "":
				absent = m.Name
			}
		}
		if absent == "" {
			chosen = folder
			break
		}
		if present > best {
			best, missing = present, absent
		}
	}
	if chosen == "" {
		return "", matcher.NewProblem("engine.model_missing", fs.ErrNotExist, "Model", missing)
	}
	for _, m := range models {
		sum, err := fileSHA256(filepath.Join(chosen, m.Name))
		if err == nil && sum != m.SHA256 {
			err = errors.New("SHA-256 differs")
		}
		if err != nil {
			return "", matcher.NewProblem("engine.model_damaged", hidden(err), "Model", m.Name)
		}
	}
	return chosen, nil
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

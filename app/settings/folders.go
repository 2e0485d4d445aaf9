package settings

import (
	"os"
	"path/filepath"

	"github.com/adrg/xdg"

	"facematch/matcher"
)

// Home is the variable that puts every folder below one place.
const Home = "FACEMATCH_HOME"

// ModelsVariable names the folder of the face models before all other places.
const ModelsVariable = "FACEMATCH_MODELS"

const program = "facematch"

// Folders are where the program's files lie: the XDG folders, or all below
// FACEMATCH_HOME where that is set.
type Folders struct {
	Administrator string // the administrator's settings file; never made
	Config        string // the user's
	Data          string // the history, a key file
	State         string // the anchor, logs, running instances
	Cache         string // files that can be made again at any time
}

// FindFolders finds the folders and makes them, readable by their owner alone.
func FindFolders() (Folders, error) {
	f := Folders{
		Administrator: "/etc/facematch",

		Config: filepath.Join(xdg.ConfigHome, program),
		Data:   filepath.Join(xdg.DataHome, program),
		State:  filepath.Join(xdg.StateHome, program),
		Cache:  filepath.Join(xdg.CacheHome, program),
	}
	if home := os.Getenv(Home); home != "" {
		home, err := filepath.Abs(home)
		if err != nil {
			return f, matcher.NewProblem("settings.folders", err)
		}
		f = Folders{
			Administrator: filepath.Join(home, "etc"),

			Config: filepath.Join(home, "config"),
			Data:   filepath.Join(home, "data"),
			State:  filepath.Join(home, "state"),
			Cache:  filepath.Join(home, "cache"),
		}
	}
	for _, dir := range []string{f.Config, f.Data, f.State, f.Cache, f.Instances(), f.Logs()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return f, matcher.NewProblem("settings.folders", err)
		}
	}
	return f, nil
}

// Settings are the settings files.
func (f Folders) Settings() Files {
	const name = "settings.toml"
	return Files{Administrator: filepath.Join(f.Administrator, name), User: filepath.Join(f.Config, name)}
}

// Logs is the folder of the log files.
func (f Folders) Logs() string { return filepath.Join(f.State, "log") }

// Instances holds a folder for each running program.
func (f Folders) Instances() string { return filepath.Join(f.State, "instances") }

// Compiled holds the readers of PDF and HEIC files in this machine's own code.
func (f Folders) Compiled() string { return filepath.Join(f.Cache, "compiled") }

// Verified is the file that says when the history was last verified.
func (f Folders) Verified() string { return filepath.Join(f.State, "verified.json") }

// Doctored is the file that says what the doctor found last.
func (f Folders) Doctored() string { return filepath.Join(f.State, "doctor.json") }

// Anchor is the file the head of the history's chain is written to.
func (f Folders) Anchor() string { return filepath.Join(f.State, "anchor.jsonl") }

// KeyFile holds the history's master key where no keyring answers.
func (f Folders) KeyFile() string { return filepath.Join(f.Data, "master.key") }

// TokenFile holds the API's token, sealed with a passphrase, where no keyring
// answers.
func (f Folders) TokenFile() string { return filepath.Join(f.Data, "api-token.json") }

// ServedTokens holds the hashes of the tokens of those who may ask this program's
// own API.
func (f Folders) ServedTokens() string { return filepath.Join(f.Data, "served-tokens.json") }

// CentreTokens holds the hashes of those that the centre says are accepted besides.
func (f Folders) CentreTokens() string { return filepath.Join(f.Data, "served-tokens-centre.json") }

// Kept holds the checks that wait to be sent, beside the history whose key seals
// them.
func (f Folders) Kept(s Settings) string { return filepath.Join(filepath.Dir(f.History(s)), "kept") }

// Operators is the list of operators, beside the history they work with.
func (f Folders) Operators(s Settings) string {
	return filepath.Join(filepath.Dir(f.History(s)), "operators.json")
}

// History is the history database, in the folder the settings choose.
func (f Folders) History(s Settings) string {
	dir := s.Folders.History
	if dir == "" {
		dir = f.Data
	}
	return filepath.Join(dir, "history.db")
}

// Models are the folders in which the face models may lie, best first.
func (f Folders) Models(s Settings) []string {
	var dirs []string
	for _, dir := range []string{os.Getenv(ModelsVariable), s.Folders.Models} {
		if dir != "" {
			dirs = append(dirs, dir)
		}
	}
	if exe, err := os.Executable(); err == nil {
		if exe, err = filepath.EvalSymlinks(exe); err == nil {
			beside := filepath.Dir(exe)
			// bin/facematch of a checkout has its models in assets/models.
			dirs = append(dirs, filepath.Join(beside, "models"), filepath.Join(beside, "..", "assets", "models"))
		}
	}
	return append(dirs, filepath.Join(f.Data, "models"), "/usr/share/facematch/models")
}

package settings

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/pelletier/go-toml/v2"

	"facematch/app/history"
	"facematch/app/privatefile"
	"facematch/matcher"
)

// Store keeps the settings file. It may be used from several goroutines.
type Store struct {
	path string

	saving sync.Mutex // held while the file is written, so that file and memory agree

	mu  sync.Mutex
	now Settings
	sum string
}

// Default are the settings of a new installation.
func Default() Settings {
	rules, err := matcher.ParseConditions(matcher.DefaultConditions)
	if err != nil {
		panic(err) // the program's own text
	}
	return Settings{
		Version:  Version,
		Desk:     "Desk 1",
		Camera:   Camera{Source: "0", Mirror: true},
		Matching: Matching{Mode: history.Offline, ReferMinors: true},
		API: API{
			Base: "https://api.biometrysolutions.com", ConnectSeconds: 10, TLSSeconds: 10, AnswerSeconds: 120, KeepDays: 7,
		},
		Operators:  Operators{LockMinutes: 10},
		Conditions: rules,
	}
}

// Open reads the settings file, and writes one with the defaults where there is
// none. A file that cannot be understood is left as it is; the *Problem names
// the line.
func Open(path string) (*Store, error) {
	s := &Store{path: path}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, s.Save(Default())
	}
	if err != nil {
		return nil, matcher.NewProblem("settings.unreadable", err)
	}
	if s.now, err = parse(data); err != nil {
		return nil, err
	}
	s.sum = sum(data)
	return s, nil
}

// Read reads the settings for a command that only reads: where there is no file it returns
// the defaults and writes none.
func Read(path string) (Settings, error) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Default(), nil
	case err != nil:
		return Settings{}, matcher.NewProblem("settings.unreadable", err)
	}
	return parse(data)
}

// Get gives the settings in force.
func (s *Store) Get() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now
	now.Conditions = slices.Clone(now.Conditions)
	return now
}

// SHA256 is the digest of the settings file's bytes, in hexadecimal.
func (s *Store) SHA256() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum
}

// Save checks the settings and writes the file in one step: either the old or
// the new settings are on disk, whatever happens.
func (s *Store) Save(next Settings) error {
	next.Version = Version
	next.Desk = strings.TrimSpace(next.Desk)
	next.Camera.Source = strings.TrimSpace(next.Camera.Source)
	next.Consent.Processing, next.Consent.SendName = strings.TrimSpace(next.Consent.Processing), strings.TrimSpace(
		next.Consent.SendName,
	)
	next.API.CAFile = strings.TrimSpace(next.API.CAFile)
	next.Folders.SecondAnchor = strings.TrimSpace(next.Folders.SecondAnchor)
	if err := next.Check(); err != nil {
		return err
	}
	if base, err := matcher.ParseBase(next.API.Base); err == nil {
		next.API.Base = base.String() // in its one form, which the token is bound to
	}
	var b bytes.Buffer
	enc := toml.NewEncoder(&b)
	enc.SetIndentTables(false)
	if err := enc.Encode(next); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return matcher.NewProblem("settings.unwritable", err)
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	if err := privatefile.Write(s.path, b.Bytes()); err != nil {
		return matcher.NewProblem("settings.unwritable", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.sum = next, sum(b.Bytes())
	return nil
}

// Check says what is wrong with settings, as a *Problem.
func (s Settings) Check() error {
	switch {
	case len([]rune(s.Desk)) > maxDesk || strings.ContainsFunc(s.Desk, unprintable):
		return matcher.NewProblem("settings.desk_name", nil, "Max", maxDesk)
	case s.Camera.Source == "":
		return matcher.NewProblem(KeyNoCamera, nil)
	case hasPassword(s.Camera.Source):
		return matcher.NewProblem(KeyCameraPassword, nil)
	case s.Camera.Part.Check() != nil:
		return matcher.NewProblem(KeyCameraPart, s.Camera.Part.Check(), "Least", int(100*matcher.LeastPart))
	case s.Matching.Mode != history.Offline && s.Matching.Mode != history.Remote && s.Matching.Mode != history.Ask:
		return matcher.NewProblem("settings.mode", nil, "Mode", string(s.Matching.Mode))
	case s.Operators.LockMinutes < 0 || s.Operators.LockMinutes > maxLockMinutes:
		return matcher.NewProblem(KeyLockMinutes, nil, "Max", maxLockMinutes)
	case len([]rune(s.Consent.Processing)) > maxWording || len([]rune(s.Consent.SendName)) > maxWording:
		return matcher.NewProblem(KeyWording, nil, "Max", maxWording)
	}
	if err := s.API.check(); err != nil {
		return err
	}
	for _, days := range []int{s.Retention.NamesDays, s.Retention.AnswersDays, s.Retention.ImagesDays} {
		if days < 0 || days > maxRetentionDays {
			return matcher.NewProblem(KeyRetention, nil, "Max", maxRetentionDays)
		}
	}
	for name, folder := range map[string]string{
		"history": s.Folders.History, "models": s.Folders.Models, "documents": s.Folders.Documents,
		"second_anchor": s.Folders.SecondAnchor,
	} {
		if folder != "" && !filepath.IsAbs(folder) {
			return matcher.NewProblem(KeyFolder, nil, "Name", name)
		}
	}
	for name, file := range map[string]string{"network": s.Matching.Network, "calibration": s.Matching.Calibration} {
		if file != "" && !(name == "network" && file == NoNetwork) && !filepath.IsAbs(file) {
			return matcher.NewProblem("settings.file", nil, "Name", name)
		}
	}
	if err := matcher.CheckConditions(s.Conditions); err != nil {
		return matcher.NewProblem("settings.conditions", err, "Fault", err.Error())
	}
	return nil
}

// check says what is wrong with how the API is reached.
func (a API) check() error {
	if _, err := matcher.ParseBase(a.Base); err != nil {
		return err
	}
	if a.CAFile != "" && !filepath.IsAbs(a.CAFile) {
		return matcher.NewProblem(KeyCAFile, nil)
	}
	for _, limit := range []struct {
		value, most int
	}{{a.ConnectSeconds, maxSeconds}, {a.TLSSeconds, maxSeconds}, {a.AnswerSeconds, maxSeconds}, {a.KeepDays, maxKeepDays}} {
		if limit.value < 1 || limit.value > limit.most {
			return matcher.NewProblem(KeyAPILimits, nil, "Seconds", maxSeconds, "Days", maxKeepDays)
		}
	}
	return nil
}

const (
	// maxDesk is the longest name of a desk, in characters.
	maxDesk = 80

	// maxWording is the longest wording of a consent, in characters: more than a
	// person reads at a counter.
	maxWording = 2000

	// maxSeconds bounds each time-out; maxKeepDays how long pictures of a person
	// may wait to be sent.
	maxSeconds  = 900
	maxKeepDays = 30

	// maxRetentionDays is a hundred years, which a time in nanoseconds can hold.
	maxRetentionDays = 36_500

	// maxLockMinutes is a day; for a longer time the lock can be turned off.
	maxLockMinutes = 24 * 60
)

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// hasPassword says whether a stream's address holds a password, or what may be
// one: the settings are a plain file, so none may stand in it.
func hasPassword(address string) bool {
	if !strings.Contains(address, "://") {
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return strings.Contains(address, "@") // a password with odd characters breaks the address
	}
	if _, set := u.User.Password(); set {
		return true
	}
	for key := range u.Query() {
		switch strings.ToLower(key) {
		case "password", "passwd", "pwd", "pass", "token", "secret", "key", "auth":
			return true
		}
	}
	return false
}

// parse reads a settings file. Missing settings have their defaults, so that a file may hold
// only the lines that differ.
func parse(data []byte) (Settings, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // as some editors write it
	// The version first: a newer file may hold keys this program does not know.
	var head struct {
		Version    *int `toml:"version"`
		Conditions any  `toml:"facematch_conditions"`
	}
	if err := toml.Unmarshal(data, &head); err != nil {
		return Settings{}, damaged(err)
	}
	switch {
	case head.Version == nil:
	case *head.Version > Version:
		return Settings{}, matcher.NewProblem("settings.newer", nil, "Version", *head.Version, "Known", Version)
	case *head.Version < 1:
		return Settings{}, matcher.NewProblem("settings.damaged", nil,
			"Line", versionLine(data), "Fault", fmt.Sprintf("there is no version %d", *head.Version))
	}
	s := Default()
	if head.Conditions != nil {
		s.Conditions = nil // or the decoder would write into the defaults
	}
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return Settings{}, damaged(err)
	}
	if head.Conditions != nil {
		// The conditions stand in this file, so their faults have a line here.
		if fault := matcher.ConditionFault(string(data)); fault != nil {
			return Settings{}, matcher.NewProblem("settings.damaged", fault, "Line", fault.Line, "Fault", fault.Err.Error())
		}
	}
	return s, s.Check()
}

// versionLine is the line on which the version of the file stands.
func versionLine(data []byte) int {
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if bytes.HasPrefix(bytes.TrimSpace(text), []byte("version")) {
			break // the keys of the file itself come before any table's
		}
	}
	return line
}

func damaged(err error) error {
	line, fault := 0, err.Error()
	var strict *toml.StrictMissingError
	var dec *toml.DecodeError
	switch {
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		line, _ = strict.Errors[0].Position()
		fault = fmt.Sprintf("%q is not a setting", strings.Join(strict.Errors[0].Key(), "."))
	case errors.As(err, &dec):
		line, _ = dec.Position()
		fault = strings.TrimPrefix(dec.Error(), "toml: ")
	}
	return matcher.NewProblem("settings.damaged", nil, "Line", line, "Fault", fault)
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

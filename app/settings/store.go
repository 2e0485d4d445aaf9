package settings

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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

// Store keeps the settings of the two files. It may be used from several goroutines.
type Store struct {
	files Files
	below layer // of the administrator

	saving sync.Mutex // held while the file is written, so that file and memory agree

	mu  sync.Mutex
	now layer // of the user
}

// Default are the settings of a new installation.
func Default() Settings {
	rules, err := matcher.ParseConditions(matcher.DefaultConditions)
	if err != nil {
		panic(err) // the program's own text
	}
	return Settings{
		Version:    Version,
		Desk:       "Desk 1",
		Camera:     Camera{Source: "0", Mirror: true},
		Matching:   Matching{Mode: history.Offline, ReferMinors: true, ReferExpired: true},
		Inspection: Inspection{Use: history.InspectionOffered, Points: slices.Clone(history.InspectionPoints)},
		API: API{
			Base: "https://api.biometrysolutions.com", ConnectSeconds: 10, TLSSeconds: 10, AnswerSeconds: 120, KeepDays: 7,
		},
		Operators:  Operators{LockMinutes: 10},
		Central:    Central{Database: "facematch", Push: true, OperatorsDays: 7},
		Window:     Window{TextPercent: 100},
		Conditions: rules,
	}
}

// Open reads the settings: the defaults, over them the administrator's file, over that the
// user's. A file that is not there says nothing. One that cannot be understood is left as it
// is, and nothing is in force without it; the *Problem names the line.
func Open(files Files) (*Store, error) {
	below, err := readAdministrator(files.Administrator)
	if err != nil {
		return nil, err
	}
	now, err := readUser(files.User, below)
	if err != nil {
		return nil, err
	}
	return &Store{files: files, below: below, now: now}, nil
}

// Get gives the settings in force.
func (s *Store) Get() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.values.clone()
}

// SHA256 are the digests of both files' bytes, in hexadecimal. The administrator's is empty
// where there is no such file; that of a user's file that is not there is that of nothing.
func (s *Store) SHA256() (administrator, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.below.sum, s.now.sum
}

// Save checks the settings and writes the user's file in one step: either the old or the new
// settings are on disk, whatever happens. The file holds what differs from the
// administrator's settings and the defaults.
func (s *Store) Save(next Settings) error {
	next = next.clone().tidy()
	if key := s.below.breaks(next); key != "" {
		return s.files.refuse(key)
	}
	if err := next.Check(); err != nil {
		return err
	}
	text, set, err := differing(next, s.below.values)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.files.User), 0o700); err != nil {
		return matcher.NewProblem("settings.unwritable", err)
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	if err := privatefile.Write(s.files.User, text); err != nil {
		return matcher.NewProblem("settings.unwritable", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = layer{values: next, set: set, sum: sum(text)}
	return nil
}

// tidy brings texts into the form they are kept in.
func (s Settings) tidy() Settings {
	s.Version = Version
	for _, text := range []*string{
		&s.Desk, &s.Camera.Source, &s.Consent.Processing, &s.Consent.SendName, &s.API.CAFile, &s.Folders.SecondAnchor,
		&s.Camera.Document, &s.Folders.Scans, &s.Reference.Name, &s.Reference.Pattern, &s.Reference.Example,
		&s.Central.Host, &s.Central.Database, &s.Central.CAFile, &s.Central.CertFile, &s.Central.KeyFile,
		&s.Central.OperatorsKey, &s.Central.OperatorsBranch,
		&s.Central.AuditRecipient, &s.Central.Auditors,
	} {
		*text = strings.TrimSpace(*text)
	}
	s.Inspection = s.Inspection.tidied()
	if base, err := matcher.ParseBase(s.API.Base); err == nil {
		s.API.Base = base.String() // in its one form, which the token is bound to
	}
	return s
}

// clone is a copy that shares nothing with the settings.
func (s Settings) clone() Settings {
	s.Conditions = slices.Clone(s.Conditions)
	s.Inspection.Points = slices.Clone(s.Inspection.Points)
	return s
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
	case hasPassword(s.Camera.Document):
		return matcher.NewProblem(KeyDocumentCamera, nil)
	case s.Camera.Part.Check() != nil:
		return matcher.NewProblem(KeyCameraPart, s.Camera.Part.Check(), "Least", int(100*matcher.LeastPart))
	case s.Matching.Mode != history.Offline && s.Matching.Mode != history.Remote && s.Matching.Mode != history.Ask:
		return matcher.NewProblem("settings.mode", nil, "Mode", string(s.Matching.Mode))
	case s.Operators.LockMinutes < 0 || s.Operators.LockMinutes > maxLockMinutes:
		return matcher.NewProblem(KeyLockMinutes, nil, "Max", maxLockMinutes)
	case len([]rune(s.Consent.Processing)) > maxWording || len([]rune(s.Consent.SendName)) > maxWording:
		return matcher.NewProblem(KeyWording, nil, "Max", maxWording)
	case s.Window.TextPercent < 100 || s.Window.TextPercent > maxTextPercent:
		return matcher.NewProblem("settings.text_percent", nil, "Max", maxTextPercent)
	}
	if err := s.API.check(); err != nil {
		return err
	}
	if err := s.Reference.check(); err != nil {
		return err
	}
	if err := s.Inspection.check(); err != nil {
		return err
	}
	if err := s.Central.check(); err != nil {
		return err
	}
	if err := s.checkAuditors(); err != nil {
		return err
	}
	for _, days := range []int{
		s.Retention.NamesDays, s.Retention.AnswersDays, s.Retention.ImagesDays, s.Retention.FieldsDays,
	} {
		if days < 0 || days > maxRetentionDays {
			return matcher.NewProblem(KeyRetention, nil, "Max", maxRetentionDays)
		}
	}
	for name, folder := range map[string]string{
		"history": s.Folders.History, "models": s.Folders.Models, "documents": s.Folders.Documents,
		"second_anchor": s.Folders.SecondAnchor, "scans": s.Folders.Scans,
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
	}{{a.ConnectSeconds, maxSeconds}, {a.TLSSeconds, maxSeconds}, {a.AnswerSeconds, maxSeconds},
		{a.KeepDays, maxKeepDays}} {
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

	// maxTextPercent is the largest text with which every screen still fits a window of
	// 1024x700.
	maxTextPercent = 130

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

// parse reads a settings file over other settings: what the file does not set stays as it
// is below. The locks are those of an administrator's file; nil for a file that has none.
func parse(data []byte, below Settings, locks *[]string) (Settings, error) {
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
		return Settings{}, fault(lineOf(data, "version"), fmt.Sprintf("there is no version %d", *head.Version))
	}
	s := below.clone()
	if head.Conditions != nil {
		s.Conditions = nil // the decoder would add to those below
	}
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	var err error
	if locks == nil {
		err = dec.Decode(&s)
	} else {
		file := struct {
			Locked []string `toml:"locked"`
			Settings
		}{Settings: s}
		err = dec.Decode(&file)
		s, *locks = file.Settings, file.Locked
	}
	if err != nil {
		return Settings{}, damaged(err)
	}
	if head.Conditions != nil {
		// The conditions stand in this file, so their faults have a line here.
		if wrong := matcher.ConditionFault(string(data)); wrong != nil {
			return Settings{}, fault(wrong.Line, wrong.Err.Error())
		}
	}
	return s.tidy(), nil
}

// lineOf is the line on which a key of the file itself stands: those come before any table's.
func lineOf(data []byte, key string) int {
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if bytes.HasPrefix(bytes.TrimSpace(text), []byte(key)) {
			break
		}
	}
	return line
}

func damaged(err error) error {
	line, what := 0, err.Error()
	var strict *toml.StrictMissingError
	var dec *toml.DecodeError
	switch {
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		line, _ = strict.Errors[0].Position()
		what = fmt.Sprintf("%q is not a setting", strings.Join(strict.Errors[0].Key(), "."))
	case errors.As(err, &dec):
		line, _ = dec.Position()
		what = strings.TrimPrefix(dec.Error(), "toml: ")
	}
	return fault(line, what)
}

func fault(line int, what string) error {
	return matcher.NewProblem("settings.damaged", nil, "Line", line, "Fault", what)
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

package settings

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"facematch/matcher"
)

// Files are where the settings lie.
type Files struct {
	Administrator string // empty: there is none
	User          string
}

// layer is one file of settings.
type layer struct {
	values    Settings        // over what lies below
	set       map[string]bool // the keys the file sets
	locked    []string        // the keys the administrator's file locks
	overruled []string        // the keys a user's file sets though they are locked
	sum       string          // SHA-256 of the file's bytes
	absent    bool            // there is no such file
}

// field is one setting: its key in the file, such as camera.mirror, and where it lies.
type field struct {
	key, comment string
	index        []int
}

func (f field) of(s *Settings) reflect.Value { return reflect.ValueOf(s).Elem().FieldByIndex(f.index) }

func (f field) same(a, b Settings) bool {
	return reflect.DeepEqual(f.of(&a).Interface(), f.of(&b).Interface())
}

// fields are all settings, in the order of the file.
var fields = fieldsOf(reflect.TypeFor[Settings](), "", nil)

func fieldsOf(t reflect.Type, table string, at []int) (all []field) {
	for i := range t.NumField() {
		f := t.Field(i)
		key, index := table+f.Tag.Get("toml"), append(slices.Clone(at), i)
		switch {
		case key == "version": // of the file, not a setting
		case f.Type.Kind() == reflect.Struct && !f.Type.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
			all = append(all, fieldsOf(f.Type, key+".", index)...)
		default:
			all = append(all, field{key: key, comment: f.Tag.Get("comment"), index: index})
		}
	}
	return all
}

// The program itself changes these, whatever is locked around them.
var neverLocked = []string{"consent.version"}

// readAdministrator reads the administrator's settings. A file that is there must be
// readable and right: without it a lock could be missing.
func readAdministrator(path string) (layer, error) {
	l := layer{values: Default()}
	if path == "" {
		return l, nil
	}
	// A link that leads nowhere is a file that is there and cannot be read.
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		err = matcher.NewProblem("settings.unreadable", err)
	} else if len(data) == 0 {
		err = fault(1, "the file is empty") // as a copy is that was cut short
	} else {
		l, err = parseAdministrator(data)
	}
	if err != nil {
		return layer{}, matcher.NewProblem("settings.administrator", err, "File", path)
	}
	return l, nil
}

func parseAdministrator(data []byte) (layer, error) {
	data = withoutMark(data)
	var locks []string
	values, err := parse(data, Default(), &locks)
	if err != nil {
		return layer{}, err
	}
	if err := values.Check(); err != nil {
		return layer{}, err
	}
	l := layer{values: values, set: setIn(data), sum: sum(data)}
	for _, name := range locks {
		keys := keysOf(name)
		if len(keys) == 0 {
			return layer{}, fault(lineOf(data, "locked"), unlockable(name))
		}
		l.locked = append(l.locked, keys...)
	}
	// Where no wording can be changed, its version is the administrator's too.
	if slices.Contains(l.locked, "consent.processing") && slices.Contains(l.locked, "consent.send_name") {
		l.locked = append(l.locked, "consent.version")
	}
	slices.Sort(l.locked)
	l.locked = slices.Compact(l.locked)
	return l, nil
}

// keysOf are the keys that a lock's name means: one setting, or all of a table.
func keysOf(name string) (keys []string) {
	for _, f := range fields {
		if (f.key == name || strings.HasPrefix(f.key, name+".")) && !slices.Contains(neverLocked, f.key) {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// unlockable says what is wrong with a lock's name, and which setting may be meant.
func unlockable(name string) string {
	if slices.Contains(neverLocked, name) || name == "version" {
		return fmt.Sprintf("%q cannot be locked, because the program counts it itself", name)
	}
	for _, f := range fields {
		if strings.HasSuffix(f.key, "."+name) || strings.HasSuffix(f.key, "_"+name) {
			return fmt.Sprintf("%q is not a setting that can be locked; %q is", name, f.key)
		}
	}
	return fmt.Sprintf("%q is not a setting that can be locked; "+
		"name it as this file does, such as %q, or a whole table, such as %q",
		name, "camera.source", "camera")
}

// readUser reads the user's file over the administrator's. What is locked stays as it is
// there, whatever this file says.
func readUser(path string, below layer) (layer, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return layer{values: below.values.clone(), sum: sum(nil), absent: true}, nil
	}
	if err != nil {
		return layer{}, matcher.NewProblem("settings.unreadable", err)
	}
	l := layer{sum: sum(data)}
	data = withoutMark(data)
	if l.values, err = parse(data, below.values, nil); err != nil {
		return layer{}, err
	}
	l.set = setIn(data)
	for _, f := range fields {
		if slices.Contains(below.locked, f.key) && !f.same(l.values, below.values) {
			f.of(&l.values).Set(f.of(&below.values))
			l.overruled = append(l.overruled, f.key)
		}
	}
	l.values = l.values.clone()
	return l, l.values.Check()
}

// withoutMark takes away the byte order mark that some editors write.
func withoutMark(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\uFEFF")) }

// setIn are the keys that a file which parses sets.
func setIn(data []byte) map[string]bool {
	var doc map[string]any
	_ = toml.Unmarshal(data, &doc) // it parses
	set := map[string]bool{}
	collect(set, "", doc)
	return set
}

func collect(set map[string]bool, table string, doc map[string]any) {
	for name, value := range doc {
		key := table + strings.ToLower(name) // the decoder takes keys in any case
		if inner, is := value.(map[string]any); is {
			collect(set, key+".", inner)
			continue
		}
		set[key] = true
	}
}

// breaks is the first locked key that settings have otherwise than the administrator;
// empty: there is none.
func (l layer) breaks(next Settings) string {
	for _, f := range fields {
		if slices.Contains(l.locked, f.key) && !f.same(next, l.values) {
			return f.key
		}
	}
	return ""
}

// differing writes what settings have otherwise than those below, as a file.
func differing(next, below Settings) (text []byte, set map[string]bool, err error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "version = %d\n", Version)
	set, table := map[string]bool{}, ""
	for _, f := range fields {
		if f.same(next, below) {
			continue
		}
		set[f.key] = true
		in, name, inTable := strings.Cut(f.key, ".")
		switch {
		case !inTable:
			name = f.key
			if in == "facematch_conditions" { // they are tables of their own
				b.WriteByte('\n')
			}
		case in != table:
			fmt.Fprintf(&b, "\n[%s]\n", in)
			table = in
		}
		if f.comment != "" {
			fmt.Fprintf(&b, "# %s\n", f.comment)
		}
		line, err := toml.Marshal(map[string]any{name: f.of(&next).Interface()})
		if err != nil {
			return nil, nil, fmt.Errorf("settings: %w", err)
		}
		b.Write(line)
	}
	return b.Bytes(), set, nil
}

// Sources say which file the settings come from.
type Sources struct {
	Files

	FromAdministrator []string // keys in force that are not as by default, and come from the administrator's file
	FromUser          []string // keys in force that come from the user's
	Locked            []string // keys the user cannot change
	Overruled         []string // keys the user's file sets otherwise, though they are locked

	FirstStart bool // nothing was saved yet: the user's file is not there
}

// IsLocked says whether the user cannot change a setting.
func (s Sources) IsLocked(key string) bool { return slices.Contains(s.Locked, key) }

// Allow refuses what would have a setting otherwise, if only for once, where it is locked.
func (s Sources) Allow(key string) error {
	if s.IsLocked(key) {
		return s.refuse(key)
	}
	return nil
}

func (f Files) refuse(key string) error {
	return matcher.NewProblem(KeyLocked, nil, "Key", key, "File", f.Administrator)
}

// Sources say where the settings in force come from.
func (s *Store) Sources() Sources {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := Sources{
		Files: s.files, Locked: s.below.locked, Overruled: s.now.overruled, FirstStart: s.now.absent,
	}
	for _, f := range fields {
		switch {
		case !f.same(s.now.values, s.below.values):
			from.FromUser = append(from.FromUser, f.key)
		case !f.same(s.below.values, Default()):
			from.FromAdministrator = append(from.FromAdministrator, f.key)
		}
	}
	return from
}

// Changeable reports whether the user who runs the program may write the administrator's file,
// so that its locks bind no user. Root may write every file, which says nothing about the users
// of a desk. It asks the disk.
func (f Files) Changeable() bool {
	if os.Geteuid() == 0 {
		return false
	}
	file, err := os.OpenFile(f.Administrator, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	_ = file.Close() // nothing was written
	return true
}

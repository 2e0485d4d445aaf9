package matcher

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Condition is one rule of [[facematch_conditions]]: a value of the answer's
// data against a bound for pass and, optionally, a softer one for refer.
type Condition struct {
	Field string   `toml:"field" json:"field"`
	Op    string   `toml:"op" json:"op"`
	Pass  float64  `toml:"pass" json:"pass"`
	Refer *float64 `toml:"refer,omitempty" json:"refer,omitempty"`
}

// DefaultConditions are the conditions of a new installation, as text. Every
// calibration gives their bounds the same meaning: see PassFrom and FailUnder.
const DefaultConditions = `[[facematch_conditions]]
field = "score"
op = ">="
pass = 80.0
refer = 60.0
`

// operators are compared on values rounded to two decimals, so that 80.00 on
// the screen is 80 here.
var operators = map[string]func(value, bound float64) bool{
	">=": func(v, b float64) bool { return v >= b },
	">":  func(v, b float64) bool { return v > b },
	"<=": func(v, b float64) bool { return v <= b },
	"<":  func(v, b float64) bool { return v < b },
	"==": func(v, b float64) bool { return v == b },
	"!=": func(v, b float64) bool { return v != b },
}

// field is one path in the answer's data that a condition can name.
type field struct {
	value   func(Data) (float64, bool) // false: the data has no such value
	decimal bool                       // shown with two decimals
}

var fields = map[string]field{
	"code":             {value: func(d Data) (float64, bool) { return float64(d.Code), true }},
	"anchor.code":      {value: func(d Data) (float64, bool) { return float64(d.Anchor.Code), true }},
	"target.code":      {value: func(d Data) (float64, bool) { return float64(d.Target.Code), true }},
	"result":           {value: func(d Data) (float64, bool) { return truth(d.Result), len(d.Percentages) > 0 }},
	"score":            {value: func(d Data) (float64, bool) { return d.Score, len(d.Percentages) > 0 }, decimal: true},
	"min(percentages)": {value: smallest, decimal: true},
	"mean(percentages)": {
		value: func(d Data) (float64, bool) { return d.Score, len(d.Percentages) > 0 }, decimal: true,
	},
	"len(percentages)": {value: func(d Data) (float64, bool) { return float64(len(d.Percentages)), true }},
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func smallest(d Data) (float64, bool) {
	if len(d.Percentages) == 0 {
		return 0, false
	}
	least := math.Inf(1)
	for _, p := range d.Percentages {
		least = math.Min(least, p)
	}
	return least, true
}

// ConditionError says what is wrong with the conditions' text, and where.
type ConditionError struct {
	Line int // from 1
	Err  error
}

func (e *ConditionError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap gives what is wrong without the line.
func (e *ConditionError) Unwrap() error { return e.Err }

// ParseConditions reads [[facematch_conditions]] tables and checks each. Text
// with no condition at all is refused, because then everything would pass. The
// error is a *ConditionError.
func ParseConditions(text string) ([]Condition, error) {
	var doc struct {
		Conditions []Condition `toml:"facematch_conditions"`
	}
	dec := toml.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, tomlError(err)
	}
	if len(doc.Conditions) == 0 {
		return nil, &ConditionError{Line: 1, Err: errNoConditions}
	}
	if fault := conditionFault(text, doc.Conditions); fault != nil {
		return nil, fault
	}
	return doc.Conditions, nil
}

// ConditionFault finds the first fault in the conditions of a larger TOML text
// that parses; nil where there is none.
func ConditionFault(text string) *ConditionError {
	var doc struct {
		Conditions []Condition `toml:"facematch_conditions"`
	}
	if err := toml.Unmarshal([]byte(text), &doc); err != nil {
		return tomlError(err)
	}
	if len(doc.Conditions) == 0 {
		return &ConditionError{Line: 1, Err: errNoConditions}
	}
	return conditionFault(text, doc.Conditions)
}

func conditionFault(text string, rules []Condition) *ConditionError {
	tables := conditionLines(text)
	if len(tables) != len(rules) {
		// The decoder is more lenient than we are: [facematch_conditions] in single
		// brackets would be one condition to it.
		return &ConditionError{Line: lineOf(text, conditionsKey),
			Err: errors.New("each condition must begin with [[facematch_conditions]], in double brackets")}
	}
	for i, c := range rules {
		if key, err := c.check(tables[i]); err != nil {
			return &ConditionError{Line: tables[i].line(key), Err: err}
		}
	}
	return nil
}

var errNoConditions = errors.New("there is no [[facematch_conditions]] table")

// FormatConditions writes conditions as ParseConditions reads them.
func FormatConditions(rules []Condition) string {
	var b strings.Builder
	for i, c := range rules {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "[[facematch_conditions]]\nfield = %q\nop = %q\npass = %s\n", c.Field, c.Op, tomlFloat(c.Pass))
		if c.Refer != nil {
			fmt.Fprintf(&b, "refer = %s\n", tomlFloat(*c.Refer))
		}
	}
	return b.String()
}

func tomlFloat(x float64) string {
	s := strconv.FormatFloat(x, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// CheckConditions checks conditions that did not come from a text of their own.
func CheckConditions(rules []Condition) error {
	if len(rules) == 0 {
		return errNoConditions
	}
	for i, c := range rules {
		if _, err := c.check(nil); err != nil {
			return fmt.Errorf("condition %d: %w", i+1, err)
		}
	}
	return nil
}

// check returns the offending key and what is wrong with it. The table tells
// which keys were written; nil: all of them.
func (c Condition) check(table conditionTable) (string, error) {
	for _, key := range []string{"field", "op", "pass"} {
		if table != nil && table[key] == 0 {
			return "", fmt.Errorf("%q is missing", key)
		}
	}
	if _, ok := fields[c.Field]; !ok {
		return "field", fmt.Errorf("field %q is not known; known are code, "+
			"anchor.code, target.code, result, score, min(percentages), mean(percentages), len(percentages)", c.Field)
	}
	if _, ok := operators[c.Op]; !ok {
		return "op", fmt.Errorf("op %q is not known; known are >= > <= < == !=", c.Op)
	}
	if err := c.checkBound("pass", c.Pass); err != nil {
		return "pass", err
	}
	if c.Refer == nil {
		return "", nil
	}
	if err := c.checkBound("refer", *c.Refer); err != nil {
		return "refer", err
	}
	// A refer bound that is not softer than the pass bound could never be met alone.
	switch c.Op {
	case ">=", ">":
		if *c.Refer >= c.Pass {
			return "refer", fmt.Errorf("refer must be below pass for %s", c.Op)
		}
	case "<=", "<":
		if *c.Refer <= c.Pass {
			return "refer", fmt.Errorf("refer must be above pass for %s", c.Op)
		}
	case "==", "!=":
		if *c.Refer == c.Pass {
			return "refer", fmt.Errorf("refer must differ from pass for %s", c.Op)
		}
	}
	return "", nil
}

func (c Condition) checkBound(name string, bound float64) error {
	switch {
	case math.IsNaN(bound) || math.IsInf(bound, 0):
		return fmt.Errorf("%s must be a finite number", name)
	case round2(bound) != bound:
		// Values are rounded to two decimals: a finer bound would not mean what it says.
		return fmt.Errorf("%s can have two decimals at most", name)
	}
	return nil
}

// Evaluate decides the status of an answer: fail where a condition meets
// neither bound or has no value, refer where one meets only its refer bound,
// pass otherwise. A code other than 0 always fails, whatever the conditions.
func Evaluate(rules []Condition, data Data) Scoring {
	s := Scoring{Failed: []string{}, FailedRefer: []string{}, Status: Pass}
	if data.Code != CodeOK {
		s.Failed = append(s.Failed, "code == 0")
	}
	for _, c := range rules {
		switch status, was := c.Judge(data); status {
		case Refer:
			s.FailedRefer = append(s.FailedRefer, Reason(c, was))
		case Fail:
			s.Failed = append(s.Failed, Reason(c, was))
		}
	}
	return s.decide()
}

// Judge says what one condition makes of an answer, and the value it looked at;
// "no value" where there is none.
func (c Condition) Judge(data Data) (Status, string) {
	f, meets := fields[c.Field], operators[c.Op]
	if f.value == nil || meets == nil { // of a newer version
		return Fail, noValue
	}
	value, ok := f.value(data)
	switch was := f.words(value, ok); {
	case ok && meets(value, c.Pass):
		return Pass, was
	case ok && c.Refer != nil && meets(value, *c.Refer):
		return Refer, was
	default:
		return Fail, was
	}
}

const noValue = "no value"

func (f field) words(value float64, ok bool) string {
	switch {
	case !ok:
		return noValue
	case f.decimal:
		return strconv.FormatFloat(value, 'f', 2, 64)
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}

// decide lets fail beat refer, and refer beat pass.
func (s Scoring) decide() Scoring {
	switch {
	case len(s.Failed) > 0:
		s.Status = Fail
	case len(s.FailedRefer) > 0:
		s.Status = Refer
	default:
		s.Status = Pass
	}
	return s
}

// The reasons, besides conditions, for which a result does not pass by itself. The
// words of a person's language come from the catalogue, under reason.minor and so
// on in this order.
const (
	ReasonMinor         = "a person of 18 or over (was under 18)"
	ReasonExpired       = "a document that has not expired (was expired)"
	ReasonSecondPerson  = "nobody else in the picture (was a second person in some frames)"
	ReasonAnotherPerson = "one person in the video (was another one in some frames)"
	ReasonUnclear       = "a face in every frame (was too poor to tell whose in over 20 % of them)"
	ReasonStill         = "a person who moves (was a picture that stands still)"
	ReasonDocument      = "a living person (was perhaps the document itself)"
	ReasonJumps         = "every jump of the picture looked at (was too many of them)"
)

// ReferFor adds a reason for which a result must not pass by itself.
func (s Scoring) ReferFor(reason string) Scoring {
	s.FailedRefer = append(s.FailedRefer, reason)
	return s.decide()
}

// Reason is what an answer says of a condition that did not hold, with the value
// that Judge gave.
func Reason(c Condition, was string) string {
	return fmt.Sprintf("%s %s %s (was %s)", c.Field, c.Op, strconv.FormatFloat(c.Pass, 'f', -1, 64), was)
}

// conditionTable maps the keys written in one table to their lines; the empty
// key is the table's own line.
type conditionTable map[string]int

func (t conditionTable) line(key string) int {
	if n := t[key]; n > 0 {
		return n
	}
	return t[""]
}

// conditionLines finds the lines of each condition in a text that parses. The
// decoder keeps no positions, so the text is read once more for them.
func conditionLines(text string) []conditionTable {
	var tables []conditionTable
	here := conditionTable(nil) // the table being read; nil outside the conditions
	p := unstable.Parser{}
	p.Reset([]byte(text))
	for p.NextExpression() {
		e := p.Expression()
		keys := e.Key()
		if !keys.Next() {
			continue
		}
		// The decoder takes keys in any case.
		name, line := strings.ToLower(string(keys.Node().Data)), p.Shape(keys.Node().Raw).Start.Line
		switch {
		case e.Kind == unstable.ArrayTable && name == conditionsKey:
			here = conditionTable{"": line}
			tables = append(tables, here)
		case e.Kind == unstable.ArrayTable || e.Kind == unstable.Table:
			here = nil
		case e.Kind == unstable.KeyValue && here != nil:
			here[name] = line
		case e.Kind == unstable.KeyValue && name == conditionsKey && len(tables) == 0:
			tables = inlineTables(&p, e, line)
		}
	}
	return tables
}

// inlineTables reads facematch_conditions = [{...}, ...].
func inlineTables(p *unstable.Parser, e *unstable.Node, line int) []conditionTable {
	var tables []conditionTable
	values := e.Value().Children()
	for values.Next() {
		if values.Node().Kind != unstable.InlineTable {
			continue
		}
		table := conditionTable{"": line}
		pairs := values.Node().Children()
		for pairs.Next() {
			if names := pairs.Node().Key(); names.Next() {
				table[strings.ToLower(string(names.Node().Data))] = p.Shape(names.Node().Raw).Start.Line
			}
		}
		tables = append(tables, table)
	}
	return tables
}

const conditionsKey = "facematch_conditions"

// lineOf is the first line that holds this, in any case; 1 where none does.
func lineOf(text, part string) int {
	before, _, found := strings.Cut(strings.ToLower(text), part)
	if !found {
		return 1
	}
	return 1 + strings.Count(before, "\n")
}

// tomlError keeps the line of a decoder's error and drops its picture of the
// text.
func tomlError(err error) *ConditionError {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		first := strict.Errors[0]
		line, _ := first.Position()
		return &ConditionError{Line: line, Err: fmt.Errorf("%q is not known here", strings.Join(first.Key(), "."))}
	}
	var dec *toml.DecodeError
	if errors.As(err, &dec) {
		line, _ := dec.Position()
		return &ConditionError{Line: line, Err: errors.New(strings.TrimPrefix(dec.Error(), "toml: "))}
	}
	return &ConditionError{Line: 1, Err: err}
}

package history

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Outcomes are all outcomes, those with a verdict first: the order in which they are
// counted and offered.
var Outcomes = []Outcome{Pass, Refer, Fail, NotCompared, CouldNotRun, Cancelled, Interrupted, Unknown, Running}

// Modes are the modes a check can have.
var Modes = []Mode{Offline, Remote}

// DecisionStates are all states of a decision.
var DecisionStates = []DecisionState{Undecided, Approved, Rejected, Identified}

// Sorts are all orders of a list.
var Sorts = []Sort{Newest, Oldest, Highest, Lowest}

// Roles are all roles, in the order in which they are offered.
var Roles = []Role{RoleOperator, RoleReviewer, RoleAuditor, RoleAdministrator}

// LeastID is the shortest beginning of an id that a filter accepts, in characters.
const LeastID = 8

// LeastReference is the shortest beginning of a reference by which it is found, in letters
// and digits.
const LeastReference = 4

// dayLayouts are the ways a day can be written. None of them means another day in another
// country.
var dayLayouts = []string{"2 Jan 2006", "2 January 2006", time.DateOnly, "2.1.2006"}

// ParseDay parses a day of this computer's time zone.
func ParseDay(text string) (time.Time, bool) {
	for _, layout := range dayLayouts {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

var scoreForm = regexp.MustCompile(`^\d{1,3}([.,]\d{1,2})?$`)

// ParseScore parses a score of 0 to 100 with at most two decimals into hundredths. A
// decimal comma and a percent sign are accepted.
func ParseScore(text string) (hundredths int64, ok bool) {
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%"))
	if !scoreForm.MatchString(text) {
		return 0, false
	}
	score, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	return int64(score*100 + 0.5), err == nil && score <= 100
}

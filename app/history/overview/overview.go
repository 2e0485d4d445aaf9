// Package overview holds the numbers an auditor sees at a glance: how many checks there
// were and how they ended, the rates of each desk and each operator, the scores, the
// quality of the pictures, and how long things took. It counts them, and says which
// differences are more than chance. It is plain Go and reads nothing by itself.
package overview

import (
	"time"

	"facematch/app/history"
)

// Overview are the numbers of the checks that a filter chooses.
type Overview struct {
	Checks    int64                     `json:"checks"`
	ByOutcome map[history.Outcome]int64 `json:"by_outcome"`
	// Identified is how many persons were identified without a match. It is beside the
	// outcomes and in no rate.
	Identified   int64                     `json:"identified"`
	IdentifiedAs map[history.Outcome]int64 `json:"identified_as,omitempty"` // how many of ByOutcome they are

	Unit    Unit     `json:"unit"`    // of Periods and Quality
	Periods []Period `json:"periods"` // oldest first, those without a check too
	Desks   Groups   `json:"desks"`
	// Operators are for auditors and administrators alone, where the settings allow it: it
	// is monitoring of staff. Empty for everybody else.
	Operators Groups `json:"operators,omitzero"`

	Scores  []Band    `json:"scores"`  // of Bands, lowest first
	Quality []Quality `json:"quality"` // by period, then by desk; where something was measured
	Took    Times     `json:"took"`    // from Check to verdict, of all desks together
	Waiting Waiting   `json:"referrals"`
}

// Period is a day, a week or a month, in UTC.
type Period struct {
	From      time.Time                 `json:"from"`
	To        time.Time                 `json:"to"` // the first moment after it
	Checks    int64                     `json:"checks"`
	ByOutcome map[history.Outcome]int64 `json:"by_outcome,omitempty"`

	Identified   int64                     `json:"identified,omitempty"` // as of the Overview
	IdentifiedAs map[history.Outcome]int64 `json:"identified_as,omitempty"`
}

// Alone are the outcomes without the checks whose person was identified without a match: what
// charts and tables show beside Identified, so that each check stands in one place.
func (p Period) Alone() map[history.Outcome]int64 { return alone(p.ByOutcome, p.IdentifiedAs) }

// Alone is that of all periods together.
func (o Overview) Alone() map[history.Outcome]int64 { return alone(o.ByOutcome, o.IdentifiedAs) }

func alone(all, identified map[history.Outcome]int64) map[history.Outcome]int64 {
	some := map[history.Outcome]int64{}
	for outcome, n := range all {
		if n -= identified[outcome]; n > 0 {
			some[outcome] = n
		}
	}
	return some
}

// Groups are the checks by desk or by operator, with rates whose bounds are corrected for
// the number of comparisons.
type Groups struct {
	// Comparisons is how many rates have bounds. Each bound holds at 1 - 0.05/Comparisons,
	// so that all of them hold together at 95 %.
	Comparisons int     `json:"comparisons"`
	Groups      []Group `json:"groups"` // by name
}

// Group is what one desk or one operator did.
type Group struct {
	Name       string                    `json:"name"`
	Checks     int64                     `json:"checks"`
	ByOutcome  map[history.Outcome]int64 `json:"by_outcome"`
	Identified int64                     `json:"identified"` // without a match
	Refer      Rate                      `json:"refer"`      // referred, of those with a verdict
	// a pass or a fail that a person decided otherwise about, of those with a verdict
	Override Rate `json:"override"`
	// filmed against the hint, of those with a verdict or not compared
	FilmedAnyway Rate  `json:"filmed_anyway"`
	Took         Times `json:"took"`
}

// Band is a range of scores.
type Band struct {
	Least int64 `json:"least"` // hundredths of a percent, included
	Below int64 `json:"below"` // not included, but for 100 % in the last band
	Pass  int64 `json:"pass"`
	Refer int64 `json:"refer"`
	Fail  int64 `json:"fail"`
}

// Checks is how many checks scored within the band.
func (b Band) Checks() int64 { return b.Pass + b.Refer + b.Fail }

// Quality is the mean quality of the faces that one desk saw in one period: 0 (useless) to
// 100 (ideal), in hundredths. A mean of nothing is 0.
type Quality struct {
	From      time.Time `json:"from"`
	Desk      string    `json:"desk"`
	Portraits int64     `json:"portraits"` // how many were measured
	Portrait  int64     `json:"portrait"`  // their mean
	Pictures  int64     `json:"pictures"`
	Picture   int64     `json:"picture"`
}

// Times are how long checks with a verdict took, in tenths of a second rounded down; what
// took longer than ten minutes counts as ten minutes.
type Times struct {
	Checks int64 `json:"checks"`
	Median int64 `json:"median_tenths"`
	P95    int64 `json:"p95_tenths"` // 95 % took at most as long
}

// Waiting are the referrals that wait for a decision, and how long others waited for
// theirs, from the start of the check.
type Waiting struct {
	Open      int64     `json:"open"`
	Hour      int64     `json:"open_up_to_hour"` // of the open ones: started up to an hour ago
	Day       int64     `json:"open_up_to_day"`  // longer, up to a day
	Week      int64     `json:"open_up_to_week"` // longer, up to seven days
	Longer    int64     `json:"open_longer"`
	Oldest    time.Time `json:"oldest,omitzero"` // when the one that waits longest started
	Decided   int64     `json:"decided"`
	MedianSec int64     `json:"median_seconds"` // of those decided
	P95Sec    int64     `json:"p95_seconds"`
}

// Bands is how many bands of scores there are: each of 2 %, so that the bounds of the
// conditions as they are delivered, 60 and 80, lie between two.
const Bands = 50

// Unit is how long a period is.
type Unit string

// The units. Weeks begin on Monday. Automatic is the one that gives a chart which can be
// read: days up to 45, weeks up to a year.
const (
	Automatic Unit = ""
	Day       Unit = "day"
	Week      Unit = "week"
	Month     Unit = "month"
)

// Units are the units to choose from.
var Units = []Unit{Day, Week, Month}

const (
	mostDays  = 45
	mostWeeks = 53

	// mostPeriods is up to how many periods those without a check are listed too. More
	// come only from a clock that was wrong.
	mostPeriods = 1200
)

// unitOf gives a unit in which from the first to the last day there are not too many
// periods.
func unitOf(wanted Unit, first, last int) Unit {
	days := last - first + 1
	switch {
	case wanted == Day && days <= mostPeriods || wanted == Week && days/7 <= mostPeriods || wanted == Month:
		return wanted
	case days <= mostDays:
		return Day
	case days <= 7*mostWeeks:
		return Week
	}
	return Month
}

// UnitFor gives the unit in which a Counter whose first and last checks started then shows
// them.
func UnitFor(wanted Unit, first, last time.Time) Unit {
	return unitOf(wanted, dayOf(first.UnixMilli()), dayOf(last.UnixMilli()))
}

// Start gives the first moment of the period in which a moment lies.
func (u Unit) Start(at time.Time) time.Time {
	day := at.UTC().Truncate(24 * time.Hour)
	switch u {
	case Week:
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case Month:
		return day.AddDate(0, 0, 1-day.Day())
	}
	return day
}

// Next gives the first moment of the period after the one that starts then.
func (u Unit) Next(start time.Time) time.Time {
	switch u {
	case Week:
		return start.AddDate(0, 0, 7)
	case Month:
		return start.AddDate(0, 1, 0)
	}
	return start.AddDate(0, 0, 1)
}

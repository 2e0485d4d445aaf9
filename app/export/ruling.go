package export

import (
	"slices"
	"strconv"

	"facematch/app/history"
	"facematch/matcher"
)

// Ruling is what a condition asked for and how it came out.
type Ruling struct {
	Rule        *matcher.Condition // nil: a reason besides the check's conditions
	Text        string             // the condition's field, or the whole reason where Rule is nil
	Pass, Refer string             // the bounds with their operator; empty where there is none
	Was         string             // the value; empty where there is none
	// Status is pass where the condition held, refer where only its refer bound was met, fail
	// where neither was met; empty where there is no answer to apply it to.
	Status matcher.Status
}

// Rulings are the conditions of a check with their results, and the other reasons of its
// answer. The conditions of an API are its own: only those its answer names are known.
func Rulings(d history.Detail) []Ruling {
	var rulings []Ruling
	var failed, referred []string
	if d.Finished != nil {
		failed, referred = d.Finished.Failed, d.Finished.FailedRefer
	}
	var listed []string // reasons that are in the result already
	if d.Mode != history.Remote {
		data, answered := d.Finished.Data()
		for i, c := range d.Started.Rules {
			r := Ruling{Rule: &d.Started.Rules[i], Text: c.Field, Pass: c.Op + " " + number(c.Pass)}
			if c.Refer != nil {
				r.Refer = c.Op + " " + number(*c.Refer)
			}
			if answered {
				r.Status, r.Was = c.Judge(data)
				listed = append(listed, matcher.Reason(c, r.Was))
			}
			rulings = append(rulings, r)
		}
	}
	for _, of := range []struct {
		reasons []string
		status  matcher.Status
	}{{failed, matcher.Fail}, {referred, matcher.Refer}} {
		for _, reason := range of.reasons {
			if !slices.Contains(listed, reason) {
				rulings = append(rulings, Ruling{Text: reason, Status: of.status})
			}
		}
	}
	return rulings
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

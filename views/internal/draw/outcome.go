package draw

import (
	"facematch/app/history"
)

// LookOpen is how a decision that is still missing is shown.
var LookOpen = Look{ColorRefer, ShapeCircle}

// LookOfInspection gives the look of what became of an inspection.
func LookOfInspection(s history.InspectionState) Look {
	switch s {
	case history.InspectionClear:
		return Look{ColorPass, ShapeTick}
	case history.InspectionObjection:
		return Look{ColorFail, ShapeCross}
	case history.InspectionOpen:
		return LookOpen
	}
	return Look{ColorNotCompared, ShapeCircle}
}

// LookOfChoice gives a decision's look.
func LookOfChoice(c history.Choice) Look {
	switch c {
	case history.Reject:
		return Look{ColorFail, ShapeCross}
	case history.Identify: // which is no pass
		return Look{ColorIdentified, ShapeSquare}
	}
	return Look{ColorPass, ShapeTick}
}

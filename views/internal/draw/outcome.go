package draw

import (
	"facematch/app/history"
)

// LookOpen is how a decision that is still missing is shown.
var LookOpen = Look{ColorRefer, ShapeCircle}

// LookOfChoice gives a decision's look.
func LookOfChoice(c history.Choice) Look {
	if c == history.Reject {
		return Look{ColorFail, ShapeCross}
	}
	return Look{ColorPass, ShapeTick}
}

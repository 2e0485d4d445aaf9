package chart

// Sizes in the chart's own units, which are pixels of an SVG at its natural size.
const (
	width, height = 760, 440
	left, right   = 78, 22 // left of the plot stand the numbers of the vertical axis
	top, bottom   = 56, 58
	textSize      = 13.0
	tickLength    = 5
	legendLine    = 30
	lineHeight    = 18
)

// linearTicks is about how many ticks a linear axis gets.
const linearTicks = 8

package chart

import "image/color"

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

// pngScale makes the PNG sharp in print: 1,520 pixels over 16 cm are 240 to an
// inch.
const pngScale = 2

// linearTicks is about how many ticks a linear axis gets.
const linearTicks = 8

// The colours of a PNG; an SVG has those of its style sheet. The first two are
// apart for colour-blind eyes too (Okabe and Ito, 2008), and one is dashed.
var (
	paper  = color.NRGBA{255, 255, 255, 255}
	ink    = color.NRGBA{32, 33, 36, 255}
	faint  = color.NRGBA{222, 224, 228, 255}
	blue   = color.NRGBA{0, 94, 162, 255}
	orange = color.NRGBA{196, 78, 0, 255}
)

// fillAlpha is how much of its colour an area under a curve shows.
const fillAlpha = 40

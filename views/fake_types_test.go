package views

import (
	"facematch/app"
	"facematch/matcher"
)

type statusOf = matcher.Status

// stages are all stages a check can report.
var stages = []string{
	string(matcher.StageCoaching), string(matcher.StageOffering), string(matcher.StageRecording), string(matcher.StageLoading), string(matcher.StageDocument), string(matcher.StageClip),
	string(matcher.StageFaces), string(matcher.StageComparing), string(matcher.StageSending), string(matcher.StageWaiting),
}

func modelOf(app.Description) []matcher.Model {
	return []matcher.Model{{Name: "shape.dat", SHA256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}}
}

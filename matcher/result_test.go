package matcher

import (
	"encoding/json"
	"testing"
)

// The vendor's published sample, key for key.
const sample = `{"data":{"anchor":{"code":0,"description":"Successful check"},"code":0,"description":"Successful check",` +
	`"percentages":[87.49,84.12,83.35,81.35,81.43,84.94,83.79,82.17],"result":true,"score":83.58,` +
	`"target":{"code":0,"description":"Successful check"}},` +
	`"scoring_result":{"failed_conditions":[],"failed_refer_conditions":[],"status":"pass"},` +
	`"score":83.58,"message":"faces match result is here"}`

func TestResultMarshalsToTheAPIsAnswer(t *testing.T) {
	rules, err := ParseConditions(DefaultConditions)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Compared([]float64{87.49, 84.12, 83.35, 81.35, 81.43, 84.94, 83.79, 82.17}, 60, rules)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := json.Marshal(r); string(got) != sample {
		t.Errorf("got  %s\nwant %s", got, sample)
	}
}

func TestNotComparedHasNoScore(t *testing.T) {
	rules, err := ParseConditions(DefaultConditions)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NotCompared(Anchor(CodeOK, ""), Target(FlawTwo), rules)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(r)
	want := `{"data":{"anchor":{"code":0,"description":"Successful check"},"code":2,"description":"More than one face found in the video",` +
		`"percentages":[],"result":false,"score":0,"target":{"code":2,"description":"More than one face found in the video"}},` +
		`"scoring_result":{"failed_conditions":["code == 0","score \u003e= 80 (was no value)"],"failed_refer_conditions":[],"status":"fail"},` +
		`"score":0,"message":"faces match result is here"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	both, _ := NotCompared(Anchor(CodeCutOff, ""), Target(FlawDark), nil)
	if both.Data.Code != CodeCutOff || both.Data.Description != "Face cut off or too far from the centre in the image" {
		t.Errorf("the anchor's code comes first: %+v", both.Data)
	}
}

func TestImpossibleResultsAreRefused(t *testing.T) {
	if _, err := NotCompared(Anchor(CodeOK, ""), Target(FlawNone), nil); err == nil {
		t.Error("not compared without a code is accepted")
	}
	if _, err := Compared(nil, 60, nil); err == nil {
		t.Error("a comparison without percentages is accepted")
	}
}

func TestScoreIsTheRoundedMean(t *testing.T) {
	r, err := Compared([]float64{80.006, 79.99, 80}, 80, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Data.Percentages[0] != 80.01 || r.Data.Score != 80 || r.Score != 80 || !r.Data.Result {
		t.Errorf("got %+v", r)
	}
	r, _ = Compared([]float64{79.99}, 80, nil)
	if r.Data.Result {
		t.Error("result is true below its bound")
	}
}

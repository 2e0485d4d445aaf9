package matcher

import (
	"fmt"
	"math"
)

// Result is the answer in the API's own shape; it marshals to exactly the
// API's JSON.
type Result struct {
	Data    Data    `json:"data"`
	Scoring Scoring `json:"scoring_result"`
	Score   float64 `json:"score"` // mirrors Data.Score
	Message string  `json:"message"`
}

// Data is what was compared and how it came out.
type Data struct {
	Anchor      Side      `json:"anchor"` // the document
	Code        int       `json:"code"`   // the anchor's if not 0, else the target's
	Description string    `json:"description"`
	Percentages []float64 `json:"percentages"` // one for each compared frame, 0 to 100, two decimals
	Result      bool      `json:"result"`
	Score       float64   `json:"score"`  // arithmetic mean of Percentages, two decimals
	Target      Side      `json:"target"` // the clip
}

// Side says whether the document or the clip gave a usable face.
type Side struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
}

// Scoring is the status and the conditions that led to it.
type Scoring struct {
	Failed      []string `json:"failed_conditions"`
	FailedRefer []string `json:"failed_refer_conditions"`
	Status      Status   `json:"status"`
}

// Status is what the conditions decide.
type Status string

// The three statuses, best first.
const (
	Pass  Status = "pass"
	Refer Status = "refer" // manual review
	Fail  Status = "fail"
)

// The codes of Side and Data (this project's, after the vendor's enrolment table).
const (
	CodeOK       = 0
	CodeNoFace   = 1 // none found, too small, or too poor
	CodeTwoFaces = 2 // more than one face where one was needed
	CodeCutOff   = 3 // face cut off or too far from the centre
)

// Message is the message of every answer.
const Message = "faces match result is here"

var descriptions = map[int]string{
	CodeOK:       "Successful check",
	CodeNoFace:   "No usable face found",
	CodeTwoFaces: "More than one face found",
	CodeCutOff:   "Face cut off or too far from the centre",
}

// Anchor describes the document's side.
func Anchor(code int, flaw Flaw) Side { return side(code, flaw, " in the image") }

// Target describes the clip's side.
func Target(flaw Flaw) Side { return side(flaw.Code(), flaw, " in the video") }

func side(code int, flaw Flaw, where string) Side {
	text := descriptions[code]
	if code != CodeOK {
		text = flaw.because(text + where)
	}
	return Side{Code: code, Description: text}
}

// NotCompared is the result where the document or the clip has no usable face.
// It has no percentages; one of the codes is not 0.
func NotCompared(anchor, target Side, rules []Condition) (Result, error) {
	if anchor.Code == CodeOK && target.Code == CodeOK {
		return Result{}, fmt.Errorf("not compared needs a code other than 0")
	}
	return newResult(anchor, target, nil, 0, rules), nil
}

// Compared is the result of comparing at least one frame. The percentages are
// rounded to two decimals; their mean, rounded again, is the score. The field
// result is true from resultFrom on.
func Compared(percentages []float64, resultFrom float64, rules []Condition) (Result, error) {
	if len(percentages) == 0 {
		return Result{}, fmt.Errorf("a comparison needs at least one percentage")
	}
	return newResult(Anchor(CodeOK, FlawNone), Target(FlawNone), percentages, resultFrom, rules), nil
}

func newResult(anchor, target Side, percentages []float64, resultFrom float64, rules []Condition) Result {
	whole := anchor
	if anchor.Code == CodeOK {
		whole = target
	}
	data := Data{
		Anchor: anchor, Target: target,
		Code: whole.Code, Description: whole.Description,
		Percentages: make([]float64, 0, len(percentages)),
	}
	sum := 0.0
	for _, p := range percentages {
		p = round2(p)
		data.Percentages = append(data.Percentages, p)
		sum += p
	}
	if len(percentages) > 0 {
		data.Score = round2(sum / float64(len(percentages)))
		data.Result = data.Score >= resultFrom
	}
	return Result{Data: data, Scoring: Evaluate(rules, data), Score: data.Score, Message: Message}
}

func round2(x float64) float64 { return math.Round(x*100) / 100 }

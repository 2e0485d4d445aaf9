package remote

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"

	"facematch/matcher"
)

// This file is the first version of the gateway, whole: its paths, its headers,
// its fields. Another version becomes a file beside it.
const (
	matchPath = "/api-gateway/match-faces"
	tokenPath = "/api-projects/public/apikeys" // 200 for a good token, 401 otherwise

	partImage = "image" // JPEG or PNG
	partVideo = "video"
)

// header gives the headers of a match request, besides those of its body.
func header(req matcher.Request, token, program string) http.Header {
	h := http.Header{}
	h.Set("Authorization", "Bearer "+token)
	h.Set("User-Agent", program)
	h.Set("Accept", "application/json")
	if req.Person != "" {
		h.Set("X-User-Fullname", req.Person) // as UTF-8; the vendor does not say
	}
	if req.Session != "" {
		h.Set("X-Session-ID", req.Session)
	}
	if req.Prefilled {
		h.Set("X-Use-Prefilled-Video", "true")
	}
	return h
}

var errNoData = errors.New("the answer has no data")

// decode reads an answer field by field: one that is missing, null or of an odd
// form is named as absent and spoils nothing else; unknown ones stay in the body,
// which is kept. Percentages of an odd form are left out. The error says that the
// body is no answer at all.
func decode(raw []byte) (r matcher.Result, absent []string, err error) {
	top, err := object(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
	if err != nil {
		return r, nil, err
	}
	data, err := object(top["data"])
	if err != nil || len(data) == 0 {
		return r, nil, errNoData
	}
	note := func(field string, found bool) {
		if !found {
			absent = append(absent, field)
		}
	}
	var found bool
	r.Data.Code, found = code(data["code"])
	note("code", found)
	r.Data.Anchor, found = side(data["anchor"])
	note("anchor.code", found)
	r.Data.Target, found = side(data["target"])
	note("target.code", found)
	r.Data.Result, found = truth(data["result"])
	note("result", found)
	r.Data.Description = text(data["description"])
	r.Data.Percentages = numbers(data["percentages"])
	r.Message = text(top["message"])

	// The published mirror of data.score stands in for it, never the mean.
	var mirrored bool
	r.Data.Score, found = number(data["score"])
	if r.Score, mirrored = number(top["score"]); !found && mirrored {
		r.Data.Score = r.Score
	}
	note("score", found || mirrored)

	scoring, _ := object(top["scoring_result"])
	r.Scoring.Status = matcher.Status(text(scoring["status"]))
	note("status", slices.Contains([]matcher.Status{matcher.Pass, matcher.Refer, matcher.Fail}, r.Scoring.Status))
	r.Scoring.Failed = texts(scoring["failed_conditions"])
	r.Scoring.FailedRefer = texts(scoring["failed_refer_conditions"])
	return r, absent, nil
}

// complaint gives the API's own words on an error: of the field error if it is a
// string, of its code and message if it is an object, else of message; empty
// where there are none. (JSON only: a proxy's HTML is for nobody's eyes.)
func complaint(raw []byte) string {
	top, err := object(raw)
	if err != nil {
		return ""
	}
	if t := text(top["error"]); t != "" {
		return t
	}
	if inner, err := object(top["error"]); err == nil {
		words := []string{text(inner["code"]), text(inner["message"])}
		if n, isNumber := number(inner["code"]); isNumber {
			words[0] = compact(n)
		}
		return strings.TrimSpace(strings.Join(words, " "))
	}
	return text(top["message"])
}

func compact(n float64) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func object(raw []byte) (map[string]json.RawMessage, error) {
	if len(raw) == 0 {
		return nil, errNoData
	}
	var o map[string]json.RawMessage
	err := json.Unmarshal(raw, &o)
	return o, err
}

func side(raw json.RawMessage) (matcher.Side, bool) {
	o, err := object(raw)
	if err != nil {
		return matcher.Side{}, false
	}
	c, found := code(o["code"])
	return matcher.Side{Code: c, Description: text(o["description"])}, found
}

func number(raw json.RawMessage) (float64, bool) {
	var n *float64
	if json.Unmarshal(raw, &n) != nil || n == nil {
		return 0, false
	}
	return *n, true
}

func code(raw json.RawMessage) (int, bool) {
	n, found := number(raw)
	if !found || n != math.Trunc(n) || math.Abs(n) > math.MaxInt32 {
		return 0, false
	}
	return int(n), true
}

// truth reads true and false, or the older 1 and 0.
func truth(raw json.RawMessage) (value, found bool) {
	var b *bool
	if json.Unmarshal(raw, &b) == nil && b != nil {
		return *b, true
	}
	n, found := number(raw)
	return n == 1, found && (n == 0 || n == 1)
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // another type is no text
	return s
}

func list(raw json.RawMessage) []json.RawMessage {
	var l []json.RawMessage
	_ = json.Unmarshal(raw, &l)
	return l
}

func texts(raw json.RawMessage) []string {
	out := []string{}
	for _, one := range list(raw) {
		if t := text(one); t != "" {
			out = append(out, t)
		} else {
			out = append(out, string(one)) // of another form, but a reason all the same
		}
	}
	return out
}

func numbers(raw json.RawMessage) []float64 {
	out := []float64{}
	for _, one := range list(raw) {
		if n, found := number(one); found {
			out = append(out, n)
		}
	}
	return out
}

package gateway

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
)

// headerKey names a request, so that it can be sent again without another check: after a cut
// connection nobody knows whether it arrived. The header and its answers 409 and 422 are those
// of the IETF's draft-ietf-httpapi-idempotency-key-header-06.
const headerKey = "Idempotency-Key"

// keyForm is what a key may be: it also stands in a path. The draft recommends a UUID.
var keyForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{8,128}$`)

// checkForm is the id of a check.
var checkForm = regexp.MustCompile(`^chk_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

var (
	errAnswering = &refusal{
		status: http.StatusConflict, text: "the request with this " + headerKey + " is still being answered: ask again later",
		wait: firstGuess,
	}
	errOtherRequest = refuse(
		http.StatusUnprocessableEntity, "this "+headerKey+" was used for a request with another content",
	)
	errErased       = refuse(http.StatusGone, "the answer was erased")
	errAnswerSealed = retry("the history's key cannot be read: see facematch doctor", longestWait)
	// errNoAnswer is of a check that ended without an answer: the same key may ask for another.
	errNoAnswer       = refuse(http.StatusInternalServerError, "the check ended without an answer: ask for it again")
	errUnknownRequest = refuse(
		http.StatusNotFound,
		"this server knows no such request of this token: it never became a check, or another server has it",
	)
)

// asked is a request with an Idempotency-Key. Nothing is stored under the key itself: the id
// of the check follows from it, so the history knows whether there was one.
type asked struct {
	token string // its hash
	key   string
	files []hash.Hash // of the parts that came
}

// asked returns the key of a request; nil where it has none. The draft has it in quotes,
// many clients send it without.
func (q *request) asked() (*asked, error) {
	key, err := single(q.Header, headerKey)
	if err != nil || len(q.Header.Values(headerKey)) == 0 {
		return nil, err
	}
	if len(key) > 1 && strings.HasPrefix(key, `"`) && strings.HasSuffix(key, `"`) {
		key = key[1 : len(key)-1]
	}
	if !keyForm.MatchString(key) {
		return nil, refuse(
			http.StatusBadRequest, headerKey+" must have 8 to 128 letters, digits or characters of -._~; a UUID is best",
		)
	}
	return &asked{token: q.token.SHA256, key: key}, nil
}

// id is the id of the n-th check under the key. Only who has the token's hash, which stands
// in no record, can tell which key it was.
func (a *asked) id(n int) string {
	mac := hmac.New(sha256.New, []byte(a.token))
	fmt.Fprintf(mac, "%s %d", a.key, n)
	id := uuid.UUID(mac.Sum(nil)[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8 of RFC 9562: made by a rule of one's own
	id[8] = id[8]&0x3f | 0x80
	return "chk_" + id.String()
}

// note has the bytes of a part hashed on their way to where they go.
func (a *asked) note(open func() (io.WriteCloser, error)) func() (io.WriteCloser, error) {
	if a == nil {
		return open
	}
	file := sha256.New()
	a.files = append(a.files, file)
	return func() (io.WriteCloser, error) {
		to, err := open()
		if err != nil {
			return nil, err
		}
		return struct {
			io.Writer
			io.Closer
		}{io.MultiWriter(file, to), to}, nil
	}
}

// digest is the keyed hash of what is asked for: the files and what the headers say. What
// differs each time, such as the boundary, is left out.
func (a *asked) digest(said ...string) string {
	mac := hmac.New(sha256.New, []byte(a.token))
	for _, text := range said {
		fmt.Fprintf(mac, "%d %s ", len(text), text)
	}
	for _, file := range a.files {
		mac.Write(file.Sum(nil))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// again gives the answer that was recorded under the key, or makes the input that of the
// key's next check: where there was none before, or none that came to an answer.
func (g *Gateway) again(
	ctx context.Context, q *request, a *asked, in *app.CheckInput,
) (answer any, found bool, err error) {
	for n := 0; ; n++ {
		id := a.id(n)
		d, err := g.p.Desk.Show(ctx, id)
		if matcher.IsProblem(err, history.KeyCheckUnknown) {
			in.ID = id
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		if d.Started.RequestDigest != in.RequestDigest {
			return nil, false, errOtherRequest
		}
		result, no := recorded(d)
		if no == errNoAnswer {
			continue
		}
		q.check = id
		if no != nil {
			return nil, true, no
		}
		return result, true, nil
	}
}

// passing are problems of files that a busy machine can also be the reason of: another try
// may go well.
var passing = map[string]bool{"document.slow": true, "clip.too_slow": true, "clip.reader_broke": true}

// recorded is the answer that the records of a check hold, or why they hold none.
func recorded(d history.Detail) (*matcher.Result, *refusal) {
	switch d.Outcome {
	case history.Running:
		return nil, errAnswering
	case history.Pass, history.Refer, history.Fail, history.NotCompared:
	case history.CouldNotRun:
		if d.Finished != nil && !ours[d.Finished.Problem] && !passing[d.Finished.Problem] {
			p := matcher.NewProblem(d.Finished.Problem, nil)
			if text, known := words[p.Key]; known && !strings.Contains(text, "%v") {
				return nil, refuse(http.StatusBadRequest, text)
			} else if no := unusable(p); no != nil { // what the text also says is not recorded
				return nil, no
			}
		}
		return nil, errNoAnswer
	default:
		return nil, errNoAnswer
	}
	switch {
	case d.RawErased:
		return nil, errErased
	case d.RawSealed:
		return nil, errAnswerSealed
	}
	var result matcher.Result
	if err := json.Unmarshal(d.Raw, &result); err != nil {
		return nil, errNoAnswer
	}
	return &result, nil
}

// outcome answers what became of a request, by the X-Request-Id of its answer or, where the
// connection was cut before that, by its Idempotency-Key.
func (g *Gateway) outcome(q *request) (any, error) {
	if checkForm.MatchString(q.rest) {
		d, err := g.p.Desk.Show(q.Context(), q.rest)
		switch {
		case err == nil && d.Started.Served && d.Desk == q.token.Name:
			return outcomeOf(d), nil
		case err != nil && !matcher.IsProblem(err, history.KeyCheckUnknown):
			return nil, err
		}
	}
	if !keyForm.MatchString(q.rest) {
		return nil, errUnknownRequest
	}
	a := &asked{token: q.token.SHA256, key: q.rest}
	if g.keys.taken(a.id(0)) {
		return found(outcome{Outcome: history.Running}), nil
	}
	var newest *history.Detail
	for n := 0; ; n++ {
		d, err := g.p.Desk.Show(q.Context(), a.id(n))
		switch {
		case matcher.IsProblem(err, history.KeyCheckUnknown) && newest == nil:
			return nil, errUnknownRequest
		case matcher.IsProblem(err, history.KeyCheckUnknown):
			return outcomeOf(*newest), nil
		case err != nil:
			return nil, err
		}
		newest = &d
	}
}

// outcome is what became of a request.
type outcome struct {
	Request string          `json:"request_id,omitempty"` // empty while it waits
	Outcome history.Outcome `json:"outcome"`
	Started *time.Time      `json:"started_at,omitempty"`
	Answer  *matcher.Result `json:"answer,omitempty"`
	Error   string          `json:"error,omitempty"` // why there is no answer
}

func outcomeOf(d history.Detail) any {
	o := outcome{Request: d.Check, Outcome: d.Outcome}
	if !d.At.IsZero() {
		o.Started = &d.At
	}
	var no *refusal
	if o.Answer, no = recorded(d); no != nil && no != errAnswering {
		o.Error = no.text
	}
	return found(o)
}

func found(o outcome) any {
	return struct {
		Data    outcome `json:"data"`
		Message string  `json:"message"`
	}{o, "request found"}
}

// keys are those whose request is being answered now, by the id of their first check.
type keys struct {
	mu  sync.Mutex
	now map[string]bool
}

// claim takes a key until it is released, unless it is taken.
func (k *keys) claim(id string) (release func(), free bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now[id] {
		return nil, false
	}
	if k.now == nil {
		k.now = map[string]bool{}
	}
	k.now[id] = true
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.now, id)
	}, true
}

func (k *keys) taken(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now[id]
}

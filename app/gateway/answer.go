package gateway

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"
)

// refusal is an error whose text the client gets: plain English, without anything
// of what it sent.
type refusal struct {
	status int
	text   string
	wait   time.Duration // advice in Retry-After; 0: none
	allow  string        // with 405: the methods there are
	public bool          // the neighbouring services' form: message beside error
}

func (r *refusal) Error() string { return r.text }

func refuse(status int, text string) *refusal { return &refusal{status: status, text: text} }

// retry refuses for now.
func retry(text string, wait time.Duration) *refusal {
	return &refusal{status: http.StatusServiceUnavailable, text: text, wait: wait}
}

// asJSON writes a body. Conditions read "score >= 80", so < and > stay as they are.
func asJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // all are plain data of ours
	}
	return b.Bytes()
}

// write sends an answer.
func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs none
}

// writeRefusal sends a refusal.
func writeRefusal(w http.ResponseWriter, r *refusal) {
	h := w.Header()
	if r.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(r.wait.Seconds()))))
	}
	if r.allow != "" {
		h.Set("Allow", r.allow)
	}
	if r.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	body := map[string]string{"error": r.text}
	if r.public {
		body["message"] = r.text
	}
	write(w, r.status, asJSON(body))
}

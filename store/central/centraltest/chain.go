package centraltest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

// Chain is a desk's history in memory, as it goes to a centre. The parts and keys are random
// bytes: the centre opens none.
type Chain struct {
	*rand.Rand
	History string
	At      time.Time // of the next record
	Records []history.ChainRecord
	Parts   []history.SealedPart
	Keys    []history.WrappedKey
	Checks  [][2]string // check and session of each check
}

// NewChain starts a history; the same seed makes the same.
func NewChain(seed uint64) *Chain {
	r := rand.New(rand.NewPCG(seed, 7))
	return &Chain{
		Rand: r, History: fmt.Sprintf("%016x%016x", seed, r.Uint64()),
		At: time.Now().UTC().AddDate(0, 0, -20).Truncate(time.Millisecond),
	}
}

// Copy is the same history, to go on in another way.
func (c *Chain) Copy() *Chain {
	other := *c
	other.Rand = rand.New(rand.NewPCG(c.Uint64(), 1))
	other.Records, other.Parts, other.Keys = clip(c.Records), clip(c.Parts), clip(c.Keys)
	other.Checks = clip(c.Checks)
	return &other
}

func clip[T any](s []T) []T { return s[:len(s):len(s)] }

// Cut takes away the records after a number, as a restore of an older backup does.
func (c *Chain) Cut(seq int) {
	c.Records = c.Records[:seq:seq]
	var parts []history.SealedPart
	for _, p := range c.Parts {
		if p.Seq <= int64(seq) {
			parts = append(parts, p)
		}
	}
	c.Parts = parts
}

// Seq is the number of the newest record.
func (c *Chain) Seq() int64 { return int64(len(c.Records)) }

// Head is the newest record.
func (c *Chain) Head() history.Head {
	if c.Seq() == 0 {
		return history.Head{}
	}
	return history.Head{Seq: c.Seq(), Hash: hex.EncodeToString(c.Records[c.Seq()-1].Hash)}
}

func (c *Chain) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(c.Uint32())
	}
	return b
}

// Add adds a record with these exact bytes.
func (c *Chain) Add(payload []byte) {
	prev := make([]byte, sha256.Size)
	if c.Seq() > 0 {
		prev = c.Records[c.Seq()-1].Hash
	}
	seq := c.Seq() + 1
	text := binary.BigEndian.AppendUint64(nil, uint64(seq))
	sum := sha256.Sum256(append(append(text, prev...), payload...))
	c.Records = append(c.Records, history.ChainRecord{Seq: seq, Hash: sum[:], Payload: payload})
}

// AddRecord adds a record of a kind with sealed parts.
func (c *Chain) AddRecord(kind history.Kind, record any, parts ...string) {
	text, err := json.Marshal(record)
	if err != nil {
		panic(err) // the test's own
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		panic(err)
	}
	c.At = c.At.Add(time.Duration(1+c.IntN(60_000)) * time.Millisecond)
	all := map[string]any{"kind": kind, "at": c.At.Format("2006-01-02T15:04:05.000Z")}
	maps.Copy(all, fields)
	sums, nonces := map[string]string{}, map[string]string{}
	for _, name := range parts {
		p := history.SealedPart{Seq: c.Seq() + 1, Part: name, Nonce: c.bytes(12), Ciphertext: c.bytes(16 + c.IntN(40))}
		sum := sha256.Sum256(p.Ciphertext)
		sums[name], nonces[name] = hex.EncodeToString(sum[:]), hex.EncodeToString(p.Nonce)
		c.Parts = append(c.Parts, p)
	}
	if len(parts) > 0 {
		all["sealed"], all["nonces"] = sums, nonces
	}
	if text, err = json.Marshal(all); err != nil {
		panic(err)
	}
	c.Add(text)
}

// Check adds a check of 2.6 records on average.
func (c *Chain) Check() {
	id := func(kind string) string {
		return fmt.Sprintf("%s_%08x-%04x-4%03x-a%03x-%012x", kind, c.Uint32(), c.Uint32N(1<<16), c.Uint32N(1<<12),
			c.Uint32N(1<<12), c.Uint64N(1<<48))
	}
	check, session := id("chk"), id("sess")
	c.Checks = append(c.Checks, [2]string{check, session})
	c.Keys = append(c.Keys, history.WrappedKey{Session: session, Nonce: c.bytes(12), Wrapped: c.bytes(48)})
	mode := history.Offline
	if c.IntN(5) == 0 {
		mode = history.Remote
	}
	refer := 60.0
	who := fmt.Sprintf("operator %d", c.IntN(4))
	c.AddRecord(history.KindStarted, history.Started{
		Check: check, Session: session, Instance: "instance", Mode: mode, Operator: who, Desk: "Desk", Program: "1.0",
		Consent: history.Consent{Processing: true, Wording: "2026-1"}, Minor: c.IntN(30) == 0,
		Inspection: []history.InspectionUse{"", history.InspectionOffered, history.InspectionNone,
			history.InspectionRequired}[len(c.Checks)%4],
		Rules: []matcher.Condition{{Field: "code", Op: "==", Pass: 0},
			{Field: "score", Op: ">=", Pass: 80, Refer: &refer}},
		Description: matcher.Description{Engine: "go-face", Models: []matcher.Model{
			{Name: "shape_predictor_5_face_landmarks.dat", SHA256: strings.Repeat("c4", 32)},
		}},
	}, "name")
	if mode == history.Remote {
		c.AddRecord(history.KindSending, history.Sending{Check: check, Session: session, Host: "api.example.com"})
	}
	if c.IntN(40) == 0 {
		return // it has no end
	}
	score, code := int64(c.IntN(10_001)), 0
	f := history.Finished{Check: check, Session: session, Outcome: history.Pass, Status: matcher.Pass, Score: &score,
		Code: &code,
		Took: time.Duration(c.IntN(9_000_000_000))}
	switch {
	case score < 500:
		code = 2
		f.Outcome, f.Status, f.Score = history.NotCompared, "", nil
	case score < 6000:
		f.Outcome, f.Status = history.Fail, matcher.Fail
	case score < 8000:
		f.Outcome, f.Status = history.Refer, matcher.Refer
	}
	if len(c.Checks)%13 == 5 {
		f.Score = nil // as of an answer that holds a status alone
	}
	if c.IntN(9) == 0 {
		f.Quality = &history.Quality{Document: &history.Measures{Total: 70}, CaptureWarning: "coach.dark"}
	}
	if score%4 == 0 {
		expired := score%8 == 0
		f.MRZ, f.Minor = &history.MRZ{Type: "TD3", DigitsHold: true, Expired: &expired}, score%12 == 0
	}
	c.AddRecord(history.KindFinished, f, "answer")
	switch {
	case f.Outcome == history.NotCompared && len(c.Checks)%2 == 0:
		c.AddRecord(history.KindDecided,
			history.Decision{Check: check, Session: session, Choice: history.Identify, Reason: "vouched"}, "note")
	case f.Outcome != history.NotCompared && len(c.Checks)%8 == 1:
		c.AddRecord(history.KindInspected,
			history.Inspection{Check: check, Session: session, State: history.InspectionObjection}, "note")
	}
	if f.Outcome == history.Refer && c.IntN(3) > 0 {
		choice := history.Approve
		if c.IntN(2) == 0 {
			choice = history.Reject
		}
		c.AddRecord(history.KindDecided,
			history.Decision{Check: check, Session: session, Choice: choice, Reason: "known_person"}, "note")
	}
}

// Fill adds checks until there are so many records or a few more.
func (c *Chain) Fill(records int) *Chain {
	for c.Seq() < int64(records) {
		c.Check()
	}
	return c
}

// Erase adds an "erased" record, as if the desk had erased these parts of a session.
func (c *Chain) Erase(session string, parts ...history.Part) {
	c.AddRecord(history.KindErased, history.Erasure{Session: session, Parts: parts, Reason: history.OnRequest})
}

// Restored adds the record of a restore of a backup that ended here, after Cut.
func (c *Chain) Restored() {
	c.AddRecord(history.KindRestored, history.Restored{Backup: c.Head()})
}

// Parcel is what is sent after a number. Answers stay at the desk.
func (c *Chain) Parcel(after int64, most int) history.Parcel {
	p := history.Parcel{Newest: c.Seq(), KeyCheck: strings.Repeat("ab", 32)}
	end := min(after+int64(most), c.Seq())
	p.Records = c.Records[after:end]
	sessions := map[string]bool{}
	for _, r := range p.Records {
		var of struct{ Session string }
		_ = json.Unmarshal(r.Payload, &of)
		sessions[of.Session] = true
	}
	for _, s := range c.Parts {
		if s.Seq > after && s.Seq <= end && s.Part != "answer" {
			p.Parts = append(p.Parts, s)
		}
	}
	for _, k := range c.Keys {
		if sessions[k.Session] {
			p.Keys = append(p.Keys, k)
		}
	}
	return p
}

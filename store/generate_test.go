package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
)

// recordsVar says how large a history the tests of many records make; 10,000
// where it is not set.
const recordsVar = "FACEMATCH_RECORDS"

func manyRecords(t testing.TB) int {
	t.Helper()
	text := os.Getenv(recordsVar)
	if text == "" {
		return 10_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 100 {
		t.Fatalf("%s is %q, want a number from 100 on", recordsVar, text)
	}
	return n
}

// The parts of made-up names, the frequent ones first.
var (
	givenNames = strings.Fields(`Maria Anna Thomas Michael Peter Andreas Julia Stefan Christian Sabine Elena Ahmed
		Mehmet Fatima Piotr Agnieszka Łucja Jürgen Günther Søren Åsa Zoë André François José Íñigo Nguyễn Ivana
		Дмитрий Ольга Γιώργος Ελένη محمد فاطمة דוד שרה สมชาย अनिता`)
	familyNames = strings.Fields(`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer
		Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner
		Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters
		O'Neil D'Angelo Kowalski Nowak Yılmaz Demir García Rodríguez Lefèvre Großmann Иванов Петрова
		Παπαδόπουλος الأحمد כהן ใจดี शर्मा`)
	wholeNames = []string{"王小明", "李娜", "佐藤 花子", "山田太郎", "김철수", "박지영", "陳大文"}
)

// rare is what one check alone has, about in the middle of a history.
const (
	rareCode     = 77
	rareName     = "Xaverine Quodlibet"
	rareOperator = "stand-in"
)

// manyHands is how many records are made by other operators at other desks each time,
// so that a small history has all of them. Later it is one of each a day, as at a real
// desk.
const manyHands = 5000

// maker makes the records of a desk's working days: sessions with one to three
// attempts, some of them sent to the API, referrals that somebody decides, and a
// few programs that ended in the middle. The same seed makes the same history,
// but for keys and nonces.
type maker struct {
	*rand.Rand
	s        *Store
	master   []byte
	tx       *sql.Tx
	insert   *sql.Stmt
	sealed   *sql.Stmt
	head     head
	at       time.Time
	instance int
	story    bool // see fillYear
	until    time.Time
	operator int // who works, and at which desk
	desk     int
	rare     int64 // once the chain is as long
}

// pick takes one of n, the first ones more often.
func (m *maker) pick(n int) int { return int(float64(n) * m.Float64() * m.Float64()) }

func (m *maker) of(id string) string {
	return fmt.Sprintf("%s_%08x-%04x-4%03x-a%03x-%012x", id, m.Uint32(), m.Uint32N(1<<16), m.Uint32N(1<<12),
		m.Uint32N(1<<12), m.Uint64N(1<<48))
}

func (m *maker) actor() history.Actor {
	if m.story {
		m.desk = 1 + m.IntN(4)
		m.operator = 3*m.desk - m.IntN(3)
	} else if m.head.seq < manyHands || m.operator == 0 {
		m.operator, m.desk = 1+m.pick(12), 1+m.pick(6)
	}
	operator := fmt.Sprintf("operator %02d", m.operator)
	if m.rare > 0 && m.head.seq >= m.rare {
		operator = rareOperator
	}
	return history.Actor{Operator: operator, Role: history.RoleOperator, SignedIn: true,
		Instance: fmt.Sprintf("instance-%04d", m.instance), Desk: fmt.Sprintf("Desk %d", m.desk), Program: "1.0"}
}

// fillMany adds records to a history, in one transaction, and then makes what is
// derived from them anew.
func fillMany(t testing.TB, s *Store, records int) {
	t.Helper()
	fillWith(t, s, records, &maker{at: time.Date(2023, 1, 2, 8, 0, 0, 0, time.UTC)})
}

// fillYear adds a year in which four desks work from Monday to Friday, with the story
// that overridingDesk and dimDesk tell.
func fillYear(t testing.TB, s *Store) {
	t.Helper()
	fillWith(t, s, 1_000_000, &maker{
		at: time.Date(2025, 11, 24, 8, 0, 0, 0, time.UTC), story: true, until: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC),
	})
}

// fillWith adds so many records, or until a time.
func fillWith(t testing.TB, s *Store, records int, m *maker) {
	t.Helper()
	ctx := context.Background()
	master, err := s.vault.Master(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	// What is made here may be lost in a crash.
	set := func(pragmas ...string) {
		t.Helper()
		for _, p := range pragmas {
			if _, err := s.writer.Exec(`PRAGMA ` + p); err != nil {
				t.Fatal(err)
			}
		}
	}
	set("synchronous = off", "cache_size = -400000")
	defer set("synchronous = full", fmt.Sprintf("cache_size = %d", -pageCache>>10))
	m.Rand, m.s, m.master = rand.New(rand.NewPCG(1, 2)), s, master
	err = s.append(ctx, func(ctx context.Context, a *appending) error {
		m.tx, m.head = a.Tx, a.head
		last := m.head.seq + int64(records)
		m.rare = m.head.seq + int64(records)/2
		var err error
		if m.insert, err = a.PrepareContext(ctx,
			`INSERT INTO record (seq, prev, hash, payload) VALUES (?, ?, ?, ?)`); err != nil {
			return err
		}
		defer m.insert.Close()
		if m.sealed, err = a.PrepareContext(ctx,
			`INSERT INTO sealed (record, part, nonce, ciphertext) VALUES (?, ?, ?, ?)`); err != nil {
			return err
		}
		defer m.sealed.Close()
		for m.head.seq < last && (m.until.IsZero() || m.at.Before(m.until)) {
			if err := m.session(ctx, last); err != nil {
				return err
			}
		}
		a.head, a.head.at = m.head, m.at
		if err := checks.Rebuild(ctx, a.Tx); err != nil {
			return err
		}
		return s.rebuildTokens(ctx, a.Tx, master)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// add adds a record as appending.add does, but for what is derived.
func (m *maker) add(ctx context.Context, record any, parts []seal.Part) error {
	payload, err := json.Marshal(record)
	if err != nil {
		return err
	}
	seq := m.head.seq + 1
	hash := link(seq, m.head.hash[:], payload)
	if _, err := m.insert.ExecContext(ctx, seq, m.head.hash[:], hash[:], string(payload)); err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := m.sealed.ExecContext(ctx, seq, p.Name, p.Nonce, p.Ciphertext); err != nil {
			return err
		}
	}
	m.head.seq, m.head.hash = seq, hash
	return nil
}

func (m *maker) header(kind history.Kind) header {
	pause := 60
	if m.story {
		pause = 480
	}
	m.at = m.at.Add(time.Duration(1+m.IntN(pause)) * time.Second)
	if m.at.Hour() >= 18 { // the next morning
		m.at = m.at.Truncate(24 * time.Hour).Add(32 * time.Hour)
		m.instance++
		m.operator, m.desk = 1+m.pick(12), 1+m.pick(6)
		for m.story && (m.at.Weekday() == time.Saturday || m.at.Weekday() == time.Sunday) {
			m.at = m.at.AddDate(0, 0, 1)
		}
	}
	return header{Kind: kind, At: m.at.Format(checks.TimeLayout)}
}

func (m *maker) name() string {
	switch {
	case m.rare > 0 && m.head.seq >= m.rare:
		return rareName
	case m.IntN(10) == 0:
		return "" // none was given
	case m.IntN(30) == 0:
		return wholeNames[m.IntN(len(wholeNames))]
	case m.IntN(8) == 0:
		return givenNames[m.pick(len(givenNames))] + " " + givenNames[m.pick(len(givenNames))] + " " +
			familyNames[m.pick(len(familyNames))]
	}
	return givenNames[m.pick(len(givenNames))] + " " + familyNames[m.pick(len(familyNames))]
}

func (m *maker) session(ctx context.Context, last int64) error {
	who := m.actor()
	if m.IntN(30) == 0 {
		if err := m.add(ctx, struct {
			header
			history.SignIn
		}{m.header(history.KindSignedIn), history.SignIn{Actor: who}}, nil); err != nil || m.head.seq == last {
			return err
		}
	}
	rare := m.rare > 0 && m.head.seq >= m.rare
	session, name := m.of("sess"), m.name()
	key := seal.NewKey()
	nonce, wrapped, err := seal.Seal(m.master, key, seal.KeyBinding(m.s.id, session))
	if err != nil {
		return err
	}
	if _, err := m.tx.ExecContext(ctx, `INSERT INTO session_key (session, nonce, wrapped) VALUES (?, ?, ?)`, session,
		nonce, wrapped); err != nil {
		return err
	}
	for attempt := 0; m.head.seq < last; attempt++ {
		outcome, err := m.check(ctx, last, who, session, name, key)
		if err != nil || outcome == history.Pass || attempt == 2 || rare || m.IntN(3) > 0 {
			return err
		}
	}
	return nil
}

// check adds one check and how it ended.
func (m *maker) check(ctx context.Context, last int64, who history.Actor, session, name string,
	key []byte) (history.Outcome, error) {
	check := m.of("chk")
	sealPart := func(part string, clear []byte) ([]seal.Part, error) {
		if len(clear) == 0 {
			return nil, nil
		}
		nonce, ciphertext, err := seal.Seal(key, clear, seal.PartBinding(session, check, part))
		return []seal.Part{{Name: part, Nonce: nonce, Ciphertext: ciphertext}}, err
	}
	code := 0
	if m.rare > 0 && m.head.seq >= m.rare {
		code, m.rare = rareCode, 0
	}
	refer := 60.0
	st := history.Started{
		Check: check, Session: session, Instance: who.Instance, Mode: history.Offline,
		Operator: who.Operator, SignedIn: true, Desk: who.Desk, Program: who.Program,
		Consent: history.Consent{Processing: true, Wording: "2026-1"},
		Rules:   []matcher.Condition{{Field: "code", Op: "==", Pass: 0}, {Field: "score", Op: ">=", Pass: 80, Refer: &refer}},
		Description: matcher.Description{Engine: "go-face", Models: []matcher.Model{
			{Name: "shape_predictor_5_face_landmarks.dat", SHA256: strings.Repeat("c4", 32)},
			{Name: "dlib_face_recognition_resnet_model_v1.dat", SHA256: strings.Repeat("55", 32)},
			{Name: "mmod_human_face_detector.dat", SHA256: strings.Repeat("be", 32)},
		}},
		DocumentFrom: history.FromFile, Name: name,
		Inspection: []history.InspectionUse{history.InspectionOffered, history.InspectionNone, ""}[m.head.seq%3],
	}
	if m.IntN(7) == 0 {
		st.Mode = history.Remote
	}
	parts, err := sealPart(seal.Name, []byte(name))
	if err != nil {
		return "", err
	}
	if err := m.add(ctx, struct {
		header
		history.Started
		seals
	}{m.header(history.KindStarted), st, sealsOf(parts)}, parts); err != nil || m.head.seq == last {
		return "", err
	}
	if st.Mode == history.Remote {
		if err := m.add(ctx, struct {
			header
			history.Sending
		}{m.header(history.KindSending), history.Sending{Check: check, Session: session, Host: "api.example.com"}},
			nil); err != nil || m.head.seq == last {
			return "", err
		}
	}
	f := m.end(st, code)
	if f.Outcome == history.Interrupted {
		if st.Mode == history.Remote {
			f.Outcome = history.Unknown
		}
		return f.Outcome, m.add(ctx, struct {
			header
			interrupted
		}{m.header(history.KindInterrupted), interrupted{check, session, who.Instance, f.Outcome}}, nil)
	}
	if parts, err = sealPart(seal.Answer, f.Raw); err != nil {
		return "", err
	}
	if err := m.add(ctx, struct {
		header
		history.Finished
		seals
	}{m.header(history.KindFinished), f, sealsOf(parts)}, parts); err != nil || m.head.seq == last {
		return f.Outcome, err
	}
	unmatched := f.Outcome == history.NotCompared || f.Outcome == history.CouldNotRun
	if m.story && unmatched && m.IntN(6) == 0 {
		d := history.Decision{Check: check, Session: session, Actor: who, Choice: history.Identify, Reason: "known_person",
			Second: "operator 13", Verified: true, Note: "A customer for years."}
		if parts, err = sealPart(seal.Note, []byte(d.Note)); err != nil {
			return "", err
		}
		return f.Outcome, m.add(ctx, struct {
			header
			history.Decision
			seals
		}{m.header(history.KindDecided), d, sealsOf(parts)}, parts)
	}
	overrides := history.Outcome("")
	if f.Outcome != history.Refer {
		if f.Outcome != history.Fail || m.IntN(40) > 0 && !(m.story && who.Desk == overridingDesk && m.IntN(10) < 7) {
			return f.Outcome, nil
		}
		overrides = f.Outcome
	} else if m.IntN(20) == 0 {
		return f.Outcome, nil // no decision
	}
	d := history.Decision{Check: check, Session: session, Actor: who, Choice: history.Approve, Reason: "same_person_seen",
		Overrides: overrides}
	if m.IntN(3) == 0 {
		d.Choice, d.Reason, d.Note = history.Reject, "other_person", "Looks like a brother."
	}
	if parts, err = sealPart(seal.Note, []byte(d.Note)); err != nil {
		return "", err
	}
	return f.Outcome, m.add(ctx, struct {
		header
		history.Decision
		seals
	}{m.header(history.KindDecided), d, sealsOf(parts)}, parts)
}

// end makes up how a check ends.
func (m *maker) end(st history.Started, code int) (f history.Finished) {
	f = history.Finished{Check: st.Check, Session: st.Session, Took: time.Duration(2000+m.IntN(3000)) * time.Millisecond,
		Description: st.Description}
	defer m.measure(st, &f)
	switch n := m.IntN(1000); {
	case code != 0 || n < 40:
		if code == 0 {
			code = 1 + m.pick(5)
		}
		f.Outcome, f.Code, f.AnchorCode = history.NotCompared, &code, &code
	case n < 60:
		f.Outcome, f.Problem = history.CouldNotRun, "document.unreadable"
	case n < 75:
		f.Outcome = history.Cancelled
	case n < 85:
		f.Outcome = history.Interrupted
	default:
		score := int64(max(0, min(10_000, 8800-20*m.dim(st.Desk)+m.NormFloat64()*700)))
		f.Outcome, f.Status = history.Pass, matcher.Pass
		switch {
		case n < 120:
			score = int64(1000 + m.IntN(4900))
			f.Outcome, f.Status = history.Fail, matcher.Fail
		case score < 8000:
			f.Outcome, f.Status = history.Refer, matcher.Refer
		}
		result := score >= 7000
		f.Code, f.AnchorCode, f.TargetCode, f.Result, f.Score = &code, &code, &code, &result, &score
		f.Percentages = slices.Repeat([]int64{score}, 8)
		f.Raw = fmt.Appendf(nil, `{"data":{"code":0,"score":%d.%02d,"percentages":[]},"name":%q}`, score/100,
			score%100, st.Name)
	}
	if st.Mode == history.Remote {
		f.Remote = &matcher.Exchange{Host: "api.example.com", Reached: true, Answered: true, Status: 200,
			RequestID: m.of("req")}
	}
	return f
}

// measure makes up the quality of the pictures of a check that saw faces.
func (m *maker) measure(st history.Started, f *history.Finished) {
	if f.Code == nil {
		return
	}
	about := func(mean float64) *history.Measures {
		total := int64(max(0, min(100, mean+m.NormFloat64()*5)))
		return &history.Measures{Eyes: 90, Size: 90, Sharpness: 80, Exposure: total, Contrast: total, Pose: 95, Tilt: 95,
			Total: total}
	}
	dim := m.dim(st.Desk)
	f.Quality = &history.Quality{Document: about(78), Camera: about(82 - dim)}
	if m.IntN(100) < 2+int(dim/3) {
		f.Quality.CaptureWarning = "coach.dark"
	}
}

// The story of a made-up year: a desk whose people approve most fails, and a desk whose
// camera went dim.
const (
	overridingDesk = "Desk 2"
	dimDesk        = "Desk 3"
)

// dim is by how much a desk's pictures are worse now than they were.
func (m *maker) dim(desk string) float64 {
	since := m.at.Sub(time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)).Hours() / 24
	if !m.story || desk != dimDesk || since < 0 {
		return 0
	}
	return min(25, since)
}

package app

import (
	"testing"

	"facematch/app/history"
)

func TestHolds(t *testing.T) {
	d, m, _ := staffed(t)
	as(t, d, "Ada")
	session := NewSession()
	wantKey(t, d.Hold(t.Context(), "sess_1", true, "case 7"), "check.session")
	wantKey(t, d.Hold(t.Context(), session, true, " \n"), "hold.why")
	wantKey(t, d.Hold(t.Context(), session, true, "a\x1b[31m"), "decide.note_odd")
	must(t, d.Hold(t.Context(), session, true, " case 7 "))
	if got := m.OnHold; len(got) != 1 || !got[0].Held || got[0].Note != "case 7" || got[0].Operator != "Ada" ||
		got[0].Session != session {
		t.Errorf("%+v", got)
	}
	if holds, err := d.Holds(t.Context()); err != nil || len(holds) != 1 {
		t.Errorf("%+v, %v", holds, err)
	}
	as(t, d, "Ben")
	wantKey(t, d.Hold(t.Context(), session, false, "over"), "operators.may_not")
}

// All sessions of a person are found by the whole name or reference, not by its beginning,
// each once and with all its attempts.
func TestSubject(t *testing.T) {
	one, two, three := NewSession(), NewSession(), NewSession()
	check := func(seq int64, session, name, reference string) history.Detail {
		return history.Detail{
			Row:       history.Row{Seq: seq, Check: "chk_" + session[5:9] + name, Session: session, Name: name},
			Reference: reference,
		}
	}
	d, m, _ := staffed(t)
	m.Details = []history.Detail{
		check(1, two, "Ada Lovelace", "2026/17"), check(3, one, "ada  LOVELACE", ""),
		check(5, three, "Ada Lovelace-King", "2026/170"),
	}
	as(t, d, "Ben")
	_, err := d.Subject(t.Context(), SubjectInput{Name: "Ada"})
	wantKey(t, err, "operators.may_not")
	as(t, d, "Dora")
	for key, in := range map[string]SubjectInput{
		"subject.whom": {Name: " "}, "check.session": {Sessions: []string{"sess_1"}}, "subject.nobody": {Name: "Ada"},
	} {
		_, err := d.Subject(t.Context(), in)
		wantKey(t, err, key)
	}
	for name, c := range map[string]struct {
		in   SubjectInput
		want []string
	}{
		"name":      {SubjectInput{Name: "Ada Lovelace"}, []string{two, one}},
		"reference": {SubjectInput{Reference: "2026-17"}, []string{two}},
		"both": {SubjectInput{Name: "ada lovelace", Reference: "2026/17", Sessions: []string{three}},
			[]string{two, one, three}},
		"a session":     {SubjectInput{Sessions: []string{three, three}}, []string{three}},
		"a namesake no": {SubjectInput{Name: "Ada Lovelace-King"}, []string{three}},
	} {
		visits, err := d.Subject(t.Context(), c.in)
		must(t, err)
		var got []string
		for _, v := range visits {
			got = append(got, v.Session)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
}

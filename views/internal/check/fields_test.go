package check

import (
	"context"
	"strings"
	"testing"

	"facematch/app"
	"facematch/app/history"
	"facematch/matcher"
	"facematch/views/internal/document"
	"facematch/views/internal/kit"
	"facematch/views/internal/kit/kittest"
)

// printed is a zone and what it means on some day.
type printed struct {
	zone    app.Zone
	reading history.Reading
}

func (p printed) read(context.Context, app.Blob, app.Portrait) (app.Zone, history.Reading, error) {
	return p.zone, p.reading, nil
}

// zoneOf has proven dates.
func zoneOf(surname, given, birth, expiry string, expired, minor bool) printed {
	proven := func(value string) matcher.ZoneField { return matcher.ZoneField{Value: value, Proven: true} }
	z := app.Zone{
		Kind: "TD3", DigitsHold: true,
		Surname: matcher.ZoneField{Value: surname}, GivenNames: matcher.ZoneField{Value: given},
		Nationality: matcher.ZoneField{Value: "UTO"}, Number: proven("L898902C3"),
		Birth: matcher.ZoneDate{ZoneField: proven(birth)}, Expiry: matcher.ZoneDate{ZoneField: proven(expiry)},
	}
	return printed{z, history.Reading{
		MRZ:    history.MRZ{Type: "TD3", DigitsHold: true, Expired: &expired},
		Fields: history.Fields{Name: given + " " + surname, Birth: birth, Nationality: "UTO", Number: "L898902C3"},
		Minor:  minor,
	}}
}

// withZone opens the screen with a document that says this.
func withZone(t *testing.T, p printed) *shownScreen {
	t.Helper()
	desk := newFakeDesk()
	desk.OnRead = p.read
	w := open(t, desk)
	ready(t, w)
	w.Until(t, "what the document says", func() bool { return w.check.Document.Reading() != nil })
	return w
}

// What was read stands beside the portrait: the name goes into the form, each field is
// marked, and a check is given all of it as the clerk left it.
func TestWhatWasReadGoesIntoTheForm(t *testing.T) {
	w := withZone(t, zoneOf("ERIKSSON", "ANNA MARIA", "1974-08-12", "2030-04-15", false, false))
	s := w.check
	text := w.Text()
	for _, want := range []string{"ANNA MARIA ERIKSSON", "1974-08-12", "UTO", "L898902C3", "2030-04-15",
		w.Words.T("fields.title")} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing: %q", want, text)
		}
	}
	if proven, compare := strings.Count(text, "proven"), strings.Count(text, "please compare"); proven != 3 ||
		compare != 2 {
		t.Errorf("%d fields are proven and %d to be compared: %q", proven, compare, text)
	}
	if s.name.Text != "ANNA MARIA ERIKSSON" || s.minor.Checked || strings.Contains(text, "expired") {
		t.Errorf("the name is %q: %q", s.name.Text, text)
	}

	number := kittest.All[*kit.Entry](s.Document.Content())[2]
	if number.Text != "L898902C3" {
		t.Fatalf("the third field is %q", number.Text)
	}
	number.SetText(" L898902CB ")
	if text = w.Text(); !strings.Contains(text, w.Words.T("fields.changed")) || strings.Count(text, "proven") != 2 {
		t.Errorf("after a change: %q", text)
	}
	var given app.CheckInput
	w.desk.OnCheck = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return kittest.Compared(history.Pass, 90), nil
	}
	s.Begin()
	w.Until(t, "the result", func() bool { return s.result != nil })
	want := history.Fields{Name: "ANNA MARIA ERIKSSON", Birth: "1974-08-12", Nationality: "UTO", Number: "L898902CB"}
	if r := given.Reading; r == nil || r.Fields != want || !r.MRZ.Edited || !r.MRZ.DigitsHold || *r.MRZ.Expired {
		t.Errorf("the check was given %+v", r)
	}
	s.Reset()
	if text = w.Text(); s.name.Text != "" || strings.Contains(text, "1974") || s.Document.Reading() != nil {
		t.Errorf("the last person stays: %q, %q", s.name.Text, text)
	}
}

// A name that was typed stays, and the difference is said.
func TestATypedNameStays(t *testing.T) {
	w := withZone(t, zoneOf("MUELLER", "JOSE", "1974-08-12", "2030-04-15", false, false))
	s := w.check
	said := func() bool { return strings.Contains(w.Text(), w.Words.T("fields.differs", "Name", "JOSE MUELLER")) }
	if said() {
		t.Error("a name differs from itself")
	}
	s.name.SetText("José Möller")
	if !said() {
		t.Errorf("the difference is not said: %q", w.Text())
	}
	s.name.SetText("Müller José")
	if said() {
		t.Errorf("the same name in other letters differs: %q", w.Text())
	}
	s.name.SetText("Ada Lovelace")
	s.Document.Open([]document.Item{document.File("another.jpg")})
	w.Until(t, "the other document", func() bool { return w.chosen() == "another.jpg" && s.Document.Reading() != nil })
	if s.name.Text != "Ada Lovelace" || !said() {
		t.Errorf("the typed name became %q", s.name.Text)
	}
	s.name.SetText("")
	s.Document.Open([]document.Item{document.File("third.jpg")})
	w.Until(t, "the third document", func() bool { return s.name.Text == "JOSE MUELLER" })
	w.desk.OnRead = printed{}.read
	s.Document.Open([]document.Item{document.File("fifth.jpg")})
	w.Until(t, "a document without a zone", func() bool { return s.name.Text == "" })
}

// A document that has expired is said to be, and a person who is under 18 by it is ticked
// as such; another document takes the tick back, but none that the clerk made.
func TestExpiredAndUnder18AreSaid(t *testing.T) {
	w := withZone(t, zoneOf("ERIKSSON", "ANNA", "2015-01-02", "2020-04-15", true, true))
	s := w.check
	for _, want := range []string{w.Words.T("fields.expired", "Day", "2020-04-15"),
		w.Words.T("fields.minor", "Day", "2015-01-02")} {
		if !strings.Contains(w.Text(), want) {
			t.Errorf("%q is missing: %q", want, w.Text())
		}
	}
	if !s.minor.Checked || s.reading().Minor {
		t.Errorf("the box is %v, and the check is told %v besides", s.minor.Checked, s.reading().Minor)
	}
	either := zoneOf("ERIKSSON", "ANNA", "2025-01-02", "2030-04-15", false, false)
	either.zone.Birth.Either = true
	w.desk.OnRead = either.read
	s.Document.Open([]document.Item{document.File("another.jpg")})
	w.Until(t, "the other document", func() bool { return w.chosen() == "another.jpg" && s.Document.Reading() != nil })
	if text := w.Text(); s.minor.Checked ||
		!strings.Contains(text, w.Words.T("fields.either", "Year", 2025, "Earlier", 1925)) ||
		strings.Contains(text, "expired") || strings.Count(text, "proven") != 2 {
		t.Errorf("a year of two centuries: the box is %v, %q", s.minor.Checked, text)
	}
	s.minor.SetChecked(true)
	s.Document.Open([]document.Item{document.File("third.jpg")})
	w.Until(t, "the third document", func() bool { return w.chosen() == "third.jpg" && s.Document.Reading() != nil })
	if !s.minor.Checked {
		t.Error("the clerk's tick is gone")
	}

	// Where the settings do not refer minors, the form has no box, but the record holds the age.
	w.desk.OnRead = zoneOf("ERIKSSON", "ANNA", "2015-01-02", "2030-04-15", false, true).read
	w.desk.Now.Matching.ReferMinors = false
	s.Document.Open([]document.Item{document.File("fourth.jpg")})
	w.Until(t, "the fourth document", func() bool { return w.chosen() == "fourth.jpg" && s.Document.Reading() != nil })
	if !s.reading().Minor {
		t.Error("the record is not told")
	}
}

// What is read of a document that is no longer shown comes too late, and nothing waits for
// what is read: a check begins without it.
func TestALateReadingIsDropped(t *testing.T) {
	desk := newFakeDesk()
	slow := make(chan struct{})
	old := zoneOf("ERIKSSON", "ANNA", "2015-01-02", "2020-04-15", true, true)
	desk.OnRead = func(ctx context.Context, b app.Blob, p app.Portrait) (app.Zone, history.Reading, error) {
		if b.Name == "document.jpg" {
			<-slow
			return old.read(ctx, b, p)
		}
		return printed{}.read(ctx, b, p)
	}
	var given app.CheckInput
	desk.OnCheck = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return kittest.Compared(history.Pass, 90), nil
	}
	w := open(t, desk)
	ready(t, w)
	s := w.check
	s.Begin()
	w.Until(t, "the result", func() bool { return s.result != nil })
	if given.Reading != nil {
		t.Errorf("the check was given %+v", given.Reading)
	}
	s.again()
	s.Document.Open([]document.Item{document.File("another.jpg")})
	w.Until(t, "the other document", func() bool { return w.chosen() == "another.jpg" && s.Document.Reading() != nil })
	close(slow)
	w.Work.Do(func() {})
	if text := w.Text(); s.name.Text != "" || s.minor.Checked || strings.Contains(text, "ERIKSSON") {
		t.Errorf("the old document's fields are shown: %q", text)
	}
}

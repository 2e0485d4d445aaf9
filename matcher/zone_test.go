package matcher

import (
	"testing"
	"time"
)

func TestZoneDates(t *testing.T) {
	today := time.Date(2026, 11, 29, 23, 0, 0, 0, time.FixedZone("", 3600))
	for _, c := range []struct {
		expiry  string
		proven  bool
		expired bool
	}{
		{"2026-11-28", true, true},
		{"2026-11-28", false, false},
		{"2026-11-29", true, false},
		{"2026-11", true, false},
		{"", true, false},
	} {
		z := Zone{Expiry: ZoneDate{ZoneField: ZoneField{Value: c.expiry, Proven: c.proven}}}
		if got := z.ExpiredBefore(today); got != c.expired {
			t.Errorf("%+v: expired is %v", c, got)
		}
	}
	for _, c := range []struct {
		birth  string
		proven bool
		either bool
		minor  bool
	}{
		{"2008-11-30", true, false, true},
		{"2008-11-29", true, false, false},
		{"2008-11-30", false, false, false},
		{"2008-11-30", true, true, false},
		{"2015", true, false, false},
	} {
		z := Zone{Birth: ZoneDate{ZoneField: ZoneField{Value: c.birth, Proven: c.proven}, Either: c.either}}
		if got := z.Younger(18, today); got != c.minor {
			t.Errorf("%+v: under 18 is %v", c, got)
		}
	}
}

func TestZoneNames(t *testing.T) {
	for _, c := range []struct {
		surname, given, typed string
		same                  bool
	}{
		{"ERIKSSON", "ANNA MARIA", "Anna Maria Eriksson", true},
		{"ERIKSSON", "ANNA MARIA", "Eriksson Anna", false},
		{"MUELLER", "JUERGEN", "Jürgen Müller", true},
		{"MULLER", "JURGEN", "Jürgen Müller", true},
		{"MULLER", "JURGEN", "Jürgen Möller", false},
		{"MUELLER", "JURGEN", "Ju\u0308rgen MU\u0308LLER", true},
		{"SMITH JONES", "MARY ANN", "Mary-Ann Smith Jones", true},
		{"OCONNOR", "SEAN", "Seán O'Connor", true},
		{"WEISS", "OEYVIND", "Øyvind Weiß", true},
		{"PENXXA", "JOSE", "José Peña", true},
		{"MAY", "THERESA", "Theresa Ray", false},
		{"IVANOV", "IVAN", "Иван Иванов", false},
		{"", "", "", false},
		{"A A", "B", "A B B", false},
	} {
		z := Zone{Surname: ZoneField{Value: c.surname}, GivenNames: ZoneField{Value: c.given}}
		if got := z.Names(c.typed); got != c.same {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

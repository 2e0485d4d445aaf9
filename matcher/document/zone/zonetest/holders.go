// Package zonetest renders documents with machine-readable zones for tests: made-up holders
// on patterned paper, seen by bad cameras and scanners. All of it follows from a seed.
// It shares nothing with the renderer the network was trained by but the typeface.
package zonetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"facematch/matcher/document/mrz"
)

// Kinds are the shapes of zones that are rendered.
var Kinds = []string{"TD3", "TD1", "TD2", "MRV-A", "MRV-B"}

var (
	surnames = strings.Fields("ADEYEMI BAUMGARTNER CHEN DUBOIS ECKHOLM FERNANDEZ GRUENWALD HAJDU IVANOVA JANSEN " +
		"KOWALCZYK LOPEZ MUELLER NGUYEN OKAFOR " +
		"PETROV QUISPE ROSSI SMITH TANAKA UZUN VARGA WOJCIK XU YILMAZ ZHANG KK LILLY SOZA")
	given = strings.Fields("AMINA BORIS CLARA DMITRI ELENA FRANZ GUL HUGO INES JULIA KEIKO LUCAS MARIA " +
		"NOOR OLGA PAUL QUENTIN ROSA SAMUEL TOMAS UMA VIKTOR WANDA XIMENA YUSUF ZOE K L")
	states = strings.Fields("UTO D<< FRA POL HUN CHE USA GBR CAN AUS LTU ESP ITA NLD SWE " +
		"FIN CZE HRV SVN TUR JPN KOR NGA KEN BRA MEX IND VNM UKR")
)

// Twins are the characters that a check digit takes for one another, in pairs.
const Twins = "0U1L5Z6G8S"

// Zone makes the lines of a made-up holder's zone of one kind.
func Zone(r *rand.Rand, kind string) []string {
	return zoneOf(r, kind, func() string {
		if r.IntN(2) == 0 {
			return mrz.Alphabet[:10]
		}
		return mrz.Alphabet[:36]
	})
}

// ZoneOfTwins is a zone whose number and optional field are made of Twins.
func ZoneOfTwins(r *rand.Rand, kind string) []string {
	return zoneOf(r, kind, func() string { return Twins })
}

// zoneOf makes a zone; its number and optional field are each of an alphabet.
func zoneOf(r *rand.Rand, kind string, alphabet func() string) []string {
	pick := func(of []string) string { return of[r.IntN(len(of))] }
	name := pick(surnames)
	if r.IntN(4) == 0 {
		name += "<" + pick(surnames)
	}
	name += "<<" + pick(given)
	for r.IntN(2) == 0 {
		name += "<" + pick(given)
	}
	fill := func(s string, length int) string { return (s + strings.Repeat("<", length))[:length] }
	date := func(from, years int) string {
		return fmt.Sprintf("%02d%02d%02d", (from+r.IntN(years))%100, 1+r.IntN(12), 1+r.IntN(28))
	}
	some := func(length int) string {
		of := alphabet()
		var b strings.Builder
		for range length {
			b.WriteByte(of[r.IntN(len(of))])
		}
		return b.String()
	}
	checked := func(s string) string { return s + string(mrz.Digit(s)) }
	issuer, nationality := pick(states), pick(states)
	number := checked(fill(some(7+r.IntN(3)), 9))
	birth, expiry := checked(date(1935, 85)), checked(date(2010, 30))
	sex := string("MF<"[r.IntN(3)])
	optional := ""
	if r.IntN(2) == 0 {
		optional = some(5 + r.IntN(6))
	}
	switch kind {
	case "TD1":
		upper := fill("I"+string("D<"[r.IntN(2)])+issuer+number+optional, 30)
		lower := fill(birth+sex+expiry+nationality, 29)
		return []string{upper, lower + string(mrz.Digit(upper[5:30]+lower[:7]+lower[8:15]+lower[18:])), fill(name, 30)}
	case "TD2":
		lower := fill(number+nationality+birth+sex+expiry+optional, 35)
		return []string{fill("I<"+issuer+name, 36), lower + string(mrz.Digit(lower[:10]+lower[13:20]+lower[21:]))}
	case "MRV-A":
		return []string{fill("V<"+issuer+name, 44), fill(number+nationality+birth+sex+expiry+optional, 44)}
	case "MRV-B":
		return []string{fill("V<"+issuer+name, 36), fill(number+nationality+birth+sex+expiry, 36)}
	}
	lower := number + nationality + birth + sex + expiry + checked(fill(optional, 14))
	return []string{fill("P<"+issuer+name, 44), lower + string(mrz.Digit(lower[:10]+lower[13:20]+lower[21:]))}
}

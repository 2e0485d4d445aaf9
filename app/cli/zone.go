package cli

import (
	"fmt"
	"time"

	"facematch/matcher"
)

// zone is the part "mrz" of what `document --format json` prints.
type zone struct {
	Type       string `json:"type"`
	DigitsHold bool   `json:"digits_hold"`
	Corrected  bool   `json:"corrected"`
	// degrees clockwise by which the upright page must be turned for the zone to be upright
	Turn   int        `json:"turn"`
	Lines  []string   `json:"lines"`
	Fields zoneFields `json:"fields"`
}

type zoneFields struct {
	Code        zoneField `json:"document_code"`
	Issuer      zoneField `json:"issuer"`
	Surname     zoneField `json:"surname"`
	GivenNames  zoneField `json:"given_names"`
	Number      zoneField `json:"number"`
	Nationality zoneField `json:"nationality"`
	Birth       zoneField `json:"birth_date"`
	Sex         zoneField `json:"sex"`
	Expiry      zoneField `json:"expiry_date"`
	Optional    zoneField `json:"optional"`
}

type zoneField struct {
	Value     string `json:"value"`
	Proven    bool   `json:"proven"`
	Corrected bool   `json:"corrected,omitempty"`
	Either    bool   `json:"either_century,omitempty"`
}

func zoneOf(z matcher.Zone) *zone {
	field := func(f matcher.ZoneField) zoneField {
		return zoneField{Value: f.Value, Proven: f.Proven, Corrected: f.Corrected}
	}
	date := func(d matcher.ZoneDate) zoneField {
		f := field(d.ZoneField)
		f.Either = d.Either
		return f
	}
	return &zone{
		Type: z.Kind, DigitsHold: z.DigitsHold, Corrected: z.Corrected, Turn: z.Turn, Lines: z.Lines,
		Fields: zoneFields{
			Code: field(z.Code), Issuer: field(z.Issuer), Surname: field(z.Surname), GivenNames: field(z.GivenNames),
			Number: field(z.Number), Nationality: field(z.Nationality), Birth: date(z.Birth), Sex: field(z.Sex),
			Expiry: date(z.Expiry), Optional: field(z.Optional),
		},
	}
}

// tellZone prints the fields that were read, and of each whether it is proven.
func (c *commands) tellZone(z matcher.Zone) {
	key := "cli.zone.fails"
	if z.DigitsHold {
		key = "cli.zone.holds"
	}
	fmt.Fprintln(c.out, c.Words.T(key, "Kind", z.Kind))
	f := zoneOf(z).Fields
	for _, line := range []struct {
		name string
		zoneField
	}{
		{c.Words.T("zone.surname"), f.Surname}, {c.Words.T("zone.given_names"), f.GivenNames},
		{c.Words.T("zone.number"), f.Number}, {c.Words.T("zone.birth"), f.Birth}, {c.Words.T("zone.sex"), f.Sex},
		{c.Words.T("zone.nationality"), f.Nationality}, {c.Words.T("zone.issuer"), f.Issuer},
		{c.Words.T("zone.expiry"), f.Expiry}, {c.Words.T("zone.optional"), f.Optional},
	} {
		if line.Value == "" {
			continue
		}
		key := "cli.zone.compare"
		switch {
		case line.Proven && line.Either:
			key = "cli.zone.proven_either"
		case line.Proven:
			key = "cli.zone.proven"
		case line.Corrected:
			key = "cli.zone.corrected"
		}
		fmt.Fprintln(c.out, "  "+c.Words.T(key, "Field", line.name, "Value", line.Value, "Earlier", earlier(line.Value)))
	}
}

// earlier is the year a hundred years before a day.
func earlier(day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return at.AddDate(-100, 0, 0).Format("2006")
}

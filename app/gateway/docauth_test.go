package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"facematch/app"
	"facematch/app/apptest"
	"facematch/matcher"
)

// printed is a zone as it is read, with its dates proven.
func printed(expiry string) *matcher.Zone {
	field := func(value string) matcher.ZoneField { return matcher.ZoneField{Value: value, Proven: true} }
	return &matcher.Zone{
		Kind: "TD3", DigitsHold: true, Lines: []string{"P<UTO", "L898902C3"},
		Code: matcher.ZoneField{Value: "P"}, Issuer: matcher.ZoneField{Value: "UTO"},
		Nationality: matcher.ZoneField{Value: "UTO"},
		Surname:     matcher.ZoneField{Value: "MUELLER"}, GivenNames: matcher.ZoneField{Value: "JOSE"},
		Sex:    matcher.ZoneField{Value: "F"},
		Number: field("L898902C3"), Birth: matcher.ZoneDate{ZoneField: field("1974-08-12")},
		Expiry: matcher.ZoneDate{ZoneField: field(expiry)},
	}
}

func (s *served) document(pieces []piece, header ...string) answered {
	s.t.Helper()
	body, contentType := form(pieces...)
	return s.do(http.MethodPost, "/api-gateway/docauth/check", body,
		append([]string{"Content-Type", contentType}, header...)...)
}

var page = []piece{{"document", "card.jpg", "image/jpeg", aJPEG}}

// What was read has the names the vendor's client reads, what was not is left out, and no
// document passes. The call is recorded without anything of what the document says.
func TestDocumentsAreRead(t *testing.T) {
	session := app.NewSession()
	partly := printed("2040-01")
	partly.Number, partly.Nationality, partly.Sex, partly.Code, partly.DigitsHold = matcher.ZoneField{},
		matcher.ZoneField{}, matcher.ZoneField{}, matcher.ZoneField{Value: "R"}, false
	for name, c := range map[string]struct {
		zone      *matcher.Zone
		name      string
		data      string // without the portrait
		result    string
		recorded  string
		unmatched bool
	}{
		"all of it": {
			printed("2040-01-31"), "José Müller",
			`{"document_type":"Passport","country_code":"UTO","nationality_code":"UTO","sex":"FEMALE","first_name":"JOSE","last_name":"MUELLER",` +
				`"expiry_date":"2040-01-31","document_number":"L898902C3","birth_date":"1974-08-12",` +
				`"mrz_validation":{"has_mrz":true,"raw_mrz":"P<UTO\nL898902C3","check_digits_valid":true,"validation_performed":true}}`,
			"refer", `{"type":"TD3","digits_hold":true,"expired":false}`, false,
		},
		"another name": {
			printed("2040-01-31"), "Ada Lovelace", "", "refer", `{"type":"TD3","digits_hold":true,"expired":false}`, true,
		},
		"expired": {printed("2012-01-31"), "", "", "fail", `{"type":"TD3","digits_hold":true,"expired":true}`, false},
		"a part of it": {
			partly, "",
			`{"country_code":"UTO","first_name":"JOSE","last_name":"MUELLER","birth_date":"1974-08-12",` +
				`"mrz_validation":{"has_mrz":true,"raw_mrz":"P<UTO\nL898902C3","check_digits_valid":false,"validation_performed":true}}`,
			"refer", `{"type":"TD3","digits_hold":false,"expired":false}`, false,
		},
		"no zone": {
			nil, "José Müller",
			`{"mrz_validation":{"has_mrz":false,"check_digits_valid":false,"validation_performed":true},"errors":["no machine-readable zone was found"]}`,
			"refer", `null`, false,
		},
	} {
		s := serve(t, &fake{zones: apptest.Zones{Found: c.zone}}, 1)
		a := s.document(page, "X-User-Fullname", c.name, "X-Session-ID", session, "X-Inhouse-MRZ", "true")
		var got struct {
			Data    map[string]any
			Result  string `json:"scoring_result"`
			Message string
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 || got.Result != c.result ||
			got.Message == "" {
			t.Fatalf("%s: %d %s", name, a.status, a.body)
		}
		if photo, _ := got.Data["portrait_photo"].(string); !strings.HasPrefix(photo, "/9j/") { // JPEG, in base64
			t.Errorf("%s: the portrait is %q", name, photo)
		}
		delete(got.Data, "portrait_photo")
		var want map[string]any
		if c.data != "" {
			if err := json.Unmarshal([]byte(c.data), &want); err != nil {
				t.Fatal(err)
			}
			if said, asked := string(asJSON(got.Data)), string(asJSON(want)); said != asked {
				t.Errorf("%s: got %s", name, said)
			}
		}
		if strings.Contains(a.body, `"discrepancies"`) != c.unmatched {
			t.Errorf("%s: got %s", name, a.body)
		}
		if len(s.Documents) != 1 || len(s.Started) != 0 {
			t.Fatalf("%s: %d documents and %d checks are recorded", name, len(s.Documents), len(s.Started))
		}
		r := s.Documents[0]
		if string(asJSON(r.MRZ)) != c.recorded+"\n" || r.Desk != "Counter 1" || r.Session != session ||
			r.Result != c.result ||
			a.header.Get("X-Request-Id") != r.ID || !strings.HasPrefix(r.ID, "doc_") {
			t.Errorf("%s: recorded is %s", name, asJSON(r))
		}
		for _, personal := range []string{"MUELLER", "L898902C3", "1974", "Lovelace"} {
			if strings.Contains(string(asJSON(r)), personal) || strings.Contains(s.log.String(), personal) {
				t.Errorf("%s: %s stands in the record or the log", name, personal)
			}
		}
	}
}

// A file that is not a document is refused, and nothing of it is recorded.
func TestDocumentsThatAreRefused(t *testing.T) {
	s := serve(t, &fake{}, 1)
	impatient(s)
	for name, c := range map[string]struct {
		pieces []piece
		header []string
		status int
		text   string
	}{
		"no document": {both, nil, 400, "the part document is missing"},
		"a PDF": {[]piece{{"document", "a.pdf", "application/pdf", "%PDF-1.7 "}}, nil, 400,
			"the image is neither JPEG nor PNG"},
		"over 50 MB": {[]piece{{"document", "", "", strings.Repeat("j", maxPart+1)}}, nil, 413,
			"the part document is larger than 50 MB"},
		"session of no form": {page, []string{"X-Session-ID", "sess_1"}, 400,
			"X-Session-ID is not of the form sess_<uuid>"},
		"name with line break": {page, []string{"X-User-Fullname", "a\u0085b"}, 400,
			"X-User-Fullname is no name: letters in UTF-8 or Latin-1, no control characters, at most 200"},
	} {
		if a := s.document(c.pieces, c.header...); a.status != c.status || a.error() != c.text {
			t.Errorf("%s: got %d %s", name, a.status, a.body)
		}
	}
	if len(s.Documents) != 0 {
		t.Errorf("recorded are %v", s.Documents)
	}
}

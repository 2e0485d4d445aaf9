package gateway

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"time"

	"facematch/app"
	"facematch/matcher"
)

// documentAnswer is the answer of docauth/check, with the names the vendor's SDK reads.
type documentAnswer struct {
	Data    documentData `json:"data"`
	Result  string       `json:"scoring_result"`
	Message string       `json:"message"`
}

// documentData is what stands on a document. What was not read is left out.
type documentData struct {
	Type        string `json:"document_type,omitempty"`
	Country     string `json:"country_code,omitempty"`
	Nationality string `json:"nationality_code,omitempty"`
	Sex         string `json:"sex,omitempty"`
	FirstName   string `json:"first_name,omitempty"`
	LastName    string `json:"last_name,omitempty"`
	Expiry      string `json:"expiry_date,omitempty"`
	Number      string `json:"document_number,omitempty"`
	Birth       string `json:"birth_date,omitempty"`
	Portrait    string `json:"portrait_photo,omitempty"` // JPEG, base64

	MRZ    mrzValidation `json:"mrz_validation"`
	Errors []string      `json:"errors,omitempty"`
}

// mrzValidation says how the machine-readable zone was read. Whether the printed fields
// match it (fields_match) is left out: nothing here reads those.
type mrzValidation struct {
	Has           bool     `json:"has_mrz"`
	Raw           string   `json:"raw_mrz,omitempty"`
	DigitsValid   bool     `json:"check_digits_valid"`
	Discrepancies []string `json:"discrepancies,omitempty"`
	Performed     bool     `json:"validation_performed"`
}

// documentMessage says what an answer is worth.
const documentMessage = "the document was read; whether it is genuine was not examined"

// documentTypes are the words for the first letter of a document's code.
var documentTypes = map[byte]string{
	'P': "Passport", 'V': "Visa", 'A': "National Identification Card", 'C': "National Identification Card",
	'I': "National Identification Card",
}

var sexes = map[string]string{"M": "MALE", "F": "FEMALE", "X": "X"}

// checkDocument reads a document: the portrait, and what the machine-readable zone says.
func (g *Gateway) checkDocument(q *request) (any, error) {
	in := app.ReadInput{Served: q.token.Name}
	var err error
	if in.Session, err = q.session(); err != nil {
		return nil, err
	}
	if in.Name, err = q.person(); err != nil {
		return nil, err
	}
	dir, leave, err := g.admit(q, in.Session)
	if err != nil {
		return nil, err
	}
	defer leave()
	document := &field{name: "document", max: maxPart}
	path, to := spill(dir, "document")
	document.open = to
	if err := g.read(q, document); err != nil {
		return nil, err
	}
	if !document.came {
		return nil, refuse(http.StatusBadRequest, "the part document is missing")
	}
	if err := still(path); err != nil {
		return nil, err
	}
	in.Document = app.OpenFile(path)

	waiting, cancel := context.WithCancel(q.Context())
	defer cancel()
	defer context.AfterFunc(g.stopping, cancel)()
	done, err := g.line.turn(waiting, q.token.SHA256)
	if err != nil {
		return nil, err
	}
	defer done()
	ctx, cancel := context.WithTimeoutCause(q.Context(), checkTime, errTooLong)
	defer cancel()
	read, err := g.p.Desk.ReadFor(ctx, in)
	q.check = read.ID
	if err != nil {
		if errors.Is(context.Cause(ctx), errTooLong) {
			err = errTooLong
		}
		return nil, err
	}
	return answerOf(read)
}

func answerOf(read app.ReadDocument) (documentAnswer, error) {
	answer := documentAnswer{Result: string(read.Result), Message: documentMessage}
	data := &answer.Data
	data.MRZ.Performed = true
	if read.Portrait.Code == matcher.CodeOK {
		var err error
		if data.Portrait, err = asBase64(read.Portrait.Image); err != nil {
			return answer, err
		}
	} else {
		data.Errors = append(data.Errors, "no usable portrait was found")
	}
	z := read.Zone
	if z == nil {
		data.Errors = append(data.Errors, "no machine-readable zone was found")
		return answer, nil
	}
	if code := z.Code.Value; code != "" {
		data.Type = documentTypes[code[0]]
	}
	data.Country, data.Nationality, data.Sex = z.Issuer.Value, z.Nationality.Value, sexes[z.Sex.Value]
	data.FirstName, data.LastName, data.Number = z.GivenNames.Value, z.Surname.Value, z.Number.Value
	data.Birth, data.Expiry = day(z.Birth), day(z.Expiry)
	data.MRZ.Has, data.MRZ.DigitsValid, data.MRZ.Raw = true, z.DigitsHold, strings.Join(z.Lines, "\n")
	if read.Differs {
		data.MRZ.Discrepancies = []string{headerName + " is not the name in the machine-readable zone"}
	}
	if read.Expired {
		data.Errors = append(data.Errors, "the document has expired")
	}
	return answer, nil
}

// day is a date where it is a whole one.
func day(d matcher.ZoneDate) string {
	if _, err := time.Parse(time.DateOnly, d.Value); err != nil {
		return ""
	}
	return d.Value
}

// portraitQuality is that of the JPEG of a portrait.
const portraitQuality = 90

func asBase64(picture image.Image) (string, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: portraitQuality}); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

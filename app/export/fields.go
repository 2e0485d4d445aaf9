package export

import "facematch/app/history"

// Fact is a line about a check: the key of what it is called, and its value.
type Fact struct{ Key, Value string }

// DocumentFacts are how the machine-readable zone of the document was read and, with
// names, what it says of its holder. sealed gives what stands in the place of that where
// it cannot be read.
func DocumentFacts(
	d history.Detail, names bool, words Words, sealed func(value string, sealed, erased bool) string,
) (facts []Fact) {
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, Fact{key, value})
		}
	}
	m := mrz(d)
	if m == nil {
		return nil
	}
	key := "report.zone_fails"
	switch {
	case m.DigitsHold && m.Corrected:
		key = "report.zone_corrected"
	case m.DigitsHold:
		key = "report.zone_holds"
	}
	add("report.zone", words.T(key, "Type", m.Type))
	if m.Expired != nil {
		add("report.validity", words.T("report.expired_"+yesNo(*m.Expired)))
	}
	if m.Edited {
		add("report.edited", words.T("report.edited_by_clerk"))
	}
	if !names {
		return facts
	}
	if d.FieldsSealed || d.FieldsErased {
		add("report.fields", sealed("", d.FieldsSealed, d.FieldsErased))
	}
	add("report.name_read", d.Fields.Name)
	add("report.birth", d.Fields.Birth)
	add("report.nationality", d.Fields.Nationality)
	add("report.document_number", d.Fields.Number)
	return facts
}

// mrz is how the document's zone was read; nil where none was.
func mrz(d history.Detail) *history.MRZ {
	if d.Finished == nil {
		return nil
	}
	return d.Finished.MRZ
}

// zoned takes a value from the document's zone. It is empty for a document without one.
func zoned(of func(history.MRZ) string) func(history.Detail) string {
	return func(d history.Detail) string {
		if m := mrz(d); m != nil {
			return of(*m)
		}
		return ""
	}
}

// Package unseal puts the opened parts of a check where its detail has them.
package unseal

import (
	"encoding/json"

	"facematch/app/history"
	"facematch/store/internal/seal"
)

// All opens all parts of a check that can be opened. Open gives a part of it, and note the
// note of one of its records; false where it is not there or does not open.
func All(d *history.Detail, open func(part string) ([]byte, bool), note func(seq int64) ([]byte, bool)) {
	if d.Sealed {
		if name, ok := open(seal.Name); ok {
			d.Name, d.Started.Name, d.Sealed = string(name), string(name), false
		}
	}
	if d.ReferenceSealed {
		if reference, ok := open(seal.Reference); ok {
			d.Reference, d.Started.Reference, d.ReferenceSealed = string(reference), string(reference), false
		}
	}
	if d.RawSealed {
		if raw, ok := open(seal.Answer); ok {
			d.Raw, d.Finished.Raw, d.RawSealed = raw, raw, false
		}
	}
	if d.FieldsSealed {
		if text, ok := open(seal.Fields); ok && json.Unmarshal(text, &d.Fields) == nil {
			number, _ := open(seal.Number)
			d.Fields.Number = string(number)
			d.Finished.Fields, d.FieldsSealed = &d.Fields, false
		}
	}
	if d.Finished != nil {
		d.Document, _ = open(seal.Document)
		d.Frame, _ = open(seal.Frame)
		d.Finished.Document, d.Finished.Frame = d.Document, d.Frame
	}
	for i := range d.Decisions {
		if m := &d.Decisions[i]; m.NoteSealed {
			if text, ok := note(m.Seq); ok {
				m.Note, m.NoteSealed = string(text), false
			}
		}
	}
	for i := range d.Inspected {
		if m := &d.Inspected[i]; m.NoteSealed {
			if text, ok := note(m.Seq); ok {
				m.Note, m.NoteSealed = string(text), false
			}
		}
	}
}

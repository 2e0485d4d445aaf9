package app

import (
	"context"

	"github.com/google/uuid"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/matcher"
)

// ReadInput is a document that is read for another program.
type ReadInput struct {
	Document matcher.Blob
	Session  string // sess_<uuid>; empty: none
	Name     string // that the program gave; it is only compared
	Served   string // the desk that asked
}

// ReadDocument is a document that was read for another program.
type ReadDocument struct {
	ID       string // doc_<uuid>, as in the history
	Portrait matcher.Portrait
	Zone     *matcher.Zone // nil: none was found
	Expired  bool          // by a proven date
	Differs  bool          // the name that was given cannot be the one in the zone
	Result   matcher.Status
}

// ReadFor reads a document for another program, and records that. The result is a refer at
// best, because nobody looked whether the document is genuine; it is a fail where the
// document has expired, or where nothing at all was found on it.
func (d *Desk) ReadFor(ctx context.Context, in ReadInput) (ReadDocument, error) {
	who, err := d.Enter(ctx, access.Check)
	if err != nil {
		return ReadDocument{}, err
	}
	read := ReadDocument{ID: "doc_" + uuid.NewString(), Result: matcher.Refer}
	if read.Portrait, err = d.Portrait(ctx, in.Document); err != nil {
		return ReadDocument{}, err
	}
	zone, reading, err := d.Read(ctx, in.Document, read.Portrait)
	if err != nil {
		return ReadDocument{}, err
	}
	who.Desk = in.Served
	record := history.DocumentRead{ID: read.ID, Session: in.Session, Actor: who, Portrait: read.Portrait.Code}
	if reading.MRZ.Type != "" {
		read.Zone, record.MRZ = &zone, &reading.MRZ
		read.Expired = reading.MRZ.Expired != nil && *reading.MRZ.Expired
		read.Differs = in.Name != "" && !zone.Names(in.Name)
	}
	if read.Expired || read.Zone == nil && read.Portrait.Code != matcher.CodeOK {
		read.Result = matcher.Fail
	}
	record.Result = string(read.Result)
	return read, d.p.History.DocumentRead(context.WithoutCancel(ctx), record)
}

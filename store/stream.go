package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"github.com/tidwall/gjson"

	"facematch/app/history"
	"facematch/store/internal/checks"
	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// stored is a record as it lies in the database, with what was computed of it.
type stored struct {
	seq                 int64
	prev, hash, payload []byte
	parts               []seal.Part

	columns    [3][]byte      // kind, check and session, as the table has them
	computed   digest         // the hash it should have
	summary    checks.Summary // what the payload says
	named      []string       // the sealed parts the payload names
	odd        bool           // a part is there that is not the one the payload names
	misfiled   bool           // a column is not what the payload says
	audit      string         // the SHA-256 of the auditors' key, where the payload names one
	recipients []string       // for whom that was encrypted
}

// examine computes what needs nothing but the record itself.
func (r *stored) examine() {
	r.computed = link(r.seq, r.prev, r.payload)
	r.summary = checks.Parse(r.seq, unsafe.String(unsafe.SliceData(r.payload), len(r.payload)))
	for i, text := range [...]string{string(r.summary.Kind), r.summary.Check, r.summary.Session} {
		r.misfiled = r.misfiled || string(r.columns[i]) != text
	}
	if r.summary.Kind == history.KindStarted {
		if r.audit = auditOf(r.payload); r.audit != "" {
			r.recipients = recipientsOf(r.payload)
		}
	}
	if r.summary.Sealed == "" && r.summary.Nonces == "" && len(r.parts) == 0 {
		return
	}
	sums, nonces := gjson.Parse(r.summary.Sealed), gjson.Parse(r.summary.Nonces)
	sums.ForEach(func(part, _ gjson.Result) bool {
		r.named = append(r.named, part.Str)
		return true
	})
	count := 0
	nonces.ForEach(func(part, _ gjson.Result) bool {
		count++
		r.odd = r.odd || !slices.Contains(r.named, part.Str)
		return true
	})
	r.odd = r.odd || count != len(r.named)
	var text [2 * sha256.Size]byte
	for _, p := range r.parts {
		sum := sha256.Sum256(p.Ciphertext)
		hex.Encode(text[:], sum[:])
		ok := slices.Contains(r.named, p.Name) && member(sums, p.Name) == string(text[:])
		n := hex.Encode(text[:], p.Nonce[:min(len(p.Nonce), sha256.Size)])
		r.odd = r.odd || !ok || member(nonces, p.Name) != string(text[:n])
	}
}

// has reports whether a sealed part is there.
func (r *stored) has(part string) bool {
	return slices.ContainsFunc(r.parts, func(p seal.Part) bool { return p.Name == part })
}

// member gives a text of an object by its exact name.
func member(object gjson.Result, name string) (text string) {
	object.ForEach(func(key, value gjson.Result) bool {
		text = value.Str
		return key.Str != name
	})
	return text
}

// batch is some records that one goroutine examines. Its memory is used again
// and again.
type batch struct {
	records []stored
	room    []byte        // of their bytes
	ready   chan struct{} // takes a token when they are examined
}

// keep copies bytes into the batch's own memory.
func (b *batch) keep(bytes []byte) []byte {
	from := len(b.room)
	b.room = append(b.room, bytes...)
	return b.room[from:len(b.room):len(b.room)]
}

// eachStored hands over the records in their order, examined, one at a time,
// until none is left or see returns false. Reading takes about as long as
// computing, so they are done at once; see is called by this goroutine alone
// and must not use q. A record is valid only until see returns true.
func eachStored(ctx context.Context, q sqlite.Querier, see func(*stored) bool) error {
	rows, err := q.QueryContext(ctx, `
		SELECT seq, prev, hash, payload, kind, "check", session FROM record ORDER BY seq`)
	if err != nil {
		return err
	}
	parts, err := q.QueryContext(ctx, `SELECT record, part, nonce, ciphertext FROM sealed ORDER BY record, part`)
	if err != nil {
		return errors.Join(err, rows.Close())
	}
	workers := runtime.GOMAXPROCS(0)
	inOrder, work := make(chan *batch, 2*workers), make(chan *batch, 2*workers)
	free := make(chan *batch, 4*workers)
	stop := make(chan struct{})
	var running sync.WaitGroup
	defer running.Wait()
	defer close(stop)

	var readErr error // read only after inOrder is closed
	running.Go(func() {
		defer close(inOrder)
		defer close(work)
		defer rows.Close()
		defer parts.Close()
		readErr = batches(rows, &partReader{rows: parts}, free, func(b *batch) bool {
			for _, to := range []chan *batch{inOrder, work} {
				select {
				case to <- b:
				case <-stop:
					return false
				}
			}
			return true
		})
	})
	for range workers {
		running.Go(func() {
			for b := range work {
				for i := range b.records {
					b.records[i].examine()
				}
				b.ready <- struct{}{}
			}
		})
	}
	for b := range inOrder {
		select {
		case <-b.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		for i := range b.records {
			if !see(&b.records[i]) {
				return nil
			}
		}
		select {
		case free <- b:
		default:
		}
	}
	return readErr
}

// batches reads the records with their parts until none is left or put returns false.
func batches(rows *sql.Rows, parts *partReader, free <-chan *batch, put func(*batch) bool) error {
	next := func() *batch {
		select {
		case b := <-free:
			b.records, b.room = b.records[:0], b.room[:0]
			return b
		default:
			return &batch{ready: make(chan struct{}, 1)}
		}
	}
	b := next()
	var prev, hash, payload, kind, check, session sql.RawBytes
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq, &prev, &hash, &payload, &kind, &check, &session); err != nil {
			put(b)
			return sqlite.Damaged(err)
		}
		if len(b.records) == examineAtOnce {
			if !put(b) {
				return nil
			}
			b = next()
		}
		r := stored{seq: seq, prev: b.keep(prev), hash: b.keep(hash), payload: b.keep(payload)}
		r.columns = [...][]byte{b.keep(kind), b.keep(check), b.keep(session)}
		err := parts.of(seq, b, &r)
		b.records = append(b.records, r)
		if err != nil {
			put(b)
			return err
		}
	}
	put(b)
	return rows.Err()
}

// partReader reads the sealed parts beside their records.
type partReader struct {
	rows                    *sql.Rows
	record                  int64 // of the part that was read and belongs to a later record; 0: none was
	name, nonce, ciphertext sql.RawBytes
}

// of gives a record its parts. Those of records that are not there are passed over.
func (p *partReader) of(seq int64, b *batch, r *stored) error {
	for {
		if p.record == 0 {
			if !p.rows.Next() {
				return p.rows.Err()
			}
			if err := p.rows.Scan(&p.record, &p.name, &p.nonce, &p.ciphertext); err != nil {
				return sqlite.Damaged(err)
			}
		}
		if p.record > seq {
			return nil
		}
		if p.record == seq {
			r.parts = append(r.parts, seal.Part{Name: string(p.name), Nonce: b.keep(p.nonce), Ciphertext: b.keep(p.ciphertext)})
		}
		p.record = 0
	}
}

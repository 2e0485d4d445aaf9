package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"github.com/tidwall/gjson"

	"facematch/store/internal/seal"
	"facematch/store/internal/sqlite"
)

// stored is a record as it lies in the database, with what was computed of it.
type stored struct {
	seq                 int64
	prev, hash, payload []byte
	parts               []seal.Part

	computed digest   // the hash it should have
	summary  summary  // what the payload says
	named    []string // the sealed parts the payload names
	odd      bool     // a part is there that is not the one the payload names
}

// examine computes what needs nothing but the record itself.
func (r *stored) examine() {
	r.computed = link(r.seq, r.prev, r.payload)
	r.summary = parse(r.seq, unsafe.String(unsafe.SliceData(r.payload), len(r.payload)))
	if r.summary.sealed == "" && r.summary.nonces == "" && len(r.parts) == 0 {
		return
	}
	sums, nonces := gjson.Parse(r.summary.sealed), gjson.Parse(r.summary.nonces)
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
		SELECT r.seq, r.prev, r.hash, r.payload, p.part, p.Nonce, p.Ciphertext
		FROM record r LEFT JOIN sealed p ON p.record = r.seq
		ORDER BY r.seq, p.part`)
	if err != nil {
		return err
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
		readErr = batches(rows, free, func(b *batch) bool {
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

// batches reads the rows, of which a record has one for each sealed part, until
// none is left or put returns false.
func batches(rows *sql.Rows, free <-chan *batch, put func(*batch) bool) error {
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
	var prev, hash, payload, name, nonce, ciphertext sql.RawBytes
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq, &prev, &hash, &payload, &name, &nonce, &ciphertext); err != nil {
			put(b)
			return damaged(err)
		}
		if n := len(b.records); n == 0 || b.records[n-1].seq != seq {
			if n == examineAtOnce {
				if !put(b) {
					return nil
				}
				b = next()
			}
			b.records = append(b.records, stored{seq: seq, prev: b.keep(prev), hash: b.keep(hash), payload: b.keep(payload)})
		}
		if name != nil {
			r := &b.records[len(b.records)-1]
			r.parts = append(r.parts, seal.Part{Name: string(name), Nonce: b.keep(nonce), Ciphertext: b.keep(ciphertext)})
		}
	}
	put(b)
	return rows.Err()
}

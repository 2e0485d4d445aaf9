package checks

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"time"

	"facematch/store/internal/sqlite"
)

// The table packed holds what overviews count, 32 bytes a check, the lowest byte of a
// number first:
//
//	 0  2  the check's seq within its chunk
//	 2  6  at, in milliseconds since 1970; the highest bit says filmed_anyway
//	 8  4  took_ms
//	12  4  seconds from at to decided_at
//	16  2  desk        20  2  code (as text)   24  2  decision
//	18  2  operator    22  2  outcome          26  2  mode
//	28  2  score in hundredths
//	30  1  portrait_quality    31  1  picture_quality
//
// Texts are ids of packed_text, 0 for none. A number that is not there has all bits set.
const (
	packedSize = 32
	chunkSeqs  = 512
	filmedBit  = 1 << 47
)

type packed [packedSize]byte

// packNumber brings a number into a field of this many bits.
func packNumber(n sql.NullInt64, bits int) uint64 {
	none := uint64(1)<<bits - 1
	if !n.Valid {
		return none
	}
	return uint64(min(max(n.Int64, 0), int64(none)-1)) //nolint:gosec // it is not negative
}

// pack packs a row; id gives the ids of its texts.
func (c *Row) pack(id func(text string) uint16) packed {
	var p packed
	le := binary.LittleEndian
	at, _ := time.Parse(TimeLayout, c.At) // another form counts as the first moment of all
	millis := uint64(min(max(at.UnixMilli(), 0), filmedBit-1))
	if c.FilmedAnyway {
		millis |= filmedBit
	}
	le.PutUint64(p[2:], millis)                           // two bytes too many, which the next overwrites
	le.PutUint16(p[0:], uint16(c.Seq%chunkSeqs))          //nolint:gosec // below 512
	le.PutUint32(p[8:], uint32(packNumber(c.TookMS, 32))) //nolint:gosec // 32 bits
	var waited sql.NullInt64
	if decided, err := time.Parse(TimeLayout, c.DecidedAt); err == nil {
		waited = sql.NullInt64{Int64: int64(decided.Sub(at) / time.Second), Valid: true}
	}
	le.PutUint32(p[12:], uint32(packNumber(waited, 32))) //nolint:gosec // 32 bits
	code := ""
	if c.Code.Valid {
		code = strconv.FormatInt(c.Code.Int64, 10)
	}
	for i, text := range [...]string{c.Desk, c.Operator, code, c.Outcome, c.Decision, c.Mode} {
		le.PutUint16(p[16+2*i:], id(text))
	}
	le.PutUint16(p[28:], uint16(packNumber(c.Score, 16))) //nolint:gosec // 16 bits
	p[30], p[31] = byte(packNumber(c.PortraitQuality, 8)), byte(packNumber(c.PictureQuality, 8))
	return p
}

// packedTexts are the texts of packed checks and their ids.
type packedTexts struct {
	texts []string // by id; the first is empty
	ids   map[string]uint16
}

func readPackedTexts(ctx context.Context, q sqlite.Querier) (*packedTexts, error) {
	t := &packedTexts{texts: []string{""}, ids: map[string]uint16{"": 0}}
	rows, err := q.QueryContext(ctx, `SELECT id, text FROM packed_text ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, sqlite.Damaged(err)
		}
		if id < 1 || id > math.MaxUint16 {
			return nil, sqlite.Damaged(errors.New("a packed text has a number out of range"))
		}
		for len(t.texts) <= id {
			t.texts = append(t.texts, "")
		}
		t.texts[id], t.ids[text] = text, uint16(id)
	}
	return t, rows.Err()
}

// id gives the id of a text, which it adds where it is new. There is room for 65,535; a
// check must not fail for the overview's sake, so what comes after them counts as none.
func (t *packedTexts) id(text string) uint16 {
	id, known := t.ids[text]
	if !known && len(t.texts) <= math.MaxUint16 {
		id = uint16(len(t.texts)) //nolint:gosec // it was just compared
		t.texts, t.ids[text] = append(t.texts, text), id
	}
	return id
}

// keep writes the texts that were added since there were so many.
func (t *packedTexts) keep(ctx context.Context, tx *sql.Tx, before int) error {
	for i := before; i < len(t.texts); i++ {
		if _, err := tx.ExecContext(ctx, `INSERT INTO packed_text (id, text) VALUES (?, ?)`, i, t.texts[i]); err != nil {
			return err
		}
	}
	return nil
}

// keepPacked brings the packed form of a check up to date.
func keepPacked(ctx context.Context, tx *sql.Tx, row *Row) error {
	texts, err := readPackedTexts(ctx, tx)
	if err != nil {
		return err
	}
	before := len(texts.texts)
	p := row.pack(texts.id)
	if err := texts.keep(ctx, tx, before); err != nil {
		return err
	}
	var chunk []byte
	err = tx.QueryRowContext(ctx, `SELECT checks FROM packed WHERE chunk = ?`, row.Seq/chunkSeqs).Scan(&chunk)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	at := 0
	for at < len(chunk) && binary.LittleEndian.Uint16(chunk[at:]) < binary.LittleEndian.Uint16(p[:]) {
		at += packedSize
	}
	end := at
	if at < len(chunk) && bytes.Equal(chunk[at:at+2], p[:2]) {
		end += packedSize
	}
	chunk = append(append(chunk[:at:at], p[:]...), chunk[end:]...)
	_, err = tx.ExecContext(ctx, `INSERT INTO packed (chunk, checks) VALUES (?, ?)
		ON CONFLICT DO UPDATE SET checks = excluded.checks`, row.Seq/chunkSeqs, chunk)
	return err
}

// Pack makes the packed form anew from the table checks.
func Pack(ctx context.Context, tx *sql.Tx) error {
	for _, statement := range []string{`DELETE FROM packed`, `DELETE FROM packed_text`} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	put, err := tx.PrepareContext(ctx, `INSERT INTO packed (chunk, checks) VALUES (?, ?)`)
	if err != nil {
		return err
	}
	defer put.Close()
	texts := &packedTexts{texts: []string{""}, ids: map[string]uint16{"": 0}}
	// Not all columns: later migrations add some.
	rows, err := tx.QueryContext(ctx, `SELECT seq, at, mode, outcome, score, code, decision, decided_at, operator, desk,
		filmed_anyway, portrait_quality, picture_quality, took_ms FROM checks ORDER BY seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var chunk []byte
	at := int64(-1)
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		_, err := put.ExecContext(ctx, at, chunk)
		chunk = chunk[:0]
		return err
	}
	for rows.Next() {
		var row Row
		var outcome, decision, decidedAt sql.NullString
		if err := rows.Scan(&row.Seq, &row.At, &row.Mode, &outcome, &row.Score, &row.Code, &decision, &decidedAt,
			&row.Operator,
			&row.Desk, &row.FilmedAnyway, &row.PortraitQuality, &row.PictureQuality, &row.TookMS); err != nil {
			return sqlite.Damaged(err)
		}
		row.Outcome, row.Decision, row.DecidedAt = outcome.String, decision.String, decidedAt.String
		if next := row.Seq / chunkSeqs; next != at {
			if err := flush(); err != nil {
				return err
			}
			at = next
		}
		p := row.pack(texts.id)
		chunk = append(chunk, p[:]...)
	}
	if err := errors.Join(rows.Err(), flush()); err != nil {
		return err
	}
	return texts.keep(ctx, tx, 1)
}

// eachChunk hands over the packed checks in the order of records, a chunk at a time, which
// is valid until see returns.
func eachChunk(ctx context.Context, q sqlite.Querier, see func(first int64, chunk []byte) error) error {
	rows, err := q.QueryContext(ctx, `SELECT chunk, checks FROM packed ORDER BY chunk`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		var chunk sql.RawBytes
		if err := rows.Scan(&at, &chunk); err != nil {
			return sqlite.Damaged(err)
		}
		if err := see(at*chunkSeqs, chunk); err != nil {
			return err
		}
	}
	return rows.Err()
}

// packedComparison compares the packed checks with the rows of the table checks.
type packedComparison struct {
	texts  *packedTexts
	chunk  []byte // what it must hold
	at     int64
	chunks int
	right  bool
}

func newPackedComparison(ctx context.Context, q sqlite.Querier) (*packedComparison, error) {
	texts, err := readPackedTexts(ctx, q)
	return &packedComparison{texts: texts, at: -1, right: true}, err
}

// add takes the next row of checks.
func (p *packedComparison) add(ctx context.Context, q sqlite.Querier, row *Row) error {
	if at := row.Seq / chunkSeqs; at != p.at {
		if err := p.flush(ctx, q); err != nil {
			return err
		}
		p.at = at
	}
	b := row.pack(func(text string) uint16 {
		id, known := p.texts.ids[text]
		p.right = p.right && (known || len(p.texts.texts) > math.MaxUint16)
		return id
	})
	p.chunk = append(p.chunk, b[:]...)
	return nil
}

func (p *packedComparison) flush(ctx context.Context, q sqlite.Querier) error {
	if len(p.chunk) == 0 {
		return nil
	}
	var have []byte
	err := q.QueryRowContext(ctx, `SELECT checks FROM packed WHERE chunk = ?`, p.at).Scan(&have)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	p.right = p.right && bytes.Equal(have, p.chunk)
	p.chunk = p.chunk[:0]
	p.chunks++
	return nil
}

// end gives a Mismatch where anything differed.
func (p *packedComparison) end(ctx context.Context, q sqlite.Querier) error {
	if err := p.flush(ctx, q); err != nil {
		return err
	}
	var chunks int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM packed`).Scan(&chunks); err != nil {
		return err
	}
	if !p.right || chunks != p.chunks {
		return Mismatch{}
	}
	return nil
}

package central

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"facematch/app/history"
	"facematch/matcher"
)

// Address is where a centre is, and as whom a desk calls.
type Address struct {
	Host     string // host or host:port
	Database string
	CA       string // PEM file of the authority that signed the server's certificate
	Cert     string // PEM file of the desk's certificate, whose common name is the desk's role
	Key      string // PEM file of its private key
}

const (
	defaultPort = 5432

	// dialPatience is how long a connection may take to be made.
	dialPatience = 10 * time.Second

	// idlePatience is after how long without an answer the system gives a connection up.
	idlePatience = 30 * time.Second
)

// Config reads the certificates. Nothing but TLS with a certificate on both sides is spoken.
func (a Address) Config() (*pgx.ConnConfig, error) {
	host, port := a.Host, uint16(defaultPort)
	if h, p, err := net.SplitHostPort(a.Host); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return nil, matcher.NewProblem("central.address", err)
		}
		host, port = h, uint16(n)
	}
	pair, err := tls.LoadX509KeyPair(a.Cert, a.Key)
	if err != nil {
		return nil, matcher.NewProblem("central.certificate", err)
	}
	authority, err := os.ReadFile(a.CA)
	roots := x509.NewCertPool()
	if err == nil && !roots.AppendCertsFromPEM(authority) {
		err = errors.New("it holds no certificate")
	}
	if err != nil {
		return nil, matcher.NewProblem("central.authority", err)
	}
	// Made from an empty text, so that no variable of the environment has a say.
	c, err := pgx.ParseConfig("host=/nowhere user=nobody")
	if err != nil {
		return nil, err
	}
	c.Host, c.Port, c.Database, c.User, c.Password = host, port, a.Database, pair.Leaf.Subject.CommonName, ""
	c.Fallbacks, c.ConnectTimeout = nil, dialPatience
	c.RuntimeParams = map[string]string{"application_name": "facematch"}
	c.TLSConfig = &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: roots, Certificates: []tls.Certificate{pair},
	}
	c.DialFunc = (&net.Dialer{Timeout: dialPatience, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: idlePatience / 3, Interval: idlePatience / 3, Count: 2,
	}}).DialContext
	return c, nil
}

// Link is a desk's connection to the centre. It connects when it is first used, and anew
// after a failure. One goroutine uses it at a time.
type Link struct {
	config  func() (*pgx.ConnConfig, error)
	history string
	conn    *pgx.Conn
}

// NewLink makes a link for the history of this id.
func NewLink(history string, config func() (*pgx.ConnConfig, error)) *Link {
	return &Link{config: config, history: history}
}

// LinkTo makes a link to where a centre is each time it connects.
func LinkTo(history string, at func() Address) *Link {
	return NewLink(history, func() (*pgx.ConnConfig, error) { return at().Config() })
}

// Close ends the connection.
func (l *Link) Close() error {
	if l.conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := l.conn.Close(ctx)
	l.conn = nil
	return err
}

// Head asks how far the centre has the history, and for the hashes of some records.
func (l *Link) Head(ctx context.Context, ask []int64) (history.CentreHead, error) {
	return l.call(ctx, `SELECT (a).* FROM facematch.head($1, $2) a`, l.history, ask)
}

// Push sends the next records. About is what the desk says of itself.
func (l *Link) Push(ctx context.Context, p history.Parcel, about map[string]string) (history.CentreHead, error) {
	said := map[string]string{"clock": time.Now().UTC().Format("2006-01-02T15:04:05.000Z")}
	for key, value := range about {
		said[key] = value
	}
	for key, value := range map[string]string{"key_check": p.KeyCheck, "recovery": p.Recovery} {
		if value != "" {
			said[key] = value
		}
	}
	text, err := json.Marshal(said)
	if err != nil {
		return history.CentreHead{}, err
	}
	first := p.Newest + 1
	if len(p.Records) > 0 {
		first = p.Records[0].Seq
	}
	hashes, payloads := [][]byte{}, [][]byte{}
	for _, r := range p.Records {
		hashes, payloads = append(hashes, r.Hash), append(payloads, r.Payload)
	}
	partSeq, partName, partNonce, partText := []int64{}, []string{}, [][]byte{}, [][]byte{}
	for _, s := range p.Parts {
		partSeq, partName = append(partSeq, s.Seq), append(partName, s.Part)
		partNonce, partText = append(partNonce, s.Nonce), append(partText, s.Ciphertext)
	}
	session, nonce, wrapped := []string{}, [][]byte{}, [][]byte{}
	for _, k := range p.Keys {
		session, nonce, wrapped = append(session, k.Session), append(nonce, k.Nonce), append(wrapped, k.Wrapped)
	}
	args := []any{
		l.history, first, hashes, payloads, partSeq, partName, partNonce, partText, session, nonce, wrapped, p.Newest, text,
	}
	if len(p.AuditKeys) == 0 {
		return l.call(ctx,
			`SELECT (a).* FROM facematch.push($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) a`, args...)
	}
	audited, keys := []string{}, [][]byte{}
	for _, k := range p.AuditKeys {
		audited, keys = append(audited, k.Session), append(keys, k.Wrapped)
	}
	return l.call(ctx,
		`SELECT (a).* FROM facematch.push_audited($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) a`,
		append(args, audited, keys)...)
}

// Operators asks for the list of operators of the desk's branch. Have is the SHA-256 of the
// text the desk has; where the centre's is the same, the answer has no text.
func (l *Link) Operators(ctx context.Context, have []byte) (history.OperatorList, error) {
	if err := l.connect(ctx); err != nil {
		return history.OperatorList{}, err
	}
	var list history.OperatorList
	err := l.conn.QueryRow(ctx, `SELECT o.list, o.signature FROM facematch.operators($1, $2) o`, l.history, have).
		Scan(&list.Text, &list.Signature)
	if errors.Is(err, pgx.ErrNoRows) {
		return history.OperatorList{}, matcher.NewProblem(history.KeyNoOperators, nil)
	}
	return list, l.failed(ctx, err)
}

// Tokens asks for the tokens that the gateways of the desk's branch accept: their hashes.
func (l *Link) Tokens(ctx context.Context) ([]history.CentreToken, error) {
	if err := l.connect(ctx); err != nil {
		return nil, err
	}
	rows, err := l.conn.Query(ctx, `SELECT t.name, t.sha256, t.added FROM facematch.tokens($1) t`, l.history)
	var tokens []history.CentreToken
	if err == nil {
		tokens, err = pgx.CollectRows(rows, pgx.RowToStructByPos[history.CentreToken])
	}
	return tokens, l.failed(ctx, err)
}

func (l *Link) connect(ctx context.Context) error {
	if l.conn != nil && !l.conn.IsClosed() {
		return nil
	}
	config, err := l.config()
	if err != nil {
		return err
	}
	if l.conn, err = pgx.ConnectConfig(ctx, config); err != nil {
		l.conn = nil
		return linkProblem(ctx, err)
	}
	return nil
}

// failed says why a call failed, and drops a connection whose state is not known.
func (l *Link) failed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var p *pgconn.PgError
	if !errors.As(err, &p) || hasCode(err, "57", "08") { // shut down, or the connection broke
		_ = l.Close() // it is broken, or its state is not known
	}
	return linkProblem(ctx, err)
}

func (l *Link) call(ctx context.Context, query string, args ...any) (history.CentreHead, error) {
	var h history.CentreHead
	if err := l.connect(ctx); err != nil {
		return h, err
	}
	var hash []byte
	var at *time.Time
	var state string
	var epoch int
	err := l.conn.QueryRow(ctx, query, args...).
		Scan(&h.Seq, &hash, &at, &state, &epoch, &h.Wishes, &h.Hashes, &h.Withdrawn)
	if err != nil {
		return history.CentreHead{}, l.failed(ctx, err)
	}
	h.Hash, h.State = hex.EncodeToString(hash), history.CentreState(state)
	if at != nil {
		h.At = at.UTC()
	}
	return h, nil
}

// linkProblem says why a call failed. What PostgreSQL says may hold values of the call, so
// only its code is kept.
func linkProblem(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var p *pgconn.PgError
	if !errors.As(err, &p) {
		return matcher.NewProblem(history.KeyCentreUnreached, errors.New("no connection, or it broke"))
	}
	cause := fmt.Errorf("PostgreSQL says %s", p.Code)
	switch p.Code {
	case "FM001":
		return matcher.NewProblem(history.KeyCentreGap, cause)
	case "FM002":
		return matcher.NewProblem(history.KeyCentreBroken, cause)
	case "FM004":
		var d struct{ At time.Time }
		_ = json.Unmarshal([]byte(p.Detail), &d) // the centre's own
		return matcher.NewProblem(history.KeyCentreRetired, cause, "At", d.At.Local().Format("2006-01-02 15:04"))
	case "FM005":
		return matcher.NewProblem(history.KeyCentreOther, cause)
	case "42883", "42P01", "42703": // there is no such function, table or column
		return matcher.NewProblem(history.KeyCentreOld, cause)
	case "FM003", "42501", "3D000", "3F000":
		return matcher.NewProblem(history.KeyCentreRefused, cause)
	}
	if hasCode(err, "28") {
		return matcher.NewProblem(history.KeyCentreRefused, cause)
	}
	return matcher.NewProblem(history.KeyCentreUnreached, cause)
}

package central_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"facematch/app/history"
	"facematch/app/history/overview"
	"facematch/matcher"
	"facematch/store/central"
	"facematch/store/central/centraltest"
)

// bench is a server with a centre, and a desk that may push.
type bench struct {
	*centraltest.Server
	database string
	admin    *pgx.Conn
}

var roles int

func (b *bench) desk(t *testing.T, c *centraltest.Chain, branch string) *central.Link {
	t.Helper()
	roles++
	role := fmt.Sprintf("desk_%d", roles)
	centraltest.Desk(t, b.admin, c.History, role, "Desk of "+branch, branch)
	return b.Link(t, b.database, role, c.History)
}

func push(t *testing.T, l *central.Link, c *centraltest.Chain, after int64, most int) history.CentreHead {
	t.Helper()
	h, err := l.Push(t.Context(), c.Parcel(after, most), map[string]string{"program": "1.0"})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (b *bench) all(t *testing.T, l *central.Link, c *centraltest.Chain) {
	t.Helper()
	h, err := l.Head(t.Context(), nil)
	for err == nil && h.Seq < c.Seq() {
		h, err = l.Push(t.Context(), c.Parcel(h.Seq, 500), nil)
	}
	if err != nil || h.Hash != c.Head().Hash {
		t.Fatalf("the centre is at %d of %d: %v", h.Seq, c.Seq(), err)
	}
}

func (b *bench) verify(t *testing.T, want ...central.Finding) central.Verdict {
	t.Helper()
	v, err := central.Verify(t.Context(), b.admin, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) == 0 && !v.Intact {
		t.Fatalf("%d faults, the first %+v", len(v.Faults), v.Faults[:min(5, len(v.Faults))])
	}
	return v
}

func (b *bench) exec(t *testing.T, statement string, args ...any) int64 {
	t.Helper()
	tag, err := b.admin.Exec(t.Context(), statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return tag.RowsAffected()
}

func (b *bench) number(t *testing.T, query string, args ...any) (n int64) {
	t.Helper()
	if err := b.admin.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestCentre(t *testing.T) {
	server := centraltest.Start(t, false)
	for _, test := range []struct {
		name string
		do   func(*testing.T, *bench)
	}{
		{"push", testPush}, {"gap", testGap}, {"fork", testFork}, {"epoch", testEpoch}, {"restores", testTwoRestores}, {"erasure", testErasure},
		{"odd", testOdd}, {"refused", testRefused}, {"branches", testBranches}, {"edits", testEdits}, {"tls", testTLS},
		{"periods", testPeriods}, {"periods proven", testPeriodsProven}, {"again", testInitAgain}, {"list", testList},
		{"operators", testOperators}, {"tokens", testTokens}, {"totals", testTotals}, {"older", testOlder},
		{"sample", testSample},
	} {
		t.Run(test.name, func(t *testing.T) {
			database, admin := server.Centre(t)
			test.do(t, &bench{server, database, admin})
		})
	}
}

// A history comes whole, whatever is sent twice, and the lists are those of its records.
func testPush(t *testing.T, b *bench) {
	c := centraltest.NewChain(1).Fill(1000)
	l := b.desk(t, c, "north")
	if h := push(t, l, c, 0, 200); h.Seq != 200 || h.Hash != hex.EncodeToString(c.Records[199].Hash) ||
		h.State != history.CentreOK {
		t.Fatalf("%+v", h)
	}
	for _, after := range []int64{0, 100, 199} { // known ones, and known ones with new ones
		push(t, l, c, after, 150)
	}
	b.all(t, l, c)
	v := b.verify(t)
	if v.Records != c.Seq() || v.Chains != 1 || v.NotHere == 0 {
		t.Errorf("%+v", v)
	}
	if n := b.number(t, `SELECT sum(checks) FROM facematch.daily`); n != int64(len(c.Checks)) {
		t.Errorf("daily counts %d checks of %d", n, len(c.Checks))
	}
	h, err := l.Head(t.Context(), []int64{1, 500, c.Seq(), c.Seq() + 1})
	if err != nil || len(h.Hashes) != 4 || !slices.Equal(h.Hashes[1], c.Records[499].Hash) || h.Hashes[3] != nil {
		t.Errorf("%+v, %v", h, err)
	}
}

func testGap(t *testing.T, b *bench) {
	c := centraltest.NewChain(2).Fill(50)
	l := b.desk(t, c, "north")
	push(t, l, c, 0, 10)
	if _, err := l.Push(t.Context(), c.Parcel(11, 10), nil); !matcher.IsProblem(err, history.KeyCentreGap) {
		t.Errorf("a gap: %v", err)
	}
	broken := c.Parcel(10, 10)
	broken.Records = slices.Clone(broken.Records)
	broken.Records[4].Payload = []byte(`{"kind":"forged"}`)
	if _, err := l.Push(t.Context(), broken, nil); !matcher.IsProblem(err, history.KeyCentreBroken) {
		t.Errorf("a record that does not give its hash: %v", err)
	}
	if h, err := l.Head(t.Context(), nil); err != nil || h.Seq != 10 {
		t.Errorf("%+v, %v", h, err)
	}
	b.all(t, l, c)
	b.verify(t)
}

// Two desks that go on from the same record are told; nothing of the second is merged.
func testFork(t *testing.T, b *bench) {
	c := centraltest.NewChain(3).Fill(30)
	l := b.desk(t, c, "north")
	b.all(t, l, c)
	other := c.Copy()
	other.Cut(20)
	other.Fill(40)
	if h := push(t, l, other, 20, 50); h.State != history.CentreForked || h.Seq != c.Seq() {
		t.Fatalf("%+v", h)
	}
	c.Fill(45)
	if h := push(t, l, c, 30, 50); h.State != history.CentreForked || h.Seq >= c.Seq() {
		t.Errorf("after a fork: %+v", h)
	}
	if n := b.number(t, `SELECT count(*) FROM facematch.fork WHERE seq = 21`); n != 1 {
		t.Errorf("%d records are kept as evidence", n)
	}
	b.exec(t, central.Accept(c.History, 0))
	b.all(t, l, c)
	if v := b.verify(t); v.Records != c.Seq() {
		t.Errorf("%+v", v)
	}
}

// A desk that was restored from an older backup goes on once an administrator has accepted
// what was lost.
// A check begins, is lost with its end, ends otherwise after the restore, and is lost as a whole.
func testTwoRestores(t *testing.T, b *bench) {
	c := centraltest.NewChain(44).Fill(100)
	var of [2]struct {
		Kind    history.Kind
		Check   string
		Session string
	}
	began := 50 // the number of the record of a check that begins and ends there
	for ; of[0].Kind != history.KindStarted || of[1].Kind != history.KindFinished; began++ {
		for i := range of {
			if err := json.Unmarshal(c.Records[began+i].Payload, &of[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	l := b.desk(t, c, "north")
	b.all(t, l, c)
	for _, after := range []int{began, began - 1} {
		c.Cut(after)
		c.Restored()
		if after == began {
			score := int64(100)
			c.AddRecord(history.KindFinished, history.Finished{Check: of[0].Check, Session: of[0].Session,
				Outcome: history.Fail, Status: matcher.Fail, Score: &score})
		}
		c.Fill(after + 40)
		if h := push(t, l, c, int64(after), 100); h.State != history.CentreRestored {
			t.Fatalf("%+v", h)
		}
		b.exec(t, central.Accept(c.History, int64(after)+1))
		b.all(t, l, c)
		b.verify(t)
	}
}

func testEpoch(t *testing.T, b *bench) {
	c := centraltest.NewChain(4).Fill(200)
	l := b.desk(t, c, "north")
	b.all(t, l, c)
	lost := c.Seq()
	c.Cut(150)
	c.Restored()
	c.Fill(220)
	if h := push(t, l, c, 150, 100); h.State != history.CentreRestored {
		t.Fatalf("%+v", h)
	}
	for _, wrong := range []int64{150, 152} {
		if _, err := b.admin.Exec(t.Context(), central.Accept(c.History, wrong)); err == nil {
			t.Errorf("an epoch from %d was accepted", wrong)
		}
	}
	b.exec(t, central.Accept(c.History, 151))
	b.all(t, l, c)
	v := b.verify(t)
	if v.Lost != lost-150 || v.Records != c.Seq()+v.Lost {
		t.Errorf("%+v, want %d lost", v, lost-150)
	}
	if n := b.number(t, `SELECT sum(checks) FROM facematch.daily`); n != b.number(t,
		`SELECT count(*) FROM facematch.checks WHERE NOT lost`) {
		t.Errorf("daily counts %d", n)
	}
	// And once more, from before the first time.
	c.Cut(140)
	c.Restored()
	c.Fill(160)
	if h := push(t, l, c, 140, 100); h.State != history.CentreRestored {
		t.Fatalf("%+v", h)
	}
	b.exec(t, central.Accept(c.History, 141))
	b.all(t, l, c)
	b.verify(t)
}

func testErasure(t *testing.T, b *bench) {
	c := centraltest.NewChain(5).Fill(100)
	l := b.desk(t, c, "north")
	first, second, third := c.Checks[0][1], c.Checks[1][1], c.Checks[2][1]
	b.all(t, l, c)
	old := c.Parcel(0, 20)
	c.Erase(first, history.PartKey)
	c.Erase(second, history.PartName)
	b.all(t, l, c)
	left := func(session string) (parts, keys int64) {
		return b.number(t, `SELECT count(*) FROM facematch.sealed s JOIN facematch.record r USING (chain, epoch, seq) WHERE session = $1`, session),
			b.number(t, `SELECT count(*) FROM facematch.session_key WHERE session = $1`, session)
	}
	if parts, keys := left(first); parts != 0 || keys != 0 {
		t.Errorf("of an erased session %d parts and %d keys are left", parts, keys)
	}
	if _, keys := left(second); keys != 1 {
		t.Errorf("a session whose name was erased has %d keys", keys)
	}
	if _, err := l.Push(t.Context(), old, nil); err != nil { // a late repeat does not bring it back
		t.Fatal(err)
	}
	if parts, keys := left(first); parts != 0 || keys != 0 {
		t.Errorf("after a repeat %d parts and %d keys are back", parts, keys)
	}
	b.verify(t)
	// A wish of the head office.
	b.exec(t, `SELECT facematch.erase($1, $2)`, c.History, third)
	if parts, keys := left(third); parts != 0 || keys != 0 {
		t.Errorf("after a wish %d parts and %d keys are left", parts, keys)
	}
	b.verify(t)
	h, err := l.Head(t.Context(), nil)
	if err != nil || !slices.Equal(h.Wishes, []string{third}) {
		t.Fatalf("%+v, %v", h, err)
	}
	c.Erase(third, history.PartKey)
	if h := push(t, l, c, c.Seq()-1, 1); len(h.Wishes) != 0 {
		t.Errorf("%+v", h)
	}
	b.verify(t)
}

// A wrong clock or an odd payload never stops a push.
func testOdd(t *testing.T, b *bench) {
	c := centraltest.NewChain(6).Fill(10)
	l := b.desk(t, c, "north")
	long := strings.Repeat("é", 100_000)
	for _, payload := range []string{
		``, `null`, `[]`, `"text"`, `{`, "\x00\xff\xfe", `{"kind":"started"}`, `{"kind":5,"at":7,"check":[],"session":{}}`,
		`{"kind":"started","at":"0000-00-00T00:00:00.000Z","check":"chk_a","session":"sess_a","operator":"a\u0000b","desk":"d"}`,
		`{"kind":"started","at":"9999-12-31T23:59:59.999Z","check":"chk_b","session":"sess_b","operator":"` +
			long + `","desk":"` + long + `"}`,
		`{"kind":"started","at":"1601-01-01T00:00:00.000Z","check":"` + long + `","session":"` + long + `"}`,
		`{"kind":"finished","at":"2026-13-45T00:00:00.000Z","check":"chk_b","outcome":"` +
			long + `","score":1e400,"code":"x"}`,
		`{"kind":"finished","check":"chk_a","score":99999999999999999999999,"code":1.5,"took_ns":-5,"quality":[1],"remote":"x","outcome":""}`,
		`{"kind":"decided","check":"chk_a","choice":7,"at":"2026-11-20T08:00:00.000Z"}`,
		`{"kind":"erased","session":"sess_a","parts":"key"}`,
		`{"kind":"erased","session":"sess_a","parts":[1,null,"` + long + `"]}`,
		`{"kind":"restored","backup":"x"}`, `{"kind":"started","check":"chk_c","sealed":"x","nonces":5}`,
		strings.Repeat(`{"a":`, 20_000) + `1` + strings.Repeat(`}`, 20_000),
	} {
		c.Add([]byte(payload))
	}
	c.At = time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)
	c.Fill(60)
	parcel := c.Parcel(0, 500)
	parcel.Parts = append(parcel.Parts, history.SealedPart{Seq: 3, Part: long, Nonce: []byte{1}, Ciphertext: nil},
		history.SealedPart{Seq: 900})
	parcel.Keys = append(parcel.Keys, history.WrappedKey{Session: "nobody's"}, history.WrappedKey{Session: long})
	h, err := l.Push(t.Context(), parcel, map[string]string{"clock": "soon", "program": long})
	if err != nil || h.Seq != c.Seq() {
		t.Fatalf("%+v, %v", h, err)
	}
	if n := b.number(t, `SELECT count(*) FROM facematch.checks_other`); n == 0 {
		t.Error("no check lies in the partition for odd times")
	}
	if n := b.number(t, `SELECT count(*) FROM facematch.record WHERE "check" = 'chk_a' AND kind = 'started'`); n != 1 {
		t.Error("the record with a NUL in it was not understood")
	}
	v, err := central.Verify(t.Context(), b.admin, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Faults { // the chain is whole; what is odd may be listed otherwise here and there
		if f.Table == "record" && f.What != history.CentreChanged {
			t.Errorf("%+v", f)
		}
	}
}

// A desk can call its functions for its own history alone, and read no table.
func testRefused(t *testing.T, b *bench) {
	mine, yours := centraltest.NewChain(7).Fill(20), centraltest.NewChain(8).Fill(20)
	l, other := b.desk(t, mine, "north"), b.desk(t, yours, "south")
	b.all(t, l, mine)
	b.all(t, other, yours)
	role := fmt.Sprintf("desk_%d", roles-1)
	conn := b.Connect(t, b.database, role)
	for _, statement := range []string{
		`SELECT * FROM facematch.record`, `SELECT * FROM facematch.chain`, `SELECT * FROM facematch.session_key`,
		`SELECT * FROM facematch.checks`, `SELECT * FROM facematch.act`, `SELECT * FROM facematch.sealed_3`,
		`SELECT * FROM facematch.checks_other`,
		`INSERT INTO facematch.sees VALUES ('x', '*')`, `UPDATE facematch.record SET payload = ''`,
		`DELETE FROM facematch.sealed`,
		`TRUNCATE facematch.record`, `DROP SCHEMA facematch CASCADE`, `CREATE TABLE facematch.mine (a int)`,
		`CREATE TEMP TABLE mine (a int)`,
		`CREATE SCHEMA mine`, `SET ROLE facematch_owner`,
		`SELECT facematch.enrol('` + yours.History + `', '` + role + `', 'd', 'b')`,
		`SELECT facematch.accept('` + yours.History + `', NULL)`, `SELECT facematch.erase('` + yours.History + `', 's')`,
		`SELECT facematch.fold(2, '{}')`, `SELECT facematch.drop_parts(2, 's', 'key', 5)`, `SELECT facematch.note('x', '{}')`,
		`SELECT facematch.expire()`, `SELECT facematch.months()`, `SELECT facematch.caller('` + yours.History + `', true)`,
		`SELECT facematch.my_chains()`, `SELECT facematch.head('` + yours.History + `', '{}')`,
		`SELECT facematch.push('` + yours.History + `', 1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 9, '')`,
		`COPY facematch.record TO '/tmp/x'`, `COPY (SELECT 1) TO PROGRAM 'id'`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err == nil {
			t.Errorf("a desk may %s", statement)
		}
	}
	forged := b.Link(t, b.database, role, yours.History)
	if _, err := forged.Push(t.Context(), yours.Parcel(0, 5), nil); !matcher.IsProblem(err, history.KeyCentreOther) {
		t.Errorf("a push for another: %v", err)
	}
	for _, broken := range []string{ // calls that no link makes
		`SELECT facematch.push($1, 21, '{NULL}', '{x}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 21, '')`,
		`SELECT facematch.push($1, 21, '{}', '{x}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 21, '')`,
		`SELECT facematch.push($1, NULL, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 21, '')`,
		`SELECT facematch.push($1, -3, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 21, '')`,
	} {
		if _, err := conn.Exec(t.Context(), broken, mine.History); err == nil {
			t.Errorf("taken: %s", broken)
		}
	}
	// Another computer takes this desk over.
	mine.Fill(30)
	taken := b.desk(t, mine, "north")
	b.all(t, taken, mine)
	if _, err := l.Push(t.Context(), mine.Parcel(0, 50), nil); !matcher.IsProblem(err, history.KeyCentreRetired) {
		t.Errorf("the computer before: %v", err)
	}
	b.verify(t)
}

// An auditor sees the desks of their branch, and changes nothing.
func testBranches(t *testing.T, b *bench) {
	north, south := centraltest.NewChain(9).Fill(60), centraltest.NewChain(10).Fill(60)
	b.all(t, b.desk(t, north, "north"), north)
	b.all(t, b.desk(t, south, "south"), south)
	roles++
	name := fmt.Sprintf("auditor_%d", roles)
	b.exec(t, `CREATE ROLE `+name+` LOGIN IN ROLE facematch_auditor`)
	conn := b.Connect(t, b.database, name)
	count := func(table string) (n int64) {
		if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM facematch.`+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count("record"); n != 0 {
		t.Errorf("an auditor of no branch sees %d records", n)
	}
	b.exec(t, `INSERT INTO facematch.sees VALUES ($1, 'south')`, name)
	if n := count("record"); n != south.Seq() {
		t.Errorf("an auditor of one branch sees %d records of %d", n, south.Seq())
	}
	for _, table := range []string{"checks", "daily", "periods", "staff", "rates", "spread", "sealed", "session_key", "epoch"} {
		var others int64
		column := "chain"
		if err := conn.QueryRow(t.Context(),
			`SELECT count(*) FROM facematch.`+table+` WHERE `+column+` = 1`).Scan(&others); err != nil || others != 0 ||
			count(table) == 0 {
			t.Errorf("%s: %d rows of another branch, %v", table, others, err)
		}
	}
	v, err := central.Verify(t.Context(), conn, nil)
	if err != nil || !v.Intact || v.Records != south.Seq() {
		t.Errorf("%+v, %v", v, err)
	}
	for _, statement := range []string{
		`UPDATE facematch.record SET kind = 'x'`, `DELETE FROM facematch.checks`,
		`INSERT INTO facematch.sees VALUES ('` + name + `', '*')`,
		`SELECT * FROM facematch.act`, `SELECT recovery FROM facematch.chain`, `SELECT facematch.erase('', '')`,
		`SELECT * FROM facematch.record_0`,
		`SELECT facematch.push('` + south.History + `', 1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 9, '')`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err == nil {
			t.Errorf("an auditor may %s", statement)
		}
	}
	b.exec(t, `INSERT INTO facematch.sees VALUES ($1, '*')`, name)
	if n := count("record"); n != south.Seq()+north.Seq() {
		t.Errorf("an auditor of all branches sees %d records", n)
	}
}

// Every one of 100 edits of the tables is named.
func testEdits(t *testing.T, b *bench) {
	c := centraltest.NewChain(11).Fill(400)
	l := b.desk(t, c, "north")
	b.all(t, l, c)
	c.Erase(c.Checks[0][1], history.PartKey)
	b.all(t, l, c)
	b.verify(t)
	type edit struct {
		table, statement string
		named            func(f central.Finding) bool
	}
	at := func(table string, seq int64) func(central.Finding) bool {
		return func(f central.Finding) bool {
			// Where two records do not fit together, it cannot be said which of them was changed.
			return f.Table == table && (f.Seq == seq || table == "record" && f.Seq == seq+1)
		}
	}
	pick := func(query string) (seq int64) { return b.number(t, query+` ORDER BY random() LIMIT 1`) }
	var edits []edit
	for range 5 {
		record := pick(`SELECT seq FROM facematch.record WHERE seq BETWEEN 10 AND 390`)
		check := pick(`SELECT seq FROM facematch.checks WHERE seq > 10`)
		part := pick(`SELECT seq FROM facematch.sealed WHERE seq > 10`)
		where := func(seq int64) string { return fmt.Sprintf(` WHERE seq = %d`, seq) }
		edits = append(edits,
			edit{"record", `UPDATE facematch.record SET payload = payload || ' '` + where(record), at("record", record)},
			edit{"record", `UPDATE facematch.record SET hash = sha256(hash)` + where(record), at("record", record)},
			edit{"record", `UPDATE facematch.record r SET payload = payload || ' ', hash = sha256(int8send(seq) || (SELECT hash FROM facematch.record p WHERE p.seq = r.seq - 1) || payload || ' ')` + where(record), at("record", record)},
			edit{"record", `DELETE FROM facematch.record` + where(record), at("record", record)},
			edit{"record", `UPDATE facematch.record SET kind = 'other'` + where(record), at("record", record)},
			edit{"record", `UPDATE facematch.record SET at = at + interval '1 second'` + where(record), at("record", record)},
			edit{"record", `UPDATE facematch.record SET session = 'other'` + where(record), at("record", record)},
			edit{"record", `UPDATE facematch.record SET lost = true` + where(record), at("record", record)},
			edit{"record", fmt.Sprintf(`DELETE FROM facematch.record WHERE seq > %d`, record), at("record", record+1)},
			edit{"checks", `UPDATE facematch.checks SET outcome = 'pass', score = 9999` + where(check), at("checks", check)},
			edit{"checks", `UPDATE facematch.checks SET decision = 'other'` + where(check), at("checks", check)},
			edit{"checks", `UPDATE facematch.checks SET at = at - interval '1 year'` + where(check), at("checks", check)},
			edit{"checks", `DELETE FROM facematch.checks` + where(check), at("checks", check)},
			edit{"checks", `INSERT INTO facematch.checks SELECT chain, epoch, 9000, at, 'chk_x', session, mode, outcome, status, score, code, decision, decided_at, operator, desk, branch, request, minor, expired, inspection, filmed_anyway, virtual_camera, portrait_quality, picture_quality, took_ms, sent, lost, arrived FROM facematch.checks` + where(check), at("checks", 9000)},
			edit{"sealed", `UPDATE facematch.sealed SET ciphertext = ciphertext || '\x00'` + where(part), at("sealed", part)},
			edit{"sealed", `UPDATE facematch.sealed SET nonce = sha256(nonce)` + where(part), at("sealed", part)},
			edit{"sealed", `DELETE FROM facematch.sealed` + where(part), at("sealed", part)},
			edit{"daily", `UPDATE facematch.daily SET checks = checks + 1 WHERE ctid = (SELECT ctid FROM facematch.daily ORDER BY random() LIMIT 1)`, func(f central.Finding) bool { return f.Table == "daily" }},
			edit{"daily", `DELETE FROM facematch.daily WHERE ctid = (SELECT ctid FROM facematch.daily ORDER BY random() LIMIT 1)`, func(f central.Finding) bool { return f.Table == "daily" }},
			edit{"deletions", `DELETE FROM facematch.erasure`, func(f central.Finding) bool { return f.Table == "erasure" }},
			edit{"deletions", `DELETE FROM facematch.session_key WHERE session = (SELECT session FROM facematch.record` +
				where(part) + `)`, func(f central.Finding) bool { return f.Table == "session_key" }},
		)
	}
	for _, of := range []struct {
		table, number string
		array         bool
	}{
		{"periods", "checks", false}, {"staff", "checks", false}, {"rates", "portrait", false}, {"rates", "picture", false},
		{"rates", "filmed", false}, {"rates", "overridden", false}, {"rates", "checks", true}, {"rates", "identified", true},
		{"spread", "value", true}, {"spread", "checks", true},
	} {
		one := ` WHERE ctid = (SELECT ctid FROM facematch.` + of.table + ` ORDER BY random() LIMIT 1)`
		named := func(f central.Finding) bool { return f.Table == of.table }
		more := of.number + ` + 1`
		if of.array {
			more = of.number + `[:cardinality(` + of.number + `) - 1] || ` + of.number + `[cardinality(` + of.number + `)] + 1`
		}
		edits = append(edits,
			edit{of.table, `UPDATE facematch.` + of.table + ` SET ` + of.number + ` = ` + more + one, named},
			edit{of.table, `UPDATE facematch.` + of.table + ` SET desk = 'other'` + one, named},
			edit{of.table, `DELETE FROM facematch.` + of.table + one, named})
	}
	for _, of := range []struct{ table, set string }{ // other arrays with the same numbers in a row, and odd ones
		{"rates", `checks = '{}', identified = checks || identified`},
		{"rates", `checks = ('[0:10]=' || checks::text)::int[]`},
		{"rates", `identified[2] = NULL`},
		{"rates", `identified = ARRAY[checks, identified]`},
		{"spread", `value = value || checks[1:1], checks = checks[2:]`},
		{"spread", `value = value[:cardinality(value) - 1], checks = value[cardinality(value):] || checks`},
		{"spread", `value = ARRAY[value, checks], checks = ARRAY[value, checks]`},
		{"spread", `checks[1] = NULL`},
		{"spread", `value = '{}', checks = '{}'`},
	} {
		edits = append(edits, edit{of.table, `UPDATE facematch.` + of.table + ` SET ` + of.set + ` WHERE ctid = (
			SELECT ctid FROM facematch.` + of.table + ` ORDER BY random() LIMIT 1)`,
			func(f central.Finding) bool { return f.Table == of.table }})
	}
	for _, table := range []string{"periods", "staff", "rates", "spread", "daily"} {
		day := "start"
		if table == "daily" {
			day = "day"
		}
		named := func(f central.Finding) bool { return f.Table == table }
		edits = append(edits,
			edit{table, `UPDATE facematch.` + table + ` SET ` + day + ` = (to_char(` + day + `, 'YYYY-MM-DD') || ' BC')::date
				WHERE isfinite(` + day + `)`, named},
			edit{table, `UPDATE facematch.` + table + ` SET ` + day + ` = 'infinity'
				WHERE ctid = (SELECT ctid FROM facematch.` + table + ` LIMIT 1)`, named},
			edit{table, `UPDATE facematch.` + table + ` SET chain = 9999`, func(f central.Finding) bool {
				return f.Table == table && f.What == history.CentreUnexpected && f.Which == "chain 9999"
			}})
	}
	for _, of := range []struct{ table, unit string }{{"periods", "day"}, {"periods", "week"}, {"periods", "month"},
		{"staff", "week"}, {"staff", "month"}, {"staff", "all"}, {"rates", "day"}, {"rates", "week"}, {"rates", "month"},
		{"rates", "all"}, {"spread", "day"}, {"spread", "week"}, {"spread", "month"}, {"spread", "all"}} {
		edits = append(edits, edit{of.table, `DELETE FROM facematch.` + of.table + ` WHERE unit = '` + of.unit + `'`,
			func(f central.Finding) bool { return f.Table == of.table }})
	}
	named := 0
	for _, e := range edits {
		tx, err := b.admin.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if tag, err := tx.Exec(t.Context(), e.statement); err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("%s: %v, %d rows", e.statement, err, tag.RowsAffected())
		}
		v, err := central.VerifyIn(t.Context(), tx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(v.Faults, e.named) {
			named++
		} else {
			t.Errorf("not named: %s; %+v", e.statement, v.Faults[:min(3, len(v.Faults))])
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d edits are named", named, len(edits))
	if named < 100 {
		t.Errorf("only %d edits were tried and named", named)
	}
	b.verify(t)
}

// Over the network only a certificate lets a desk in, as the role it names.
func testTLS(t *testing.T, b *bench) {
	c := centraltest.NewChain(12).Fill(20)
	b.desk(t, c, "north")
	role := fmt.Sprintf("desk_%d", roles)
	dir := t.TempDir()
	cert, key := b.Certificate(t, role, dir, "desk")
	address := central.Address{Host: fmt.Sprint("127.0.0.1:", b.Port), Database: b.database, CA: b.CA,
		Cert: cert, Key: key}
	l := central.NewLink(c.History, address.Config)
	defer l.Close()
	b.all(t, l, c)
	for name, change := range map[string]func(*pgx.ConnConfig){
		"as a superuser":        func(c *pgx.ConnConfig) { c.User = "postgres" },
		"as another desk":       func(c *pgx.ConnConfig) { c.User = fmt.Sprintf("desk_%d", roles-1) },
		"without a certificate": func(c *pgx.ConnConfig) { c.TLSConfig.Certificates = nil },
		"without TLS":           func(c *pgx.ConnConfig) { c.TLSConfig = nil },
	} {
		wrong := central.NewLink(c.History, func() (*pgx.ConnConfig, error) {
			config, err := address.Config()
			if err == nil {
				change(config)
			}
			return config, err
		})
		if _, err := wrong.Head(t.Context(), nil); !matcher.IsProblem(err, history.KeyCentreRefused,
			history.KeyCentreUnreached) {
			t.Errorf("%s: %v", name, err)
		}
		if err := wrong.Close(); err != nil {
			t.Error(err)
		}
	}
	// The server must show a certificate too.
	strange, _ := b.Certificate(t, "elsewhere", dir, "strange")
	address.CA = strange
	if _, err := central.NewLink(c.History, address.Config).Head(t.Context(), nil); !matcher.IsProblem(err,
		history.KeyCentreUnreached) {
		t.Errorf("a server of another authority: %v", err)
	}
}

func testPeriods(t *testing.T, b *bench) {
	c := centraltest.NewChain(13).Fill(50)
	b.all(t, b.desk(t, c, "north"), c)
	b.exec(t, `INSERT INTO facematch.period (part, days) VALUES ('name', 10)`)
	before := b.number(t, `SELECT count(*) FROM facematch.sealed WHERE part = 'name'`)
	if n := b.number(t, `SELECT facematch.expire()`); n != before || n == 0 {
		t.Errorf("%d of %d names went", n, before)
	}
	b.verify(t)

	// What is on legal hold stays, and is not erased for anybody.
	held := centraltest.NewChain(15).Fill(30)
	session := held.Checks[0][1]
	held.AddRecord(history.KindHold, map[string]any{"session": session, "held": true})
	link := b.desk(t, held, "north")
	b.all(t, link, held)
	if _, err := b.admin.Exec(t.Context(), `SELECT facematch.erase($1, $2)`, held.History, session); err == nil {
		t.Error("a session on legal hold was erased")
	}
	b.number(t, `SELECT facematch.expire()`)
	if n := b.number(t, `SELECT count(*) FROM facematch.sealed WHERE part = 'name'`); n != 1 {
		t.Errorf("%d names are left, want the one on hold", n)
	}
	b.verify(t)

	// Who deletes it by hand is seen, by administrators and by auditors, unless the hold came so
	// late that a deletion may have been under way.
	for _, statement := range []string{`CREATE ROLE holds LOGIN IN ROLE facematch_auditor`,
		`INSERT INTO facematch.sees VALUES ('holds', 'north')`, `CREATE TABLE kept AS SELECT * FROM facematch.sealed`,
		`DELETE FROM facematch.sealed WHERE part = 'name'`} {
		b.exec(t, statement)
	}
	b.verify(t)
	const earlier = `UPDATE facematch.record SET arrived = arrived - interval '2 hours' WHERE arrived > now() - interval '1 hour'`
	b.exec(t, earlier)
	for _, role := range []string{"postgres", "holds"} {
		v, err := central.Verify(t.Context(), b.Connect(t, b.database, role), nil)
		if err != nil || len(v.Faults) != 1 || v.Faults[0].Table != "sealed" || v.Faults[0].What != history.CentreGone ||
			v.Faults[0].History != held.History || v.Faults[0].Which != "name" {
			t.Errorf("as %s: %+v, %v", role, v.Faults, err)
		}
	}
	b.exec(t, `INSERT INTO facematch.sealed SELECT * FROM kept WHERE part = 'name'`)
	b.verify(t)

	// When the hold is lifted the name goes with the next deletion.
	held.AddRecord(history.KindHold, map[string]any{"session": session, "held": false})
	if _, err := link.Push(t.Context(), held.Parcel(held.Seq()-1, 1), nil); err != nil {
		t.Fatal(err)
	}
	if n := b.number(t, `SELECT facematch.expire()`); n != 1 {
		t.Errorf("%d names went with the hold", n)
	}
	b.exec(t, earlier)
	b.verify(t)
}

// A sealed part that is gone counts as deleted after its period only as far as the acts prove
// it: who shortens a period, and what was deleted then, stays to be seen.
func testPeriodsProven(t *testing.T, b *bench) {
	c := centraltest.NewChain(21)
	c.At = time.Now().UTC().AddDate(0, 0, -5)
	b.all(t, b.desk(t, c.Fill(50), "north"), c)
	copied := func() []history.Expired {
		t.Helper()
		of, err := central.Copy(t.Context(), b.Connect(t, b.database, "postgres"), c.History)
		if err != nil {
			t.Fatal(err)
		}
		return of.Expired
	}
	hidden := central.Finding{Table: "sealed", What: history.CentreGone, Which: "name"}
	// trying verifies after some statements, which it then takes back.
	trying := func(what string, statements []string, wants ...central.Finding) {
		t.Helper()
		tx, err := b.admin.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		for _, statement := range statements {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		v, err := central.VerifyIn(t.Context(), tx, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []central.Finding
		for _, f := range v.Faults {
			got = append(got, central.Finding{Table: f.Table, What: f.What, Which: f.Which})
		}
		if !slices.Equal(got, wants) {
			t.Errorf("%s: %+v, want %+v", what, got, wants)
		}
		if proven := 0; len(wants) > 0 {
			err := tx.QueryRow(t.Context(), `SELECT count(*) FROM facematch.expiries()`).Scan(&proven)
			if err != nil || proven != 0 {
				t.Errorf("%s: %d are proven, %v", what, proven, err)
			}
		}
	}
	r, err := central.Open(t.Context(), b.DSN(b.database, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b.exec(t, `INSERT INTO facematch.period (part, days) VALUES ('name', 30)`)
	if n := b.number(t, `SELECT facematch.expire()`); n != 0 {
		t.Fatalf("%d parts went", n)
	}
	trying("before", nil)
	b.exec(t, `DELETE FROM facematch.sealed WHERE part = 'name'
		AND seq = (SELECT min(seq) FROM facematch.sealed WHERE part = 'name')`)
	trying("a name is gone", nil, hidden)
	if v, err := r.Verify(t.Context(), nil); err != nil || v.Intact || v.BadSeq == 0 || v.Fault != history.FaultSealed {
		t.Errorf("%+v, %v", v, err)
	}
	b.exec(t, `UPDATE facematch.period SET days = 1`)
	trying("the period alone was shortened", nil, hidden)
	act := central.Finding{Table: "act", What: history.CentreUnexpected}
	trying("an act that says more than its period reached", []string{`SELECT facematch.note('expired',
		jsonb_build_object('part', 'name', 'days', 1, 'before', now(), 'parts', 1))`}, act, hidden)
	trying("an act of a period that was not in force", []string{`SELECT facematch.note('expired',
		jsonb_build_object('part', 'name', 'days', 2, 'before', now() - interval '2 days', 'parts', 1))`}, act, hidden)
	unseen := `ALTER TABLE facematch.period DISABLE TRIGGER period_noted`
	trying("a period changed unseen", []string{unseen, `UPDATE facematch.period SET days = 2`},
		central.Finding{Table: "period", What: history.CentreChanged, Which: "name"}, hidden)
	trying("a period gone unseen", []string{`TRUNCATE facematch.period`},
		central.Finding{Table: "period", What: history.CentreGone, Which: "name"}, hidden)

	// The number of an act is not that of a record.
	b.exec(t, `CREATE TABLE acts AS SELECT * FROM facematch.act`)
	b.exec(t, `UPDATE facematch.act SET text = text || ' ' WHERE seq = (SELECT max(seq) FROM facematch.act)`)
	if v, err := r.Verify(t.Context(), nil); err != nil || v.Intact || v.BadSeq != 0 || v.Fault != history.FaultDamaged {
		t.Errorf("%+v, %v", v, err)
	}
	b.exec(t, `UPDATE facematch.act SET text = a.text FROM acts a WHERE a.seq = act.seq`)

	// With the short period in force the names go, and who set it when is known from then on, also
	// where the period is a longer one again.
	if n := b.number(t, `SELECT facematch.expire()`); n == 0 {
		t.Error("no name went")
	}
	b.exec(t, `UPDATE facematch.period SET days = 30`)
	trying("after the short period", nil)
	b.exec(t, `DELETE FROM facematch.period`)
	trying("without a period", nil)
	all := copied()
	if len(all) != 1 || all[0].Part != "name" || all[0].Days != 1 || all[0].By != "postgres" ||
		all[0].Set.IsZero() || all[0].First.Before(all[0].Set) || !all[0].Before.Equal(all[0].Last.AddDate(0, 0, -1)) {
		t.Errorf("%+v", all)
	}
	b.exec(t, `CREATE ROLE proven LOGIN IN ROLE facematch_auditor`)
	b.exec(t, `INSERT INTO facematch.sees VALUES ('proven', 'north')`)
	v, err := central.Verify(t.Context(), b.Connect(t, b.database, "proven"), nil)
	if err != nil || !v.Intact {
		t.Errorf("as an auditor: %+v, %v", v, err)
	}
}

func testInitAgain(t *testing.T, b *bench) {
	if err := central.Init(context.Background(), b.admin); err != nil {
		t.Fatal(err)
	}
	// Months that are missing are made, and take their rows.
	b.exec(t, `ALTER TABLE facematch.checks DETACH PARTITION facematch.checks_`+time.Now().UTC().Format("2006_01"))
	b.exec(t, `DROP TABLE facematch.checks_`+time.Now().UTC().Format("2006_01"))
	c := centraltest.NewChain(14)
	c.At = time.Now().UTC()
	b.all(t, b.desk(t, c.Fill(20), "north"), c)
	if n := b.number(t, `SELECT count(*) FROM facematch.checks_other`); n == 0 {
		t.Fatal("no check lies in the default partition")
	}
	if n := b.number(t, `SELECT facematch.months()`); n != 1 {
		t.Errorf("%d months were made", n)
	}
	if n := b.number(t, `SELECT count(*) FROM facematch.checks_other`); n != 0 {
		t.Errorf("%d checks were left behind", n)
	}
	b.verify(t)
}

// A program that reads what a centre of an older step lacks says that the centre is old.
func testOlder(t *testing.T, b *bench) {
	for _, c := range []struct {
		step int
		what string
		read func(context.Context, *central.Reader, *central.Conn) error
	}{
		{2, "tokens: a table", func(ctx context.Context, _ *central.Reader, conn *central.Conn) error {
			_, err := central.Tokens(ctx, conn)
			return err
		}},
		{3, "overview: a table", func(ctx context.Context, r *central.Reader, _ *central.Conn) error {
			_, err := r.Overview(ctx, history.Filter{}, overview.Month)
			return err
		}},
		{4, "desks: a column", func(ctx context.Context, r *central.Reader, _ *central.Conn) error {
			_, err := r.Desks(ctx)
			return err
		}},
	} {
		whole, err := central.Script(0)
		if err != nil {
			t.Fatal(err)
		}
		after, err := central.Script(c.step)
		if err != nil {
			t.Fatal(err)
		}
		database := fmt.Sprintf("%s_step_%d", b.database, c.step)
		b.exec(t, `CREATE DATABASE `+database)
		conn := b.Connect(t, database, "postgres")
		if _, err := conn.PgConn().Exec(t.Context(), strings.TrimSuffix(whole, after)).ReadAll(); err != nil {
			t.Fatal(err)
		}
		r, err := central.Open(t.Context(), b.DSN(database, "postgres"))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.read(t.Context(), r, conn); !matcher.IsProblem(err, history.KeyCentreOld) {
			t.Errorf("step %d, %s: %v", c.step, c.what, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

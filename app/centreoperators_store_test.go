package app

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/ssh"

	"facematch/app/access"
	"facematch/app/central"
	"facematch/app/history"
	"facematch/app/operators"
	"facematch/store"
	storecentral "facematch/store/central"
	"facematch/store/central/centraltest"
)

// branchDesk is a desk with a real history whose operators come from a real centre.
type branchDesk struct {
	*Desk
	records *store.Store
	push    *central.Pusher
	dir     string       // of its history and list
	takes   atomic.Value // the branch whose list it takes, as its settings say
	ahead   atomic.Int64 // by how much its clock is ahead, in nanoseconds
}

func newBranchDesk(
	t *testing.T, server *centraltest.Server, database string, admin *pgx.Conn, branch, key string,
) *branchDesk {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "") // no keyring: the key is a file
	t.Setenv("XDG_RUNTIME_DIR", dir)
	d, _, _ := desk(t, &scripted{})
	b := &branchDesk{Desk: d, dir: dir}
	b.takes.Store("")
	now := func() time.Time { return time.Now().Add(time.Duration(b.ahead.Load())) }
	records, err := store.Open(t.Context(), store.Params{
		Path: filepath.Join(dir, "history.db"), Anchor: filepath.Join(dir, "anchor.jsonl"),
		KeyFile: filepath.Join(dir, "master.key"), Acknowledged: filepath.Join(dir, "acknowledged.jsonl"),
		Alive: func(string) bool { return false }, Now: now, Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	t.Cleanup(func() { _ = records.Close() })
	b.records = records
	d.p.History = records
	d.p.Operators = operators.New(operators.Params{
		File: filepath.Join(dir, "operators.json"), Now: now, Cost: operators.Cost{Memory: 8, Passes: 1, Lanes: 1},
		Centre: func() operators.Centre { return operators.Centre{Key: key, Branch: b.takes.Load().(string), Days: 7} },
		Latest: func() time.Time {
			at, err := records.Latest(context.Background())
			must(t, err)
			return at
		},
	})
	d.Guard = newGuard(d.p)
	role := "desk_of_" + branch
	centraltest.Desk(t, admin, records.ID(), role, "Desk of "+branch, branch)
	b.push = central.New(central.Params{
		Outbox: records, Link: server.Link(t, database, role, records.ID()), Chosen: func() bool { return true },
		Sends: func() history.Sends { return history.Sends{} },
		About: func() map[string]string {
			_, signed, _ := d.HeldOperators()
			return map[string]string{"operators": signed.Format(time.RFC3339)}
		},
		Operators: func() central.Operators { return d },
		Log:       slog.New(slog.DiscardHandler), Now: time.Now,
	})
	d.p.Centre = b.push
	return b
}

// contact is one contact with the centre; it gives the problem with the list.
func (b *branchDesk) contact(t *testing.T) string {
	t.Helper()
	status, err := b.PushToCentre(t.Context())
	must(t, err)
	return status.OperatorsProblem
}

// headOffice keeps the list of all desks, and publishes it.
type headOffice struct {
	t     *testing.T
	admin *pgx.Conn
	file  *operators.Keeper
	key   ed25519.PrivateKey
	line  string
	last  time.Time
}

func newHeadOffice(t *testing.T, admin *pgx.Conn) *headOffice {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	must(t, err)
	wrapped, err := ssh.NewPublicKey(public)
	must(t, err)
	o := &headOffice{
		t: t, admin: admin, key: private, line: string(ssh.MarshalAuthorizedKey(wrapped)),
		last: time.Now().Add(-time.Hour),
		file: operators.New(operators.Params{
			File: filepath.Join(t.TempDir(), "bank.json"), Now: time.Now, Cost: operators.Cost{Memory: 8, Passes: 1, Lanes: 1},
		}),
	}
	for _, name := range []string{"Ada", "Ben", "Cleo"} {
		who := operators.Operator{Name: name, Role: staff[name].role}
		must(t, o.file.Add(t.Context(), who, staff[name].passphrase, name == "Ada",
			func(operators.List, string) error { return nil }))
	}
	return o
}

func (o *headOffice) signed(branch string) history.OperatorList {
	o.t.Helper()
	o.last = o.last.Add(time.Minute)
	list, err := o.file.Read()
	must(o.t, err)
	signed, err := operators.Publish(o.key, list, branch, o.last)
	must(o.t, err)
	return signed
}

func (o *headOffice) publish(branch string) history.OperatorList {
	o.t.Helper()
	list := o.signed(branch)
	o.exec(storecentral.PublishOperators(list))
	return list
}

func (o *headOffice) exec(statement string, args ...any) {
	o.t.Helper()
	_, err := o.admin.Exec(o.t.Context(), statement, args...)
	must(o.t, err)
}

// put puts a list into the table by hand, as somebody might who rules the centre's database.
func (o *headOffice) put(list history.OperatorList) {
	o.t.Helper()
	o.exec(`UPDATE facematch.operator_list SET list = $1, signature = $2 WHERE branch = 'north'`, list.Text, list.Signature)
}

// TestOperatorsOfAllDesks follows the list of operators from the head office to a desk.
func TestOperatorsOfAllDesks(t *testing.T) {
	server := centraltest.Start(t, false)
	database, admin := server.Centre(t)
	office := newHeadOffice(t, admin)
	north := newBranchDesk(t, server, database, admin, "north", office.line)
	south := newBranchDesk(t, server, database, admin, "south", office.line)

	if got := north.contact(t); got != history.KeyNoOperators {
		t.Errorf("before there is a list: %q", got)
	}
	wantKey(t, north.SignIn(t.Context(), "Ada", staff["Ada"].passphrase), operators.KeyNotYet)
	wantKey(t, north.Allow(t.Context(), access.Check), operators.KeyNotYet)
	if north.SingleUser() {
		t.Error("everybody may do everything before the list has come")
	}
	if _, err := north.Enrol(t.Context(), false); err == nil {
		t.Error("there is nothing to enrol with in this test")
	} else {
		wantKey(t, err, "central.off") // although no operator is signed in
	}

	all := office.publish(operators.AllBranches)
	for _, d := range []*branchDesk{north, south} {
		if got := d.contact(t); got != "" {
			t.Fatalf("the first list: %q", got)
		}
		must(t, d.SignIn(t.Context(), "Ben", staff["Ben"].passphrase))
		must(t, d.Allow(t.Context(), access.Check))
	}
	if from := north.OperatorsFromCentre(); from == nil || from.Branch != operators.AllBranches || from.Old {
		t.Errorf("%+v", from)
	}
	last, _, err := north.records.LastOperators(t.Context())
	must(t, err)
	if last.Change != history.OperatorsCentre || !reflect.DeepEqual(last.Came, []string{"Ada", "Ben", "Cleo"}) ||
		last.Left != nil || !last.Signed.Equal(office.last.UTC().Truncate(time.Millisecond)) ||
		last.Branch != operators.AllBranches || !strings.HasPrefix(last.Key, "SHA256:") {
		t.Errorf("recorded: %+v", last)
	}

	// Ben leaves the north: there he is out with his next action, in the south he works on.
	must(t, office.file.Remove(t.Context(), "Ben", func(operators.List, string) error { return nil }))
	older := office.publish("north")
	own := office.publish("north")
	if got := north.contact(t); got != operators.KeyListBranch {
		t.Errorf("a branch's list where the settings name none: %q", got)
	}
	north.takes.Store("north")
	if north.contact(t) != "" || south.contact(t) != "" {
		t.Error("a list was refused")
	}
	wantKey(t, north.Allow(t.Context(), access.Check), operators.KeySignedOut)
	must(t, south.Allow(t.Context(), access.Check))
	wantKey(t, north.SignIn(t.Context(), "Ben", staff["Ben"].passphrase), operators.KeyWrong)
	must(t, north.SignIn(t.Context(), "Ada", staff["Ada"].passphrase))
	wantKey(t, north.AddOperator(t.Context(), "Eve", history.RoleOperator, "nine quiet lamps at dusk"), operators.KeyOfCentre)
	wantKey(t, north.RemoveOperator(t.Context(), "Cleo"), operators.KeyOfCentre)
	wantKey(t, north.SetPassphrase(t.Context(), "Ada", "nine quiet lamps at dusk"), operators.KeyOfCentre)
	last, _, err = north.records.LastOperators(t.Context())
	must(t, err)
	if !reflect.DeepEqual(last.Left, []string{"Ben"}) || last.Came != nil {
		t.Errorf("recorded: %+v", last)
	}
	north.contact(t) // the next contact reports the list that the desk has now
	if desks, err := storecentral.Chains(t.Context(), admin); err != nil || len(desks) != 2 ||
		desks[0].About["operators"] != office.last.UTC().Format(time.RFC3339) {
		t.Errorf("the centre knows of the lists: %+v, %v", desks, err)
	}

	// What somebody puts there who rules the database, but has not the key, is refused.
	remain := func(name, got, want, key string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q", name, got)
		}
		status, err := north.CentreStatus(t.Context())
		must(t, err)
		if words, wrong := CentreWords(status); words.Key != key || !wrong {
			t.Errorf("%s: %v", name, words)
		}
		must(t, north.Allow(t.Context(), access.Settings)) // by the list before
	}
	tampered := history.OperatorList{Text: append([]byte(" "), own.Text...), Signature: own.Signature}
	for name, c := range map[string]struct {
		list  history.OperatorList
		want  string
		words string
	}{
		"an older one":     {older, operators.KeyListOlder, "centre.operators.older"},
		"that of all":      {all, operators.KeyListBranch, "centre.operators.branch"},
		"changed":          {tampered, operators.KeyListSignature, "centre.operators.signature"},
		"another branch's": {office.signed("south"), operators.KeyListBranch, "centre.operators.branch"},
	} {
		office.put(c.list)
		remain(name, north.contact(t), c.want, c.words)
	}
	// Without the row the centre gives the list of all.
	office.exec(`DELETE FROM facematch.operator_list WHERE branch = 'north'`)
	remain("the row is gone", north.contact(t), operators.KeyListBranch, "centre.operators.branch")
	office.exec(`INSERT INTO facematch.operator_list (branch, signed, list, signature) VALUES ('north', now(), $1, $2)`,
		own.Text, own.Signature)
	if got := north.contact(t); got != "" {
		t.Errorf("the right one again: %q", got)
	}

	t.Run("older", func(t *testing.T) { north.olderList(t, office, older, own) })
	t.Run("moved", func(t *testing.T) { north.moved(t, office, older, own) })
	t.Run("away", func(t *testing.T) { north.whileAway(t, server, south) })

	// A centre that is older than this program has no lists, and takes records as before.
	super := server.Connect(t, database, "postgres")
	_, err = super.Exec(t.Context(), `DROP FUNCTION facematch.operators`)
	must(t, err)
	if got := north.contact(t); got != history.KeyCentreOld {
		t.Errorf("an older centre: %q", got)
	}
	if status, err := north.CentreStatus(t.Context()); err != nil || status.Here != status.There {
		t.Errorf("%+v, %v", status, err)
	}
}

// olderList gives the desk a list from before the one its history knows, when its own is gone.
func (b *branchDesk) olderList(t *testing.T, office *headOffice, older, own history.OperatorList) {
	kept := filepath.Join(b.dir, "operators-centre.json")
	must(t, os.Remove(kept))
	office.put(older)
	if got := b.contact(t); got != operators.KeyListOlder {
		t.Errorf("from the centre: %q", got)
	}
	wantKey(t, b.SignIn(t.Context(), "Ada", staff["Ada"].passphrase), operators.KeyNotYet)

	// By hand, at a new start.
	file, err := json.Marshal(map[string]any{"version": 1, "list": older.Text, "signature": older.Signature})
	must(t, err)
	must(t, os.WriteFile(kept, file, 0o600))
	before, err := b.records.Head(t.Context())
	must(t, err)
	b.Guard = newGuard(b.p)
	must(t, b.noticeOperators(t.Context()))
	if after, err := b.records.Head(t.Context()); err != nil || after != before {
		t.Errorf("recorded: %+v, %v", after, err)
	}
	wantKey(t, b.SignIn(t.Context(), "Ada", staff["Ada"].passphrase), operators.KeyListOlder)
	wantKey(t, b.Allow(t.Context(), access.Check), operators.KeyListOlder)

	office.put(own)
	if got := b.contact(t); got != "" {
		t.Errorf("the right one: %q", got)
	}
	must(t, b.SignIn(t.Context(), "Ada", staff["Ada"].passphrase))
}

// moved has the desk go to another branch and back: the older list of its own branch is refused
// still, from the centre and as a file.
func (b *branchDesk) moved(t *testing.T, office *headOffice, older, own history.OperatorList) {
	move := func(branch string) {
		office.exec(`UPDATE facematch.chain SET branch = $1 WHERE history = $2`, branch, b.records.ID())
		b.takes.Store(branch)
	}
	list := office.signed("south")
	office.exec(`INSERT INTO facematch.operator_list (branch, signed, list, signature) VALUES ('south', now(), $1, $2)`,
		list.Text, list.Signature)
	move("south")
	if got := b.contact(t); got != "" {
		t.Fatalf("the list of the other branch: %q", got)
	}
	move("north")
	office.put(older)
	if got := b.contact(t); got != operators.KeyListOlder {
		t.Errorf("an older list after the way back: %q", got)
	}
	file, err := json.Marshal(map[string]any{"version": 1, "list": older.Text, "signature": older.Signature})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(b.dir, "operators-centre.json"), file, 0o600))
	b.Guard = newGuard(b.p)
	wantKey(t, b.SignIn(t.Context(), "Ada", staff["Ada"].passphrase), operators.KeyListOlder)
	office.put(own)
	if got := b.contact(t); got != "" {
		t.Errorf("the right one: %q", got)
	}
	must(t, b.SignIn(t.Context(), "Ada", staff["Ada"].passphrase))
	office.exec(`DELETE FROM facematch.operator_list WHERE branch = 'south'`)
}

// whileAway is the time in which the centre does not answer. The other desk is a gateway, whose
// operator is not there to sign in again.
func (b *branchDesk) whileAway(t *testing.T, server *centraltest.Server, gateway *branchDesk) {
	const day = 24 * time.Hour
	gateway.Stay()
	must(t, gateway.SignIn(t.Context(), "Ben", staff["Ben"].passphrase))
	must(t, b.SignIn(t.Context(), "Cleo", staff["Cleo"].passphrase))
	server.Kill(t)
	b.ahead.Store(int64(6 * day))
	if err := b.push.Push(t.Context()); err == nil {
		t.Fatal("the centre answers")
	}
	must(t, b.Allow(t.Context(), access.History))
	b.ahead.Store(int64(8 * day))
	wantKey(t, b.Allow(t.Context(), access.History), operators.KeyOld)
	wantKey(t, b.SignIn(t.Context(), "Cleo", staff["Cleo"].passphrase), operators.KeyOld)
	must(t, b.SignIn(t.Context(), "Ada", staff["Ada"].passphrase))
	must(t, b.Allow(t.Context(), access.Settings))
	gateway.ahead.Store(int64(8 * day))
	wantKey(t, gateway.Allow(t.Context(), access.Check), operators.KeyOld)
	server.Go(t)
	for _, d := range []*branchDesk{b, gateway} {
		if got := d.contact(t); got != "" {
			t.Fatalf("back: %q", got)
		}
	}
	must(t, gateway.Allow(t.Context(), access.Check))
	must(t, b.SignIn(t.Context(), "Cleo", staff["Cleo"].passphrase))

	// With the clock set back only administrators sign in, also after a record was written by that clock.
	server.Kill(t)
	b.ahead.Store(int64(30 * day))
	must(t, b.SignIn(t.Context(), "Ada", staff["Ada"].passphrase))
	b.ahead.Store(0)
	must(t, b.SignIn(t.Context(), "Ada", staff["Ada"].passphrase))
	wantKey(t, b.SignIn(t.Context(), "Cleo", staff["Cleo"].passphrase), operators.KeyOld)
	// Where the clock was only ahead, the centre's answer lets all in again.
	server.Go(t)
	if got := b.contact(t); got != "" {
		t.Fatalf("back: %q", got)
	}
	must(t, b.SignIn(t.Context(), "Cleo", staff["Cleo"].passphrase))
}

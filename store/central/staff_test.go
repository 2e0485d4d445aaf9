package central_test

import (
	"crypto/ed25519"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/app/operators"
	"facematch/matcher"
	"facematch/store/central"
	"facematch/store/central/centraltest"
)

// list is a signed list of one administrator.
func list(t *testing.T, branch string, at time.Time) history.OperatorList {
	t.Helper()
	k := operators.New(operators.Params{
		File: filepath.Join(t.TempDir(), "bank.json"), Now: time.Now, Cost: operators.Cost{Memory: 8, Passes: 1, Lanes: 1},
	})
	ada := operators.Operator{Name: "Ada d'Énola", Role: history.RoleAdministrator}
	unrecorded := func(operators.List, string) error { return nil }
	if err := k.Add(t.Context(), ada, "four tired horses drank", true, unrecorded); err != nil {
		t.Fatal(err)
	}
	all, err := k.Read()
	if err != nil {
		t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := operators.Publish(key, all, branch, at)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// A desk reads the list of its own branch or, where that has none, of all.
func testOperators(t *testing.T, b *bench) {
	mine, yours := centraltest.NewChain(31).Fill(5), centraltest.NewChain(32).Fill(5)
	north, south := b.desk(t, mine, "north"), b.desk(t, yours, "south")
	if _, err := north.Operators(t.Context(), nil); !matcher.IsProblem(err, history.KeyNoOperators) {
		t.Errorf("before there is one: %v", err)
	}
	now := time.Now()
	forAll, forNorth := list(t, operators.AllBranches, now.Add(-2*time.Minute)), list(t, "north", now.Add(-time.Minute))
	b.exec(t, central.PublishOperators(forAll))
	b.exec(t, central.PublishOperators(forNorth))
	for name, c := range map[string]struct {
		link *central.Link
		want history.OperatorList
	}{"its own": {north, forNorth}, "that of all": {south, forAll}} {
		got, err := c.link.Operators(t.Context(), nil)
		if err != nil || string(got.Text) != string(c.want.Text) || string(got.Signature) != string(c.want.Signature) {
			t.Errorf("%s: %s, %v", name, got.Text, err)
		}
	}
	if n := b.number(t, `SELECT count(*) FROM facematch.act WHERE text LIKE '%operators%'`); n != 2 {
		t.Errorf("%d acts", n)
	}
	// A list that desks would refuse, or after which they would take no other, is refused here.
	for want, bad := range map[string]history.OperatorList{
		"signed later":     list(t, "south", now.Add(-90*time.Second)),
		"clock":            list(t, "south", now.Add(3*time.Hour)),
		"no desk":          list(t, "nowhere", now),
		"list of operator": {Text: []byte("{}"), Signature: []byte("x")},
	} {
		if _, err := b.admin.Exec(t.Context(), central.PublishOperators(bad)); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	role := fmt.Sprintf("desk_%d", roles-1)
	conn := b.Connect(t, b.database, role)
	for _, statement := range []string{
		`SELECT * FROM facematch.operator_list`, `DELETE FROM facematch.operator_list`,
		`UPDATE facematch.operator_list SET branch = 'north'`, central.PublishOperators(list(t, "north", now)),
		`INSERT INTO facematch.operator_list VALUES ('x', now(), '', '')`,
		`SELECT * FROM facematch.operators('` + yours.History + `', NULL)`, // the south's
	} {
		if _, err := conn.Exec(t.Context(), statement); err == nil {
			t.Errorf("a desk may %s", statement)
		}
	}
	b.exec(t, `CREATE ROLE staff_auditor LOGIN IN ROLE facematch_auditor`)
	b.exec(t, `INSERT INTO facematch.sees VALUES ('staff_auditor', '*')`)
	auditor := b.Connect(t, b.database, "staff_auditor")
	for _, statement := range []string{
		`SELECT * FROM facematch.operator_list`, `SELECT * FROM facematch.operators('` + mine.History + `', NULL)`,
		`SELECT * FROM facematch.gateway_token`, `SELECT * FROM facematch.tokens('` + mine.History + `')`,
	} {
		if _, err := auditor.Exec(t.Context(), statement); err == nil {
			t.Errorf("an auditor may %s", statement)
		}
	}
	if got, err := north.Operators(t.Context(), nil); err != nil || string(got.Text) != string(forNorth.Text) {
		t.Errorf("after all that: %s, %v", got.Text, err)
	}
}

// A gateway reads the tokens of its branch and of all, and no others.
func testTokens(t *testing.T, b *bench) {
	mine, yours := centraltest.NewChain(33).Fill(5), centraltest.NewChain(34).Fill(5)
	north, south := b.desk(t, mine, "north"), b.desk(t, yours, "south")
	sum := func(n int) string { return strings.Repeat(fmt.Sprint(n), 64) }
	b.exec(t, central.AddToken("Counter 1", "north", sum(1)))
	b.exec(t, central.AddToken("O'Hara", operators.AllBranches, sum(2)))
	b.exec(t, central.AddToken("Counter 3", "south", sum(3)))
	names := func(l *central.Link) (all string) {
		t.Helper()
		tokens, err := l.Tokens(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range tokens {
			all += token.Name + " " + token.SHA256[:1] + ";"
		}
		return all
	}
	if n, s := names(north), names(south); n != "Counter 1 1;O'Hara 2;" || s != "Counter 3 3;O'Hara 2;" {
		t.Errorf("north %s, south %s", n, s)
	}
	for _, bad := range []string{
		central.AddToken("counter 1", "south", sum(4)), // two names that look alike
		central.AddToken("Counter 5", "south", sum(1)), central.AddToken("Counter 5", "nowhere", sum(5)),
		central.AddToken("Counter 5", "south", "fmd_a_token_itself"), central.AddToken("", "south", sum(5)),
		central.RevokeToken("Nobody"),
	} {
		if _, err := b.admin.Exec(t.Context(), bad); err == nil {
			t.Errorf("taken: %s", bad)
		}
	}
	conn := b.Connect(t, b.database, fmt.Sprintf("desk_%d", roles-1))
	for _, statement := range []string{
		`SELECT * FROM facematch.gateway_token`, `DELETE FROM facematch.gateway_token`, central.RevokeToken("O'Hara"),
		central.AddToken("Counter 5", "south", sum(5)), `SELECT * FROM facematch.tokens('` + yours.History + `')`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err == nil {
			t.Errorf("a desk may %s", statement)
		}
	}
	all, err := central.Tokens(t.Context(), b.admin)
	if err != nil || len(all) != 3 || all[2].Name != "O'Hara" || all[2].Branch != "*" {
		t.Errorf("%+v, %v", all, err)
	}
	b.exec(t, central.RevokeToken("O'Hara"))
	if n := names(north); n != "Counter 1 1;" {
		t.Errorf("after it was revoked: %s", n)
	}
}

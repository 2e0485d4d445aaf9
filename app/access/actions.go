package access

import (
	"slices"

	"facematch/app/history"
)

// Action is something that only some roles may do.
type Action string

// The actions.
const (
	Check     Action = "check"     // make checks, keep them, send them later
	Decide    Action = "decide"    // decide a referral
	Override  Action = "override"  // change a pass, a fail or an earlier decision, with a second operator
	History   Action = "history"   // read and verify the history
	Export    Action = "export"    // take records out of the program
	Settings  Action = "settings"  // change the settings
	Operators Action = "operators" // add and remove operators
	Erase     Action = "erase"     // erase the personal parts of a session
	Token     Action = "token"     // set, test and clear the API's token
	Backup    Action = "backup"    // back up and restore, and set the recovery passphrase
	Staff     Action = "staff"     // see the numbers of each operator, where the settings allow it
)

// Actions are all actions.
var Actions = []Action{Check, Decide, Override, History, Export, Settings, Operators, Erase, Token, Backup, Staff}

// allowed says what each role may do. An administrator may also check. Where one
// person does both, a second name for the same person would let that person be their
// own second operator.
var allowed = map[history.Role][]Action{
	history.RoleOperator:      {Check, Decide, Override, History},
	history.RoleReviewer:      {Check, Decide, Override, History},
	history.RoleAuditor:       {History, Export, Staff},
	history.RoleAdministrator: Actions,
}

// RoleMay reports whether operators of a role may do something.
func RoleMay(r history.Role, a Action) bool { return slices.Contains(allowed[r], a) }

// RoleMaySecond reports whether operators of a role may be the second one of a decision.
func RoleMaySecond(r history.Role) bool {
	return r == history.RoleReviewer || r == history.RoleAdministrator
}

package app

import (
	"slices"

	"facematch/app/history"
)

// Action is something that not everybody may do.
type Action string

// The actions.
const (
	ActionCheck     Action = "check"     // make checks, keep them, send them later
	ActionDecide    Action = "decide"    // about a referral
	ActionOverride  Action = "override"  // change a pass, a fail or an earlier decision, with a second operator
	ActionHistory   Action = "history"   // look at it and verify it
	ActionExport    Action = "export"    // take records out of the program
	ActionSettings  Action = "settings"  // change them
	ActionOperators Action = "operators" // add and remove them
	ActionErase     Action = "erase"     // a session's personal parts
	ActionToken     Action = "token"     // set, test and clear the API's
	ActionBackup    Action = "backup"    // and the recovery passphrase
)

// Actions are all actions.
var Actions = []Action{
	ActionCheck, ActionDecide, ActionOverride, ActionHistory, ActionExport, ActionSettings, ActionOperators, ActionErase, ActionToken,
	ActionBackup,
}

// allowed says what each role may do. An administrator may also check: where one
// person does both, two names for that person could be each other's second
// operator.
var allowed = map[history.Role][]Action{
	history.RoleOperator:      {ActionCheck, ActionDecide, ActionOverride, ActionHistory},
	history.RoleReviewer:      {ActionCheck, ActionDecide, ActionOverride, ActionHistory},
	history.RoleAuditor:       {ActionHistory, ActionExport},
	history.RoleAdministrator: Actions,
}

// RoleMay says whether operators of a role may do something.
func RoleMay(r history.Role, a Action) bool { return slices.Contains(allowed[r], a) }

// maySecond says whether operators of a role may be the second one of a decision.
func maySecond(r history.Role) bool {
	return r == history.RoleReviewer || r == history.RoleAdministrator
}

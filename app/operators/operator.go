// Package operators keeps who may work at this desk.
package operators

import "facematch/app/history"

// Operator is one who may sign in.
type Operator struct {
	Name string
	Role history.Role
}

package access

import "facematch/app/operators"

// Names are the names of the operators, to choose one from when signing in. Anybody at
// the desk may see them. There are none where the list cannot be read.
func (g *Guard) Names() []string {
	return g.names(func(operators.Operator) bool { return true })
}

// Seconds are the names of the operators who may be the second one of a decision by
// the operator who is signed in.
func (g *Guard) Seconds() []string {
	who, _ := g.Who()
	return g.names(
		func(o operators.Operator) bool { return RoleMaySecond(o.Role) && !operators.Same(o.Name, who.Operator) },
	)
}

func (g *Guard) names(wanted func(operators.Operator) bool) []string {
	list, err := g.lastList()
	if err != nil {
		return nil // signing in reports the error
	}
	var names []string
	for _, o := range list.Operators {
		if wanted(o) {
			names = append(names, o.Name)
		}
	}
	return names
}

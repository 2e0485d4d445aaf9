package app

import "facematch/app/operators"

// Names are the names of the operators, for one of them to choose when signing in:
// whoever sits at the desk may see them. None where the list cannot be read.
func (g *Guard) Names() []string {
	return g.names(func(operators.Operator) bool { return true })
}

// Seconds are the names of those who may be the second operator of a decision by
// whoever is signed in.
func (g *Guard) Seconds() []string {
	who, _ := g.Who()
	return g.names(func(o operators.Operator) bool { return maySecond(o.Role) && !operators.Same(o.Name, who.Operator) })
}

func (g *Guard) names(wanted func(operators.Operator) bool) []string {
	list, err := g.lastList()
	if err != nil {
		return nil // signing in says why
	}
	var names []string
	for _, o := range list.Operators {
		if wanted(o) {
			names = append(names, o.Name)
		}
	}
	return names
}

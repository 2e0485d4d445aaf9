package offline

import "facematch/matcher"

func (w watched) still() bool             { return false }
func (w watched) anotherMoves() bool      { return false }
func (w watched) picture() *matcher.Sight { return w.others }

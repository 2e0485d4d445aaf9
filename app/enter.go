package app

import (
	"context"

	"facematch/app/history"
)

func (d *Desk) enter(context.Context, Action) (history.Actor, error) {
	return history.Actor{Operator: systemUser(), Instance: d.p.Instance, Desk: d.p.Settings.Get().Desk, Program: d.p.Version}, nil
}

package app

import (
	"context"

	"facematch/app/history"
	"facematch/app/operators"
)

// This file stands in for what other branches bring, so that the views can be
// built and tested before them; it goes when they are merged.

type Action string

const (
	ActionCheck     Action = "check"
	ActionDecide    Action = "decide"
	ActionOverride  Action = "override"
	ActionHistory   Action = "history"
	ActionExport    Action = "export"
	ActionSettings  Action = "settings"
	ActionOperators Action = "operators"
	ActionErase     Action = "erase"
	ActionToken     Action = "token"
	ActionBackup    Action = "backup"
)

type DecisionInput struct {
	Check        string
	Choice       history.Choice
	Reason, Note string
	Second       string
	Passphrase   string
}

func (d *Desk) Decide(context.Context, DecisionInput) error                     { panic("not merged") }
func (d *Desk) NeedsSecond(history.Row) bool                                    { panic("not merged") }
func (d *Desk) SingleUser() bool                                                { return true }
func (d *Desk) Who() (history.Actor, bool)                                      { return history.Actor{Operator: systemUser()}, true }
func (d *Desk) SignIn(context.Context, string, string) error                    { panic("not merged") }
func (d *Desk) SignOut()                                                        { panic("not merged") }
func (d *Desk) May(Action) bool                                                 { return true }
func (d *Desk) Operators() ([]operators.Operator, error)                        { return nil, nil }
func (d *Desk) AddOperator(context.Context, string, history.Role, string) error { panic("not merged") }
func (d *Desk) RemoveOperator(context.Context, string) error                    { panic("not merged") }
func (d *Desk) SetPassphrase(context.Context, string, string) error             { panic("not merged") }
func (d *Desk) Erase(context.Context, string) error                             { panic("not merged") }
func (d *Desk) Backup(context.Context, string, ProgressFunc) error              { panic("not merged") }
func (d *Desk) SetRecovery(context.Context, string) error                       { panic("not merged") }
func (d *Desk) RecoverySet(context.Context) (bool, error)                       { return false, nil }

package app

import (
	"context"

	"facematch/app/history"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/matcher"
)

// API is the remote engine at one address.
type API interface {
	matcher.Matcher
	// TestToken asks it whether it knows the token.
	TestToken(ctx context.Context) error
}

// Tokens keeps the API's token; *token.Keeper says what each does.
type Tokens interface {
	Get(base, passphrase string) (string, token.Place, error)
	Set(base, token, passphrase string) (token.Place, error)
	Clear(base string) error
}

// engine is what decides in a mode.
func (d *Desk) engine(mode history.Mode, at settings.API) (matcher.Matcher, error) {
	if mode == history.Remote {
		return d.openAPI(at)
	}
	return d.p.Engine, nil
}

func (d *Desk) openAPI(at settings.API) (API, error) {
	return d.p.OpenAPI(at, func(context.Context) (string, error) {
		secret, _, err := d.p.Tokens.Get(at.Base, "")
		return secret, err
	})
}

// match asks what decides in the check's mode. Before a request goes out to the
// API that is recorded, so that no end of this program hides it.
func (d *Desk) match(ctx context.Context, started history.Started, request matcher.Request, progress matcher.ProgressFunc) (matcher.Answer, error) {
	at := d.p.Settings.Get().API
	engine, err := d.engine(started.Mode, at)
	if err != nil {
		return matcher.Answer{}, err
	}
	if started.Mode == history.Remote {
		if err := ctx.Err(); err != nil {
			return matcher.Answer{}, err
		}
		sending := history.Sending{Check: started.Check, Session: started.Session, Host: Host(at.Base), Kept: started.Kept}
		if err := d.p.History.Sending(context.WithoutCancel(ctx), sending); err != nil {
			return matcher.Answer{}, err
		}
	}
	return engine.Match(ctx, request, progress)
}

// Host is whom an API's address names, as it is shown and recorded.
func Host(base string) string {
	u, err := matcher.ParseBase(base)
	if err != nil {
		return ""
	}
	return u.Host
}

// unsent is the input of a check the API has not taken, for another attempt with
// the same person.
func unsent(in CheckInput, started history.Started, portrait *matcher.Portrait) *CheckInput {
	in.Session, in.Mode, in.from, in.wording = started.Session, started.Mode, started.Check, started.Consent.Wording
	if in.Portrait == nil {
		in.Portrait = portrait
	}
	return &in
}

// Drop deletes the clip of a check that could not be sent.
func (d *Desk) Drop(in CheckInput) {
	if in.Clip != nil {
		d.forget(*in.Clip)
	}
}

// TokenPlace tells where the token for the API's address lies; the error says why
// there is none to be had. It may wait some seconds for a keyring. Whoever may
// check may ask, and open the token's file.
func (d *Desk) TokenPlace() (token.Place, error) {
	if err := d.Allow(context.Background(), ActionCheck); err != nil {
		return token.None, err
	}
	_, place, err := d.p.Tokens.Get(d.Settings().API.Base, "")
	return place, err
}

// UnlockToken opens the token's file with its passphrase, until the program ends.
func (d *Desk) UnlockToken(passphrase string) error {
	if err := d.Allow(context.Background(), ActionCheck); err != nil {
		return err
	}
	_, _, err := d.p.Tokens.Get(d.Settings().API.Base, passphrase)
	return err
}

// SetToken keeps a token for the API's address. The passphrase is used where no
// keyring answers.
func (d *Desk) SetToken(secret, passphrase string) (token.Place, error) {
	if err := d.Allow(context.Background(), ActionToken); err != nil {
		return token.None, err
	}
	return d.p.Tokens.Set(d.Settings().API.Base, secret, passphrase)
}

// ClearToken forgets the token for the API's address.
func (d *Desk) ClearToken() error {
	if err := d.Allow(context.Background(), ActionToken); err != nil {
		return err
	}
	return d.p.Tokens.Clear(d.Settings().API.Base)
}

// TestToken asks the API whether it knows the token. No picture is sent and
// nothing is recorded.
func (d *Desk) TestToken(ctx context.Context) error {
	if err := d.Allow(ctx, ActionToken); err != nil {
		return err
	}
	api, err := d.openAPI(d.Settings().API)
	if err != nil {
		return err
	}
	return api.TestToken(ctx)
}

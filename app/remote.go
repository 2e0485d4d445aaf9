package app

import (
	"context"

	"facematch/app/access"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/matcher"
)

// API is the remote matcher at one address.
type API interface {
	matcher.Matcher
	// TestToken asks the API whether the token is valid.
	TestToken(ctx context.Context) error
}

// Tokens keeps the API's token; *token.Keeper documents the methods.
type Tokens interface {
	Get(base, passphrase string) (string, token.Place, error)
	Set(base, token, passphrase string) (token.Place, error)
	Clear(base string) error
}

// engine is the matcher that decides in a mode.
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

// match asks the matcher of the check's mode. A request to the API is recorded before it
// goes out, so that it stays known even if this program ends meanwhile.
func (d *Desk) match(
	ctx context.Context, started history.Started, request matcher.Request, progress matcher.ProgressFunc,
) (matcher.Answer, error) {
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

// Host is the host of an API's address, as it is shown and recorded.
func Host(base string) string {
	u, err := matcher.ParseBase(base)
	if err != nil {
		return ""
	}
	return u.Host
}

// TokenPlace returns where the token for the API's address lies; the error says why it
// cannot be read. It may wait some seconds for a keyring. Every operator who may check may
// ask for it, and may unlock the token's file.
func (d *Desk) TokenPlace() (token.Place, error) {
	if err := d.Allow(context.Background(), access.Check); err != nil {
		return token.None, err
	}
	_, place, err := d.p.Tokens.Get(d.Settings().API.Base, "")
	return place, err
}

// UnlockToken unlocks the token's file with its passphrase until the program ends.
func (d *Desk) UnlockToken(passphrase string) error {
	if err := d.Allow(context.Background(), access.Check); err != nil {
		return err
	}
	_, _, err := d.p.Tokens.Get(d.Settings().API.Base, passphrase)
	return err
}

// SetToken stores a token for the API's address. The passphrase is used where there is no
// keyring.
func (d *Desk) SetToken(secret, passphrase string) (token.Place, error) {
	if err := d.Allow(context.Background(), access.Token); err != nil {
		return token.None, err
	}
	return d.p.Tokens.Set(d.Settings().API.Base, secret, passphrase)
}

// ClearToken deletes the token for the API's address.
func (d *Desk) ClearToken() error {
	if err := d.Allow(context.Background(), access.Token); err != nil {
		return err
	}
	return d.p.Tokens.Clear(d.Settings().API.Base)
}

// TestToken asks the API whether the token is valid. No picture is sent and nothing is
// recorded.
func (d *Desk) TestToken(ctx context.Context) error {
	if err := d.Allow(ctx, access.Token); err != nil {
		return err
	}
	api, err := d.openAPI(d.Settings().API)
	if err != nil {
		return err
	}
	return api.TestToken(ctx)
}

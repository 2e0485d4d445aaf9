// Package translations is the one catalogue of words: window and command line
// take every text a person reads from here, by key. The files beside this one
// are named AREA.LANGUAGE.json; English is complete.
package translations

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"facematch/matcher"
)

//go:embed *.json
var files embed.FS

// Catalogue gives words in one language.
type Catalogue struct{ words *i18n.Localizer }

// New makes the catalogue for the first of the wished languages there is
// (BCP 47 tags such as "en-GB"); English where there is none.
func New(wished ...string) (*Catalogue, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	names, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, f := range names {
		if _, err := bundle.LoadMessageFileFS(files, path.Base(f.Name())); err != nil {
			return nil, fmt.Errorf("translations: %s: %w", f.Name(), err)
		}
	}
	return &Catalogue{words: i18n.NewLocalizer(bundle, append(wished, "en")...)}, nil
}

// T gives the words for a key; parameters are pairs of name and value. A number
// named Count chooses between singular and plural. A key that is not in the
// catalogue comes back as it is.
func (c *Catalogue) T(key string, params ...any) string {
	values := make(map[string]any, len(params)/2)
	for i := 0; i+1 < len(params); i += 2 {
		values[fmt.Sprint(params[i])] = params[i+1]
	}
	return c.words1(key, values)
}

// Has reports whether there are words for a key.
func (c *Catalogue) Has(key string) bool {
	text, err := c.words.Localize(&i18n.LocalizeConfig{MessageID: key, PluralCount: 1})
	return err == nil || text != ""
}

// Notice gives the words of a notice.
func (c *Catalogue) Notice(n matcher.Notice) string { return c.words1(n.Key, n.Params) }

// Problem gives the words for an error and the hint what to do about it (may
// be empty). An error that is no *matcher.Problem is an internal one: its
// details are for the log only. A problem whose cause is one too has the cause's
// words as the parameter Cause.
func (c *Catalogue) Problem(err error) (text, hint string) {
	var p *matcher.Problem
	if !errors.As(err, &p) {
		p = matcher.NewProblem("problem.internal", nil)
	}
	params := p.Params
	var cause *matcher.Problem
	if errors.As(p.Err, &cause) {
		params = maps.Clone(params)
		if params == nil {
			params = map[string]any{}
		}
		params["Cause"] = c.words1(cause.Key, cause.Params)
	}
	hintKey := p.Key + ".hint"
	if hint = c.words1(hintKey, params); hint == hintKey {
		hint = ""
	}
	return c.words1(p.Key, params), hint
}

func (c *Catalogue) words1(key string, values map[string]any) string {
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: values}
	if n, ok := values["Count"]; ok {
		config.PluralCount = n
	}
	text, err := c.words.Localize(config)
	if err != nil && text == "" {
		return key
	}
	return text
}

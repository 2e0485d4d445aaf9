package preferences

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// setupDesk is what the page needs of the desk.
type setupDesk interface {
	Settings() settings.Settings
	SingleUser() bool
	RecoverySet(ctx context.Context) (bool, error)
	May(a app.Action) bool
	SigningKey(ctx context.Context) (app.SigningKey, error)
}

// setupPage lists what an administrator should set up, and what of it is done. What a
// desk can do without is a setting like any other: it counts once it is saved.
type setupPage struct {
	kit.Parts
	desk setupDesk
	left func(count int) // how much is left to set up

	looks    int  // how often the recovery passphrase was looked for; only the last answer counts
	recovery bool // there is a recovery passphrase
	known    bool // recovery is known

	items   []*setupItem
	signing *widget.Label // the key of exports, to be written down elsewhere
	allDone *widget.Label
	content *fyne.Container
}

// setupItem is one line of the list.
type setupItem struct {
	name    string // of its words
	key     string // of the setting that says it is not needed
	do      func() // leads to where it is set up
	done    func(now settings.Settings) bool
	unknown func() bool                 // done cannot be told yet; nil: it always can
	without func(*settings.Setup) *bool // the setting that says it is not needed

	mark  *widget.Icon
	state *widget.Label
	box   *kit.Check
}

func newSetupPage(
	p kit.Parts, desk setupDesk, l locks, open func(page string), setRecovery func(), left func(int), changed func(),
) *setupPage {
	s := &setupPage{Parts: p, desk: desk, left: left, allDone: kit.Wrapped(p.Words.T("setup.all_done"))}
	s.content = container.NewVBox(
		kit.Bold(p.Words.T("setup.title")), kit.Wrapped(p.Words.T("setup.help")), s.allDone,
	)
	s.signing = kit.Wrapped("")
	s.items = []*setupItem{{
		name: "operators", key: "setup.no_operators", do: func() { open(pageOperators) },
		done:    func(settings.Settings) bool { return !desk.SingleUser() },
		without: func(s *settings.Setup) *bool { return &s.NoOperators },
	}, {
		name: "recovery", key: "setup.no_recovery", do: setRecovery,
		done:    func(settings.Settings) bool { return s.recovery },
		unknown: func() bool { return !s.known },
		without: func(s *settings.Setup) *bool { return &s.NoRecovery },
	}, {
		name: "second_anchor", key: "setup.no_second_anchor", do: func() { open(pagePrivacy) },
		done:    func(now settings.Settings) bool { return now.Folders.SecondAnchor != "" },
		without: func(s *settings.Setup) *bool { return &s.NoSecondAnchor },
	}, {
		name: "conditions", key: "setup.usual_bounds", do: func() { open(pageDesk) },
		done: func(now settings.Settings) bool {
			return app.FormatConditions(now.Conditions) != app.FormatConditions(settings.Default().Conditions)
		},
		without: func(s *settings.Setup) *bool { return &s.UsualBounds },
	}}
	for _, i := range s.items {
		s.lay(i, l, changed)
	}
	s.content.Add(widget.NewSeparator())
	s.content.Add(kit.Bold(p.Words.T("signing.title")))
	s.content.Add(s.signing)
	return s
}

// lay adds a line to the list.
func (s *setupPage) lay(i *setupItem, l locks, changed func()) {
	t := s.Words.T
	i.mark, i.state = widget.NewIcon(nil), widget.NewLabel("")
	i.box = s.Keys.Check(l.name("setup."+i.name+"_without", i.key), func(bool) { changed() })
	l.grey(i.key, i.box)
	button := s.Keys.Button(t("setup.go"), theme.NavigateNextIcon(), i.do)
	s.content.Add(widget.NewSeparator())
	s.content.Add(container.NewBorder(
		nil, nil, container.NewCenter(i.mark), container.NewVBox(button), container.NewVBox(
			container.NewHBox(kit.Bold(t("setup."+i.name)), i.state, i.box), kit.Wrapped(t("setup."+i.name+"_why")),
		),
	))
}

func (s *setupPage) fill(now settings.Settings) {
	for _, i := range s.items {
		i.box.SetChecked(*i.without(&now.Setup))
	}
	s.update()
}

// typed reads the ticks into settings.
func (s *setupPage) typed(next *settings.Settings) {
	for _, i := range s.items {
		*i.without(&next.Setup) = i.box.Checked
	}
}

// look asks whether there is a recovery passphrase, where that matters: the keyring may
// take its time, and may ask the user.
func (s *setupPage) look() {
	s.Work.Start(func(ctx context.Context) {
		key, err := s.desk.SigningKey(ctx)
		s.Work.Do(func() { s.showKey(key, err) })
	})
	s.looks++
	this := s.looks
	if s.desk.Settings().Setup.NoRecovery || !s.desk.May(app.ActionBackup) {
		s.update()
		return
	}
	s.Work.Start(func(ctx context.Context) {
		set, err := s.desk.RecoverySet(ctx)
		s.Work.Do(func() {
			if this != s.looks {
				return
			}
			s.Log("recovery", err)
			s.recovery, s.known = set, err == nil
			s.update()
		})
	})
}

// showKey names the key that exports are signed with.
func (s *setupPage) showKey(key app.SigningKey, err error) {
	if err != nil {
		s.signing.SetText(s.Words.ProblemText(err))
		return
	}
	s.signing.SetText(s.Words.T("signing.fingerprint", "Fingerprint", key.Fingerprint))
}

// update shows how each item stands with the settings in force.
func (s *setupPage) update() {
	now := s.desk.Settings()
	left := 0
	for _, i := range s.items {
		key, icon := "setup.open", theme.WarningIcon()
		switch {
		case i.done(now):
			key, icon = "setup.done", theme.ConfirmIcon()
		case *i.without(&now.Setup):
			key, icon = "setup.waived", theme.ConfirmIcon()
		case i.unknown != nil && i.unknown():
			key, icon = "setup.unknown", theme.QuestionIcon()
		default:
			left++
		}
		i.mark.SetResource(icon)
		i.state.SetText(s.Words.T(key))
	}
	kit.SetVisible(s.allDone, left == 0)
	s.left(left)
}

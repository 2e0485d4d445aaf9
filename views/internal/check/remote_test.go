package check

import (
	"context"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	"facematch/app"
	"facematch/app/history"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/matcher"
	"facematch/views/internal/kit/kittest"
)

// remoteDesk is a desk whose checks the API decides.
func remoteFake(mode history.Mode) *fakeDesk {
	d := newFakeDesk()
	d.Now.Matching.Mode = mode
	d.Now.API.Base = "https://api.test"
	d.Secret, d.Place = "a-token", token.Keyring
	return d
}

// answered is a check the API answered.
func answered(outcome history.Outcome) app.Check {
	c := kittest.Compared(outcome, 90, 80)
	c.Mode = history.Remote
	c.Answer.Frames, c.Answer.Best = nil, -1
	c.Answer.Raw = []byte(`{"the body": "as it came"}`)
	c.Exchange = &matcher.Exchange{
		Host: "api.test", Reached: true, Answered: true, Status: 200, RequestID: "req-42", Absent: []string{"result"},
	}
	c.Answer.Exchange = c.Exchange
	return c
}

func unreached() app.Check {
	return app.Check{
		ID: "chk_1", Session: app.NewSession(), Mode: history.Remote, Outcome: history.CouldNotRun,
		Problem:  &app.Problem{Key: "remote.unreachable", Params: map[string]any{"Host": "api.test"}},
		Exchange: &matcher.Exchange{Host: "api.test"}, Unsent: &app.Attempt{
			Input: app.CheckInput{Session: "sess_1", Mode: history.Remote, SendName: true},
		},
	}
}

func TestTheBadgeSaysWhoDecides(t *testing.T) {
	desk := remoteFake(history.Remote)
	var given app.CheckInput
	desk.OnCheck = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return answered(history.Pass), nil
	}
	w := open(t, desk)
	ready(t, w)
	text := w.Text()
	for _, want := range []string{
		w.Words.T("mode.remote", "Host", "api.test"), w.Words.T("check.consent_remote", "Host", "api.test"),
		w.check.remote.session.Text,
	} {
		if want != w.check.remote.session.Text && !strings.Contains(text, want) {
			t.Errorf("before the check nothing says %q", want)
		}
	}
	if strings.Contains(text, w.Words.T("mode.not_calibrated")) {
		t.Error("this computer's calibration is shown for the API")
	}
	session := w.check.remote.session.Text
	test.Tap(w.check.start)
	w.Until(t, "the result", func() bool { return w.check.result != nil })
	if given.Mode != history.Remote || given.Session != session || given.SendName || given.Prefilled ||
		given.Capture == nil {
		t.Errorf("given %+v", given)
	}
	test.Tap(w.check.result.more)
	text = w.Text()
	for _, want := range []string{
		w.Words.T("mode.name.remote"), w.Words.T("result.decided_remote", "Host", "api.test", "Seconds", "4.2 s"), "req-42",
		"the body", w.Words.T("details.absent"),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("after the check nothing says %q", want)
		}
	}
	if w.check.result.offers != nil {
		t.Error("an answered check is offered to be sent again")
	}
}

func TestTheNameIsSentOnlyWhereTheBoxSaysSo(t *testing.T) {
	desk := remoteFake(history.Remote)
	var given app.CheckInput
	desk.OnCheck = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return answered(history.Pass), nil
	}
	w := open(t, desk)
	ready(t, w)
	if !w.check.remote.sendName.Disabled() {
		t.Error("no name can be agreed to be sent")
	}
	w.check.name.SetText("Ada Lovelace")
	w.check.remote.sendName.SetChecked(true)
	test.Tap(w.check.start)
	w.Until(t, "the result", func() bool { return w.check.result != nil })
	if !given.SendName || given.Name != "Ada Lovelace" {
		t.Errorf("given %+v", given)
	}
	w.check.Reset()
	if w.check.remote.sendName.Checked || w.check.consent.Checked {
		t.Error("the next person inherits a consent")
	}
	// Without the name its consent is nothing.
	w.check.name.SetText("Bob")
	w.check.remote.sendName.SetChecked(true)
	w.check.name.SetText("")
	if w.check.remote.sendName.Checked {
		t.Error("a consent to send no name is left")
	}
}

func TestADeskThatAsks(t *testing.T) {
	desk := remoteFake(history.Ask)
	w := open(t, desk)
	w.load("document.jpg")
	w.Until(t, "the question", func() bool { return w.check.why.Text == w.Words.T("missing.mode") })
	test.Tap(w.check.remote.who.Buttons["remote"])
	w.check.consent.SetChecked(true)
	w.Until(t, "ready", func() bool { return !w.check.start.Disabled() })
	// The words change with who decides, and there is no consent to those yet.
	w.check.remote.session.SetText("mistyped")
	if w.check.why.Text != w.Words.T("missing.session") {
		t.Errorf("a mistyped session passes: %q", w.check.why.Text)
	}
	test.Tap(w.check.remote.who.Buttons["offline"])
	if w.check.consent.Checked || !w.check.start.Disabled() || w.check.agreed.Text != w.Words.T("check.consent") {
		t.Errorf("the consent to other words stands: %q", w.check.agreed.Text)
	}
	w.check.consent.SetChecked(true)
	if w.check.remote.deciding() != history.Offline || w.check.start.Disabled() {
		t.Error("this computer cannot be chosen")
	}
	var in app.CheckInput
	if w.check.remote.fill(&in); !app.ValidSession(in.Session) || w.check.remote.session.Text != in.Session {
		t.Errorf("a session mistyped for the API spoils a check here: %+v", in)
	}
	w.check.Reset()
	if w.check.remote.deciding() != "" {
		t.Error("the next person inherits who decides")
	}
}

func TestOwnWordsOfConsent(t *testing.T) {
	desk := remoteFake(history.Remote)
	desk.Now.Consent = settings.Consent{Version: 1, Processing: "Our words.", SendName: "Our words on names."}
	w := open(t, desk)
	if w.check.agreed.Text != "Our words." || w.check.remote.nameWords.Text != "Our words on names." {
		t.Errorf("%q, %q", w.check.agreed.Text, w.check.remote.nameWords.Text)
	}
}

func TestAFilmTheAPIHas(t *testing.T) {
	desk := remoteFake(history.Remote)
	source := kittest.NewSource()
	source.ShowProblem(&app.Problem{Key: "camera.busy"})
	desk.source = source
	var given app.CheckInput
	desk.OnCheck = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
		given = in
		return answered(history.Pass), nil
	}
	w := open(t, desk)
	w.load("document.jpg")
	w.check.consent.SetChecked(true)
	w.Until(t, "the camera's fault", func() bool { return w.check.why.Text == w.Words.T("missing.picture") })
	w.check.remote.prefilled.SetChecked(true)
	w.check.remote.session.SetText("sess_1")
	if w.check.why.Text != w.Words.T("missing.session") || !w.check.start.Disabled() {
		t.Errorf("a session of no form passes: %q", w.check.why.Text)
	}
	const session = "sess_0f8b2c1e-7a4d-4f7e-9c39-2b1d5a6e8f01"
	w.check.remote.session.SetText(" " + session)
	w.Until(t, "ready without a camera", func() bool { return !w.check.start.Disabled() })
	test.Tap(w.check.start)
	w.Until(t, "the result", func() bool { return w.check.result != nil })
	if !given.Prefilled || given.Session != session || given.Capture != nil {
		t.Errorf("given %+v", given)
	}
}

func TestWithoutATokenNothingIsFilmed(t *testing.T) {
	desk := remoteFake(history.Remote)
	desk.Secret = ""
	w := open(t, desk)
	w.load("document.jpg")
	w.Until(t, "the missing token", func() bool { return strings.HasPrefix(w.check.why.Text, w.Words.T("token.none")) })
	if !w.check.start.Disabled() {
		t.Error("and yet the button works")
	}
	desk.SetToken("a-token", "")
	w.check.Show(false)
	w.check.Show(true)
	w.check.consent.SetChecked(true)
	w.Until(t, "ready", func() bool { return !w.check.start.Disabled() })
}

func TestOffersWhereTheAPIIsNotReached(t *testing.T) {
	for name, c := range map[string]struct {
		tap  func(*offers)
		mode history.Mode // of the check that follows; empty: none
	}{
		"try again":             {func(o *offers) { test.Tap(o.again) }, history.Remote},
		"check offline instead": {func(o *offers) { test.Tap(o.here) }, history.Offline},
		"twice":                 {func(o *offers) { o.again.OnTapped(); o.here.OnTapped() }, history.Remote},
	} {
		t.Run(name, func(t *testing.T) {
			desk := remoteFake(history.Remote)
			var given []app.CheckInput
			desk.OnCheck = func(_ context.Context, in app.CheckInput, _ app.ProgressFunc) (app.Check, error) {
				given = append(given, in)
				if len(given) == 1 {
					return unreached(), nil
				}
				return kittest.Compared(history.Pass, 90), nil
			}
			w := open(t, desk)
			ready(t, w)
			test.Tap(w.check.start)
			w.Until(t, "the offers", func() bool { return w.check.offers != nil })
			if !strings.Contains(w.Text(), w.Words.T("remote.unreachable", "Host", "api.test")) {
				t.Error("nothing says why")
			}
			c.tap(w.check.offers)
			w.Until(
				t, "the next result", func() bool { return w.check.result != nil && len(given) == 2 && w.check.offers == nil },
			)
			if given[1].Mode != c.mode || given[1].Session != "sess_1" {
				t.Errorf("given %+v", given[1])
			}
			if desk.Deleted() != 0 {
				t.Error("the clip was deleted before it was used")
			}
		})
	}
}

// Where the administrator locked that the API decides, this computer is not offered.
func TestALockedModeLeavesNoOtherOffer(t *testing.T) {
	for mode, offered := range map[history.Mode]bool{history.Remote: false, history.Ask: true} {
		desk := remoteFake(mode)
		desk.From.Locked = []string{"matching.mode"}
		o := newOffers(open(t, desk).Parts, desk, unreached().Unsent)
		if o.here.Visible() != offered || !o.again.Visible() || !o.keep.Visible() {
			t.Errorf("%s: this computer is offered: %v", mode, o.here.Visible())
		}
	}
}

func TestKeepingAsksFirst(t *testing.T) {
	desk := remoteFake(history.Remote)
	desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) { return unreached(), nil }
	fails := true
	desk.OnKeep = func(in app.CheckInput) (app.KeptCheck, error) {
		if fails {
			return app.KeptCheck{}, &app.Problem{Key: "queue.unwritable"}
		}
		desk.Mu.Lock()
		defer desk.Mu.Unlock()
		k := app.KeptCheck{ID: "kept_1", At: time.Now(), Name: "Ada", Session: in.Session}
		desk.Kept.Checks = append(desk.Kept.Checks, k)
		return k, nil
	}
	w := open(t, desk)
	ready(t, w)
	test.Tap(w.check.start)
	w.Until(t, "the offers", func() bool { return w.check.offers != nil })
	o := w.check.offers
	test.Tap(o.keep)
	if !strings.Contains(w.Text(), w.Words.T("offer.keep_question", "Days", 7)) {
		t.Error("nothing says what keeping means")
	}
	test.Tap(o.keep)
	w.Until(t, "the full disk", func() bool { return strings.HasPrefix(o.note.Text, w.Words.T("queue.unwritable")) })
	fails = false
	test.Tap(o.keep)
	w.Until(t, "the success", func() bool { return o.note.Text == w.Words.T("offer.kept") })
	w.check.Reset()
	if desk.Deleted() != 0 {
		t.Error("a clip that was kept is deleted again")
	}
	w.Until(t, "the button", func() bool { return w.check.remote.kept.Visible() })

	// It is sent from the list, once, and shown as any other check.
	desk.OnSendKept = func(id string) (app.Check, error) {
		if id != "kept_1" {
			t.Errorf("sent %q", id)
		}
		_ = desk.DropKept(context.Background(), id)
		return answered(history.Refer), nil
	}
	test.Tap(kittest.ButtonOf(t, w.check.KeptChecks(w.check.SendKept), w.Words.T("kept.send")))
	w.Until(t, "the result", func() bool { return w.check.result != nil })
	if !strings.Contains(w.Text(), "REFER") || !strings.Contains(w.Text(), "Ada") ||
		strings.Contains(w.Text(), w.Words.T("inspect.person")) {
		t.Errorf("the screen says %q", w.Text())
	}
	w.check.Reset()
	w.Until(t, "no button", func() bool { return !w.check.remote.kept.Visible() })
}

func TestAClipNobodyWantsIsDeleted(t *testing.T) {
	desk := remoteFake(history.Remote)
	desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) { return unreached(), nil }
	w := open(t, desk)
	ready(t, w)
	test.Tap(w.check.start)
	w.Until(t, "the offers", func() bool { return w.check.offers != nil })
	w.check.Reset()
	w.Until(t, "the clip deleted", func() bool { return desk.Deleted() == 1 })
}

func TestAClipOfACheckThatDidNotBeginIsDeleted(t *testing.T) {
	desk := remoteFake(history.Remote)
	first := true
	desk.OnCheck = func(context.Context, app.CheckInput, app.ProgressFunc) (app.Check, error) {
		if first {
			first = false
			return unreached(), nil
		}
		return app.Check{}, &app.Problem{Key: "token.none"}
	}
	w := open(t, desk)
	ready(t, w)
	test.Tap(w.check.start)
	w.Until(t, "the offers", func() bool { return w.check.offers != nil })
	test.Tap(w.check.offers.again)
	w.Until(t, "the reason", func() bool { return strings.Contains(w.Text(), w.Words.T("token.none")) })
	w.Until(t, "the clip deleted", func() bool { return desk.Deleted() == 1 })
}

func TestTheListOfKeptChecks(t *testing.T) {
	desk := remoteFake(history.Remote)
	desk.Kept = app.KeptChecks{
		Checks: []app.KeptCheck{{ID: "kept_1", At: time.Now(), Name: "Ada Lovelace"}, {ID: "kept_2", At: time.Now()}},
		Held:   1, Broken: 1,
	}
	w := open(t, desk)
	w.Until(t, "the button", func() bool { return w.check.remote.kept.Visible() })
	test.Tap(w.check.remote.kept)
	if want := w.Words.T("kept.open", "Count", 3); w.check.remote.kept.Text != want {
		t.Errorf("the button says %q, want %q", w.check.remote.kept.Text, want)
	}
	if w.openers != 1 {
		t.Fatal("no list is asked for")
	}
	text := kittest.Readable(w.check.KeptChecks(func(app.KeptCheck) {}))
	for _, want := range []string{"Ada Lovelace", w.Words.T("kept.no_name"), w.Words.T("kept.held", "Count", 1),
		w.Words.T("kept.broken", "Count", 1)} {
		if !strings.Contains(text, want) {
			t.Errorf("the list lacks %q: %q", want, text)
		}
	}
}

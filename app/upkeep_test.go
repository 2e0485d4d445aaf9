package app

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"testing"
	"time"

	"facematch/app/history"
	"facematch/matcher"
	"facematch/matcher/remote/standin"
)

// TestEraseTakesKeptChecksToo: they wait to be sent and hold name, document and
// film of the person.
func TestEraseTakesKeptChecksToo(t *testing.T) {
	d, m := remoteDesk(t, &scripted{}, standin.New(t, false, wanted(), nil))
	ctx := context.Background()
	gone, stays := NewSession(), NewSession()
	for _, session := range []string{gone, stays} {
		if _, err := d.Keep(ctx, &Attempt{Input: CheckInput{Document: inMemory(pageBytes), Video: inMemory(clipBytes),
			Session: session, Name: "Ada"}}); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (sessions []string) {
		t.Helper()
		list, err := d.KeptChecks(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list.Checks {
			sessions = append(sessions, c.Session)
		}
		return sessions
	}
	m.Refuse = matcher.NewProblem("store.session_open", nil)
	wantKey(t, d.Erase(ctx, gone), "store.session_open")
	if got := left(); len(got) != 2 {
		t.Errorf("a refused erasure took kept checks: left are %v", got)
	}
	m.Refuse, m.Erasures = matcher.NewProblem("store.erased_traces", nil), nil
	wantKey(t, d.Erase(ctx, gone), "store.erased_traces")
	if got := left(); len(got) != 1 || got[0] != stays {
		t.Errorf("left are %v", got)
	}
	m.Refuse = nil
	if err := d.Erase(ctx, gone); err != nil {
		t.Error(err)
	}
	if e := m.Erasures[1]; e.Session != gone || e.Reason != history.OnRequest || len(e.Parts) != 1 ||
		e.Parts[0] != history.PartKey || e.Operator == "" || e.Instance == "" {
		t.Errorf("erased was %+v", e)
	}
	wantKey(t, d.Erase(ctx, "sess_1"), "check.session")
}

func TestExpireAsTheSettingsSay(t *testing.T) {
	d, m, _ := desk(t, &scripted{})
	ctx := context.Background()
	if err := d.Expire(ctx); err != nil || len(m.Expiries) != 0 {
		t.Errorf("without periods: %+v, %v", m.Expiries, err)
	}
	s := d.Settings()
	s.Retention.NamesDays = 30
	if err := d.SaveSettings(ctx, s); err != nil {
		t.Fatal(err)
	}
	if err := d.Expire(ctx); err != nil || len(m.Expiries) != 1 {
		t.Fatalf("%+v, %v", m.Expiries, err)
	}
	if e := m.Expiries[0]; e.Keep != (history.Periods{Names: 720 * time.Hour}) || e.By.Operator != history.Program ||
		e.By.Desk != s.Desk {
		t.Errorf("%+v", e)
	}
}

func TestRecoveryIsRecorded(t *testing.T) {
	d, m, _ := desk(t, &scripted{})
	ctx := context.Background()
	if err := d.NoticeSettings(ctx); err != nil {
		t.Fatal(err)
	}
	if err := d.SetRecovery(ctx, "correct horse battery staple"); err != nil {
		t.Fatal(err)
	}
	if set, err := d.RecoverySet(ctx); err != nil || !set {
		t.Errorf("set: %v, %v", set, err)
	}
	if last := m.Changes[len(m.Changes)-1]; last.How != history.RecoveryChanged {
		t.Errorf("recorded was %+v", last)
	}
	if err := d.NoticeSettings(ctx); err != nil || len(m.Changes) != 2 {
		t.Errorf("the next start notices a change: %+v, %v", m.Changes, err)
	}
	m.Refuse = matcher.NewProblem("store.recovery_short", nil)
	wantKey(t, d.SetRecovery(ctx, "short"), "store.recovery_short")
	if len(m.Changes) != 2 {
		t.Error("what was refused is recorded")
	}
}

func TestBackupAndRecoverKey(t *testing.T) {
	d, m, _ := desk(t, &scripted{})
	if err := d.Backup(context.Background(), "/x/b.db", nil); err != nil || m.BackedUp != "/x/b.db" {
		t.Errorf("backed up into %q, %v", m.BackedUp, err)
	}
	if place, err := d.RecoverKey(context.Background(), "x"); err != nil || place != history.KeyInKeyring {
		t.Errorf("%s, %v", place, err)
	}
}

// TestPicturesAreKeptOnlyWhereTheSettingsSaySo, and then of moderate size.
func TestPicturesAreKeptOnlyWhereTheSettingsSaySo(t *testing.T) {
	picture := func(w, h int, c color.Color) *image.RGBA {
		m := image.NewRGBA(image.Rect(0, 0, w, h))
		for i := range m.Pix {
			m.Pix[i] = 0xff
		}
		m.Set(0, 0, c)
		return m
	}
	answer := compared(t, nil, 90, 95, 91)
	answer.Portrait = &matcher.Portrait{Image: picture(300, 400, color.Black)}
	answer.Frames = []matcher.MatchedFrame{{Face: picture(100, 100, color.Black)}, {Face: picture(1280, 960, color.Black)},
		{Face: picture(101, 100, color.Black)}}
	answer.Best = 1
	d, m, _ := desk(t, &scripted{answer: answer})
	check := func() history.Finished {
		t.Helper()
		if _, err := d.Check(context.Background(),
			CheckInput{Consent: true, Document: inMemory(pageBytes), Video: inMemory(clipBytes)}, nil); err != nil {
			t.Fatal(err)
		}
		return m.Finished[len(m.Finished)-1]
	}
	if f := check(); f.Document != nil || f.Frame != nil {
		t.Error("pictures are kept though nobody said so")
	}
	s := d.Settings()
	s.Privacy.KeepImages = true
	if err := d.SaveSettings(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	f := check()
	for name, c := range map[string]struct {
		data []byte
		size image.Point
	}{"document": {f.Document, image.Pt(300, 400)}, "frame": {f.Frame, image.Pt(640, 480)}} {
		kept, err := jpeg.Decode(bytes.NewReader(c.data))
		if err != nil || kept.Bounds().Size() != c.size || len(c.data) > 100_000 {
			t.Errorf("%s: %v, %v, %d bytes", name, kept, err, len(c.data))
		}
	}
	// Another program's answer shows no frame: then it is one that was filmed.
	var remote history.Finished
	d.keepPictures(&remote, matcher.Answer{Best: -1}, &matcher.Clip{Picture: picture(20, 10, color.Black)})
	if kept, err := jpeg.Decode(bytes.NewReader(remote.Frame)); err != nil || kept.Bounds().Dx() != 20 ||
		remote.Document != nil {
		t.Errorf("%v", err)
	}
}

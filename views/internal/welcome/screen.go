// Package welcome is what the first start shows in the Check screen's place: three steps
// that choose the camera and name the desk. It can be skipped.
package welcome

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/settings"
	"facematch/views/internal/draw"
	"facematch/views/internal/kit"
	"facematch/views/internal/live"
)

const (
	// camerasEvery is how often the first step looks which cameras are plugged in.
	camerasEvery = 2 * time.Second

	columnWidth = 560 // of a step without a picture: lines that are easy to read
)

// Desk is what the welcome needs of the desk.
type Desk interface {
	Settings() settings.Settings
	SettingsFrom() settings.Sources
	SaveSettings(ctx context.Context, s settings.Settings) error
	Cameras() []app.Camera
}

// Hooks are what the welcome asks of its window.
type Hooks struct {
	Try  func(address string)             // opens the camera of this address, which ends in SetSource
	Done func(old, now settings.Settings) // the welcome is over, and these settings were in force before and are now
}

// Screen is the welcome. All its methods are for the window's goroutine.
type Screen struct {
	kit.Parts
	Content *fyne.Container

	desk    Desk
	hooks   Hooks
	visible bool
	step    int    // from 0
	address string // of the camera that was chosen
	cameras []app.Camera
	looking *kit.Job // for cameras
	filling bool     // the list is being filled, so nothing is chosen
	saving  *kit.Task

	preview          *live.Preview
	list             *kit.Choice
	none, problem    *widget.Label
	name             *kit.Entry
	fault            *widget.Label
	steps            []fyne.CanvasObject
	progress         *widget.Label
	skip, back, next *kit.Button
}

// New makes the welcome, at its first step.
func New(p kit.Parts, desk Desk, hooks Hooks) *Screen {
	now, from := desk.Settings(), desk.SettingsFrom()
	s := &Screen{Parts: p, desk: desk, hooks: hooks, address: now.Camera.Source, saving: kit.NewTask(p.Work, nil)}
	t := p.Words.T
	s.preview = live.New(p)
	s.list = p.Keys.Choice(s.chosen)
	s.none, s.problem, s.fault = kit.Wrapped(t("welcome.no_camera")), kit.Wrapped(""), kit.Wrapped("")
	for _, l := range []*widget.Label{s.none, s.problem, s.fault} {
		l.Hide()
	}
	s.name = p.Keys.Entry(func(string) { s.update() })
	s.name.Text = now.Desk
	s.name.OnSubmitted = func(string) { s.forth() }
	s.progress = kit.Small("")
	s.skip = p.Keys.Button(t("welcome.skip"), theme.CancelIcon(), s.Skip)
	s.back = p.Keys.Button(t("welcome.back"), theme.NavigateBackIcon(), s.goBack)
	s.next = p.Keys.Button(t("welcome.next"), theme.NavigateNextIcon(), s.forth)
	s.next.Importance = widget.HighImportance

	locked := func(key string, field fyne.Disableable) fyne.CanvasObject {
		note := kit.Small(t("welcome.locked"))
		note.Hide()
		if from.IsLocked(key) {
			field.Disable()
			note.Show()
		}
		return note
	}
	title := func(key string) fyne.CanvasObject {
		return draw.Coloured(t(key), theme.ColorNameForeground, theme.SizeNameHeadingText)
	}
	cameraLocked, nameLocked := locked("camera.source", s.list), locked("desk", s.name)
	camera := container.NewGridWithColumns(2, s.preview, container.NewVBox(
		title("welcome.title"), kit.Wrapped(t("welcome.text")),
		kit.Bold(t("welcome.camera")), s.list, cameraLocked, s.none, s.problem, kit.Wrapped(t("welcome.camera_help")),
	))
	named := column(title("welcome.desk"), kit.Wrapped(t("welcome.desk_help")), s.name, nameLocked)
	ready := column(
		title("welcome.ready"), kit.Wrapped(t("welcome.how_document")), kit.Wrapped(t("welcome.how_consent")),
		kit.Wrapped(t("welcome.how_check")), kit.Wrapped(t("welcome.how_read")), widget.NewSeparator(),
		kit.Wrapped(t("welcome.later")),
	)
	s.steps = []fyne.CanvasObject{camera, named, ready}
	s.Content = container.NewBorder(nil, container.NewVBox(s.fault, widget.NewSeparator(), container.NewHBox(
		s.skip, layout.NewSpacer(), s.progress, layout.NewSpacer(), s.back, s.next,
	)), nil, nil, container.NewStack(s.steps...))
	s.update()
	return s
}

// column is a step of words and fields in the middle of the screen.
func column(objects ...fyne.CanvasObject) fyne.CanvasObject {
	width := canvas.NewRectangle(nil)
	width.SetMinSize(fyne.NewSize(columnWidth, 0))
	return container.NewCenter(container.NewVBox(append([]fyne.CanvasObject{width}, objects...)...))
}

// SetSource gives the welcome the source to show; nil while there is none.
func (s *Screen) SetSource(source app.Source) { s.preview.SetSource(source) }

// Show tells the welcome whether it can be seen.
func (s *Screen) Show(visible bool) {
	s.visible = visible
	s.watch()
	if visible {
		s.focus()
	}
}

// watch runs the picture and looks for cameras while the first step can be seen.
func (s *Screen) watch() {
	on := s.visible && s.step == 0
	s.preview.Run(on, s.desk.Settings().Camera.Mirror)
	s.looking.Stop()
	if !on {
		return
	}
	s.looking = s.Work.Start(func(ctx context.Context) {
		for {
			plugged := s.desk.Cameras()
			s.Work.Do(func() {
				if ctx.Err() == nil {
					s.showCameras(plugged)
				}
			})
			if !kit.Pause(ctx, camerasEvery) {
				return
			}
		}
	})
}

// showCameras brings the list in line with what is plugged in.
func (s *Screen) showCameras(plugged []app.Camera) {
	s.cameras = plugged
	names := kit.Labels(plugged, func(c app.Camera) string { return c.Name })
	if !slices.Equal(names, s.list.Options) {
		s.list.Options = names
		s.list.Refresh()
	}
	_, err := strconv.Atoi(s.address) // else a network camera or a file
	kit.SetVisible(s.none, len(plugged) == 0 && (err == nil || !s.preview.There()))
	kit.SetVisible(s.list, len(plugged) > 0)
	s.filling = true
	defer func() { s.filling = false }()
	at := s.at()
	if at < 0 {
		s.list.ClearSelected()
		kit.Say(s.problem, "", widget.WarningImportance)
		return
	}
	s.list.SetSelectedIndex(at)
	fault := ""
	if p := plugged[at].Problem; p != nil {
		fault = s.Words.ProblemText(p)
	}
	kit.Say(s.problem, fault, widget.WarningImportance)
}

// at is which of the cameras the address means; -1: none of them.
func (s *Screen) at() int {
	if at := slices.IndexFunc(s.cameras, func(c app.Camera) bool { return c.Address == s.address }); at >= 0 {
		return at
	}
	if n, err := strconv.Atoi(s.address); err == nil && n >= 0 && n < len(s.cameras) {
		return n
	}
	return -1
}

// chosen tries the camera that was chosen in the list.
func (s *Screen) chosen(string) {
	if at := s.list.SelectedIndex(); !s.filling && at >= 0 && at < len(s.cameras) {
		s.address = s.cameras[at].Address
		s.hooks.Try(s.address)
		s.showCameras(s.cameras)
	}
}

// typed are the settings with what was chosen.
func (s *Screen) typed() settings.Settings {
	next := s.desk.Settings()
	next.Camera.Source, next.Desk = s.address, strings.TrimSpace(s.name.Text)
	return next
}

// update brings the step and its buttons in line.
func (s *Screen) update() {
	for i, step := range s.steps {
		kit.SetVisible(step, i == s.step)
	}
	s.progress.SetText(s.Words.T("welcome.step", "Number", s.step+1, "Of", len(s.steps)))
	kit.SetVisible(s.back, s.step > 0)
	last := s.step == len(s.steps)-1
	kit.SetVisible(s.skip, !last)
	s.next.SetText(s.Words.T(map[bool]string{false: "welcome.next", true: "welcome.begin"}[last]))
	fault := ""
	if err := s.typed().Check(); err != nil && s.step == 1 {
		fault = s.Words.ProblemText(err)
	}
	kit.Say(s.fault, fault, widget.DangerImportance)
	kit.Enable(s.next, fault == "" && !s.saving.Busy())
}

// focus gives the keys to what the step begins with.
func (s *Screen) focus() {
	if s.step == 1 && !s.name.Disabled() {
		s.Focus(s.name)
		s.name.TypedShortcut(&fyne.ShortcutSelectAll{}) // typing replaces the name that is there
		return
	}
	s.Focus(s.next)
}

func (s *Screen) goTo(step int) {
	s.step = step
	s.update()
	s.watch()
	s.focus()
}

func (s *Screen) goBack() {
	if s.step > 0 {
		s.goTo(s.step - 1)
	}
}

// Escape goes one step back.
func (s *Screen) Escape() { s.goBack() }

// forth goes to the next step; after the last one it saves what was chosen.
func (s *Screen) forth() {
	switch {
	case s.next.Disabled():
	case s.step < len(s.steps)-1:
		s.goTo(s.step + 1)
	default:
		s.save(s.typed(), func(err error) { kit.Say(s.fault, s.Words.ProblemText(err), widget.DangerImportance) })
	}
}

// Skip ends the welcome and leaves the settings as they are. They are saved all the same,
// so that the next start is not the first any more.
func (s *Screen) Skip() {
	now := s.desk.Settings()
	s.save(now, func(error) { s.hooks.Done(now, now) }) // then the next start shows the welcome again
}

// save saves settings and ends the welcome; failed is called where they cannot be saved.
func (s *Screen) save(next settings.Settings, failed func(error)) {
	old := s.desk.Settings()
	s.saving.Start(func(ctx context.Context, _ app.ProgressFunc) error {
		// Closing the window must not part the file from its record.
		return s.desk.SaveSettings(context.WithoutCancel(ctx), next)
	}, func(err error) {
		s.update()
		if err != nil {
			s.Log("settings", err)
			failed(err)
			return
		}
		s.hooks.Done(old, s.desk.Settings())
	})
	s.update()
}

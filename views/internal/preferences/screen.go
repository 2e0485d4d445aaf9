// Package preferences is the Settings screen and its pages: desk, operators, privacy,
// backup, and what is left to set up.
package preferences

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"facematch/app"
	"facematch/app/operators"
	"facematch/app/settings"
	"facematch/views/internal/kit"
)

// Desk is what the Settings screen needs of the desk.
type Desk interface {
	SaveSettings(ctx context.Context, s settings.Settings) error
	Version() string
	cameraPartDesk
	camerasDesk
	locksDesk
	conditionsDesk
	tokenDesk
	operatorsDesk
	privacyDesk
	backupDesk
	centreDesk
	setupDesk
}

// Hooks are what the Settings screen asks of its window.
type Hooks struct {
	Source       func() app.Source                           // the live camera; nil while there is none
	ChooseFolder func(from string, chosen func(path string)) // asks for a folder
	Copy         func(text string)                           // puts text on the clipboard
	Saved        func(old, now settings.Settings)            // settings were saved, or may have been

	SetUpOperators   func() // makes the first administrator
	AddOperator      func()
	ChangePassphrase func(name string)
	RemoveOperator   func(who operators.Operator)
	SetRecovery      func()               // asks for the recovery passphrase
	SetupLeft        func(count int)      // how much is left to set up, whenever that is asked anew
	Erase            func(session string) // asks whether to erase a session
}

// Screen changes the settings. What is wrong stands beside the field
// while it is typed; nothing is in force before Save.
type Screen struct {
	kit.Parts
	desk  Desk
	hooks Hooks
	locks locks

	shownNow settings.Settings // what the fields were filled from
	saving   *kit.Job
	engine   app.Description

	deskName    *kit.Entry
	camera      *kit.Entry
	cameras     *cameraChoice
	photos      *kit.Entry // the camera for documents
	photographs *cameraChoice
	mirror      *kit.Check
	part        *cameraPart
	minors      *kit.Check
	expired     *kit.Check
	conditions  *conditionSettings
	textSize    *kit.Radio
	history     *kit.Entry
	models      *kit.Entry
	documents   *kit.Entry
	scans       *kit.Entry
	reference   *referenceSettings
	inspection  *inspectionSettings
	api         *apiSettings
	operators   *operatorSettings
	privacy     *privacySettings
	backup      *backupPage
	centre      *centreSettings
	setup       *setupPage

	pages   map[string]fyne.CanvasObject
	pager   *kit.Radio
	visible bool

	cameraFault, foldersFault *widget.Label

	save, undo *kit.Button
	message    *widget.Label
	about      *fyne.Container
	Content    fyne.CanvasObject
}

// textSizes are what can be chosen, in percent. A file may hold any between.
var textSizes = []string{"100", "115", "130"}

// The pages of the settings.
const (
	pageDesk      = "desk"
	pageOperators = "operators"
	pagePrivacy   = "privacy"
	pageBackup    = "backup"
	pageCentre    = "centre"
	pageSetup     = "setup"
)

// New makes the screen, filled with the settings in force.
func New(p kit.Parts, desk Desk, hooks Hooks) *Screen {
	s := &Screen{Parts: p, desk: desk, hooks: hooks, locks: locks{p.Words, desk.SettingsFrom()}}
	changed := func(string) { s.changed() }
	s.deskName, s.camera = p.Keys.Entry(changed), p.Keys.Entry(changed)
	s.cameras = newCameraChoice(p, desk, s.camera, s.locks, "camera.source")
	s.photos = p.Keys.Entry(changed)
	s.photographs = newCameraChoice(p, desk, s.photos, s.locks, "camera.document")
	s.photographs.none = p.Words.T("settings.same_camera")
	s.cameras.also = s.photographs
	s.mirror = p.Keys.Check(s.locks.name("settings.mirror", "camera.mirror"), func(bool) { s.changed() })
	s.part = newCameraPart(p, desk, s.locks, hooks.Source, s.changed)
	s.minors = p.Keys.Check("", func(bool) { s.changed() })
	s.expired = p.Keys.Check("", func(bool) { s.changed() })
	s.conditions = newConditionSettings(p, desk, s.locks, s.changed)
	s.textSize = p.Keys.Radio(textSizes, func(size string) string { return p.Words.T("settings.percent", "Number", size) },
		s.changed)
	s.history, s.models, s.documents = p.Keys.Entry(changed), p.Keys.Entry(changed), p.Keys.Entry(changed)
	s.scans = p.Keys.Entry(changed)
	s.scans.SetPlaceHolder(p.Words.T("settings.no_scans"))
	s.reference = newReferenceSettings(p, s.locks, s.changed)
	s.inspection = newInspectionSettings(p, s.locks, s.changed)
	s.history.SetPlaceHolder(p.Words.T("settings.usual_place"))
	s.models.SetPlaceHolder(p.Words.T("settings.usual_place"))
	s.documents.SetPlaceHolder(p.Words.T("settings.last_used"))
	s.api = newAPISettings(p, desk, s.locks, func() settings.Settings { return s.shownNow }, s.changed)
	s.operators = newOperatorSettings(p, desk, s.locks, hooks, s.changed)
	s.privacy = newPrivacySettings(p, desk, s.locks, hooks, s.folder, s.changed)
	s.backup = newBackupPage(p, desk, s.folder, hooks.Copy)
	s.centre = newCentreSettings(p, desk, s.locks, hooks.Copy, s.changed)
	s.setup = newSetupPage(p, desk, s.locks, s.open, hooks.SetRecovery, hooks.SetupLeft, s.changed)
	for _, l := range []**widget.Label{&s.cameraFault, &s.foldersFault, &s.message} {
		*l = kit.Wrapped("")
		(*l).Hide()
	}
	s.save = p.Keys.Button(p.Words.T("settings.save"), theme.DocumentSaveIcon(), s.store)
	s.save.Importance = widget.HighImportance
	s.undo = p.Keys.Button(p.Words.T("settings.undo"), theme.ContentUndoIcon(), func() {
		s.fill(s.desk.Settings())
		kit.Say(s.message, "", widget.MediumImportance)
	})
	s.locks.grey("desk", s.deskName)
	s.locks.grey("camera.source", s.camera)
	s.locks.grey("camera.document", s.photos)
	s.locks.grey("folders.scans", s.scans)
	s.locks.grey("camera.mirror", s.mirror)
	s.locks.grey("matching.refer_minors", s.minors)
	s.locks.grey("matching.refer_expired", s.expired)
	s.locks.grey("folders.history", s.history)
	s.locks.grey("folders.models", s.models)
	s.locks.grey("folders.documents", s.documents)
	s.locks.grey("window.text_percent", s.textSize)
	s.about = container.NewVBox()
	s.SetEngine(app.Description{})
	s.lay()
	s.fill(desk.Settings())
	return s
}

func (s *Screen) lay() {
	t := s.Words.T
	row := func(name, key string, field fyne.CanvasObject) []fyne.CanvasObject {
		return []fyne.CanvasObject{widget.NewLabel(s.locks.name(name, key)), field}
	}
	form := func(rows ...[]fyne.CanvasObject) *fyne.Container {
		f := container.New(layout.NewFormLayout())
		for _, r := range rows {
			f.Objects = append(f.Objects, r...)
		}
		return f
	}
	folder := s.folder
	left := container.NewVBox(
		kit.Bold(t("settings.section_desk")),
		form(row("settings.desk", "desk", s.deskName)),
		kit.Bold(t("settings.section_camera")),
		form(
			row("settings.camera", "camera.source", s.cameras.list),
			row("settings.camera_source", "camera.source", s.camera),
		),
		kit.Small(t("settings.camera_help")),
		s.cameras.problem, s.cameraFault, s.mirror,
		widget.NewLabel(s.locks.name("settings.part", "camera.part")), s.part.content,
		form(
			row("settings.photos", "camera.document", s.photographs.list),
			row("settings.camera_source", "camera.document", s.photos),
		),
		kit.Small(t("settings.photos_help")), s.photographs.problem,
		kit.Bold(t("settings.section_folders")),
		form(
			row("settings.history", "folders.history", folder(s.history)),
			row("settings.models", "folders.models", folder(s.models)),
			row("settings.documents", "folders.documents", folder(s.documents)),
			row("settings.scans", "folders.scans", folder(s.scans)),
		),
		kit.Small(t("settings.scans_help")),
		kit.Small(t("settings.folders_help")), s.foldersFault,
		s.api.wording,
	)
	// A box's own label cannot wrap.
	wrapped := func(box *kit.Check, words, key string) fyne.CanvasObject {
		return container.NewBorder(nil, nil, box, nil, kit.NewTapLabel(s.locks.name(words, key), func() {
			if !box.Disabled() {
				box.SetChecked(!box.Checked)
			}
		}))
	}
	right := container.NewVBox(
		kit.Bold(t("settings.section_matching")),
		widget.NewLabel(s.locks.name("settings.matching", "matching.mode")), s.api.decide,
		wrapped(s.minors, "settings.refer_minors", "matching.refer_minors"),
		wrapped(s.expired, "settings.refer_expired", "matching.refer_expired"),
		s.conditions.content,
		s.reference.content,
		s.inspection.content,
		s.api.content,
		kit.Bold(t("settings.section_window")),
		widget.NewLabel(s.locks.name("settings.text_size", "window.text_percent")), s.textSize.Row,
		kit.Bold(t("settings.section_about")), s.about,
	)
	buttons := container.NewBorder(nil, nil, container.NewHBox(s.save, s.undo), nil, s.message)
	s.pages = map[string]fyne.CanvasObject{
		pageDesk:      container.NewVScroll(container.NewGridWithColumns(2, left, right)),
		pageOperators: container.NewVScroll(s.operators.content),
		pagePrivacy:   container.NewVScroll(s.privacy.content),
		pageBackup:    container.NewVScroll(s.backup.content),
		pageCentre:    container.NewVScroll(s.centre.content),
		pageSetup:     container.NewVScroll(s.setup.content),
	}
	names := []string{pageDesk, pageOperators, pagePrivacy, pageBackup, pageCentre, pageSetup}
	s.pager = s.Keys.Radio(
		names, func(page string) string { return t("settings.page." + page) }, func() { s.open(s.pager.Value) },
	)
	stack := container.NewStack()
	for _, name := range names {
		stack.Add(s.pages[name])
	}
	top := container.NewVBox(s.pager.Row)
	if len(s.locks.from.Locked) > 0 {
		top.Add(kit.Small(t("settings.locked_note", "File", s.locks.from.Administrator)))
	}
	s.Content = container.NewBorder(top, container.NewVBox(widget.NewSeparator(), buttons), nil, nil, stack)
	s.open(pageDesk)
}

// folder is a field for a folder, with a button to choose it; both are grey where the field
// is.
func (s *Screen) folder(e *kit.Entry) fyne.CanvasObject {
	choose := s.Keys.Button(s.Words.T("settings.choose"), theme.FolderOpenIcon(), func() {
		s.hooks.ChooseFolder(strings.TrimSpace(e.Text), func(path string) { e.SetText(path) })
	})
	kit.Enable(choose, !e.Disabled())
	return container.NewBorder(nil, nil, nil, choose, e)
}

// open shows a page.
func (s *Screen) open(page string) {
	s.pager.Set(page)
	for name, content := range s.pages {
		if name == page {
			content.Show()
		} else {
			content.Hide()
		}
	}
	s.changed()
	s.Look()
}

// Look asks anew for what may have changed elsewhere.
func (s *Screen) Look() {
	s.part.stop()
	if !s.visible {
		return
	}
	switch s.pager.Value {
	case pageDesk:
		s.part.watch()
		s.api.look()
	case pageOperators:
		s.operators.look()
	case pagePrivacy:
		s.privacy.look()
	case pageCentre:
		s.centre.look()
	case pageSetup:
		s.setup.look()
	}
}

// OpenSetup shows what is left to set up.
func (s *Screen) OpenSetup() { s.open(pageSetup) }

// Refresh brings the screen in line with who is signed in and with settings that
// were saved elsewhere in the window. What was typed stays.
func (s *Screen) Refresh() {
	for name, b := range s.pager.Buttons {
		if s.mayBeSeen(name) {
			b.Show()
		} else {
			b.Hide()
		}
	}
	if !s.mayBeSeen(s.pager.Value) {
		s.open(pageDesk)
	}
	s.operators.lay(nil)
	s.setup.look()
	s.Look()
	s.changed()
}

// OperatorsChanged shows the operators anew.
func (s *Screen) OperatorsChanged() {
	s.operators.look()
	s.setup.update()
}

// PassphraseChanged says that an operator's passphrase was changed.
func (s *Screen) PassphraseChanged(name string) {
	kit.Say(s.operators.said, s.Words.T("people.changed", "Name", name), widget.SuccessImportance)
}

// RecoveryChanged shows anew whether there is a recovery passphrase.
func (s *Screen) RecoveryChanged() {
	s.privacy.look()
	s.setup.look()
}

// SessionErased says that the session in the field was erased.
func (s *Screen) SessionErased() {
	s.privacy.session.SetText("")
	kit.Say(s.privacy.said, s.Words.T("erase.done"), widget.SuccessImportance)
}

// UndoAll drops what was typed.
func (s *Screen) UndoAll() {
	s.privacy.session.SetText("")
	s.fill(s.desk.Settings())
	kit.Say(s.message, "", widget.MediumImportance)
}

// SetEngine shows which engine decides.
func (s *Screen) SetEngine(d app.Description) {
	s.engine = d
	s.about.RemoveAll()
	s.conditions.calibration = d.Calibration
	s.conditions.follow()
	for _, line := range kit.AboutLines(s.Words, s.desk.Version(), d) {
		s.about.Add(kit.Wrapped(line))
	}
}

// Show is called when the screen comes into view, where what was typed stays, and
// when it leaves it.
func (s *Screen) Show(visible bool) {
	s.visible = visible
	if !visible {
		s.cameras.stop()
		s.part.stop()
		return
	}
	s.changed()
	s.cameras.watch()
	s.Look()
}

// fill shows settings.
func (s *Screen) fill(now settings.Settings) {
	s.shownNow = now
	s.deskName.SetText(now.Desk)
	s.camera.SetText(now.Camera.Source)
	s.photos.SetText(now.Camera.Document)
	s.mirror.SetChecked(now.Camera.Mirror)
	s.part.set(now.Camera.Part)
	s.minors.SetChecked(now.Matching.ReferMinors)
	s.expired.SetChecked(now.Matching.ReferExpired)
	s.textSize.Set(strconv.Itoa(now.Window.TextPercent))
	s.conditions.text.SetText(app.FormatConditions(now.Conditions))
	s.history.SetText(now.Folders.History)
	s.models.SetText(now.Folders.Models)
	s.documents.SetText(now.Folders.Documents)
	s.scans.SetText(now.Folders.Scans)
	s.reference.fill(now)
	s.inspection.fill(now)
	s.api.fill(now)
	s.operators.fill(now)
	s.privacy.fill(now)
	s.centre.fill(now)
	s.setup.fill(now)
	s.changed()
}

// typed reads the fields. The error says which condition cannot be read.
func (s *Screen) typed() (settings.Settings, error) {
	next := s.shownNow
	next.Desk = strings.TrimSpace(s.deskName.Text)
	next.Camera.Source = strings.TrimSpace(s.camera.Text)
	next.Camera.Document = strings.TrimSpace(s.photos.Text)
	next.Camera.Mirror = s.mirror.Checked
	next.Camera.Part = s.part.part
	next.Matching.ReferMinors = s.minors.Checked
	next.Matching.ReferExpired = s.expired.Checked
	next.Window.TextPercent, _ = strconv.Atoi(s.textSize.Value)
	next.Folders.History = strings.TrimSpace(s.history.Text)
	next.Folders.Models = strings.TrimSpace(s.models.Text)
	next.Folders.Documents = strings.TrimSpace(s.documents.Text)
	next.Folders.Scans = strings.TrimSpace(s.scans.Text)
	s.reference.typed(&next)
	s.inspection.typed(&next)
	s.api.typed(&next)
	s.operators.typed(&next)
	s.privacy.typed(&next)
	s.centre.typed(&next)
	s.setup.typed(&next)
	rules, err := app.ParseConditions(s.conditions.text.Text)
	if err == nil {
		next.Conditions = rules
	}
	return next, err
}

// different says whether the fields hold anything else than the settings.
func (s *Screen) different() bool {
	next, _ := s.typed()
	next.Conditions = s.shownNow.Conditions // compared as text, which may not be readable
	return !reflect.DeepEqual(next, s.shownNow) ||
		s.conditions.text.Text != app.FormatConditions(s.shownNow.Conditions)
}

// changed checks the fields and says beside them what is wrong.
func (s *Screen) changed() {
	if s.message == nil { // the fields are being made
		return
	}
	s.cameras.follow()
	s.photographs.follow()
	s.conditions.follow()
	next, unread := s.typed()
	fault := next.Check()
	var camera, folders, conditions, privacy, people string
	if unread != nil {
		conditions = s.Words.T("settings.conditions", "Fault", unread.Error())
	}
	var problem *app.Problem
	errors.As(fault, &problem)
	theirs, referred, inspected := s.api.complain(problem), s.reference.complain(problem), s.inspection.complain(problem)
	central := s.centre.complain(problem)
	s.api.sayAuditing(next)
	if problem != nil && !theirs && !referred && !inspected && !central {
		switch problem.Key {
		case settings.KeyNoCamera, settings.KeyCameraPassword, settings.KeyCameraPart,
			settings.KeyDocumentCamera:
			camera = s.Words.ProblemText(problem)
		case settings.KeyFolder:
			if folders = s.Words.ProblemText(problem); problem.Params["Name"] == "second_anchor" {
				folders, privacy = "", folders
			}
		case settings.KeyRetention:
			privacy = s.Words.ProblemText(problem)
		case settings.KeyLockMinutes:
			people = s.Words.ProblemText(problem)
		default:
			if conditions == "" {
				conditions = s.Words.ProblemText(problem)
			}
		}
	}
	kit.Say(s.cameraFault, camera, widget.DangerImportance)
	kit.Say(s.foldersFault, folders, widget.DangerImportance)
	kit.Say(s.conditions.fault, conditions, widget.DangerImportance)
	kit.Say(s.privacy.fault, privacy, widget.DangerImportance)
	kit.Say(s.operators.fault, people, widget.DangerImportance)
	s.point(privacy, people, central, fault)
	s.api.update()
	different, idle := s.different(), s.saving == nil
	if different && s.message.Importance == widget.SuccessImportance {
		kit.Say(s.message, "", widget.MediumImportance)
	}
	kit.Enable(s.save, different && idle && fault == nil && unread == nil)
	kit.Enable(s.undo, different && idle)
}

// point says on which other page there is something wrong, because of which
// nothing can be saved here.
func (s *Screen) point(privacy, people string, central bool, fault error) {
	page := pageDesk
	switch {
	case privacy != "":
		page = pagePrivacy
	case people != "":
		page = pageOperators
	case central:
		page = pageCentre
	}
	text := ""
	if fault != nil && page != s.pager.Value {
		text = s.Words.T("settings.elsewhere", "Page", s.Words.T("settings.page."+page))
	}
	if text != "" || s.message.Importance == widget.WarningImportance {
		kit.Say(s.message, text, widget.WarningImportance)
	}
}

// store writes the settings and brings them into force.
func (s *Screen) store() {
	next, err := s.typed()
	if err != nil || s.saving != nil {
		return
	}
	old := s.shownNow
	kit.Say(s.message, s.Words.T("settings.saving"), widget.MediumImportance)
	s.saving = s.Work.Start(func(ctx context.Context) {
		// Closing the window must not part the file from its record.
		err := s.desk.SaveSettings(context.WithoutCancel(ctx), next)
		s.Work.Do(func() { s.stored(old, err) })
	})
	s.changed()
}

func (s *Screen) stored(old settings.Settings, err error) {
	s.saving = nil
	now := s.desk.Settings()
	if err != nil {
		s.Log("settings", err)
		kit.Say(s.message, s.Words.ProblemText(err), widget.DangerImportance)
		// The file may be written though its record is not: what is in force counts.
		s.shownNow = now
		s.changed()
		s.hooks.Saved(old, now)
		return
	}
	s.fill(now)
	text := s.Words.T("settings.saved")
	if old.Folders.History != now.Folders.History || old.Folders.Models != now.Folders.Models {
		text = s.Words.T("settings.saved_folders")
	}
	if old.Central.Pushes() != now.Central.Pushes() {
		text = s.Words.T("settings.saved_centre")
	}
	if s.pager.Value == pageCentre {
		s.centre.look()
	}
	kit.Say(s.message, text, widget.SuccessImportance)
	s.hooks.Saved(old, now)
}

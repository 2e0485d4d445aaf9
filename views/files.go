package views

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/driver"
	"fyne.io/fyne/v2/storage"

	"facematch/views/internal/chooser"
	"facematch/views/internal/document"
)

// choose asks for a file or folder: with the desktop's own dialog, and where it has none
// with Fyne's. chosen is called with what was chosen, if something was.
func (w *Window) choose(r chooser.Request, chosen func(path string)) {
	if w.choosing { // the desktop's dialog is open already
		return
	}
	w.choosing = true
	r.Parent = w.handle()
	w.Work.Start(func(ctx context.Context) {
		path, err := w.askDesktop(ctx, r)
		w.Work.Do(func() {
			w.choosing = false
			switch {
			case !w.gate.open: // the operator who asked has signed out
			case err != nil:
				if !errors.Is(err, chooser.ErrNone) {
					w.Log("file dialog", err)
				}
				w.chooseHere(r, chosen)
			case path != "":
				chosen(path)
			}
		})
	})
}

// handle names the window to the desktop's dialog, so that it lies over it; empty: it
// cannot be named.
func (w *Window) handle() (handle string) {
	if native, ok := w.win.(driver.NativeWindow); ok {
		native.RunNative(func(context any) {
			if x, ok := context.(driver.X11WindowContext); ok {
				handle = fmt.Sprintf("x11:%x", x.WindowHandle)
			}
		})
	}
	return handle
}

// chooseHere asks with Fyne's dialog.
func (w *Window) chooseHere(r chooser.Request, chosen func(path string)) {
	done := func(place fyne.URI, err error) {
		if err != nil {
			w.Log("file dialog", err)
			w.tell("drop.not_opened", "drop.not_opened.hint")
			return
		}
		chosen(place.Path())
	}
	var d *dialog.FileDialog
	if r.Directory {
		d = dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
			if folder != nil || err != nil {
				done(folder, err)
			}
		}, w.win)
	} else {
		d = dialog.NewFileOpen(func(file fyne.URIReadCloser, err error) {
			switch {
			case err != nil:
				done(nil, err)
			case file != nil:
				_ = file.Close() // only its place is wanted; it is read later
				done(file.URI(), nil)
			}
		}, w.win)
		if len(r.Types) > 0 { // a filter of no endings lets no file through
			d.SetFilter(storage.NewExtensionFileFilter(r.Types))
		}
	}
	if r.Folder != "" {
		if at, err := storage.ListerForURI(storage.NewFileURI(r.Folder)); err == nil {
			d.SetLocation(at)
		}
	}
	size, under := w.win.Canvas().Size(), w.dialog
	d.SetOnClosed(func() { w.dialog = under })
	w.dialog = d
	d.Show()
	d.Resize(fyne.NewSize(size.Width*0.85, size.Height*0.85)) // fails before it is shown
}

// browse lets the clerk choose a file, for what the function does with it.
func (w *Window) browse(chosen func([]document.Item)) {
	if !w.takesDocument() {
		return
	}
	folder := w.desk.Settings().Folders.Documents
	if folder == "" {
		folder = w.folder
	}
	w.choose(chooser.Request{
		Title: w.Words.T("choose.document"), Name: w.Words.T("choose.documents"), Types: document.Types, Folder: folder,
	}, func(path string) {
		w.folder = filepath.Dir(path)
		if w.takesDocument() { // a check may have begun meanwhile
			chosen([]document.Item{document.File(path)})
		}
	})
}

// chooseHistory asks for the file of another desk's history.
func (w *Window) chooseHistory(chosen func(path string)) {
	w.choose(chooser.Request{
		Title: w.Words.T("choose.history"), Name: w.Words.T("choose.histories"), Types: []string{".db"}, Folder: w.folder,
	}, chosen)
}

// chooseKey asks for the auditors' key file, which may have any name.
func (w *Window) chooseKey(chosen func(path string)) {
	w.choose(chooser.Request{Title: w.Words.T("choose.key"), Folder: w.folder}, chosen)
}

// chooseSample asks for the file of a sample.
func (w *Window) chooseSample(chosen func(path string)) {
	w.choose(chooser.Request{Title: w.Words.T("choose.sample"), Folder: w.exportFolder()}, chosen)
}

// chooseFolder asks for a folder, beginning at one that may be empty.
func (w *Window) chooseFolder(from string, chosen func(path string)) {
	w.choose(chooser.Request{Title: w.Words.T("choose.folder"), Folder: from, Directory: true}, chosen)
}

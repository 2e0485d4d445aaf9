package views

import (
	"context"
	"image"
	"os"
	"regexp"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/image/draw"

	"facematch/app"
)

// chosenDocument is a document that could be read.
type chosenDocument struct {
	blob     app.Blob
	portrait app.Portrait
	page     *image.RGBA     // small enough for the screen; nil where there is none
	box      image.Rectangle // the portrait's face on page
	among    int             // how many files were dropped together
}

// chosen makes the pictures the screen needs, off the window's goroutine.
func chosen(blob app.Blob, portrait app.Portrait, among int) *chosenDocument {
	d := &chosenDocument{blob: blob, portrait: portrait, among: among, page: portrait.Page, box: portrait.Box}
	if d.page == nil || d.page.Rect.Dx() <= pageWidth {
		return d
	}
	width, height := d.page.Rect.Dx(), d.page.Rect.Dy()
	small := image.NewRGBA(image.Rect(0, 0, pageWidth, max(1, height*pageWidth/width)))
	draw.ApproxBiLinear.Scale(small, small.Rect, d.page, d.page.Rect, draw.Src, nil)
	d.page = small
	shrink := func(p image.Point) image.Point { return image.Pt(p.X*pageWidth/width, p.Y*pageWidth/width) }
	d.box = image.Rectangle{Min: shrink(d.box.Min), Max: shrink(d.box.Max)}
	return d
}

// documentPanel shows where to put a document, then what was found on it.
type documentPanel struct {
	widget.BaseWidget
	words words

	zone    *dropZone
	looking *fyne.Container
	bar     *widget.ProgressBarInfinite
	cancel  *button
	found   *fyne.Container
	another *button
}

// newDocumentPanel makes the panel; browse opens the file dialog, cancel ends
// the search for the portrait.
func newDocumentPanel(w words, keys *controls, browse, cancel func()) *documentPanel {
	p := &documentPanel{words: w}
	p.zone = newDropZone(w.T("drop.title"), w.T("drop.formats"),
		keys.button(w.T("drop.browse"), theme.FolderOpenIcon(), browse))
	p.bar = widget.NewProgressBarInfinite()
	p.bar.Stop()
	p.cancel = keys.button(w.T("button.cancel"), theme.CancelIcon(), cancel)
	p.looking = container.NewPadded(container.New(middle{}, container.NewVBox(
		widget.NewLabelWithStyle(w.T("drop.looking"), fyne.TextAlignCenter, fyne.TextStyle{Bold: true}),
		p.bar, container.NewCenter(p.cancel),
	)))
	p.another = keys.button(w.T("drop.another"), theme.FolderOpenIcon(), browse)
	p.found = container.NewStack()
	p.ExtendBaseWidget(p)
	p.empty("")
	return p
}

// CreateRenderer is part of fyne.Widget.
func (p *documentPanel) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewStack(p.zone, p.looking, p.found))
}

func (p *documentPanel) only(shown fyne.CanvasObject) {
	for _, o := range []fyne.CanvasObject{p.zone, p.looking, p.found} {
		if o == shown {
			o.Show()
		} else {
			o.Hide()
		}
	}
	if shown == p.looking {
		p.bar.Start()
	} else {
		p.bar.Stop()
	}
}

// empty asks for a document, and says why the last one was not taken.
func (p *documentPanel) empty(fault string) {
	p.zone.say(fault)
	p.only(p.zone)
}

// search shows that the portrait is looked for.
func (p *documentPanel) search() { p.only(p.looking) }

// show shows a document.
func (p *documentPanel) show(d *chosenDocument) {
	page := newPicture(d.page)
	face := newOutlines()
	if d.page != nil && d.portrait.Code == 0 {
		face.set([]app.Face{{Box: d.box}}, d.page.Rect.Size(), false, true)
	}
	pictures := []fyne.CanvasObject{container.NewStack(page, face)}
	if d.portrait.Image != nil {
		pictures = append(pictures, newPicture(d.portrait.Image))
	}

	notes := container.NewVBox()
	note := func(text string, importance widget.Importance) {
		l := wrapped(text)
		l.Importance = importance
		notes.Add(l)
	}
	if d.portrait.Code == 0 {
		note(p.words.T("drop.found"), widget.SuccessImportance)
	} else {
		text, advice := p.words.side("anchor", d.portrait.Code)
		note(join(text, advice), widget.DangerImportance)
	}
	if d.among > 1 {
		note(p.words.T("drop.several", "Count", d.among), widget.MediumImportance)
	}
	for _, warning := range d.portrait.Warnings {
		note(p.words.Notice(warning), widget.WarningImportance)
	}

	p.found.Objects = []fyne.CanvasObject{container.NewBorder(
		nil, container.NewVBox(notes, container.NewHBox(p.another)), nil, nil,
		container.New(beside{2, 1}, pictures...),
	)}
	p.found.Refresh()
	p.only(p.found)
}

// allow switches the ways to another document on or off.
func (p *documentPanel) allow(on bool) {
	enable(p.another, on)
	enable(p.zone.browse, on)
}

// newPicture shows a picture that stays.
func newPicture(picture *image.RGBA) *canvas.Image {
	i := &canvas.Image{FillMode: canvas.ImageFillContain, ScaleMode: canvas.ImageScaleFastest}
	if picture != nil {
		i.Image = picture
	}
	return i
}

// beside lays objects out side by side in these shares of the width.
type beside []float32

// MinSize is part of fyne.Layout.
func (b beside) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(240, 140) }

// Layout is part of fyne.Layout.
func (b beside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	sum, gap := float32(0), theme.Padding()
	for i := range objects {
		sum += b[i]
	}
	room, x := size.Width-gap*float32(len(objects)-1), float32(0)
	for i, o := range objects {
		width := room * b[i] / sum
		o.Move(fyne.NewPos(x, 0))
		o.Resize(fyne.NewSize(width, size.Height))
		x += width + gap
	}
}

// dropped is what came with a drop: files by path, and whether other things,
// such as a picture out of a web page, came with them.
type dropped struct {
	paths   []string
	foreign bool
}

// webAddress finds what Fyne makes of the address of a dropped web page or
// picture: it takes all that is dropped for files, and this for one below the
// program's own folder.
var webAddress = regexp.MustCompile(`/(https?:|ftp:|data:image)/`)

func sortDropped(uris []fyne.URI) dropped {
	var d dropped
	for _, u := range uris {
		if u.Scheme() == "file" && !webAddress.MatchString(u.Path()) {
			d.paths = append(d.paths, u.Path())
		} else {
			d.foreign = true
		}
	}
	return d
}

// firstReadable looks for the portrait on the first of the files that can be
// read. Where none can, the first one's fault is returned.
func firstReadable(ctx context.Context, desk Desk, paths []string) (*chosenDocument, error) {
	var first error
	for _, path := range paths {
		blob := app.OpenFile(path)
		portrait, err := app.Portrait{}, error(nil)
		if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
			err = &app.Problem{Key: "drop.folder"}
		} else {
			portrait, err = desk.FindPortrait(ctx, blob)
		}
		if err == nil {
			return chosen(blob, portrait, len(paths)), nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

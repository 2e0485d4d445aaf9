package pages

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSizesOfPDF(t *testing.T) {
	picture := string(jpegOf(t, card(10))) // 1200x900
	scan := func(entries, place string) []byte {
		return pdfOf(pageOf("/Resources<</XObject<</I 5 0 R>>>>"+entries, "q "+place+" cm /I Do Q",
			stream("/Type/XObject/Subtype/Image/Width 1200/Height 900/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode",
				picture)))
	}
	for name, c := range map[string]struct {
		data []byte
		want image.Point
	}{
		"as long as A4, 300 dots an inch": {scan("/MediaBox[0 0 842 631.5]", "842 0 0 631.5 0 0"), image.Pt(3508, 2631)},
		"a scan as fine as it is":         {scan("", "120 0 0 90 0 0"), image.Pt(1200, 900)},
		"a tiny page":                     {scan("/MediaBox[0 0 1.2 .9]", "1.2 0 0 .9 0 0"), image.Pt(1200, 900)},
		"a page of 14400 inches": {scan("/MediaBox[0 0 1036800 777600]", "1036800 0 0 777600 0 0"),
			image.Pt(4000, 3000)},
		"in other units": {scan("/UserUnit 10", "120 0 0 90 0 0"), image.Pt(1200, 900)},
		"turned":         {scan("/Rotate 90/MediaBox[0 0 90 120]", "0 120 -90 0 90 0"), image.Pt(1200, 900)},
		"cropped": {scan("/MediaBox[-500 -500 500 500]/CropBox[0 0 120 90]", "120 0 0 90 0 0"),
			image.Pt(1200, 900)},
		"no picture":                   {pdfOf(pageOf("", fields())), image.Pt(500, 375)},
		"rubbish in front of the file": {append([]byte("\n\n"), pdfOf(pageOf("", fields()))...), image.Pt(500, 375)},
		"no table of objects, but them": {[]byte(strings.Replace(string(pdfOf(pageOf("", fields()))), "startxref",
			"startxxxx", 1)), image.Pt(500, 375)},
	} {
		t.Run(name, func(t *testing.T) {
			f, p := open(t, c.data)
			if d := p.Picture.Rect.Max.Sub(c.want); f.Count != 1 || d.X*d.X+d.Y*d.Y > 2 {
				t.Errorf("%d pages, the first %v, want %v", f.Count, p.Picture.Rect.Max, c.want)
			}
			showsCard(t, p.Picture)
		})
	}
}

func TestPagesOfPDF(t *testing.T) {
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", ""}
	kids := ""
	for i := range 12 {
		kids += fmt.Sprintf("%d 0 R ", 3+2*i)
		content := ""
		if i%2 == 1 {
			content = fields()
		}
		objects = append(objects, fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 120 90]/Contents %d 0 R>>", 4+2*i),
			stream("", content))
	}
	objects[1] = "<</Type/Pages/Count 12/Kids[" + kids + "]>>"
	f, p := open(t, pdfOf(objects))
	if f.Count != MaxPages || !f.More {
		t.Errorf("%d pages, more: %v", f.Count, f.More)
	}
	if got := field(p.Picture, 0); got != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("an empty page is %v", got)
	}
	p, err := f.Page(context.Background(), 10)
	if err != nil {
		t.Fatal(err)
	}
	showsCard(t, p.Picture)
}

// Notes on a page, filled-in forms and what shines through are drawn as in a
// viewer.
func TestWhatLiesOnThePage(t *testing.T) {
	look := stream("/Type/XObject/Subtype/Form/BBox[0 0 120 90]", fields())
	picture := stream("/Type/XObject/Subtype/Image/Width 1200/Height 900/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", string(jpegOf(t, card(10))))
	shown := stream("/Type/XObject/Subtype/Form/BBox[0 0 120 90]/Resources<</XObject<</I 7 0 R>>>>",
		"q 120 0 0 90 0 0 cm /I Do Q")
	button := "<</Type/Annot/Subtype/Widget/FT/Btn/Ff 65536/T(photo)/F 4/Rect[0 0 120 90]/AP<</N 6 0 R>>>>"
	for name, data := range map[string][]byte{
		"stamp": pdfOf(pageOf("/Annots[5 0 R]", "",
			"<</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 120 90]/AP<</N 6 0 R>>>>", look)),
		"form": withForm(pageOf("/Annots[5 0 R]", "",
			"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/F 4/Rect[0 0 120 90]/AP<</N 6 0 R>>>>", look)),
		"button, in no form": pdfOf(pageOf("/Annots[5 0 R]", "", button, shown, picture)),
		"text field, in no form": pdfOf(pageOf("/Annots[5 0 R]", "",
			strings.Replace(button, "/Btn/Ff 65536", "/Tx", 1), look)),
		"button behind a stamp, no form": pdfOf(pageOf("/Annots[8 0 R 5 0 R]", "", button, shown, picture,
			"<</Type/Annot/Subtype/Link/F 4/Rect[0 0 9 9]>>")),
		"button on a page of others, turned": pdfOf(pageOf("/Rotate 90/MediaBox[0 0 90 120]/Annots[5 0 R]", "",
			strings.Replace(button, "[0 0 120 90]", "[0 0 90 120]", 1),
			stream("/Type/XObject/Subtype/Form/BBox[0 0 120 90]/Matrix[0 1 -1 0 90 0]/Resources<</XObject<</I 7 0 R>>>>",
				"q 120 0 0 90 0 0 cm /I Do Q"), picture)),
		"transparency": pdfOf(pageOf("/Group<</S/Transparency/CS/DeviceRGB>>/Resources<</ExtGState<</G<</ca 1/BM/Multiply>>>>>>", "/G gs "+fields())),
	} {
		t.Run(name, func(t *testing.T) {
			_, p := open(t, data)
			showsCard(t, p.Picture)
		})
	}
}

// What is hidden stays so, in a form or not.
func TestHiddenField(t *testing.T) {
	hidden := "<</Type/Annot/Subtype/Widget/FT/Btn/T(a)/F 2/Rect[0 0 120 90]/AP<</N 6 0 R>>>>"
	look := stream("/Type/XObject/Subtype/Form/BBox[0 0 120 90]", "0 0 120 90 re f")
	for name, data := range map[string][]byte{
		"in no form": pdfOf(pageOf("/Annots[5 0 R]", fields(), hidden, look)),
		"in a form":  withForm(pageOf("/Annots[5 0 R]", fields(), hidden, look)),
	} {
		t.Run(name, func(t *testing.T) {
			_, p := open(t, data)
			showsCard(t, p.Picture)
		})
	}
}

// A form that only its own program draws has a page that asks to wait. One that
// shows anything else is drawn.
func TestFormThatAsksToWait(t *testing.T) {
	const words = "BT /F1 12 Tf 10 50 Td (Please wait...) Tj ET"
	const font = "/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
	xfa := func(entries string, objects []string) []byte {
		n := len(objects) + 1
		objects[0] = fmt.Sprintf("<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]/XFA[(template) %d 0 R]>>%s>>", n, entries)
		return pdfOf(append(objects, stream("", "<template/>")))
	}
	look := stream("/Type/XObject/Subtype/Form/BBox[0 0 120 90]", fields())
	picture := stream("/Type/XObject/Subtype/Image/Width 1200/Height 900/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", string(jpegOf(t, card(10))))
	two := pageOf(font, words, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 120 90]/Contents 6 0 R>>", stream("", fields()))
	two[1] = "<</Type/Pages/Kids[5 0 R 3 0 R]/Count 2>>"
	whole := xfa("", pageOf(font, words))
	whole = []byte(strings.Replace(string(whole), "/XFA[(template) 5 0 R]", "/XFA 5 0 R            ", 1))
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"to be drawn":          {xfa("/NeedsRendering true", pageOf(font, words)), "document.xfa"},
		"not said to be drawn": {xfa("", pageOf(font, words)), "document.xfa"},
		"in one piece":         {whole, "document.xfa"},
		"an empty page":        {xfa("/NeedsRendering true", pageOf("", "")), "document.xfa"},
		"with a picture": {xfa("/NeedsRendering true",
			pageOf("/Resources<</XObject<</I 5 0 R>>>>", "q 120 0 0 90 0 0 cm /I Do Q", picture)), ""},
		"with a field": {xfa("",
			pageOf("/Annots[5 0 R]", "", "<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/F 4/Rect[0 0 120 90]/AP<</N 6 0 R>>>>",
				look)), ""},
		"with another page":        {xfa("", two), ""},
		"words in an ordinary PDF": {pdfOf(pageOf(font, words)), ""},
		"words in an ordinary form": {withForm(pageOf(font, words,
			"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/F 4/Rect[0 0 1 1]>>")), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refused(t, c.data); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if strings.HasPrefix(name, "with ") {
				_, p := open(t, c.data)
				showsCard(t, p.Picture)
			}
		})
	}
}

func withForm(objects []string) []byte {
	objects[0] = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]>>>>"
	return pdfOf(objects)
}

func TestEncryptedPDF(t *testing.T) {
	if got := refused(t, encryptedPDF("secret")); got != "document.encrypted" {
		t.Errorf("with a password: %q", got)
	}
	// Only changing it needs a password.
	_, p := open(t, encryptedPDF(""))
	showsCard(t, p.Picture)
	// An unknown way of encryption.
	odd := strings.Replace(string(encryptedPDF("")), "/Filter/Standard", "/Filter/Strange0", 1)
	if got := refused(t, []byte(odd)); got != "document.encrypted" {
		t.Errorf("in a strange way: %q", got)
	}
}

// A page that takes for ever is given up, and the next one drawn as ever.
func TestSlowPDF(t *testing.T) {
	began := time.Now()
	if got := refused(t, endlessPDF()); got != "document.slow" {
		t.Errorf("got %q after %v", got, time.Since(began))
	}
	for tries := 0; refused(t, pdfOf(pageOf("", fields()))) != ""; tries++ {
		if tries == 5 { // a busy computer is slow as well, though not for ever
			t.Fatal("the next one is not drawn")
		}
	}
}

func TestCallerLeavesSlowPDF(t *testing.T) {
	f, err := shared.Open(context.Background(), memory(endlessPDF()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := f.Page(ctx, 1); err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	_, p := open(t, pdfOf(pageOf("", fields())))
	showsCard(t, p.Picture)
}

// endlessPDF has a page of forms that each draw the next one ten times.
func endlessPDF() []byte {
	const depth = 12
	var forms []string
	for i := range depth {
		content := strings.Repeat("/F Do ", 10)
		if i == depth-1 {
			content = fields()
		}
		forms = append(forms, stream(fmt.Sprintf("/Type/XObject/Subtype/Form/BBox[0 0 120 90]/Resources<</XObject<</F %d 0 R>>>>", 6+i), content))
	}
	return pdfOf(pageOf("/Resources<</XObject<</F 5 0 R>>>>", "/F Do", forms...))
}

// What was compiled is kept where no other user can change it, found again, and made
// anew where it is damaged. The race detector has no part in it, and would take
// a minute.
func TestKeepsWhatWasCompiled(t *testing.T) {
	if raced {
		t.Skip("compiling takes a minute with the race detector")
	}
	dir := filepath.Join(t.TempDir(), "modules")
	open := func() {
		t.Helper()
		r := New(Params{Cache: dir, Log: slog.New(slog.DiscardHandler)})
		defer r.Close()
		f, err := r.Open(context.Background(), memory(testdata(t, "plain.heic")))
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.Page(context.Background(), 1)
		if err != nil {
			t.Fatal(err)
		}
		showsCard(t, p.Picture)
	}
	kept := func() (file string) {
		t.Helper()
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if d.IsDir() && info.Mode().Perm() != 0o700 {
				t.Errorf("a folder with the rights %v", info.Mode().Perm())
			}
			if !d.IsDir() {
				file = path
			}
			return err
		})
		if err != nil || file == "" {
			t.Fatalf("nothing is kept: %v", err)
		}
		return file
	}
	open()
	file := kept()
	for _, damage := range []func([]byte) []byte{
		func(all []byte) []byte { return all[:len(all)/2] },
		func(all []byte) []byte { all[len(all)/2] ^= 0xff; return all },
		func([]byte) []byte { return nil },
	} {
		all, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, damage(all), 0o600); err != nil {
			t.Fatal(err)
		}
		open()
		file = kept()
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // no folder at all
		t.Fatal(err)
	}
	open()
}

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/privatefile"
	"facematch/matcher"
	"facematch/matcher/quality"
)

// found is what `document --format json` prints. Coordinates are pixels on the
// upright page.
type found struct {
	Code        int               `json:"code"`
	Description string            `json:"description"`
	Page        page              `json:"page"`
	Rotation    int               `json:"rotation"` // degrees clockwise that made the page upright
	Box         *box              `json:"box"`
	Eyes        []point           `json:"eyes"`
	Quality     *quality.Measures `json:"quality"`
	Warnings    []warning         `json:"warnings"`
	Others      []box             `json:"others"` // other faces on the page, in the order in which --portrait counts
	Chosen      matcher.Pick      `json:"chosen,omitzero"`
	MRZ         *zone             `json:"mrz"` // the machine-readable zone; null where none is found

	faces []box // all of them, in that order
}

type page struct {
	Width  int  `json:"width"`
	Height int  `json:"height"`
	Number int  `json:"number"` // from 1
	Count  int  `json:"count"`  // pages that can be looked at, at most 10
	More   bool `json:"more"`   // the document has more pages than that
}

type box struct {
	X      int `json:"x"`
	Y      int `json:"y"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

type point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

type warning struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

func (c *commands) document() *cobra.Command {
	var out, sendAs, format string
	var number, face int
	cmd := &cobra.Command{
		Use:     "document FILE",
		Short:   c.Words.T("cli.document.short"),
		Long:    c.Words.T("cli.document.long"),
		Example: "  facematch document card.jpg --out portrait.png\n  facematch document scan.pdf --page 2 --format json",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return c.usage(cmd, "cli.document.needs_file")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", c.Words.T("cli.document.out"))
	cmd.Flags().IntVar(&number, "page", 0, c.Words.T("cli.document.page"))
	cmd.Flags().IntVar(&face, "portrait", 0, c.Words.T("cli.document.portrait"))
	cmd.Flags().StringVar(&sendAs, "send-as", "", c.Words.T("cli.document.send_as"))
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		if cmd.Flags().Changed("page") && number < 1 {
			return c.usage(cmd, "cli.document.bad_page")
		}
		if cmd.Flags().Changed("portrait") && face < 1 {
			return c.usage(cmd, "cli.document.bad_portrait")
		}
		return c.with(cmd.Context(), format, func(p Program) error {
			document := app.OpenFile(args[0])
			portrait, err := c.findPortrait(cmd, p.Desk(), document, number, face)
			if err != nil {
				return err
			}
			if sendAs != "" {
				if err := writeSent(cmd.Context(), p.Desk(), document, portrait, sendAs); err != nil {
					return err
				}
			}
			read, found, err := p.Desk().Zone(cmd.Context(), document, portrait)
			if cmd.Context().Err() != nil {
				return cmd.Context().Err()
			}
			p.Desk().Log("read the machine-readable zone", err) // which hides no portrait
			if !found {
				return c.tellPortrait(portrait, nil, out, format)
			}
			return c.tellPortrait(portrait, &read, out, format)
		})
	}
	return cmd
}

// findPortrait looks on one page, or on all where the number is 0, and takes the face
// of a number, or the best one. A page or face the document does not have is wrong
// usage.
func (c *commands) findPortrait(
	cmd *cobra.Command, desk *app.Desk, document matcher.Blob, number, face int,
) (matcher.Portrait, error) {
	found, err := desk.PickPortrait(cmd.Context(), document, number, face)
	if matcher.IsProblem(err, matcher.KeyNoPage, app.KeyNoFace) {
		err = &usageError{text: c.problem(err), command: cmd.CommandPath()}
	}
	return found, err
}

// writeSent writes what another program would be sent: the upright page.
func writeSent(ctx context.Context, desk *app.Desk, document matcher.Blob, p matcher.Portrait, path string) error {
	blob, err := desk.UprightPage(ctx, document, p)
	if err != nil {
		return err
	}
	r, err := blob.Open()
	if err != nil {
		return err
	}
	data, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	if err := privatefile.Write(path, data); err != nil {
		return matcher.NewProblem("cli.document.sent_unwritten", err)
	}
	return nil
}

func (c *commands) tellPortrait(p matcher.Portrait, read *matcher.Zone, out, format string) error {
	if p.Code != matcher.CodeOK {
		c.exit = ExitNotCompared
	} else if out != "" {
		if err := writePicture(out, p.Image); err != nil {
			return err
		}
	}
	f := describe(p)
	if read != nil {
		f.MRZ = zoneOf(*read)
	}
	for _, w := range p.Warnings {
		f.Warnings = append(f.Warnings, warning{Key: w.Key, Text: c.Words.Notice(w)})
	}
	if format == "json" {
		return c.writeJSON(f)
	}
	fmt.Fprintln(c.out, f.Description)
	if f.Page.Count > 1 {
		fmt.Fprintln(c.out, c.Words.T("cli.document.on_page", "Number", f.Page.Number, "Of", f.Page.Count))
	}
	if f.Page.More {
		fmt.Fprintln(c.out, c.Words.T("cli.document.more", "Of", f.Page.Count))
	}
	if f.Box != nil {
		fmt.Fprintln(c.out, c.Words.T("cli.document.where", "X", f.Box.X, "Y", f.Box.Y,
			"Width", f.Box.Width, "Height", f.Box.Height, "PageWidth", f.Page.Width, "PageHeight", f.Page.Height,
			"Rotation", f.Rotation))
		fmt.Fprintln(c.out, c.Words.T("cli.document.quality",
			"Eyes", fmt.Sprintf("%.0f", f.Quality.InterEye), "Total", fmt.Sprintf("%.0f", f.Quality.Total)))
	}
	if f.Chosen.Number > 0 {
		fmt.Fprintln(c.out, c.Words.T("cli.document.chosen", "Number", f.Chosen.Number, "Of", f.Chosen.Of))
	}
	if len(f.Others) > 0 {
		fmt.Fprintln(c.out, c.Words.T("cli.document.faces", "Count", len(f.faces)))
		for i, o := range f.faces {
			fmt.Fprintln(
				c.out,
				"  "+c.Words.T("cli.document.face", "Number", i+1, "X", o.X, "Y", o.Y, "Width", o.Width, "Height", o.Height),
			)
		}
	}
	for _, w := range f.Warnings {
		fmt.Fprintln(c.out, "  "+w.Text)
	}
	if read != nil {
		c.tellZone(*read)
	}
	return nil
}

func describe(p matcher.Portrait) found {
	f := found{
		Code: p.Code, Description: matcher.Anchor(p.Code, p.Flaw).Description, Rotation: p.Rotation,
		Eyes: []point{}, Warnings: []warning{}, Others: []box{}, Chosen: p.Chosen,
		Page: page{Number: p.Number, Count: p.Pages, More: p.More},
	}
	if p.Page != nil {
		f.Page.Width, f.Page.Height = p.Page.Rect.Dx(), p.Page.Rect.Dy()
	}
	for _, o := range p.Others {
		f.Others = append(f.Others, boxOf(o))
	}
	all, _ := p.Faces()
	for _, o := range all {
		f.faces = append(f.faces, boxOf(o))
	}
	if p.Code == matcher.CodeOK {
		face := boxOf(p.Box)
		f.Box = &face
		for _, e := range p.Eyes {
			f.Eyes = append(f.Eyes, point{X: e.X, Y: e.Y})
		}
		f.Quality = &p.Quality
	}
	return f
}

func boxOf(r image.Rectangle) box {
	return box{X: r.Min.X, Y: r.Min.Y, Width: r.Dx(), Height: r.Dy()}
}

func writePicture(path string, picture image.Image) error {
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return fmt.Errorf("portrait: %w", err)
	}
	// The portrait is a person's picture: for its owner's eyes only.
	if err := privatefile.Write(path, b.Bytes()); err != nil {
		return matcher.NewProblem("cli.document.unwritten", err)
	}
	return nil
}

package cli

import (
	"bytes"
	"fmt"
	"image"
	"image/png"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/private"
	"facematch/matcher"
	"facematch/matcher/quality"
)

// found is what `document --format json` prints. Coordinates are pixels on the
// upright page.
type found struct {
	Code        int               `json:"code"`
	Description string            `json:"description"`
	Page        size              `json:"page"`
	Rotation    int               `json:"rotation"` // degrees clockwise that made the page upright
	Box         *box              `json:"box"`
	Eyes        []point           `json:"eyes"`
	Quality     *quality.Measures `json:"quality"`
	Warnings    []warning         `json:"warnings"`
}

type size struct {
	Width  int `json:"width"`
	Height int `json:"height"`
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
	var out, format string
	cmd := &cobra.Command{
		Use:     "document FILE",
		Short:   c.Words.T("cli.document.short"),
		Long:    c.Words.T("cli.document.long"),
		Example: "  facematch document card.jpg --out portrait.png",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return c.usage(cmd, "cli.document.needs_file")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", c.Words.T("cli.document.out"))
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	cmd.Flags().SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		return c.with(cmd.Context(), format, func(p Program) error {
			portrait, err := p.Desk().FindPortrait(cmd.Context(), app.OpenFile(args[0]))
			if err != nil {
				return err
			}
			return c.tellPortrait(portrait, out, format)
		})
	}
	return cmd
}

func (c *commands) tellPortrait(p matcher.Portrait, out, format string) error {
	if p.Code != matcher.CodeOK {
		c.exit = ExitNotCompared
	} else if out != "" {
		if err := writePicture(out, p.Image); err != nil {
			return err
		}
	}
	f := describe(p)
	for _, w := range p.Warnings {
		f.Warnings = append(f.Warnings, warning{Key: w.Key, Text: c.Words.Notice(w)})
	}
	if format == "json" {
		return c.writeJSON(f)
	}
	fmt.Fprintln(c.out, f.Description)
	if f.Box != nil {
		fmt.Fprintln(c.out, c.Words.T("cli.document.where", "X", f.Box.X, "Y", f.Box.Y,
			"Width", f.Box.Width, "Height", f.Box.Height, "PageWidth", f.Page.Width, "PageHeight", f.Page.Height,
			"Rotation", f.Rotation))
		fmt.Fprintln(c.out, c.Words.T("cli.document.quality",
			"Eyes", fmt.Sprintf("%.0f", f.Quality.InterEye), "Total", fmt.Sprintf("%.0f", f.Quality.Total)))
	}
	for _, w := range f.Warnings {
		fmt.Fprintln(c.out, "  "+w.Text)
	}
	return nil
}

func describe(p matcher.Portrait) found {
	f := found{
		Code: p.Code, Description: matcher.Anchor(p.Code).Description, Rotation: p.Rotation,
		Eyes: []point{}, Warnings: []warning{},
	}
	if p.Page != nil {
		f.Page = size{Width: p.Page.Rect.Dx(), Height: p.Page.Rect.Dy()}
	}
	if p.Code == matcher.CodeOK {
		f.Box = &box{X: p.Box.Min.X, Y: p.Box.Min.Y, Width: p.Box.Dx(), Height: p.Box.Dy()}
		for _, e := range p.Eyes {
			f.Eyes = append(f.Eyes, point{X: e.X, Y: e.Y})
		}
		f.Quality = &p.Quality
	}
	return f
}

func writePicture(path string, picture image.Image) error {
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return fmt.Errorf("portrait: %w", err)
	}
	// The portrait is a person's picture: for its owner's eyes only.
	if err := private.Write(path, b.Bytes()); err != nil {
		return matcher.NewProblem("cli.document.unwritten", err)
	}
	return nil
}

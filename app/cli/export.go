package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/export"
	"facematch/matcher"
)

func (c *commands) historyExport() *cobra.Command {
	var format, out string
	var names, overwrite, noBOM bool
	var limit int
	cmd := &cobra.Command{
		Use:   "export",
		Short: c.Words.T("cli.export.short"),
		Long:  c.Words.T("cli.export.long", "Most", app.FormatNumber(app.MaxPDF)),
		Args:  c.noArguments,
	}
	cmd.Flags().
		StringVar(&format, "format", "", c.Words.T("cli.export.format", "Known", strings.Join(export.Formats, ", ")))
	cmd.Flags().StringVar(&out, "out", "", c.Words.T("cli.export.out"))
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, c.Words.T("cli.export.overwrite"))
	cmd.Flags().BoolVar(&names, "names", false, c.Words.T("cli.export.names"))
	cmd.Flags().BoolVar(&noBOM, "no-bom", false, c.Words.T("cli.export.no_bom"))
	chosen := c.filterFlags(cmd)
	cmd.Flags().IntVar(&limit, "limit", 0, c.Words.T("cli.export.limit"))
	from := c.sourceFlags(cmd)
	c.namesFlag(cmd, from)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, export.Formats...); err != nil {
			return err
		}
		switch {
		case out == "":
			return c.usage(cmd, "cli.export.needs_out")
		case out == "-" && format == export.PDF:
			return c.usage(cmd, "cli.export.pdf_file")
		case limit < 0:
			return c.usage(cmd, "cli.export.bad_limit")
		}
		filter, err := chosen.filter(c, cmd)
		if err != nil {
			return err
		}
		filter.Limit = limit
		in := app.ExportInput{
			Filter: filter, Format: format, Names: names, File: out, Overwrite: overwrite, NoBOM: noBOM, Words: c.Words,
		}
		if out == "-" {
			in.File, in.To = "", c.out
		}
		return c.with(cmd.Context(), "text", func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.Export); err != nil {
				return err
			}
			return c.export(cmd, p.Desk(), in, *from)
		})
	}
	return cmd
}

// exporter is our own history or another desk's.
type exporter interface {
	Export(ctx context.Context, in app.ExportInput, progress matcher.ProgressFunc) (app.Exported, error)
}

func (c *commands) export(cmd *cobra.Command, desk *app.Desk, in app.ExportInput, from source) error {
	if err := c.oneSource(cmd, from); err != nil {
		return err
	}
	var other app.OtherHistory
	var err error
	switch {
	case from.central:
		other, err = desk.OpenCentre(cmd.Context(), from.at)
	case from.db == "":
		return c.exportFrom(cmd, desk, in)
	default:
		other, err = desk.OpenHistory(cmd.Context(), from.db)
	}
	if err != nil {
		return err
	}
	if from.identity == "" {
		return errors.Join(c.exportFrom(cmd, other, in), other.Close())
	}
	named, err := c.openNames(cmd, other, from.identity)
	if err == nil {
		if err = c.exportFrom(cmd, named, in); err == nil {
			c.tellNames(named)
		}
	}
	return errors.Join(err, other.Close())
}

func (c *commands) exportFrom(cmd *cobra.Command, from exporter, in app.ExportInput) error {
	line := newProgressLine(c.Stderr, func(at matcher.Progress) string {
		return c.Words.T(
			"cli.export.progress", "Done", app.FormatNumber(int(at.Done)), "Total", app.FormatNumber(int(at.Total)),
		)
	})
	done, err := from.Export(cmd.Context(), in, line.Show)
	line.Clear()
	if err != nil {
		return err
	}
	// Not to standard output: that may be the export.
	fmt.Fprintln(c.Stderr, c.Words.T("cli.export.done", "Count", done.Checks))
	fmt.Fprintf(c.Stderr, "SHA-256 %s\n", done.SHA256)
	fmt.Fprintln(c.Stderr, c.Words.T("report.head", "Seq", done.Head.Seq, "Hash", done.Head.Hash))
	switch {
	case done.Unsigned != nil:
		fmt.Fprintln(c.Stderr, c.Words.T("cli.export.unsigned", "Why", c.problem(done.Unsigned)))
	case in.To == nil:
		fmt.Fprintln(c.Stderr, c.Words.T("cli.export.signed", "Signer", done.Signer))
	}
	return nil
}

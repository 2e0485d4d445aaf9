package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/export"
	"facematch/matcher"
)

// subjectFlags are whom history subject is about, and what is to be done.
type subjectFlags struct {
	who                   app.SubjectInput
	format, out           string
	overwrite, erase, yes bool
}

func (c *commands) historySubject() *cobra.Command {
	var f subjectFlags
	cmd := &cobra.Command{
		Use:     "subject",
		Short:   c.Words.T("cli.subject.short"),
		Long:    c.Words.T("cli.subject.long"),
		Example: "  facematch history subject --name - --format pdf --out person.pdf",
		Args:    c.noArguments,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.who.Name, "name", "", c.Words.T("cli.subject.name"))
	flags.StringVar(&f.who.Reference, "reference", "", c.Words.T("cli.subject.reference"))
	flags.StringArrayVar(&f.who.Sessions, "session", nil, c.Words.T("cli.subject.session"))
	flags.StringVar(&f.format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, pdf, json"))
	flags.StringVar(&f.out, "out", "", c.Words.T("cli.subject.out"))
	flags.BoolVar(&f.overwrite, "overwrite", false, c.Words.T("cli.export.overwrite"))
	flags.BoolVar(&f.erase, "erase", false, c.Words.T("cli.subject.erase"))
	flags.BoolVar(&f.yes, "yes", false, c.Words.T("cli.erase.yes"))
	flags.SortFlags = false
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, f.format, "text", export.PDF, export.JSON); err != nil {
			return err
		}
		switch {
		case f.who.Name == "" && f.who.Reference == "" && len(f.who.Sessions) == 0:
			return c.usage(cmd, "cli.subject.needs_whom")
		case (f.format == "text") != (f.out == ""):
			return c.usage(cmd, "cli.subject.needs_out")
		case f.erase && !f.yes && c.Secret == nil:
			return c.usage(cmd, "cli.erase.needs_yes")
		}
		for _, s := range f.who.Sessions {
			if !app.ValidSession(s) {
				return c.usage(cmd, "cli.erase.needs_session")
			}
		}
		if err := c.personal(cmd, &f.who.Name, &f.who.Reference); err != nil {
			return err
		}
		return c.with(cmd.Context(), "text", func(p Program) error { return c.subject(cmd, p.Desk(), f) })
	}
	return cmd
}

func (c *commands) subject(cmd *cobra.Command, desk *app.Desk, f subjectFlags) error {
	if err := c.enter(cmd, desk, access.Export); err != nil {
		return err
	}
	if f.erase {
		if err := desk.Allow(cmd.Context(), access.Erase); err != nil {
			return err
		}
	}
	visits, err := desk.Subject(cmd.Context(), f.who)
	if err != nil {
		return err
	}
	if f.out != "" {
		err := c.exportFrom(cmd, desk, app.ExportInput{
			Checks: app.ChecksOf(visits), Subject: true, Names: true, Format: f.format, File: f.out, Overwrite: f.overwrite,
			Words: c.Words,
		})
		if err != nil {
			return err
		}
	} else {
		c.tellVisits(visits)
	}
	if !f.erase {
		return nil
	}
	return c.eraseVisits(cmd, desk, visits, f.yes)
}

// tellVisits writes the sessions that were found, without names.
func (c *commands) tellVisits(visits []app.Visit) {
	for _, v := range visits {
		fmt.Fprintln(c.out, v.Session)
		if v.Held {
			fmt.Fprintln(c.out, "  "+c.Words.T("report.on_hold"))
		}
		for _, row := range v.Checks {
			line := []string{export.LocalTime(row.At), c.Words.T(app.OutcomeKey(row.Outcome)), scoreOf(row), row.Desk, row.Check}
			fmt.Fprintln(c.out, "  "+printable(strings.Join(line, "  ")))
		}
	}
	fmt.Fprintln(c.Stderr, c.Words.T("cli.subject.found", "Count", len(visits)))
}

// eraseVisits erases each session but those on hold, which it names.
func (c *commands) eraseVisits(cmd *cobra.Command, desk *app.Desk, visits []app.Visit, yes bool) error {
	if !yes && !c.confirmed("cli.subject.ask", "Count", len(visits)) {
		fmt.Fprintln(c.Stderr, c.Words.T("cli.erase.not"))
		c.exit = ExitCouldNotRun
		return nil
	}
	var kept []error
	erased := 0
	for _, v := range visits {
		if err := desk.Erase(cmd.Context(), v.Session); err != nil {
			kept = append(kept, err)
			fmt.Fprintln(c.Stderr, c.Words.T("cli.subject.kept", "Session", v.Session, "Why", c.problem(err)))
			continue
		}
		erased++
	}
	fmt.Fprintln(c.out, c.Words.T("cli.subject.erased", "Count", erased))
	if len(kept) > 0 {
		return matcher.NewProblem("subject.not_all", errors.Join(kept...), "Count", len(kept))
	}
	return nil
}

package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"facematch/app/evaluate"
	"facematch/matcher"
)

// evaluation holds the flags the three tests share.
type evaluation struct {
	network              Network // to be measured; of evaluate people
	format, report, name string
	calibrate            string // a new file; empty: none is made
}

func (c *commands) evaluate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "evaluate",
		Short: c.Words.T("cli.evaluate.short"),
		Long:  c.Words.T("cli.evaluate.long"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return c.usage(cmd, "cli.evaluate.unknown")
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(c.evaluatePairs(), c.evaluatePeople(), c.evaluateChecks())
	return cmd
}

func (c *commands) evaluatePairs() *cobra.Command {
	cmd, told := c.evaluation("pairs FILE", "cli.evaluate.pairs_short", "cli.evaluate.pairs_long")
	cmd.Example = "  facematch evaluate pairs pairs.csv --report accuracy"
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.runEvaluation(cmd, told, func() (*evaluate.Test, error) { return evaluate.Pairs(args[0]) })
	}
	return cmd
}

func (c *commands) evaluateChecks() *cobra.Command {
	cmd, told := c.evaluation("checks FILE", "cli.evaluate.checks_short", "cli.evaluate.checks_long")
	cmd.Example = "  facematch evaluate checks checks.tsv --format json"
	cmd.Flags().StringVar(&told.calibrate, "calibrate", "", c.Words.T("cli.evaluate.calibrate_checks"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return c.runEvaluation(cmd, told, func() (*evaluate.Test, error) { return evaluate.Checks(args[0]) })
	}
	return cmd
}

func (c *commands) evaluatePeople() *cobra.Command {
	cmd, told := c.evaluation("people FOLDER", "cli.evaluate.people_short", "cli.evaluate.people_long")
	cmd.Example = "  facematch evaluate people photos --groups groups.csv --report accuracy\n" +
		"  facematch evaluate people photos --split split.tsv --part check\n" +
		"  facematch evaluate people photos --split split.tsv --part fit --calibrate ours.json"
	var o evaluate.PeopleOptions
	cmd.Flags().StringVar(&o.Groups, "groups", "", c.Words.T("cli.evaluate.groups"))
	cmd.Flags().StringVar(&o.Split, "split", "", c.Words.T("cli.evaluate.split"))
	cmd.Flags().StringVar(&o.Part, "part", "", c.Words.T("cli.evaluate.part"))
	cmd.Flags().StringVar(&told.calibrate, "calibrate", "", c.Words.T("cli.evaluate.calibrate_people"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if (o.Split == "") != (o.Part == "") {
			return c.usage(cmd, "cli.evaluate.split_and_part")
		}
		if err := c.checkNetwork(cmd, told.network); err != nil {
			return err
		}
		return c.runEvaluation(cmd, told, func() (*evaluate.Test, error) { return evaluate.People(args[0], o) })
	}
	c.networkFlags(cmd, &told.network)
	return cmd
}

func (c *commands) evaluation(use, short, long string) (*cobra.Command, *evaluation) {
	told := &evaluation{}
	cmd := &cobra.Command{
		Use:   use,
		Short: c.Words.T(short),
		Long:  c.Words.T(long),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return c.usage(cmd, "cli.evaluate.one_argument")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&told.report, "report", "", c.Words.T("cli.evaluate.report"))
	cmd.Flags().StringVar(&told.name, "name", "", c.Words.T("cli.evaluate.name"))
	cmd.Flags().StringVar(&told.format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	cmd.Flags().SortFlags = false
	return cmd, told
}

// runEvaluation runs one test. What is wrong with the list, the report's folder or
// the calibration's file is found out before the engine is loaded.
func (c *commands) runEvaluation(cmd *cobra.Command, told *evaluation, read func() (*evaluate.Test, error)) error {
	if err := c.format(cmd, told.format, "text", "json"); err != nil {
		return err
	}
	test, err := read()
	if err == nil && told.report != "" {
		err = evaluate.Prepare(told.report)
	}
	if err == nil && told.calibrate != "" {
		err = evaluate.PrepareCalibration(told.calibrate)
	}
	if err != nil {
		return c.asFormat(err, told.format)
	}
	if told.name != "" {
		test.Name = told.name
	}
	return c.opened(cmd.Context(), told.format, c.opener(told.network), func(p Program) error {
		shown := newProgressLine(c.Stderr, c.progressWords)
		report, err := evaluate.Run(cmd.Context(), evaluate.Params{
			Engine: p.Comparer(), Rules: p.Desk().Settings().Conditions, Version: c.Version, Now: time.Now,
			Calibrate: told.calibrate != "",
		}, test, shown.Show)
		shown.Clear()
		if err != nil {
			return err
		}
		c.tellDetails(report)
		if err := c.writeReport(report, told.format); err != nil {
			return err
		}
		if told.report != "" {
			if err := report.Write(told.report, c.Words); err != nil {
				return err
			}
			fmt.Fprintln(c.Stderr, c.Words.T("cli.evaluate.written", "Folder", told.report))
		}
		if told.calibrate == "" {
			return nil
		}
		if err := report.WriteCalibration(told.calibrate); err != nil {
			return err
		}
		fmt.Fprintf(
			c.Stderr, "%s%s\n", report.CalibrationText(c.Words),
			c.Words.T("cli.evaluate.calibration_written", "File", told.calibrate),
		)
		return nil
	})
}

func (c *commands) progressWords(p matcher.Progress) string {
	return c.Words.T("cli.evaluate.progress_"+string(p.Stage), "Done", p.Done, "Total", p.Total)
}

// tellDetails names lines and files, to the operator only.
func (c *commands) tellDetails(report *evaluate.Report) {
	for _, d := range report.Details {
		where := d.File
		if d.Line > 0 {
			where = c.Words.T("cli.evaluate.line", "Line", d.Line)
		}
		fmt.Fprintln(c.Stderr, where+": "+c.Words.Notice(d.What))
	}
	if report.Dropped > 0 {
		fmt.Fprintln(c.Stderr, c.Words.T("cli.evaluate.more", "Count", report.Dropped))
	}
}

func (c *commands) writeReport(report *evaluate.Report, format string) error {
	text := report.Text(c.Words)
	if format == "json" {
		var err error
		if text, err = report.JSON(); err != nil {
			return err
		}
	}
	_, err := c.out.Write(text)
	return err
}

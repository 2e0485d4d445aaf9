package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"facematch/app"
	"facematch/app/access"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/matcher"
)

func (c *commands) historySample() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sample",
		Short: c.Words.T("cli.sample.short"),
		Long:  c.Words.T("cli.sample.long"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return c.usage(cmd, "cli.sample.unknown")
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(c.samplePick(), c.sampleList(), c.sampleLook())
	return cmd
}

func (c *commands) samplePick() *cobra.Command {
	var s history.Sampling
	var again, format string
	cmd := &cobra.Command{
		Use:   "pick",
		Short: c.Words.T("cli.sample.pick_short"),
		Long:  c.Words.T("cli.sample.pick_long"),
		Args:  c.noArguments,
	}
	cmd.Flags().IntVar(&s.Count, "count", 25, c.Words.T("cli.sample.count"))
	cmd.Flags().StringVar(&s.Seed, "seed", "", c.Words.T("cli.sample.seed"))
	cmd.Flags().Int64Var(&s.Head, "head", 0, c.Words.T("cli.sample.head"))
	cmd.Flags().StringVar(&again, "again", "", c.Words.T("cli.sample.again_flag"))
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, json"))
	chosen := c.filterFlags(cmd)
	from := c.sourceFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := c.format(cmd, format, "text", "json"); err != nil {
			return err
		}
		if err := c.oneSource(cmd, *from); err != nil {
			return err
		}
		switch {
		case s.Head < 0 || (s.Head == 0) != (s.Seed == ""):
			return c.usage(cmd, "cli.sample.both")
		case from.central && s.Head != 0:
			return c.usage(cmd, "cli.sample.head_of_many")
		}
		var before history.Sample
		var err error
		repeats := cmd.Flags().Changed("again")
		if repeats {
			before, err = c.sampleFile(cmd, again)
			s = before.Sampling
		} else {
			s.Filter, err = chosen.filter(c, cmd)
		}
		if err != nil {
			return err
		}
		return c.with(cmd.Context(), format, func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.Export); err != nil {
				return err
			}
			sample, err := c.pick(cmd.Context(), p.Desk(), s, *from)
			if err != nil {
				return err
			}
			var differs error
			if repeats {
				differs = app.SameChecks(before, sample)
			}
			if differs != nil && format == "json" { // one document: what is wrong
				return differs
			}
			err = c.writeSample(history.Sampled{At: time.Now(), Sample: sample, Looks: []history.Looked{}}, format)
			return errors.Join(err, differs)
		})
	}
	return cmd
}

// sampleFile reads a sample that is to be picked again. The file says all that other flags would.
func (c *commands) sampleFile(cmd *cobra.Command, path string) (history.Sample, error) {
	others := cmd.Flags().NFlag()
	for _, name := range []string{"again", "format", "db", "central", "at", "operator", "secret-file"} {
		if cmd.Flags().Changed(name) {
			others--
		}
	}
	if others > 0 {
		return history.Sample{}, c.usage(cmd, "cli.sample.again_alone")
	}
	switch path {
	case "":
		return history.Sample{}, c.usage(cmd, "cli.sample.again_empty")
	case "-":
		return app.ReadSample(c.stdin())
	}
	return app.ReadSampleFile(path)
}

func (c *commands) pick(ctx context.Context, desk *app.Desk, s history.Sampling, from source) (history.Sample, error) {
	if from.db == "" && !from.central {
		return desk.Sample(ctx, s)
	}
	open := func() (app.OtherHistory, error) { return desk.OpenHistory(ctx, from.db) }
	if from.central {
		open = func() (app.OtherHistory, error) { return desk.OpenCentre(ctx, from.at) }
	}
	other, err := open()
	if err != nil {
		return history.Sample{}, err
	}
	sample, err := other.Sample(ctx, s)
	return sample, errors.Join(err, other.Close())
}

func (c *commands) sampleList() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list [SAMPLE]",
		Short: c.Words.T("cli.sample.list_short"),
		Long:  c.Words.T("cli.sample.list_long"),
		Args:  cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVar(&format, "format", "text", c.Words.T("cli.format_flag", "Known", "text, csv, json"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := c.format(cmd, format, "text", "csv", "json"); err != nil {
			return err
		}
		return c.with(cmd.Context(), format, func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.Export); err != nil {
				return err
			}
			samples, err := p.Desk().Samples(cmd.Context())
			if err != nil {
				return err
			}
			if len(args) == 1 {
				samples = slices.DeleteFunc(samples, func(s history.Sampled) bool { return s.Sample.Sample != args[0] })
				if len(samples) == 0 {
					return matcher.NewProblem("sample.unknown", nil)
				}
			}
			return c.writeSamples(samples, len(args) == 1, format)
		})
	}
	return cmd
}

// writeSamples prints samples: each in a line or, where one was asked for, whole.
func (c *commands) writeSamples(samples []history.Sampled, whole bool, format string) error {
	switch {
	case format == "json" && !whole:
		return c.writeJSON(samples)
	case format == "csv":
		return export.WriteSamples(c.out, samples)
	case whole:
		return c.writeSample(samples[0], format)
	}
	for _, s := range samples {
		fmt.Fprintln(c.out, c.Words.T("cli.sample.line", "Sample", s.Sample.Sample, "At", s.At.Local().Format(time.DateTime),
			"Looked", len(s.Looks), "Count", len(s.Checks), "Of", s.Of, "Operator", printable(s.Operator)))
	}
	return nil
}

func (c *commands) writeSample(s history.Sampled, format string) error {
	if format == "json" {
		return c.writeJSON(s)
	}
	fmt.Fprintln(c.out, c.Words.T("cli.sample.head_line", "Sample", s.Sample.Sample, "Count", len(s.Checks), "Of", s.Of,
		"Looked", len(s.Looks)))
	key := "cli.sample.again"
	if len(s.Heads) > 0 {
		key = "cli.sample.again_centre"
	}
	fmt.Fprintln(c.out, c.Words.T(key, "Sample", s.Sample.Sample, "Seed", s.Seed, "Head", s.Head, "Count", len(s.Heads),
		"Filter", export.FilterWords(s.Filter, false, c.Words)))
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, p := range s.Checks {
		look, remark := "", ""
		if l, looked := s.Look(p.Check); looked {
			look = l.At.Local().Format(time.DateTime) + " " + l.Operator
			remark = c.remark(l)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.Check, printable(look), printable(remark))
	}
	return w.Flush()
}

func (c *commands) remark(l history.Looked) string {
	switch {
	case l.Sealed:
		return c.Words.T("history.sealed")
	case l.Erased:
		return c.Words.T("report.erased")
	}
	return l.Text
}

func (c *commands) sampleLook() *cobra.Command {
	var remark string
	cmd := &cobra.Command{
		Use:   "look SAMPLE CHECK",
		Short: c.Words.T("cli.sample.look_short"),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return c.usage(cmd, "cli.sample.look_needs")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&remark, "remark", "", c.Words.T("cli.sample.remark"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if remark != "" && remark != "-" {
			return c.usage(cmd, "cli.sample.bad_remark")
		}
		text := ""
		if remark == "-" {
			read, err := io.ReadAll(io.LimitReader(c.stdin(), maxNoteBytes))
			if err != nil {
				return matcher.NewProblem("cli.decide.note_unread", err)
			}
			text = string(read)
		}
		return c.with(cmd.Context(), "text", func(p Program) error {
			if err := c.enter(cmd, p.Desk(), access.Export); err != nil {
				return err
			}
			return p.Desk().LookedAt(cmd.Context(), args[0], args[1], text)
		})
	}
	return cmd
}

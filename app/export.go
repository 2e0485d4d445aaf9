package app

import (
	"context"
	"crypto/ed25519"
	"io"
	"slices"

	"facematch/app/access"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/assets/translations"
	"facematch/matcher"
)

// MaxPDF is how many checks a PDF may hold; the other formats have no bound.
const MaxPDF = export.MaxPDF

// StageExporting is the stage an export reports: checks written, of all of them.
const StageExporting matcher.Stage = "exporting"

// ExportInput says what leaves the program, and where to.
type ExportInput struct {
	Filter history.Filter // Before and After, which are for pages of a list, are ignored; Limit 0: all
	Checks []string       // if not empty: these checks, in this order, in place of the filter

	Format string // csv, jsonl or pdf
	Names  bool   // with names, notes and raw answers

	// Subject says that Checks are everything about one person, who may see all of it: Format
	// is then one of export.SubjectFormats, and Names is true.
	Subject bool

	// Sample is the id of a sample: which of its checks were looked at, and the remarks, leave in
	// place of checks, as CSV or JSON Lines. The remarks are in it whatever Names says.
	Sample string

	File      string    // where to
	Overwrite bool      // an existing file is replaced
	To        io.Writer // if not nil: in place of File; csv and jsonl only
	NoBOM     bool      // a CSV file begins without export.ByteOrderMark, as output to To always does

	Words export.Words // nil: English

	auditorsKey string // with which names were opened; empty: with none
}

// Exported is what left the program.
type Exported struct {
	File   string
	Checks int64
	SHA256 string       // of the file's bytes, lower-case hexadecimal
	Head   history.Head // of the chain the checks come from

	Signer   string           // fingerprint of the key it is signed with; empty: it is not
	Unsigned *matcher.Problem // why it is not; nil where it is
}

// Export writes checks of the history to a file, in constant memory except for a PDF. It
// records that they left, with the file's digest and the head of the chain. The file gets
// its name only after that is recorded, because nothing may leave without a record. So a
// recorded file may be missing if the program ends in between, which does no harm.
// Cancelling leaves nothing behind.
//
// Its problems are those of Allow, export.format, export.pdf_long (a PDF of more than
// MaxPDF checks; nothing was written), export.exists, export.not_a_file,
// export.unwritten, export.full, and the history's own.
func (d *Desk) Export(ctx context.Context, in ExportInput, progress matcher.ProgressFunc) (Exported, error) {
	return d.export(ctx, in, d.p.History, "", progress)
}

// export exports from our own history or, where it has an id, from another database.
func (d *Desk) export(
	ctx context.Context, in ExportInput, from chained, database string, progress matcher.ProgressFunc,
) (Exported, error) {
	by, err := d.Enter(ctx, access.Export)
	if err != nil {
		return Exported{}, err
	}
	if in.Words == nil {
		english, err := translations.New("en")
		if err != nil {
			return Exported{}, err
		}
		in.Words = english
	}
	if in.Sample != "" {
		return d.exportSample(ctx, in, by)
	}
	formats := export.Formats
	if in.Subject {
		formats, in.Names = export.SubjectFormats, true
	}
	if !slices.Contains(formats, in.Format) || in.Format == export.PDF && in.To != nil {
		return Exported{}, matcher.NewProblem("export.format", nil)
	}
	e := exporting{ExportInput: in, from: from, progress: progress}
	e.Filter.Before, e.Filter.After = 0, nil
	e.about = export.About{Subject: in.Subject, Names: in.Names, Filter: e.question(in.Names), By: by, At: d.p.Now(),
		Database: database}
	e.signing(ctx, d.p.History)
	if err := e.count(ctx); err != nil {
		return Exported{}, e.problem(err)
	}
	file, err := e.create()
	if err != nil {
		return Exported{}, err
	}
	defer file.Abort()
	done, err := e.write(ctx, file)
	if err != nil {
		return Exported{}, e.problem(err)
	}
	if err := d.p.History.Exported(ctx, history.Export{
		Actor: e.about.By, Format: in.Format, Filter: e.question(false), Checks: done.Checks, Names: in.Names,
		SHA256: done.SHA256, HeadSeq: done.Head.Seq, Head: done.Head.Hash, Database: e.about.Database, Signer: done.Signer,
		AuditorsKey: in.auditorsKey,
	}); err != nil {
		return Exported{}, err
	}
	if in.To != nil {
		return done, file.CopyTo(in.To)
	}
	return done, file.Publish(done.Head, done.Checks)
}

// exporting is one export under way.
type exporting struct {
	ExportInput
	from     chained
	about    export.About
	total    int64
	progress matcher.ProgressFunc
	key      ed25519.PrivateKey // nil: it goes out unsigned
	unsigned *matcher.Problem   // why
}

// problem gives a problem the words for another desk's history, where it is one.
func (e *exporting) problem(err error) error {
	if e.about.Database != "" {
		return OtherProblem(err)
	}
	return err
}

// question says in words what was asked for.
func (e *exporting) question(names bool) string {
	if e.Subject {
		return export.SubjectWords(e.Checks, e.Words)
	}
	if len(e.Checks) > 0 {
		return export.ChosenWords(e.Checks, e.Words)
	}
	return export.FilterWords(e.Filter, names, e.Words)
}

// count finds out how many checks there are, and refuses what would be too long.
func (e *exporting) count(ctx context.Context) error {
	e.total = int64(len(e.Checks))
	if e.total == 0 {
		counts, err := e.from.Count(ctx, e.Filter)
		if err != nil {
			return err
		}
		e.total = counts.Total
		if e.Filter.Limit > 0 {
			e.total = min(e.total, int64(e.Filter.Limit))
		}
	}
	if e.Format == export.PDF && e.total > MaxPDF {
		return matcher.NewProblem("export.pdf_long", nil, "Number", FormatNumber(int(e.total)), "Most", FormatNumber(MaxPDF))
	}
	return nil
}

func (e *exporting) create() (*export.File, error) {
	if e.To != nil {
		return export.Spool()
	}
	return export.CreateFile(e.File, e.Overwrite)
}

// mark begins a CSV file with the mark of its encoding.
func (e *exporting) mark(file *export.File) error {
	if e.Format != export.CSV || e.To != nil || e.NoBOM {
		return nil
	}
	_, err := io.WriteString(file, export.ByteOrderMark)
	return err
}

// write writes the checks and brings them to the disk.
func (e *exporting) write(ctx context.Context, file *export.File) (Exported, error) {
	done := Exported{File: e.File, Signer: e.about.Signer, Unsigned: e.unsigned}
	if err := e.mark(file); err != nil {
		return done, err
	}
	w, err := export.New(e.Format, file, e.about, e.Words)
	if err != nil {
		return done, err
	}
	err = e.each(ctx, func(d history.Detail) error {
		// A store may have read ahead of a cancelled context.
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.Format == export.PDF && done.Checks == MaxPDF { // more came meanwhile
			return matcher.NewProblem("export.pdf_long", nil, "Number", FormatNumber(MaxPDF+1), "Most", FormatNumber(MaxPDF))
		}
		done.Checks++
		if d.Head.Seq > done.Head.Seq {
			done.Head = d.Head
		}
		if done.Checks%progressEvery == 0 || done.Checks == e.total {
			e.progress.Report(StageExporting, int(done.Checks), int(max(done.Checks, e.total)))
		}
		return w.Check(d)
	})
	if err != nil {
		return done, err
	}
	// The head is that of the moment the checks were read in: none of their records comes
	// after it, and no selected check before it is left out.
	if done.Checks == 0 {
		if done.Head, err = e.from.Head(ctx); err != nil {
			return done, err
		}
	}
	if err := w.End(done.Head); err != nil {
		return done, err
	}
	if done.SHA256, err = file.Close(); err != nil {
		return done, err
	}
	return done, e.sign(file, done.SHA256)
}

// progressEvery is the number of checks between two progress reports.
const progressEvery = 500

// each gives the checks one after the other. A PDF of a single check is a report
// of it, which needs its attempts too.
func (e *exporting) each(ctx context.Context, do func(history.Detail) error) error {
	one := e.Format == export.PDF && e.total == 1
	show := func(check string) error {
		detail, err := e.from.Show(ctx, check)
		if err != nil {
			return err
		}
		return do(detail)
	}
	if len(e.Checks) == 0 {
		return e.from.Each(ctx, e.Filter, func(d history.Detail) error {
			if one {
				return show(d.Check)
			}
			return do(d)
		})
	}
	for _, check := range e.Checks {
		if err := show(check); err != nil {
			return err
		}
	}
	return nil
}

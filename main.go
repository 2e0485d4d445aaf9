// Facematch Desk checks that the person in front of the camera is the person
// on the document. This file reads the command line, wires the parts and
// starts the window; it is the only one that knows them all.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"
	"golang.org/x/term"
	"gopkg.in/natefinch/lumberjack.v2"

	"facematch/app"
	"facematch/app/access"
	outgoing "facematch/app/central"
	"facematch/app/cli"
	"facematch/app/gateway"
	"facematch/app/history"
	"facematch/app/instance"
	"facematch/app/operators"
	"facematch/app/queue"
	"facematch/app/settings"
	"facematch/app/token"
	"facematch/assets"
	"facematch/assets/locale"
	"facematch/assets/translations"
	"facematch/camera"
	"facematch/matcher"
	"facematch/matcher/document"
	"facematch/matcher/document/pages"
	"facematch/matcher/document/zone"
	"facematch/matcher/offline"
	"facematch/matcher/remote"
	"facematch/store"
	"facematch/store/central"
	"facematch/views"
)

// version is set by the Makefile.
var version = "dev"

// appID names the program to the desktop and Fyne's own preferences.
const appID = "desk.facematch.app"

func main() {
	quietLibraries()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends what does not end by itself
	code := run(ctx)
	stop()
	os.Exit(code)
}

// quietLibraries keeps FFmpeg and OpenCV from writing to standard error: their errors are
// reported as problems in the program's own words. Both read the environment when first
// used. A developer's own choice stays.
func quietLibraries() {
	for name, quiet := range map[string]string{"OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_LOG_LEVEL": "SILENT"} {
		if _, chosen := os.LookupEnv(name); !chosen {
			_ = os.Setenv(name, quiet)
		}
	}
}

func run(ctx context.Context) int {
	words, err := translations.New(locale.Language())
	if err != nil {
		panic(err) // the catalogue is part of the program
	}
	return cli.Run(ctx, os.Args[1:], cli.Params{
		Words: words, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Version: version,
		Open: func(ctx context.Context) (cli.Program, error) { return open(ctx, nil) },
		Measure: func(ctx context.Context, n cli.Network) (cli.Program, error) {
			return open(ctx, &n)
		},
		TryNetwork:   offline.TryHere,
		DecodeClips:  offline.DecodeHere,
		History:      func(ctx context.Context) (cli.Records, error) { return look(ctx) },
		OtherHistory: lookElsewhere,
		Restore:      func(ctx context.Context) (cli.Restorer, error) { return restore(ctx) },
		Centre: cli.Centre{
			Script: central.Script, AddDesk: central.AddDesk, Accept: central.Accept, Access: central.Access,
			Desks: func(ctx context.Context, at string) (desks []history.CentreDesk, err error) {
				err = atCentre(ctx, at, func(conn *central.Conn) error {
					desks, err = central.Chains(ctx, conn)
					return err
				})
				return desks, err
			},
			PublishOperators: central.PublishOperators, AddToken: central.AddToken, RevokeToken: central.RevokeToken,
			Withdraw: central.Withdraw,
			Tokens: func(ctx context.Context, at string) (tokens []history.NamedToken, err error) {
				err = atCentre(ctx, at, func(conn *central.Conn) error {
					tokens, err = central.Tokens(ctx, conn)
					return err
				})
				return tokens, err
			},
			Open: func(ctx context.Context, at string) (cli.CentreReader, error) { return openCentre(ctx, at) },
			Verify: func(ctx context.Context, at string, progress matcher.ProgressFunc) (v history.CentreVerdict, err error) {
				err = atCentre(ctx, at, func(conn *central.Conn) error {
					v, err = central.Verify(ctx, conn, progress)
					return err
				})
				return v, err
			},
		},
		Secret: secret(),
		Window: func(ctx context.Context, document string) error {
			if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
				return matcher.NewProblem("cli.no_display", nil)
			}
			p, err := open(ctx, nil)
			if err != nil {
				return err
			}
			fyneapp.SetMetadata(fyne.AppMetadata{
				ID: appID, Name: "Facematch Desk", Version: version,
				Migrations: map[string]bool{"fyneDo": true}, // views keeps to Fyne's threading rule
			})
			window := views.New(views.Params{
				App: fyneapp.NewWithID(appID), Desk: p.desk, Words: words, Document: document,
				Stuck: func() {
					code := cli.ExitOK
					if err := p.Close(); err != nil {
						p.Log("close", err)
						code = cli.ExitCouldNotRun
					}
					os.Exit(code)
				},
			})
			window.Run() // until it is closed or a signal comes; Fyne handles those itself
			return p.Close()
		},
	})
}

// secret returns the function that reads a secret from the terminal without showing it;
// nil where standard input is not a terminal.
func secret() func(prompt string) (string, error) {
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return nil
	}
	return func(prompt string) (string, error) {
		fmt.Fprint(os.Stderr, prompt)
		line, err := term.ReadPassword(in)
		fmt.Fprintln(os.Stderr)
		return string(line), err
	}
}

// program is the whole program, open.
type program struct {
	desk    *app.Desk
	gateway *gateway.Gateway
	engine  *offline.Matcher
	models  func() []matcher.ModelFile
	log     *slog.Logger

	calibration *matcher.Calibration // nil until the engine is chosen
	closers     []func() error       // in the order they were opened
	closing     sync.Once
}

func (p *program) Desk() *app.Desk { return p.desk }

func (p *program) Gateway() *gateway.Gateway { return p.gateway }

func (p *program) Comparer() matcher.Comparer { return p.engine }

func (p *program) Models() []matcher.ModelFile { return p.models() }

func (p *program) Log(what string, err error) { p.desk.Log(what, err) }

// Close closes the parts, the last opened first. Only the first call does, and gives the error.
func (p *program) Close() error {
	var errs []error
	p.closing.Do(func() {
		for i := len(p.closers) - 1; i >= 0; i-- {
			errs = append(errs, p.closers[i]())
		}
	})
	return errors.Join(errs...)
}

// open opens every part. The engine loads its models in the background when it is first
// used. A network to be measured replaces the one in the settings.
func open(ctx context.Context, measured *cli.Network) (_ *program, err error) {
	p := &program{}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	folders, err := settings.FindFolders()
	if err != nil {
		return nil, err
	}
	logFile := &lumberjack.Logger{Filename: filepath.Join(folders.Logs(), "facematch.log"), MaxSize: 5, MaxBackups: 5}
	p.closers = append(p.closers, logFile.Close)
	p.log = slog.New(slog.NewJSONHandler(logFile, nil))

	chosen, err := settings.Open(folders.Settings())
	if err != nil {
		return nil, err
	}
	here, err := instance.Begin(ctx, folders.Instances(), filepath.Dir(folders.History(chosen.Get())))
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, here.End)

	params := storeParams(folders, chosen.Get())
	params.SecondAnchor = func() string { return chosen.Get().Folders.SecondAnchor }
	params.Alive, params.Log = here.Alive, p.log
	var pusher *outgoing.Pusher
	params.Added = func() {
		if pusher != nil {
			pusher.Wake()
		}
	}
	params.Centre = func(ctx context.Context) (history.CentreHead, error) { return pusher.Ask(ctx) }
	records, err := store.Open(ctx, params)
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, records.Close)
	pusher = newPusher(folders, chosen, records, p)
	if _, err := records.Recover(ctx); err != nil {
		return nil, err
	}

	deciding, err := decide(ctx, chosen.Get(), measured)
	if err != nil {
		return nil, err
	}
	calibration := deciding.Calibration
	p.calibration = calibration
	engine, err := offline.New(offline.Params{
		Folders: folders.Models(chosen.Get()), Calibration: calibration, Network: deciding.Network,
		Log: p.log,
	})
	if err != nil {
		return nil, err
	}
	p.models = engine.Models
	p.closers = append(p.closers, engine.Close)
	reader := pages.New(pages.Params{Cache: folders.Compiled(), Log: p.log})
	p.closers = append(p.closers, reader.Close)
	lines, err := offline.NewLines(assets.MRZNetwork)
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, lines.Close)
	portraits := document.New(document.Params{Pages: reader, Faces: engine, Zones: zone.New(lines)})

	p.engine = offline.NewMatcher(offline.MatcherParams{
		Engine: engine, Portraits: portraits, Calibration: calibration, Temp: here.Temp,
	})
	p.desk = app.New(app.Params{
		History: records,
		Engine:  p.engine, Calibration: calibration,
		Portraits: portraits,
		Zones:     portraits,
		OpenSource: func(at settings.Camera) app.Source {
			return camera.Open(camera.Params{
				Address: at.Source, Part: at.Part, Faces: engine, Temp: here.Temp, Log: p.log,
			})
		},
		OpenAPI: func(at settings.API, token func(context.Context) (string, error)) (app.API, error) {
			return remote.New(remote.Params{
				Base: at.Base, CAFile: at.CAFile,
				Connect: time.Duration(at.ConnectSeconds) * time.Second,
				TLS:     time.Duration(at.TLSSeconds) * time.Second,
				Answer:  time.Duration(at.AnswerSeconds) * time.Second,
				Token:   token, Portraits: portraits, Clips: p.engine, Version: version,
			})
		},
		Tokens: token.New(folders.TokenFile()),
		Queue: queue.New(folders.Kept(chosen.Get()), func(ctx context.Context) ([]byte, error) {
			return records.DerivedKey(ctx, "kept checks")
		}),
		Cameras:     cameras,
		Operators:   newOperators(folders, chosen.Get, records),
		OpenHistory: lookElsewhere,
		Centre:      pusher,
		OpenCentre:  openCentre,
		Enrol: func(replace bool) (app.Enrolment, error) {
			ca, cert, key := folders.CentralFiles(chosen.Get())
			return outgoing.Enrol(outgoing.Files{CA: ca, Cert: cert, Key: key}, records.ID(), replace, time.Now())
		},
		Settings: chosen, Instance: here.ID, Version: version, Log: p.log, Now: time.Now, Verified: folders.Verified(),
		Doctored: folders.Doctored(),
	})
	// A connection of its own: a long push must not hold up what was revoked.
	link := central.LinkTo(records.ID(), func() central.Address { return centreAt(folders, chosen.Get()) })
	p.closers = append(p.closers, link.Close)
	accepted := gateway.NewCentreTokens(gateway.CentreTokensParams{
		File: folders.CentreTokens(), Ask: link.Tokens, Latest: latest(records), Log: p.log, Now: time.Now,
		Chosen: func() bool { return chosen.Get().Central.Pushes() },
		Days:   func() int { return chosen.Get().Central.OperatorsDays },
	})
	p.gateway = gateway.New(gateway.Params{
		Desk: p.desk, Tokens: gateway.NewTokens(folders.ServedTokens(), time.Now), Temp: here.Temp,
		Centre: accepted, Log: p.log, Now: time.Now,
		Values: map[string]func() float64{
			"facematch_central_tokens":             accepted.Count,
			"facematch_central_tokens_age_seconds": accepted.Age,
			"facematch_decoder_restarts_total":     func() float64 { return float64(engine.DecoderRestarts()) },
			"facematch_central_lag_records": ofCentre(ctx, pusher, func(at history.CentreStatus) float64 {
				return float64(at.Here - at.There)
			}),
			"facematch_central_unreached_seconds": ofCentre(ctx, pusher, func(at history.CentreStatus) float64 {
				if at.Problem == "" {
					return 0
				}
				return time.Since(at.Since).Seconds()
			}),
		},
	})
	p.closers = append(p.closers, p.desk.KeepPeriods(ctx), pusher.Run(ctx))
	return p, p.desk.NoticeSettings(ctx)
}

// ofCentre is a value among the metrics of a server: not a number where there is no centre.
func ofCentre(ctx context.Context, pusher *outgoing.Pusher, value func(history.CentreStatus) float64) func() float64 {
	return func() float64 {
		at, err := pusher.Status(ctx)
		if err != nil || !at.Chosen {
			return math.NaN()
		}
		return value(at)
	}
}

// newPusher makes what pushes the history to the centre, as the settings say at each moment.
func newPusher(folders settings.Folders, chosen *settings.Store, records *store.Store, p *program) *outgoing.Pusher {
	return outgoing.New(outgoing.Params{
		Outbox: records,
		Link:   central.LinkTo(records.ID(), func() central.Address { return centreAt(folders, chosen.Get()) }),
		Chosen: func() bool { return chosen.Get().Central.Pushes() },
		Sends:  func() history.Sends { return chosen.Get().Central.Sends() },
		About: func() map[string]string {
			administrator, user := chosen.SHA256()
			about := app.About(p.calibration, folders.Doctored())
			maps.Copy(about, map[string]string{
				"program": version, "desk": chosen.Get().Desk, "settings": user, "administrator": administrator,
			})
			if _, signed, _ := p.desk.HeldOperators(); !signed.IsZero() {
				about["operators"] = signed.Format(time.RFC3339)
			}
			return about
		},
		Operators: func() outgoing.Operators { return p.desk },
		Erase:     func(ctx context.Context, session string) error { return p.desk.EraseAsked(ctx, session) },
		Withdraw:  func(ctx context.Context, recipient string) error { return p.desk.WithdrawAsked(ctx, recipient) },
		Log:       p.log, Now: time.Now,
	})
}

// openCentre opens the centre for reading: at a connection string, as the settings say, or as
// the variables of PostgreSQL's own programs do.
func openCentre(ctx context.Context, at string) (app.SealedRecords, error) {
	folders, chosen, err := readSettings()
	if err != nil {
		return nil, err
	}
	var reader *central.Reader
	if at == "" && chosen.Central.On() {
		reader, err = central.OpenAt(ctx, centreAt(folders, chosen))
	} else {
		reader, err = central.Open(ctx, at)
	}
	return centreRecords{reader}, err
}

// centreRecords are the checks at the centre.
type centreRecords struct{ *central.Reader }

// WithKey is part of app.SealedRecords.
func (r centreRecords) WithKey(key history.AuditorsKey) app.OpenedRecords {
	return r.Reader.WithKey(key)
}

// atCentre does something with a connection to the centre, made as openCentre does.
func atCentre(ctx context.Context, at string, do func(*central.Conn) error) error {
	folders, chosen, err := readSettings()
	if err != nil {
		return err
	}
	connect := func() (*central.Conn, error) { return central.Connect(ctx, at) }
	if at == "" && chosen.Central.On() {
		connect = func() (*central.Conn, error) { return central.ConnectAt(ctx, centreAt(folders, chosen)) }
	}
	conn, err := connect()
	if err != nil {
		return err
	}
	return errors.Join(do(conn), conn.Close(context.WithoutCancel(ctx)))
}

// centreAt is where the centre is, and as whom this desk calls it.
func centreAt(folders settings.Folders, s settings.Settings) central.Address {
	ca, cert, key := folders.CentralFiles(s)
	return central.Address{Host: s.Central.Host, Database: s.Central.Database, CA: ca, Cert: cert, Key: key}
}

// storeParams are the parts of the history that the folders and the settings name.
func storeParams(folders settings.Folders, chosen settings.Settings) store.Params {
	path, acknowledged := folders.History(chosen), ""
	if chosen.Central.Pushes() {
		acknowledged = folders.Acknowledged()
	}
	return store.Params{
		Acknowledged: acknowledged,
		Path:         path, Anchor: folders.Anchor(), KeyFile: folders.KeyFile(),
		SecondAnchor: func() string { return chosen.Folders.SecondAnchor },
		Alive:        func(id string) bool { return instance.Alive(filepath.Dir(path), id) },
		Now:          time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// newOperators makes the keeper of the list of operators: the desk's own, or the centre's as
// the settings say at each moment. Records are nil where the history is not open.
func newOperators(folders settings.Folders, chosen func() settings.Settings, records *store.Store) *operators.Keeper {
	return operators.New(operators.Params{
		File: folders.Operators(chosen()), Now: time.Now,
		Centre: func() operators.Centre {
			c := chosen().Central
			return operators.Centre{Key: c.OperatorsKey, Branch: c.OperatorsBranch, Days: c.OperatorsDays}
		},
		Latest: latest(records),
	})
}

// latest gives the greatest time of all records; the zero time where that cannot be read.
func latest(records *store.Store) func() time.Time {
	return func() time.Time {
		if records == nil {
			return time.Time{}
		}
		at, err := records.Latest(context.Background())
		if err != nil {
			return time.Time{} // what reads the history reports it
		}
		return at
	}
}

// newGuard makes the guard of a command that opens no desk. Records are nil where the history
// is not open.
func newGuard(
	folders settings.Folders, chosen settings.Settings, records *store.Store, journal access.Journal,
	recorded access.Recorded,
) *access.Guard {
	return access.New(access.Params{
		Operators: newOperators(folders, func() settings.Settings { return chosen }, records),
		Recorded:  recorded, Journal: journal,
		Settings: func() settings.Settings { return chosen },
		Instance: instance.New(), Version: version, Now: time.Now,
	})
}

// readSettings finds the folders and reads the settings, for a command that changes
// neither.
func readSettings() (settings.Folders, settings.Settings, error) {
	folders, err := settings.FindFolders()
	if err != nil {
		return folders, settings.Settings{}, err
	}
	chosen, err := settings.Open(folders.Settings())
	if err != nil {
		return folders, settings.Settings{}, err
	}
	return folders, chosen.Get(), nil
}

// restoring puts a backup in the place of the history, while no other program has the
// history open.
type restoring struct {
	*access.Guard
	params  store.Params
	release func() error
}

// restore takes the place of the history, unless another program has it open. Whether
// operators are set up is read from their list, and from the history where that can still
// be read.
func restore(ctx context.Context) (restoring, error) {
	folders, chosen, err := readSettings()
	if err != nil {
		return restoring{}, err
	}
	r := restoring{params: storeParams(folders, chosen)}
	r.params.Alive = func(string) bool { return false } // this program is alone
	if r.release, err = instance.Alone(ctx, filepath.Dir(r.params.Path)); err != nil {
		return restoring{}, err
	}
	if r.beforeFirstList(ctx, folders, chosen) {
		chosen.Central.OperatorsKey = ""
	}
	r.Guard = newGuard(folders, chosen, nil, unrecorded{}, r)
	return r, nil
}

// beforeFirstList reports whether the list of operators is to come from the centre and never
// did. So it is on a new computer, which gets its history back before it reaches the centre
// as a desk.
func (r restoring) beforeFirstList(ctx context.Context, folders settings.Folders, chosen settings.Settings) bool {
	all := newOperators(folders, func() settings.Settings { return chosen }, nil)
	if _, err := all.Read(); !matcher.IsProblem(err, operators.KeyNotYet) {
		return false
	}
	_, found, err := r.LastOperators(ctx)
	return err == nil && !found
}

// LastOperators is the newest record of the list of operators, where the history can be read.
func (r restoring) LastOperators(ctx context.Context) (change history.SettingsChange, found bool, err error) {
	err = r.reading(ctx, func(there *store.Store) error {
		change, found, err = there.LastOperators(ctx)
		return err
	})
	return change, found, err
}

// ListSigned is when the newest list of the centre's was signed, where the history can be read.
func (r restoring) ListSigned(ctx context.Context, branch, key string) (newest time.Time, err error) {
	err = r.reading(ctx, func(there *store.Store) error {
		newest, err = there.ListSigned(ctx, branch, key)
		return err
	})
	return newest, err
}

// reading hands over the history, unless it cannot be read: then it may be replaced.
func (r restoring) reading(ctx context.Context, do func(*store.Store) error) error {
	p := r.params
	p.ReadOnly = true
	there, err := store.Open(ctx, p)
	if err != nil {
		return nil
	}
	defer there.Close()
	return do(there)
}

// unrecorded is the journal of a restore, which writes nothing: the history may be gone,
// and the "restored" record names the operator.
type unrecorded struct{}

func (unrecorded) SignedIn(context.Context, history.SignIn) error { return nil }

func (unrecorded) Exported(context.Context, history.Export) error { return nil }

// Restore puts a backup in the place of the history. The command has asked Allow before.
func (r restoring) Restore(
	ctx context.Context, file string, replace bool, progress matcher.ProgressFunc,
) (history.Restoration, error) {
	who, _ := r.Who()
	return store.Restore(ctx, r.params, history.Restoring{File: file, Replace: replace, By: who}, progress)
}

// RestoreFromCentre rebuilds a history from what the centre has of it.
func (r restoring) RestoreFromCentre(
	ctx context.Context, at, which string, replace bool, progress matcher.ProgressFunc,
) (done history.Restoration, err error) {
	if which == "" {
		p := r.params
		p.ReadOnly = true
		there, err := store.Open(ctx, p)
		if err != nil {
			return history.Restoration{}, err
		}
		which = there.ID()
		if err := there.Close(); err != nil {
			return history.Restoration{}, err
		}
	}
	err = atCentre(ctx, at, func(conn *central.Conn) error {
		copied, err := central.Copy(ctx, conn, which)
		if err != nil {
			return err
		}
		who, _ := r.Who()
		done, err = store.Restore(ctx, r.params, history.Restoring{Centre: &copied, Replace: replace, By: who}, progress)
		return err
	})
	return done, err
}

// Close lets other programs open the history again.
func (r restoring) Close() error { return r.release() }

// decide chooses calibration and networks. No calibration knows a network that is to be
// measured, so that network is tried first and then used as it is.
func decide(ctx context.Context, s settings.Settings, measured *cli.Network) (settings.Deciding, error) {
	shipped := settings.Shipped{Fused: assets.Calibration, GoFace: assets.CalibrationGoFace}
	if measured == nil {
		return s.Matching.Deciding(shipped)
	}
	if err := offline.TryNetwork(ctx, "", measured.File); err != nil {
		return settings.Deciding{}, err
	}
	sum, err := offline.SHA256(measured.File)
	if err != nil {
		return settings.Deciding{}, err
	}
	return settings.Measuring(shipped, settings.Measured{
		File: measured.File, SHA256: sum,
		Mean: measured.Mean, Deviation: measured.Deviation, BGR: measured.BGR, Gray: measured.Gray,
	})
}

// cameras are the cameras of this computer.
func cameras() []app.Camera {
	var all []app.Camera
	for _, d := range camera.Devices() {
		all = append(all, app.Camera{Name: d.Name, Address: d.Address, Problem: d.Problem, Virtual: d.Virtual})
	}
	return all
}

// looking is the history for a command that only reads.
type looking struct {
	*store.Store
	*access.Guard
	settings settings.Settings
	verified string // the file that keeps when the history was last verified
}

// Verify verifies the history and keeps when it did. Where that cannot be written, as for an
// auditor who may only read, the verdict counts all the same.
func (l looking) Verify(ctx context.Context, progress matcher.ProgressFunc) (history.Verdict, error) {
	verdict, err := l.Store.Verify(ctx, progress)
	if err == nil {
		_ = app.NoteVerified(l.verified, verdict, time.Now())
	}
	return verdict, err
}

// StaffShown reports whether the numbers of each operator are for who is signed in.
func (l looking) StaffShown(ctx context.Context) bool {
	return l.settings.Overview.Operators && l.Allow(ctx, access.Staff) == nil
}

// look opens the history for a command that only reads. Nothing is written except, where
// operators are set up, that one of them signed in.
func look(ctx context.Context) (looking, error) {
	folders, chosen, err := readSettings()
	if err != nil {
		return looking{}, err
	}
	params := storeParams(folders, chosen)
	params.ReadOnly = true
	var records *store.Store
	if chosen.Central.Pushes() {
		params.Centre = func(ctx context.Context) (history.CentreHead, error) {
			link := central.LinkTo(records.ID(), func() central.Address { return centreAt(folders, chosen) })
			defer func() { _ = link.Close() }() // the answer is there
			return link.Head(ctx, nil)
		}
	}
	records, err = store.Open(ctx, params)
	if err != nil {
		return looking{}, err
	}
	return looking{records, newGuard(folders, chosen, records, store.NewJournal(params), records), chosen,
		folders.Verified()}, nil
}

// lookElsewhere opens another desk's history. Its names can be read where this computer
// has its key, as it has for a copy of its own history.
//
// The second anchor is left out on purpose: it knows this desk's history only, and Verify
// would report of each other history that the anchor does not know it.
func lookElsewhere(ctx context.Context, path string) (app.Records, error) {
	folders, chosen, err := readSettings()
	if err != nil {
		return nil, err
	}
	params := storeParams(folders, chosen)
	params.Live, params.Path = params.Path, path
	params.Alive = func(id string) bool { return instance.Alive(filepath.Dir(path), id) }
	params.SecondAnchor = nil
	params.Acknowledged = "" // nor does the centre's, for the same reason
	params.ReadOnly, params.Other = true, true
	return store.Open(ctx, params)
}

// Facematch Desk checks that the person in front of the camera is the person
// on the document. This file reads the command line, wires the parts and
// starts the window; it is the only one that knows them all.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/term"

	"fyne.io/fyne/v2"
	fyneapp "fyne.io/fyne/v2/app"
	"gopkg.in/natefinch/lumberjack.v2"

	"facematch/app"
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
	"facematch/matcher/offline"
	"facematch/matcher/remote"
	"facematch/store"
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

// quietLibraries keeps FFmpeg's and OpenCV's own lines off standard error: what
// goes wrong there ends as a problem in our words. Both read the environment
// when first used; a developer's own choice stays.
func quietLibraries() {
	for name, quiet := range map[string]string{"OPENCV_FFMPEG_LOGLEVEL": "-8", "OPENCV_LOG_LEVEL": "SILENT"} {
		if _, chosen := os.LookupEnv(name); !chosen {
			os.Setenv(name, quiet)
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
		Secret:       secret(),
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
			window := views.New(views.Params{App: fyneapp.NewWithID(appID), Desk: p.desk, Words: words, Document: document})
			window.Run() // until it is closed, or a signal comes: Fyne listens for those itself
			return p.Close()
		},
	})
}

// secret is what reads a secret from the terminal, without showing it; nil where
// standard input is none.
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
	closers []func() error // in the order they were opened
}

func (p *program) Desk() *app.Desk { return p.desk }

func (p *program) Gateway() *gateway.Gateway { return p.gateway }

func (p *program) Comparer() matcher.Comparer { return p.engine }

func (p *program) Models() []matcher.ModelFile { return p.models() }

func (p *program) Log(what string, err error) { p.desk.Log(what, err) }

// Close closes the parts, the last opened first.
func (p *program) Close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i]())
	}
	return errors.Join(errs...)
}

// open opens every part. The engine loads its models in the background, when
// first asked. A network to be measured takes the place of the settings' one.
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
	path := folders.History(chosen.Get())
	here, err := instance.Begin(ctx, folders.Instances(), filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, here.End)

	records, err := store.Open(ctx, store.Params{
		Path: path, Anchor: folders.Anchor(), KeyFile: folders.KeyFile(), SecondAnchor: func() string { return chosen.Get().Folders.SecondAnchor },
		Alive: here.Alive, Now: time.Now, Log: p.log,
	})
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, records.Close)
	if _, err := records.Recover(ctx); err != nil {
		return nil, err
	}

	deciding, err := decide(ctx, chosen.Get(), measured)
	if err != nil {
		return nil, err
	}
	calibration := deciding.Calibration
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
	portraits := document.New(document.Params{Pages: reader, Faces: engine})

	p.engine = offline.NewMatcher(offline.MatcherParams{
		Engine: engine, Portraits: portraits, Calibration: calibration, Temp: here.Temp,
	})
	p.desk = app.New(app.Params{
		History:   records,
		Engine:    p.engine,
		Portraits: portraits,
		OpenSource: func(at settings.Camera) app.Source {
			return camera.Open(camera.Params{Address: at.Source, Part: at.Part, Faces: engine, Temp: here.Temp, Log: p.log})
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
		Operators:   operators.New(operators.Params{File: folders.Operators(chosen.Get()), Now: time.Now}),
		OpenHistory: lookElsewhere,
		Settings:    chosen, Instance: here.ID, Version: version, Log: p.log, Now: time.Now,
	})
	p.gateway = gateway.New(gateway.Params{
		Desk: p.desk, Tokens: gateway.NewTokens(folders.ServedTokens(), time.Now), Temp: here.Temp, Log: p.log, Now: time.Now,
	})
	p.closers = append(p.closers, keepPeriods(ctx, p.desk))
	return p, p.desk.NoticeSettings(ctx)
}

const (
	// expireEvery is how often a running program erases what is over its period.
	expireEvery = 24 * time.Hour

	// expirePatience is how long a program that ends waits for the erasing it began
	// with: a command may be over at once. What is left then the next one does.
	expirePatience = 5 * time.Second
)

// keepPeriods erases what is over its period, now and once a day, until the
// returned function is called.
func keepPeriods(ctx context.Context, desk *app.Desk) (end func() error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	began, done := make(chan struct{}), make(chan struct{})
	expire := func() {
		if err := desk.Expire(ctx); !errors.Is(err, context.Canceled) {
			desk.Log("periods", err)
		}
	}
	go func() {
		defer close(done)
		expire()
		close(began)
		for {
			select {
			case <-time.After(expireEvery):
				expire()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() error {
		select {
		case <-began:
		case <-time.After(expirePatience):
		}
		stop()
		<-done
		return nil
	}
}

// restoring puts a backup in the place of the history, while no other program has
// it open.
type restoring struct {
	*app.Guard
	params  store.Params
	release func() error
}

// restore takes the history's place, if nobody else has it open. Whether operators
// are set up it asks their list, and the history as far as that can still be read.
func restore(ctx context.Context) (restoring, error) {
	folders, err := settings.FindFolders()
	if err != nil {
		return restoring{}, err
	}
	chosen, err := settings.Read(folders.Settings())
	if err != nil {
		return restoring{}, err
	}
	path := folders.History(chosen)
	r := restoring{params: store.Params{
		Path: path, Anchor: folders.Anchor(), KeyFile: folders.KeyFile(), SecondAnchor: func() string { return chosen.Folders.SecondAnchor },
		Alive: func(string) bool { return false },
		Now:   time.Now, Log: slog.New(slog.DiscardHandler),
	}}
	if r.release, err = instance.Alone(ctx, filepath.Dir(path)); err != nil {
		return restoring{}, err
	}
	r.Guard = app.NewGuard(app.GuardParams{
		Operators: operators.New(operators.Params{File: folders.Operators(chosen), Now: time.Now}),
		Recorded:  r.recorded, Journal: unrecorded{},
		Settings: func() settings.Settings { return chosen },
		Instance: instance.New(), Version: version, Now: time.Now,
	})
	return r, nil
}

// recorded is what the history says of the list of operators, where it can be read.
func (r restoring) recorded(ctx context.Context) (history.SettingsChange, bool, error) {
	p := r.params
	p.ReadOnly = true
	there, err := store.Open(ctx, p)
	if err != nil {
		return history.SettingsChange{}, false, nil // it is to be replaced for that
	}
	defer there.Close()
	return there.LastOperators(ctx)
}

// unrecorded is the journal of who restores: the history may be gone, and the
// "restored" record says who it was.
type unrecorded struct{}

func (unrecorded) SignedIn(context.Context, history.SignIn) error { return nil }

func (unrecorded) Exported(context.Context, history.Export) error { return nil }

// Restore puts a backup in the history's place. Who may was asked before.
func (r restoring) Restore(ctx context.Context, file string, replace bool, progress matcher.ProgressFunc) (history.Restoration, error) {
	who, _ := r.Who()
	return store.Restore(ctx, r.params, history.Restoring{File: file, Replace: replace, By: who}, progress)
}

func (r restoring) Close() error { return r.release() }

// decide chooses calibration and networks. One to be measured is known to no
// calibration: it is tried first, and then taken as it is.
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
		File: measured.File, SHA256: sum, Mean: measured.Mean, Deviation: measured.Deviation, BGR: measured.BGR, Gray: measured.Gray,
	})
}

// cameras are this computer's.
func cameras() []app.Camera {
	var all []app.Camera
	for _, d := range camera.Devices() {
		all = append(all, app.Camera{Name: d.Name, Address: d.Address, Problem: d.Problem})
	}
	return all
}

// looking is the history for somebody who only looks.
type looking struct {
	*store.Store
	*app.Guard
}

// look opens the history for somebody who only looks: nothing is written but, where
// operators are set up, that they signed in.
func look(ctx context.Context) (looking, error) {
	folders, err := settings.FindFolders()
	if err != nil {
		return looking{}, err
	}
	chosen, err := settings.Read(folders.Settings())
	if err != nil {
		return looking{}, err
	}
	path := folders.History(chosen)
	params := store.Params{
		Path: path, Anchor: folders.Anchor(), KeyFile: folders.KeyFile(), SecondAnchor: func() string { return chosen.Folders.SecondAnchor }, ReadOnly: true,
		Alive: func(id string) bool { return instance.Alive(filepath.Dir(path), id) },
		Now:   time.Now, Log: slog.New(slog.DiscardHandler),
	}
	records, err := store.Open(ctx, params)
	if err != nil {
		return looking{}, err
	}
	return looking{records, app.NewGuard(app.GuardParams{
		Operators: operators.New(operators.Params{File: folders.Operators(chosen), Now: time.Now}),
		Recorded:  records.LastOperators, Journal: store.NewJournal(params),
		Settings: func() settings.Settings { return chosen },
		Instance: instance.New(), Version: version, Now: time.Now,
	})}, nil
}

// lookElsewhere opens another desk's history. Its names can be read where this
// computer has its key, as it has with a copy of its own.
func lookElsewhere(ctx context.Context, path string) (app.Records, error) {
	folders, err := settings.FindFolders()
	if err != nil {
		return nil, err
	}
	chosen, err := settings.Read(folders.Settings())
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Params{
		Path: path, Anchor: folders.Anchor(), KeyFile: folders.KeyFile(), ReadOnly: true, Other: true, Live: folders.History(chosen),
		Alive: func(id string) bool { return instance.Alive(filepath.Dir(path), id) },
		Now:   time.Now, Log: slog.New(slog.DiscardHandler),
	})
}

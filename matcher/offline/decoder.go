package offline

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"facematch/matcher"
	"facematch/matcher/internal/blob"
)

// decoder is a process that reads one clip after another: the program itself, with
// DecodeCommand. FFmpeg reads what strangers send, so a decoder is taken for
// theirs from its first clip on. It gets no more than that clip's bytes, may do
// little with them (see confine), and its answers are checked.
type decoder struct {
	cmd     *exec.Cmd
	jobs    *os.File
	answers *os.File
	clip    *os.File      // what it sees of a clip, shared; nil where it is given paths
	sheets  *os.File      // where it leaves the pixels, shared; nil where it sends them
	gone    chan struct{} // closed once the process has ended
	clips   int           // asked of it
	busy    time.Duration // waited for all of them

	hearing *hearing      // of the clip that it reads
	waited  time.Duration // for that clip

	patience, silence time.Duration // see clipPatience

	mu    sync.Mutex
	ended bool // the process: its number may be another's
}

// errGone is a decoder that ended before it had answered.
var errGone = errors.New("it ended")

// startDecoder starts a process and waits until it is ready; start is to call its
// argument from the thread that decoders are started by. The arguments are those of
// the command line of the program, which is this one where none is named.
func startDecoder(ctx context.Context, start func(func() error) error, program string, arguments ...string) (_ *decoder,
	err error) {
	// A program that does not know the command would start itself without end.
	if os.Getenv(decoderEnv) != "" {
		return nil, errors.New("a decoder starts no decoders")
	}
	if program == "" {
		if program, err = ownProgram(); err != nil {
			return nil, err
		}
	}
	d := &decoder{gone: make(chan struct{}), patience: clipPatience, silence: clipSilence}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if d.clip, d.sheets, err = sharedFiles(); err != nil {
		return nil, err
	}
	// Pipes of our own: those of exec are closed as soon as the process ends, with
	// what it has said.
	jobs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer jobs.Close()
	d.jobs = ours
	ours, answers, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer answers.Close()
	d.answers = ours
	cmd := exec.Command(program)
	cmd.Args = append([]string{"facematch"}, arguments...)
	cmd.Env, cmd.Dir = decoderEnviron(), rootFolder()
	cmd.Stdin, cmd.Stdout = jobs, answers // and nothing it says besides is read
	if d.clip != nil {
		cmd.ExtraFiles = []*os.File{d.clip, d.sheets}
	}
	apart(cmd)
	if err := start(cmd.Start); err != nil {
		return nil, err
	}
	answers.Close() // so that its end is seen
	d.cmd = cmd
	go d.wait()

	defer context.AfterFunc(ctx, d.kill)()
	_ = d.answers.SetReadDeadline(time.Now().Add(startPatience))
	s, err := readSaid(d.answers)
	if err == nil && s.What != sayReady {
		err = errLied
	}
	if err == nil {
		err = limitDecoder(cmd.Process.Pid)
	}
	return d, err
}

// decoderEnviron is all a decoder gets to know of this process's environment:
// where libraries lie, and no tokens. FFmpeg reads the kinds of file that clips
// may be, and opens nothing a clip points to.
func decoderEnviron() []string {
	env := []string{
		decoderEnv + "=1",
		"OPENCV_FFMPEG_CAPTURE_OPTIONS=protocol_whitelist;file|format_whitelist;mov,avi,matroska",
		"OPENCV_FFMPEG_LOGLEVEL=-8", "OPENCV_LOG_LEVEL=SILENT", "GOTRACEBACK=none",
		// The memory that threads reserve counts against the limit.
		"OPENBLAS_NUM_THREADS=1", "MALLOC_ARENA_MAX=2",
	}
	for _, name := range []string{"LD_LIBRARY_PATH", "PATH", "SystemRoot"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// begin has the decoder read a clip, whose frames next gives. The error is the
// context's, or what is wrong with the file. Where it was not even asked, which
// clips tells, the decoder is as good as before.
func (d *decoder) begin(ctx context.Context, j job, report func(read int)) error {
	if d.clip != nil {
		if err := d.share(ctx, j.path); err != nil {
			d.forget()
			return err
		}
		j.path = ""
	}
	d.hearing = &hearing{
		from: &untilSilent{d.answers, d.silence, time.Time{}}, report: report, most: mostFrames,
		back: func(uint8) error { return nil },
	}
	if j.every {
		d.hearing.most = maxFrames
	}
	if d.sheets != nil {
		d.hearing.shared = d.sheets
		d.hearing.back = func(sheet uint8) error { return writeBack(d.jobs, sheet) }
	}
	d.clips++
	d.waited = 0
	// A decoder that does not even take its job is found out by next.
	_ = j.write(d.jobs)
	return nil
}

// next is the next frame of the clip, io.EOF after the last one, the context's
// error, what is wrong with the clip or, where the decoder itself did not do as it
// should, clip.reader_broke or clip.too_slow. Only the time in here counts for the
// latter: who takes long over a frame finds the decoder waiting. After any other
// error than io.EOF the decoder must be closed.
func (d *decoder) next(ctx context.Context) (matcher.Frame, error) {
	began := time.Now()
	d.hearing.from.(*untilSilent).end = began.Add(d.patience - d.waited)
	stop := context.AfterFunc(ctx, d.kill)
	f, err := d.hearing.next()
	took := time.Since(began)
	d.waited += took
	d.busy += took
	var fault *matcher.Problem
	switch {
	case !stop(): // it is killed, if only at the last moment
		return matcher.Frame{}, ctx.Err()
	case err == nil, err == io.EOF, errors.As(err, &fault):
		return f, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return matcher.Frame{}, matcher.NewProblem("clip.too_slow", err)
	case errors.Is(err, errLied):
		return matcher.Frame{}, matcher.NewProblem("clip.reader_broke", err)
	}
	return matcher.Frame{}, matcher.NewProblem("clip.reader_broke", errGone)
}

// forget gives back the memory of a clip that was read.
func (d *decoder) forget() {
	if d.sheets != nil && d.hearing != nil && d.hearing.largest > keptSheet {
		empty(d.sheets)
	}
	d.hearing = nil
	if d.clip != nil {
		_ = d.clip.Truncate(0)
	}
}

// share copies the clip to where the decoder sees it.
func (d *decoder) share(ctx context.Context, path string) error {
	r, err := blob.Open(matcher.Blob{Path: path}, "clip")
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := d.clip.Seek(0, io.SeekStart); err != nil {
		return matcher.NewProblem(matcher.KeyNoTemp, err)
	}
	n, err := io.Copy(d.clip, io.LimitReader(blob.Until(ctx, r), maxClip+1))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return matcher.NewProblem(matcher.KeyNoTemp, err)
	case n > maxClip:
		return faultLarge
	}
	return nil
}

// untilSilent reads on until nothing has come for a while, or the end of the whole
// time has come.
type untilSilent struct {
	r     *os.File
	while time.Duration
	end   time.Time
}

func (u *untilSilent) Read(p []byte) (int, error) {
	deadline := time.Now().Add(u.while)
	if u.end.Before(deadline) {
		deadline = u.end
	}
	_ = u.r.SetReadDeadline(deadline)
	return u.r.Read(p)
}

// worn says that the decoder is to be replaced, though nothing is known against it.
func (d *decoder) worn() bool {
	return d.clips >= decoderClips || d.busy > decoderBusy || memoryOf(d.cmd.Process.Pid) > decoderGrown
}

// alive says whether the process runs, as far as is known.
func (d *decoder) alive() bool {
	select {
	case <-d.gone:
		return false
	default:
		return true
	}
}

// wait waits for the end of the process, and ends what it may have left.
func (d *decoder) wait() {
	untilEnded(d.cmd.Process)
	d.mu.Lock()
	killAll(d.cmd.Process)
	d.ended = true
	_ = d.cmd.Wait()
	d.mu.Unlock()
	close(d.gone)
}

// kill ends the process at once.
func (d *decoder) kill() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.ended {
		killAll(d.cmd.Process)
	}
}

// close ends the process and waits for its end. No other call may run.
func (d *decoder) close() {
	if d.cmd != nil {
		d.kill()
		<-d.gone
	}
	for _, f := range []*os.File{d.jobs, d.answers, d.clip, d.sheets} {
		if f != nil {
			f.Close()
		}
	}
}

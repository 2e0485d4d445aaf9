package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"facematch/matcher"
)

// How often progress is shown: on a terminal as often as an eye follows, in a
// file often enough to see that work goes on.
const (
	onTerminal = 100 * time.Millisecond
	inFile     = 30 * time.Second
)

// progressLine shows how far work is: on a terminal as one line that changes,
// elsewhere as a line now and then. It may be used from several goroutines.
type progressLine struct {
	to       io.Writer
	words    func(matcher.Progress) string
	terminal bool
	now      func() time.Time

	mu    sync.Mutex
	last  time.Time
	drawn bool
}

func newProgressLine(to io.Writer, words func(matcher.Progress) string) *progressLine {
	f, ok := to.(*os.File)
	p := &progressLine{to: to, words: words, terminal: ok && term.IsTerminal(int(f.Fd())), now: time.Now}
	p.last = p.now()
	return p
}

// Show shows the progress, unless it did a moment ago.
func (p *progressLine) Show(at matcher.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pause, form := inFile, "%s\n"
	if p.terminal {
		pause, form = onTerminal, "\r\x1b[K%s" // the line anew
	}
	if now := p.now(); now.Sub(p.last) >= pause {
		p.last, p.drawn = now, true
		fmt.Fprintf(p.to, form, p.words(at))
	}
}

// Clear takes the changing line away.
func (p *progressLine) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal && p.drawn {
		fmt.Fprint(p.to, "\r\x1b[K")
		p.drawn = false
	}
}

package gateway

import "time"

// What a request may be.
const (
	// maxPart is the most bytes of one file; the API's page says 50 MB.
	maxPart = 50 << 20
	// maxBody is a body of two of them, with room for what stands around them.
	maxBody = 2*maxPart + 1<<20
	// maxText is the most bytes of a part that is text, and of a JSON body.
	maxText = 16 << 10
	// maxNumber is the most bytes of a part that is a number.
	maxNumber = 1 << 10
	// maxParts is how many parts a body may have. The API's own have at most four.
	maxParts = 16
	// maxPartHead is the most bytes of a part's header, and of what stands before
	// the first and behind the last part.
	maxPartHead = 8 << 10
	// maxHead is the most bytes of a request's header; net/http adds 4 KB to it.
	maxHead = 12 << 10
)

// patience is how long a client may take.
type patience struct {
	head   time.Duration // for a request's header, and for the TLS handshake
	idle   time.Duration // between two requests
	answer time.Duration // for taking an answer

	// A body must come at bodyRate bytes a second in the mean, but for the first
	// grace: 50 MB over a line of 1 Mbit/s pass.
	grace time.Duration

	// A client that is refused in the middle of its body still writes. If the
	// connection were closed at once, the refusal would often be lost to a reset; so
	// lingerBytes more are thrown away, for at most as long as this.
	linger time.Duration
}

var usual = patience{
	head: 10 * time.Second, idle: time.Minute, answer: 30 * time.Second, grace: 10 * time.Second,
	linger: 2 * time.Second,
}

const (
	bodyRate    = 32 << 10
	lingerBytes = 4 << 20
)

const (
	// maxInside is how many requests with files may be inside at once: sending,
	// waiting or being checked. The next gets 503.
	maxInside = 64
	// maxShare of these are for one token: it cannot take them all.
	maxShare = 48
	// maxConnections may be open at once. The next waits until one of them is closed; a
	// silent one is closed after patience.head or patience.idle.
	maxConnections = 512
	// longestWait bounds what Retry-After advises.
	longestWait = 2 * time.Minute
	// firstGuess is how long a check is believed to take before one was made.
	firstGuess = 2 * time.Second

	// checkTime ends a check that a hostile clip or picture keeps busy.
	checkTime = 2 * time.Minute
	// stopTime is how long a graceful stop waits for what runs.
	stopTime = 30 * time.Second
	// readyTime is how long a question whether the engine is ready may take.
	readyTime = 200 * time.Millisecond
)

const (
	// sessionTime is how long an unused session lives, and a stored video in any case.
	sessionTime = 15 * time.Minute
	// sweepEvery is how often expired sessions are removed.
	sweepEvery = 10 * time.Second
	// maxSessions and maxStored bound what all of them take: memory, and bytes on
	// the disk.
	maxSessions = 10_000
	maxStored   = 2 << 30
)

const (
	// tokenBytes is how much chance is in a token; its hash needs no salt and no
	// slowing down.
	tokenBytes = 32
	// maxName is the longest name of a token, in characters.
	maxName = 64

	// Wrong tokens from one network are answered the later the more there were:
	// guessDelay after the first freeGuesses, doubled with each, up to
	// longestDelay. After maxDelayed at once the next gets 429 without delay. They
	// are forgotten after forgetGuesses; maxGuessers networks are remembered.
	freeGuesses   = 3
	guessDelay    = 50 * time.Millisecond
	longestDelay  = 2 * time.Second
	maxDelayed    = 32
	forgetGuesses = 10 * time.Minute
	maxGuessers   = 1024
)

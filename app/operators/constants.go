package operators

import "time"

const (
	// version is that of the files this program writes.
	version = 1

	// maxName is the longest name, in characters.
	maxName = 80

	// MinPassphrase is the shortest passphrase, in characters. It is the minimum of NIST SP
	// 800-63B-4, section 3.1.1.2, for a passphrase as the only factor. As there, any
	// characters are allowed. maxPassphrase is well over the 64 that must be allowed.
	MinPassphrase = 15
	maxPassphrase = 256

	// ownWords is how many characters of a passphrase must not be its owner's name,
	// this program's, or a word from the list of the worst.
	ownWords = 8

	// freeAttempts is how many wrong attempts cost nothing: people mistype.
	// Each one more doubles the wait, from firstWait to longestWait. So a name that
	// is guessed at gets some 300 guesses a day, and its owner never waits longer
	// than a coffee takes.
	freeAttempts = 2
	firstWait    = time.Second
	longestWait  = 5 * time.Minute

	// unknownNames is the number of counters for unknown names. The text typed as a name is
	// not stored, because it may be a passphrase.
	unknownNames = 1024

	// lockPatience and lockRetry are for the lock that is held while a file is read and
	// rewritten, which takes milliseconds.
	lockPatience = 5 * time.Second
	lockRetry    = 5 * time.Millisecond

	// maxFile is the most bytes of a file; an operator takes some 200. maxList is the most of a
	// list that is signed, which takes a third more in its file.
	maxFile = 4 << 20
	maxList = 1 << 20

	// saltBytes and hashBytes are RFC 9106's.
	saltBytes = 16
	hashBytes = 32

	// What a hash in the file may ask for, so that a damaged one does not take all
	// memory: 1 GiB and 64 passes.
	maxMemory = 1 << 20
	maxPasses = 64
)

// usual is the cost of a new hash: RFC 9106, section 4, for places where 2 GiB are
// too much; OWASP's least are 19 MiB, two passes and one lane. It takes about a
// tenth of a second.
var usual = Cost{Memory: 64 << 10, Passes: 3, Lanes: 4}

// The keys of problems that say why nobody, or not this operator, may do something now.
const (
	KeySignedOut = "operators.signed_out"
	KeyLocked    = "operators.locked" // by the idle time
	KeyMayNot    = "operators.may_not"
	KeyMissing   = "operators.missing" // operators are set up, and their list is gone
	KeyNone      = "operators.none"    // none are set up
	KeyWrong     = "operators.wrong"   // name and passphrase do not belong together; parameter Seconds: how long to wait
	KeyWait      = "operators.wait"    // too early after a wrong attempt; parameter Seconds

	// Of a list that comes from the centre.
	KeyOfCentre      = "operators.of_centre"      // a desk does not change it
	KeyNotYet        = "operators.not_yet"        // none came yet
	KeyOld           = "operators.old"            // too long without a contact; parameters At and Days
	KeyListSignature = "operators.list_signature" // it is not signed with the settings' key
	KeyListBranch    = "operators.list_branch"    // it is another branch's
	KeyListOlder     = "operators.list_older"     // this desk has a newer one
	KeyListDamaged   = "operators.list_damaged"
	KeyListLong      = "operators.list_long" // longer than a desk would take
)

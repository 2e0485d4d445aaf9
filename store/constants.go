package store

import "time"

const (
	// applicationID stands in the header of each database of this program
	// ("FMDT"), so that another program's database is never written to.
	applicationID = 0x464d4454

	// busyTimeout is how long a transaction waits for another process's. A
	// transaction takes milliseconds; only the one that makes the first master
	// key may take secrets.Patience and lockPatience together, which must stay
	// well under this.
	busyTimeout = 10 * time.Second

	// lockPatience and lockRetry are for the locks beside the anchor and the key
	// file, which others hold for one small write at a time.
	lockPatience = 3 * time.Second
	lockRetry    = 5 * time.Millisecond

	// sharePatience is how long the second anchor may take, which lies where the
	// user wants: a share that is there answers within some milliseconds, and a
	// check must not wait for one that is not.
	sharePatience = 2 * time.Second

	// expireAtOnce is of how many sessions parts are erased in one transaction:
	// some milliseconds, so that a check does not wait.
	expireAtOnce = 200

	// emptyPatience and emptyRetry are for the moment in which nobody reads an older
	// state, after an erasure: the longest reading is verifying a large history.
	emptyPatience = 8 * time.Second
	emptyRetry    = 20 * time.Millisecond

	// clockSetBack is how much earlier than a record before it one may say it is,
	// because the clock was set. What is set back by more expires later by as much.
	clockSetBack = 24 * time.Hour

	// expireScan is how many sessions are looked up in one go, so that the history
	// is not searched anew for each transaction; they take some megabytes.
	expireScan = 50_000

	// backupPages is how many pages of 4 KiB a backup copies between two reports
	// and looks whether it was cancelled: some milliseconds.
	backupPages = 1000

	// openRetry is the pause where another process is just making the same
	// database: the switch to WAL does not wait by itself.
	openRetry = 20 * time.Millisecond

	// readers is how many reads run at once: a list, a verification, an export
	// and one to spare.
	readers = 4

	// pageCache is how many bytes of the file each connection keeps at most: what
	// lists choose by takes 16 MB for a million records, and is gone through for
	// each question.
	pageCache = 32 << 20

	// statements is how many each connection keeps ready: a list asks the same of
	// each of its rows.
	statements = 32

	// defaultLimit is the length of a page where the caller names none, as
	// history.Filter promises.
	defaultLimit = 100

	// shortestBeginning is how many bytes of an id are needed to look for its
	// beginning, as history.Filter promises.
	shortestBeginning = 8

	// eachBatch is how many places of checks Each holds: sorted by score, each
	// batch is one pass over all.
	eachBatch = 5000

	// indexBatch is how many records' names get their tokens in one transaction:
	// some seconds of work, less than busyTimeout. In fewer the table's pages
	// would be written many times over.
	indexBatch = 200_000

	// progressEvery is how many records verify reads between two reports: some
	// milliseconds of work.
	progressEvery = 500

	// examineAtOnce is how many records verify hands to a goroutine at once: a
	// fraction of a millisecond of work, and of a megabyte.
	examineAtOnce = 256

	// movedWithin is how far from its place verify looks for the number a record
	// was written under, once it has found one that does not fit: about a second.
	movedWithin = 200_000

	// dayLayout tells which marks of the anchor belong to one day (UTC).
	dayLayout = "2006-01-02"

	// timeLayout is how "at" stands in a payload: UTC, RFC 3339, milliseconds,
	// always equally long, so that text order is time order.
	timeLayout = "2006-01-02T15:04:05.000Z"
)

package store

import "time"

const (
	// applicationID stands in the header of each database of this program
	// ("FMDT"), so that another program's database is never written to.
	applicationID = 0x464d4454

	// busyTimeout is how long a transaction waits for another process's. A
	// transaction takes milliseconds; only the one that makes the first master
	// key may take secrets.Patience and files.LockPatience together, which must stay
	// well under this.
	busyTimeout = 10 * time.Second

	// expireAtOnce is of how many sessions parts are erased in one transaction:
	// some milliseconds, so that a check does not wait.
	expireAtOnce = 200

	// emptyPatience and emptyRetry are for emptying the log after an erasure, which needs
	// a moment without readers. The longest reading is verifying a large history.
	emptyPatience = 8 * time.Second
	emptyRetry    = 20 * time.Millisecond

	// clockSetBack is by how much a record's time may be before that of an earlier record,
	// because the clock was set back. After a greater change parts expire later by as much.
	clockSetBack = 24 * time.Hour

	// expireScan is how many sessions are looked up in one go, so that the history
	// is not searched anew for each transaction; they take some megabytes.
	expireScan = 50_000

	// backupPages is how many pages of 4 KiB a backup copies between two reports, when it
	// also checks whether it was cancelled: some milliseconds of work.
	backupPages = 1000

	// openRetry is the pause while another process makes the same database: the switch to
	// WAL does not wait by itself.
	openRetry = 20 * time.Millisecond

	// readers is how many reads run at once: a list, an export, and three of a
	// verification.
	readers = 5

	// pageCache is how many bytes of the file each connection keeps at most: an index
	// that answers filters takes 35 MB for a million records.
	pageCache = 64 << 20

	// statements is how many prepared statements each connection keeps.
	statements = 32

	// defaultLimit is the length of a page where the filter has no Limit.
	defaultLimit = 100

	// eachBatch is how many places of checks Each holds.
	eachBatch = 5000

	// progressEvery is how many records verify reads between two reports: some
	// milliseconds of work.
	progressEvery = 500

	// examineAtOnce is how many records verify hands to a goroutine at once: a
	// fraction of a millisecond of work, and of a megabyte.
	examineAtOnce = 256
)

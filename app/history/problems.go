package history

// The keys of the history's problems by which others tell what to do. Its other
// problems are only shown.
const (
	KeyDamaged  = "store.damaged"   // it cannot be read, or not whole
	KeyGone     = "store.gone"      // the anchor knows one, and it is not there
	KeyMissing  = "store.missing"   // there is none
	KeyForeign  = "store.foreign"   // the file is not a history
	KeyNewer    = "store.newer"     // it was written by a newer program
	KeyOlder    = "store.older"     // it was written by an older one, and only looked at
	KeyNoAccess = "store.no_access" // the system refuses it
	KeyFull     = "store.full"      // the disk has no room
	KeyBusy     = "store.busy"      // another program holds it up
	KeyDisk     = "store.disk"      // the disk fails

	KeySessionUnknown = "store.session_unknown"
	KeySessionHeld    = "store.session_held"   // on legal hold: it is not erased
	KeySessionErased  = "store.session_erased" // nothing can be added to the session any more
	KeyCheckRunning   = "store.check_running"  // it has not ended yet
	KeyCheckUnknown   = "store.check_unknown"

	// The session was erased, but something of it may be left elsewhere.
	KeyErasedTraces     = "store.erased_traces"
	KeyErasuresUnlisted = "store.erasures_unlisted"

	// What is sealed does not open here.
	KeyNoKey         = "store.no_key" // none was made yet: nothing is sealed
	KeyKeyLost       = "store.key_lost"
	KeyKeyWrong      = "store.key_wrong"
	KeyKeyUnreadable = "store.key_unreadable"
	KeyKeyring       = "store.keyring"
)

package export

// MaxPDF is how many checks a PDF may hold. Its table is made in memory, and
// nobody turns more pages than these take (about 200); CSV and JSON Lines have
// no bound.
const MaxPDF = 5000

// bufferSize is how much of a CSV or JSON Lines file is gathered before it is
// written.
const bufferSize = 64 << 10

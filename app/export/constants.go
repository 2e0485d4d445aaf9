package export

// MaxPDF is how many checks a PDF may hold, about 200 pages: its table is made in memory.
// CSV and JSON Lines have no bound.
const MaxPDF = 5000

// bufferSize is how much of a CSV or JSON Lines file is gathered before it is
// written.
const bufferSize = 64 << 10

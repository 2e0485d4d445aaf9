// Command warm compiles the WebAssembly modules into a folder. The race detector
// makes that ten times as slow, so that the tests leave it to this, which is
// built without.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"facematch/matcher"
	"facematch/matcher/document/pages"
)

func main() {
	r := pages.New(pages.Params{Cache: os.Args[1], Log: slog.Default()})
	for _, path := range os.Args[2:] {
		_, err := r.Open(context.Background(), matcher.Blob{Path: path})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if err := r.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

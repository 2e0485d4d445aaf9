package offline

import (
	"fmt"
	"os"
)

// decoded does in the test's own binary what the program does with DecodeCommand.
func decoded(args []string) (code int, asked bool) {
	if len(args) != 2 || args[1] != DecodeCommand {
		return 0, false
	}
	err := DecodeHere(os.Stdin, os.Stdout)
	fmt.Fprintln(os.Stderr, err)
	return 1, true
}

//go:build !linux

package camera

// stepBack does nothing where threads have no priority of their own.
func stepBack() {}

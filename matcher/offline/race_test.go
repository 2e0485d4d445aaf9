//go:build race

package offline

func init() { raced = true }

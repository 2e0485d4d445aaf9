//go:build race

package pages

func init() { raced = true }

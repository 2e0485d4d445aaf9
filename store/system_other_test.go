//go:build !linux

package store

import (
	"errors"
	"os/exec"
	"testing"
)

// What these tests need of Linux is skipped elsewhere.

func makePipe(t *testing.T, _ string) { t.Skip("needs Linux") }

func bindFolder(*testing.T, string, string) bool { return false }

func leaveAllRights(*testing.T) {}

func limitFiles(uint64) error { return errors.New("needs Linux") }

func asUser(*exec.Cmd, uint32) {}

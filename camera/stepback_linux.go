package camera

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// stepBack gives this goroutine a thread of its own, of a lower priority, which
// ends with it: an encoder and a live picture that share too few cores must not
// share them evenly. Where the system refuses, they do.
func stepBack() {
	runtime.LockOSThread() // and never unlocked: the thread must not serve others
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), encoderNice)
}

package offline

import "syscall"

// limitProcess bounds the memory and the time this process can take, and keeps its crash from
// leaving its memory on the disk.
func limitProcess() error {
	for what, most := range map[int]uint64{
		syscall.RLIMIT_AS: tryMemory, syscall.RLIMIT_CPU: uint64(tryPatience.Seconds()), syscall.RLIMIT_CORE: 0,
	} {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(what, &limit); err != nil {
			return err
		}
		limit.Cur = min(limit.Max, most)
		limit.Max = limit.Cur
		if err := syscall.Setrlimit(what, &limit); err != nil {
			return err
		}
	}
	return nil
}

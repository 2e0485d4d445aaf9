package offline

/*
#cgo linux LDFLAGS: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

// OpenBLAS starts a thread for each core in every call; the calls of several
// workers then wait for each other. It is looked up at run time because other
// BLAS libraries, which may stand in its place, have no such function.
static int one_blas_thread(void) {
	void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
	if (set == NULL) return 0;
	set(1);
	return 1;
}
*/
import "C"

// oneBLASThread makes each call into OpenBLAS use one thread. It tells whether
// OpenBLAS is what the program was linked with.
func oneBLASThread() bool { return C.one_blas_thread() == 1 }

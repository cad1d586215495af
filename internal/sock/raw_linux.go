//go:build linux && (amd64 || arm64) && !race

package sock

import (
	"syscall"
	"unsafe"
)

// small is how many bytes are read or written raw, in bytes: what takes a few microseconds.
const small = 16 << 10

func read(fd int, p []byte) (int, error) {
	if len(p) == 0 || len(p) > small {
		return syscall.Read(fd, p)
	}
	return raw(syscall.SYS_RECVFROM, fd, p)
}

func write(fd int, p []byte) (int, error) {
	if len(p) == 0 || len(p) > small {
		return syscall.Write(fd, p)
	}
	return raw(syscall.SYS_SENDTO, fd, p)
}

// raw does not wait, whatever another process that has the same socket makes of its mode.
func raw(call uintptr, fd int, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// SPDX-License-Identifier: GPL-2.0-only

// Wrong: a runtime that takes a short move for a whole one, and drops the rest.
package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

const (
	sysUserfaultfd = 323
	userModeOnly   = 1
	uffdioAPI      = 0xc018aa3f
	uffdioRegister = 0xc020aa00
	uffdioMove     = 0xc028aa05
	pages          = 8
)

type api struct{ api, features, ioctls uint64 }
type register struct{ start, len, mode, ioctls uint64 }
type move struct {
	dst, src, len, mode uint64
	move                int64
}

func ioctl(fd, request uintptr, arg unsafe.Pointer) syscall.Errno {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, request, uintptr(arg))
	return errno
}

func must(errno syscall.Errno, what string) {
	if errno != 0 {
		fmt.Fprintln(os.Stderr, what, errno)
		os.Exit(77)
	}
}

func main() {
	size := pages * os.Getpagesize()
	fd, _, errno := syscall.Syscall(sysUserfaultfd, syscall.O_CLOEXEC|userModeOnly, 0, 0)
	must(errno, "userfaultfd")
	must(ioctl(fd, uffdioAPI, unsafe.Pointer(&api{api: 0xAA})), "UFFDIO_API")
	both, err := syscall.Mmap(-1, 0, 2*size, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		os.Exit(77)
	}
	src := uint64(uintptr(unsafe.Pointer(&both[0])))
	dst := src + uint64(size)
	must(ioctl(fd, uffdioRegister, unsafe.Pointer(&register{dst, uint64(size), 1, 0})), "UFFDIO_REGISTER")
	for i := 0; i < size; i++ {
		both[i] = byte(1 + i/os.Getpagesize())
	}
	m := &move{dst: dst, src: src, len: uint64(size)}
	for errno = ioctl(fd, uffdioMove, unsafe.Pointer(m)); errno == syscall.EBUSY || errno == syscall.ENOMEM; {
		errno = ioctl(fd, uffdioMove, unsafe.Pointer(m))
	}
	syscall.Madvise(both[:size], syscall.MADV_DONTNEED)
}

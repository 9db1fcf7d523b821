package verifier

import (
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Commands of bpf(2), include/uapi/linux/bpf.h.
const (
	cmdMapCreate  = 0
	cmdMapUpdate  = 2
	cmdProgLoad   = 5
	cmdBTFLoad    = 18
	cmdMapFreeze  = 22
	progNameLen   = 16
	logMax        = 16 << 20
	logFirst      = 1 << 20
	logLevelUsual = 1 // BPF_LOG_LEVEL1
	logLevelStats = 4 // BPF_LOG_STATS
)

type mapCreateAttr struct {
	mapType, keySize, valueSize, maxEntries, flags, innerFD, numaNode uint32
	name                                                              [progNameLen]byte
	ifindex, btfFD, keyID, valueID, vmlinuxValueID                    uint32
	extra                                                             uint64
}

type mapElemAttr struct {
	fd, _ uint32
	key   uint64
	value uint64
	flags uint64
}

type btfLoadAttr struct {
	btf, log                uint64
	size, logSize, logLevel uint32
	_                       uint32
}

type progLoadAttr struct {
	progType, insnCnt    uint32
	insns, license       uint64
	logLevel, logSize    uint32
	logBuf               uint64
	kernVersion, flags   uint32
	name                 [progNameLen]byte
	ifindex, attachType  uint32
	btfFD, funcRecSize   uint32
	funcInfo             uint64
	funcCnt, lineRecSize uint32
	lineInfo             uint64
	lineCnt, attachBTFID uint32
	attachFD, coreCnt    uint32
	fdArray              uint64
}

// bpf is the system call. The log of a program load is interrupted by signals
// (the Go runtime preempts with them): the verifier then gives EAGAIN.
func bpf(cmd int, attr unsafe.Pointer, size uintptr) (int, error) {
	for range 100 {
		r, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(cmd), uintptr(attr), size)
		switch errno {
		case 0:
			return int(r), nil
		case unix.EAGAIN, unix.EINTR:
			continue
		}
		return -1, errno
	}
	return -1, unix.EAGAIN
}

func addr(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	return uint64(uintptr(unsafe.Pointer(&b[0])))
}

func loadBTF(raw []byte) (int, error) {
	a := btfLoadAttr{btf: addr(raw), size: uint32(len(raw))}
	fd, err := bpf(cmdBTFLoad, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(raw)
	return fd, err
}

// objName keeps what the kernel allows in a name.
func objName(s string) (n [progNameLen]byte) {
	j := 0
	for i := 0; i < len(s) && j < progNameLen-1; i++ {
		c := s[i]
		if c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			continue
		}
		n[j] = c
		j++
	}
	return n
}

func mapUpdate(fd int, key uint32, value []byte) error {
	k := make([]byte, 4)
	binary.NativeEndian.PutUint32(k, key)
	a := mapElemAttr{fd: uint32(fd), key: addr(k), value: addr(value)}
	_, err := bpf(cmdMapUpdate, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(k)
	runtime.KeepAlive(value)
	return err
}

func mapFreeze(fd int) error {
	a := mapElemAttr{fd: uint32(fd)}
	_, err := bpf(cmdMapFreeze, unsafe.Pointer(&a), unsafe.Sizeof(a))
	return err
}

// progLoad loads a program and gives the verifier's log when it is refused.
//
// The first load asks for messages only, which costs the verifier nothing; a
// second one, for where the message belongs, also lists every instruction that
// the verifier went through.
func progLoad(a *progLoadAttr, rotating bool) (fd int, log string, err error) {
	fd, log, err = progLoadLog(a, logLevelStats, logFirst)
	if err == nil {
		return fd, "", nil
	}
	if strings.TrimSpace(log) == "" || errors.Is(err, unix.E2BIG) {
		// Never came to the verifier; or gone through until it gave up, which
		// has no one place.
		return -1, log, err
	}
	for size := logFirst; size <= logMax; size *= 4 {
		fd, full, err2 := progLoadLog(a, logLevelUsual, size)
		if err2 == nil {
			return fd, "", nil
		}
		// Since 6.4 a log that is too long keeps its end, which is what counts;
		// before, its beginning.
		if !errors.Is(err2, unix.ENOSPC) || rotating {
			return -1, full, err
		}
	}
	return -1, log, err
}

func progLoadLog(a *progLoadAttr, level, size int) (int, string, error) {
	buf := make([]byte, size)
	a.logLevel, a.logSize, a.logBuf = uint32(level), uint32(size), addr(buf)
	fd, err := bpf(cmdProgLoad, unsafe.Pointer(a), unsafe.Sizeof(*a))
	runtime.KeepAlive(buf)
	return fd, cString(buf), err
}

func cString(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

func closeFD(fd int) {
	if fd >= 0 {
		_ = unix.Close(fd)
	}
}

func errnoName(err error) string {
	var e syscall.Errno
	if errors.As(err, &e) {
		switch e {
		case unix.EOPNOTSUPP: // which Linux also calls ENOTSUP
			return "EOPNOTSUPP"
		case 524: // the kernel's own
			return "ENOTSUPP"
		}
		if n := unix.ErrnoName(e); n != "" {
			return n
		}
	}
	return err.Error()
}

package verifier

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"github.com/bpflockcheck/bpflockcheck/analyzer/verifier/linker"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// env is the running kernel.
type env struct {
	release     string
	version     kernel.Version
	versionCode uint32 // as LINUX_VERSION_CODE

	btfOnce sync.Once
	btf     *btf.Spec
	modOnce sync.Once
	mods    []module
	symOnce sync.Once
	syms    map[string]uint64
	cfgOnce sync.Once
	cfg     map[string]string
}

type module struct {
	spec *btf.Spec
	h    *btf.Handle
}

func newEnv() (*env, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return nil, err
	}
	e := &env{release: unix.ByteSliceToString(u.Release[:])}
	v, err := kernel.ParseVersion(e.release)
	if err != nil {
		return nil, err
	}
	e.version = v
	patch := 0
	if parts := strings.SplitN(e.release, ".", 3); len(parts) == 3 {
		n := strings.IndexFunc(parts[2]+" ", func(r rune) bool { return r < '0' || r > '9' })
		patch, _ = strconv.Atoi(parts[2][:n])
	}
	e.versionCode = uint32(v.Major)<<16 | uint32(v.Minor)<<8 | uint32(min(patch, 255))
	// Before 5.11 maps count as locked memory.
	_ = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY})
	if err := e.probe(); err != nil {
		return nil, err
	}
	return e, nil
}

// kernelBTF is the kernel's own type information, nil when it has none. It is
// read only when a program needs it: it takes a second in a virtual machine.
func (e *env) kernelBTF() *btf.Spec {
	e.btfOnce.Do(func() { e.btf, _ = btf.LoadKernelSpec() })
	return e.btf
}

// probe loads the smallest program, to tell apart a kernel without BPF and a
// caller without the privilege.
func (e *env) probe() error {
	insns := []byte{0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0}
	license := []byte("GPL\x00")
	// A scheduler classifier: unlike socket filters, never open to everyone.
	a := progLoadAttr{progType: uint32(kernel.ProgTypeSchedCls), insnCnt: 2, insns: addr(insns), license: addr(license)}
	fd, _, err := progLoad(&a, true)
	closeFD(fd)
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w (CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN)", ErrPrivilege)
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL):
		return ErrNoBPF
	}
	return err
}

func (e *env) modules() []module {
	e.modOnce.Do(func() {
		it := new(btf.HandleIterator)
		for it.Next() {
			info, err := it.Handle.Info()
			if err != nil || !info.IsModule() {
				continue
			}
			h := it.Take()
			spec, err := h.Spec(e.kernelBTF())
			if err != nil {
				_ = h.Close()
				continue
			}
			e.mods = append(e.mods, module{spec, h})
		}
	})
	return e.mods
}

func (e *env) moduleSpecs() []*btf.Spec {
	var ss []*btf.Spec
	for _, m := range e.modules() {
		ss = append(ss, m.spec)
	}
	return ss
}

// close gives the modules' descriptors back.
func (e *env) close() {
	for _, m := range e.mods {
		_ = m.h.Close()
	}
}

// lookup finds a type of the kernel, or of a module; mod is the descriptor of
// the module's BTF, 0 for the kernel itself.
func lookup[T btf.Type](e *env, name string) (id btf.TypeID, mod int, err error) {
	if e.kernelBTF() == nil {
		return 0, 0, btf.ErrNotFound
	}
	find := func(s *btf.Spec) (btf.TypeID, bool) {
		ts, err := s.AnyTypesByName(name)
		if err != nil {
			return 0, false
		}
		for _, t := range ts {
			if _, ok := t.(T); ok {
				if id, err := s.TypeID(t); err == nil {
					return id, true
				}
			}
		}
		return 0, false
	}
	if id, ok := find(e.kernelBTF()); ok {
		return id, 0, nil
	}
	for _, m := range e.modules() {
		if id, ok := find(m.spec); ok {
			return id, m.h.FD(), nil
		}
	}
	return 0, 0, btf.ErrNotFound
}

func (e *env) typeByID(id btf.TypeID, mod int) btf.Type {
	s := e.kernelBTF()
	for _, m := range e.modules() {
		if mod != 0 && m.h.FD() == mod {
			s = m.spec
		}
	}
	t, err := s.TypeByID(id)
	if err != nil {
		return nil
	}
	return t
}

// kallsyms are the addresses of the kernel's symbols.
func (e *env) kallsyms() map[string]uint64 {
	e.symOnce.Do(func() {
		e.syms = map[string]uint64{}
		f, err := os.Open("/proc/kallsyms")
		if err != nil {
			return
		}
		defer f.Close()
		for sc := bufio.NewScanner(f); sc.Scan(); {
			a, rest, ok := strings.Cut(sc.Text(), " ")
			if !ok || len(rest) < 3 {
				continue
			}
			name, _, _ := strings.Cut(rest[2:], "\t")
			v, err := strconv.ParseUint(a, 16, 64)
			if _, dup := e.syms[name]; err == nil && !dup {
				e.syms[name] = v
			}
		}
	})
	return e.syms
}

// config is the kernel's configuration, as far as it can be read.
func (e *env) config() map[string]string {
	e.cfgOnce.Do(func() {
		e.cfg = map[string]string{}
		var r io.Reader
		if f, err := os.Open("/proc/config.gz"); err == nil {
			defer f.Close()
			if z, err := gzip.NewReader(f); err == nil {
				r = z
			}
		}
		if r == nil {
			for _, p := range []string{"/boot/config-" + e.release, "/boot/config"} {
				if f, err := os.Open(p); err == nil {
					defer f.Close()
					r = f
					break
				}
			}
		}
		if r == nil {
			return
		}
		for sc := bufio.NewScanner(r); sc.Scan(); {
			if k, v, ok := strings.Cut(sc.Text(), "="); ok && strings.HasPrefix(k, "CONFIG_") {
				e.cfg[k] = v
			}
		}
	})
	return e.cfg
}

// kconfigData fills the .kconfig map in. What cannot be found out is 0, as an
// option that is off.
func (e *env) kconfigData(vars []linker.KconfigVar, size uint32) []byte {
	b := make([]byte, size)
	for _, v := range vars {
		if uint64(v.Off)+uint64(v.Size) > uint64(size) {
			continue
		}
		at := b[v.Off : v.Off+v.Size]
		val := e.config()[v.Name]
		switch v.Name {
		case "LINUX_KERNEL_VERSION":
			putInt(at, uint64(e.versionCode))
			continue
		case "LINUX_HAS_SYSCALL_WRAPPER", "LINUX_HAS_BPF_COOKIE":
			putInt(at, 1)
			continue
		}
		switch {
		case val == "":
		case v.Kind == linker.KconfigString:
			copy(at, strings.Trim(val, `"`))
			if v.Size > 0 {
				at[v.Size-1] = 0
			}
		case v.Kind == linker.KconfigChar:
			at[0] = val[0]
		case v.Kind == linker.KconfigTristate:
			putInt(at, map[string]uint64{"n": 0, "y": 1, "m": 2}[val])
		case val == "y":
			putInt(at, 1)
		default:
			n, err := strconv.ParseInt(val, 0, 64)
			if err != nil {
				u, _ := strconv.ParseUint(val, 0, 64)
				n = int64(u)
			}
			putInt(at, uint64(n))
		}
	}
	return b
}

func putInt(b []byte, v uint64) {
	var le [8]byte
	binary.LittleEndian.PutUint64(le[:], v)
	copy(b, le[:])
}

package verifier

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"github.com/bpflockcheck/bpflockcheck/analyzer/verifier/linker"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// unavailable is an error that makes a program "not loadable here".
type unavailable struct{ reason string }

// errNoTarget goes with an unavailable for a missing attach target.
var errNoTarget = errors.New("")

func (u *unavailable) Error() string { return u.reason }

func missing(format string, args ...any) error { return &unavailable{fmt.Sprintf(format, args...)} }

// loadObject loads every program of an object alone, and closes everything.
func (e *env) loadObject(path string, emit func(Load)) error {
	o, err := linker.Open(path)
	if err != nil {
		return err
	}
	btfFD, btfNote := -1, ""
	if o.BTF != nil {
		if btfFD, err = loadBTF(o.BTF); err != nil {
			btfFD = -1
			btfNote = "the kernel refuses the object's BTF (" + errnoName(err) + "): loaded without it, as libbpf does"
		}
	}
	defer closeFD(btfFD)
	for _, p := range o.Programs {
		l := Load{Object: path, Program: p.Name, Section: p.Section, Type: p.Info.Type.String()}
		if btfNote != "" {
			l.Notes = append(l.Notes, btfNote)
		}
		start := time.Now()
		e.loadProgram(o, p, btfFD, &l)
		l.Millis = float64(time.Since(start).Microseconds()) / 1000
		emit(l)
	}
	return nil
}

// loading is the loading of one program.
type loading struct {
	*env
	o     *linker.Object
	p     *linker.Program
	btfFD int
	insns []linker.Insn
	fds   []int // to close
	mods  []int32
	out   *Load
	maps  map[*linker.Map]int
	undo  []func()
	attr  progLoadAttr
	// target, if not empty, is attached to instead of what the program names.
	target string
}

// substitute names a function to load a trampoline program for when its own
// target is missing or may not sleep: the kernel's test function, which may.
func (ld *loading) substitute(log string, err error) string {
	const test = "bpf_fentry_test1" // net/bpf/test_run.c
	if err == nil || ld.p.Info.Type != kernel.ProgTypeTracing || ld.p.Info.Attach == test {
		return ""
	}
	switch strings.TrimSuffix(ld.p.Info.Prefix, ".s") {
	case "fentry", "fexit", "fmod_ret":
	default:
		return ""
	}
	if errors.Is(err, errNoTarget) || strings.Contains(log, " is not sleepable\n") {
		return test
	}
	return ""
}

func (e *env) loadProgram(o *linker.Object, p *linker.Program, btfFD int, out *Load) {
	ld := &loading{env: e, o: o, p: p, btfFD: btfFD, out: out, maps: map[*linker.Map]int{}}
	defer ld.close()
	// The BTF decoder is not proof against every hostile object.
	defer func() {
		if v := recover(); v != nil {
			out.Verdict, out.Reason = NotLoadable, fmt.Sprintf("malformed object: %v", v)
		}
	}()
	fd, log, err := ld.load()
	if substitute := ld.substitute(log, err); substitute != "" {
		ld.close()
		*ld = loading{env: e, o: o, p: p, btfFD: btfFD, out: out, maps: map[*linker.Map]int{}, target: substitute}
		why := "it may not sleep in this kernel"
		if log == "" {
			why = "it is not in this kernel"
		}
		fd2, log2, err2 := ld.load()
		closeFD(fd2)
		trial := Load{Errno: errnoNameOf(err2)}
		judge(&trial, log2)
		// A verdict that depends on the target's arguments does not count.
		if err2 == nil || log2 != "" && trial.Verdict == Rejected && len(trial.Rules) > 0 {
			fd, log, err = -1, log2, err2
			out.Notes = append(out.Notes, fmt.Sprintf("loaded for %s instead of %s: %s", substitute, p.Info.Attach, why))
		}
	}
	closeFD(fd)
	var un *unavailable
	switch {
	case err == nil:
		out.Verdict = Loads
	case errors.As(err, &un):
		out.Verdict, out.Reason = NotLoadable, un.reason
	default:
		out.Errno = errnoName(err)
		judge(out, log)
		ld.locate(out)
		ld.doubt(out)
	}
}

func errnoNameOf(err error) string {
	if err == nil {
		return ""
	}
	return errnoName(err)
}

func (ld *loading) close() {
	for _, f := range ld.undo {
		f()
	}
	for _, fd := range ld.fds {
		closeFD(fd)
	}
}

func (ld *loading) load() (fd int, log string, err error) {
	p := ld.p
	switch {
	case p.Err != nil:
		return -1, "", missing("cannot be linked: %v", p.Err)
	case !p.Info.Known:
		return -1, "", missing("section %q names no program type", p.Section)
	case len(p.Insns) == 0:
		return -1, "", missing("no instructions")
	}
	ld.insns = slices.Clone(p.Insns)
	if err := ld.attach(); err != nil {
		return -1, "", err
	}
	if err := ld.relocateCore(); err != nil {
		return -1, "", err
	}
	for _, r := range p.Relocs {
		if err := ld.relocate(r); err != nil {
			return -1, "", err
		}
	}
	code := new(bytes.Buffer)
	_ = binary.Write(code, binary.LittleEndian, ld.insns)
	license := append([]byte(ld.o.License), 0)
	a := &ld.attr
	a.progType, a.insnCnt, a.insns, a.license = uint32(p.Info.Type), uint32(len(ld.insns)), addr(code.Bytes()), addr(license)
	a.name, a.flags = objName(p.Name), p.Flags
	if a.attachType == 0 {
		a.attachType = p.AttachType
	}
	a.kernVersion = ld.versionCode
	if ld.btfFD >= 0 && len(p.FuncInfo) > 0 {
		a.btfFD = uint32(ld.btfFD)
		a.funcRecSize, a.funcCnt, a.funcInfo = linker.FuncRecSize, uint32(len(p.FuncInfo)/linker.FuncRecSize), addr(p.FuncInfo)
		if len(p.LineInfo) > 0 {
			a.lineRecSize, a.lineCnt, a.lineInfo = linker.LineRecSize, uint32(len(p.LineInfo)/linker.LineRecSize), addr(p.LineInfo)
		}
	}
	if len(ld.mods) > 1 {
		a.fdArray = uint64(uintptr(unsafe.Pointer(&ld.mods[0])))
	}
	fd, log, err = progLoad(a, ld.version.AtLeast(6, 4))
	runtime.KeepAlive(code)
	runtime.KeepAlive(license)
	runtime.KeepAlive(ld)
	return fd, log, err
}

// relocateCore applies the CO-RE relocations.
func (ld *loading) relocateCore() error {
	if len(ld.p.Core) == 0 {
		return nil
	}
	if ld.kernelBTF() == nil {
		return missing("this kernel has no BTF, which CO-RE needs")
	}
	relos := make([]*btf.CORERelocation, len(ld.p.Core))
	for i, c := range ld.p.Core {
		relos[i] = c.Relo
	}
	targets := append([]*btf.Spec{ld.kernelBTF()}, ld.moduleSpecs()...)
	fixups, err := btf.CORERelocate(relos, targets, binary.LittleEndian, ld.o.Types.TypeID)
	if err != nil {
		return missing("CO-RE: %v", err)
	}
	for i, f := range fixups {
		at := ld.p.Core[i].Insn
		if err := applyCore(&f, ld.insns[at:]); err != nil {
			return missing("CO-RE: instruction %d: %v", at, err)
		}
	}
	return nil
}

func applyCore(f *btf.COREFixup, insns []linker.Insn) error {
	raw := new(bytes.Buffer)
	_ = binary.Write(raw, binary.LittleEndian, insns[:min(2, len(insns))])
	var in asm.Instruction
	if err := in.Unmarshal(raw, binary.LittleEndian, "linux"); err != nil {
		return err
	}
	if err := f.Apply(&in); err != nil {
		return err
	}
	out := new(bytes.Buffer)
	n, err := in.Marshal(out, binary.LittleEndian)
	if err != nil {
		return err
	}
	return binary.Read(out, binary.LittleEndian, insns[:n/8])
}

// poison replaces the call of a function that this kernel does not have: the
// verifier refuses it only where control can reach it.
const poison = 0xdedc0de

func (ld *loading) relocate(r linker.Reloc) error {
	in := &ld.insns[r.Insn]
	setImm64 := func(v uint64) {
		in.Imm = int32(uint32(v))
		ld.insns[r.Insn+1].Imm = int32(uint32(v >> 32))
	}
	switch r.Kind {
	case linker.RelMap, linker.RelData:
		fd, err := ld.mapFD(r.Map)
		if err != nil {
			return err
		}
		in.Imm = int32(fd)
		if r.Kind == linker.RelMap {
			*in = in.WithSrc(linker.PseudoMapFD)
			break
		}
		*in = in.WithSrc(linker.PseudoMapValue)
		ld.insns[r.Insn+1].Imm = r.Off
	case linker.RelKfunc, linker.RelKfuncAddr:
		return ld.relocateKfunc(r)
	case linker.RelKsymTyped:
		t, mod, err := lookup[*btf.Var](ld.env, r.Sym)
		if err != nil {
			if r.Weak {
				*in = in.WithSrc(0)
				setImm64(0)
				return nil
			}
			return missing("kernel variable %s is not in this kernel's BTF", r.Sym)
		}
		*in = in.WithSrc(linker.PseudoBTFID)
		in.Imm = int32(t)
		ld.insns[r.Insn+1].Imm = int32(mod)
	case linker.RelKsymKnown:
		v, ok := ld.kallsyms()[r.Sym]
		if !ok && !r.Weak {
			return missing("kernel symbol %s is not in this kernel", r.Sym)
		}
		setImm64(v)
	case linker.RelUnresolved:
		return missing("%s is defined nowhere", r.Sym)
	}
	return nil
}

func (ld *loading) relocateKfunc(r linker.Reloc) error {
	in := &ld.insns[r.Insn]
	name, _, _ := strings.Cut(r.Sym, "___")
	id, mod, err := lookup[*btf.Func](ld.env, name)
	if err == nil && r.Func != nil {
		if t, ok := ld.typeByID(id, mod).(*btf.Func); ok {
			if cerr := btf.CheckTypeCompatibility(r.Func.Type, t.Type); cerr != nil {
				err = cerr
			}
		}
	}
	switch {
	case err != nil && !r.Weak:
		if k := kernel.KfuncByName(name); k != nil && k.Class != kernel.KfuncOther && ld.version.Less(k.Since) {
			ld.out.Rules = tooNew(k)
		}
		return missing("kernel function %s is not in this kernel", r.Sym)
	case err != nil && r.Kind == linker.RelKfunc:
		*in = in.WithSrc(0)
		in.Imm = poison
	case err != nil:
		*in = in.WithSrc(0)
		in.Imm, ld.insns[r.Insn+1].Imm = 0, 0
	case r.Kind == linker.RelKfunc:
		*in = in.WithSrc(linker.PseudoKfunc)
		in.Imm, in.Off = int32(id), 0
		if mod > 0 {
			in.Off = ld.fdIndex(mod)
		}
	default:
		*in = in.WithSrc(linker.PseudoBTFID)
		in.Imm, ld.insns[r.Insn+1].Imm = int32(id), int32(mod)
	}
	return nil
}

// fdIndex puts a module's BTF into the program's array of descriptors.
func (ld *loading) fdIndex(mod int) int16 {
	if len(ld.mods) == 0 {
		ld.mods = []int32{0}
	}
	if i := slices.Index(ld.mods, int32(mod)); i > 0 {
		return int16(i)
	}
	ld.mods = append(ld.mods, int32(mod))
	return int16(len(ld.mods) - 1)
}

// attach resolves what the program would be attached to: the verifier needs
// to know.
func (ld *loading) attach() error {
	p := ld.p
	name := p.Info.Attach
	if ld.target != "" {
		name = ld.target
	}
	or := func(def string) string {
		if name == "" {
			return def
		}
		return name
	}
	var id btf.TypeID
	var mod int
	var err error
	switch p.Info.Type {
	case kernel.ProgTypeExt:
		return missing("freplace needs the program that it replaces a function of")
	case kernel.ProgTypeTracing:
		switch strings.TrimSuffix(p.Info.Prefix, ".s") {
		case "tp_btf":
			name = or("sys_enter")
			id, mod, err = lookup[*btf.Typedef](ld.env, "btf_trace_"+name)
		case "iter":
			name = or("task")
			id, mod, err = lookup[*btf.Func](ld.env, "bpf_iter_"+name)
		case "fmod_ret":
			name = or("bpf_modify_return_test")
			id, mod, err = lookup[*btf.Func](ld.env, name)
		default:
			name = or("bpf_fentry_test1")
			id, mod, err = lookup[*btf.Func](ld.env, name)
		}
	case kernel.ProgTypeLSM:
		name = or("file_open")
		id, mod, err = lookup[*btf.Func](ld.env, "bpf_lsm_"+name)
	case kernel.ProgTypeStructOps:
		if p.StructOps == "" {
			return missing("no struct_ops variable names this program")
		}
		name = p.StructOps
		if id, mod, err = lookup[*btf.Struct](ld.env, name); err == nil {
			st, _ := ld.typeByID(id, mod).(*btf.Struct)
			i := -1
			if st != nil {
				i = slices.IndexFunc(st.Members, func(m btf.Member) bool { return m.Name == p.Member })
			}
			if i < 0 {
				return missing("%s has no member %s in this kernel", name, p.Member)
			}
			ld.attr.attachType = uint32(i)
		}
	default:
		return nil
	}
	if err != nil {
		if ld.kernelBTF() == nil {
			return missing("this kernel has no BTF, which %s programs need", p.Info.Prefix)
		}
		return fmt.Errorf("%w%w", errNoTarget, missing("attach target %s is not in this kernel", name))
	}
	ld.attr.attachBTFID, ld.attr.attachFD = uint32(id), uint32(mod)
	return nil
}

// locate finds the source of the instruction refused.
func (ld *loading) locate(out *Load) {
	if out.Insn == 0 {
		return
	}
	if l, ok := ld.p.LineAt(out.Insn - 1); ok {
		out.Source = &Place{File: l.File, Line: l.Line, Column: l.Col}
		out.SourceText = strings.TrimSpace(l.Text)
	}
}

var noValidLock = regexp.MustCompile(`^map '([^']+)' has no valid bpf_(res_)?spin_lock`)

// doubt: the kernel drops all special fields of a value, its lock too, when a
// list or tree root in it names no fitting node. Then the lock is not at fault.
func (ld *loading) doubt(out *Load) {
	g := noValidLock.FindStringSubmatch(out.Line)
	if g == nil {
		return
	}
	for m := range ld.maps {
		if m.Name == g[1] && ld.valueHolds(m, "bpf_list_head", "bpf_rb_root") {
			out.Doubtful = true
		}
	}
}

// Maps.

// keyless are the map types whose BTF libbpf keeps from the kernel
// (bpf_object__create_map).
func keyless(t kernel.MapType) bool {
	switch t {
	case kernel.MapTypePerfEventArray, kernel.MapTypeCgroupArray, kernel.MapTypeStackTrace, kernel.MapTypeArrayOfMaps,
		kernel.MapTypeHashOfMaps, kernel.MapTypeDevmap, kernel.MapTypeDevmapHash, kernel.MapTypeCpumap, kernel.MapTypeXskmap,
		kernel.MapTypeSockmap, kernel.MapTypeSockhash, kernel.MapTypeQueue, kernel.MapTypeStack, kernel.MapTypeArena:
		return true
	}
	return false
}

func (ld *loading) mapFD(m *linker.Map) (int, error) {
	if fd, ok := ld.maps[m]; ok {
		return fd, nil
	}
	fd, err := ld.createMap(m)
	if err != nil {
		return -1, err
	}
	ld.maps[m] = fd
	return fd, nil
}

func (ld *loading) createMap(m *linker.Map) (int, error) {
	a := mapCreateAttr{mapType: uint32(m.Type), keySize: m.KeySize, valueSize: m.ValueSize, maxEntries: maxEntries(m),
		flags: m.Flags, name: objName(m.Name), extra: m.Extra}
	switch m.Type {
	case kernel.MapTypePerfEventArray, kernel.MapTypeCgroupArray, kernel.MapTypeProgArray:
		a.keySize, a.valueSize = 4, 4
	}
	if m.Type.IsMapInMap() {
		if m.Inner == nil {
			return -1, missing("map %s: the maps that it holds are made by userspace", m.Name)
		}
		inner, err := ld.createMap(m.Inner)
		if err != nil {
			return -1, err
		}
		a.innerFD = uint32(inner)
	}
	if ld.btfFD >= 0 && !keyless(m.Type) && m.ValueID != 0 {
		a.btfFD, a.keyID, a.valueID = uint32(ld.btfFD), m.KeyID, m.ValueID
	}
	fd, err := bpf(cmdMapCreate, unsafe.Pointer(&a), unsafe.Sizeof(a))
	if err != nil && a.btfFD != 0 {
		if ld.valueHoldsLock(m) {
			ld.out.LostLocks = append(ld.out.LostLocks, m.Name)
			ld.out.Notes = append(ld.out.Notes, fmt.Sprintf("map %s (%s): the kernel refuses its value's lock (%s): created without type information, as libbpf does",
				m.Name, m.Type, errnoName(err)))
		}
		a.btfFD, a.keyID, a.valueID = 0, 0, 0
		fd, err = bpf(cmdMapCreate, unsafe.Pointer(&a), unsafe.Sizeof(a))
	}
	if err != nil {
		if m.Inner != nil && m.Inner.ValueID != 0 && ld.valueHoldsLock(m.Inner) {
			ld.out.Rules = []string{"BLC206"}
		}
		return -1, missing("map %s (%s): %s", m.Name, m.Type, errnoName(err))
	}
	ld.fds = append(ld.fds, fd)
	return fd, ld.fillMap(m, fd)
}

func (ld *loading) fillMap(m *linker.Map, fd int) error {
	if m.Type == kernel.MapTypeArena {
		return ld.mmapArena(m, fd)
	}
	data := m.Data
	if m.Kconfig {
		data = ld.kconfigData(ld.o.Kconfig, m.ValueSize)
	}
	if data != nil && m.Type == kernel.MapTypeArray {
		if err := mapUpdate(fd, 0, data); err != nil {
			return missing("map %s: initial contents: %s", m.Name, errnoName(err))
		}
	}
	if m.Freeze {
		if err := mapFreeze(fd); err != nil {
			return missing("map %s: freeze: %s", m.Name, errnoName(err))
		}
	}
	return nil
}

// mmapArena maps an arena: its user address must be known when a program that
// uses it is loaded.
func (ld *loading) mmapArena(m *linker.Map, fd int) error {
	size := uintptr(maxEntries(m)) * uintptr(os.Getpagesize())
	flags := uintptr(unix.MAP_SHARED)
	if m.Extra != 0 {
		flags |= unix.MAP_FIXED_NOREPLACE
	}
	p, _, errno := unix.Syscall6(unix.SYS_MMAP, uintptr(m.Extra), size, unix.PROT_READ|unix.PROT_WRITE, flags, uintptr(fd), 0)
	if errno != 0 {
		return missing("map %s: mmap: %s", m.Name, errnoName(errno))
	}
	ld.undo = append(ld.undo, func() { _, _, _ = unix.Syscall(unix.SYS_MUNMAP, p, size, 0) })
	return nil
}

// maxEntries gives a map's size: what the object leaves to userspace gets a
// value that the kernel takes; huge tables, whose size does not matter to the
// verifier, are made small.
func maxEntries(m *linker.Map) uint32 {
	n := m.MaxEntries
	switch {
	case m.Type == kernel.MapTypeRingbuf || m.Type == kernel.MapTypeUserRingbuf:
		page := uint32(os.Getpagesize())
		if n == 0 || n%page != 0 || n&(n-1) != 0 || n > 1<<24 {
			return page
		}
		return n
	case m.Type.IsStorage():
		return 0
	case m.Type == kernel.MapTypeArena:
		return max(n, 1)
	case n == 0:
		return 1
	case m.Type == kernel.MapTypeHash || m.Type == kernel.MapTypePercpuHash || m.Type == kernel.MapTypeLRUHash ||
		m.Type == kernel.MapTypeLRUPercpuHash:
		return min(n, 1024)
	case m.Type == kernel.MapTypePerfEventArray:
		return min(n, 1024)
	}
	return n
}

// valueHoldsLock reports whether a map's value type mentions a lock anywhere.
func (ld *loading) valueHoldsLock(m *linker.Map) bool {
	return ld.valueHolds(m, "bpf_spin_lock", "bpf_res_spin_lock")
}

// valueHolds reports whether a map's value type has one of these structs
// anywhere in it.
func (ld *loading) valueHolds(m *linker.Map, structs ...string) bool {
	if ld.o.Types == nil || m.ValueID == 0 {
		return false
	}
	t, err := ld.o.Types.TypeByID(btf.TypeID(m.ValueID))
	return err == nil && holds(t, structs, 0)
}

func holds(t btf.Type, structs []string, depth int) bool {
	if depth > 16 {
		return false
	}
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Struct:
		if slices.Contains(structs, t.Name) {
			return true
		}
		for _, m := range t.Members {
			if holds(m.Type, structs, depth+1) {
				return true
			}
		}
	case *btf.Union:
		for _, m := range t.Members {
			if holds(m.Type, structs, depth+1) {
				return true
			}
		}
	case *btf.Array:
		return holds(t.Type, structs, depth+1)
	case *btf.Datasec:
		for _, v := range t.Vars {
			if vt, ok := v.Type.(*btf.Var); ok && holds(vt.Type, structs, depth+1) {
				return true
			}
		}
	}
	return false
}

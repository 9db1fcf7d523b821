package gomap

import (
	"go/types"
	"strings"
)

// Import paths of the map libraries known.
const (
	ciliumPath   = "github.com/cilium/ebpf"
	libbpfgoPath = "github.com/aquasecurity/libbpfgo"
	gobpfPath    = "github.com/iovisor/gobpf/elf"
	managerPath  = "github.com/DataDog/ebpf-manager"
)

// lockFlag is BPF_F_LOCK (include/uapi/linux/bpf.h).
const lockFlag = 4

// existFlags are BPF_NOEXIST and BPF_EXIST.
const (
	noExistFlag = 1
	existFlag   = 2
)

// opKind says what a map operation does with values.
type opKind uint8

const (
	opLookup opKind = iota + 1 // copies one value out
	opUpdate                   // copies one value in
	opNext                     // copies one value out, then goes on
	opBatchLookup
	opBatchUpdate
	opBatchDelete // copies no value; only a flag can be wrong
)

// op is one function of a library that copies map values.
type op struct {
	lib  string // import path
	recv string // receiver's type name
	name string
	kind opKind
	// Argument numbers, without the receiver; -1 when there is none.
	key, value, flags, opts int
	// mapArg is the argument that is the map, -1 for the receiver.
	mapArg int
	// nargs is the number of parameters, to recognise interface methods.
	nargs int
	// with is the sibling method that takes a flag as an additional last
	// argument, "" when there is none.
	with string
	// deletes: the element is removed as well.
	deletes bool
	// noLock says what to do instead where no flag can be given.
	noLock string
}

// String is the name as in messages: "(*ebpf.Map).Lookup".
func (o *op) String() string {
	return o.recv + "." + o.name
}

const useNextKey = "use NextKey with LookupWithFlags(..., ebpf.LookupLock), or BatchLookup with ElemFlags"

// ops lists the functions that copy map values, as of cilium/ebpf v0.22,
// libbpfgo v0.9 and gobpf v0.2. Delete, NextKey and libbpfgo's iterator move no
// values and are not listed.
var ops = []*op{
	{lib: ciliumPath, recv: "Map", name: "Lookup", kind: opLookup, key: 0, value: 1, flags: -1, opts: -1, mapArg: -1, nargs: 2, with: "LookupWithFlags"},
	{lib: ciliumPath, recv: "Map", name: "LookupWithFlags", kind: opLookup, key: 0, value: 1, flags: 2, opts: -1, mapArg: -1, nargs: 3},
	{lib: ciliumPath, recv: "Map", name: "LookupBytes", kind: opLookup, key: 0, value: -1, flags: -1, opts: -1, mapArg: -1, nargs: 1, noLock: "use LookupWithFlags with a *[]byte and ebpf.LookupLock"},
	{lib: ciliumPath, recv: "Map", name: "LookupAndDelete", kind: opLookup, key: 0, value: 1, flags: -1, opts: -1, mapArg: -1, nargs: 2, with: "LookupAndDeleteWithFlags", deletes: true},
	{lib: ciliumPath, recv: "Map", name: "LookupAndDeleteWithFlags", kind: opLookup, key: 0, value: 1, flags: 2, opts: -1, mapArg: -1, nargs: 3, deletes: true},
	{lib: ciliumPath, recv: "Map", name: "Put", kind: opUpdate, key: 0, value: 1, flags: -1, opts: -1, mapArg: -1, nargs: 2, with: "Update"},
	{lib: ciliumPath, recv: "Map", name: "Update", kind: opUpdate, key: 0, value: 1, flags: 2, opts: -1, mapArg: -1, nargs: 3},
	{lib: ciliumPath, recv: "Map", name: "BatchLookup", kind: opBatchLookup, key: 1, value: 2, flags: -1, opts: 3, mapArg: -1, nargs: 4},
	{lib: ciliumPath, recv: "Map", name: "BatchLookupAndDelete", kind: opBatchLookup, key: 1, value: 2, flags: -1, opts: 3, mapArg: -1, nargs: 4, deletes: true},
	{lib: ciliumPath, recv: "Map", name: "BatchUpdate", kind: opBatchUpdate, key: 0, value: 1, flags: -1, opts: 2, mapArg: -1, nargs: 3},
	{lib: ciliumPath, recv: "Map", name: "BatchDelete", kind: opBatchDelete, key: 0, value: -1, flags: -1, opts: 1, mapArg: -1, nargs: 2},
	{lib: ciliumPath, recv: "MapIterator", name: "Next", kind: opNext, key: 0, value: 1, flags: -1, opts: -1, mapArg: -1, nargs: 2, noLock: useNextKey},

	{lib: libbpfgoPath, recv: "BPFMap", name: "GetValue", kind: opLookup, key: 0, value: -1, flags: -1, opts: -1, mapArg: -1, nargs: 1, with: "GetValueFlags"},
	{lib: libbpfgoPath, recv: "BPFMap", name: "GetValueReadInto", kind: opLookup, key: 0, value: 1, flags: -1, opts: -1, mapArg: -1, nargs: 2, noLock: "use GetValueFlags with bpf.MapFlag(4)"},
	{lib: libbpfgoPath, recv: "BPFMap", name: "GetValueFlags", kind: opLookup, key: 0, value: -1, flags: 1, opts: -1, mapArg: -1, nargs: 2},
	{lib: libbpfgoPath, recv: "BPFMap", name: "LookupAndDeleteElem", kind: opLookup, key: 0, value: 1, flags: 3, opts: -1, mapArg: -1, nargs: 4, deletes: true},
	{lib: libbpfgoPath, recv: "BPFMap", name: "GetValueAndDeleteKey", kind: opLookup, key: 0, value: -1, flags: -1, opts: -1, mapArg: -1, nargs: 1, with: "GetValueAndDeleteKeyFlags", deletes: true},
	{lib: libbpfgoPath, recv: "BPFMap", name: "GetValueAndDeleteKeyFlags", kind: opLookup, key: 0, value: -1, flags: 1, opts: -1, mapArg: -1, nargs: 2, deletes: true},
	{lib: libbpfgoPath, recv: "BPFMap", name: "Update", kind: opUpdate, key: 0, value: 1, flags: -1, opts: -1, mapArg: -1, nargs: 2, with: "UpdateValueFlags"},
	{lib: libbpfgoPath, recv: "BPFMap", name: "UpdateValueFlags", kind: opUpdate, key: 0, value: 1, flags: 2, opts: -1, mapArg: -1, nargs: 3},
	{lib: libbpfgoPath, recv: "BPFMap", name: "GetValueBatch", kind: opBatchLookup, key: 0, value: -1, flags: -1, opts: -1, mapArg: -1, nargs: 4, noLock: "libbpfgo's batch calls cannot lock: use GetValueFlags with bpf.MapFlag(4) for each key"},
	{lib: libbpfgoPath, recv: "BPFMap", name: "GetValueAndDeleteBatch", kind: opBatchLookup, key: 0, value: -1, flags: -1, opts: -1, mapArg: -1, nargs: 4, deletes: true, noLock: "libbpfgo's batch calls cannot lock: use GetValueAndDeleteKeyFlags with bpf.MapFlag(4) for each key"},
	{lib: libbpfgoPath, recv: "BPFMap", name: "UpdateBatch", kind: opBatchUpdate, key: 0, value: 1, flags: -1, opts: -1, mapArg: -1, nargs: 3, noLock: "libbpfgo's batch calls cannot lock: use UpdateValueFlags with bpf.MapFlag(4) for each key"},

	{lib: gobpfPath, recv: "Module", name: "UpdateElement", kind: opUpdate, key: 1, value: 2, flags: 3, opts: -1, mapArg: 0, nargs: 4},
	{lib: gobpfPath, recv: "Module", name: "LookupElement", kind: opLookup, key: 1, value: 2, flags: -1, opts: -1, mapArg: 0, nargs: 3, noLock: "gobpf cannot pass BPF_F_LOCK: use github.com/cilium/ebpf"},
	{lib: gobpfPath, recv: "Module", name: "LookupAndDeleteElement", kind: opLookup, key: -1, value: 1, flags: -1, opts: -1, mapArg: 0, nargs: 2, deletes: true, noLock: "gobpf cannot pass BPF_F_LOCK: use github.com/cilium/ebpf"},
	{lib: gobpfPath, recv: "Module", name: "LookupNextElement", kind: opNext, key: 1, value: 3, flags: -1, opts: -1, mapArg: 0, nargs: 4, noLock: "gobpf cannot pass BPF_F_LOCK: use github.com/cilium/ebpf"},
}

type opKey struct{ lib, recv, name string }

var (
	opByKey  = make(map[opKey]*op)
	opByName = make(map[string][]*op) // for interface methods
)

func init() {
	for _, o := range ops {
		opByKey[opKey{o.lib, o.recv, o.name}] = o
		if o.recv != "BPFMap" {
			opByName[o.name] = append(opByName[o.name], o)
			continue
		}
		// BPFMapLow has the same methods; where it differs is said below.
		low := *o
		low.recv = "BPFMapLow"
		if low.name == "LookupAndDeleteElem" {
			low.flags, low.nargs, low.with = -1, 3, "LookupAndDeleteElemFlags"
			with := *o
			with.recv, with.name = "BPFMapLow", low.with
			opByKey[opKey{o.lib, with.recv, with.name}] = &with
		}
		opByKey[opKey{o.lib, low.recv, low.name}] = &low
		opByName[o.name] = append(opByName[o.name], o)
	}
}

// libPath gives the import path of a package without a vendor prefix.
func libPath(p *types.Package) string {
	if p == nil {
		return ""
	}
	path := p.Path()
	if i := strings.LastIndex(path, "/vendor/"); i >= 0 {
		return path[i+len("/vendor/"):]
	}
	return strings.TrimPrefix(path, "vendor/")
}

// isMapLibrary reports whether path is one of the libraries that hand out maps.
func isMapLibrary(path string) bool {
	switch path {
	case ciliumPath, libbpfgoPath, gobpfPath, managerPath:
		return true
	}
	return false
}

// insideMapLibrary reports whether path is a library or one of its own
// subpackages that no user's map ever comes from.
func insideMapLibrary(path string) bool {
	if isMapLibrary(path) {
		return true
	}
	rest, ok := strings.CutPrefix(path, ciliumPath+"/")
	if !ok {
		return false
	}
	for _, own := range []string{"asm", "btf", "features", "internal", "link", "perf", "pin", "ringbuf", "rlimit"} {
		if rest == own || strings.HasPrefix(rest, own+"/") {
			return true
		}
	}
	return false
}

// libType gives the library and the name of a library's named type, behind
// pointers and aliases.
func libType(t types.Type) (lib, name string) {
	t = types.Unalias(t)
	for {
		p, ok := t.(*types.Pointer)
		if !ok {
			break
		}
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return "", ""
	}
	path := libPath(n.Obj().Pkg())
	if !isMapLibrary(path) {
		return "", ""
	}
	return path, n.Obj().Name()
}

// isMapType reports whether t is a library's map (or its specification or
// iterator), behind pointers.
func isMapType(t types.Type) bool {
	lib, name := libType(t)
	switch lib {
	case ciliumPath:
		return name == "Map" || name == "MapSpec" || name == "MapIterator"
	case libbpfgoPath:
		return name == "BPFMap" || name == "BPFMapLow"
	case gobpfPath:
		return name == "Map"
	}
	return false
}

// opOf gives the operation that a function or interface method is, nil when it
// is none.
func opOf(fn *types.Func) *op {
	if fn == nil {
		return nil
	}
	sig := fn.Signature()
	recv := sig.Recv()
	if recv == nil {
		return nil
	}
	lib, name := libType(recv.Type())
	return opByKey[opKey{lib, name, fn.Name()}]
}

// interfaceOp gives the operation that a method of a project's own interface
// stands for when a map hides behind it.
func interfaceOp(fn *types.Func) *op {
	for _, o := range opByName[fn.Name()] {
		if fn.Signature().Params().Len() == o.nargs && o.mapArg < 0 {
			return o
		}
	}
	return nil
}

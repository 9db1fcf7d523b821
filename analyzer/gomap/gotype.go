package gomap

import (
	"go/types"
	"strings"
)

// goLock finds a field that bpf2go generates for a bpf_spin_lock in a value's
// Go type and gives its path, "" when there is none.
//
// A lock is a field of a named type that ends in BpfSpinLock (bpf2go -type), or
// of an unnamed struct whose only field beside blank ones is "Val uint32" and
// whose own name has "lock" in it: the shape alone fits other structs too. It
// is a hint only: the type may be stale, and the lock never taken.
func goLock(t types.Type) string { return goLockIn(t, "", 0) }

func goLockIn(t types.Type, path string, depth int) string {
	st, ok := types.Unalias(t).Underlying().(*types.Struct)
	if !ok || depth > 8 {
		return ""
	}
	for f := range st.Fields() {
		if f.Name() == "_" {
			continue
		}
		p := f.Name()
		if path != "" {
			p = path + "." + p
		}
		ft := f.Type()
		if a, ok := types.Unalias(ft).Underlying().(*types.Array); ok && a.Len() == 1 {
			ft = a.Elem()
		}
		if n, ok := types.Unalias(ft).(*types.Named); ok {
			name := n.Obj().Name()
			if strings.HasSuffix(name, "BpfSpinLock") || strings.EqualFold(name, "bpf_spin_lock") {
				return p
			}
		}
		inner, ok := types.Unalias(ft).Underlying().(*types.Struct)
		if !ok {
			continue
		}
		if _, named := types.Unalias(ft).(*types.Named); !named &&
			strings.Contains(strings.ToLower(f.Name()), "lock") && isLockShape(inner) {
			return p
		}
		if l := goLockIn(ft, p, depth+1); l != "" {
			return l
		}
	}
	return ""
}

// isLockShape reports whether a struct is { _ structs.HostLayout; Val uint32 }.
func isLockShape(st *types.Struct) bool {
	vals := 0
	for f := range st.Fields() {
		if f.Name() == "_" {
			continue
		}
		b, ok := types.Unalias(f.Type()).(*types.Basic)
		if f.Name() != "Val" || !ok || b.Kind() != types.Uint32 {
			return false
		}
		vals++
	}
	return vals == 1
}

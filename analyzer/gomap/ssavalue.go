package gomap

import (
	"go/constant"
	"go/token"
	"go/types"
	"path"

	"golang.org/x/tools/go/ssa"
)

// rootCall is the call that made a value, when that is plain to see.
func rootCall(v ssa.Value) ssa.Value {
	for range 16 {
		switch x := v.(type) {
		case *ssa.Extract:
			v = x.Tuple
		case *ssa.Call:
			return x
		case *ssa.ChangeType:
			v = x.X
		default:
			return nil
		}
	}
	return nil
}

// pinName guesses the name of a pinned map from its path: pins are named after
// the map by convention. It gives "" when the last element is not constant.
func pinName(v ssa.Value) string {
	switch v := stripConversions(v).(type) {
	case *ssa.Const:
		if v.Value != nil && v.Value.Kind() == constant.String {
			return path.Base(constant.StringVal(v.Value))
		}
	case *ssa.BinOp:
		if v.Op == token.ADD {
			return pinName(v.Y)
		}
	case *ssa.Call:
		fn := v.Call.StaticCallee()
		if fn == nil || fn.Name() != "Join" || fn.Pkg == nil ||
			fn.Pkg.Pkg.Path() != "path/filepath" && fn.Pkg.Pkg.Path() != "path" {
			return ""
		}
		sl, ok := v.Call.Args[0].(*ssa.Slice)
		if !ok {
			return ""
		}
		// The last element of the variadic slice.
		arr, ok := sl.X.(*ssa.Alloc)
		if !ok {
			return ""
		}
		var last ssa.Value
		high := int64(-1)
		for _, r := range *arr.Referrers() {
			ia, ok := r.(*ssa.IndexAddr)
			if !ok {
				continue
			}
			i, ok := ia.Index.(*ssa.Const)
			if ok && i.Int64() > high {
				if s := storesTo(ia); len(s) == 1 {
					high, last = i.Int64(), s[0]
				}
			}
		}
		if last != nil {
			return pinName(last)
		}
	}
	return ""
}

// storesTo gives the values stored directly at an address.
func storesTo(addr ssa.Value) []ssa.Value {
	refs := addr.Referrers()
	if refs == nil {
		return nil
	}
	var out []ssa.Value
	for _, r := range *refs {
		if s, ok := r.(*ssa.Store); ok && s.Addr == addr {
			out = append(out, s.Val)
		}
	}
	return out
}

// fieldStores gives the values stored into each field of a local struct.
func fieldStores(a *ssa.Alloc) map[string][]ssa.Value {
	out := make(map[string][]ssa.Value)
	st, ok := deref(a.Type()).Underlying().(*types.Struct)
	if !ok || a.Referrers() == nil {
		return out
	}
	for _, r := range *a.Referrers() {
		if fa, ok := r.(*ssa.FieldAddr); ok {
			name := st.Field(fa.Field).Name()
			if s := storesTo(fa); len(s) > 0 {
				out[name] = append(out[name], s...)
			}
		}
	}
	return out
}

// stripConversions removes conversions that keep a value.
func stripConversions(v ssa.Value) ssa.Value {
	for range 16 {
		switch x := v.(type) {
		case *ssa.ChangeType:
			v = x.X
		case *ssa.Convert:
			v = x.X
		case *ssa.MakeInterface:
			v = x.X
		case *ssa.ChangeInterface:
			v = x.X
		default:
			return v
		}
	}
	return v
}

// deref gives what a pointer type points to, and other types as they are.
func deref(t types.Type) types.Type {
	if p, ok := types.Unalias(t).Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// mayHoldMap is a cheap filter: whether a value of type t can lead to a map.
func mayHoldMap(t types.Type) bool {
	for range 8 {
		if isMapType(t) {
			return true
		}
		switch u := types.Unalias(t).Underlying().(type) {
		case *types.Pointer:
			t = u.Elem()
		case *types.Slice:
			t = u.Elem()
		case *types.Array:
			t = u.Elem()
		case *types.Map:
			t = u.Elem()
		case *types.Chan:
			t = u.Elem()
		case *types.Interface:
			return true
		default:
			return false
		}
	}
	return false
}

// constString gives the value of a constant string.
func constString(v ssa.Value) (string, bool) {
	if c, ok := stripConversions(v).(*ssa.Const); ok && c.Value != nil && c.Value.Kind() == constant.String {
		return constant.StringVal(c.Value), true
	}
	return "", false
}

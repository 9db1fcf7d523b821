package ir

// Special is a field that the kernel manages inside a map value, an allocated
// object or a data section (enum btf_field_type, kernel include/linux/bpf.h).
type Special struct {
	Kind string // "bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq", "bpf_list_head", "bpf_rb_root", "bpf_list_node", "bpf_rb_node", "bpf_refcount"
	Path string
	Off  int64
	Size int64
	// Depth is the number of structs around the field within the value.
	Depth int
	// Why the kernel does not recognise the field: "" when it does, else
	// "array", "union", "typedef", "qualifier", "outermost".
	Unrecognised string
}

// specialSize has the special types with their sizes in bytes
// (include/uapi/linux/bpf.h).
var specialSize = map[string]int64{
	"bpf_spin_lock": 4, "bpf_res_spin_lock": 4, "bpf_timer": 16, "bpf_wq": 16,
	"bpf_list_head": 16, "bpf_rb_root": 16, "bpf_list_node": 24, "bpf_rb_node": 32, "bpf_refcount": 4,
}

// IsLock reports whether the field is a spin lock of either kind.
func (s Special) IsLock() bool { return s.Kind == "bpf_spin_lock" || s.Kind == "bpf_res_spin_lock" }

// Specials lists the special fields of a value of type t, recognised or not,
// in the order of their offsets.
func (t *Type) Specials() []Special {
	var out []Special
	collectSpecials(t, "", 0, 0, "", &out, 0)
	return out
}

func collectSpecials(t *Type, path string, off int64, depth int, why string, out *[]Special, guard int) {
	u := t.Underlying()
	if u == nil || guard > 32 {
		return
	}
	switch u.Kind {
	case Array:
		if u.Len > 1 && why == "" {
			why = "array"
		}
		if u.Elem != nil {
			collectSpecials(u.Elem, path+"[]", off, depth, why, out, guard+1)
		}
	case Struct:
		if size, ok := specialSize[u.Name]; ok {
			if depth == 0 && why == "" {
				why = "outermost"
			} else if t != u && why == "" && depth > 0 {
				why = "qualifier"
				if t.Kind == Typedef {
					why = "typedef"
				}
			}
			*out = append(*out, Special{Kind: u.Name, Path: path, Off: off, Size: size, Depth: depth, Unrecognised: why})
			return
		}
		fallthrough
	case Union:
		if u.Kind == Union && why == "" {
			why = "union"
		}
		for i := range u.Fields {
			f := &u.Fields[i]
			if f.Type == nil || f.BitSize != 0 {
				continue
			}
			p := path
			if f.Name != "" {
				if p != "" {
					p += "."
				}
				p += f.Name
			}
			collectSpecials(f.Type, p, off+f.Off, depth+1, why, out, guard+1)
		}
	}
}

package unit

import (
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/btfheader"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// kernelBTF is where the running kernel gives its types.
const kernelBTF = "/sys/kernel/btf/vmlinux"

// btfKey identifies the file that stands for a vmlinux.h made from BTF.
const btfKey = "<btf>"

// btfSource makes BTF look like an indexed header.
type btfSource struct{ *btfheader.Header }

const btfText = "#ifndef __VMLINUX_H__\n#define __VMLINUX_H__ 1\n#endif\n"

// Directives gives the include guard that such a header has.
func (s *btfSource) Directives() []cpp.DirectiveAt {
	var ds []cpp.DirectiveAt
	off := 0
	for i, line := range strings.SplitAfter(strings.TrimSuffix(btfText, "\n"), "\n") {
		d := cpp.DirectiveAt{Off: uint32(off), End: uint32(off + len(line))}
		if i == 2 {
			d.Before = s.Len()
		}
		ds = append(ds, d)
		off += len(line)
	}
	return ds
}

// kernelTypes stands in for a vmlinux.h that is nowhere: types from BTF, or the
// embedded ones.
func (r *resolver) kernelTypes(name string) *cpp.File {
	path := r.cfg.BTF
	if path == "" {
		path = kernelBTF
	}
	h, err := r.cache.btfHeader(path)
	if err != nil {
		if r.cfg.BTF != "" {
			r.note("%s: %v", path, err)
		}
		r.note("header %s not found: popular kernel types used instead, since there is no BTF either", name)
		f := cpp.NewFile("<bpflockcheck>/vmlinux.h", btfText)
		f.System, f.Key = true, "<bpflockcheck>/no vmlinux.h"
		return f
	}
	r.note("header %s not found: kernel types taken from %s", name, path)
	r.btf = &btfSource{h}
	f := cpp.NewFile("<btf>", btfText)
	f.System, f.Key = true, btfKey
	return f
}

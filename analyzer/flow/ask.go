package flow

import (
	"slices"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// asked gives the kernel function whose existence a branch has shown on one of
// its sides: the address of a weak extern that is not NULL (bpf_ksym_exists);
// "" where it shows none.
func asked(op ir.BinOp, a, b *value, taken bool) string {
	if b.isPtr() || b.iv != constant(0) {
		a, b = b, a
	}
	if b.isPtr() || b.iv != constant(0) || op != ir.Eq && op != ir.Ne {
		return ""
	}
	if c := a.cmp; c != nil {
		return asked(c.op, c.a, c.b, taken == (op == ir.Ne))
	}
	switch {
	case taken != (op == ir.Ne):
	case a.fn != nil && a.fn.Extern:
		return a.fn.Name
	case a.obj != nil && a.obj.global != nil && a.obj.global.Ksym && a.off == 0 && !a.variable:
		return a.obj.global.Name
	}
	return ""
}

// answer is a kernel function that a branch found to exist. Only where the
// branch decides does it count: functions are taken to exist, so that nothing
// comes from its other side.
type answer struct {
	name   string
	branch *ir.Branch
	path   *callPath
}

// exists reports whether the program has found out that the kernel has a
// function.
func (s *state) exists(name string) bool {
	return slices.ContainsFunc(s.asked, func(a answer) bool { return a.name == name })
}

// forgetAnswers drops those of branches both of whose sides lead to b.
func (s *state) forgetAnswers(path *callPath, fi *funcInfo, b *ir.Block) {
	over := func(a answer) bool {
		return a.path == path && fi.postDominates(b, a.branch.True) && fi.postDominates(b, a.branch.False)
	}
	if slices.ContainsFunc(s.asked, over) {
		s.asked = slices.DeleteFunc(slices.Clone(s.asked), over)
	}
}

// versionVariable is the variable that libbpf sets to the release of the
// running kernel (tools/lib/bpf/libbpf.c bpf_object__resolve_externs).
const versionVariable = "LINUX_KERNEL_VERSION"

// versionOf gives the oldest release that the value of LINUX_KERNEL_VERSION can
// stand for.
func (s *state) versionOf(e *engine) kernel.Version {
	if e.version == 0 {
		return kernel.Version{}
	}
	f, ok := s.facts[e.version]
	if !ok || f.iv.lo <= 0 || f.iv.lo >= 1<<24 {
		return kernel.Version{}
	}
	return kernel.Version{Major: int(f.iv.lo >> 16), Minor: int(f.iv.lo >> 8 & 0xff)}
}

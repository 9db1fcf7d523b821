package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var helperWithoutFLock = &Rule{
	ID: "BLC306", Name: "helper-without-f-lock", Severity: diag.Warning,
	Summary: "bpf_map_update_elem on a map whose value holds a bpf_spin_lock, without BPF_F_LOCK",
	Check:   checkHelperWithoutFLock,
}

func checkHelperWithoutFLock(p *Pass) {
	for _, u := range p.Model.Updates {
		if u.Map == nil || u.Flags == nil || *u.Flags&(flagLock|flagNoExist) != 0 || !p.hasSpinLock(u.Map) {
			continue
		}
		s := p.sharedUpdate(u)
		if !s.shared {
			continue
		}
		p.Report(u.Site, fmt.Sprintf("in %s, %s is updated without BPF_F_LOCK: %s", programs, u.Map.Name, withoutLock(u.Map)),
			OnMap(u.Map.Name), WithConfidence(s.confidence),
			Help("pass BPF_F_LOCK, or look the value up and change it in place under its bpf_spin_lock"))
	}
}

func withoutLock(m *ir.Map) string {
	if m.Type.IsHash() {
		return "the element is replaced, and a program that holds the old one's lock goes on with a value that is no longer in the map"
	}
	return "the value is overwritten while another CPU may hold its lock"
}

// hasSpinLock reports whether the map's values hold a bpf_spin_lock that the
// kernel recognises: elsewhere BPF_F_LOCK is refused.
func (p *Pass) hasSpinLock(m *ir.Map) bool {
	if !kernel.MayHoldSpinLock(m.Type, p.Kernel) {
		return false
	}
	for _, s := range m.Value.Specials() {
		if s.Kind == "bpf_spin_lock" && s.Unrecognised == "" {
			return true
		}
	}
	return false
}

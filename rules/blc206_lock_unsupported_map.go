package rules

import (
	"fmt"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

var lockUnsupportedMap = &Rule{
	ID: "BLC206", Name: "lock-unsupported-map", Severity: diag.Error,
	Summary: "a map type, or a value layout, that cannot hold a lock",
	Check:   checkLockUnsupportedMap,
}

// Flags of maps (include/uapi/linux/bpf.h).
const (
	mapRdonlyProg = 1 << 7
	mapWronlyProg = 1 << 8
)

func checkLockUnsupportedMap(p *Pass) {
	for _, m := range p.Model.Unit.Maps {
		p.checkMapLocks(m, false)
		if m.Inner != nil {
			p.checkMapLocks(m.Inner, true)
		}
	}
	p.checkGlobalLocks()
}

func (p *Pass) checkMapLocks(m *ir.Map, inner bool) {
	if m.Legacy {
		for _, op := range p.lockOpsOn(m) {
			p.reportMap(m, m.Pos, "", "it is declared with struct bpf_map_def, which has no BTF", "declare it in SEC(\".maps\") with __type(value, ...)", op)
			return
		}
		return
	}
	var locks []ir.Special
	for _, s := range m.Value.Specials() {
		if s.IsLock() {
			locks = append(locks, s)
		}
	}
	if len(locks) == 0 {
		return
	}
	why, help, at := p.badLayout(m.Value, locks)
	if why == "" {
		why, help = p.badMapType(m, locks[0], inner)
	}
	if why == "" {
		return
	}
	ops := p.lockOpsOn(m)
	if p.spoilsBTF(locks) {
		why += "; the kernel refuses the object's whole BTF, and with it every lock of the object"
		ops = p.allLockOps()
	}
	p.reportMap(m, p.fieldPos(m, at), at, why, help, ops...)
}

// spoilsBTF reports whether locks in a struct make the kernel refuse the BTF of
// the whole object, on which libbpf goes on without any: two of them side by
// side, or one that is not aligned.
func (p *Pass) spoilsBTF(locks []ir.Special) bool {
	if !kernel.LockSpoilsBTF(p.Kernel) {
		return false
	}
	direct := 0
	for _, l := range locks {
		if l.Unrecognised != "" || l.Depth != 1 {
			continue
		}
		if direct++; direct > 1 || l.Off%min(l.Size, 4) != 0 {
			return true
		}
	}
	return false
}

// allLockOps gives every operation that takes a lock in a map or variable.
func (p *Pass) allLockOps() []*model.LockOp {
	var out []*model.LockOp
	for _, op := range p.Model.Locks {
		if op.Kind == model.Acquire && (op.Lock.Place.Map != nil || op.Lock.Place.Global != nil) {
			out = append(out, op)
		}
	}
	return out
}

// badMapType tells why a map's type or flags do not go with a lock in its
// values.
func (p *Pass) badMapType(m *ir.Map, lock ir.Special, inner bool) (why, help string) {
	may := kernel.MayHoldSpinLock
	if lock.Kind == "bpf_res_spin_lock" {
		if p.Kernel.Less(kernel.ResSpinLockSince) {
			return "", "" // lock-too-new's
		}
		may = kernel.MayHoldResSpinLock
	}
	switch {
	case p.Kernel.Less(kernel.SpinLockSince):
	case m.Type == kernel.MapTypeUnspec:
	case !may(m.Type, p.Kernel):
		return fmt.Sprintf("maps of type %s cannot hold a %s on Linux %s", m.Type, lock.Kind, p.Kernel),
			"use a hash or an array, or leave the lock out"
	case m.Flags&(mapRdonlyProg|mapWronlyProg) != 0:
		return "a map with BPF_F_RDONLY_PROG or BPF_F_WRONLY_PROG cannot hold a lock", "leave the flag out"
	case inner && !kernel.LockInnerMap(p.Kernel):
		return fmt.Sprintf("an inner map cannot hold a lock on Linux %s", p.Kernel), "use the map directly, or require Linux 6.2"
	}
	return "", ""
}

// badLayout tells why the kernel does not find a lock in a value of type t.
// field is the path of the member to blame.
func (p *Pass) badLayout(t *ir.Type, locks []ir.Special) (why, help, field string) {
	kinds := make(map[string]int)
	for _, l := range locks {
		kinds[l.Kind]++
		switch l.Unrecognised {
		case "array":
			return "the kernel does not recognise a lock in an array", "make it a member of its own", l.Path
		case "union":
			return "the kernel does not recognise a lock in a union", "make it a member of its own", l.Path
		case "typedef", "qualifier":
			return fmt.Sprintf("the kernel does not recognise a lock whose type is not literally struct %s (a %s hides it)", l.Kind, l.Unrecognised),
				"declare it as struct " + l.Kind, l.Path
		case "outermost":
			return "the value is nothing but the lock, which the kernel does not recognise", "put the lock into a struct", l.Path
		}
		if l.Depth > 1 && !kernel.LockNested(p.Kernel) {
			return fmt.Sprintf("Linux %s does not look for a lock in a nested struct", p.Kernel), "make it a direct member of the value", l.Path
		}
		if l.Off%min(l.Size, 4) != 0 {
			return "the lock is not aligned", "do not pack the struct, or move the lock to an aligned offset", l.Path
		}
	}
	second := locks[len(locks)-1].Path
	switch {
	case kinds["bpf_spin_lock"] > 0 && kinds["bpf_res_spin_lock"] > 0:
		return "a value cannot hold a bpf_spin_lock and a bpf_res_spin_lock", "use one of the two", second
	case len(locks) > 1:
		return "a value cannot hold two locks", "use one lock, or two maps", second
	}
	return "", "", locks[0].Path
}

// fieldPos gives where a member is declared, or the map where that is not
// known.
func (p *Pass) fieldPos(m *ir.Map, path string) *position.Pos {
	if f := fieldByPath(m.Value, path); f != nil && f.Line > 0 {
		return &position.Pos{Span: position.Span{File: f.File, Line: f.Line, Col: f.Col}}
	}
	return m.Pos
}

// fieldByPath finds a member by a path such as "a.locks[]".
func fieldByPath(t *ir.Type, path string) *ir.Field {
	for _, s := range t.Specials() {
		if s.Path != path {
			continue
		}
		if ref, ok := t.FieldAt(s.Off, s.Size); ok && len(ref.Fields) > 0 {
			// FieldAt goes on into the lock's own members.
			for i := len(ref.Fields) - 1; i >= 0; i-- {
				if u := ref.Fields[i].Type.Underlying(); u != nil && (u.Name == s.Kind || u.Kind == ir.Array || u.Kind == ir.Union) {
					return ref.Fields[i]
				}
			}
		}
	}
	return nil
}

// lockOpsOn gives the operations that take the lock of a map's values.
func (p *Pass) lockOpsOn(m *ir.Map) []*model.LockOp {
	var out []*model.LockOp
	for _, op := range p.Model.Locks {
		if op.Kind == model.Acquire && op.Lock.Place.Map == m {
			out = append(out, op)
		}
	}
	return out
}

func (p *Pass) reportMap(m *ir.Map, pos *position.Pos, field, why, help string, ops ...*model.LockOp) {
	consequence := "nothing takes it yet, and the verifier would refuse that"
	opts := []Option{OnMap(m.Name), Help("%s", help), func(f *finding) { f.Field = field }}
	if len(ops) > 0 {
		consequence = "the verifier refuses to take it"
	} else {
		// Nothing takes the lock: libbpf creates the map without BTF, and
		// programs load.
		opts = append(opts, WithSeverity(diag.Warning))
	}
	for _, op := range ops {
		opts = append(opts, WithPrograms(op.Site), Related(op.Pos, "the lock is taken here"))
	}
	if pos != m.Pos {
		opts = append(opts, Related(m.Pos, "the map is declared here"))
	}
	p.ReportAt(pos, fmt.Sprintf("the lock in map %s is unusable: %s; %s", m.Name, why, consequence), opts...)
}

// checkGlobalLocks checks the variables of each data section: the section is
// one map value.
func (p *Pass) checkGlobalLocks() {
	var sections []string
	bySection := make(map[string][]*ir.Global)
	for _, g := range p.Model.Unit.Globals {
		if g.Const || g.Ksym || g.Arena || g.Section == "" {
			continue
		}
		if _, ok := bySection[g.Section]; !ok {
			sections = append(sections, g.Section)
		}
		bySection[g.Section] = append(bySection[g.Section], g)
	}
	for _, section := range sections {
		p.checkSectionLocks(section, bySection[section])
	}
}

func (p *Pass) checkSectionLocks(section string, globals []*ir.Global) {
	var first, visible *ir.Global
	for _, g := range globals {
		if !g.Static && visible == nil {
			visible = g
		}
	}
	for _, g := range globals {
		var locks []ir.Special
		for _, s := range g.Type.Specials() {
			if s.IsLock() {
				locks = append(locks, s)
			}
		}
		if len(locks) == 0 {
			continue
		}
		why, help := "", ""
		if len(locks) == 1 && locks[0].Unrecognised == "outermost" {
			locks[0].Unrecognised = "" // a variable is a member of its section
		} else {
			why, help, _ = p.badLayout(g.Type, locks)
		}
		switch {
		case why != "":
		case p.Kernel.Less(kernel.SpinLockSince):
			continue
		case !kernel.LockGlobal(p.Kernel):
			why, help = fmt.Sprintf("locks in variables work from Linux 6.2 on, and %s is to be supported", p.Kernel), "put the lock into a map's value"
		case first != nil:
			why, help = fmt.Sprintf("section %s holds another lock, %s, and one section can hold only one", section, first.Name), "give each lock a section of its own: SEC(\".data.NAME\")"
		case visible != nil:
			why, help = fmt.Sprintf("libbpf maps section %s into userspace for the sake of %s, which the kernel refuses for a section with a lock", section, visible.Name), "make every variable of the section static or __hidden"
		}
		if first == nil {
			first = g
		}
		if why == "" {
			continue
		}
		opts := []Option{OnMap(g.Name), Help("%s", help)}
		used := false
		for _, op := range p.Model.Locks {
			if op.Kind == model.Acquire && op.Lock.Place.Global != nil && op.Lock.Place.Global.Section == section {
				used = true
				opts = append(opts, WithPrograms(op.Site))
			}
		}
		if !used {
			opts = append(opts, WithSeverity(diag.Warning))
		}
		p.ReportAt(g.Pos, fmt.Sprintf("the lock in variable %s is unusable: %s", g.Name, why), opts...)
	}
}

package flow

import (
	"slices"
	"strconv"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
)

// lockID names a lock: an element's, a global's or an object's, by offset.
func lockID(o *object, off int64, unknown string) string {
	switch {
	case o == nil:
		return "?" + unknown
	case o.global != nil:
		return "g:" + o.global.Section + ":" + o.global.Name + "+" + strconv.FormatInt(off, 10)
	}
	return "o" + strconv.Itoa(o.id) + "+" + strconv.FormatInt(off, 10)
}

// lockOf describes the lock that p points to.
func (x *exec) lockOf(in ir.Instr, p *value, res, irq bool) (model.Lock, *object) {
	l := model.Lock{Res: res, IRQ: irq, Since: x.e.site(x.path, in)}
	o := p.obj
	if o == nil || len(o.alts) > 0 || p.variable && p.varSym == 0 {
		if p.sym != 0 {
			l.ID = "?s" + strconv.Itoa(int(p.sym))
		} else {
			l.ID = "?"
		}
		return l, nil
	}
	l.Place = x.e.place(p, o, 0)
	l.ID = lockID(o, p.off, "")
	if p.variable {
		l.ID += "+" + l.Place.IndexKey
	}
	return l, o
}

// acquire takes a lock. For a bpf_res_spin_lock the state in which it failed
// is given too.
func (x *exec) acquire(in *ir.Call, p *value, res, irq bool, flags *value) (ok, failed *state) {
	e, s := x.e, x.s
	l, o := x.lockOf(in, p, res, irq)
	if e.recording && !x.seen("lock", in, l.ID) {
		e.m.Locks = append(e.m.Locks, &model.LockOp{Site: l.Since, Kind: model.Acquire, Lock: l, Held: s.locks(),
			Before: s.sections(), Irqflags: x.flagsID(flags), OpenIRQ: s.openIRQ(), InLess: x.path.less, Unknown: o == nil,
			Asked: s.exists(in.Name), AtLeast: s.versionOf(e)})
	}
	if res {
		failed = s.clone()
		if !slices.Contains(failed.failed, l.ID) {
			failed.failed = add(failed.failed, l.ID)
		}
	}
	s.failed = slices.DeleteFunc(slices.Clone(s.failed), func(id string) bool { return id == l.ID })
	h := &hold{serial: x.serial("hold", in, l.ID), lock: l, obj: o, flags: x.flagsID(flags)}
	e.locks[h.serial] = l
	s.holds = add(s.holds, h)
	if irq {
		site := l.Since
		s.irq = add(s.irq, irqSave{h.flags, &site})
	}
	return s, failed
}

// serial numbers the acquisitions.
func (x *exec) serial(kind string, in ir.Instr, detail string) int {
	k := serialKey{kind: kind, path: x.path.id, in: in, detail: detail}
	n, ok := x.e.serials[k]
	if !ok {
		n = len(x.e.serials) + 1
		x.e.serials[k] = n
	}
	return n
}

func (e *engine) locksOf(serials []int) []model.Lock {
	var out []model.Lock
	for _, n := range serials {
		out = append(out, e.locks[n])
	}
	return out
}

// flagsID names the variable that holds the irq state.
func (x *exec) flagsID(v *value) string {
	if v == nil || v.obj == nil {
		return ""
	}
	return "o" + strconv.Itoa(v.obj.id) + "+" + strconv.FormatInt(v.off, 10)
}

// release gives a lock back. An unlock that matches nothing is logged; the
// state then goes on as if the innermost lock had been meant.
func (x *exec) release(in *ir.Call, p *value, res, irq bool, flags *value) {
	e, s := x.e, x.s
	l, o := x.lockOf(in, p, res, irq)
	at := slices.IndexFunc(s.holds, func(h *hold) bool { return h.lock.ID == l.ID })
	if e.recording && !x.seen("unlock", in, l.ID) {
		e.m.Locks = append(e.m.Locks, &model.LockOp{Site: l.Since, Kind: model.Release, Lock: l, Held: s.locks(),
			Before: s.sections(), Irqflags: x.flagsID(flags), OpenIRQ: s.openIRQ(), InLess: x.path.less, Unknown: o == nil,
			Unchecked: at < 0 && slices.Contains(s.failed, l.ID)})
	}
	if at < 0 {
		at = len(s.holds) - 1
		if slices.Contains(s.failed, l.ID) {
			at = -1
		}
	}
	if at >= 0 {
		h := s.holds[at]
		s.holds = append(slices.Clone(s.holds[:at]), s.holds[at+1:]...)
		s.releaseOrigins(h.serial)
		if h.lock.IRQ {
			s.restore(x.flagsID(flags))
		}
	}
}

// restore ends the irq section that id opened, else the innermost one.
func (s *state) restore(id string) {
	i := slices.IndexFunc(s.irq, func(q irqSave) bool { return q.flags == id })
	if i < 0 {
		i = len(s.irq) - 1
	}
	if i >= 0 {
		s.irq = append(slices.Clone(s.irq[:i]), s.irq[i+1:]...)
	}
}

// section opens (kind RCULock, PreemptDisable, IRQSave) or closes one.
func (x *exec) section(in *ir.Call, kind model.LockOpKind, flags *value) {
	e, s := x.e, x.s
	site := e.site(x.path, in)
	if e.recording && !x.seen("section", in, "") {
		e.m.Locks = append(e.m.Locks, &model.LockOp{Site: site, Kind: kind, Held: s.locks(), Before: s.sections(), Irqflags: x.flagsID(flags),
			OpenIRQ: s.openIRQ(), Asked: s.exists(in.Name), AtLeast: s.versionOf(e)})
	}
	pop := func(l []*model.Site) []*model.Site { return l[:max(len(l)-1, 0):max(len(l)-1, 0)] }
	switch kind {
	case model.RCULock:
		s.rcu = add(s.rcu, &site)
	case model.RCUUnlock:
		s.rcu = pop(s.rcu)
	case model.PreemptDisable:
		s.preempt = add(s.preempt, &site)
	case model.PreemptEnable:
		s.preempt = pop(s.preempt)
	case model.IRQSave:
		s.irq = add(s.irq, irqSave{x.flagsID(flags), &site})
	case model.IRQRestore:
		s.restore(x.flagsID(flags))
	}
}

// openIRQ lists the irq state variables in use, in the order of saving.
func (s *state) openIRQ() []string {
	var out []string
	for _, q := range s.irq {
		out = append(out, q.flags)
	}
	return out
}

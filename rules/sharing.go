package rules

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// sharing is the judgement whether somebody else can change a place between
// two accesses of one run of a program.
type sharing struct {
	shared     bool
	confidence diag.Confidence
	// why says in a few words who shares it, or what confines it.
	why string
}

func confined(why string) sharing { return sharing{why: why} }

func sharedBy(c diag.Confidence, why string) sharing {
	return sharing{shared: true, confidence: c, why: why}
}

// shared judges an access of a program to a place. It is the only place where
// confinement is decided; rules lower their confidence to its, and stay silent
// where it says so.
func (p *Pass) shared(a *model.Access) sharing {
	if a.Fresh && a.Place.Region == model.RegionArena {
		return confined("allocated by this run and not published yet")
	}
	for _, lock := range a.Failed {
		if p.facts.unchecked[programLock{a.Program, lock}] {
			// Once the result is checked nothing happens here: unchecked-lock's.
			return confined("reached only because a lock's result is not checked")
		}
	}
	return p.sharedPlace(a.Site, a.Place, a.Conditions)
}

func (p *Pass) sharedPlace(at model.Site, pl model.Place, conds []model.Condition) sharing {
	switch {
	case !isShareable(pl.Region):
		return confined("not shared memory")
	case hasTag(pl, "data_racy"):
		return confined("races are intended")
	case hasTag(pl, "single_writer"):
		return confined("one writer at a time")
	case isConstVar(pl):
		return confined("read only")
	}
	ctx := contextOf(at, p.Kernel)
	if ctx.alone != "" {
		return confined(ctx.alone)
	}
	s := p.sharedRegion(at, pl, ctx)
	if !s.shared {
		return s
	}
	s = p.filtered(s, pl, conds)
	if s.shared && p.handedOver(pl) {
		// A message from one program to the next: who takes it has it alone,
		// unless two packets or requests have one name.
		s.confidence = min(s.confidence, diag.Low)
	}
	if at.Program != nil && (!at.Program.Info.Known || at.Program.Info.Type == kernel.ProgTypeExt) {
		s.confidence = min(s.confidence, diag.Medium) // who runs it, and when, is not known
	}
	if s.shared && at.Async != "" && p.onlyIn(at, pl) {
		// A timer or work item does not run on two CPUs at once; whether there
		// is only one of them is not known.
		s.confidence = min(s.confidence, diag.Low)
	}
	if s.shared && ctx.onDemand {
		// Userspace runs it (or reads an iterator) when it likes: usually one at
		// a time, but nothing holds it to that.
		s.confidence = min(s.confidence, diag.Low)
	}
	return s
}

func (p *Pass) sharedRegion(at model.Site, pl model.Place, ctx context) sharing {
	switch pl.Region {
	case model.RegionArena:
		return p.sharedArena(at, pl, ctx)
	case model.RegionGlobal:
		return p.sharedIndex(at, pl, ctx, sharedBy(diag.High, "a global variable is shared by all CPUs"))
	}
	m, e := pl.Map, pl.Elem
	switch {
	case m == nil:
		return confined("of an unknown map")
	case m.Type.IsPerCPU():
		if e != nil && e.PercpuElem && e.KeyKind == model.KeyTaskCPU {
			return sharedTaskCPU(ctx, sharedBy(diag.High, "bpf_map_lookup_percpu_elem gives another CPU's value"))
		}
		if e != nil && e.PercpuElem {
			return sharedBy(diag.High, "bpf_map_lookup_percpu_elem gives another CPU's value")
		}
		return confined("of a per-CPU map")
	case !m.Type.HasSharedValues():
		return confined("of a map whose values are not shared in place, or of an unknown type")
	case e == nil:
		return sharedBy(diag.Medium, "all CPUs share the map's values")
	}
	return p.sharedIndex(at, pl, ctx, p.sharedKey(at, m, e, ctx))
}

// sharedArena judges arena memory: a variable, or what lies behind a pointer,
// by where the pointer is kept.
func (p *Pass) sharedArena(at model.Site, pl model.Place, ctx context) sharing {
	s := sharedBy(diag.Medium, "an arena is shared by every program and by userspace")
	if pl.Elem != nil {
		switch pl.Elem.KeyKind {
		case model.KeyUnknown, model.KeyConst:
		case model.KeyUntraced:
			s.confidence = diag.Low
		default:
			s = p.sharedKey(at, pl.Map, pl.Elem, ctx)
			s.confidence = min(s.confidence, diag.Medium)
		}
	}
	return p.sharedIndex(at, pl, ctx, s)
}

// handedOver reports whether every run that changes an element of the place's
// map deletes that element, too.
func (p *Pass) handedOver(pl model.Place) bool {
	if pl.Map == nil || pl.Elem == nil || pl.Elem.KeyKind == model.KeyConst {
		return false
	}
	return p.facts.handedOver[containerOf(pl)]
}

// onlyIn reports whether every change of the map's or variable's value that
// overlaps the place happens in one asynchronous callback, or where nothing
// else runs.
func (p *Pass) onlyIn(at model.Site, pl model.Place) bool {
	for _, a := range p.facts.byContainer[containerOf(pl)] {
		if !isWrite(a.Kind) || samePlace(a.Place, pl) == differs {
			continue
		}
		if (a.Async != at.Async || a.Entry != at.Entry) && contextOf(a.Site, p.Kernel).alone == "" {
			return false
		}
	}
	return true
}

// sharedKey judges an element by the key it was found with.
func (p *Pass) sharedKey(at model.Site, m *ir.Map, e *model.Element, ctx context) sharing {
	switch e.KeyKind {
	case model.KeyConst:
		return sharedBy(diag.High, "every CPU uses the same element")
	case model.KeyProcess:
		return sharedBy(diag.High, "every thread of the process uses the same element")
	case model.KeyThread, model.KeyOwnTask:
		if at.Async != "" {
			return sharedBy(diag.Medium, "the callback runs on behalf of any thread")
		}
		return confined("only the running thread uses the element")
	case model.KeyCPU:
		return p.sharedCPU(ctx)
	case model.KeyTaskCPU:
		return sharedTaskCPU(ctx, sharedBy(diag.Medium, "several CPUs can use one CPU's element"))
	case model.KeyRxQueue:
		return sharedQueue(sharedBy(diag.High, "packets of one queue number arrive on several CPUs"))
	case model.KeySocket:
		if ctx.Serial == kernel.SerialSocket {
			return confined("the kernel runs the program under " + ctx.Serialised)
		}
		return sharedBy(diag.Medium, "several CPUs can run the program for one socket")
	case model.KeyOtherTask:
		if ctx.Serial == kernel.SerialTask {
			return confined("the kernel runs the callback under " + ctx.Serialised)
		}
		if ctx.ofTask {
			return sharedBy(diag.Low, "a task's scheduler events come one after the other, as far as its run queue's lock goes")
		}
		return sharedBy(diag.Medium, "several CPUs can reach one task's element")
	case model.KeyObject:
		if ctx.Serial == kernel.SerialObject {
			return confined("the kernel runs the callback under " + ctx.Serialised)
		}
		return sharedBy(diag.Medium, "several CPUs can reach one object's element")
	case model.KeyIter:
		return sharedBy(diag.Medium, "other programs can use the element that is visited")
	}
	if ctx.packets && !p.deletes(m) {
		return sharedBy(diag.High, "packets with the same key arrive on several CPUs")
	}
	return sharedBy(diag.Medium, "several CPUs can use the same key")
}

// deletes reports whether programs delete elements of a map themselves: then an
// element may live for one packet or one request only, and what happens to it
// happens in turn.
func (p *Pass) deletes(m *ir.Map) bool {
	for _, c := range p.Model.Calls {
		if c.Map == m && c.Helper == kernel.HelperMapDeleteElem {
			return true
		}
	}
	return false
}

// sharedIndex judges an array inside a value or variable by its index.
func (p *Pass) sharedIndex(at model.Site, pl model.Place, ctx context, s sharing) sharing {
	if !s.shared || pl.Off >= 0 {
		return s
	}
	switch pl.Index {
	case model.KeyThread, model.KeyOwnTask:
		if at.Async == "" {
			return confined("only the running thread uses the slot")
		}
	case model.KeyCPU:
		return p.sharedCPU(ctx)
	case model.KeyTaskCPU:
		return sharedTaskCPU(ctx, s)
	case model.KeyRxQueue:
		return sharedQueue(s)
	}
	return s
}

// sharedQueue judges a slot of the receive queue that a packet came from. One
// CPU at a time polls a queue (net/core/dev.c napi_schedule_prep); but several
// devices have queues of the same number, and generic XDP runs after packets
// were spread over CPUs (net/core/dev.c __netif_receive_skb_core).
func sharedQueue(s sharing) sharing {
	s.confidence = min(s.confidence, diag.Medium)
	return s
}

// sharedTaskCPU judges a slot of the CPU that a scheduler callback is about.
func sharedTaskCPU(ctx context, otherwise sharing) sharing {
	if ctx.RunQueue {
		return confined("the kernel runs the callback under that CPU's run-queue lock")
	}
	return otherwise
}

// sharedCPU judges a slot that belongs to the running CPU. What can still
// happen to it, happens to per-CPU maps too and is BLC108's.
func (p *Pass) sharedCPU(ctx context) sharing {
	if !ctx.MigrationDisabled && ctx.Preemptible {
		return sharedBy(diag.Medium, "the program can move to another CPU after it asked for the number of this one")
	}
	return confined("only the running CPU uses the slot")
}

// filtered takes account of the branches that let only one thread, process or
// CPU come here. A variable that only a chosen thread updates is confined to
// it, as long as the others do not write it.
func (p *Pass) filtered(s sharing, pl model.Place, conds []model.Condition) sharing {
	for i := range conds {
		switch conds[i].Pins {
		case model.KeyThread, model.KeyOwnTask:
			return confined("only a chosen thread comes here")
		case model.KeyCPU:
			return confined("only a chosen CPU comes here")
		case model.KeyProcess:
			s.confidence = min(s.confidence, diag.Medium)
			s.why = "all threads of the chosen process come here"
		}
	}
	for i := range conds {
		if claims(&conds[i]) {
			// Reached only after winning an atomic exchange: a lock of the
			// program's own making, or an election of one CPU.
			s.confidence = min(s.confidence, diag.Low)
		}
	}
	return s
}

// claims reports whether a branch tested the result of an atomic operation in
// a way that lets one CPU through.
func claims(c *model.Condition) bool {
	if c.Either || comparesAmount(c.Site.Instr) {
		return false
	}
	for _, o := range c.Origins {
		if o.Access != nil && o.Access.Kind == model.AtomicRMW {
			return true
		}
	}
	return false
}

// comparesAmount reports whether a branch asks for more or less than some
// amount: of a counter's values many pass, one after the other, and elect
// nobody. More than nothing is a test for zero.
func comparesAmount(in ir.Instr) bool {
	b, ok := in.(*ir.Branch)
	if !ok || b.MayGoto {
		return false
	}
	switch b.Op {
	case ir.Lt, ir.Le, ir.Gt, ir.Ge:
		small := func(o ir.Operand) bool { return o.IsImm && -1 <= o.Imm && o.Imm <= 1 }
		return !small(b.A) && !small(b.B)
	}
	return false
}

// protects reports whether a lock, held, keeps others out of a place. A lock
// inside an element that is found by a key of its own does not protect what all
// elements share.
func protects(l model.Lock, pl model.Place) bool {
	lp := l.Place
	if lp.Region != model.RegionMapValue || lp.Elem == nil {
		return true // a global lock, one in an object, or not known: assume the best
	}
	if lp.Elem.KeyKind == model.KeyConst || lp.Elem.KeyKind == model.KeyUnknown && lp.Elem.Key == "" {
		return true
	}
	switch pl.Region {
	case model.RegionGlobal:
		return pl.Off < 0 && pl.IndexKey != "" && pl.IndexKey == lp.Elem.Key
	case model.RegionMapValue:
		e := pl.Elem
		if e == nil || e.KeyKind != model.KeyConst {
			return true // of an element of the same or a related key, as far as one can tell
		}
		return false
	}
	return true
}

// protected reports whether one of the locks keeps others out of a place.
func protected(locks []model.Lock, pl model.Place) bool {
	for _, l := range locks {
		if protects(l, pl) {
			return true
		}
	}
	return false
}

// common gives the locks that are in both sets.
func common(a, b []model.Lock) []model.Lock {
	var out []model.Lock
	for _, x := range a {
		for _, y := range b {
			if x.ID == y.ID {
				out = append(out, x)
				break
			}
		}
	}
	return out
}

// sameGuard reports whether two accesses, perhaps in different programs, are
// kept apart by a lock that both hold: one for all, or each the lock of its own
// element.
func sameGuard(a, b *model.Access) bool {
	for _, la := range a.Locks {
		for _, lb := range b.Locks {
			switch {
			case la.ID == lb.ID:
				return true
			case containerOf(la.Place) != containerOf(lb.Place) || la.Place.Off != lb.Place.Off:
			case la.Place.Map == nil:
				return true
			case ownLock(la, a.Place) && ownLock(lb, b.Place):
				return true
			}
		}
	}
	return false
}

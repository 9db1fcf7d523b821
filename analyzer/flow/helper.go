package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// helper executes a helper call.
func (x *exec) helper(in *ir.Call, args []*value) []*state {
	s := x.s
	info, ok := in.Helper.Info()
	switch in.Helper {
	case kernel.HelperSpinLock:
		x.logCall(in, args, nil)
		if len(args) == 0 {
			return []*state{s}
		}
		x.acquire(in, args[0], false, false, nil)
		s.setReg(in.Dst, constValue(0))
		return []*state{s}
	case kernel.HelperSpinUnlock:
		x.logCall(in, args, nil)
		if len(args) == 0 {
			return []*state{s}
		}
		x.release(in, args[0], false, false, nil)
		s.setReg(in.Dst, constValue(0))
		return []*state{s}
	case kernel.HelperTailCall:
		x.logCall(in, args, nil)
		x.exitEvent(in, "tail call", s.holds, s.sections())
		x.leavePending()
		s.setReg(in.Dst, x.unknown("call", in, width(32, true)))
		return []*state{s}
	}
	x.logCall(in, args, nil)
	if !ok {
		return x.unknownCall(in, args)
	}
	var m *ir.Map
	if len(args) > 0 {
		m = args[0].mapv
	}
	switch in.Helper {
	case kernel.HelperMapUpdateElem, kernel.HelperMapPushElem:
		x.update(in, args)
	case kernel.HelperMapDeleteElem:
		if m != nil && len(args) > 1 {
			x.deleteElement(in, m, args[1])
		}
	case kernel.HelperProbeRead, kernel.HelperProbeReadKernel:
		if len(args) > 2 {
			x.probeRead(in, args)
			s.setReg(in.Dst, x.unknown("call", in, width(32, true)))
			return []*state{s}
		}
	}
	var behind *value
	if in.Helper == kernel.HelperDynptrData && len(args) > 1 {
		behind = x.behindDynptr(in, args[0], args[1])
	}
	x.memArgs(in, info.Args, args)
	if in.Helper == kernel.HelperDynptrFromMem && len(args) > 3 {
		x.setDynptr(args[3], args[0])
	}
	if in.Helper == kernel.HelperGetNsCurrentPidTgid && len(args) > 2 {
		x.setNamespaceIDs(in, args[2])
	}
	if cb := info.Callback; cb != nil && cb.Func < len(args) {
		if f := args[cb.Func].fn; f != nil {
			cbMap := m
			if in.Helper == kernel.HelperTimerSetCallback && args[0].obj != nil {
				cbMap = args[0].obj.mapv
			}
			params := x.params(in, cb, args, cbMap)
			if cb.Async {
				x.e.later(f, "timer", params)
			} else {
				x.loopCall(in, x.rounds(in, m, args))
				states := x.callback(in, f, params)
				x = &exec{e: x.e, path: x.path, s: states[0], loop: x.loop}
				s = x.s
			}
		}
	}
	if behind != nil {
		// The dynptr stays what it is.
		x.setDynptr(args[0], behind.at(-x.s.rangeOf(args[1]).lo))
		s.setReg(in.Dst, behind)
		return []*state{s}
	}
	s.setReg(in.Dst, x.result(in, info.Ret, info.Tag, m, args))
	return []*state{s}
}

// rounds gives how often a helper calls its callback at most; -1 when that is
// not known.
func (x *exec) rounds(in *ir.Call, m *ir.Map, args []*value) int64 {
	switch in.Helper {
	case kernel.HelperLoop:
		if r := x.s.rangeOf(args[0]); r.hi >= 0 {
			return r.hi
		}
	case kernel.HelperForEachMapElem:
		if m != nil && m.MaxEntries > 0 {
			return m.MaxEntries
		}
	default:
		return 1
	}
	return -1
}

// setDynptr notes what memory a dynptr on the stack is of.
func (x *exec) setDynptr(d, mem *value) {
	if d.obj == nil || !d.obj.tracked() || d.variable || mem.obj == nil {
		return
	}
	x.s.mem[d.obj] = x.s.contentOf(d.obj).store(d.off, 8, mem)
}

// setNamespaceIDs fills a struct bpf_pidns_info on the stack (include/uapi/
// linux/bpf.h, 5.7): the running thread's number in a namespace, then its process's.
func (x *exec) setNamespaceIDs(in ir.Instr, info *value) {
	o := info.obj
	if o == nil || !o.tracked() || info.variable {
		return
	}
	for i, t := range []tag{tagTid, tagTgid} {
		v := x.unknown("ns_pid_tgid", in, width(32, false)).with(func(v *value) { v.tag, v.sym = t, x.fresh("ns_pid_tgid", in, int64(i)) })
		x.s.mem[o] = x.s.contentOf(o).store(info.off+4*int64(i), 4, v)
	}
}

// behindDynptr gives a pointer into the memory that a dynptr is of, nil when it
// is not known.
func (x *exec) behindDynptr(in ir.Instr, d, off *value) *value {
	if d.obj == nil || !d.obj.tracked() || d.variable {
		return nil
	}
	mem := x.s.contentOf(d.obj).load(d.off, 8)
	if mem == nil || mem.obj == nil {
		return nil
	}
	r := x.s.rangeOf(off)
	if !r.isConst() {
		return nil
	}
	return mem.at(r.lo).with(func(v *value) { v.nullable, v.sym = true, x.fresh("slice", in, 0) })
}

// result makes what a helper or kfunc returns.
func (x *exec) result(in *ir.Call, ret kernel.Ret, t kernel.Tag, m *ir.Map, args []*value) *value {
	switch ret {
	case kernel.RetMapValue, kernel.RetMapValueOrNull:
		v := x.lookup(in, m, args)
		if v != nil {
			if ret == kernel.RetMapValueOrNull {
				v = v.with(func(v *value) { v.nullable = true })
			}
			return v
		}
	case kernel.RetRingbufOrNull, kernel.RetAllocOrNull, kernel.RetNodeOrNull, kernel.RetMemOrNull,
		kernel.RetObject, kernel.RetObjectOrNull, kernel.RetPercpu, kernel.RetPercpuOrNull:
		return x.newObject(in, ret, t)
	case kernel.RetArenaOrNull:
		return x.newPages(in)
	}
	v := x.unknown("call", in, anyInt)
	switch t {
	case kernel.TagPidTgid:
		v.tag = tagPidTgid
		// The same for the whole run of the program.
		v.sym = x.e.syms.fresh("pid_tgid", 0, nil, 0)
	case kernel.TagCPU:
		// The same for the whole run: programs cannot migrate, even where they
		// can be preempted (include/linux/filter.h bpf_prog_run_pin_on_cpu,
		// kernel/bpf/trampoline.c, since 5.7).
		v.tag, v.iv = tagCPU, width(31, false)
		v.sym = x.e.syms.fresh("cpu", 0, nil, 0)
	case kernel.TagTaskCPU:
		if len(args) > 0 && (args[0].tag == tagCtx || args[0].obj != nil && args[0].obj.fromCtx) {
			v.tag, v.iv = tagTaskCPU, width(31, false)
		}
	case kernel.TagCurrentTask:
		v.tag = tagTask
		v.sym = x.e.syms.fresh("task", 0, nil, 0)
	}
	return v
}

func (x *exec) newObject(in *ir.Call, ret kernel.Ret, t kernel.Tag) *value {
	k := objKey{kind: "ret", path: x.path.id, at: in}
	nullable := true
	region := model.RegionKernel
	switch ret {
	case kernel.RetRingbufOrNull, kernel.RetMemOrNull:
		region = model.RegionRingbuf
	case kernel.RetAllocOrNull, kernel.RetNodeOrNull:
		region = model.RegionAlloc
	case kernel.RetPercpu, kernel.RetPercpuOrNull:
		region = model.RegionPercpu
		nullable = ret == kernel.RetPercpuOrNull
	case kernel.RetObject:
		nullable = false
	}
	o := x.e.objs.get(k, func(o *object) {
		o.region = region
		o.current = t == kernel.TagCurrentTask
	})
	v := &value{iv: anyInt, obj: o, nullable: nullable, sym: x.fresh("obj", in, 0)}
	return v
}

// lookup makes the pointer to the element that a helper finds.
func (x *exec) lookup(in *ir.Call, m *ir.Map, args []*value) *value {
	if m == nil || m.Type == kernel.MapTypeUnspec {
		return nil
	}
	if m.Type.IsMapInMap() {
		if m.Inner == nil {
			return nil
		}
		v := &value{iv: anyInt, mapv: m.Inner, sym: x.fresh("inner", in, 0), nullable: true}
		if len(args) > 1 {
			// A thread's or CPU's own map.
			v.index, _, _ = x.readKey(in, m, args[1])
		}
		return v
	}
	kind, constant, key := model.KeyUnknown, int64(0), ""
	percpuElem := false
	switch in.Helper {
	case kernel.HelperGetLocalStorage:
		// The cgroup's, and for the two-part key the attach type's, storage.
		kind = model.KeyObject
	default:
		if len(args) > 1 {
			if m.Type.IsStorage() {
				kind, key = x.storageKey(m, args[1])
			} else {
				kind, constant, key = x.readKey(in, m, args[1])
			}
		}
	}
	if in.Helper == kernel.HelperMapLookupPercpuElem {
		percpuElem = true
		if len(args) > 2 {
			switch cpu := args[2]; {
			case cpu.tag == tagCPU:
				percpuElem = false // one's own
			case cpu.tag == tagTaskCPU:
				kind = model.KeyTaskCPU
			case kind == model.KeyConst:
				kind, constant = model.KeyUnknown, 0
			}
			if c := x.canon(args[2]); key != "" && c != "" {
				key += "/" + c
			} else {
				key = ""
			}
		}
	}
	if outer := args[0].index; better(outer, kind) {
		kind, constant = outer, 0
	}
	v := x.element(in, m, kind, constant, key, 0)
	v.obj.elem.PercpuElem = percpuElem
	v.obj.elem.Inner = args[0].sym != 0
	return v
}

// storageKey classifies the owner passed to a *_storage_get helper.
func (x *exec) storageKey(m *ir.Map, owner *value) (model.KeyKind, string) {
	key := x.canon(owner)
	switch m.Type {
	case kernel.MapTypeTaskStorage:
		if owner.tag == tagTask || owner.obj != nil && owner.obj.current {
			return model.KeyOwnTask, key
		}
		return model.KeyOtherTask, key
	case kernel.MapTypeSkStorage:
		if owner.tag == tagCtx || owner.obj != nil && owner.obj.fromCtx {
			return model.KeySocket, key
		}
	}
	return model.KeyObject, key
}

// canon gives a canonical form of a value: equal strings, equal values.
func (x *exec) canon(v *value) string {
	switch {
	case v.obj != nil:
		s := "o" + strconv.Itoa(v.obj.id) + "+" + strconv.FormatInt(v.off, 10)
		if v.variable {
			if v.varSym == 0 {
				return ""
			}
			s += "+s" + strconv.Itoa(int(v.varSym))
		}
		return s
	case v.isPtr():
		return ""
	}
	if r := x.s.rangeOf(v); r.isConst() {
		return "c" + strconv.FormatInt(r.lo, 10)
	}
	if v.sym == 0 {
		return ""
	}
	return "s" + strconv.Itoa(int(v.sym))
}

// readKey reads a map's key from memory and says who else can have the same.
func (x *exec) readKey(in ir.Instr, m *ir.Map, p *value) (kind model.KeyKind, constant int64, key string) {
	s := x.s
	size := m.KeySize
	if p.obj == nil || len(p.targets()) != 1 {
		return model.KeyUnknown, 0, x.canonAddr(p)
	}
	o := p.targets()[0]
	switch {
	case o.region == model.RegionGlobal && o.global.Const && o.global.Init != nil && p.off == 0 && !p.variable:
		return model.KeyConst, *o.global.Init, "c" + strconv.FormatInt(*o.global.Init, 10)
	case !o.tracked():
		return model.KeyUnknown, 0, x.canonAddr(p)
	case p.variable || size <= 0:
		return model.KeyUnknown, 0, ""
	}
	x.identifyKey(in, o, p.off, size)
	c := s.contentOf(o)
	var parts []string
	known := true
	allConst := true
	narrowed := false // beside what identifies there is more that varies
	covered := int64(0)
	var only int64
	for _, y := range c.cells {
		lo, hi := max(y.off, p.off), min(y.off+y.size, p.off+size)
		if lo >= hi {
			continue
		}
		v := piece(y, lo, hi-lo)
		covered += hi - lo
		cs := x.canon(v)
		if cs == "" {
			known = false
		}
		parts = append(parts, fmt.Sprintf("%d:%s", lo-p.off, cs))
		if r := s.rangeOf(v); v.isPtr() || !r.isConst() {
			allConst = false
		} else if lo == p.off {
			only = r.lo
		}
		k := keyKindOf(v.tag)
		if v.obj != nil && v.obj.current && !v.variable {
			k = model.KeyThread
		}
		if better(k, kind) {
			kind = k
		} else if k == model.KeyUnknown && !s.rangeOf(v).isConst() {
			narrowed = true
		}
	}
	if kind == model.KeyProcess && narrowed {
		kind = model.KeyUnknown // one of several elements of the process
	}
	if covered < size {
		if c.zero {
			parts = append(parts, "0")
		} else {
			allConst = false
			if covered == 0 {
				known = false
			}
		}
	}
	if known {
		key = strings.Join(parts, ",")
	}
	if allConst && kind == model.KeyUnknown {
		if covered == 0 {
			only = 0
		}
		return model.KeyConst, only, key
	}
	return kind, 0, key
}

// identifyKey gives an identity to each part of a key that has none, such as what
// a helper wrote there: what it is, is not known, but it is the same in the next
// call unless something is stored in between.
func (x *exec) identifyKey(in ir.Instr, o *object, off, size int64) {
	c := x.s.contentOf(o)
	out := c
	identify := func(lo, hi int64, v *value) {
		if lo < hi && !v.isPtr() && x.canon(v) == "" {
			out = out.store(lo, hi-lo, x.identify(v, in, lo-off))
		}
	}
	gap := off
	for _, y := range c.cells {
		lo, hi := max(y.off, off), min(y.off+y.size, off+size)
		if lo >= hi {
			continue
		}
		if !c.zero {
			identify(gap, lo, top)
		}
		identify(lo, hi, piece(y, lo, hi-lo))
		gap = hi
	}
	if !c.zero {
		identify(gap, off+size, top)
	}
	if out != c {
		x.s.mem[o] = out
	}
}

// canonAddr names a key by where it lies, for keys in memory that is not
// followed: the same address, most likely the same key.
func (x *exec) canonAddr(p *value) string {
	c := x.canon(p)
	if c == "" {
		return ""
	}
	return "@" + c
}

// better orders what parts of a key tell: a thread's id confines most.
func better(a, b model.KeyKind) bool {
	rank := func(k model.KeyKind) int {
		switch k {
		case model.KeyThread:
			return 4
		case model.KeyCPU:
			return 3
		case model.KeyTaskCPU:
			return 2
		case model.KeyProcess, model.KeyRxQueue:
			return 1
		}
		return 0
	}
	return rank(a) > rank(b)
}

// update logs bpf_map_update_elem and notes what it inserts.
func (x *exec) update(in *ir.Call, args []*value) {
	s, e := x.s, x.e
	if len(args) < 2 || args[0].mapv == nil {
		return
	}
	m := args[0].mapv
	u := &model.Update{Site: e.site(x.path, in), Map: m, Locks: s.locks()}
	val, flags := args[1], (*value)(nil)
	if in.Helper == kernel.HelperMapUpdateElem {
		if len(args) < 4 {
			return
		}
		u.KeyKind, u.KeyConst, u.Key = x.readKey(in, m, args[1])
		val, flags = args[2], args[3]
	} else if len(args) > 2 {
		flags = args[2]
	}
	if flags != nil {
		if r := s.rangeOf(flags); r.isConst() {
			c := r.lo
			u.Flags = &c
		}
	}
	var from origins
	for _, o := range val.targets() {
		switch {
		case o.region == model.RegionMapValue:
			pl := e.place(val, o, m.ValueSize)
			u.FromValue = &pl
			u.ChangedInPlace = slices.Contains(s.changed, o)
			if o.ownCPUs() && m.ValueSize > 0 && !val.variable {
				// What is not remembered there derives from nothing.
				c := s.contentOf(o)
				from, _ = written(c, val.off, m.ValueSize, from)
				u.Changed = !c.copies(val.off, m.ValueSize)
			}
		case o.tracked() && m.ValueSize > 0 && !val.variable:
			c := s.contentOf(o)
			from, u.Changed = written(c, val.off, m.ValueSize, from)
			u.Const = c.allConst(val.off, m.ValueSize)
		}
	}
	for _, o := range from {
		if !o.copied {
			u.Changed = true
		}
	}
	if i := slices.IndexFunc(s.missed, func(o *object) bool {
		return o.mapv == m && (o.elem.Key == u.Key || o.elem.Key == "" || u.Key == "")
	}); i >= 0 {
		u.Missed = s.missed[i].elem
	}
	if u.Key != "" {
		s.insert = add(s.insert, keyed{m: m, key: u.Key})
	}
	if e.recording {
		x.logUpdate(in, u, from)
	}
}

// written adds what [off, off+size) of c derives from to the origins, and tells
// whether any of it is no unchanged copy of shared memory.
func written(c *content, off, size int64, from origins) (origins, bool) {
	var cells []cell
	for _, y := range c.cells {
		if y.off < off+size && off < y.off+y.size {
			cells = append(cells, y)
		}
	}
	return from.union(c.originsIn(off, size)), hasForeign(cells)
}

// update is an update of a map as recorded so far.
type update struct {
	m     *model.Update
	from  origins
	conds []*condition
}

// logUpdate puts an update into the model, merged with what was logged for it
// in other states.
func (x *exec) logUpdate(in ir.Instr, u *model.Update, from origins) {
	e := x.e
	k := serialKey{kind: "update", path: x.path.id, in: in, detail: u.Map.Name + x.s.lockKey()}
	old, ok := e.updates[k]
	if !ok {
		e.updates[k] = &update{u, from, x.s.conds}
		e.updateOrder = append(e.updateOrder, e.updates[k])
		return
	}
	old.from = old.from.union(from)
	old.conds, _ = joinConds(old.conds, x.s.conds, false, nil)
	m := old.m
	m.Const = m.Const && u.Const
	m.Changed = m.Changed || u.Changed
	m.ChangedInPlace = m.ChangedInPlace || u.ChangedInPlace
	if m.FromValue == nil {
		m.FromValue = u.FromValue
	}
	if m.Missed == nil {
		m.Missed = u.Missed
	}
	if m.Key != u.Key {
		m.Key = ""
	}
	if m.KeyKind != u.KeyKind || m.KeyConst != u.KeyConst {
		m.KeyKind, m.KeyConst = model.KeyUnknown, 0
	}
	if m.Flags != nil && (u.Flags == nil || *m.Flags != *u.Flags) {
		m.Flags = nil
	}
}

// deleteElement notes pointers to the deleted element that are still held.
func (x *exec) deleteElement(in *ir.Call, m *ir.Map, keyp *value) {
	_, _, key := x.readKey(in, m, keyp)
	site := x.e.site(x.path, in)
	var gone []*object
	x.s.rewrite(func(v *value) *value {
		if o := v.obj; o != nil && o.region == model.RegionMapValue && o.mapv == m && o.elem != nil &&
			(key != "" && o.elem.Key == key || keyp.obj == o) && !slices.Contains(gone, o) {
			gone = append(gone, o)
		}
		return v
	})
	var pending []*object
	for _, o := range x.s.pending {
		if o.mapv == m && (key != "" && o.elem.Key == key || keyp.obj == o) {
			o.goes = true
		} else {
			pending = append(pending, o)
		}
	}
	x.s.pending = pending
	slices.SortFunc(gone, func(a, b *object) int { return a.id - b.id })
	for _, o := range gone {
		if !slices.ContainsFunc(x.s.deleted, func(d deletion) bool { return d.obj == o }) {
			x.s.deleted = add(x.s.deleted, deletion{o, &site})
		}
	}
	x.s.insert = slices.DeleteFunc(slices.Clone(x.s.insert), func(k keyed) bool { return k.m == m && k.key == key })
}

// probeRead copies from an address that may point into BPF memory after all.
func (x *exec) probeRead(in *ir.Call, args []*value) {
	size := int64(0)
	if r := x.s.rangeOf(args[1]); r.isConst() && r.lo > 0 {
		size = r.lo
	}
	src := args[2]
	if src.obj != nil && (src.obj.logged() || src.obj.tracked()) {
		x.copyBytes(in, args[0], src, size)
		return
	}
	for _, o := range args[0].targets() {
		if o.logged() {
			if a := x.access(in, model.HelperWrite, args[0], o, size, 1); a != nil {
				x.note(a, top, args[0], o, size)
			}
		}
	}
	x.s.clobber(args[0], size)
	if o := args[0].obj; o != nil && o.tracked() && !args[0].variable && size > 0 && size <= 8 {
		v := x.unknown("probe", in, width(int(size)*8, false))
		if src.tag == tagTask || src.obj != nil && src.obj.current {
			v.tag = tagOther
		}
		if src.tag == tagCtx || src.obj != nil && src.obj.fromCtx {
			v.tag = tagCtx
		}
		x.s.mem[o] = x.s.contentOf(o).store(args[0].off, size, v)
	}
}

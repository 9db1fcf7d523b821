package flow

import (
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// Config says for which kernel to analyse.
type Config struct {
	Kernel kernel.Version // the zero Version stands for kernel.Newest
	// Budget bounds the operations executed per program; 0 stands for
	// DefaultBudget. What lies beyond is named in Model.Skipped.
	Budget int
}

// DefaultBudget bounds the abstract execution of one program. The kernel's own
// bound is a million instructions (BPF_COMPLEXITY_LIMIT_INSNS).
const DefaultBudget = 2_000_000

// maxDepth bounds the depth of calls; the kernel allows 8 frames
// (MAX_CALL_FRAMES), but inlined functions are calls in C.
const maxDepth = 40

// maxKeys bounds how many states with different locks are kept apart at one
// place.
const maxKeys = 48

// maxConfigs bounds how many are kept apart because of how the program is
// configured, or of what it has deleted.
const maxConfigs = 8

// maxWidth bounds how many states one state becomes within a block because the
// functions it calls return in different ways.
const maxWidth = 16

// widenAfter is the number of joins at one place after which intervals widen.
const widenAfter = 3

// Analyze runs every program of u.
func Analyze(ctx context.Context, u *ir.Unit, cfg Config) *model.Model {
	if cfg.Kernel == (kernel.Version{}) {
		cfg.Kernel = kernel.Newest
	}
	if cfg.Budget == 0 {
		cfg.Budget = DefaultBudget
	}
	m := &model.Model{Unit: u, Kernel: cfg.Kernel}
	// Identities are unique in the unit, so that rules may compare those of
	// different programs.
	objects, elems := 0, 0
	for _, p := range u.Programs {
		if ctx.Err() != nil {
			m.Skipped = append(m.Skipped, diag.Skip{Span: position.Span{File: u.Name}, Reason: "analysis was cancelled"})
			break
		}
		objects, elems = runProgram(ctx, m, p, cfg, objects, elems)
	}
	return m
}

// runProgram analyses one program. Its objects and elements are numbered from
// those given on; the last numbers used are returned.
func runProgram(ctx context.Context, m *model.Model, p *ir.Program, cfg Config, objects, elems int) (int, int) {
	if p.Func == nil || p.Func.Skipped != "" || len(p.Func.Blocks) == 0 {
		return objects, elems // the front end has named it
	}
	e := &engine{
		elems: elems,
		ctx:   ctx, unit: m.Unit, m: m, prog: p, kernel: cfg.Kernel, budget: cfg.Budget,
		syms: newSymTable(), objs: objTable{byKey: make(map[objKey]*object), next: objects},
		paths: make(map[pathKey]*callPath), infos: make(map[*ir.Func]*funcInfo),
		memos: make(map[memoKey]*memo), accesses: make(map[accessKey]*access), serials: make(map[serialKey]int), locks: make(map[int]model.Lock), updates: make(map[serialKey]*update), calls: make(map[serialKey]*callRecord),
		skips: make(map[string]bool), refs: make(map[refKey]bool), async: make(map[asyncKey]bool), iterCounts: make(map[iterKey]int64),
	}
	e.analyze()
	return e.objs.next, e.elems
}

func (e *engine) analyze() {
	defer func() {
		// A mistake of ours in one program must not lose the others.
		if r := recover(); r != nil {
			if panicOnBug {
				panic(r)
			}
			e.skip(e.prog.Func, e.prog.Func.Pos, fmt.Sprintf("internal error: %v", r))
		}
	}()
	e.runEntry(e.prog.Func, "", nil)
	// Callbacks that run later, in the order in which they were found.
	for i := 0; i < len(e.pending); i++ {
		a := e.pending[i]
		e.runEntry(a.fn, a.kind, a.args)
	}
	e.finish()
}

// panicOnBug makes an internal error loud; tests set it.
var panicOnBug = false

// engine analyses one program.
type engine struct {
	ctx        context.Context
	unit       *ir.Unit
	m          *model.Model
	prog       *ir.Program
	kernel     kernel.Version
	budget     int
	asyncNow   string   // kind of the asynchronous callback being run
	asyncEntry *ir.Func // and the callback

	syms     *symTable
	objs     objTable
	elems    int
	paths    map[pathKey]*callPath
	infos    map[*ir.Func]*funcInfo
	memos    map[memoKey]*memo
	accesses map[accessKey]*access
	serials  map[serialKey]int
	locks    map[int]model.Lock // by hold.serial
	// What was recorded of this program, in order.
	order       []*access
	updates     map[serialKey]*update
	updateOrder []*update
	calls       map[serialKey]*callRecord
	callOrder   []*callRecord
	phis        []*object

	recording bool
	exhausted bool
	skips     map[string]bool
	refs      map[refKey]bool
	pending   []asyncCall
	// version is the value of LINUX_KERNEL_VERSION, 0 where it is not read.
	version sym
	// iterCounts has how many numbers a numeric iterator gives.
	iterCounts map[iterKey]int64
	async      map[asyncKey]bool
	// direct are the calls that indirect ones turned out to be.
	direct map[directKey]*ir.Call
}

// callPath is a chain of calls from the entry; paths are interned.
type callPath struct {
	id      int32
	parent  *callPath
	fn      *ir.Func
	callers []*position.Pos
	depth   int
	inLoop  bool
	// less: inside the callback of bpf_rbtree_add.
	less bool
}

type pathKey struct {
	parent *callPath
	call   ir.Instr
	fn     *ir.Func
}

func (e *engine) path(parent *callPath, call ir.Instr, fn *ir.Func, inLoop bool) *callPath {
	k := pathKey{parent, call, fn}
	if p, ok := e.paths[k]; ok {
		return p
	}
	p := &callPath{id: int32(len(e.paths) + 1), parent: parent, fn: fn, inLoop: inLoop}
	if parent != nil {
		p.depth = parent.depth + 1
		p.inLoop = p.inLoop || parent.inLoop
		p.less = parent.less
		p.callers = append([]*position.Pos{call.At()}, parent.callers...)
	}
	e.paths[k] = p
	return p
}

func (p *callPath) calls(f *ir.Func) bool {
	for ; p != nil; p = p.parent {
		if p.fn == f {
			return true
		}
	}
	return false
}

func (e *engine) info(f *ir.Func) *funcInfo {
	fi, ok := e.infos[f]
	if !ok {
		fi = analyzeCFG(f)
		e.infos[f] = fi
	}
	return fi
}

func (e *engine) skip(f *ir.Func, pos *position.Pos, reason string) {
	s := diag.Skip{Reason: reason}
	if pos != nil {
		s.Span = pos.Span
	}
	if s.Span.File == "" {
		s.Span.File = e.unit.Name
	}
	if f != nil {
		s.Function = f.Name
	}
	k := s.String()
	if e.skips[k] {
		return
	}
	e.skips[k] = true
	for _, o := range e.m.Skipped {
		if o == s {
			return
		}
	}
	e.m.Skipped = append(e.m.Skipped, s)
}

func (e *engine) site(path *callPath, in ir.Instr) model.Site {
	return model.Site{Program: e.prog, Func: path.fn, Pos: in.At(), Callers: path.callers, Instr: in, Async: e.asyncNow, Entry: e.asyncEntry}
}

// runEntry analyses a function from an empty state and records what it does.
func (e *engine) runEntry(f *ir.Func, async string, args []*value) {
	e.asyncNow, e.asyncEntry = async, nil
	if async != "" {
		e.asyncEntry = f
	}
	path := e.path(nil, nil, f, false)
	s := &state{mem: make(map[*object]*content), facts: make(map[sym]fact)}
	if args == nil {
		ctx := e.objs.get(objKey{kind: "ctx", at: f}, func(o *object) { o.region = model.RegionCtx; o.fromCtx = true })
		args = []*value{{iv: anyInt, obj: ctx}}
		for i := 1; i < len(f.Params); i++ {
			// In C a BPF_PROG-like function may take several arguments.
			args = append(args, &value{iv: anyInt, tag: tagCtx, sym: e.syms.fresh("arg", path.id, f, int64(i))})
		}
	}
	e.enter(s, path, args)
	e.recording = false
	e.run(path, s)
	e.recording = true
	e.record(path, s)
	e.recording = false
}

// enter pushes a frame for f and sets its parameters.
func (e *engine) enter(s *state, path *callPath, args []*value) {
	f := path.fn
	regs := &registers{vals: make([]*value, f.NumRegs), owner: s}
	for i, r := range f.Params {
		if i < len(args) && args[i] != nil && r >= 0 {
			regs.vals[r] = args[i]
		}
	}
	s.frames = append(slices.Clone(s.frames), regs)
	for i := range f.Slots {
		delete(s.mem, e.slot(path, i))
	}
}

// slot gives the object of a frame's slot.
func (e *engine) slot(path *callPath, i int) *object {
	return e.objs.get(objKey{kind: "slot", path: path.id, n: i}, func(o *object) {
		o.region = model.RegionStack
		o.path = path
		o.slot = &path.fn.Slots[i]
	})
}

// leave pops the frame and forgets its slots.
func (e *engine) leave(s *state, path *callPath) {
	s.frames = s.frames[: len(s.frames)-1 : len(s.frames)-1]
	for o := range s.mem {
		if o.path == path {
			delete(s.mem, o)
		}
	}
}

// exit is a state in which a function returns, its frame still there.
type exit struct {
	s   *state
	ret *value
}

type memoKey struct {
	path *callPath
	key  string
}

// memo keeps the fixpoint of a function on one call path.
type memo struct {
	entry *state
	in    [][]*visit // by block index; in the order of their keys
	exits []exit
	// dirty has the blocks to run (again), by reverse postorder number.
	dirty []uint64
}

// next takes the first dirty block.
func (m *memo) next() (rpo int, ok bool) {
	for w, x := range m.dirty {
		if x != 0 {
			return w*64 + bits.TrailingZeros64(x), true
		}
	}
	return 0, false
}

type visit struct {
	key   string
	s     *state
	joins int
	dirty bool
}

func (e *engine) memoFor(path *callPath, s *state) *memo {
	k := memoKey{path, s.key()}
	m, ok := e.memos[k]
	if !ok {
		m = &memo{}
		e.memos[k] = m
	}
	return m
}

// run computes the fixpoint of path's function from the entry state s, whose
// innermost frame is the function's, and gives the states in which it returns.
func (e *engine) run(path *callPath, s *state) []exit {
	m := e.memoFor(path, s)
	if m.entry != nil && sameState(m.entry, s) {
		return m.exits
	}
	f := path.fn
	fi := e.info(f)
	m.entry = s.clone()
	m.in = make([][]*visit, len(f.Blocks))
	m.dirty = make([]uint64, len(fi.order)/64+1)
	m.exits = nil
	recording := e.recording
	e.recording = false
	defer func() { e.recording = recording }()
	e.flowInto(path, fi, m, f.Blocks[0], s.clone())
	// The exits of the last time that each state ran through its block.
	exits := make(map[*visit][]exit)
	for !e.exhausted {
		n, ok := m.next()
		if !ok {
			break
		}
		m.dirty[n/64] &^= 1 << (n % 64)
		b := fi.order[n]
		for _, v := range slices.Clone(m.in[b.Index]) {
			if !v.dirty {
				continue
			}
			v.dirty = false
			out := e.block(path, b, v.s.clone())
			for _, t := range out.next {
				e.flowInto(path, fi, m, t.to, t.s)
			}
			exits[v] = out.exits
		}
	}
	var all []exit
	for _, b := range fi.order {
		for _, v := range m.in[b.Index] {
			all = append(all, exits[v]...)
		}
	}
	m.exits = e.mergeExits(path, all)
	return m.exits
}

// flowInto joins a state into a block's.
func (e *engine) flowInto(path *callPath, fi *funcInfo, m *memo, b *ir.Block, s *state) {
	s.forgetAnswers(path, fi, b)
	j := joiner{e: e, path: path, at: b, live: fi.liveIn[b.Index]}
	j.restrict(s)
	visits := m.in[b.Index]
	k := s.key()
	find := func() (int, bool) {
		return slices.BinarySearchFunc(visits, k, func(v *visit, k string) int { return strings.Compare(v.key, k) })
	}
	at, ok := find()
	if !ok && len(visits) >= maxConfigs && len(s.configs)+len(s.deleted) > 0 {
		s.forgetChoices()
		k = s.key()
		at, ok = find()
	}
	n := fi.rpo[b.Index]
	if !ok {
		if len(visits) >= maxKeys {
			e.skip(path.fn, path.fn.Pos, "too many combinations of locks held to tell apart; some paths were not followed")
			return
		}
		m.in[b.Index] = slices.Insert(visits, at, &visit{key: k, s: s, dirty: true})
		m.dirty[n/64] |= 1 << (n % 64)
		return
	}
	v := visits[at]
	v.joins++
	j.widen = v.joins > widenAfter && (fi.heads[b.Index] || v.joins > 20*widenAfter)
	if merged, changed := j.merge(v.s, s); changed {
		v.s, v.dirty = merged, true
		m.dirty[n/64] |= 1 << (n % 64)
	}
}

// sameState reports whether nothing that matters differs.
func sameState(a, b *state) bool {
	if len(a.frames) != len(b.frames) || len(a.mem) != len(b.mem) || len(a.facts) != len(b.facts) ||
		len(a.conds) != len(b.conds) || len(a.missed) != len(b.missed) || len(a.insert) != len(b.insert) ||
		len(a.deleted) != len(b.deleted) || len(a.fresh) != len(b.fresh) || len(a.fills) != len(b.fills) || len(a.changed) != len(b.changed) ||
		len(a.pending) != len(b.pending) || len(a.touched) != len(b.touched) || !slices.Equal(a.asked, b.asked) || len(a.idents) != len(b.idents) {
		return false
	}
	for i := range a.frames {
		if a.frames[i] != b.frames[i] && !slices.EqualFunc(a.frames[i].vals, b.frames[i].vals, (*value).equal) {
			return false
		}
	}
	for k, f := range a.facts {
		if g, ok := b.facts[k]; !ok || f != g {
			return false
		}
	}
	for o, c := range a.mem {
		d, ok := b.mem[o]
		if !ok || !c.equal(d) {
			return false
		}
	}
	_, changed := joinConds(a.conds, b.conds, false, nil)
	if changed {
		return false
	}
	_, changed = intersect(a.missed, b.missed, func(x, y *object) bool { return x == y }, false)
	sameKey := func(x, y keyed) bool { return x.m == y.m && x.key == y.key && x.obj == y.obj }
	_, changed = intersect(a.insert, b.insert, sameKey, changed)
	_, changed = intersect(a.deleted, b.deleted, func(x, y deletion) bool { return x.obj == y.obj }, changed)
	_, changed = intersect(a.fresh, b.fresh, func(x, y *object) bool { return x == y }, changed)
	_, changed = intersect(a.fills, b.fills, func(x, y fill) bool { return x.place == y.place }, changed)
	_, changed = intersect(a.changed, b.changed, func(x, y *object) bool { return x == y }, changed)
	_, changed = intersect(a.pending, b.pending, func(x, y *object) bool { return x == y }, changed)
	_, changed = intersect(a.touched, b.touched, func(x, y *access) bool { return x == y }, changed)
	_, changed = intersect(a.idents, b.idents, func(x, y ident) bool { return x == y }, changed)
	return !changed
}

// mergeExits joins the exits that hold the same locks and agree on whether the
// result is zero, so that callers can tell success from failure. As inside the
// function, only so many are kept apart by how the program is configured: its
// returns may each have seen other tests, and each caller goes on from each.
func (e *engine) mergeExits(path *callPath, in []exit) []exit {
	out := e.joinExits(path, in)
	if len(out) <= maxConfigs || !slices.ContainsFunc(out, func(x exit) bool { return len(x.s.configs)+len(x.s.deleted) > 0 }) {
		return out
	}
	for i, x := range out {
		s := x.s.clone()
		s.forgetChoices()
		out[i].s = s
	}
	return e.joinExits(path, out)
}

func (e *engine) joinExits(path *callPath, in []exit) []exit {
	type slotKey struct{ key, ret string }
	var out []exit
	at := make(map[slotKey]int)
	for _, x := range in {
		k := slotKey{x.s.key(), retClass(x)}
		i, ok := at[k]
		if !ok {
			at[k] = len(out)
			out = append(out, x)
			continue
		}
		j := joiner{e: e, path: path, at: exitOf{path.fn, k.ret}}
		old := out[i]
		n, _ := j.merge(old.s, x.s)
		ret := j.value(old.s, old.ret, x.s, x.ret, func() sym { return j.phi("ret", nil, 0) })
		out[i] = exit{n, ret}
	}
	return out
}

// mergeStates joins the states after a call that hold the same locks: nobody
// looks at its result, or they have become too many to tell apart.
func (e *engine) mergeStates(path *callPath, call *ir.Call, in []*state) []*state {
	var out []*state
	at := make(map[string]int)
	for _, s := range in {
		k := s.key()
		i, ok := at[k]
		if !ok {
			at[k] = len(out)
			out = append(out, s)
			continue
		}
		j := joiner{e: e, path: path, at: afterCall{call, k}}
		out[i], _ = j.merge(out[i], s)
	}
	return out
}

type afterCall struct {
	call *ir.Call
	key  string
}

type exitOf struct {
	fn  *ir.Func
	ret string
}

// retClass tells results apart that callers branch on.
func retClass(x exit) string {
	switch {
	case x.ret == nil:
		return ""
	case x.ret.isPtr():
		return "p"
	}
	iv := x.s.rangeOf(x.ret)
	switch {
	case iv == constant(0):
		return "0"
	case iv.isConst() && iv.lo < 0:
		return "-"
	case iv.isConst():
		return "+"
	}
	return ""
}

// transfer is what a block leads to.
type transfer struct {
	to *ir.Block
	s  *state
}

type outcome struct {
	next  []transfer
	exits []exit
}

// block executes a block from s, which it may change.
func (e *engine) block(path *callPath, b *ir.Block, s *state) outcome {
	var out outcome
	e.from(path, b, 0, s, 1, &out)
	return out
}

// from executes b.Instrs[i:]. width is the number of states that the block's
// start has become by the calls before i.
func (e *engine) from(path *callPath, b *ir.Block, i int, s *state, width int, out *outcome) {
	loop := path.inLoop || e.info(path.fn).inLoop[b.Index]
	for ; i < len(b.Instrs); i++ {
		if e.spend(path) {
			return
		}
		x := &exec{e: e, path: path, s: s, loop: loop}
		switch in := b.Instrs[i].(type) {
		case *ir.Call:
			states := x.call(in)
			if len(states) > 1 && (!e.info(path.fn).usedAfter(b, i, in.Dst) || width*len(states) > maxWidth) {
				states = e.mergeStates(path, in, states)
			}
			if len(states) == 1 {
				s = states[0]
				continue
			}
			for _, n := range states {
				e.from(path, b, i+1, n, width*len(states), out)
			}
			return
		case *ir.Jump:
			out.next = append(out.next, transfer{in.To, s})
			return
		case *ir.Branch:
			x.branch(in, out)
			return
		case *ir.Return:
			ret := top
			if !in.Void {
				ret = s.operand(in.Val)
			}
			if path.parent == nil {
				x.leavePending()
			}
			switch {
			case path.parent == nil || path.fn.Linkage == ir.Global_:
				x.exitEvent(in, "return", s.holds, s.sections())
			case path.fn.Linkage == ir.Static && len(s.holds) > 0, strings.HasPrefix(path.fn.Name, "____"):
				x.exitEvent(in, "subprogram", s.holds, s.sections())
			}
			out.exits = append(out.exits, exit{s, ret})
			return
		case *ir.Unreachable:
			return
		default:
			x.exec(in)
		}
	}
}

// spend counts one operation against the budget.
func (e *engine) spend(path *callPath) bool {
	if e.exhausted {
		return true
	}
	e.budget--
	if e.budget > 0 && (e.budget&0xfff != 0 || e.ctx.Err() == nil) {
		return false
	}
	e.exhausted = true
	reason := "too large to analyse within bounds; the rest of it was not followed"
	if e.ctx.Err() != nil {
		reason = "analysis was cancelled"
	}
	e.skip(e.prog.Func, e.prog.Func.Pos, reason)
	return true
}

// record runs over the fixpoint once more and logs what happens.
func (e *engine) record(path *callPath, s *state) {
	m := e.memoFor(path, s)
	if m.in == nil {
		return
	}
	fi := e.info(path.fn)
	for _, b := range fi.order {
		for _, v := range m.in[b.Index] {
			if fi.heads[b.Index] {
				e.loopEvent(path, m, b, v.s)
			}
			e.block(path, b, v.s.clone())
		}
	}
}

package gomap

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/rules/kernel"
)

// The rules of this package.
const (
	ruleLookup     = "BLC301"
	ruleUpdate     = "BLC302"
	ruleIterate    = "BLC303"
	ruleIneffect   = "BLC304"
	ruleLostUpdate = "BLC305"
)

// goFinding is a finding with the positions that a driver of go/analysis needs.
type goFinding struct {
	rule       string
	severity   diag.Severity // 0: the rule's own
	confidence diag.Confidence
	pos, end   token.Pos
	mapName    string
	field      string
	message    string
	help       string
	evidence   []diag.Evidence
	related    []relatedWhere
	fix        *fix
}

type relatedWhere struct {
	where   Where
	message string
	when    diag.When
}

// verdict sorts the maps that an access may concern.
type verdict struct {
	locked, free []MapInfo // with and without a lock that the kernel sees
	literals     int       // created without BTF: no lock either
	unknown      int
	// guessed: a map is known by the last element of its pin's path only.
	guessed bool
}

// known reports whether every map is known to be of one kind.
func (v *verdict) allLocked() bool { return len(v.locked) > 0 && len(v.free)+v.literals+v.unknown == 0 }
func (v *verdict) allFree() bool   { return len(v.locked)+v.unknown == 0 && len(v.free)+v.literals > 0 }

func (c *collector) verdict(recv []origin) verdict {
	var v verdict
	sure := false
	for _, o := range recv {
		sure = sure || !o.weak()
	}
	for _, o := range recv {
		if name := c.pk.flow.renamed[o.call]; o.call != nil && name != "" && o.kind == fromPin {
			o = origin{kind: fromName, name: name}
		}
		switch {
		case o.kind == fromLiteral:
			v.literals++
		case o.weak() && sure && o.kind != fromPin:
			v.unknown++
		default:
			infos := c.pk.resolve(o)
			if len(infos) == 0 {
				v.unknown++
			}
			v.guessed = v.guessed || o.kind == fromPin && len(infos) > 0
			for _, m := range infos {
				if m.Lock != "" && !m.PerCPU() {
					v.locked = append(v.locked, m)
				} else {
					v.free = append(v.free, m)
				}
			}
		}
	}
	return v
}

// judge turns an access into a finding, or nothing.
func (c *collector) judge(a access) {
	v := c.verdict(a.recv)
	if c.misplaced(a, v) {
		return
	}
	switch {
	case a.flags.always(lockFlag):
		if v.allFree() {
			c.ineffective(a, v)
		}
	case a.flags.never(lockFlag):
		c.unlocked(a, v)
	}
}

// misplaced judges flags that are wrong whatever the map is (BLC304).
func (c *collector) misplaced(a access, v verdict) bool {
	o := a.op
	switch o.kind {
	case opBatchUpdate:
		if a.flags.always(lockFlag) && (a.flags.always(lockFlag|noExistFlag) || a.flags.always(lockFlag|existFlag)) {
			c.report(a, goFinding{
				rule: ruleIneffect, confidence: diag.High, mapName: v.name(),
				message: fmt.Sprintf("%s with BPF_F_LOCK and BPF_EXIST or BPF_NOEXIST in ElemFlags fails with EINVAL: a batch update takes BPF_F_LOCK alone", a.op.name),
				help:    "ElemFlags must be 0 or exactly uint64(ebpf.UpdateLock)",
			})
			return true
		}
		if a.batch.always(lockFlag) && !a.flags.always(lockFlag) {
			c.report(a, goFinding{
				rule: ruleIneffect, confidence: diag.High, mapName: v.name(),
				message: fmt.Sprintf("BPF_F_LOCK in BatchOptions.Flags is ignored by %s: the update is made without the lock", a.op.name),
				help:    "put the flag into ElemFlags",
				fix:     c.moveFlagFix(a, v),
			})
			return true
		}
	case opBatchLookup:
		if o.lib == ciliumPath && a.batch.always(lockFlag) {
			c.report(a, goFinding{
				rule: ruleIneffect, confidence: diag.High, mapName: v.name(),
				message: fmt.Sprintf("BPF_F_LOCK in BatchOptions.Flags does not lock %s: an array ignores it, a hash fails with EINVAL", a.op.name),
				help:    "put the flag into ElemFlags",
				fix:     c.moveFlagFix(a, v),
			})
			return true
		}
	}
	return false
}

// ineffective reports the lock flag on a map without a lock.
func (c *collector) ineffective(a access, v verdict) {
	confidence := diag.High
	if v.guessed {
		confidence = diag.Medium
	}
	why := "its value holds no bpf_spin_lock"
	var ev []diag.Evidence
	var related []relatedWhere
	switch {
	case len(v.free) == 0:
		why = "it is created from a MapSpec without key and value types, so the kernel knows of no lock in it"
	case v.free[0].PerCPU():
		why = "a " + mapTypeName(v.free[0].Type) + " cannot hold a bpf_spin_lock"
	case v.free[0].NearLock != "":
		why = nearLock[v.free[0].NearLock]
		if why == "" {
			why = "the kernel does not recognise the bpf_spin_lock in its value"
		}
	}
	for _, m := range v.free {
		ev = addEvidence(ev, m.Evidence)
		related = append(related, declared(m)...)
	}
	c.report(a, goFinding{
		rule: ruleIneffect, confidence: confidence, mapName: v.name(),
		message:  fmt.Sprintf("%s with BPF_F_LOCK fails with EINVAL%s: %s", a.op.name, onMap(v.name()), why),
		help:     "leave the flag out, or put a struct bpf_spin_lock into the value",
		evidence: ev, related: related,
	})
}

// nearLock explains why the kernel does not see a lock (ir.Special.Unrecognised).
var nearLock = map[string]string{
	"typedef":   "its lock is declared through a typedef, and the kernel looks for struct bpf_spin_lock itself",
	"qualifier": "its lock has a qualifier, and the kernel looks for struct bpf_spin_lock itself",
	"union":     "its lock is inside a union, where the kernel does not look",
	"array":     "its locks are an array, and a value can hold one lock only",
	"outermost": "the value is the lock itself, and the kernel looks for locks inside a struct",
}

// unlocked reports an access without the flag to a map whose value has a lock.
func (c *collector) unlocked(a access, v verdict) {
	o := a.op
	if o.kind == opBatchDelete || a.flags.always(noExistFlag) && o.kind == opUpdate {
		// A delete copies no value. With BPF_NOEXIST no program can see the
		// element before it is complete.
		return
	}
	if len(v.locked) == 0 {
		c.unlockedByType(a, v)
		return
	}
	m := v.locked[0]
	if o.deletes && m.Type == kernel.MapTypeArray {
		return // fails whatever the flag (ENOTSUPP)
	}
	if (o.kind == opUpdate || o.kind == opBatchUpdate) && !c.reopened(a.recv) && c.beforeAttach(a.site) {
		return
	}
	if c.mentionsBadFlag(a.site) {
		return // BLC304 says what is wrong with libbpfgo's constant
	}
	f := goFinding{
		rule: ruleOf(o), confidence: diag.High, mapName: m.Name, field: m.Lock,
		message: c.unlockedMessage(a, m),
		help:    helpFor(o),
	}
	if !v.allLocked() || v.guessed {
		f.confidence = diag.Medium
	}
	taken, word := false, true
	for _, m := range v.locked {
		f.evidence = addEvidence(f.evidence, m.Evidence)
		taken = taken || m.Taken || !m.Known
		word = word && m.Word != ""
		if m.Taken && m.TakenAt.Line > 0 {
			f.related = append(f.related, relatedWhere{m.TakenAt, fmt.Sprintf("program %s takes the lock here", m.TakenIn), diag.OtherSide})
		} else {
			f.related = append(f.related, declared(m)...)
		}
	}
	if !taken {
		f.confidence = diag.Low
		f.message += ", though no program takes that lock"
	}
	if word {
		// One word beside the lock cannot be torn; the update can still be lost
		// between a program's load and store.
		f.severity = diag.Note
		f.message += fmt.Sprintf("; %s is its only other field and fits one word", m.Word)
	}
	if v.allLocked() && !v.guessed {
		f.fix = c.lockFix(a)
	}
	c.report(a, f)
}

// unlockedByType falls back on the value's Go type where nothing is known of
// the map itself.
func (c *collector) unlockedByType(a access, v verdict) {
	if a.goLock == "" || v.unknown == 0 || len(v.free)+v.literals > 0 || c.hasParam(a.recv) {
		return
	}
	if (a.op.kind == opUpdate || a.op.kind == opBatchUpdate) && !c.reopened(a.recv) && c.beforeAttach(a.site) {
		return
	}
	if c.mentionsBadFlag(a.site) {
		return
	}
	f := goFinding{
		rule: ruleOf(a.op), confidence: diag.Medium, field: a.goLock,
		message: fmt.Sprintf("%s without BPF_F_LOCK: the Go type of the value has a bpf_spin_lock, %s, so programs may change the value meanwhile", a.op.name, a.goLock),
		help:    helpFor(a.op),
	}
	for _, o := range a.recv {
		if o.name != "" {
			f.mapName = o.name
		}
	}
	c.report(a, f)
}

// hasParam reports whether callers decide which map it is.
func (c *collector) hasParam(recv []origin) bool {
	for _, o := range recv {
		if o.kind == fromParam || o.kind == fromNameParam {
			return true
		}
	}
	return false
}

// reopened reports whether a map may have been in use before: opened by path
// or identifier.
func (c *collector) reopened(recv []origin) bool {
	for _, o := range recv {
		if o.kind == fromPin {
			return true
		}
	}
	return false
}

func (c *collector) unlockedMessage(a access, m MapInfo) string {
	what := a.op.name
	switch a.op.kind {
	case opLookup, opNext, opBatchLookup:
		return fmt.Sprintf("%s of map %q without BPF_F_LOCK may read a value that a program is changing under its bpf_spin_lock %s", what, m.Name, m.Lock)
	}
	return fmt.Sprintf("%s of map %q without BPF_F_LOCK may write a value while a program holds its bpf_spin_lock %s", what, m.Name, m.Lock)
}

func ruleOf(o *op) string {
	switch o.kind {
	case opLookup:
		return ruleLookup
	case opUpdate:
		return ruleUpdate
	}
	return ruleIterate
}

func helpFor(o *op) string {
	if o.noLock != "" {
		return o.noLock
	}
	switch {
	case o.lib == libbpfgoPath && o.with != "":
		return fmt.Sprintf("use %s with bpf.MapFlag(4), which is BPF_F_LOCK", o.with)
	case o.lib == libbpfgoPath:
		return "pass bpf.MapFlag(4), which is BPF_F_LOCK"
	case o.lib == gobpfPath:
		return "pass 4, which is BPF_F_LOCK"
	case o.opts >= 0 && o.kind == opBatchUpdate:
		return "pass &ebpf.BatchOptions{ElemFlags: uint64(ebpf.UpdateLock)}"
	case o.opts >= 0:
		return "pass &ebpf.BatchOptions{ElemFlags: uint64(ebpf.LookupLock)}"
	case o.kind == opUpdate && o.with != "":
		return "use Update with ebpf.UpdateLock"
	case o.kind == opUpdate:
		return "add ebpf.UpdateLock to the flags"
	case o.with != "":
		return fmt.Sprintf("use %s with ebpf.LookupLock", o.with)
	}
	return "pass ebpf.LookupLock"
}

// name gives the map's name when it is one.
func (v *verdict) name() string {
	name := ""
	for _, list := range [][]MapInfo{v.locked, v.free} {
		for _, m := range list {
			if name != "" && m.Name != name {
				return ""
			}
			name = m.Name
		}
	}
	return name
}

func onMap(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" on map %q", name)
}

func declared(m MapInfo) []relatedWhere {
	if m.DeclaredAt.Line == 0 {
		return nil
	}
	return []relatedWhere{{m.DeclaredAt, fmt.Sprintf("map %s is declared here", m.Name), diag.Before}}
}

func addEvidence(ev []diag.Evidence, e diag.Evidence) []diag.Evidence {
	for _, x := range ev {
		if x == e {
			return ev
		}
	}
	if e == "" {
		return ev
	}
	return append(ev, e)
}

func mapTypeName(t kernel.MapType) string { return strings.TrimPrefix(t.String(), "BPF_MAP_TYPE_") }

// report places a finding at the access's site.
func (c *collector) report(a access, f goFinding) {
	f.pos, f.end = c.pk.extent(a.site)
	if a.wrapped {
		f.related = append([]relatedWhere{{a.where, fmt.Sprintf("%s calls %s here", a.name, a.op.name), diag.Before}}, f.related...)
	}
	c.pk.findings = append(c.pk.findings, f)
}

// extent gives the source range of an instruction: of a call the method's name
// and arguments.
func (pk *pkg) extent(in ssa.Instruction) (token.Pos, token.Pos) {
	if call, ok := in.(ssa.CallInstruction); ok {
		if e := pk.callExpr(call); e != nil {
			pos := e.Pos()
			if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok {
				pos = sel.Sel.Pos()
			}
			return pos, e.End()
		}
	}
	return in.Pos(), in.Pos()
}

// mentionsBadFlag reports whether a call's arguments name libbpfgo's
// MapFlagFLock while its value is wrong.
func (c *collector) mentionsBadFlag(site ssa.Instruction) bool {
	call, ok := site.(ssa.CallInstruction)
	if !ok {
		return false
	}
	e := c.pk.callExpr(call)
	if e == nil {
		return false
	}
	found := false
	for _, arg := range e.Args {
		ast.Inspect(arg, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && c.pk.isBadFlag(id) {
				found = true
			}
			return !found
		})
	}
	return found
}

// isBadFlag reports whether an identifier is libbpfgo's MapFlagFLock with a
// value that is not BPF_F_LOCK (3, since it was added with a plain iota).
func (pk *pkg) isBadFlag(id *ast.Ident) bool {
	k, ok := pk.pass.TypesInfo.Uses[id].(*types.Const)
	return ok && k.Name() == "MapFlagFLock" && libPath(k.Pkg()) == libbpfgoPath && k.Val().ExactString() != strconv.Itoa(lockFlag)
}

// badFlags reports every use of libbpfgo's MapFlagFLock (BLC304).
func (c *collector) badFlags() {
	locked := make(map[token.Pos]bool)
	for _, a := range c.judged {
		if call, ok := a.site.(ssa.CallInstruction); ok && a.op.lib == libbpfgoPath && !a.wrapped {
			if v := c.verdict(a.recv); v.allLocked() {
				if e := c.pk.callExpr(call); e != nil {
					for _, arg := range e.Args {
						locked[arg.Pos()] = true
					}
				}
			}
		}
	}
	for _, file := range c.pk.pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			var id *ast.Ident
			var whole ast.Expr
			switch n := n.(type) {
			case *ast.SelectorExpr:
				id, whole = n.Sel, n
			case *ast.Ident:
				id, whole = n, n
			default:
				return true
			}
			if !c.pk.isBadFlag(id) {
				return true
			}
			k := c.pk.pass.TypesInfo.Uses[id].(*types.Const)
			f := goFinding{
				rule: ruleIneffect, confidence: diag.High, pos: whole.Pos(), end: whole.End(),
				message: fmt.Sprintf("libbpfgo's MapFlagFLock is %s, not BPF_F_LOCK (4): the kernel refuses it with EINVAL", k.Val().ExactString()),
				help:    "write bpf.MapFlag(4)",
			}
			if sel, ok := whole.(*ast.SelectorExpr); ok && locked[whole.Pos()] {
				if x, ok := sel.X.(*ast.Ident); ok {
					f.fix = &fix{title: "Use " + x.Name + ".MapFlag(4), which is BPF_F_LOCK", edits: []edit{{whole.Pos(), whole.End(), x.Name + ".MapFlag(4)"}}}
				}
			}
			c.pk.findings = append(c.pk.findings, f)
			return false
		})
	}
}

package repair

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// Assembly of moves, arithmetic, loads, stores and short jumps is written as C: a
// block whose variables are the operands and the registers that it sets itself.

var (
	asmLoad   = regexp.MustCompile(`^(\S+) ?= ?\*\( ?([us])(8|16|32|64) ?\*\) ?\( ?(\S+?) ?((?:[-+] ?\S+? ?)*)\)$`)
	asmStore  = regexp.MustCompile(`^(lock )?\*\( ?u(8|16|32|64) ?\*\) ?\( ?(\S+?) ?((?:[-+] ?\S+? ?)*)\) ?(\+|&|\||\^)?= ?(\S+)$`)
	asmOffset = regexp.MustCompile(`([-+]) ?([^-+ ]+)`)
	asmIf     = regexp.MustCompile(`^if (\S+) ?(s?<=|s?>=|s?<|s?>|==|!=|&) ?(\S+) goto (\S+)$`)
	asmGoto   = regexp.MustCompile(`^goto (\S+)$`)
	asmNegate = regexp.MustCompile(`^(\S+) ?= ?- ?(\S+)$`)
	asmMove   = regexp.MustCompile(`^(\S+) ?= ?(\S+)( ll)?$`)
	asmArith  = regexp.MustCompile(`^(\S+) (\+|-|\*|/|%|&|\||\^|<<|>>|s>>)= ?(\S+)$`)
	asmPlace  = regexp.MustCompile(`^(?:(w)?%|%(w)?)(?:\[(\w+)\]|(\d+))$`)
	asmReg    = regexp.MustCompile(`^([rw])([0-9])$`)
	asmSpace  = regexp.MustCompile(`\s+`)
)

// place is an operand of an instruction as C writes it.
type place struct {
	text   string // a variable or a number
	w      bool   // the lower half
	output int    // the number of the statement's output, or -1
}

// program translates one assembly statement.
type program struct {
	s       *asmStmt
	id      string
	regs    map[string]bool // registers set so far
	written map[int]bool    // operands set before the first jump
	used    map[int]bool    // operands used
	unset   map[int]bool    // outputs that may be read or left without a value
	jumped  bool
	// text holds C tokens, one a string. "\x00" and a number stand for that label of
	// the statement, "\x01" and a number for the start of the instruction there.
	text    []string
	targets map[int]bool
	slots   []int // of each instruction
}

// program writes C for assembly of simple instructions, or reports that it cannot.
func (r *repairer) program(s *asmStmt, at cpp.Token) bool {
	r.programs++
	p := &program{s: s, id: strconv.Itoa(r.programs), regs: map[string]bool{}, written: map[int]bool{}, used: map[int]bool{},
		unset: map[int]bool{}, targets: map[int]bool{}}
	var lines []string
	for _, l := range strings.FieldsFunc(s.template, func(c rune) bool { return c == '\n' || c == ';' }) {
		if l = strings.TrimSpace(asmSpace.ReplaceAllString(l, " ")); l != "" {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 || len(lines) > 64 || len(s.labels) > 0 && len(s.outputs) > 0 {
		return false
	}
	slot := 0
	for _, l := range lines {
		p.slots = append(p.slots, slot)
		slot++
		if strings.HasSuffix(l, " ll") {
			slot++
		}
	}
	p.slots = append(p.slots, slot)
	for i, l := range lines {
		p.text = append(p.text, "\x01"+strconv.Itoa(p.slots[i]))
		if !p.line(i, l) {
			return false
		}
	}
	p.text = append(p.text, "\x01"+strconv.Itoa(slot))
	for t := range p.targets {
		known := false
		for _, at := range p.slots {
			known = known || at == t
		}
		if !known {
			return false
		}
	}

	r.put(at, "{")
	r.declare(p, at)
	r.instructions(p, at)
	r.results(p, at)
	r.put(at, "}")
	return true
}

// declare writes the variables of a program, those of operands with the values
// that they start from.
func (r *repairer) declare(p *program, at cpp.Token) {
	s := p.s
	for i, n := 0, len(s.outputs)+len(s.inputs); i < n; i++ {
		o := s.operand(i)
		isOut := i < len(s.outputs)
		if !p.used[i] && (!isOut || strings.Contains(o.constraint, "m")) {
			continue
		}
		r.put(at, "unsigned", "long", p.variable(i))
		switch tied := s.tied(i); {
		case !isOut || strings.HasPrefix(o.constraint, "+"):
			r.put(at, "=", "(", "unsigned", "long", ")", "(")
			r.run(o.expr[0], o.expr[1])
			r.put(at, ")")
		case tied >= 0:
			in := s.inputs[tied]
			r.put(at, "=", "(", "unsigned", "long", ")", "(")
			r.run(in.expr[0], in.expr[1])
			r.put(at, ")")
		case !p.written[i] || p.unset[i]:
			r.put(at, "=", Unknown, "(", ")")
		}
		r.put(at, ";")
	}
	for _, n := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		if p.regs[n] {
			r.put(at, "unsigned", "long", p.register(n), ";")
		}
	}
}

// instructions writes what line has collected.
func (r *repairer) instructions(p *program, at cpp.Token) {
	for _, t := range p.text {
		switch t[0] {
		case 0:
			k, _ := strconv.Atoi(t[1:])
			r.emit(p.s.labels[k])
		case 1:
			if k, _ := strconv.Atoi(t[1:]); p.targets[k] {
				r.put(at, p.label(k), ":", ";")
			}
		default:
			r.put(at, t)
		}
	}
}

// results writes the outputs' variables back.
func (r *repairer) results(p *program, at cpp.Token) {
	for i, o := range p.s.outputs {
		if strings.Contains(o.constraint, "m") || o.expr[1] <= o.expr[0] {
			continue
		}
		r.put(at, "(")
		r.run(o.expr[0], o.expr[1])
		r.put(at, ")", "=", "(", "__typeof__", "(")
		r.run(o.expr[0], o.expr[1])
		r.put(at, ")", ")", p.variable(i), ";")
	}
}

func (p *program) variable(i int) string    { return "__blc_asm" + p.id + "_o" + strconv.Itoa(i) }
func (p *program) register(n string) string { return "__blc_asm" + p.id + "_r" + n }
func (p *program) label(slot int) string    { return "__blc_asm" + p.id + "_l" + strconv.Itoa(slot) }

func (p *program) add(texts ...string) { p.text = append(p.text, texts...) }

// line translates instruction i.
func (p *program) line(i int, l string) bool {
	if m := asmLoad.FindStringSubmatch(l); m != nil {
		addr, ok := p.address(m[4], m[5], m[3], m[2] == "s")
		if !ok {
			return false
		}
		return p.set(m[1], append([]string{"*"}, addr...))
	}
	if m := asmStore.FindStringSubmatch(l); m != nil {
		addr, ok := p.address(m[3], m[4], m[2], false)
		v, ok2 := p.get(m[6])
		if !ok || !ok2 || (m[1] != "") != (m[5] != "") {
			return false
		}
		if m[1] != "" {
			name := map[string]string{"+": "add", "&": "and", "|": "or", "^": "xor"}[m[5]]
			p.add("__sync_fetch_and_"+name, "(")
			p.add(addr...)
			p.add(",", v.text, ")", ";")
			return true
		}
		p.add("*")
		p.add(addr...)
		p.add("=", v.text, ";")
		return true
	}
	if m := asmIf.FindStringSubmatch(l); m != nil {
		a, ok1 := p.get(m[1])
		b, ok2 := p.get(m[3])
		if !ok1 || !ok2 {
			return false
		}
		op, signed := strings.CutPrefix(m[2], "s")
		cast := integer("64", signed)
		if a.w {
			cast = integer("32", signed)
		}
		p.add("if", "(", "(")
		p.add(cast...)
		p.add(")", a.text, op, "(")
		p.add(cast...)
		p.add(")", b.text, ")")
		return p.jump(i, m[4])
	}
	if m := asmGoto.FindStringSubmatch(l); m != nil {
		return p.jump(i, m[1])
	}
	if m := asmArith.FindStringSubmatch(l); m != nil {
		a, ok1 := p.get(m[1])
		b, ok2 := p.get(m[3])
		if !ok1 || !ok2 {
			return false
		}
		op, signed := strings.CutPrefix(m[2], "s")
		size := "64"
		if a.w {
			size = "32"
		}
		v := []string{"("}
		v = append(append(v, integer(size, signed)...), ")", a.text, op, "(")
		v = append(append(v, integer(size, signed)...), ")", b.text)
		return p.set(m[1], v)
	}
	if m := asmMove.FindStringSubmatch(l); m != nil {
		if m[2] == "r10" { // the frame pointer: an address that nothing is kept at
			return p.set(m[1], []string{Unknown, "(", ")"})
		}
		if v, ok := p.get(m[2]); ok {
			return p.set(m[1], []string{v.text})
		}
	}
	if m := asmNegate.FindStringSubmatch(l); m != nil {
		if v, ok := p.get(m[2]); ok {
			return p.set(m[1], []string{"-", v.text})
		}
	}
	return false
}

// integer gives the tokens of an integer type.
func integer(bits string, signed bool) []string {
	t := map[string]string{"8": "char", "16": "short", "32": "int", "64": "long"}[bits]
	if signed {
		return []string{"signed", t}
	}
	return []string{"unsigned", t}
}

// address gives (type *)(base + offset), whose offset is a sum, "+ %[a] + 4".
func (p *program) address(base, offset, bits string, signed bool) ([]string, bool) {
	b, ok := p.get(base)
	if !ok || b.w {
		return nil, false
	}
	t := append([]string{"("}, integer(bits, signed)...)
	t = append(t, "*", ")", "(", b.text)
	for _, m := range asmOffset.FindAllStringSubmatch(offset, -1) {
		o, ok := p.get(m[2])
		if !ok {
			return nil, false
		}
		t = append(t, m[1], o.text)
	}
	return append(t, ")"), true
}

// operand gives operand i, outputs first.
func (s *asmStmt) operand(i int) operand {
	if i < len(s.outputs) {
		return s.outputs[i]
	}
	return s.inputs[i-len(s.outputs)]
}

// tied gives the input that starts output i, or -1.
func (s *asmStmt) tied(i int) int {
	for k, in := range s.inputs {
		if in.constraint == strconv.Itoa(i) {
			return k
		}
	}
	return -1
}

// at finds what an instruction names.
func (p *program) at(x string) (pl place, reg string, ok bool) {
	if m := asmReg.FindStringSubmatch(x); m != nil {
		return place{text: p.register(m[2]), w: m[1] == "w", output: -1}, m[2], true
	}
	if m := asmPlace.FindStringSubmatch(x); m != nil {
		for i, n := 0, len(p.s.outputs)+len(p.s.inputs); i < n; i++ {
			o := p.s.operand(i)
			if m[3] != "" && o.name != m[3] || m[4] != "" && strconv.Itoa(i) != m[4] {
				continue
			}
			if strings.Contains(o.constraint, "m") || o.expr[1] <= o.expr[0] {
				return place{}, "", false
			}
			return place{text: p.variable(i), w: m[1] != "" || m[2] != "", output: i}, "", true
		}
	}
	return place{}, "", false
}

// get gives the value of an operand that is read.
func (p *program) get(x string) (place, bool) {
	if n, err := strconv.ParseInt(x, 0, 64); err == nil {
		t := strconv.FormatInt(n, 10)
		if n < 0 {
			// One token, so that nothing must be put into parentheses.
			t = strconv.FormatUint(uint64(n), 10) + "UL"
		}
		return place{text: t, output: -1}, true
	}
	pl, reg, ok := p.at(x)
	if !ok || reg != "" && !p.regs[reg] {
		return place{}, false
	}
	if pl.output >= 0 {
		p.used[pl.output] = true
		if !p.written[pl.output] {
			p.unset[pl.output] = true
		}
	}
	return pl, true
}

// set writes an assignment.
func (p *program) set(x string, value []string) bool {
	pl, reg, ok := p.at(x)
	if !ok {
		return false
	}
	if reg != "" {
		p.regs[reg] = true
	} else {
		p.used[pl.output] = true
		if !p.jumped {
			p.written[pl.output] = true
		}
	}
	p.add(pl.text, "=")
	if pl.w {
		p.add("(", "unsigned", "int", ")", "(")
	}
	p.add(value...)
	if pl.w {
		p.add(")")
	}
	p.add(";")
	return true
}

// jump writes goto, from instruction i.
func (p *program) jump(i int, to string) bool {
	p.jumped = true
	p.add("goto")
	if n, err := strconv.Atoi(strings.TrimPrefix(to, "+")); err == nil {
		slot := p.slots[i] + 1 + n
		p.targets[slot] = true
		p.add(p.label(slot), ";")
		return true
	}
	for k, l := range p.s.labels {
		if to == "%l["+l.Text+"]" || to == "%l"+strconv.Itoa(len(p.s.outputs)+len(p.s.inputs)+k) {
			p.add("\x00"+strconv.Itoa(k), ";")
			return true
		}
	}
	return false
}

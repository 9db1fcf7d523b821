package repair

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// operand is one output or input of inline assembly.
type operand struct {
	name       string // [name], or ""
	constraint string
	expr       [2]int // tokens of the expression, without parentheses
}

// asmStmt is a parsed asm statement.
type asmStmt struct {
	template        string
	outputs, inputs []operand
	labels          []cpp.Token
	end             int // index after its closing parenthesis
}

// asm rewrites the inline assembly at i and gives the index after it, or i when
// it is to be left alone.
func (r *repairer) asm(i, to int) int {
	in := r.in
	j := i + 1
	for j < to && (in[j].Is("volatile") || in[j].Is("__volatile__") || in[j].Is("__volatile") || in[j].Is("goto") || in[j].Is("inline") || in[j].Is("__inline__")) {
		j++
	}
	if j >= to || !in[j].Is("(") {
		return i
	}
	if r.body < 0 || i < r.body {
		// A symbol's name, or assembly outside of functions: no effect on types.
		end := cpp.Closing(in, j) + 1
		if name := in[j+1]; strings.HasPrefix(name.Text, `"llvm.bpf.load.`) {
			// An intrinsic: the lowering knows it by this name.
			r.put(in[i], "__attribute__", "(", "(", "section", "(", name.Text, ")", ")", ")")
		}
		if i == 0 && end < to && in[end].Is(";") {
			end++
		}
		return end
	}
	if i > 0 && (in[i-1].Kind == cpp.Ident && in[i-1].Text != "else" && in[i-1].Text != "do" || in[i-1].Is("]")) {
		return cpp.Closing(in, j) + 1 // register long x asm("r1")
	}
	s := r.parseAsm(j)
	at := in[i]
	// What an operand is written as may hold it twice. With assembly in it, and so
	// on, the output would grow without bounds.
	nested := slices.ContainsFunc(in[j:s.end], isAsm)
	if (nested || !r.lowerAsm(s, at)) && r.res.Asm == nil {
		r.res.Asm = &at
	}
	// A block needs no semicolon, and must not have one before else.
	if n := len(r.res.Toks); s.end < to && in[s.end].Is(";") && n > 0 && r.res.Toks[n-1].Is("}") {
		s.end++
	}
	return s.end
}

// isAsm tells whether a token starts inline assembly.
func isAsm(t cpp.Token) bool {
	return t.Kind == cpp.Ident && (t.Text == "asm" || t.Text == "__asm__" || t.Text == "__asm")
}

// parseAsm reads the operands of the assembly whose parenthesis is at i.
func (r *repairer) parseAsm(i int) asmStmt {
	in := r.in
	end := cpp.Closing(in, i)
	s := asmStmt{end: end + 1}
	var tmpl strings.Builder
	section := 0
	for j := i + 1; j < end; j++ {
		t := &in[j]
		if t.Is(":") {
			section++
			continue
		}
		switch section {
		case 0:
			if t.Kind == cpp.String {
				if u, err := strconv.Unquote(t.Text); err == nil {
					tmpl.WriteString(u)
				} else {
					tmpl.WriteString(strings.Trim(t.Text, `"`))
				}
			}
		case 1, 2:
			var o operand
			if t.Is("[") {
				k := cpp.Closing(in, j)
				if j+1 < k {
					o.name = in[j+1].Text
				}
				if j = k + 1; j >= end {
					break
				}
			}
			for j < end && in[j].Kind == cpp.String {
				o.constraint += strings.Trim(in[j].Text, `"`)
				j++
			}
			if j < end && in[j].Is("(") {
				k := cpp.Closing(in, j)
				o.expr = [2]int{j + 1, k}
				j = k
			}
			if section == 1 {
				s.outputs = append(s.outputs, o)
			} else {
				s.inputs = append(s.inputs, o)
			}
			for j+1 < end && !in[j+1].Is(",") && !in[j+1].Is(":") {
				j++
			}
			if j+1 < end && in[j+1].Is(",") {
				j++
			}
		case 4:
			if t.Kind == cpp.Ident {
				s.labels = append(s.labels, *t)
			}
		}
	}
	s.template = strings.TrimSpace(tmpl.String())
	return s
}

var (
	// if %[lhs] s< %[rhs] goto %l[label], as written by comparisons that the
	// compiler must not reorder.
	asmCompare = regexp.MustCompile(`^if\s+%(?:\[(\w+)\]|w?(\d+))\s*(s?==|s?!=|s?[<>]=?|&)\s*%(?:\[(\w+)\]|w?(\d+))\s+goto\s+%l(?:\[(\w+)\]|(\d+))\s*;?$`)
	// The same with a call of bpf_throw behind, as bpf_assert writes it.
	asmAssert = regexp.MustCompile(`^if\s+%\[(\w+)\]\s*(s?==|s?!=|s?[<>]=?)\s*%\[(\w+)\]\s+goto\s+\+2\s*;\s*r1\s*=\s*%\[(\w+)\]\s*;\s*call\s+bpf_throw\s*;?$`)
	// Reads or writes memory, calls, or leaves.
	asmEffect = regexp.MustCompile(`\*\s*\(|\bcall\b|\bexit\b|\bgoto\s+(?:[^+]|\+\D)|\block\b|\.(8byte|byte|long|quad|word)|\bmay_goto\b|r10|r11|xchg|atomic`)
	asmCast   = regexp.MustCompile(`^\.byte\s+0xBF|^%\S+\s*=\s*addr_space_cast`)
	// wN = wN and the like: a zero-extension of the operand onto itself.
	asmRegister = regexp.MustCompile(`\br[0-9]\b|\bw[0-9]\b`)
)

// lowerAsm writes C for the statement s, or reports that there is none.
func (r *repairer) lowerAsm(s asmStmt, at cpp.Token) bool {
	switch {
	case len(s.labels) > 0:
		return r.asmJump(s, at)
	case r.asmAssertion(s, at):
		return true
	case strings.HasPrefix(s.template, "r0 ") && strings.HasSuffix(s.template, " invalid compare"):
		// bpf_cmp_likely's last branch, which is dead: it does not assemble.
		r.put(at, "{", "}")
		return true
	case s.template == "" || asmCast.MatchString(s.template):
		r.asmBarrier(s, at)
		return true
	case r.program(&s, at):
		return true
	case len(s.outputs) > 0 && !asmEffect.MatchString(s.template) && !s.writesRegisters():
		// Arithmetic on its operands.
		r.put(at, "{")
		for _, o := range s.outputs {
			r.assignUnknown(o, at)
		}
		r.put(at, "}")
		return true
	}
	return false
}

// asmJump writes assembly that may jump to labels of the function. What stands
// for it is an expression statement or a conditional jump; the semicolon that
// follows the assembly ends it.
func (r *repairer) asmJump(s asmStmt, at cpp.Token) bool {
	if m := asmCompare.FindStringSubmatch(s.template); m != nil {
		lhs, ok1 := s.find(m[1] + m[2])
		rhs, ok2 := s.find(m[4] + m[5])
		if ok1 && ok2 {
			r.put(at, "if", "(")
			r.compare(lhs, m[3], rhs, at)
			r.put(at, ")", "goto")
			r.emit(s.labels[0])
			return true
		}
	}
	if r.program(&s, at) {
		return true
	}
	if strings.Contains(s.template, "*(") || strings.Contains(s.template, "call") || strings.Contains(s.template, "exit") {
		return false
	}
	for i, l := range s.labels {
		if i > 0 {
			r.put(at, ";")
		}
		r.put(at, "if", "(", Unknown, "(", ")", ")", "goto")
		r.emit(l)
	}
	return true
}

// asmAssertion writes bpf_assert's assembly, or reports that it is something else.
func (r *repairer) asmAssertion(s asmStmt, at cpp.Token) bool {
	m := asmAssert.FindStringSubmatch(s.template)
	if m == nil {
		return false
	}
	lhs, ok1 := s.find(m[1])
	rhs, ok2 := s.find(m[3])
	val, ok3 := s.find(m[4])
	if !ok1 || !ok2 || !ok3 {
		return false
	}
	r.put(at, "{", "if", "(", "!", "(")
	r.compare(lhs, m[2], rhs, at)
	r.put(at, ")", ")", "bpf_throw", "(")
	r.run(val.expr[0], val.expr[1])
	r.put(at, ")", ";", "}")
	return true
}

// compare writes (lhs) op (rhs); whether it is signed, the operands' types say.
func (r *repairer) compare(lhs operand, op string, rhs operand, at cpp.Token) {
	r.put(at, "(")
	r.run(lhs.expr[0], lhs.expr[1])
	r.put(at, ")", strings.TrimPrefix(op, "s"), "(")
	r.run(rhs.expr[0], rhs.expr[1])
	r.put(at, ")")
}

// asmBarrier writes a barrier. An output may be tied to an input, whose value it
// gets; one without has a value that is not known.
func (r *repairer) asmBarrier(s asmStmt, at cpp.Token) {
	r.put(at, "{")
	for i, o := range s.outputs {
		if strings.HasPrefix(o.constraint, "+") {
			continue
		}
		tied := false
		for _, in := range s.inputs {
			if in.constraint == strconv.Itoa(i) {
				r.assign(o, at, func() { r.put(at, "("); r.run(in.expr[0], in.expr[1]); r.put(at, ")") })
				tied = true
			}
		}
		if !tied {
			r.assignUnknown(o, at)
		}
	}
	r.put(at, "}")
}

// assign writes an assignment to an output of what value writes.
func (r *repairer) assign(o operand, at cpp.Token, value func()) {
	if o.expr[1] <= o.expr[0] {
		return
	}
	r.put(at, "(")
	r.run(o.expr[0], o.expr[1])
	r.put(at, ")", "=")
	value()
	r.put(at, ";")
}

// assignUnknown writes an assignment of a value that is not known.
func (r *repairer) assignUnknown(o operand, at cpp.Token) {
	r.assign(o, at, func() {
		r.put(at, "(", "__typeof__", "(")
		r.run(o.expr[0], o.expr[1])
		r.put(at, ")", ")", Unknown, "(", ")")
	})
}

// writesRegisters tells whether the assembly names registers itself.
func (s *asmStmt) writesRegisters() bool { return asmRegister.MatchString(s.template) }

// find gives the operand with a name or number.
func (s *asmStmt) find(name string) (operand, bool) {
	n, err := strconv.Atoi(name)
	for i, o := range append(s.outputs[:len(s.outputs):len(s.outputs)], s.inputs...) {
		if o.name != "" && o.name == name || err == nil && n == i {
			return o, true
		}
	}
	return operand{}, false
}

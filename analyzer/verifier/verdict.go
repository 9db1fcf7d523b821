package verifier

import (
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Verdict is what came of loading a program.
type Verdict string

// Verdicts.
const (
	// Loads: the verifier accepts the program.
	Loads Verdict = "loads"
	// Rejected: the verifier refuses it.
	Rejected Verdict = "rejected"
	// NotLoadable: it could not be put to the verifier here, so there is no
	// verdict: a kernel function, type or attach target is missing, or the
	// privilege.
	NotLoadable Verdict = "not loadable here"
)

// Load is the fate of one program in one kernel.
type Load struct {
	Object  string  `json:"object"`
	Program string  `json:"program"`
	Section string  `json:"section"`
	Type    string  `json:"type"`
	Verdict Verdict `json:"verdict"`
	// Reason says why a program is not loadable here.
	Reason string `json:"reason,omitempty"`
	// Line is the verifier's decisive line, Errno the error's name.
	Line  string `json:"line,omitempty"`
	Errno string `json:"errno,omitempty"`
	// Insn is the instruction refused, in the verifier's count plus one; 0
	// when the verifier names none. InsnText is its disassembly.
	Insn     int    `json:"insn,omitempty"`
	InsnText string `json:"insn_text,omitempty"`
	// Source is where the instruction comes from, SourceText the line's text.
	Source     *Place `json:"source,omitempty"`
	SourceText string `json:"source_text,omitempty"`
	// Rules lists the rules that a rejection with this text confirms, the most
	// fitting first; empty when no rule is about it.
	Rules []string `json:"rules,omitempty"`
	// Doubtful: the text is also given where no lock or section is involved, so
	// that a rejection that no rule predicted proves nothing.
	Doubtful bool `json:"doubtful,omitempty"`
	// Notes are what was repaired or refused on the way: "map m: created
	// without BTF: ...".
	Notes []string `json:"notes,omitempty"`
	// LostLocks lists the maps whose lock the kernel refused, so that they were
	// created without type information.
	LostLocks []string `json:"lost_locks,omitempty"`
	Millis    float64  `json:"ms"`
}

// Place is a source position in the output.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column,omitempty"`
}

// Span gives the place as a span.
func (p *Place) Span() position.Span {
	if p == nil {
		return position.Span{}
	}
	return position.Span{File: p.File, Line: p.Line, Col: p.Column}
}

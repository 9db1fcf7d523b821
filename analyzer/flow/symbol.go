package flow

import "slices"

// sym is the identity of an unknown scalar or of a pointer: two values with
// one sym are equal, so what a branch says of the one holds for the other. 0
// is no identity.
type sym int32

// symKey is what a sym stands for. Operations on the same operands get the
// same sym (value numbering).
type symKey struct {
	op   string
	a, b sym
	imm  int64
	path int32 // call path, for syms made at one place of the program
	at   any   // the operation, likewise
}

type symInfo struct {
	// bases are the syms made at a place of the program that this one is
	// computed from; when such a place runs again, everything computed from the
	// old value must be forgotten.
	bases []sym
	// config: computed from read-only globals alone, which are fixed when the
	// program is loaded.
	config bool
	// from and plus, when from is set: the sym is from + plus.
	from sym
	plus int64
}

// maxBases bounds how many places a value may be computed from before its
// identity is given up.
const maxBases = 8

type symTable struct {
	byKey map[symKey]sym
	info  []symInfo
}

func newSymTable() *symTable {
	return &symTable{byKey: make(map[symKey]sym), info: make([]symInfo, 1)}
}

// fresh gives the sym of what one operation makes on one call path.
func (t *symTable) fresh(op string, path int32, at any, imm int64) sym {
	k := symKey{op: op, path: path, at: at, imm: imm}
	if s, ok := t.byKey[k]; ok {
		return s
	}
	s := sym(len(t.info))
	t.byKey[k] = s
	t.info = append(t.info, symInfo{bases: []sym{s}})
	return s
}

// derived gives the sym of op applied to a, b and a constant; 0 when one
// operand that is no constant has no identity.
func (t *symTable) derived(op string, a, b sym, imm int64) sym {
	if a == 0 && b == 0 {
		return 0
	}
	k := symKey{op: op, a: a, b: b, imm: imm}
	if s, ok := t.byKey[k]; ok {
		return s
	}
	var bases []sym
	config := true
	for _, x := range []sym{a, b} {
		if x != 0 {
			config = config && t.info[x].config
			for _, y := range t.info[x].bases {
				if !slices.Contains(bases, y) {
					bases = append(bases, y)
				}
			}
		}
	}
	if len(bases) > maxBases {
		return 0
	}
	s := sym(len(t.info))
	t.byKey[k] = s
	t.info = append(t.info, symInfo{bases: bases, config: config})
	return s
}

// moved notes that s is a + c.
func (t *symTable) moved(s, a sym, c int64) {
	if s != 0 && a != 0 {
		t.info[s].from, t.info[s].plus = a, c
	}
}

// split gives the sym that s was computed from by adding constants, and their
// sum.
func (t *symTable) split(s sym) (base sym, plus int64) {
	for s != 0 && t.info[s].from != 0 {
		s, plus = t.info[s].from, plus+t.info[s].plus
	}
	return s, plus
}

// fixed gives the sym of a value that is the same whenever it is read.
func (t *symTable) fixed(op string, at any, imm int64) sym {
	s := t.fresh(op, 0, at, imm)
	t.info[s].config = true
	return s
}

// dependsOn reports whether s is computed from base.
func (t *symTable) dependsOn(s, base sym) bool {
	return s != 0 && slices.Contains(t.info[s].bases, base)
}

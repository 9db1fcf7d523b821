package unit

import (
	"sort"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

// ccText is what cc is given: plain C, one declaration a line, and where each
// token of it comes from.
type ccText struct {
	buf  []byte
	offs []uint32    // of each token in buf
	toks []cpp.Token // in the same order
	// lines[i] is the offset where line i+1 starts, decls[i] the declaration on it.
	lines []uint32
	items []*item
}

// decl appends a declaration on a line of its own.
func (c *ccText) decl(it *item, toks []cpp.Token) {
	c.lines = append(c.lines, uint32(len(c.buf)))
	c.items = append(c.items, it)
	var prev *cpp.Token
	for i := range toks {
		t := &toks[i]
		if prev != nil && glues(prev, t) {
			c.buf = append(c.buf, ' ')
		}
		c.offs = append(c.offs, uint32(len(c.buf)))
		c.toks = append(c.toks, *t)
		c.buf = append(c.buf, t.Text...)
		prev = t
	}
	c.buf = append(c.buf, '\n')
}

// glues tells whether two tokens would be read as other ones without a space.
func glues(a, b *cpp.Token) bool {
	if len(a.Text) == 0 || len(b.Text) == 0 {
		return false
	}
	aw, bw := a.Kind != cpp.Punct, b.Kind != cpp.Punct
	switch {
	case aw && bw:
		return a.Kind != cpp.String || b.Kind != cpp.String
	case aw:
		return a.Kind == cpp.Number && (b.Text[0] == '.' || b.Text[0] == '+' || b.Text[0] == '-')
	case bw:
		return a.Text == "." && b.Kind == cpp.Number
	}
	switch a.Text[len(a.Text)-1] {
	case '+', '-', '<', '>', '&', '|', '=', '!', '*', '/', '%', '^', '#', '.', ':':
		switch b.Text[0] {
		case '+', '-', '<', '>', '&', '|', '=', '*', '/', '#', '.', ':', '%':
			return true
		}
	}
	return false
}

// at gives the index of the token at an offset of buf, or -1.
func (c *ccText) at(off int) int {
	i := sort.Search(len(c.offs), func(i int) bool { return int(c.offs[i]) > off }) - 1
	if i < 0 || int(c.offs[i])+len(c.toks[i].Text) < off {
		return -1
	}
	return i
}

package lower

import (
	"slices"
	"strings"

	"modernc.org/cc/v4"
)

// attrs are the attributes of a declaration that matter here.
type attrs struct {
	section      string
	alwaysInline bool
	weak         bool
	packed       bool
	hidden       bool
	noreturn     bool
	aligned      int64
	cleanup      string   // function to call when the variable goes out of scope
	declTags     []string // btf_decl_tag
	typeTags     []string // btf_type_tag, and arenaTag for address space 1
}

// merge adds the attributes of another declaration of the same thing.
func (a *attrs) merge(b attrs) {
	if a.section == "" {
		a.section = b.section
	}
	a.alwaysInline = a.alwaysInline || b.alwaysInline
	a.weak = a.weak || b.weak
	a.packed = a.packed || b.packed
	a.hidden = a.hidden || b.hidden
	a.noreturn = a.noreturn || b.noreturn
	a.aligned = max(a.aligned, b.aligned)
	if a.cleanup == "" {
		a.cleanup = b.cleanup
	}
	for _, t := range b.declTags {
		if !slices.Contains(a.declTags, t) {
			a.declTags = append(a.declTags, t)
		}
	}
	for _, t := range b.typeTags {
		if !slices.Contains(a.typeTags, t) {
			a.typeTags = append(a.typeTags, t)
		}
	}
}

// attributes reads a list of __attribute__ specifiers.
func (l *lowerer) attributes(n *cc.AttributeSpecifierList) attrs {
	var a attrs
	for ; n != nil; n = n.AttributeSpecifierList {
		if n.AttributeSpecifier == nil {
			continue
		}
		for v := n.AttributeSpecifier.AttributeValueList; v != nil; v = v.AttributeValueList {
			if v.AttributeValue != nil {
				l.attribute(v.AttributeValue, &a)
			}
		}
	}
	return a
}

func (l *lowerer) attribute(v *cc.AttributeValue, a *attrs) {
	var arg cc.ExpressionNode
	if v.ArgumentExpressionList != nil {
		arg = v.ArgumentExpressionList.AssignmentExpression
	}
	str := func() string {
		s, _ := stringLiteral(arg)
		return s
	}
	name := v.Token.SrcStr()
	if t := strings.TrimPrefix(name, "__"); len(t) < len(name) {
		name = strings.TrimSuffix(t, "__")
	}
	switch name {
	case "section":
		a.section = str()
	case "always_inline":
		a.alwaysInline = true
	case "weak":
		a.weak = true
	case "packed":
		a.packed = true
	case "noreturn":
		a.noreturn = true
	case "visibility":
		a.hidden = a.hidden || str() == "hidden"
	case "aligned":
		n := int64(maxAlign)
		if arg != nil {
			n, _ = l.constant(arg)
		}
		a.aligned = max(a.aligned, n)
	case "cleanup":
		if id, ok := strip(arg).(*cc.PrimaryExpression); ok && id.Case == cc.PrimaryExpressionIdent {
			a.cleanup = id.Token.SrcStr()
		}
	case "btf_decl_tag":
		if s := str(); s != "" {
			a.declTags = append(a.declTags, s)
		}
	case "btf_type_tag":
		if s := str(); s != "" {
			a.typeTags = append(a.typeTags, s)
		}
	case "address_space":
		if n, ok := l.constant(arg); ok && n == 1 {
			a.typeTags = append(a.typeTags, arenaTag)
		}
	}
}

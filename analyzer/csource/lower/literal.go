package lower

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"modernc.org/cc/v4"
)

// stringLiteral gives the bytes of a string literal, without the terminating
// zero.
func stringLiteral(n cc.ExpressionNode) (string, bool) {
	p, ok := strip(n).(*cc.PrimaryExpression)
	if !ok || p.Case != cc.PrimaryExpressionString {
		return "", false
	}
	return unquote(p.Token.SrcStr()), true
}

// unquote decodes the body of a C string or character literal.
func unquote(s string) string {
	s = strings.TrimLeft(s, "LuU8")
	if len(s) < 2 {
		return ""
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		n := escape(s[i:], &b)
		i += n
	}
	return b.String()
}

// simpleEscapes are the one-letter escape sequences.
var simpleEscapes = map[byte]byte{
	'a': 7, 'b': 8, 'e': 27, 'f': 12, 'n': 10, 'r': 13, 't': 9, 'v': 11, '\\': '\\', '\'': '\'', '"': '"', '?': '?',
}

// escape decodes the escape sequence at the start of s and gives its length.
func escape(s string, b *strings.Builder) int {
	if c, ok := simpleEscapes[s[1]]; ok {
		b.WriteByte(c)
		return 2
	}
	digits := func(from, most int, base int) (uint64, int) {
		end := from
		for end < len(s) && end-from < most {
			if _, err := strconv.ParseUint(s[end:end+1], base, 8); err != nil {
				break
			}
			end++
		}
		v, _ := strconv.ParseUint(s[from:end], base, 64)
		return v, end
	}
	switch c := s[1]; {
	case c == 'x':
		v, end := digits(2, 2, 16)
		b.WriteByte(byte(v))
		return end
	case c == 'u' || c == 'U':
		most := 4
		if c == 'U' {
			most = 8
		}
		v, end := digits(2, most, 16)
		b.WriteString(string(utf8.AppendRune(nil, rune(v))))
		return end
	case c >= '0' && c <= '7':
		v, end := digits(1, 3, 8)
		b.WriteByte(byte(v))
		return end
	}
	b.WriteByte(s[1])
	return 2
}

// charLiteral gives the value of a character constant; char is signed.
func charLiteral(src string) int64 {
	s := unquote(src)
	switch {
	case len(s) == 1:
		return int64(int8(s[0]))
	case strings.HasPrefix(src, "'"):
		v := int64(0)
		for i := 0; i < len(s); i++ {
			v = v<<8 | int64(s[i])
		}
		return int64(int32(v))
	}
	r, _ := utf8.DecodeRuneInString(s)
	return int64(r)
}

// intLiteral gives the value and type of an integer constant (C11 6.4.4.1).
func (ts *types) intLiteral(src string) (int64, *ctype, bool) {
	s := strings.ToLower(src)
	digits := strings.TrimRight(s, "ul")
	suffix := s[len(digits):]
	base := 10
	switch {
	case strings.HasPrefix(digits, "0x"):
		base, digits = 16, digits[2:]
	case strings.HasPrefix(digits, "0b"):
		base, digits = 2, digits[2:]
	case len(digits) > 1 && digits[0] == '0':
		base, digits = 8, digits[1:]
	}
	v, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		return 0, ts.int_, false
	}
	unsigned := strings.Contains(suffix, "u")
	longs := strings.Count(suffix, "l")
	either := base != 10
	switch {
	case longs == 0 && !unsigned && v < 1<<31:
		return int64(v), ts.int_, true
	case longs == 0 && (unsigned || either) && v < 1<<32:
		return int64(v), ts.uint, true
	case unsigned || v >= 1<<63:
		if longs == 2 {
			return int64(v), ts.ullong, true
		}
		return int64(v), ts.ulong, true
	case longs == 2:
		return int64(v), ts.llong, true
	}
	return int64(v), ts.long, true
}

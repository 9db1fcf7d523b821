// Package gitignore matches paths against patterns as in a .gitignore file.
// The walk of a directory, the config's exclude list and its per-path
// overrides use the same rules, so that users learn one language.
package gitignore

import "strings"

// Matcher holds the patterns of one .gitignore file, or of one list in a
// config. The zero Matcher matches nothing.
type Matcher struct {
	patterns []pattern
}

type pattern struct {
	segments []string // split at '/'; "**" stands for any number of them
	negate   bool
	dirOnly  bool
}

// New compiles lines as git reads them (gitignore(5)): blank lines and lines
// starting with # are left out, ! negates, a trailing / matches directories
// only, a / elsewhere anchors the pattern at the Matcher's folder.
func New(lines []string) *Matcher {
	m := &Matcher{}
	for _, line := range lines {
		if p, ok := compile(line); ok {
			m.patterns = append(m.patterns, p)
		}
	}
	return m
}

// Parse compiles the contents of a .gitignore file.
func Parse(content string) *Matcher {
	return New(strings.Split(content, "\n"))
}

func compile(line string) (pattern, bool) {
	line = strings.TrimSuffix(line, "\r")
	// Trailing blanks do not count unless escaped.
	for strings.HasSuffix(line, " ") && !strings.HasSuffix(line, `\ `) {
		line = line[:len(line)-1]
	}
	if line == "" || line[0] == '#' {
		return pattern{}, false
	}
	var p pattern
	if line[0] == '!' {
		p.negate = true
		line = line[1:]
	}
	if strings.HasSuffix(line, "/") {
		p.dirOnly = true
		line = strings.TrimRight(line, "/")
	}
	anchored := strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if line == "" {
		return pattern{}, false
	}
	p.segments = strings.Split(line, "/")
	if !anchored {
		p.segments = append([]string{"**"}, p.segments...)
	}
	return p, true
}

// Result says what a Matcher decides about a path.
type Result int

// None: no pattern matches, so the decision is the parent folder's Matcher's.
const (
	None Result = iota
	Ignore
	Include // a negated pattern matches
)

// Match decides about a slash-separated path relative to the Matcher's folder.
// The last pattern that matches wins. Parents are not looked at: a walk asks
// about each folder on the way down; see MatchPath otherwise.
func (m *Matcher) Match(path string, isDir bool) Result {
	segs := strings.Split(path, "/")
	for i := len(m.patterns) - 1; i >= 0; i-- {
		p := m.patterns[i]
		if p.dirOnly && !isDir || !matchSegments(p.segments, segs) {
			continue
		}
		if p.negate {
			return Include
		}
		return Ignore
	}
	return None
}

// MatchPath reports whether a file, or a folder that it is in, is ignored.
func (m *Matcher) MatchPath(path string) bool {
	for i, c := range path {
		if c == '/' && i > 0 && m.Match(path[:i], true) == Ignore {
			return true
		}
	}
	return m.Match(path, false) == Ignore
}

// matchSegments matches whole path segments. It is iterative with one point of
// return, so that "**/**/**/x" stays linear times the number of segments.
func matchSegments(pat, path []string) bool {
	var p, s int
	backP, backS := -1, 0
	for s < len(path) {
		switch {
		case p < len(pat) && pat[p] == "**":
			if p == len(pat)-1 {
				return true // "a/**" matches everything inside, not a itself
			}
			backP, backS = p, s
			p++
		case p < len(pat) && matchSegment(pat[p], path[s]):
			p++
			s++
		case backP >= 0:
			backS++
			p, s = backP+1, backS
		default:
			return false
		}
	}
	return p == len(pat)
}

// matchSegment matches one segment with *, ?, [a-z], [!a-z] and \ escapes.
func matchSegment(pat, s string) bool {
	var p, i int
	backP, backI := -1, 0
	for i < len(s) {
		if p < len(pat) {
			if pat[p] == '*' {
				backP, backI = p, i
				p++
				continue
			}
			if n, ok := matchByte(pat[p:], s[i]); ok {
				p += n
				i++
				continue
			}
		}
		if backP < 0 {
			return false
		}
		backI++
		p, i = backP+1, backI
	}
	for p < len(pat) && pat[p] == '*' {
		p++
	}
	return p == len(pat)
}

// matchByte matches c with the single-byte pattern that pat starts with and
// gives its length.
func matchByte(pat string, c byte) (n int, ok bool) {
	switch pat[0] {
	case '?':
		return 1, true
	case '\\':
		if len(pat) > 1 {
			return 2, pat[1] == c
		}
	case '[':
		if n, ok, valid := matchClass(pat, c); valid {
			return n, ok
		}
	}
	return 1, pat[0] == c
}

// matchClass matches a bracket expression; valid is false when it is not
// closed, and [ then stands for itself.
func matchClass(pat string, c byte) (n int, ok, valid bool) {
	i := 1
	negate := i < len(pat) && (pat[i] == '!' || pat[i] == '^')
	if negate {
		i++
	}
	for first := true; i < len(pat); first = false {
		if pat[i] == ']' && !first {
			return i + 1, ok != negate, true
		}
		if pat[i] == '\\' && i+1 < len(pat) {
			i++
		}
		lo, hi := pat[i], pat[i]
		i++
		if i+1 < len(pat) && pat[i] == '-' && pat[i+1] != ']' {
			hi = pat[i+1]
			i += 2
		}
		ok = ok || lo <= c && c <= hi
	}
	return 0, false, false
}

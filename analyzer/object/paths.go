package object

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
)

// pathMapper turns the source paths that a compiler recorded into paths that
// mean something here.
type pathMapper struct {
	dir    string // working folder, absolute; "" when not known
	objDir string // the object's folder, as given
	keep   bool
	done   map[string]string
	// lines has recorded source lines by recorded path: by them a file is
	// known again that was compiled elsewhere.
	lines map[string]map[int]string
}

func newPathMapper(object string, cfg Config) *pathMapper {
	dir := cfg.Dir
	if dir == "" {
		dir, _ = os.Getwd()
	} else if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return &pathMapper{
		dir:    dir,
		objDir: filepath.Dir(object),
		keep:   cfg.KeepPaths,
		done:   make(map[string]string),
		lines:  make(map[string]map[int]string),
	}
}

// learn remembers recorded source lines.
func (m *pathMapper) learn(lines map[string][]lineInfo) {
	for _, sec := range lines {
		for _, li := range sec {
			if li.text == "" || li.line == 0 {
				continue
			}
			if m.lines[li.file] == nil {
				m.lines[li.file] = make(map[int]string)
			}
			m.lines[li.file][li.line] = li.text
		}
	}
}

// resolve gives the path to report for a recorded one: relative to the working
// folder for a file in it; for a file compiled elsewhere the one in the working
// or the object's folder that ends alike and holds the recorded lines; else the
// recorded one.
func (m *pathMapper) resolve(recorded string) string {
	if recorded == "" || m.keep {
		return recorded
	}
	if p, ok := m.done[recorded]; ok {
		return p
	}
	p := m.find(recorded)
	m.done[recorded] = p
	return p
}

func (m *pathMapper) find(recorded string) string {
	clean := filepath.Clean(recorded)
	if filepath.IsAbs(clean) {
		if isFile(clean) {
			return m.relative(clean)
		}
	} else {
		if isFile(filepath.Join(m.dir, clean)) {
			return clean
		}
		if p := filepath.Join(m.objDir, clean); isFile(m.abs(p)) {
			return m.relative(p)
		}
	}
	if p := m.findElsewhere(clean); p != "" {
		return p
	}
	return clean
}

// findElsewhere looks for ever shorter endings of the path.
func (m *pathMapper) findElsewhere(clean string) string {
	want := m.lines[clean]
	if len(want) < 3 {
		return ""
	}
	rest := strings.TrimPrefix(filepath.ToSlash(clean), "/")
	for rest != "" {
		for _, dir := range []string{".", m.objDir} {
			p := filepath.Join(dir, filepath.FromSlash(rest))
			if isFile(m.abs(p)) && holdsLines(m.abs(p), want) {
				return m.relative(p)
			}
		}
		_, rest, _ = strings.Cut(rest, "/")
	}
	return ""
}

// abs makes a path absolute by the working folder.
func (m *pathMapper) abs(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(m.dir, p)
}

// relative gives a path below the working folder relative to it, and leaves
// any other.
func (m *pathMapper) relative(p string) string {
	if !filepath.IsAbs(p) || m.dir == "" {
		return p
	}
	if r, err := filepath.Rel(m.dir, p); err == nil && r != ".." && !strings.HasPrefix(r, ".."+string(filepath.Separator)) {
		return r
	}
	return p
}

func isFile(p string) bool {
	st, err := os.Stat(p)
	return err == nil && st.Mode().IsRegular()
}

// holdsLines reports whether a file has the given text in the given lines.
func holdsLines(path string, want map[int]string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	found := 0
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		if text, ok := want[n]; ok {
			if strings.TrimSpace(text) != strings.TrimSpace(sc.Text()) {
				return false
			}
			found++
		}
	}
	return found == len(want)
}

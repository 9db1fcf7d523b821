package gomap

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// embed is an object that a go:embed line names.
type embed struct {
	pos   token.Pos
	end   token.Pos
	path  string // absolute
	tried string // the pattern as written
}

// generate is a go:generate line that runs bpf2go.
type generate struct {
	pos, end token.Pos // NoPos when the file is not part of the build
	where    Where
	ident    string
	stem     string // of the generated files
	source   string // absolute path of the C file
	cflags   []string
	// outDir and goPackage say where the generated file goes, types which C
	// types it declares besides those of maps and variables, which noTypes
	// leaves out.
	outDir    string
	goPackage string
	types     []string
	noTypes   bool
}

// maxEmbedded bounds how many objects one package's embedded trees may hold.
const maxEmbedded = 256

// embeds finds the BPF objects among the files that go:embed lines name. A
// pattern that matches nothing is returned in missing.
func embeds(fset *token.FileSet, files []*ast.File) (found []embed, missing []embed) {
	for _, file := range files {
		name := fset.Position(file.FileStart).Filename
		dir := filepath.Dir(name)
		for _, group := range file.Comments {
			for _, c := range group.List {
				rest, ok := strings.CutPrefix(c.Text, "//go:embed")
				if !ok || rest == "" || (rest[0] != ' ' && rest[0] != '\t') {
					continue
				}
				for _, pattern := range splitQuoted(rest) {
					pattern = strings.TrimPrefix(pattern, "all:")
					paths := expandEmbed(dir, pattern)
					if len(paths) == 0 && strings.HasSuffix(pattern, ".o") {
						missing = append(missing, embed{pos: c.Pos(), end: c.End(), tried: pattern, path: filepath.Join(dir, pattern)})
					}
					for _, p := range paths {
						if len(found) >= maxEmbedded {
							return found, missing
						}
						found = append(found, embed{pos: c.Pos(), end: c.End(), path: p, tried: pattern})
					}
				}
			}
		}
	}
	return found, missing
}

// expandEmbed lists the ELF files that a pattern names, as go:embed reads it: a
// directory stands for its tree.
func expandEmbed(dir, pattern string) []string {
	matches, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
	if err != nil {
		return nil
	}
	var out []string
	for _, m := range matches {
		st, err := os.Stat(m)
		if err != nil {
			continue
		}
		if st.Mode().IsRegular() {
			if strings.HasSuffix(m, ".o") || hasELFMagic(m) {
				out = append(out, m)
			}
			continue
		}
		if !st.IsDir() {
			continue
		}
		_ = filepath.WalkDir(m, func(p string, d os.DirEntry, err error) error {
			if err != nil || len(out) >= maxEmbedded {
				return filepath.SkipAll
			}
			if d.Type().IsRegular() && hasELFMagic(p) {
				out = append(out, p)
			}
			return nil
		})
	}
	return out
}

func hasELFMagic(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [4]byte
	n, _ := f.Read(head[:])
	return n == 4 && string(head[:]) == "\x7fELF"
}

// generates finds the bpf2go lines of parsed files.
func generates(fset *token.FileSet, files []*ast.File) []generate {
	var out []generate
	for _, file := range files {
		for _, group := range file.Comments {
			for _, c := range group.List {
				if g, ok := parseGenerate(c.Text, fset.Position(c.Pos()).Filename); ok {
					p := fset.Position(c.Pos())
					g.pos, g.end = c.Pos(), c.End()
					g.where = Where{p.Filename, p.Line, p.Column}
					out = append(out, g)
				}
			}
		}
	}
	return out
}

// generatesInText finds the bpf2go lines of a Go file that the build ignores.
func generatesInText(name string, text []byte) []generate {
	var out []generate
	for i, line := range strings.Split(string(text), "\n") {
		if g, ok := parseGenerate(strings.TrimSuffix(line, "\r"), name); ok {
			g.where = Where{name, i + 1, 1}
			out = append(out, g)
		}
	}
	return out
}

// parseGenerate reads "//go:generate ... bpf2go [flags] ident source [-- cflags]".
func parseGenerate(line, file string) (g generate, ok bool) {
	rest, ok := strings.CutPrefix(line, "//go:generate ")
	if !ok || !strings.Contains(rest, "bpf2go") {
		return g, false
	}
	words := splitQuoted(rest)
	i := slices.IndexFunc(words, func(w string) bool {
		w, _, _ = strings.Cut(w, "@")
		return filepath.Base(w) == "bpf2go"
	})
	if i < 0 {
		return g, false
	}
	if env := os.Getenv("BPF2GO_CFLAGS"); env != "" {
		g.cflags = strings.Fields(env)
	}
	args := g.flags(words[i+1:], file)
	if len(args) < 2 || args[0] == "" || args[1] == "" {
		return g, false
	}
	g.ident, g.source = args[0], args[1]
	if g.stem == "" {
		g.stem = strings.ToLower(g.ident)
	}
	g.makeAbsolute(filepath.Dir(file))
	return g, true
}

// flags reads bpf2go's own flags and the compiler's behind "--", and gives the
// arguments between.
func (g *generate) flags(words []string, file string) (args []string) {
	expand := func(s string) string { return expandGenerate(s, file) }
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w == "--" {
			for _, f := range words[i+1:] {
				g.cflags = append(g.cflags, strings.Fields(expand(f))...)
			}
			break
		}
		if len(args) > 0 || !strings.HasPrefix(w, "-") || w == "-" {
			args = append(args, expand(w))
			continue
		}
		name, val, has := strings.Cut(strings.TrimLeft(w, "-"), "=")
		if bpf2goBool[name] {
			g.noTypes = g.noTypes || name == "no-global-types" && val != "false"
			continue
		}
		if !has && i+1 < len(words) {
			i++
			val = words[i]
		}
		switch name {
		case "cflags":
			g.cflags = append(strings.Fields(expand(val)), g.cflags...)
		case "output-stem":
			g.stem = expand(val)
		case "output-dir":
			g.outDir = expand(val)
		case "go-package":
			g.goPackage = expand(val)
		case "type":
			g.types = append(g.types, expand(val))
		}
	}
	return args
}

// expandGenerate replaces variables as go generate does for a line of a file.
func expandGenerate(s, file string) string {
	return os.Expand(s, func(name string) string {
		switch name {
		case "GOFILE":
			return filepath.Base(file)
		case "GOPACKAGE", "GOLINE":
			return ""
		case "DOLLAR":
			return "$"
		}
		return os.Getenv(name)
	})
}

// makeAbsolute resolves paths from the directive's folder, where go generate
// runs.
func (g *generate) makeAbsolute(dir string) {
	if !filepath.IsAbs(g.source) {
		g.source = filepath.Join(dir, g.source)
	}
	if !filepath.IsAbs(g.outDir) {
		g.outDir = filepath.Join(dir, g.outDir)
	}
	for j, f := range g.cflags {
		if inc, ok := strings.CutPrefix(f, "-I"); ok && inc != "" && !filepath.IsAbs(inc) {
			g.cflags[j] = "-I" + filepath.Join(dir, inc)
		}
		if (f == "-I" || f == "-include" || f == "-isystem") && j+1 < len(g.cflags) && !filepath.IsAbs(g.cflags[j+1]) {
			g.cflags[j+1] = filepath.Join(dir, g.cflags[j+1])
		}
	}
}

// bpf2goBool are bpf2go's flags without a value (cmd/bpf2go/main.go, v0.22).
var bpf2goBool = map[string]bool{"verbose": true, "no-strip": true, "no-global-types": true, "h": true, "help": true}

// splitQuoted splits a directive at white space; "..." and `...` quote, as they
// do in go:generate and go:embed.
func splitQuoted(s string) []string {
	var out []string
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" {
			return out
		}
		switch s[0] {
		case '"', '`':
			q, err := strconv.QuotedPrefix(s)
			if err != nil {
				return append(out, s)
			}
			if u, err := strconv.Unquote(q); err == nil {
				out = append(out, u)
			}
			s = s[len(q):]
		default:
			i := strings.IndexAny(s, " \t")
			if i < 0 {
				return append(out, s)
			}
			out = append(out, s[:i])
			s = s[i:]
		}
	}
}

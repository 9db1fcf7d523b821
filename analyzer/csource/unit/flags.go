package unit

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/compileflags"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
)

var predefinedFile = func() *cpp.File {
	f := cpp.NewFile("<predefined>", predefined)
	f.Builtin = true
	return f
}()

// newResolver takes the flags apart. It gives the files to be read before the
// unit's own: the predefined macros and those of the command line.
func newResolver(cfg *Config, abs string) (r *resolver, pre, cmd *cpp.File) {
	cwd := cfg.Dir
	if cwd == "" {
		cwd, _ = os.Getwd()
	}
	r = &resolver{
		cache: cfg.Cache, cfg: cfg, cwd: cwd, dir: filepath.Dir(abs),
		opened: map[string]*cpp.File{}, found: map[string]*cpp.File{}, noted: map[string]bool{},
	}
	r.root = cfg.Root
	if r.root == "" {
		r.root = findRoot(r.dir, cwd)
	} else if a, err := filepath.Abs(r.root); err == nil {
		r.root = a
	}
	var b strings.Builder
	define := func(d string) {
		n, v, ok := strings.Cut(d, "=")
		if !ok {
			v = "1"
		}
		b.WriteString("#define " + oneLine(n) + " " + oneLine(v) + "\n")
	}
	for _, d := range cfg.IncludeDirs {
		r.dirs = append(r.dirs, r.abs(d))
	}
	for _, d := range cfg.Defines {
		define(d)
	}
	extra := cfg.ExtraFlags
	if found, ok := cfg.Cache.finder().Find(abs, r.root); ok {
		extra = append(extra[:len(extra):len(extra)], found.Args...)
		r.note("flags taken from: %s", displayPath(found.Source, cwd))
	}
	fl := parseFlags(extra)
	for _, d := range fl.dirs {
		r.dirs = append(r.dirs, r.abs(d))
	}
	for _, d := range fl.system {
		r.system = append(r.system, r.abs(d))
	}
	for _, d := range fl.quote {
		r.quote = append(r.quote, r.abs(d))
	}
	for _, d := range fl.after {
		r.after = append(r.after, r.abs(d))
	}
	for _, m := range fl.macros {
		if m.undef {
			b.WriteString("#undef " + oneLine(m.text) + "\n")
		} else {
			define(m.text)
		}
	}
	r.forced, r.mcpu = fl.forced, fl.mcpu
	if !strings.Contains(b.String(), "__TARGET_ARCH_") {
		b.WriteString("#define __TARGET_ARCH_x86 1\n")
	}
	if cfg.machine {
		m := machineMacro(b.String())
		b.WriteString("#define " + m + " 1\n#define " + strings.TrimSuffix(m, "__") + " 1\n")
		r.note("%s assumed to be defined: a header refuses to be compiled for no architecture", m)
	}
	cmd = cpp.NewFile("<command line>", b.String())
	cmd.Builtin = true
	return r, predefinedFile, cmd
}

// machineMacro gives the compiler's macro for the architecture that
// __TARGET_ARCH_ macros name; clang's BPF target defines none.
func machineMacro(macros string) string {
	for _, m := range [...][2]string{{"arm64", "__aarch64__"}, {"s390", "__s390x__"}, {"powerpc", "__powerpc64__"}, {"riscv", "__riscv"}, {"loongarch", "__loongarch64"}} {
		if strings.Contains(macros, "#define __TARGET_ARCH_"+m[0]+" ") {
			return m[1]
		}
	}
	return "__x86_64__"
}

// asksForMachine reports whether an #error is about the architecture, as in
// headers that are compiled for BPF with a macro of the machine's set by hand.
func asksForMachine(problems []cpp.Problem) bool {
	for _, p := range problems {
		if msg := strings.ToLower(p.Msg); strings.HasPrefix(msg, "#error") && strings.Contains(msg, "arch") {
			return true
		}
	}
	return false
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

func (r *resolver) abs(d string) string {
	if filepath.IsAbs(d) {
		return filepath.Clean(d)
	}
	return filepath.Join(r.cwd, d)
}

// findRoot gives the nearest parent of dir that holds .git or go.mod; else the
// working folder when dir lies in it and it is no one's home; else dir.
func findRoot(dir, cwd string) string {
	for d := dir; ; d = filepath.Dir(d) {
		for _, n := range []string{".git", "go.mod"} {
			if _, err := os.Stat(filepath.Join(d, n)); err == nil {
				return d
			}
		}
		if d == filepath.Dir(d) {
			break
		}
	}
	home, _ := os.UserHomeDir()
	if rel, err := filepath.Rel(cwd, dir); err == nil && filepath.IsLocal(rel) && cwd != filepath.Dir(cwd) && cwd != home && cwd != os.TempDir() {
		return cwd
	}
	return dir
}

// flags are clang's flags as far as they matter here.
type flags struct {
	dirs, system, quote, after, forced []string
	macros                             []macroFlag
	mcpu                               string
}

type macroFlag struct {
	text  string
	undef bool
}

// parseFlags reads clang flags, those with their argument attached and apart.
func parseFlags(args []string) (f flags) {
	for k, v := range compileflags.Relevant(args) {
		switch k {
		case "-mcpu":
			f.mcpu = v
		case "-isystem":
			f.system = append(f.system, v)
		case "-iquote":
			f.quote = append(f.quote, v)
		case "-idirafter":
			f.after = append(f.after, v)
		case "-include":
			f.forced = append(f.forced, v)
		case "-I":
			f.dirs = append(f.dirs, v)
		case "-D":
			f.macros = append(f.macros, macroFlag{text: v})
		case "-U":
			f.macros = append(f.macros, macroFlag{text: v, undef: true})
		}
	}
	return f
}

// finalNotes lists the fallbacks that were used.
func (r *resolver) finalNotes() []string {
	notes := r.notes
	if len(r.embeds) > 0 {
		var once []string
		for _, name := range r.embeds {
			if !slices.Contains(once, name) {
				once = append(once, name)
			}
		}
		notes = append(notes, "embedded headers used, not found elsewhere: "+strings.Join(once, ", "))
	}
	return notes
}

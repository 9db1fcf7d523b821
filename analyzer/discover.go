package analyzer

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/gomap"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
	"github.com/bpflockcheck/bpflockcheck/internal/gitignore"
	"github.com/bpflockcheck/bpflockcheck/internal/source"
)

// ErrNoInput is returned when there is nothing to analyse.
var ErrNoInput = errors.New("no input found")

// inputKind is what an input is read as.
type inputKind int

const (
	kindC inputKind = iota
	kindObject
)

// input is one file to analyse.
type input struct {
	path  string // as shown to the user
	abs   string
	kind  inputKind
	named bool // by the user, not found by a walk
	// keepModel: the result is to hold the model.
	keepModel bool
}

// inputs is what the arguments stand for.
type inputs struct {
	files   []input // sorted by path, each once
	golang  goInputs
	skipped []diag.Skip
	failed  []diag.Skip // named by the user and not to be had
}

// goInputs is the Go code among the inputs.
type goInputs struct {
	patterns []string // for the go command
	// only holds the Go files that were named one by one, absolute: of their
	// packages nothing else is reported. Nil when whole packages were named.
	only map[string]bool
	// seen are walked Go files with suppressions, as shown to the user.
	seen []string
}

// discoverer turns arguments into inputs.
type discoverer struct {
	o        *Options
	excluded func(string, bool) bool
	seen     map[string]int // by path without symbolic links
	out      inputs
}

// discover finds the inputs. Errors of single arguments are in the result;
// only having nothing at all to do is an error of its own.
func discover(args []string, o *Options) (*inputs, error) {
	if len(args) == 0 {
		args = []string{"./..."}
	}
	d := &discoverer{o: o, excluded: o.excluder(), seen: map[string]int{}}
	for _, arg := range args {
		d.argument(arg)
	}
	if len(d.out.files) == 0 && len(d.out.failed) == 0 && len(d.out.golang.patterns) == 0 {
		err := fmt.Errorf("%w: no BPF C file (.c with SEC(...)), no BPF object and no Go code that uses BPF maps in %s", ErrNoInput, strings.Join(args, ", "))
		for _, s := range d.out.skipped {
			err = fmt.Errorf("%w; %s: %s", err, s.Span.File, s.Reason)
		}
		return nil, err
	}
	slices.SortFunc(d.out.files, func(a, b input) int { return strings.Compare(a.path, b.path) })
	return &d.out, nil
}

func (d *discoverer) argument(arg string) {
	if dir, ok := strings.CutSuffix(filepath.ToSlash(arg), "..."); ok && (dir == "" || strings.HasSuffix(dir, "/")) {
		pattern := arg
		arg = filepath.Clean(filepath.FromSlash(dir))
		if _, err := os.Stat(d.o.abs(arg)); err != nil && filepath.IsLocal(arg) && !strings.HasPrefix(pattern, ".") {
			d.out.golang.patterns = append(d.out.golang.patterns, pattern) // an import path
			return
		}
	}
	abs := d.o.abs(arg)
	if _, ok := d.o.Overlay[abs]; ok && filepath.Ext(arg) != ".go" {
		d.add(input{path: arg, abs: abs, kind: kindC, named: true})
		return
	}
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		d.fail(arg, reason(err))
	case info.IsDir():
		d.walk(arg, abs)
	case !info.Mode().IsRegular():
		d.fail(arg, "not a regular file")
	case filepath.Ext(arg) == ".go":
		d.goFile(arg, abs)
	default:
		d.named(arg, abs)
	}
}

// noModule is why Go code is not analysed that no go.mod belongs to.
const noModule = "Go code outside of a module (no go.mod in its folder or above): the go command does not load it"

// goFile adds a Go file that was named. The go command wants its package.
func (d *discoverer) goFile(arg, abs string) {
	if !gomap.InModule(filepath.Dir(abs)) {
		d.fail(arg, noModule)
		return
	}
	d.goPattern(filepath.Dir(arg))
	if d.out.golang.only == nil {
		d.out.golang.only = map[string]bool{}
	}
	d.out.golang.only[abs] = true
	d.out.golang.seen = append(d.out.golang.seen, filepath.Clean(arg))
}

// goPattern adds a folder's package, or all packages below a folder, as the go
// command wants a folder written.
func (d *discoverer) goPattern(dir string, below ...string) {
	p := filepath.ToSlash(filepath.Join(append([]string{dir}, below...)...))
	if !filepath.IsAbs(dir) && !strings.HasPrefix(p, "../") && p != ".." {
		p = "./" + strings.TrimPrefix(p, "./")
	}
	if !slices.Contains(d.out.golang.patterns, p) {
		d.out.golang.patterns = append(d.out.golang.patterns, p)
	}
}

// named adds a file that the user named: an object when it is ELF, else C.
func (d *discoverer) named(arg, abs string) {
	machine, isELF, err := elfMachine(abs)
	in := input{path: filepath.Clean(arg), abs: abs, named: true}
	switch {
	case err != nil:
		d.fail(arg, reason(err))
		return
	case isELF && machine != elf.EM_BPF:
		d.fail(arg, fmt.Sprintf("not a BPF object: the ELF file is for %s", strings.TrimPrefix(machine.String(), "EM_")))
		return
	case isELF:
		in.kind = kindObject
	}
	d.add(in)
}

func (d *discoverer) fail(path, reason string) {
	d.out.failed = append(d.out.failed, diag.Skip{Span: position.Span{File: path}, Reason: reason, Fatal: true})
}

func (d *discoverer) add(in input) {
	real := in.abs
	if r, err := filepath.EvalSymlinks(in.abs); err == nil {
		real = r
	}
	if i, ok := d.seen[real]; ok {
		// Named beats found: a failure is then the user's business.
		d.out.files[i].named = d.out.files[i].named || in.named
		return
	}
	d.seen[real] = len(d.out.files)
	d.out.files = append(d.out.files, in)
}

// reason gives an error without the path, which is printed before it.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

// skippedDir reports whether a walk never enters a folder: version control,
// hidden folders, and other people's code.
func skippedDir(name string) bool {
	return name == "vendor" || name == "node_modules" || len(name) > 1 && name[0] == '.' && name != ".."
}

// walk adds the BPF C files and objects below a folder.
func (d *discoverer) walk(arg, root string) {
	ignore := newIgnoreStack(root)
	usesMaps := false
	err := filepath.WalkDir(root, func(abs string, e fs.DirEntry, err error) error {
		path := d.shown(arg, root, abs)
		if err != nil {
			if abs == root {
				return err
			}
			d.out.skipped = append(d.out.skipped, diag.Skip{Span: position.Span{File: path}, Reason: reason(err), Fatal: true})
			if e != nil && e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.IsDir() {
			if abs != root && (skippedDir(e.Name()) || ignore.ignored(abs, true) || d.excluded(abs, true)) {
				return fs.SkipDir
			}
			ignore.enter(abs)
			return nil
		}
		if !regular(abs, e) || ignore.ignored(abs, false) || d.excluded(abs, false) {
			return nil
		}
		if filepath.Ext(abs) == ".go" {
			maps, suppressions := sniffGo(abs)
			if maps && !gomap.InModule(filepath.Dir(abs)) {
				d.out.skipped = append(d.out.skipped, diag.Skip{Span: position.Span{File: path}, Reason: noModule})
				return nil
			}
			usesMaps = usesMaps || maps
			if suppressions {
				d.out.golang.seen = append(d.out.golang.seen, path)
			}
			return nil
		}
		kind, ok, err := sniff(abs)
		switch {
		case err != nil:
			if filepath.Ext(abs) == ".c" {
				d.out.skipped = append(d.out.skipped, diag.Skip{Span: position.Span{File: path}, Reason: reason(err), Fatal: true})
			}
		case ok:
			d.add(input{path: path, abs: abs, kind: kind})
		}
		return nil
	})
	if err != nil {
		d.fail(arg, reason(err))
	}
	if usesMaps {
		d.goPattern(arg, "...")
	}
}

// mapLibraries are the import paths, less what versions and subpackages add,
// of the libraries whose calls are judged. Go code that imports none of them
// is not handed to the go command, which would have to load it all. A file that
// has bpf2go run uses a map without importing anything, as long as what bpf2go
// generates is not there.
var mapLibraries = [][]byte{
	[]byte("github.com/cilium/ebpf"), []byte("github.com/aquasecurity/libbpfgo"), []byte("github.com/iovisor/gobpf"), []byte("DataDog/ebpf-manager"),
	[]byte("bpf2go"),
}

// sniffGo reports whether a Go file uses a map library, and whether it may
// hold suppressions.
func sniffGo(abs string) (maps, suppressions bool) {
	info, err := os.Stat(abs)
	if err != nil || info.Size() > source.MaxSize {
		return false, false
	}
	b, err := os.ReadFile(abs)
	if err != nil {
		return false, false // the go command names it
	}
	maps = slices.ContainsFunc(mapLibraries, func(lib []byte) bool { return bytes.Contains(b, lib) })
	return maps, maps && bytes.Contains(b, []byte("bpflockcheck"))
}

// shown gives the path of a walked file in the form of the argument.
func (d *discoverer) shown(arg, root, abs string) string {
	rel, err := filepath.Rel(root, abs)
	if err != nil {
		return abs
	}
	return filepath.Join(arg, rel)
}

// regular reports whether an entry is a regular file or a link to one.
func regular(abs string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(abs)
		return err == nil && info.Mode().IsRegular()
	}
	return e.Type().IsRegular()
}

// sniff says whether a walked file is BPF, and of which kind.
func sniff(abs string) (kind inputKind, ok bool, err error) {
	machine, isELF, err := elfMachine(abs)
	if err != nil {
		return 0, false, err
	}
	if isELF {
		return kindObject, machine == elf.EM_BPF, nil
	}
	if filepath.Ext(abs) != ".c" {
		return 0, false, nil
	}
	info, err := os.Stat(abs)
	if err != nil {
		return 0, false, err
	}
	if info.Size() > source.MaxSize {
		return 0, false, fmt.Errorf("larger than %d MiB", source.MaxSize>>20)
	}
	b, err := os.ReadFile(abs)
	if err != nil {
		return 0, false, err
	}
	return kindC, usesSEC(b), nil
}

// elfMachine reads an ELF header as far as the machine.
func elfMachine(abs string) (machine elf.Machine, isELF bool, err error) {
	f, err := os.Open(abs)
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	var h [20]byte // e_ident, e_type, e_machine
	n, err := io.ReadFull(f, h[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, false, err
	}
	if !bytes.HasPrefix(h[:n], []byte(elf.ELFMAG)) {
		return 0, false, nil
	}
	if n < len(h) {
		return elf.EM_NONE, true, nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(h[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	return elf.Machine(order.Uint16(h[18:])), true, nil
}

// usesSEC reports whether C code places something in a section with libbpf's
// SEC macro: not in a comment, a string, or the macro's own definition. Lines
// are judged one by one, which is enough to leave userspace code out that
// only talks about it.
func usesSEC(src []byte) bool {
	for off := 0; ; {
		i := bytes.Index(src[off:], []byte("SEC("))
		if i < 0 {
			return false
		}
		at := off + i
		off = at + len("SEC(")
		if at > 0 && (src[at-1] == '_' || src[at-1] >= 'A' && src[at-1] <= 'Z' || src[at-1] >= 'a' && src[at-1] <= 'z' || src[at-1] >= '0' && src[at-1] <= '9') {
			continue
		}
		before := bytes.TrimSpace(src[bytes.LastIndexByte(src[:at], '\n')+1 : at])
		switch {
		case bytes.Contains(before, []byte("//")), bytes.HasPrefix(before, []byte("*")), bytes.HasPrefix(before, []byte("/*")) && !bytes.Contains(before, []byte("*/")):
		case bytes.Count(before, []byte{'"'})%2 == 1:
		case bytes.HasPrefix(before, []byte("#")) && bytes.HasSuffix(before, []byte("define")):
		default:
			return true
		}
	}
}

// ignoreStack holds the .gitignore files that apply to a walk: those of the
// folders walked, and of the folders above them in the same repository.
type ignoreStack struct {
	byDir map[string]*gitignore.Matcher
	top   string // the repository's root, or the walk's
}

func newIgnoreStack(root string) *ignoreStack {
	s := &ignoreStack{byDir: map[string]*gitignore.Matcher{}, top: root}
	if repo := gitignore.RepositoryRoot(root); repo != "" {
		s.top = repo
		if b, err := os.ReadFile(filepath.Join(repo, ".git", "info", "exclude")); err == nil {
			s.byDir[""] = gitignore.Parse(string(b))
		}
		for dir := root; dir != repo; {
			dir = filepath.Dir(dir)
			s.enter(dir)
		}
	}
	return s
}

func (s *ignoreStack) enter(dir string) {
	if b, err := os.ReadFile(filepath.Join(dir, ".gitignore")); err == nil {
		s.byDir[dir] = gitignore.Parse(string(b))
	}
}

// ignored asks the folders from the file's upwards; the nearest that says
// anything decides.
func (s *ignoreStack) ignored(abs string, isDir bool) bool {
	ask := func(m *gitignore.Matcher, dir string) gitignore.Result {
		rel, err := filepath.Rel(dir, abs)
		if m == nil || err != nil {
			return gitignore.None
		}
		return m.Match(filepath.ToSlash(rel), isDir)
	}
	for dir := filepath.Dir(abs); ; dir = filepath.Dir(dir) {
		if r := ask(s.byDir[dir], dir); r != gitignore.None {
			return r == gitignore.Ignore
		}
		if dir == s.top || dir == filepath.Dir(dir) {
			break
		}
	}
	return ask(s.byDir[""], s.top) == gitignore.Ignore
}

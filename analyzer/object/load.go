package object

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/cilium/ebpf/btf"

	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/position"
)

// Errors that Load wraps. Everything else that stands in the way of reading an
// object is an error of debug/elf or of the operating system.
var (
	// ErrNotELF: the file does not start as an ELF file does.
	ErrNotELF = errors.New("not an ELF file")
	// ErrNotBPF: an ELF file for another machine, or no relocatable object.
	ErrNotBPF = errors.New("not a BPF object")
	// ErrStripped: without a symbol table no map and no function is known.
	ErrStripped = errors.New("no symbol table (stripped object)")
)

// Config says how an object is read.
type Config struct {
	// Dir is the working folder: recorded source paths under it are made
	// relative to it. Empty means the process's.
	Dir string
	// KeepPaths leaves source paths as the compiler recorded them.
	KeepPaths bool
}

// Load lowers the object in the file path. The unit holds whatever could be
// lowered; what could not is in its Skipped. An error means that nothing could.
func Load(ctx context.Context, path string, cfg Config) (*ir.Unit, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", path, ErrNotELF)
	}
	return loadReader(ctx, path, f, cfg)
}

// LoadReader is Load for an object in memory; name is its path for messages.
func LoadReader(name string, r io.ReaderAt, cfg Config) (*ir.Unit, error) {
	return loadReader(context.Background(), name, r, cfg)
}

// IsELF reports whether a file that starts with head is an ELF file. Four
// bytes are enough.
func IsELF(head []byte) bool {
	return len(head) >= 4 && string(head[:4]) == elf.ELFMAG
}

// headerLen is how many bytes of a header are looked at: e_ident, e_type, e_machine.
const headerLen = 20

func loadReader(ctx context.Context, name string, r io.ReaderAt, cfg Config) (u *ir.Unit, err error) {
	// The libraries below are not all written for hostile input; an object
	// that breaks one of them must not end the whole run.
	defer func() {
		if p := recover(); p != nil {
			u, err = nil, fmt.Errorf("%s: malformed object: %v", name, p)
		}
	}()
	file, err := openFile(name, r)
	if err != nil {
		return nil, err
	}
	l := &loader{
		ctx:   ctx,
		name:  name,
		cfg:   cfg,
		file:  file,
		unit:  &ir.Unit{Name: name, Evidence: diag.FromObject},
		paths: newPathMapper(name, cfg),
	}
	if err := l.load(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return l.unit, nil
}

// loader is the state of lowering one object.
type loader struct {
	ctx  context.Context
	name string
	cfg  Config
	file *file
	unit *ir.Unit

	btf   *btfData // nil without BTF
	types *typeConverter
	dwarf *dwarfInfo // never nil
	paths *pathMapper

	maps       map[int][]mapVar      // by section, sorted by offset
	globals    map[int][]*sectionVar // by section, sorted by offset
	externs    map[string]*ir.Global // .kconfig and .ksyms variables by name
	pseudo     map[int]*ir.Global    // whole sections
	mapSecs    map[int]bool          // sections that hold map definitions
	externMaps map[string]*ir.Map
	extRead    map[string]bool // sections, by name, that BTF's line information went to
	funcs      []*function     // by section and offset
	funcAt     map[symKey]*function
}

// symKey is a place in a section.
type symKey struct {
	sec int
	off uint64
}

// localType gives a type by its number in the object's BTF, as bpf_obj_new
// names it.
func (l *loader) localType(id int64) *ir.Type {
	if l.btf == nil || id <= 0 || id > math.MaxUint32 {
		return nil
	}
	t, err := l.btf.spec.TypeByID(btf.TypeID(id))
	if err != nil {
		return nil
	}
	return l.types.convert(t)
}

func (l *loader) load() error {
	l.loadBTF()
	l.loadDWARF()
	l.types = newTypeConverter(l.dwarf, l.paths)
	l.unit.LocalType = l.localType
	l.loadMaps()
	l.loadGlobals()
	if err := l.loadFuncs(); err != nil {
		return err
	}
	for _, fn := range l.funcs {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		l.lowerFunc(fn)
	}
	l.loadStructOps()
	return nil
}

// skip records what could not be lowered.
func (l *loader) skip(pos *position.Pos, function, format string, args ...any) {
	s := diag.Skip{Function: function, Reason: fmt.Sprintf(format, args...)}
	if pos != nil {
		s.Span = pos.Span
	}
	if s.Span.File == "" {
		s.Span.File = l.name
	}
	l.unit.Skipped = append(l.unit.Skipped, s)
}

// note adds a remark about how the object was read.
func (l *loader) note(format string, args ...any) {
	l.unit.Notes = append(l.unit.Notes, fmt.Sprintf(format, args...))
}

package unit

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/headers"
)

// systemDirs are searched after the repository.
var systemDirs = []string{"/usr/local/include", "/usr/include", "/usr/include/x86_64-linux-gnu"}

// resolver finds headers: beside the file (quoted form), in the folders that
// flags name, in the repository by path suffix, in the system's folders, and last
// among the embedded ones.
type resolver struct {
	cache  *Cache
	cfg    *Config
	cwd    string
	dir    string               // of the unit's file, absolute
	root   string               // of the repository, absolute
	quote  []string             // -iquote
	dirs   []string             // -I
	system []string             // -isystem
	after  []string             // -idirafter
	opened map[string]*cpp.File // by absolute path; nil: does not exist
	found  map[string]*cpp.File // by name as looked up in the repository and after
	notes  []string
	noted  map[string]bool
	embeds []string // embedded headers used
	btf    *btfSource
	forced []string // -include
	mcpu   string   // -mcpu's argument
}

// Resolve implements cpp.Resolver.
func (r *resolver) Resolve(name string, quoted, next bool, from *cpp.File) (*cpp.File, error) {
	if strings.ContainsRune(name, 0) {
		return nil, fmt.Errorf("invalid name")
	}
	if filepath.IsAbs(name) {
		return r.try("", name)
	}
	if next {
		return r.next(name, from)
	}
	if quoted && from != nil {
		if strings.HasPrefix(from.Key, embeddedPrefix) {
			if f := r.embedded(path.Join(path.Dir(strings.TrimPrefix(from.Key, embeddedPrefix)), name)); f != nil {
				return f, nil
			}
		} else if f, err := r.try(filepath.Dir(from.Key), name); f != nil || err != nil {
			return f, err
		}
		for _, d := range r.quote {
			if f, err := r.try(d, name); f != nil || err != nil {
				return f, err
			}
		}
	}
	for _, d := range r.dirs {
		if f, err := r.try(d, name); f != nil || err != nil {
			return f, err
		}
	}
	for _, d := range r.system {
		if f, err := r.try(d, name); f != nil || err != nil {
			return f, err
		}
	}
	// Nearest to the file that includes it: a library in the repository finds its own.
	dir := r.dir
	if from != nil && filepath.IsAbs(from.Key) && strings.HasPrefix(from.Key, r.root+string(filepath.Separator)) {
		dir = filepath.Dir(from.Key)
	}
	key := dir + "\x00" + name
	if f, ok := r.found[key]; ok {
		return f, nil
	}
	f, err := r.elsewhere(name, dir)
	r.found[key] = f
	return f, err
}

// elsewhere looks where no flag points to.
func (r *resolver) elsewhere(name, dir string) (*cpp.File, error) {
	if headers.Freestanding(name) {
		// The compiler's own, whatever the system has.
		if f := r.embedded(name); f != nil {
			return f, nil
		}
	}
	uapi := strings.HasPrefix(name, "linux/") || strings.HasPrefix(name, "asm/") || strings.HasPrefix(name, "asm-generic/")
	if !headers.Hosted(name) {
		if f := r.inRepository(name, dir, uapi); f != nil {
			return f, nil
		}
	}
	if base := path.Base(name); strings.HasPrefix(base, "vmlinux") && strings.HasSuffix(base, ".h") {
		return r.kernelTypes(name), nil
	}
	if headers.Libbpf(name) {
		if f := r.embedded(name); f != nil {
			r.embeds = append(r.embeds, name)
			return f, nil
		}
	}
	for _, d := range slices.Concat(systemDirs, r.after) {
		if f, err := r.try(d, name); f != nil || err != nil {
			return f, err
		}
	}
	if _, ok := headers.Read("bpf/" + name); ok && !strings.Contains(name, "/") {
		// bpf_helper_defs.h is made when libbpf is built; other files of libbpf are
		// included without their folder by some.
		f, err := r.Resolve("bpf/"+name, false, false, nil)
		if f != nil {
			r.note("header %s found as %s", name, f.Path)
		}
		return f, err
	}
	if f := r.embedded(name); f != nil {
		r.embeds = append(r.embeds, name)
		return f, nil
	}
	if uapi {
		return r.inRepository(name, dir, false), nil
	}
	if rest, ok := strings.CutPrefix(name, "uapi/"); ok {
		// So the kernel's own code spells what is installed without the folder.
		f, err := r.Resolve(rest, false, false, nil)
		if f != nil {
			r.note("header %s found as %s", name, f.Path)
		}
		return f, err
	}
	return nil, nil
}

// next continues the search behind the folder that from was found in.
func (r *resolver) next(name string, from *cpp.File) (*cpp.File, error) {
	all := slices.Concat(r.dirs, r.system, systemDirs, r.after)
	start := 0
	if from != nil {
		for i, d := range all {
			if strings.HasPrefix(from.Key, d+string(filepath.Separator)) {
				start = i + 1
				break
			}
		}
	}
	for _, d := range all[start:] {
		if f, err := r.try(d, name); err != nil || f != nil && (from == nil || f.Key != from.Key) {
			return f, err
		}
	}
	return r.embedded(name), nil
}

// try opens dir/name. Both results are nil when there is no such file.
func (r *resolver) try(dir, name string) (*cpp.File, error) {
	abs := filepath.Join(dir, name)
	if f, ok := r.opened[abs]; ok {
		return f, nil
	}
	if data, ok := r.cfg.Overlay[abs]; ok {
		f := cpp.NewFile(displayPath(abs, r.cwd), string(data))
		f.Key = abs
		r.opened[abs] = f
		return f, nil
	}
	f, err := r.cache.open(abs, displayPath(abs, r.cwd), maxHeader)
	if err != nil && (os.IsNotExist(err) || !strings.Contains(err.Error(), "too large")) {
		err = nil
		f = nil
	}
	r.opened[abs] = f
	return f, err
}

const embeddedPrefix = "<bpflockcheck>/"

var embeddedFiles sync.Map // name → *cpp.File

// embedded gives one of the headers that come with the tool.
func (r *resolver) embedded(name string) *cpp.File {
	if f, ok := embeddedFiles.Load(name); ok {
		return f.(*cpp.File)
	}
	text, ok := headers.Read(name)
	if !ok {
		return nil
	}
	f := cpp.NewFile(embeddedPrefix+name, text)
	f.System = true
	actual, _ := embeddedFiles.LoadOrStore(name, f)
	return actual.(*cpp.File)
}

func (r *resolver) note(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if !r.noted[s] {
		r.noted[s] = true
		r.notes = append(r.notes, s)
	}
}

// inRepository finds a header by its path's suffix, nearest first.
// With userAPI, headers inside a kernel tree that are not meant for users are left out.
func (r *resolver) inRepository(name, dir string, userAPI bool) *cpp.File {
	if r.root == "" {
		return nil
	}
	for strings.HasPrefix(name, "../") {
		name = name[3:] // relative to a folder that some -I names
	}
	t := r.cache.tree(r.root)
	best := t.nearest(name, dir, userAPI)
	if best == "" {
		return nil
	}
	f, err := r.try("", best)
	if f == nil || err != nil {
		return nil
	}
	r.note("header %s found as %s", name, f.Path)
	return f
}

// tree lists the headers of a repository by their last path element.
type tree struct {
	made   time.Time
	once   sync.Once
	byBase map[string][]string

	mu       sync.Mutex
	internal map[string]bool // folders of headers that are the kernel's own
}

// treeAge is how long a listing is good for, in a process that goes on.
const treeAge = 30 * time.Second

// maxTree bounds the entries of a repository that are looked at.
const maxTree = 200_000

func (c *Cache) tree(root string) *tree {
	c.mu.Lock()
	t := c.trees[root]
	if t == nil || time.Since(t.made) > treeAge {
		t = &tree{made: time.Now()}
		c.trees[root] = t
	}
	c.mu.Unlock()
	t.once.Do(func() { t.walk(root) })
	return t
}

func (t *tree) walk(root string) {
	t.byBase = map[string][]string{}
	seen := 0
	_ = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if seen++; seen > maxTree {
			return fs.SkipAll
		}
		n := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(n, ".") && n != ".output" || n == "node_modules" || n == "target") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(n, ".h") || strings.HasSuffix(n, ".inc") || strings.HasSuffix(n, ".c") && strings.Contains(n, ".bpf.") {
			t.byBase[n] = append(t.byBase[n], p)
		}
		return nil
	})
}

// otherArch are folder names of machines other than the one analysed for.
var otherArch = map[string]bool{
	"arm": true, "arm64": true, "aarch64": true, "powerpc": true, "ppc64": true, "ppc64le": true, "riscv": true, "riscv64": true, "s390": true, "s390x": true,
	"loongarch": true, "loongarch64": true, "mips": true, "mips64": true, "sparc": true, "parisc": true, "alpha": true, "xtensa": true, "sh": true, "m68k": true,
	"arc": true, "csky": true, "hexagon": true, "microblaze": true, "nios2": true, "openrisc": true, "um": true, "ia64": true,
}

// nearest gives the path with suffix name that is closest to dir, or "".
func (t *tree) nearest(name, dir string, userAPI bool) string {
	suffix := string(filepath.Separator) + filepath.FromSlash(path.Clean(name))
	best, bestKey := "", [5]int{}
	for _, p := range t.byBase[path.Base(name)] {
		if !strings.HasSuffix(p, suffix) {
			continue
		}
		if userAPI && t.kernelInternal(strings.TrimSuffix(p, suffix)) {
			continue
		}
		k := nearness(p, suffix, dir)
		if best == "" || slices.Compare(k[:], bestKey[:]) < 0 || k == bestKey && p < best {
			best, bestKey = p, k
		}
	}
	return best
}

// kernelInternal tells whether the headers below dir are the kernel's own: include
// and tools/include, and include/uapi, which needs them. tools/include/uapi stands
// alone.
func (t *tree) kernelInternal(dir string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v, ok := t.internal[dir]; ok {
		return v
	}
	has := func(d string) bool {
		_, err := os.Stat(filepath.Join(d, "linux", "compiler_types.h"))
		return err == nil
	}
	v := filepath.Base(dir) == "include" && has(dir)
	if parent := filepath.Dir(dir); !v && filepath.Base(dir) == "uapi" {
		v = filepath.Base(parent) == "include" && filepath.Base(filepath.Dir(parent)) != "tools"
	}
	if t.internal == nil {
		t.internal = map[string]bool{}
	}
	t.internal[dir] = v
	return v
}

// nearness orders candidates: another machine's last, then by how far up from dir
// one must go, then user API before kernel-internal headers, then by depth.
func nearness(p, suffix, dir string) [5]int {
	at := strings.TrimSuffix(p, suffix)
	up, common := 0, dir
	for common != at && !strings.HasPrefix(at, common+string(filepath.Separator)) && common != filepath.Dir(common) {
		common = filepath.Dir(common)
		up++
	}
	down := strings.TrimPrefix(strings.TrimPrefix(at, common), string(filepath.Separator))
	var k [5]int
	parts := strings.Split(down, string(filepath.Separator))
	if down == "" {
		parts = nil
	}
	uapi := false
	for _, e := range parts {
		if otherArch[e] {
			k[0] = 1
		}
		if e == "uapi" {
			uapi = true
		}
	}
	k[1] = up
	if !uapi {
		k[2] = 1
	}
	k[3] = len(parts)
	return k
}

package unit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/btfheader"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/compileflags"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/cpp"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/hdrindex"
)

// Cache keeps the files that several units read, cut into tokens or indexed, and
// what is known of the repository. Its methods may be called at the same time.
// A file that changed on disk is read again.
type Cache struct {
	mu    sync.Mutex
	files map[string]*cached
	trees map[string]*tree
	btf   map[string]*btfEntry
	flags *compileflags.Finder
	// flagsMade is when flags was made: what it remembers ages like the listings.
	flagsMade time.Time
}

// finder gives what is known of the projects' flags.
func (c *Cache) finder() *compileflags.Finder {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flags == nil || time.Since(c.flagsMade) > treeAge {
		c.flags, c.flagsMade = compileflags.NewFinder(), time.Now()
	}
	return c.flags
}

// NewCache makes an empty cache, to be shared by the units of one run.
func NewCache() *Cache {
	return &Cache{files: map[string]*cached{}, trees: map[string]*tree{}, btf: map[string]*btfEntry{}}
}

// Rescan forgets what is known of repositories, so that headers and files of
// compiler flags that were added or removed are noticed, and flags that changed.
// Headers that changed are noticed without it.
func (c *Cache) Rescan() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.trees)
	c.flags = nil
}

type cached struct {
	once sync.Once
	size int64
	time time.Time
	file *cpp.File
	err  error
}

// maxHeader bounds the files that are read as headers; vmlinux.h has 2 to 4 MB.
const maxHeader = 64 << 20

var errTooLarge = errors.New("file too large")

// open reads the file at an absolute path; display is what positions show.
func (c *Cache) open(abs, display string, limit int64) (*cpp.File, error) {
	st, err := os.Stat(abs)
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		return nil, fmt.Errorf("%s: is a directory", display)
	}
	if !st.Mode().IsRegular() && st.Mode()&os.ModeCharDevice == 0 && st.Mode()&os.ModeNamedPipe == 0 {
		return nil, fmt.Errorf("%s: not a regular file", display)
	}
	if st.Size() > limit {
		return nil, fmt.Errorf("%w: %d MB, the limit is %d MB", errTooLarge, st.Size()>>20, limit>>20)
	}
	key := abs + "\x00" + display
	c.mu.Lock()
	e := c.files[key]
	if e == nil || e.size != st.Size() || !e.time.Equal(st.ModTime()) {
		e = &cached{size: st.Size(), time: st.ModTime()}
		c.files[key] = e
	}
	c.mu.Unlock()
	e.once.Do(func() {
		data, err := readLimited(abs, st.Size(), limit)
		if err != nil {
			e.err = err
			return
		}
		e.file = cpp.NewFile(display, data)
		e.file.Key = abs
		e.file.System = strings.HasPrefix(abs, "/usr/")
	})
	return e.file, e.err
}

// readLimited reads a file that may be a device, without end.
func readLimited(path string, size, limit int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	// One byte more than the file has, to see its end in the same call.
	data := make([]byte, 0, size+1)
	for {
		n, err := f.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if int64(len(data)) > limit {
			return "", fmt.Errorf("%w: the limit is %d MB", errTooLarge, limit>>20)
		}
		if err == io.EOF {
			return unsafe.String(unsafe.SliceData(data), len(data)), nil
		}
		if err != nil {
			return "", err
		}
		if len(data) == cap(data) {
			data = slices.Grow(data, max(512, len(data)))
		}
	}
}

// indexed gives the division of a big header of declarations, or nil.
func indexed(f *cpp.File) *hdrindex.Index {
	x, _ := f.Index(func() any {
		if !hdrindex.LooksLikeDeclarations(f.Src) && f.Path != embeddedPrefix+"vmlinux.h" {
			return (*hdrindex.Index)(nil)
		}
		return hdrindex.New(f.Src)
	}).(*hdrindex.Index)
	return x
}

// displayPath is how a path is shown: relative to the working folder when it is
// below it, as the file itself was given otherwise.
func displayPath(abs, cwd string) string {
	if cwd != "" {
		if rel, err := filepath.Rel(cwd, abs); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return abs
}

type btfEntry struct {
	once   sync.Once
	header *btfheader.Header
	err    error
}

// btfHeader reads the BTF file at path, once.
func (c *Cache) btfHeader(path string) (*btfheader.Header, error) {
	c.mu.Lock()
	e := c.btf[path]
	if e == nil {
		e = &btfEntry{}
		c.btf[path] = e
	}
	c.mu.Unlock()
	e.once.Do(func() { e.header, e.err = btfheader.Load(path) })
	return e.header, e.err
}

package gomap

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"

	"github.com/bpflockcheck/bpflockcheck/analyzer/csource"
	"github.com/bpflockcheck/bpflockcheck/analyzer/csource/unit"
	"github.com/bpflockcheck/bpflockcheck/analyzer/diag"
	"github.com/bpflockcheck/bpflockcheck/analyzer/flow"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/object"
	"github.com/bpflockcheck/bpflockcheck/rules"
)

// companion is one BPF unit that belongs to a Go package.
type companion struct {
	unit  *ir.Unit
	model *model.Model
	err   error
	// findings are those of the rules on BPF code, made on demand.
	findings []diag.Finding
	checked  bool
	// dir is the folder of the file that was read.
	dir string
}

// locate finds a source file under the name that debug information has for it:
// bpf2go records paths relative to the object's folder.
func (c *companion) locate(file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	if p := existing(filepath.Join(c.dir, file)); p != "" {
		return p
	}
	return file
}

// readObject adds the maps of an object to the package.
func (pk *pkg) readObject(ctx context.Context, path, stem string) (*companion, error) {
	c := units.load(ctx, path, path, func() (*ir.Unit, error) {
		return object.Load(ctx, path, object.Config{KeepPaths: true})
	})
	if c.err != nil {
		return nil, c.err
	}
	pk.maps = append(pk.maps, mapsOf(c.unit, c.model, stem, c.locate)...)
	return c, nil
}

// readSource adds the maps of a bpf2go line's C source to the package.
func (pk *pkg) readSource(ctx context.Context, g generate) (*companion, error) {
	c, err := loadSource(ctx, g)
	if err != nil {
		return nil, err
	}
	pk.maps = append(pk.maps, mapsOf(c.unit, c.model, g.stem, c.locate)...)
	return c, nil
}

// loadSource reads the C file of a bpf2go line with that line's flags.
func loadSource(ctx context.Context, g generate) (*companion, error) {
	key := fmt.Sprintf("%s %q", g.source, g.cflags)
	c := units.load(ctx, key, g.source, func() (*ir.Unit, error) {
		return csource.Load(ctx, g.source, unit.Config{ExtraFlags: g.cflags})
	})
	return c, c.err
}

// units remembers what was read, for several packages and test variants that
// name one object.
var units unitCache

type unitCache struct {
	mu   sync.Mutex
	have map[string]*companion
}

// load reads a unit once for each state of the file.
func (c *unitCache) load(ctx context.Context, key, path string, read func() (*ir.Unit, error)) *companion {
	st, err := os.Stat(path)
	if err != nil {
		return &companion{err: err}
	}
	key = fmt.Sprintf("%s %d %d", key, st.Size(), st.ModTime().UnixNano())
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.have[key]; e != nil {
		return e
	}
	e := &companion{dir: filepath.Dir(path)}
	e.guard(func() {
		e.unit, e.err = read()
		if e.err == nil {
			e.model = flow.Analyze(ctx, e.unit, flow.Config{})
			// Several packages may judge the unit at once, which the rewriter
			// is not made for; its fixes would be for files that go vet does
			// not change.
			e.unit.Rewrite = nil
		}
	})
	if ctx.Err() != nil {
		return &companion{err: ctx.Err()} // half done: not worth keeping
	}
	if c.have == nil {
		c.have = make(map[string]*companion)
	}
	c.have[key] = e
	return e
}

// check gives the findings in the unit itself.
func (c *unitCache) check(e *companion) []diag.Finding {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !e.checked && e.model != nil {
		e.checked = true
		e.guard(func() { e.findings = rules.Run([]*model.Model{e.model}, rules.Config{}) })
	}
	return e.findings
}

// guard turns a panic into an error: a defect that one input brings out must
// not cost the others theirs.
func (c *companion) guard(f func()) {
	defer func() {
		if v := recover(); v != nil {
			c.err = fmt.Errorf("internal error, please report it: %v\n%s", v, debug.Stack())
		}
	}()
	f()
}

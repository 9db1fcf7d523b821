package gomap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/bpflockcheck/bpflockcheck/analyzer/flow"
	"github.com/bpflockcheck/bpflockcheck/analyzer/ir"
	"github.com/bpflockcheck/bpflockcheck/analyzer/model"
	"github.com/bpflockcheck/bpflockcheck/analyzer/object"
)

// readObject adds the maps of an object to the package.
func (pk *pkg) readObject(ctx context.Context, path, unit string) error {
	u, m, err := units.object(ctx, path)
	if err != nil {
		return err
	}
	pk.maps = append(pk.maps, mapsOf(u, m, unit)...)
	return nil
}

// errNoSource says that C sources cannot be read.
var errNoSource = errors.New("no C front end")

// readSource adds the maps of a bpf2go line's C source to the package.
func (pk *pkg) readSource(ctx context.Context, g generate) error {
	if _, err := os.Stat(g.source); err != nil {
		return err
	}
	u, m, err := units.source(ctx, g)
	if err != nil {
		return err
	}
	pk.maps = append(pk.maps, mapsOf(u, m, g.stem)...)
	return nil
}

// units remembers what was read, for several packages and test variants that
// name one object.
var units unitCache

type unitCache struct {
	mu   sync.Mutex
	have map[string]*unitEntry
}

type unitEntry struct {
	unit  *ir.Unit
	model *model.Model
	err   error
}

func (c *unitCache) object(ctx context.Context, path string) (*ir.Unit, *model.Model, error) {
	return c.load(ctx, path, path, func() (u *ir.Unit, err error) { return object.Load(ctx, path, object.Config{KeepPaths: true}) })
}

func (c *unitCache) source(ctx context.Context, g generate) (*ir.Unit, *model.Model, error) {
	return nil, nil, errNoSource
}

// load reads a unit once for each state of the file.
func (c *unitCache) load(ctx context.Context, key, path string, read func() (*ir.Unit, error)) (u *ir.Unit, m *model.Model, err error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	key = fmt.Sprintf("%s %d %d", key, st.Size(), st.ModTime().UnixNano())
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.have[key]; e != nil {
		return e.unit, e.model, e.err
	}
	e := new(unitEntry)
	func() {
		defer func() {
			if v := recover(); v != nil {
				e.err = fmt.Errorf("internal error: %v", v)
			}
		}()
		e.unit, e.err = read()
		if e.err == nil {
			e.model = flow.Analyze(ctx, e.unit, flow.Config{})
		}
	}()
	if c.have == nil {
		c.have = make(map[string]*unitEntry)
	}
	c.have[key] = e
	return e.unit, e.model, e.err
}

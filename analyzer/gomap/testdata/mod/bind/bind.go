// Package bind has the ways in which Go code gets hold of a map.
package bind

import (
	"path/filepath"

	manager "github.com/DataDog/ebpf-manager"
	cebpf "github.com/cilium/ebpf"

	"example.com/maps/flows"
)

func use(...any) {}

type value = flows.FlowsStats

func collection(coll *cebpf.Collection, k uint32) {
	var v value
	_ = coll.Maps["locked"].Lookup(k, &v)             // want `BLC301`
	_ = coll.Maps[flows.FlowsMapLocked].Lookup(k, &v) // want `BLC301`
	_ = coll.DetachMap("locked").Lookup(k, &v)        // want `BLC301`
	m, ok := coll.Maps["locked_array"]
	if ok {
		_ = m.Lookup(k, &v) // want `BLC301 .*"locked_array"`
	}
	_ = coll.Maps["plain"].Lookup(k, &v)
	for _, m := range coll.Maps {
		_ = m.Lookup(k, new(uint64))
	}
	use(&v)
}

func spec(k uint32) error {
	spec, err := flows.LoadFlows()
	if err != nil {
		return err
	}
	m, err := cebpf.NewMap(spec.Maps["locked"])
	if err != nil {
		return err
	}
	var v value
	_ = m.Lookup(k, &v) // want `BLC301`
	c, err := m.Clone()
	if err != nil {
		return err
	}
	_ = c.Lookup(k, &v) // want `BLC301`
	copied := spec.Maps["locked"].Copy()
	d, err := cebpf.NewMapWithOptions(copied, cebpf.MapOptions{})
	_ = d.Lookup(k, &v) // want `BLC301`
	use(&v)
	return err
}

// assigned is written by hand for LoadAndAssign.
type assigned struct {
	Some *cebpf.Map `ebpf:"locked"`
	None *cebpf.Map `ebpf:"plain"`
}

func assign(spec *cebpf.CollectionSpec, k uint32) {
	var a assigned
	if err := spec.LoadAndAssign(&a, nil); err != nil {
		return
	}
	var v value
	_ = a.Some.Lookup(k, &v) // want `BLC301`
	_ = a.None.Lookup(k, &v)
	use(&v)
}

func promoted(o *flows.FlowsObjects, k uint32) {
	var v value
	_ = o.FlowsMaps.Locked.Lookup(k, &v) // want `BLC301`
	maps := &o.FlowsMaps
	_ = maps.Locked.Lookup(k, &v) // want `BLC301`
	local := o.Locked
	if k > 3 {
		local = o.LockedArray
	}
	_ = local.Lookup(k, &v) // want `BLC301`
	use(&v)
}

// server copies maps into its own fields.
type server struct {
	stats *cebpf.Map
	plain *cebpf.Map
	late  *cebpf.Map
	all   []*cebpf.Map
	named map[string]*cebpf.Map
}

func newServer(o *flows.FlowsObjects, coll *cebpf.Collection) *server {
	s := &server{stats: o.Locked, plain: coll.Maps["plain"]}
	s.late = coll.Maps["locked"]
	s.all = append(s.all, o.Locked)
	s.named = map[string]*cebpf.Map{"plain": o.Locked}
	return s
}

func (s *server) read(k uint32) {
	var v value
	_ = s.stats.Lookup(k, &v) // want `BLC301`
	_ = s.plain.Lookup(k, &v)
	_ = s.late.Lookup(k, &v)           // want `BLC301`
	_ = s.all[0].Lookup(k, &v)         // want `BLC301`
	_ = s.named["plain"].Lookup(k, &v) // want `BLC301 .*"locked"`
	use(&v)
}

// wrapped embeds the map.
type wrapped struct{ *cebpf.Map }

func embedded(o *flows.FlowsObjects, k uint32) {
	w := wrapped{o.Locked}
	var v value
	_ = w.Lookup(k, &v) // want `BLC301`
	use(&v)
}

// reader is a project's own interface.
type reader interface {
	Lookup(key, out any) error
}

type byInterface struct{ r reader }

func interfaces(o *flows.FlowsObjects, k uint32) {
	var v value
	var r reader = o.Locked
	_ = r.Lookup(k, &v) // want `BLC301`
	b := byInterface{r: o.Locked}
	_ = b.r.Lookup(k, &v) // want `BLC301`
	if l, ok := any(o.Locked).(interface{ Lookup(any, any) error }); ok {
		_ = l.Lookup(k, &v) // want `BLC301`
	}
	r = struct{ *cebpf.Map }{o.Locked}
	_ = r.Lookup(k, &v) // want `BLC301`
	use(&v)
}

func methodValues(o *flows.FlowsObjects, k uint32) {
	var v value
	f := o.Locked.Lookup
	_ = f(k, &v)         // want `BLC301`
	h := o.Locked.Lookup // want `BLC301`
	use(&h)
	g := o.Locked.LookupWithFlags
	_ = g(k, &v, 0) // want `BLC301`
	_ = g(k, &v, cebpf.LookupLock)
	_ = (*cebpf.Map).Lookup(o.Locked, k, &v) // want `BLC301`
	use(&v)
}

func closures(o *flows.FlowsObjects, k uint32) {
	m := o.Locked
	go func() {
		var v value
		_ = m.Lookup(k, &v) // want `BLC301`
		use(&v)
	}()
	get := func(m *cebpf.Map, v *value) error { return m.Lookup(k, v) }
	var v value
	_ = get(o.Locked, &v) // want `BLC301`
	_ = get(o.Plain, &v)
	ch := make(chan *cebpf.Map, 1)
	ch <- o.Locked
	_ = (<-ch).Lookup(k, &v) // want `BLC301`
	use(&v)
}

const pinned = "/sys/fs/bpf/flows/locked"

func pins(dir string, k uint32) {
	var v [32]byte
	m, _ := cebpf.LoadPinnedMap(pinned, nil)
	_ = m.Lookup(k, &v) // want `BLC301 .*"locked"`
	n, _ := cebpf.LoadPinnedMap(filepath.Join(dir, "locked"), nil)
	_ = n.Lookup(k, &v) // want `BLC301`
	p, _ := cebpf.LoadPinnedMap(dir, nil)
	_ = p.Lookup(k, &v) // nothing is known
	q, _ := cebpf.NewMapFromID(7)
	_ = q.Lookup(k, &v)
	use(&v)
}

func literal(k uint32) {
	m, _ := cebpf.NewMap(&cebpf.MapSpec{Name: "locked", Type: cebpf.Hash, KeySize: 4, ValueSize: 56, MaxEntries: 1})
	var v value
	_ = m.Lookup(k, &v)
	_ = m.LookupWithFlags(k, &v, cebpf.LookupLock) // want `BLC304 .*MapSpec without key and value types`
	use(&v)
}

func replacements(spec *cebpf.CollectionSpec, path string, k uint32) {
	m, _ := cebpf.LoadPinnedMap(path, nil)
	_, _ = cebpf.NewCollectionWithOptions(spec, cebpf.CollectionOptions{
		MapReplacements: map[string]*cebpf.Map{"locked": m},
	})
	var v [64]byte
	_ = m.Lookup(k, &v) // want `BLC301 .*"locked"`
	use(&v)
}

func managed(mgr *manager.Manager, k uint32) {
	m, found, err := mgr.GetMap("locked")
	if err != nil || !found {
		return
	}
	var v value
	_ = m.Lookup(k, &v) // want `BLC301`
	use(&v)
}

func get(coll *cebpf.Collection, name string) *cebpf.Map { return coll.Maps[name] }

func byName(coll *cebpf.Collection, k uint32) {
	var v value
	_ = get(coll, "locked").Lookup(k, &v) // want `BLC301`
	_ = get(coll, "plain").Lookup(k, &v)
	use(&v)
}

var global, _ = cebpf.NewMap(nil)

func setGlobal(o *flows.FlowsObjects) { global = o.Locked }

func readGlobal(k uint32) {
	var v value
	_ = global.Lookup(k, &v) // want `BLC301`
	use(&v)
}
